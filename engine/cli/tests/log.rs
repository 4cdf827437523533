//! The operator at 3 a.m.: damage is named, `serve` refuses in the same words, a directory in use is left alone.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use crate::common::{Company, run, text};
use countersign_runtime::{Engine, EngineOptions, log_directory};
use serde_json::Value;

/// Changes one bit in the middle of what the first segment holds.
fn flip_a_bit(company: &Company) {
    let log = log_directory(&company.data());
    let mut segments: Vec<_> = fs::read_dir(log)
        .expect("a log")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.metadata().is_ok_and(|file| file.len() > 1 << 20))
        .collect();
    segments.sort();
    let first = OpenOptions::new().read(true).write(true).open(&segments[0]).expect("the first segment");
    let mut byte = [0];
    first.read_exact_at(&mut byte, 9_000).expect("a byte");
    first.write_all_at(&[byte[0] ^ 1], 9_000).expect("a byte");
}

#[test]
fn a_flipped_bit_is_named_and_serve_refuses_in_the_same_words() {
    let company = Company::found();
    company.submit().done();
    company.run("log verify").done();
    flip_a_bit(&company);
    let found = company.run("log verify").refused(1, "LOG_DAMAGED");
    assert_eq!(found.out, "");
    for part in ["segment 1, offset ", ", sequence "] {
        assert!(found.err.contains(part), "{}", found.err);
    }
    // The log is looked at before any NATS server is.
    let served = company.run("serve --nats nats://127.0.0.1:1").refused(1, "LOG_DAMAGED");
    assert_eq!(served.err, found.err);
    assert_eq!(company.run("inbox --as kam_js").refused(1, "LOG_DAMAGED").err, found.err);
    company.run("log show").refused(1, "LOG_DAMAGED");
    let as_json: Value = serde_json::from_str(&company.run("log verify --json").err).expect("an object");
    assert_eq!(as_json["error"]["code"], "LOG_DAMAGED");
    let place = as_json["error"]["place"].as_str().expect("a place");
    assert!(found.err.contains(place), "{place}");
}

#[test]
fn a_directory_in_use_is_left_alone_but_can_be_read() {
    let company = Company::found();
    let (engine, _) = Engine::open(EngineOptions::directory(company.data())).expect("an engine");
    let pid = std::process::id().to_string();
    for command in ["inbox --as kam_js", "views rebuild", "serve --nats nats://127.0.0.1:1"] {
        let refused = company.run(command).refused(3, "LOCKED");
        assert!(
            refused.err.contains(&format!("process {pid}")) && refused.err.contains("--nats"),
            "{}",
            refused.err
        );
    }
    company.run("log verify").done();
    assert!(company.run("log show --from 2").done().out.contains("definition-stored"));
    drop(engine);
    company.run("inbox --as kam_js").done();
}

#[test]
fn the_log_is_shown_frame_by_frame() {
    let company = Company::found();
    company.submit().done();
    let shown = company.run("log show").done().out;
    for part in
        ["#1 ", "company-founded", "definitions-activated", "H31 as rep_js1 by local:", "case-submitted"]
    {
        assert!(shown.contains(part), "expected {part}");
    }
    let of_case = company.run("log show --case C-1 --json").done().out;
    let frames: Vec<Value> = of_case.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(frames.len(), 1);
    assert_eq!(
        (&frames[0]["cause"]["vouched_by"], &frames[0]["cause"]["person"]),
        (&"local".into(), &"H31".into())
    );
    company.run("log show --from 999").refused(1, "SEQUENCE_UNKNOWN");
    company.run("log show --case X-1").refused(2, "USAGE");
    let folder = tempfile::tempdir().expect("a folder");
    run(["log", "verify", "--data", text(folder.path())]).refused(1, "LOG_MISSING");
}

#[test]
fn a_blind_answer_stays_closed_until_its_step_has_opened_it() {
    let company = Company::found();
    let contract = company.contract();
    let document = fs::read_to_string(&contract).expect("a contract").replace("\"qty\": 60", "\"qty\": 100");
    fs::write(&contract, document).expect("a contract");
    company
        .run(&format!("submit --chain contract-review --as rep_js1 --document {}", text(&contract)))
        .done();
    company.run("decide C-1 T-1 pass --as credit_controller").done();
    assert!(!company.run("log show --case C-1").done().out.contains("\"verdict\""));
    assert!(company.run("timeline C-1").done().out.contains("not open yet"));
    company.run("decide C-1 T-2 pass --as legal").done();
    assert!(company.run("log show --case C-1").done().out.contains("\"verdict\":\"pass\""));
}
