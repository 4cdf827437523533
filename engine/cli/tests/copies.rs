//! Back-ups, forks and snapshots as an operator makes them.

use std::fs;

use crate::common::{Company, run, text};
use crate::told::tell;
use countersign_runtime::{Engine, EngineOptions, log_directory};

/// While an engine has the directory: the copy is verified, can be read and, where nothing serves the other one, used.
#[test]
fn a_served_company_is_backed_up_and_restored() {
    let company = Company::found();
    company.submit().done();
    let (engine, _) = Engine::open(EngineOptions::directory(company.data())).expect("an engine");
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("copy");
    let told = company.run(&format!("log backup {} --json", text(&copy))).done().last_json();
    drop(engine);
    let own = company.run("log verify --json").done().last_json();
    assert_eq!((&told["log_id"], &told["hash"]), (&own["log_id"], &own["hash"]));
    let restored = run(["log", "verify", "--json", "--data", text(&copy)]).done().last_json();
    assert_eq!(restored["hash"], own["hash"]);
    let case =
        run(["decide", "C-1", "T-1", "pass", "--as", "credit_controller", "--data", text(&copy)]).done();
    assert!(case.out.contains("C-1"), "{}", case.out);
    company.run(&format!("log backup {}", text(&copy))).refused(1, "LOG_EXISTS");
    tell(
        13,
        "`log backup` beside a running engine, restored",
        "hash of the copy; the case goes on",
        "the same hash",
    );
}

#[test]
fn a_fork_is_another_log_and_goes_on() {
    let company = Company::found();
    company.submit().done();
    let folder = tempfile::tempdir().expect("a folder");
    let other = folder.path().join("other");
    let told = company.run(&format!("log fork {} --json", text(&other))).done().last_json();
    let own = company.run("log verify --json").done().last_json();
    assert_eq!((&told["of"], &told["last_sequence"]), (&own["log_id"], &own["last_sequence"]));
    assert_ne!(told["log_id"], own["log_id"]);
    let origin = fs::read_to_string(other.join("origin")).expect("what it was made from");
    assert!(origin.contains(own["hash"].as_str().expect("a hash")), "{origin}");
    let shown = run(["timeline", "C-1", "--data", text(&other)]).done().out;
    assert_eq!(shown, company.run("timeline C-1").done().out, "the same case");
    run(["decide", "C-1", "T-1", "pass", "--as", "credit_controller", "--data", text(&other)]).done();
    let after = company.run("log verify --json").done().last_json();
    assert_eq!(after["hash"], own["hash"], "the other log knows nothing of it");
    company.run(&format!("log fork {}", text(&other))).refused(1, "LOG_EXISTS");
    tell(13, "`log fork`", "a log id of its own; the other log knows nothing of what follows", "as expected");
}

/// A snapshot changes nothing that anybody sees; one that was damaged is passed over; a directory in use is left alone.
#[test]
fn a_snapshot_is_made_and_used() {
    let company = Company::found();
    company.submit().done();
    let before = company.run("timeline C-1").done().out;
    let made = company.run("log snapshot --json").done().last_json();
    let own = company.run("log verify --json").done().last_json();
    assert_eq!(made["snapshot"], own["last_sequence"]);
    assert_eq!(company.run("timeline C-1").done().out, before);
    let (engine, report) = Engine::open(EngineOptions::directory(company.data())).expect("an engine");
    assert_eq!((report.snapshot, report.frames), (made["snapshot"].as_u64().expect("a sequence"), 0));
    company.run("log snapshot").refused(3, "LOCKED");
    drop(engine);
    let mut files = fs::read_dir(log_directory(&company.data())).expect("a log");
    let path = files
        .find_map(|file| {
            let path = file.expect("a file").path();
            path.extension().is_some_and(|ending| ending == "snapshot").then_some(path)
        })
        .expect("a snapshot");
    let mut bytes = fs::read(&path).expect("a snapshot");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("a snapshot");
    company.run("decide C-1 T-1 pass --as credit_controller").done();
    let (_engine, report) = Engine::open(EngineOptions::directory(company.data())).expect("an engine");
    assert_eq!((report.snapshot, report.skipped.len()), (0, 1));
}
