//! `countersign check`: the admin who mistyped a position.

use std::fs;
use std::path::Path;

use crate::common::{run, text, workflows};

/// A copy of the demo company in which `from` in `file` reads `to`.
fn mistyped(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&workflows(), folder.path());
    let path = folder.path().join(file);
    let before = fs::read_to_string(&path).expect("a rule");
    assert!(before.contains(from));
    fs::write(path, before.replacen(from, to, 1)).expect("a rule");
    folder
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file");
        }
    }
}

#[test]
fn the_demo_company_has_no_findings() {
    let checked = run(["check", text(&workflows())]).done();
    assert!(checked.out.starts_with("no findings in 11 files: 2 chains"), "{}", checked.out);
    let counted = run(["check", text(&workflows()), "--format", "json"]).done().last_json();
    assert_eq!((&counted["errors"], &counted["files"]), (&0.into(), &11.into()));
}

#[test]
fn a_mistyped_position_is_pointed_at() {
    let rules =
        mistyped("chains/contract-review.yaml", "- review: credit_controller", "- review: credit_controler");
    let checked = run(["check", text(rules.path())]);
    assert_eq!((checked.code, checked.err.as_str()), (1, ""));
    let place = format!("--> {}/chains/contract-review.yaml:22:17", text(rules.path()));
    for part in [
        place.as_str(),
        "error[UNKNOWN_NAME]",
        "credit_controller",
        "^^^",
        "= help: ",
        "1 error and 0 warnings",
    ] {
        assert!(checked.out.contains(part), "expected {part} in\n{}", checked.out);
    }
    let found = run(["check", text(rules.path()), "--json"]);
    assert_eq!(found.code, 1);
    let found = found.last_json();
    let finding = &found["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&22.into(), &17.into()));
    assert_eq!((&finding["code"], &found["errors"]), (&"UNKNOWN_NAME".into(), &1.into()));
}

#[test]
fn a_folder_that_cannot_be_read_is_a_finding() {
    let checked = run(["check", "/nowhere/at/all"]);
    assert_eq!(checked.code, 1);
    assert!(
        checked.out.contains("NOT_READABLE") && checked.out.contains("/nowhere/at/all"),
        "{}",
        checked.out
    );
}

#[test]
fn a_code_is_explained_with_an_example_that_triggers_it_and_one_that_does_not() {
    let told = run(["explain-code", "NOBODY_CAN_APPROVE"]).done();
    for part in ["NOBODY_CAN_APPROVE (check)", "means: ", "mend:  ", "this is refused:", "and this is not:"] {
        assert!(told.out.contains(part), "expected {part} in\n{}", told.out);
    }
    // A word of both: what check finds, and what the engine refuses.
    let both = run(["explain-code", "bad_period"]).done();
    assert_eq!(both.out.matches("means: ").count(), 2, "{}", both.out);
    let engine = run(["explain-code", "SELF_APPROVAL"]).done();
    assert!(engine.out.contains("Nobody decides a document of their own"), "{}", engine.out);
    assert_ne!(run(["explain-code", "NO_SUCH_CODE"]).code, 0);
}

#[test]
fn every_code_is_explained() {
    use countersign_chain::codes::CODES;
    use countersign_core::rejection::Code;
    let all = run(["explain-code", "--json"]).done().last_json();
    let all = all["codes"].as_array().expect("codes");
    let of = |code: &str, what: &str| {
        all.iter().find(|one| one["code"] == code && (one["of"] == "check") == (what == "check"))
    };
    for row in CODES {
        let one = of(row.code, "check").unwrap_or_else(|| panic!("{} is not explained", row.code));
        assert!(one["means"].as_str().is_some_and(|text| !text.is_empty()), "{one}");
        assert!(one["mend"].as_str().is_some_and(|text| !text.is_empty()), "{one}");
        assert!(one["example"]["file"].as_str().is_some_and(|text| !text.is_empty()), "{one}");
    }
    for row in countersign_chain::matrix::CODES {
        assert!(of(row.code, "check").is_some(), "{} is not explained", row.code);
    }
    for code in Code::ALL {
        let one = of(code.as_str(), "engine").unwrap_or_else(|| panic!("{code} is not explained"));
        let long = |key: &str| one[key].as_str().is_some_and(|text| text.len() > 5);
        assert!(long("means") && long("mend"), "{one}");
    }
}
