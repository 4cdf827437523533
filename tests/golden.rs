//! Logs that versions of this program have written, each with what it yields: whatever one version wrote, every later one
//! reads as the same cases, accounts and reports, verifies, and goes on from.
//!
//! `tests/golden/VERSION`: the files of a log, packed, and `yields.json`. A field that a later version adds to an answer is
//! no difference; one that is gone or says something else is. `tests/golden/write` makes the one of this version anew.
#![allow(clippy::print_stdout, reason = "a run tells what it read")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use countersign_core::command::VouchedBy;
use countersign_core::time::Timestamp;
use countersign_runtime::{EngineOptions, ManualClock, OnFatal, ViewsAt};
use countersign_server::{Caller, Config, Server};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::support::{COUNTERSIGN, frames, repository, verify};
use crate::told::tell;

const HOUR_MS: u64 = 3_600_000;
/// From April to the last day of the log.
const OF_A_PERIOD: [&str; 10] = [
    "daily-sales",
    "monthly-customers",
    "monthly-summary",
    "receivables",
    "collection",
    "cycle-time",
    "load",
    "refusals",
    "overrides",
    "attempts",
];
const OF_AN_INSTANT: [&str; 3] = ["waiting", "handlers", "budgets"];

/// A company in a directory, served within this process at a time that stands still.
struct House {
    server: Server,
    at: Timestamp,
    requests: u64,
}

impl House {
    async fn open(data: &Path, at: Timestamp) -> House {
        let clock = Arc::new(ManualClock::new(at));
        let engine = EngineOptions {
            on_fatal: OnFatal::Stop,
            clock,
            views: ViewsAt::Home,
            ..EngineOptions::directory(data)
        };
        let server = Server::start(Config::embedded(engine)).await;
        let server = server.unwrap_or_else(|error| panic!("it opens: {error}")).0;
        House { server, at, requests: 0 }
    }

    async fn ask(&mut self, verb: &str, (person, position): (&str, &str), body: Value) -> Value {
        self.requests += 1;
        let at_least = self.server.engine().log().durable();
        let id = format!("golden-{at_least}-{}", self.requests);
        let mut request = json!({ "request_id": id, "sent_at": self.at.to_string(), "person": person, "position": position });
        let is_question = matches!(verb, "case" | "inbox");
        let fields = request.as_object_mut().expect("an object");
        fields.extend(body.as_object().expect("an object").clone());
        if is_question {
            fields.insert("at_least".into(), at_least.into());
        }
        let caller = Caller::new("golden", VouchedBy::Local);
        let reply = self.server.desk().handle(&caller, verb, request.to_string().as_bytes()).await;
        let reply: Value = serde_json::from_slice(&reply).expect("a reply is JSON");
        assert!(reply["ok"].is_object(), "{verb} of {request}: {reply}");
        reply["ok"].clone()
    }

    async fn stop(self) {
        self.server.stop().await.expect("a clean stop");
    }
}

/// When the last frame was recorded.
fn end(data: &Path) -> Timestamp {
    frames(data).1.last().expect("a frame").at
}

fn run(args: &[&str], data: &Path) -> String {
    let output =
        Command::new(COUNTERSIGN).args(args).arg("--data").arg(data).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What a log yields: its own figures, every case, who has what in hand, accounts, reports.
async fn yields(data: &Path) -> Value {
    let log: Value = serde_json::from_str(run(&["log", "verify", "--json"], data).trim()).expect("JSON");
    let at = end(data);
    let day: String = at.to_string().chars().take(10).collect();
    let mut reports = Map::new();
    let of_a_period = OF_A_PERIOD.map(|name| (name, &["--from", "2025-04-01"][..]));
    for (name, from) in of_a_period.into_iter().chain(OF_AN_INSTANT.map(|name| (name, &[][..]))) {
        let asked = [&["report", name, "--as-of", &day, "--format", "csv"], from].concat();
        let told = run(&asked, data);
        reports.insert(name.into(), told.lines().collect());
    }
    let books = run(&["accounts", "verify"], data);
    let numbers: BTreeSet<u64> =
        frames(data).1.iter().flat_map(|frame| &frame.events).filter_map(|event| event.case()).collect();
    let mut house = House::open(data, at).await;
    let mut cases = Map::new();
    for number in numbers {
        let case = format!("C-{number}");
        cases.insert(case.clone(), house.ask("case", ("H29", "kam_js"), json!({ "case": case })).await);
    }
    let mut inboxes = Map::new();
    for (person, position) in [("H29", "kam_js"), ("H25", "bgm_js"), ("H31", "rep_js1")] {
        inboxes.insert(
            position.into(),
            house.ask("inbox", (person, position), json!({})).await["items"].clone(),
        );
    }
    let accounts = house.ask("accounts", ("H29", "kam_js"), json!({})).await["accounts"].clone();
    house.stop().await;
    json!({
        "log": { "frames": log["frames"], "events": log["events"], "hash": log["hash"], "log_id": log["log_id"] },
        "cases": cases, "inboxes": inboxes, "accounts": accounts, "reports": reports,
        "books": books.lines().next(),
    })
}

/// Where what is found is not what was expected; what is more in an object is none.
fn differences(at: &str, expected: &Value, found: &Value, into: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, value) in expected {
                differences(&format!("{at}.{name}"), value, found.get(name).unwrap_or(&Value::Null), into);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (n, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{at}[{n}]"), expected, found, into);
            }
        }
        (expected, found) if expected == found => {}
        (expected, found) => into.push(format!("{at}: expected {expected}, found {found}")),
    }
}

fn golden() -> PathBuf {
    repository().join("tests/golden")
}

/// Unpacks a version's log into a data directory.
fn unpack(version: &Path) -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a folder");
    let log = data.path().join("log");
    fs::create_dir(&log).expect("a folder");
    for file in fs::read_dir(version).expect("a version's files") {
        let path = file.expect("a file").path();
        if path.extension().is_some_and(|ending| ending == "gz") {
            let packed = fs::File::open(&path).expect("a packed file");
            let mut whole = fs::File::create(log.join(path.file_stem().expect("a name"))).expect("a file");
            std::io::copy(&mut GzDecoder::new(packed), &mut whole).expect("it unpacks");
        }
    }
    data
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_version_wrote_is_read_as_the_same_and_goes_on() {
    if std::env::var_os("COUNTERSIGN_GOLDEN_WRITE").is_some() {
        return write().await;
    }
    let mut versions: Vec<PathBuf> =
        fs::read_dir(golden()).expect("logs").map(|entry| entry.expect("an entry").path()).collect();
    versions.retain(|path| path.is_dir());
    assert!(!versions.is_empty(), "no log of any version");
    for version in versions {
        let data = unpack(&version);
        let text = fs::read_to_string(version.join("yields.json")).expect("what it yields");
        let expected: Value = serde_json::from_str(&text).expect("JSON");
        let mut found = Vec::new();
        differences("", &expected, &yields(data.path()).await, &mut found);
        assert!(found.is_empty(), "{}:\n{}", version.display(), found.join("\n"));
        // It is a log to go on with: the task that is open is decided, and the case ends.
        let task = expected["inboxes"]["bgm_js"][0].clone();
        let mut house = House::open(data.path(), end(data.path())).await;
        let decide = json!({
            "case": task["case"], "task": task["task"], "version": task["version"],
            "content_hash": task["content_hash"], "verdict": "approve",
        });
        house.ask("decide", ("H25", "bgm_js"), decide).await;
        let after = house.ask("case", ("H29", "kam_js"), json!({ "case": task["case"] })).await;
        assert_eq!(after["ended"]["end"], "approved", "{after}");
        house.stop().await;
        verify(data.path());
        let name = version.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (cases, events) = (expected["cases"].as_object().map_or(0, Map::len), &expected["log"]["events"]);
        tell(
            13,
            &format!("the log that version {name} wrote: {events} events"),
            "every case, inboxes, accounts and reports as that version told them; a decision more; log verify",
            &format!("{cases} cases, {} reports, 0 differences", OF_A_PERIOD.len() + OF_AN_INSTANT.len()),
        );
    }
}

/// Writes the log of this version: an order from its evaluation to the last receipt, and purchases that are still open.
async fn write() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    run(&["demo"], &data);
    let mut house = House::open(&data, end(&data).plus(HOUR_MS as i64)).await;
    for (number, amount) in [("OP-1", "480.00"), ("OP-2", "1500.00"), ("OP-3", "9000.00")] {
        let document = json!({ "purchase_no": number, "what": "two desk lamps", "amount": { "amount": amount, "currency": "CNY" } });
        let body = json!({ "chain": "office-purchase", "document": document });
        house.ask("submit", ("H31", "rep_js1"), body).await;
    }
    let inbox = house.ask("inbox", ("H29", "kam_js"), json!({})).await;
    let first = inbox["items"].as_array().into_iter().flatten().min_by_key(|item| item["case"].to_string());
    let task = first.expect("a task").clone();
    let decide = json!({
        "case": task["case"], "task": task["task"], "version": task["version"],
        "content_hash": task["content_hash"], "verdict": "pass",
    });
    house.ask("decide", ("H29", "kam_js"), decide).await;
    house.stop().await;
    let version = golden().join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&version).expect("a folder");
    for file in fs::read_dir(data.join("log")).expect("a log") {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if name.ends_with(".snapshot") {
            continue;
        }
        let packed = fs::File::create(version.join(format!("{name}.gz"))).expect("a file");
        let mut packed = GzEncoder::new(packed, Compression::best());
        packed.write_all(&fs::read(&path).expect("a file of the log")).expect("it is written");
        packed.finish().expect("it is written");
    }
    let told = serde_json::to_string_pretty(&yields(&data).await).expect("JSON");
    fs::write(version.join("yields.json"), told + "\n").expect("it is written");
    println!("wrote {}", version.display());
}
