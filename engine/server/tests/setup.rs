//! Founding a company and bringing its rules into the log.

use std::path::Path;

use crate::support::workflows;
use countersign_core::name::Name;
use countersign_runtime::{Engine, EngineOptions, Founding, ViewsAt, log_directory};
use countersign_server::setup::{self, SetupError};

/// A copy of the demo company's files, to be changed.
fn copy_of_workflows() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a directory");
    copy_folder(&workflows(), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).expect("a folder is made");
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file is copied");
        }
    }
}

fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{file} holds {from}");
    std::fs::write(path, text.replacen(from, to, 1)).expect("a file is written");
}

fn engine(data: &Path) -> Engine {
    let options = EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(data) };
    Engine::open(options).expect("an engine").0
}

#[test]
fn a_company_is_founded_once_with_every_definition() {
    let data = tempfile::tempdir().expect("a directory");
    let report = setup::init_company(data.path(), &workflows(), "H03", "root").expect("founded");
    assert_eq!((report.company.as_str(), report.release, report.changed), ("yuanlan", 1, true));
    assert_eq!((report.stored.len(), report.warnings.len()), (report.definitions, 0));
    assert_eq!(report.log_id.len(), 32);
    let again = setup::init_company(data.path(), &workflows(), "H03", "root").expect_err("refused");
    assert_eq!(again.code(), "LOG_EXISTS");
    let engine = engine(data.path());
    let chains = |state: &countersign_core::state::State| {
        let release = state.definitions().active().expect("a release");
        release.chains().map(|chain| chain.name.to_string()).collect::<Vec<_>>()
    };
    let (chains, _) = engine.handle().read_blocking(chains).expect("a look");
    assert_eq!(chains, ["contract-review", "market-intel"]);
}

#[test]
fn nothing_is_written_while_a_file_has_an_error() {
    let (data, files) = (tempfile::tempdir().expect("a directory"), copy_of_workflows());
    change(files.path(), "authority.yaml", "kam: 50000", "kam: lots");
    let refused = setup::init_company(data.path(), files.path(), "H03", "root").expect_err("refused");
    assert_eq!(refused.code(), "DEFINITION_INVALID");
    let SetupError::Definitions { diagnostics, files } = refused else { panic!("findings") };
    assert!(diagnostics.iter().any(|found| found.file == "authority.yaml" && found.line > 0));
    assert!(diagnostics[0].render(&files).contains("authority.yaml"));
    assert!(!log_directory(data.path()).exists(), "no log was begun");
    let missing = setup::init_company(data.path(), Path::new("/nowhere"), "H03", "root");
    assert_eq!(missing.expect_err("refused").code(), "DEFINITION_INVALID");
}

#[test]
fn a_founding_that_was_interrupted_is_completed() {
    let data = tempfile::tempdir().expect("a directory");
    let options = EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(data.path()) };
    let name = Name::from;
    let founding = Founding { company: name("yuanlan"), administrator: name("H03"), os_user: name("root") };
    Engine::create(options, &founding).expect("a log").0.stop().expect("a clean stop");
    let report = setup::init_company(data.path(), &workflows(), "H03", "root").expect("completed");
    assert_eq!(report.release, 1);
}

#[test]
fn only_what_has_changed_is_stored_again() {
    let (data, files) = (tempfile::tempdir().expect("a directory"), copy_of_workflows());
    setup::init_company(data.path(), files.path(), "H03", "root").expect("founded");
    let engine = engine(data.path());
    let deploy = || {
        let compiled = setup::read(files.path()).expect("no errors");
        setup::deploy(engine.handle(), &compiled, &Name::from("root"))
    };
    let same = deploy().expect("deployed");
    assert_eq!((same.changed, same.release, same.stored.len()), (false, 1, 0));
    change(files.path(), "authority.yaml", "kam: 50000", "kam: 60000");
    let changed = deploy().expect("deployed");
    let stored: Vec<&str> = changed.stored.iter().map(|stored| stored.name.as_str()).collect();
    assert_eq!((changed.changed, changed.release, stored), (true, 2, vec!["contract"]));
    change(files.path(), "company.yaml", "yuanlan", "another");
    let other = deploy().expect_err("refused");
    assert_eq!(other.code(), "OTHER_COMPANY");
}
