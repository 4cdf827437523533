//! The demo company: the files of `tests/companies/contracts`, carried in the program.

use crate::embedded::File;

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../tests/companies/contracts/", $path)))),+]
    };
}

/// Every file of the company.
pub(super) const FILES: &[File] = files![
    "authority.yaml",
    "chains/contract-review.yaml",
    "chains/market-intel.yaml",
    "company.yaml",
    "documents/contract.yaml",
    "documents/market-intel.yaml",
    "organisation.yaml",
    "systems.yaml",
    "tables/customers.yaml",
    "tables/grades.yaml",
    "tables/products.yaml",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use countersign_chain::load_dir;

    use super::FILES;

    #[test]
    fn the_program_carries_every_file_of_the_demo_company() {
        let files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts")).unwrap();
        let on_disk: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
        assert_eq!(on_disk, FILES);
    }
}
