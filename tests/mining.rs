//! The exported log is read back by PM4Py, a process-mining tool of others, and holds what the log holds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::support::repository;
use serde_json::Value;

fn run(args: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_countersign")).args(args).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("what it says is UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path")
}

/// What the log holds, counted from its frames by names of events alone.
struct Counted {
    /// Cases by chain.
    cases: BTreeMap<String, u64>,
    events: BTreeMap<String, u64>,
    children: u64,
}

fn counted(data: &str) -> Counted {
    let mut counted = Counted { cases: BTreeMap::new(), events: BTreeMap::new(), children: 0 };
    for line in run(&["log", "show", "--data", data, "--json"]).lines() {
        let frame: Value = serde_json::from_str(line).expect("a frame");
        for event in frame["events"].as_array().expect("events") {
            let name = event["event"].as_str().expect("a name").to_owned();
            if name == "case-submitted" {
                let chain = event["data"]["chain"].as_str().expect("a chain").to_owned();
                *counted.cases.entry(chain).or_default() += 1;
            }
            counted.children += u64::from(name == "child-started");
            *counted.events.entry(name).or_default() += 1;
        }
    }
    counted
}

#[test]
fn a_log_exported_in_three_formats_is_read_back_by_pm4py() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let data = text(&data);
    run(&["demo", "--data", data]);
    let counted = counted(data);
    let files = ["log.xes", "log.jsonocel", "log.csv"].map(|name| folder.path().join(name));
    let mut said = Vec::new();
    for (format, file) in ["xes", "ocel2", "csv"].iter().zip(&files) {
        let out = run(&["log", "export", "--data", data, "--format", format, "--out", text(file), "--json"]);
        said.push(serde_json::from_str::<Value>(&out).expect("an object"));
    }
    let cases: u64 = counted.cases.values().sum();
    let activities = said[0]["activities"].as_u64().expect("a count");
    assert!(said.iter().all(|s| s["cases"] == cases && s["activities"] == activities), "{said:?}");

    let python = std::env::var("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output =
        Command::new(&python).arg(repository().join("tests/mining.py")).args(&files).output().unwrap_or_else(
            |error| panic!("{python} is needed, with pm4py; `tests/run` puts it in place: {error}"),
        );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let read: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{stderr}"));

    for format in ["xes", "csv"] {
        let frame = &read[format];
        assert_eq!(frame["cases"], cases, "{format}");
        assert_eq!(frame["events"], activities, "{format}");
        let submitted = counted.events["case-submitted"];
        assert_eq!(frame["by_activity"]["submit"], submitted, "{format}");
        let ended: u64 = by_prefix(frame, "end ");
        assert_eq!(ended, counted.events["case-ended"], "{format}");
        let messages = by_prefix(frame, "receive ");
        assert_eq!(messages, counted.events["fact-received"], "{format}");
    }
    assert_eq!(read["xes"], read["csv"]);
    assert_eq!(read["dfg"]["begins"], cases);
    assert_eq!(read["dfg"]["arrows"].as_u64(), Some(activities - cases));

    let ocel = &read["ocel"];
    assert_eq!(ocel["events"], activities);
    assert_eq!(ocel["activities"], read["xes"]["activities"]);
    for (chain, count) in &counted.cases {
        assert_eq!(ocel["objects"][chain], *count, "{chain}");
    }
    assert_eq!(ocel["parents"], counted.children);
    assert!(ocel["relations"].as_u64() > Some(activities));
}

/// How many events have an activity that begins so.
fn by_prefix(frame: &Value, prefix: &str) -> u64 {
    let counts = frame["by_activity"].as_object().expect("counts");
    counts.iter().filter(|(name, _)| name.starts_with(prefix)).filter_map(|(_, n)| n.as_u64()).sum()
}
