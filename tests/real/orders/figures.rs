//! The figures of a run: those of the engine, those of the independent script, and what the run cost.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use countersign_core::frame::Frame;
use countersign_journal::{DirStorage, inspect};

use crate::follower::Order;
use crate::rows::Part;
use crate::support::repository;
use crate::till::Taken;
use crate::world::Counts;

/// Figures with their names, in the order in which they are told. Refusals that never happened are left out.
pub(crate) type Figures = Vec<(String, String)>;

/// What the log has, read without the engine.
pub(crate) struct Logged {
    /// Frame and place of every event.
    pub(crate) events: Order,
    pub(crate) frames: u64,
}

/// Reads the log of a data directory from end to end.
pub(crate) fn logged(data: &Path) -> Logged {
    let storage = DirStorage::open(data.join("log")).expect("the log's folder").storage();
    let (log, report) = inspect(storage).unwrap_or_else(|error| panic!("the log is sound: {error}"));
    let mut reader = log.reader(1).expect("the log begins at 1");
    let mut found = Logged { events: Vec::new(), frames: 0 };
    while let Some(bytes) = reader.next(report.last_sequence).expect("the log can be read") {
        found.frames += 1;
        assert_eq!(bytes.sequence, found.frames, "the sequence has a gap");
        let frame = Frame::decode(bytes.bytes).expect("a frame decodes");
        found.events.extend((0..frame.events.len() as u32).map(|index| (found.frames, index)));
    }
    found
}

/// The engine's figures: from the events that it published, and from its replies where it refused, which is in no event.
pub(crate) fn of_engine(counts: &Counts, grades: &BTreeMap<String, u64>, taken: &Taken) -> Figures {
    let end = |end: &str| counts.ends.get(end).copied().unwrap_or_default();
    let returns = end("goods-return credited") + end("goods-return refunded");
    let mut figures: Vec<(String, String)> = [
        ("orders closed", end("order settled")),
        ("returns carried out", returns),
        ("write-offs", end("write-off written-off")),
        ("gradings", end("grading graded")),
    ]
    .map(|(name, count)| (name.to_owned(), count.to_string()))
    .into();
    let mut some = |what: &str, counts: &BTreeMap<String, u64>| {
        figures.extend(counts.iter().map(|(name, count)| (format!("{what} {name}"), count.to_string())));
    };
    some("refused", &taken.refused);
    some("above credit,", &counts.above_credit);
    some("customers graded", grades);
    let sums = [
        ("invoiced", counts.invoiced),
        ("red-letter invoices", counts.returned),
        ("of them credited", counts.returned - counts.refunded),
        ("of them paid back", counts.refunded),
        ("settled", counts.settled),
        ("written off", counts.written_off),
    ];
    figures.extend(sums.map(|(name, sum)| (name.to_owned(), format!("{sum:.2}"))));
    figures
}

/// The same from the file alone, by `recompute.py`.
pub(crate) fn of_file(file: &Path, part: Part) -> Figures {
    let text = python("recompute.py", &[file.as_os_str(), part.to_string().as_ref()]);
    let figure = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().filter_map(figure).collect()
}

/// Runs one of the scripts beside this file. Gives what it says.
pub(crate) fn python(script: &str, args: &[&OsStr]) -> String {
    let python = std::env::var("COUNTERSIGN_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = repository().join("tests/real/orders").join(script);
    let output = Command::new(&python).env("PYTHONDONTWRITEBYTECODE", "1").arg(&script).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{python} is needed: {error}"));
    let (said, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}:\n{said}{complaint}", script.display());
    said.into_owned()
}

/// Where the figures differ.
pub(crate) fn differences(engine: &Figures, file: &Figures) -> Vec<String> {
    let by_name = |of: &Figures| of.iter().cloned().collect::<BTreeMap<_, _>>();
    let (engine, file) = (by_name(engine), by_name(file));
    let names: BTreeSet<&String> = engine.keys().chain(file.keys()).collect();
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
