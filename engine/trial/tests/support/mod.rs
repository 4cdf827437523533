//! A company's folder, compiled, and its case files.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::path::Path;

use countersign_chain::{Diagnostic, SourceFile, compile, load_dir};
use countersign_trial::{CaseFile, Company, Outcome, read, run};

/// The files of one of the companies beside the tests.
pub fn files(company: &str) -> Vec<SourceFile> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(company);
    load_dir(&dir).expect("the company can be read")
}

/// The company, founded.
pub fn company(files: &[SourceFile]) -> Company {
    let (bundle, found) = compile(files);
    let bundle = bundle.unwrap_or_else(|| panic!("the company does not compile: {found:#?}"));
    Company::new(&bundle, files).expect("core takes the definitions")
}

/// A case file of its own.
pub fn cases(company: &Company, text: &str) -> (Option<CaseFile>, Vec<Diagnostic>) {
    read(&SourceFile { path: "cases/test.yaml".to_owned(), text: text.to_owned() }, company)
}

/// A case file without mistakes.
pub fn good(company: &Company, text: &str) -> CaseFile {
    let (file, found) = cases(company, text);
    assert!(found.is_empty(), "{found:#?}");
    file.expect("a case file")
}

/// How a case came out, as a text.
pub fn told(outcome: &Outcome) -> String {
    let story = outcome.story.iter().map(|line| format!("{} {}\n", line.at, line.text));
    let unmet = outcome.unmet.iter().map(|unmet| format!("{unmet:?}\n"));
    story.chain(unmet).collect()
}

/// Runs all cases of a company's folder; every one holds.
pub fn all_hold(name: &str) -> usize {
    let files = files(name);
    let company = company(&files);
    let mut count = 0;
    for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
        let (cases, found) = read(file, &company);
        assert!(found.is_empty(), "{found:#?}");
        for trial in &cases.expect("a case file").cases {
            let outcome = run(&company, trial);
            assert!(outcome.unmet.is_empty(), "{}:\n{}", trial.name, told(&outcome));
            count += 1;
        }
    }
    count
}
