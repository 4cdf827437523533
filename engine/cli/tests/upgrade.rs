//! Another version over a living log: what deploy/UPGRADE.md promises. The other version is this one with what it would
//! have written differently: the version of a snapshot and of views, a frame of a kind that nobody knows yet.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_core::command::Cause;
use countersign_core::event::{Event, TurnSplit};
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_journal::{DirStorage, Journal};
use countersign_runtime::{Engine, EngineOptions, log_directory, views_directory};

use crate::common::{Company, text};

/// Where a snapshot says of which version it is, and the checksum of its head; see engine/journal/FORMAT.md.
const VERSION_AT: usize = 24;
const CRC_AT: usize = 80;

/// CRC-32C, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
    })
}

/// Every file of the log, by name.
fn files(data: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = std::fs::read_dir(log_directory(data)).expect("a log").flatten();
    entries.map(|entry| (entry.path(), std::fs::read(entry.path()).expect("readable"))).collect()
}

/// As another build would have written its snapshot.
fn of_another_build(data: &Path) -> PathBuf {
    let snapshot = files(data).into_keys().find(|path| path.extension().is_some_and(|e| e == "snapshot"));
    let path = snapshot.expect("a snapshot");
    let mut bytes = std::fs::read(&path).expect("readable");
    bytes[VERSION_AT] ^= 1;
    let sum = crc(&bytes[..CRC_AT]);
    bytes[CRC_AT..CRC_AT + 4].copy_from_slice(&sum.to_le_bytes());
    std::fs::write(&path, bytes).expect("written");
    path
}

/// Views that have lost every row but what they say of themselves; of another version, if so.
fn emptied_views(data: &Path, of_another_version: bool) {
    let db = sled::open(views_directory(data)).expect("views");
    let (key, meta) =
        db.iter().flatten().find(|(key, _)| key.as_ref() == META).expect("they say what they are");
    let mut meta = meta.to_vec();
    db.clear().expect("emptied");
    meta[0] += u8::from(of_another_version);
    db.insert(key, meta).expect("written");
    db.flush().expect("written");
}

const META: &[u8] = b"m";

#[test]
fn a_snapshot_and_views_of_another_version_are_passed_over_and_made_anew() {
    let company = Company::found();
    company.submit().done();
    let (timeline, inbox) = ("timeline C-1", "inbox --as credit_controller");
    let before = (company.run(timeline).done().out, company.run(inbox).done().out);
    assert!(before.1.contains("C-1"), "{}", before.1);
    company.run("log snapshot").done();
    let log = company.run("log verify --json").done().last_json();

    // What views say of themselves is believed as long as they are of this version; so this test could fail.
    emptied_views(&company.data(), false);
    assert!(!company.run(inbox).done().out.contains("C-1"), "rows that were taken away are missed");

    let snapshot = of_another_build(&company.data());
    emptied_views(&company.data(), true);
    let (engine, report) = Engine::open(EngineOptions::directory(company.data())).expect("it starts");
    assert_eq!(report.snapshot, 0, "{report:?}");
    assert!(report.skipped.iter().any(|skipped| skipped.why.contains("another version")), "{report:?}");
    assert_eq!(Some(report.frames), log["last_sequence"].as_u64(), "the whole log was applied");
    engine.stop().expect("a clean stop");
    assert_eq!((company.run(timeline).done().out, company.run(inbox).done().out), before, "nothing was lost");
    assert!(snapshot.exists(), "it is not ours to remove before there are two of our own");
    company.run("decide C-1 T-1 pass --as credit_controller").done();
    company.run("log snapshot").done();
    let (engine, report) = Engine::open(EngineOptions::directory(company.data())).expect("it starts");
    assert_eq!(report.frames, 0, "its own snapshot is read: {report:?}");
    engine.stop().expect("a clean stop");
}

/// Going back behind what a newer version has written.
#[test]
fn a_frame_that_an_older_version_does_not_know_is_refused_and_nothing_is_changed() {
    let company = Company::found();
    company.submit().done();
    let storage = DirStorage::open(log_directory(&company.data())).expect("the log's folder").storage();
    let (mut journal, report) = Journal::open(storage, None).expect("a log");
    let frame = Frame {
        at: Timestamp::parse("2035-01-01T00:00:00Z").expect("a time"),
        cause: Cause::Operator { os_user: Name::from("root") },
        outcome: Outcome::Accepted,
        events: vec![Event::TurnSplit(TurnSplit { case: 1 })],
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).expect("a frame");
    // Two bytes of the kind stand before length and body of the one event.
    let kind = bytes.len() - 7;
    bytes[kind..kind + 2].copy_from_slice(&60_000_u16.to_le_bytes());
    journal.append_frames([bytes.as_slice()]).expect("appended");
    drop(journal);

    let before = files(&company.data());
    let place = format!("sequence {}", report.last_sequence + 1);
    for command in
        ["timeline C-1", "inbox --as credit_controller", "decide C-1 T-1 pass --as credit_controller"]
    {
        let refused = company.run(command).refused(1, "LOG_FORMAT_UNKNOWN");
        assert!(refused.err.contains(&place), "{command}: {}", refused.err);
    }
    let data = company.data();
    let serve = ["serve", "--data", text(&data), "--nats", "nats://127.0.0.1:1"];
    crate::common::run(serve).refused(1, "LOG_FORMAT_UNKNOWN");
    let after = files(&company.data());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    // The head record alone may be written again, with the same content; the frames are as they were.
    let segments = |files: &BTreeMap<PathBuf, Vec<u8>>| {
        let segments = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "log"));
        segments.map(|(_, bytes)| crc(&bytes[..1 << 16])).collect::<Vec<_>>()
    };
    assert_eq!(segments(&before), segments(&after));
}
