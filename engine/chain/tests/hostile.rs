//! Whatever the files hold: never a panic, and an answer within a second.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign_chain::{SourceFile, compile, load_dir};
use proptest::prelude::*;

const PATHS: &[&str] = &[
    "company.yaml",
    "organisation.yaml",
    "authority.yaml",
    "systems.yaml",
    "tables/customers.yaml",
    "documents/contract.yaml",
    "chains/contract-review.yaml",
    "chains/market-intel.yaml",
];

fn demo() -> Vec<SourceFile> {
    load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts")).unwrap()
}

/// Compiles the demo company with one file replaced, and renders what was found.
fn compile_with(path: &str, text: String) {
    let mut files = demo();
    files.retain(|f| f.path != path);
    files.push(SourceFile { path: path.to_owned(), text });
    let started = Instant::now();
    let (bundle, found) = compile(&files);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "{path}: {took:?}");
    assert!(bundle.is_some() || !found.is_empty());
    for finding in found.iter().take(20) {
        assert!(!finding.render(&files).is_empty());
        assert!(!finding.to_string().is_empty());
    }
}

/// Characters that matter to YAML and to conditions.
const MARKS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "#",
    "\"",
    "'",
    "&a ",
    "*a",
    "!",
    "|\n",
    ">\n",
    "---\n",
    "...\n",
    "? ",
    "%",
    ",",
    "~",
    "null",
    "no",
    "0123",
    "1e9",
    "18:00",
    "2025-01-01",
    "doc.",
    "it",
    "and ",
    "or ",
    "not ",
    "else ",
    "==",
    "sum(",
    "grades(",
    "@",
    "superior(",
    "-",
    " - ",
    "9999999999999999999999999999",
    "99999999999wh",
    "\u{feff}",
    "\0",
    "合同",
    "\u{2028}",
    "<<: ",
    "\r\n",
    "solid: top",
    "kind: ",
    "when: ",
    "next: ",
];

fn any_text() -> impl Strategy<Value = String> {
    let mark = prop::sample::select(MARKS).prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![3 => mark, 1 => "\\PC{0,6}"], 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes(path in prop::sample::select(PATHS), bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        compile_with(path, String::from_utf8_lossy(&bytes).into_owned());
    }

    #[test]
    fn arbitrary_marks(path in prop::sample::select(PATHS), text in any_text()) {
        compile_with(path, text);
    }

    #[test]
    fn mutated_files(
        path in prop::sample::select(PATHS),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, any_text()), 1..4),
    ) {
        let mut text = demo().into_iter().find(|f| f.path == path).unwrap().text;
        for (at, length, put) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            let from = *at.get(&starts);
            let to = text[from..].char_indices().nth(length).map_or(text.len(), |(i, _)| from + i);
            text.replace_range(from..to, &put);
        }
        compile_with(path, text);
    }

    #[test]
    fn mutated_conditions(text in any_text()) {
        let old = "doc.total >= 300000 or not doc.standard_text";
        let chain = demo().into_iter().find(|f| f.path == "chains/contract-review.yaml").unwrap().text;
        let block = format!("|\n          {}", text.replace(['\n', '\r'], " "));
        compile_with("chains/contract-review.yaml", chain.replace(old, &block));
    }
}

#[test]
fn large_and_deep_files() {
    let long = |unit: &str| unit.repeat(1024 * 1024 / unit.len());
    let keys: String = (0..60_000).map(|n| format!("k{n}: {{}}\n")).collect();
    let positions: String = (0..8000)
        .map(|n| format!("  p{n}: {{ kind: k{n}, unit: hq, solid: p{}, holders: [] }}\n", (n + 1) % 8000))
        .collect();
    let texts = [
        long("["),
        long("{"),
        long("{a: "),
        long("- "),
        long("- - "),
        long("a: b\n"),
        long("(((("),
        long("&a "),
        long("!a "),
        long("\""),
        long("'a' "),
        long("? "),
        long("x"),
        long("#\n"),
        long("\n"),
        long("a, "),
        format!("[{}]", long("1,")),
        format!("a: &a [1]\nb: [{}]", long("*a,").trim_end_matches(',')),
        format!("a: |\n{}", long("  x\n")),
        keys,
        format!("units: {{ hq: {{}} }}\npositions:\n{positions}"),
        "- ".repeat(20_000),
        (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect(),
    ];
    for path in ["organisation.yaml", "authority.yaml", "chains/contract-review.yaml"] {
        for text in &texts {
            compile_with(path, text.clone());
        }
    }
}
