//! The demo company's cases: the acceptance scenarios hold.

use std::path::Path;

use crate::support::*;
use countersign_chain::{SourceFile, load_dir};
use countersign_trial::{Cover, Explained, read, run, watch};

fn demo() -> Vec<SourceFile> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
    load_dir(&dir).expect("the company can be read")
}

/// Scenarios that are about access or about files that do not compile are tested elsewhere.
const SCENARIOS: &[u32] = &[
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 41, 44, 45, 46, 47, 48,
];

/// Why each signature of each case was given by whom it was, as an auditor reads it.
#[test]
fn every_signature_is_explained() {
    let files = demo();
    let company = company(&files);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("explained");
    settings.set_omit_expression(true);
    let (mut signatures, mut names) = (0, Vec::new());
    for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
        let cases = read(file, &company).0.expect("a case file");
        let mut text = String::new();
        for trial in &cases.cases {
            let (outcome, watched) = watch(&company, trial);
            assert!(outcome.unmet.is_empty(), "{}", told(&outcome));
            if !watched.signatures.is_empty() {
                text.push_str(&format!("# {}\n", trial.name));
            }
            signatures += watched.signatures.len();
            text.push_str(&counted(&watched.signatures.iter().map(explained).collect::<String>()));
        }
        let name = file.path.trim_start_matches("cases/").trim_end_matches(".yaml").to_owned();
        if !text.is_empty() {
            settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
            names.push(format!("{name}.snap"));
        }
    }
    assert!(signatures > 250, "{signatures} signatures are explained");
    let kept =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explained")).expect("a folder");
    for file in kept {
        let name = file.expect("a file").file_name().to_string_lossy().into_owned();
        assert!(names.contains(&name), "{name}: no case file has this name any more");
    }
}

/// Versions of the organisation counted from 1 in each case: theirs are numbers of frames, of which there are more with
/// every file of the company.
fn counted(text: &str) -> String {
    let mut seen = Vec::new();
    let mut parts = text.split("by version ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_at(part.find(' ').expect("a number and more"));
        let place = seen.iter().position(|known| *known == number).unwrap_or(seen.len());
        if place == seen.len() {
            seen.push(number);
        }
        out.push_str(&format!("by version {}{rest}", place + 1));
    }
    out
}

/// What `test --cover` finds untried, beside arrows. Whoever adds a policy or a row sees it here, and adds a case.
#[test]
fn what_no_case_of_the_demo_company_tries_is_known() {
    let files = demo();
    let company = company(&files);
    let (mut cover, mut first) = (Cover::default(), None);
    for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
        for trial in &read(file, &company).0.expect("a case file").cases {
            let (outcome, watched) = watch(&company, trial);
            cover.add(&outcome);
            cover.rows(&watched);
            first.get_or_insert_with(|| cover.clone());
        }
    }
    let left = cover.uncovered(&company);
    let policies =
        left.policies.iter().map(|policy| format!("{} {}: {}\n", policy.rule, policy.name, policy.unused));
    let limits = left.limits.iter().map(|(authority, whose)| format!("{authority}: {whose}\n"));
    let rows = left.rows.iter().map(|(table, row)| format!("{table}: {row}\n"));
    let text = format!(
        "policies {:?}\n{}limits {:?}\n{}rows {:?}\n{}",
        left.used,
        policies.collect::<String>(),
        left.decided,
        limits.collect::<String>(),
        left.read,
        rows.collect::<String>()
    );
    insta::assert_snapshot!("untried", text);
    // One case tries little.
    let one = first.expect("a case").uncovered(&company);
    assert!(
        one.used.0 < left.used.0 && one.decided.0 < left.decided.0 && one.read.0 < left.read.0,
        "{one:?}"
    );
    assert_eq!((one.used.1, one.decided.1, one.read.1), (left.used.1, left.decided.1, left.read.1));
}

fn explained(signature: &Explained) -> String {
    let Explained { case, chain, position, because } = signature;
    let because: String = because.iter().map(|sentence| format!("  {sentence}\n")).collect();
    format!("{chain} {case}: {position}\n{because}")
}

#[test]
fn every_case_of_the_demo_company_holds_and_every_scenario_has_one() {
    let files = demo();
    let company = company(&files);
    let (mut names, mut wrong) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
        let (cases, found) = read(file, &company);
        wrong.extend(found.iter().map(ToString::to_string));
        for trial in cases.iter().flat_map(|file| &file.cases) {
            let outcome = run(&company, trial);
            if !outcome.unmet.is_empty() {
                wrong.push(format!("{}: {}:\n{}", file.path, trial.name, told(&outcome)));
            }
            names.push(trial.name.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing = SCENARIOS.iter().map(|number| format!("S{number:02} "));
    let missing: Vec<String> = missing.filter(|s| !names.iter().any(|name| name.starts_with(s))).collect();
    assert!(missing.is_empty(), "no case is named {missing:?}");
}
