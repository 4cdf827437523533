//! The figures of a run: those of the engine, those of the independent script, and what the run cost.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use countersign_core::command::Cause;
use countersign_core::frame::{Frame, Outcome};
use countersign_journal::{DirStorage, inspect};

use crate::follower::Order;
use crate::support::repository;
use crate::world::Counts;

/// Figures by their names; those that are nought are left out.
pub(crate) type Figures = BTreeMap<String, String>;

/// What the log has, read without the engine.
pub(crate) struct Logged {
    /// Frame and place of every event.
    pub(crate) events: Order,
    pub(crate) frames: u64,
    /// What the engine refused the order desk, by code.
    pub(crate) refused: BTreeMap<String, u64>,
}

/// Reads the log of a data directory from end to end.
pub(crate) fn logged(data: &Path) -> Logged {
    let storage = DirStorage::open(data.join("log")).expect("the log's folder").storage();
    let (log, report) = inspect(storage).unwrap_or_else(|error| panic!("the log is sound: {error}"));
    let mut reader = log.reader(1).expect("the log begins at 1");
    let mut found = Logged { events: Vec::new(), frames: 0, refused: BTreeMap::new() };
    while let Some(bytes) = reader.next(report.last_sequence).expect("the log can be read") {
        found.frames += 1;
        assert_eq!(bytes.sequence, found.frames, "the sequence has a gap");
        let frame = Frame::decode(bytes.bytes).expect("a frame decodes");
        found.events.extend((0..frame.events.len() as u32).map(|index| (found.frames, index)));
        if let (Cause::Request(request), Outcome::Refused { code, .. }) = (&frame.cause, &frame.outcome)
            && *request.system == *"till"
        {
            *found.refused.entry(code.to_string()).or_default() += 1;
        }
    }
    found
}

/// The engine's figures, from the events that it published and the refusals in its log; `repeated` are the desk's own.
pub(crate) fn of_engine(counts: &Counts, logged: &Logged, repeated: u64) -> Figures {
    let mut figures = Figures::new();
    let end = |end: &str| counts.ends.get(end).copied().unwrap_or_default().to_string();
    figures.insert("orders closed".into(), end("order settled"));
    figures.insert("returns carried out".into(), end("goods-return refunded"));
    for (code, count) in &logged.refused {
        figures.insert(format!("refused {code}"), count.to_string());
    }
    if repeated > 0 {
        figures.insert("refused REPEATED".into(), repeated.to_string());
    }
    for (name, sum) in
        [("invoiced", counts.invoiced), ("returned", counts.returned), ("settled", counts.settled)]
    {
        figures.insert(name.into(), format!("{sum:.2}"));
    }
    figures
}

/// The same from the file alone, by `recompute.py`.
pub(crate) fn of_file(file: &Path, limit: Option<usize>) -> Figures {
    let python = std::env::var("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python)
        .arg(repository().join("tests/real/orders/recompute.py"))
        .arg(file)
        .arg(limit.map_or("all".to_owned(), |limit| limit.to_string()))
        .output()
        .unwrap_or_else(|error| panic!("{python} is needed: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("figures are UTF-8");
    let figure = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().filter_map(figure).collect()
}

/// Where the figures differ.
pub(crate) fn differences(engine: &Figures, file: &Figures) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = engine.keys().chain(file.keys()).collect();
    let differs = names.into_iter().filter(|name| engine.get(*name) != file.get(*name));
    differs.map(|name| format!("{name}: engine {:?}, file {:?}", engine.get(name), file.get(name))).collect()
}

/// The most memory that a process has had, in MB.
pub(crate) fn peak_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1_024
}
