//! The demo company compiles without a word.

use std::path::Path;

use countersign_chain::{compile, load_dir};
use countersign_core::definition::{Definition, DefinitionKind};
use sha2::{Digest, Sha256};

#[test]
fn the_demo_company_compiles_without_findings() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = load_dir(&dir).unwrap();
    let (bundle, found) = compile(&files);
    let shown: Vec<String> = found.iter().map(|d| d.render(&files)).collect();
    assert!(found.is_empty(), "{}", shown.join("\n"));
    assert!(bundle.is_some());
}

#[test]
fn each_definition_carries_the_text_that_it_was_compiled_from() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = load_dir(&dir).unwrap();
    let definitions = compile(&files).0.unwrap().definitions;
    let kinds: Vec<DefinitionKind> = definitions.iter().map(|d| d.definition.kind()).collect();
    let authorities = kinds.iter().filter(|k| **k == DefinitionKind::Authority).count();
    let written = files.iter().find(|f| f.path == "authority.yaml").unwrap();
    let written = written.text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    assert_eq!(authorities, written.count());
    assert_eq!(kinds[..2], [DefinitionKind::Company, DefinitionKind::Organisation]);
    assert_eq!(kinds[kinds.len() - 2..], [DefinitionKind::Systems, DefinitionKind::Reports]);
    for compiled in &definitions {
        assert_eq!(compiled.sha256[..], Sha256::digest(compiled.source.as_bytes())[..]);
        let file = files.iter().find(|f| f.path == compiled.path).unwrap();
        assert!(file.text.contains(&compiled.source));
        if let Definition::Authority(authority) = &compiled.definition {
            assert!(compiled.source.starts_with(&format!("{}:\n", authority.name)), "{}", compiled.source);
            assert!(compiled.source.contains("limits:"), "{}", compiled.source);
            assert_eq!(compiled.source.matches("measure:").count(), 1, "{}", compiled.source);
        }
    }
    let claim = definitions.iter().find(|d| d.source.starts_with("claim:")).unwrap();
    assert!(claim.source.ends_with("president: unlimited }"), "{}", claim.source);
}

#[test]
fn compiling_twice_gives_the_same() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    let files = load_dir(&dir).unwrap();
    assert_eq!(compile(&files), compile(&files));
}
