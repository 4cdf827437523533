//! Starting and stopping: creation, locks, empty and foreign logs, frames that this version does not know.

use crate::support::*;
use countersign_core::event::{Event, TurnSplit};
use countersign_core::frame::{Frame, Outcome};
use countersign_core::state::State;
use countersign_core::{command::Cause, name::Name};
use countersign_journal::sim::SimDisk;
use countersign_journal::{Journal, LogId};
use countersign_runtime::*;

#[test]
fn a_log_is_created_once_and_needs_its_first_frame() {
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let missing = Engine::open(options(&disk, &clock)).err().unwrap();
    assert_eq!(missing.code(), "LOG_MISSING");
    // A creation that was interrupted before the first frame.
    drop(Journal::create(disk.storage(), LogId([9; 16]), 1, small()).unwrap());
    assert_eq!(Engine::open(options(&disk, &clock)).err().unwrap().code(), "NOT_FOUNDED");
    let (engine, report) = Engine::create(options(&disk, &clock), &founding()).unwrap();
    assert_eq!((report.frames, report.journal.log_id), (1, LogId([9; 16])));
    let (company, sequence) = engine.handle().read_blocking(|state| state.head().company.clone()).unwrap();
    assert_eq!((company.as_str(), sequence), ("mill", 1));
    drop(engine);
    assert_eq!(Engine::create(options(&disk, &clock), &founding()).err().unwrap().code(), "LOG_EXISTS");
}

#[test]
fn logs_have_ids_of_their_own() {
    let clock = ManualClock::new(START);
    let log_id = |seed| found(options(&SimDisk::new(seed), &clock)).handle().log().log_id();
    assert_ne!(log_id(1), log_id(1));
}

#[test]
fn groups_that_cannot_hold_a_frame_are_refused() {
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let geometry = countersign_journal::Geometry { segment_bytes: 64 * 1024, group_bytes_max: 16 * 1024 };
    let refused = Engine::create(EngineOptions { geometry, ..options(&disk, &clock) }, &founding());
    assert_eq!(refused.err().unwrap().code(), "LOG_GEOMETRY");
}

#[test]
fn a_frame_that_this_version_does_not_know_refuses_the_start() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    found(options(&disk, &clock)).stop().unwrap();
    let (mut journal, report) = Journal::open(disk.storage(), None).unwrap();
    let frame = Frame {
        at: START,
        cause: Cause::Operator { os_user: Name::from("root") },
        outcome: Outcome::Accepted,
        events: vec![Event::TurnSplit(TurnSplit { case: 1 })],
    };
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    let kind = bytes.len() - 7;
    assert_eq!(bytes[kind..kind + 2], 24_u16.to_le_bytes());
    bytes[kind..kind + 2].copy_from_slice(&60_000_u16.to_le_bytes());
    journal.append_frames([bytes.as_slice()]).unwrap();
    drop(journal);
    let refused = Engine::open(options(&disk, &clock)).err().unwrap();
    assert_eq!(refused.code(), "LOG_FORMAT_UNKNOWN");
    let text = refused.to_string();
    assert!(text.contains(&format!("sequence {}", report.last_sequence + 1)), "{text}");
    assert!(text.contains("kind 60000"), "{text}");
}

#[test]
fn a_data_directory_has_one_user() {
    let directory = tempfile::tempdir().unwrap();
    let options = || EngineOptions { geometry: small(), ..EngineOptions::directory(directory.path()) };
    assert_eq!(Engine::open(options()).err().unwrap().code(), "LOG_MISSING");
    let (engine, _) = Engine::create(options(), &founding()).unwrap();
    let locked = Engine::open(options()).err().unwrap();
    assert_eq!(locked.code(), "LOCKED");
    assert!(locked.to_string().contains(&std::process::id().to_string()), "{locked}");
    let hash = engine.stop().unwrap().hash();
    let (engine, report) = Engine::open(options()).unwrap();
    assert_eq!(report.frames, 1);
    assert_eq!(engine.handle().read_blocking(State::hash).unwrap().0, hash);
}

#[test]
fn a_clock_behind_the_log_is_reported_and_order_is_kept() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    found(options(&disk, &clock)).stop().unwrap();
    let earlier = ManualClock::new(START.plus(-60_000));
    let (engine, report) = Engine::open(options(&disk, &earlier)).unwrap();
    assert_eq!(report.clock_behind_ms, 60_000);
    let reply = engine.handle().command_blocking(submit("s1", START, "one")).unwrap();
    assert_eq!(
        engine.handle().log().read_frame(reply.sequence).unwrap().at,
        START,
        "never before the last stamp"
    );
}
