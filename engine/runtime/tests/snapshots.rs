//! Snapshots of a running company: a start reads one and the log's tail, and is the fold of the whole log in doing so,
//! wherever the power goes; what is of no use is passed over, and the log serves.

use std::time::{Duration, Instant};

use crate::support::*;
use crate::told::tell;
use countersign_core::state::{State, apply_frame};
use countersign_journal::sim::SimDisk;
use countersign_journal::{UNFINISHED, snapshot_file, snapshots};
use countersign_runtime::*;

fn hash(engine: &Engine) -> [u8; 32] {
    engine.handle().read_blocking(State::hash).unwrap().0
}

/// The fold of the whole log, whatever snapshots there are.
fn folded(handle: &EngineHandle) -> State {
    let mut reader = handle.log().reader(1).unwrap();
    let mut state = State::default();
    while let Some((_, frame)) = reader.read().unwrap() {
        apply_frame(&mut state, &frame);
    }
    state
}

/// Slips handed in, every second of them approved.
fn work(handle: &EngineHandle, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let slip = submit(&format!("s{number}"), START, &format!("slip {number}"));
        let receipt = accepted(handle.command_blocking(slip));
        if number % 2 == 0 {
            accepted(handle.command_blocking(approve(&format!("d{number}"), START, &receipt)));
        }
    }
}

/// A disk with a company of some slips, and snapshots at these numbers of slips.
fn company(seed: u64, snapshots_at: &[u32], slips: u32) -> (SimDisk, ManualClock) {
    let (disk, clock) = (SimDisk::new(seed), ManualClock::new(START));
    found(options(&disk, &clock)).stop().unwrap();
    let mut done = 0;
    for at in snapshots_at.iter().copied().chain([slips]) {
        let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
        work(engine.handle(), done..at);
        engine.stop().unwrap();
        done = at;
        if snapshots_at.contains(&at) {
            let (sequence, bytes) = make_snapshot(&options(&disk, &clock)).unwrap();
            assert_eq!(disk.contents(&snapshot_file(sequence)).unwrap().len() as u64, bytes);
        }
    }
    (disk, clock)
}

/// Opens the company, holds its State against the whole log, and says what the start found.
fn opened(disk: &SimDisk, clock: &ManualClock) -> RecoveryReport {
    let (engine, report) = Engine::open(options(disk, clock)).unwrap();
    let whole = folded(engine.handle());
    assert_eq!(hash(&engine), whole.hash(), "State is not the fold of the log");
    assert_eq!(report.snapshot + report.frames, report.journal.last_sequence);
    // And it works: the same slip is known, a new one is taken.
    let again = engine.handle().command_blocking(submit("s0", START, "slip 0")).unwrap();
    assert!(again.repeated, "{again:?}");
    accepted(engine.handle().command_blocking(submit("new", START, "new")));
    engine.stop().unwrap();
    report
}

#[test]
fn a_start_reads_the_snapshot_and_the_tail() {
    let (disk, clock) = company(1, &[10, 20, 30], 37);
    let kept = snapshots(&*disk.storage()).unwrap();
    assert_eq!(kept.len(), 2, "two are kept: {kept:?}");
    let report = opened(&disk, &clock);
    assert_eq!(report.snapshot, kept[0]);
    assert_eq!(report.skipped, []);
    assert!(report.frames > 0 && report.frames < report.snapshot, "{report:?}");
}

/// The newest has changed, then both: the one before serves, then the log.
#[test]
fn what_is_of_no_use_is_passed_over() {
    let (disk, clock) = company(2, &[10, 20], 25);
    let kept = snapshots(&*disk.storage()).unwrap();
    for (nth, sequence) in kept.iter().enumerate() {
        let disk = disk.fork();
        for changed in &kept[..=nth] {
            let middle = disk.contents(&snapshot_file(*changed)).unwrap().len() / 2;
            disk.edit(&snapshot_file(*changed), |bytes| bytes[middle] ^= 4);
        }
        let report = opened(&disk, &clock);
        assert_eq!(report.snapshot, kept.get(nth + 1).copied().unwrap_or(0), "after {sequence}");
        assert_eq!(report.skipped.len(), nth + 1);
        assert!(report.skipped[0].why.contains("damaged"), "{report:?}");
    }
    let looked_at = "the start passes it over with a line, takes the one before, then the log";
    tell(5, "a flipped bit in the newest snapshot, then in both", looked_at, "State is the fold of the log");
}

/// A snapshot that another version of the program has made is passed over, and removed only once two of this
/// version's are there.
#[test]
fn another_versions_snapshot_is_passed_over() {
    let (disk, clock) = company(3, &[10], 15);
    let other = snapshots(&*disk.storage()).unwrap()[0];
    disk.edit(&snapshot_file(other), |bytes| {
        bytes[24] ^= 1;
        let sum = crc(&bytes[..80]);
        bytes[80..84].copy_from_slice(&sum.to_le_bytes());
    });
    let report = opened(&disk, &clock);
    assert_eq!(report.snapshot, 0);
    assert!(report.skipped[0].why.contains("another version"), "{report:?}");
    for (round, left) in [(1, true), (2, false)] {
        make_snapshot(&options(&disk, &clock)).unwrap();
        assert_eq!(snapshots(&*disk.storage()).unwrap().contains(&other), left, "round {round}");
        let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
        work(engine.handle(), 100 + round..101 + round);
        engine.stop().unwrap();
    }
    let looked_at = "passed over, the log is applied whole; removed once two of this version are there";
    tell(13, "a start beside another version's snapshot", looked_at, "State is the fold of the log");
}

/// CRC-32C, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg()))
    })
}

/// A snapshot of frames that the log no longer has means that the log was cut: nobody decides on such a log.
#[test]
fn a_snapshot_vouches_for_the_log() {
    let (disk, clock) = company(4, &[], 5);
    let earlier = disk.fork();
    let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
    work(engine.handle(), 5..20);
    engine.stop().unwrap();
    let (sequence, _) = make_snapshot(&options(&disk, &clock)).unwrap();
    let snapshot = disk.contents(&snapshot_file(sequence)).unwrap();
    earlier.edit(&snapshot_file(sequence), |bytes| *bytes = snapshot);
    let refused = Engine::open(options(&earlier, &clock)).err().expect("a cut log is refused");
    assert_eq!(refused.code(), "LOG_TAIL_CUT");
}

/// The power is cut at every storage call of making a snapshot: the company starts, from the new one, from the one
/// before, or from the whole log, and is the same.
#[test]
fn a_power_cut_while_one_is_made_loses_nothing() {
    let (company, clock) = company(5, &[10, 20], 30);
    let mut from = std::collections::BTreeSet::new();
    for call in 1.. {
        let disk = company.fork();
        disk.cut_power_at(call);
        let made = make_snapshot(&options(&disk, &clock));
        disk.power_on();
        let report = opened(&disk, &clock);
        assert!(report.skipped.is_empty(), "a torn snapshot under its name: {report:?}");
        from.insert(report.snapshot);
        if let Ok((sequence, _)) = made {
            assert_eq!(report.snapshot, sequence);
            assert!(call > 20 && from.len() == 2, "{call} calls, starts from {from:?}");
            let done =
                format!("power cut at every storage call of a running company's snapshot: {} cuts", call - 1);
            let looked_at =
                "the start finds the new one, the one before or the log; State is the fold of the log";
            tell(2, &done, looked_at, "0 torn under its name, 0 differences");
            return;
        }
    }
}

/// The thread makes them by itself while work goes on, keeps two, and a killed process leaves nothing behind.
#[test]
fn they_are_made_while_it_runs() {
    let (disk, clock) = company(6, &[], 3);
    let left = format!("{}{UNFINISHED}", snapshot_file(2));
    disk.edit(&left, |bytes| bytes.extend([1; 100]));
    let every = EngineOptions { snapshot_every: 20, ..options(&disk, &clock) };
    let (engine, _) = Engine::open(every.clone()).unwrap();
    let (handle, start, mut slips) = (engine.handle(), Instant::now(), 3);
    for made in 1..=3 {
        work(handle, slips..slips + 20);
        slips += 20;
        while handle.status().snapshots.made < made {
            assert!(start.elapsed() < Duration::from_secs(120), "{:?}", handle.status().snapshots);
            handle.log().wait_past(handle.log().durable(), Duration::from_millis(20));
        }
    }
    let counts = handle.status().snapshots;
    assert_eq!(counts.failed, 0);
    assert!(!disk.names().contains(&left), "{:?}", disk.names());
    let state = engine.stop().unwrap();
    let found = snapshots(&*disk.storage()).unwrap();
    assert!(found.len() == 2 && found[0] >= counts.sequence, "{found:?} {counts:?}");
    let (engine, report) = Engine::open(every).unwrap();
    assert_eq!((report.snapshot, hash(&engine)), (found[0], state.hash()));
    assert_eq!(engine.handle().status().snapshots.sequence, found[0]);
}
