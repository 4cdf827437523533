//! Small mistakes in the demo company, each beside its nearest valid neighbour: the finding is as in the
//! snapshot, the neighbour compiles, and every code is produced by some mistake.

mod accounts;
mod anytime;
mod chains;
mod conditions;
mod examples;
mod flow;
mod organisation;
mod proof;
mod tables;
mod work;
mod yaml;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use countersign_chain::codes::CODES;
use countersign_chain::{Diagnostic, Severity, SourceFile, compile, load_dir};

/// One mistake, in a company of tests/: in the file at `path`, `from` becomes `bad`; `good` in its place is right. An
/// empty `from` stands for the whole file, which may be a new one.
struct Case {
    base: &'static str,
    name: &'static str,
    path: &'static str,
    from: &'static str,
    bad: &'static str,
    good: &'static str,
}

const fn case(
    name: &'static str,
    path: &'static str,
    from: &'static str,
    bad: &'static str,
    good: &'static str,
) -> Case {
    Case { base: "../../tests/companies/contracts", name, path, from, bad, good }
}

/// The same in the company that uses all of the language.
const fn works(
    name: &'static str,
    path: &'static str,
    from: &'static str,
    bad: &'static str,
    good: &'static str,
) -> Case {
    Case { base: "tests/works", ..case(name, path, from, bad, good) }
}

fn with(case: &Case, to: &str) -> Vec<SourceFile> {
    let mut files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join(case.base)).unwrap();
    match files.iter_mut().find(|f| f.path == case.path) {
        Some(file) if case.from.is_empty() => file.text = to.to_owned(),
        Some(file) => {
            assert_eq!(file.text.matches(case.from).count(), 1, "{}: {:?}", case.name, case.from);
            file.text = file.text.replacen(case.from, to, 1);
        }
        None => files.push(SourceFile { path: case.path.to_owned(), text: to.to_owned() }),
    }
    files
}

fn findings(case: &Case) -> (Vec<SourceFile>, Vec<Diagnostic>) {
    let files = with(case, case.bad);
    let (_, found) = compile(&files);
    (files, found)
}

/// All findings of a group of mistakes as people see them.
fn shown(cases: &[Case]) -> String {
    let mut out = String::new();
    for case in cases {
        let (files, found) = findings(case);
        assert!(!found.is_empty(), "{}: accepted", case.name);
        out.push_str(&format!("## {}\n", case.name));
        for finding in &found {
            out.push_str(&finding.render(&files));
        }
        out.push('\n');
    }
    out
}

fn all() -> Vec<&'static Case> {
    let groups = [
        yaml::CASES,
        organisation::CASES,
        tables::CASES,
        conditions::CASES,
        chains::CASES,
        work::CASES,
        anytime::CASES,
        accounts::CASES,
        proof::CASES,
    ];
    groups.into_iter().flatten().collect()
}

#[test]
fn yaml_is_made_safe() {
    insta::assert_snapshot!(shown(yaml::CASES));
}

#[test]
fn company_organisation_authority_systems() {
    insta::assert_snapshot!(shown(organisation::CASES));
}

#[test]
fn tables_and_documents() {
    insta::assert_snapshot!(shown(tables::CASES));
}

#[test]
fn conditions_in_files() {
    insta::assert_snapshot!(shown(conditions::CASES));
}

#[test]
fn states_and_arrows() {
    insta::assert_snapshot!(shown(chains::CASES));
}

#[test]
fn work_outside() {
    insta::assert_snapshot!(shown(work::CASES));
}

#[test]
fn at_any_time_and_by_several() {
    insta::assert_snapshot!(shown(anytime::CASES));
}

#[test]
fn accounts_and_what_is_held() {
    insta::assert_snapshot!(shown(accounts::CASES));
}

#[test]
fn what_is_proved() {
    insta::assert_snapshot!(shown(proof::CASES));
}

#[test]
fn the_nearest_neighbour_of_each_mistake_compiles() {
    let mut refused = Vec::new();
    for case in all() {
        let files = with(case, case.good);
        let (bundle, found) = compile(&files);
        if bundle.is_none() {
            refused.push(format!("## {}", case.name));
            refused.extend(found.iter().map(|d| d.render(&files)));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn names_of_cases_are_unique() {
    let names: BTreeSet<&str> = all().iter().map(|c| c.name).collect();
    assert_eq!(names.len(), all().len());
}

#[test]
fn every_finding_has_place_code_and_mending_sentence() {
    for case in all() {
        let (files, found) = findings(case);
        let (bundle, _) = compile(&files);
        let errors = found.iter().any(|d| d.severity == Severity::Error);
        assert_eq!(bundle.is_none(), errors, "{}", case.name);
        for finding in found {
            let known = CODES.iter().any(|row| row.code == finding.code);
            assert!(known, "{}: {}", case.name, finding.code);
            assert!(!finding.message.is_empty() && !finding.help.is_empty(), "{}", case.name);
            assert!(files.iter().any(|f| f.path == finding.file), "{}", case.name);
            let json = serde_json::to_value(&finding).unwrap();
            assert_eq!(json["code"], finding.code);
        }
    }
}

#[test]
fn every_code_is_produced() {
    let mut produced: BTreeSet<&str> = BTreeSet::new();
    for case in all() {
        produced.extend(findings(case).1.iter().map(|d| d.code));
    }
    for variant in flow::VARIANTS {
        produced.extend(flow::findings(variant).1.iter().map(|d| d.code));
    }
    produced.extend([not_readable().code, too_large().code]);
    produced.extend(compile(&[]).1.iter().map(|d| d.code));
    produced.extend(crate::proof::absences().iter().map(|d| d.code));
    let missing: Vec<&str> = CODES.iter().map(|c| c.code).filter(|c| !produced.contains(c)).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

#[test]
fn the_manual_explains_every_code() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/README.md");
    let manual = fs::read_to_string(manual).unwrap();
    for row in CODES {
        let line = format!("| `{}` | {} | {} |", row.code, row.means, row.mend);
        assert!(manual.contains(&line), "workflows/README.md lacks\n{line}");
    }
}

fn not_readable() -> Diagnostic {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("company.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    let found = load_dir(dir.path()).unwrap_err();
    assert_eq!((found.code, found.file.as_str()), ("NOT_READABLE", "company.yaml"));
    assert_eq!(load_dir(&dir.path().join("nowhere")).unwrap_err().code, "NOT_READABLE");
    found
}

fn too_large() -> Diagnostic {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tables")).unwrap();
    let path = dir.path().join("tables").join("big.yaml");
    fs::write(&path, "#".repeat(1024 * 1024)).unwrap();
    assert!(load_dir(dir.path()).is_ok());
    fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
    let found = load_dir(dir.path()).unwrap_err();
    assert_eq!((found.code, found.file.as_str()), ("TOO_LARGE", "tables/big.yaml"));
    found
}

#[test]
fn limits_of_files() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tables")).unwrap();
    for n in 0..500 {
        fs::write(dir.path().join("tables").join(format!("t{n}.yaml")), "").unwrap();
    }
    fs::write(dir.path().join("README.md"), "left alone").unwrap();
    fs::write(dir.path().join(".hidden"), "left alone").unwrap();
    assert_eq!(load_dir(dir.path()).unwrap().len(), 500);
    fs::write(dir.path().join("company.yaml"), "").unwrap();
    assert_eq!(load_dir(dir.path()).unwrap_err().code, "TOO_LARGE");
}
