//! `countersign bench` at small counts: every figure is there and sane. Whether bars are met depends on the machine and on
//! who else is at work on it, so that no test asks.

use serde_json::Value;

use crate::common::{run, text};

#[test]
fn a_small_bench_prints_one_object_with_every_figure() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = "bench --json --callers 8 --cases 40 --memory-cases 40 --folder";
    let report = run(args.split(' ').chain([text(folder.path())])).done().last_json();
    for figure in [
        "submits_per_s",
        "decisions_per_s",
        "bare_pipeline_per_s",
        "durable_vs_pipeline_ratio",
        "single_caller_p50_us",
        "write_fdatasync_p50_us",
        "single_caller_ratio",
        "replay_events_per_s",
        "snapshot_ms",
        "snapshot_bytes_per_open_case",
        "restart_ms",
        "replay_open_cases",
        "bytes_per_decision",
        "bytes_per_submit",
        "bytes_of_memory_per_open_case",
        "bytes_of_memory_with_ten_fields",
    ] {
        assert!(report[figure].is_number(), "{figure}");
    }
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing is left behind");
}

/// Rows that are held against a bar, and what the bar is about: the row's ratio to its bare limit, or the figure itself.
const BARS: [(&str, bool, f64); 13] = [
    ("decisions", true, 0.5),
    ("served", true, 0.2),
    ("view_lag", false, 100_000.0),
    ("nats", true, 0.5),
    ("one_caller", true, 2.0),
    ("publication", true, 0.8),
    ("replay_some", false, 1_000_000.0),
    ("replay_many", false, 400_000.0),
    ("restart", false, 5_000.0),
    ("memory", false, 1_024.0),
    ("disk", false, 250.0),
    ("growth", true, 0.8),
    ("growth_cpu", true, 2.0),
];

#[test]
fn every_row_that_has_a_bar_is_measured_beside_its_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = "bench --all --json --callers 8 --cases 48 --memory-cases 40 --open-cases 400 --folder";
    let found = run(args.split(' ').chain([text(folder.path())])).done().last_json();
    let rows = found["rows"].as_array().expect("rows");
    let row = |name: &str| rows.iter().find(|row| row["row"] == name).unwrap_or_else(|| panic!("{name}"));
    for (name, of_ratio, bar) in BARS {
        let row = row(name);
        let held = if of_ratio { &row["ratio"] } else { &row["figure"] };
        let held = held.as_f64().unwrap_or_else(|| panic!("{row}"));
        assert!(held.is_finite() && held >= 0.0, "{row}");
        assert_eq!(row["bar"]["value"].as_f64(), Some(bar), "{row}");
        let met = if row["bar"]["at"] == "least" { held >= bar } else { held <= bar };
        assert_eq!(row["met"], Value::Bool(met), "{row}");
        if of_ratio {
            assert!(row["limit"].as_f64().is_some_and(|limit| limit > 0.0), "{row}");
        }
    }
    for name in [
        "view_catch_up",
        "nats_replies",
        "replay_many_cpu",
        "restart_cpu",
        "snapshot",
        "memory_short",
        "disk_submit",
    ] {
        assert!(row(name)["figure"].is_number() && row(name)["bar"].is_null(), "{name}");
    }
    // Counts are small, and so are a decision and an open case: bytes do not depend on the machine.
    let figure = |name: &str| row(name)["figure"].as_f64().unwrap_or_default();
    assert!((50.0..400.0).contains(&figure("disk")), "{}", figure("disk"));
    assert!(figure("disk_submit") > figure("disk"), "a submission holds a document");
    assert_eq!(found["quick"]["callers"], 8);
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing is left behind");
}

#[test]
fn a_nats_server_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = "bench --all --callers 8 --cases 8 --memory-cases 8 --open-cases 100 --nats-server /nowhere/at-all --folder";
    let refused = run(args.split(' ').chain([text(folder.path())]));
    assert_eq!(refused.code, 3, "{}", refused.err);
    for part in ["BENCH_FAILED: expected nats-server", "/nowhere/at-all"] {
        assert!(refused.err.contains(part), "{}", refused.err);
    }
    assert_eq!(run(["bench", "--open-cases", "1000"]).code, 2, "it goes with --all");
}
