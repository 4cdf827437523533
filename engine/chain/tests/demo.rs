//! The demo company compiles without a word.

use std::path::Path;

use countersign_chain::{compile, load_dir};

#[test]
fn the_demo_company_compiles_without_findings() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = load_dir(&dir).unwrap();
    let (bundle, found) = compile(&files);
    let shown: Vec<String> = found.iter().map(|d| d.render(&files)).collect();
    assert!(found.is_empty(), "{}", shown.join("\n"));
    assert!(bundle.is_some());
}
