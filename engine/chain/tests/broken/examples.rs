//! `countersign explain-code` shows examples: they are taken from the mistakes of these tests.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_chain::codes::CODES;
use countersign_chain::compile;
use countersign_chain::examples::{example, written};

/// What cannot be shown as a text that is changed.
const SAID: [(&str, &str, &str, &str); 5] = [
    ("NOT_READABLE", "any file", "saved as GBK or UTF-16", "saved as UTF-8"),
    ("TOO_LARGE", "any file", "of 1 MiB and one byte", "of 1 MiB"),
    ("STRAY_FILE", "chain/order.yaml", "a folder that the manual does not name", "chains/order.yaml"),
    ("AWAY", "organisation.yaml", "members: [a, b], need: 2", "members: [a, b, c, d], need: 2"),
    ("MISSING_FILE", "company.yaml", "there is none", "company: yuanlan"),
];

/// Only what differs, with the line before it.
fn apart(bad: &str, good: &str) -> (String, String) {
    let (bad, good): (Vec<&str>, Vec<&str>) = (bad.lines().collect(), good.lines().collect());
    let same = |a: &mut dyn Iterator<Item = (&&str, &&str)>| a.take_while(|(x, y)| x == y).count();
    let before = same(&mut bad.iter().zip(good.iter()));
    let most = bad.len().min(good.len()) - before;
    let after = same(&mut bad.iter().rev().zip(good.iter().rev())).min(most);
    let from = before.saturating_sub(1);
    (bad[from..bad.len() - after].join("\n"), good[from..good.len() - after].join("\n"))
}

/// For each code the shortest mistake that is found as it, alone if there is one, beside a neighbour that is not.
fn all() -> BTreeMap<&'static str, (String, String, String)> {
    let mut found: BTreeMap<&'static str, (usize, (String, String, String))> = BTreeMap::new();
    let mut note = |codes: Vec<&'static str>, path: &str, bad: &str, good: &str| {
        let (bad, good) = apart(bad, good);
        // One that stands for nothing at all says little, and so does one that is several mistakes.
        let empty = if bad.trim().is_empty() || good.trim().is_empty() { 1000 } else { 0 };
        let several = 10_000 * codes.iter().filter(|code| **code != codes[0]).count();
        let size = bad.len() + good.len() + empty + several;
        for code in codes {
            if found.get(code).is_none_or(|(known, _)| size < *known) {
                found.insert(code, (size, (path.to_owned(), bad.clone(), good.clone())));
            }
        }
    };
    for case in super::all() {
        let right: Vec<&str> = compile(&super::with(case, case.good)).1.iter().map(|d| d.code).collect();
        let (_, found) = super::findings(case);
        let codes: Vec<&'static str> =
            found.iter().map(|d| d.code).filter(|code| !right.contains(code)).collect();
        if !codes.is_empty() {
            note(codes, case.path, case.bad, case.good);
        }
    }
    for variant in super::flow::VARIANTS {
        let codes = super::flow::findings(variant).1.iter().map(|d| d.code).collect();
        note(codes, variant.path, variant.bad, variant.good);
    }
    let said = SAID.map(|(code, file, wrong, right)| (code, (file.into(), wrong.into(), right.into())));
    found.into_iter().map(|(code, (_, shown))| (code, shown)).chain(said).collect()
}

#[test]
fn every_code_has_an_example_that_triggers_it_and_the_nearest_that_does_not() {
    let all = all();
    let missing: Vec<&str> =
        CODES.iter().map(|row| row.code).filter(|code| !all.contains_key(code)).collect();
    assert!(missing.is_empty(), "no mistake alone, with a neighbour that is right, shows {missing:?}");
    let text: String = CODES
        .iter()
        .map(|row| {
            let (file, wrong, right) = &all[row.code];
            written(row.code, file, wrong, right)
        })
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/examples.txt");
    if std::env::var_os("COUNTERSIGN_UPDATE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == text, "src/examples.txt is not what the tests try; COUNTERSIGN_UPDATE=1 writes it anew");
    if std::env::var_os("COUNTERSIGN_UPDATE").is_none() {
        for row in CODES {
            let (file, wrong, right) = &all[row.code];
            let shown = example(row.code).unwrap();
            let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            assert_eq!(
                (shown.file.as_str(), shown.wrong.trim_end()),
                (file.as_str(), trimmed(wrong).trim_end())
            );
            assert_eq!(shown.right.trim_end(), trimmed(right).trim_end());
        }
    }
}
