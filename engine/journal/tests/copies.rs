//! Back-ups and forks: whole, of what was durable, also while the log grows; an interrupted back-up is refused.

use std::sync::Arc;

use countersign_journal::sim::SimDisk;
use countersign_journal::*;

use crate::common::{LOG_ID, Random, SMALL};

/// A log of so many groups, its head record written after each tenth.
fn log(disk: &SimDisk, groups: u64) -> (Journal, Vec<Vec<u8>>) {
    let mut journal = Journal::create(disk.storage(), LOG_ID, 1, SMALL).unwrap();
    let mut frames = Vec::new();
    grow(&mut journal, &mut frames, groups);
    (journal, frames)
}

fn grow(journal: &mut Journal, frames: &mut Vec<Vec<u8>>, groups: u64) {
    let mut random = Random::new(frames.len() as u64);
    for number in 1..=groups {
        let group: Vec<_> = (0..1 + random.below(3)).map(|name| random.frame(name, 600)).collect();
        journal.append_frames(group.iter().map(Vec::as_slice)).unwrap();
        frames.extend(group);
        if number % 10 == 0 {
            journal.write_head().unwrap();
        }
    }
}

fn frames_of(disk: &SimDisk) -> Vec<Vec<u8>> {
    let (log, report) = inspect(disk.storage()).unwrap();
    let mut reader = log.reader(1).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next(report.last_sequence).unwrap() {
        frames.push(frame.bytes.to_vec());
    }
    frames
}

/// While the journal is open and has gone on beyond its head record, the back-up is what that says.
#[test]
fn a_backup_is_the_log_as_far_as_it_is_recorded() {
    let (disk, copy) = (SimDisk::new(1), SimDisk::new(2));
    let (mut journal, mut frames) = log(&disk, 100);
    let recorded = journal.head();
    grow(&mut journal, &mut frames, 7);
    let report = backup(&*disk.storage(), &*copy.storage()).unwrap();
    assert_eq!(report.head, recorded);
    assert_eq!(report.log_id, LOG_ID);
    assert!(report.segments > 3, "several segments: {}", report.segments);
    assert_eq!(frames_of(&copy), frames[..recorded.sequence as usize]);
    // It is a log: opened, it goes on.
    let (mut again, _) = Journal::open(copy.storage(), None).unwrap();
    again.append_frames([&b"goes on"[..]]).unwrap();
    grow(&mut journal, &mut frames, 3);
    let refused = backup(&*disk.storage(), &*copy.storage()).unwrap_err();
    assert_eq!(refused.code(), "LOG_EXISTS");
}

#[test]
fn damage_is_not_copied() {
    let disk = SimDisk::new(3);
    let (journal, _) = log(&disk, 100);
    drop(journal);
    for (segment, at) in [(1_u64, 700), (2, 3_000), (4, 520)] {
        let disk = disk.fork();
        disk.edit(&format!("{segment:010}.log"), |bytes| bytes[at] ^= 1);
        let refused = backup(&*disk.storage(), &*SimDisk::new(4).storage()).unwrap_err();
        assert!(["LOG_DAMAGED", "LOG_TAIL_CUT"].contains(&refused.code()), "{refused}");
    }
    disk.remove("0000000002.log");
    let refused = backup(&*disk.storage(), &*SimDisk::new(4).storage()).unwrap_err();
    assert_eq!(refused.code(), "LOG_DAMAGED");
}

/// The power of the copy's disk is cut at every call: it is the whole back-up, or none that opens.
#[test]
fn an_interrupted_backup_is_refused() {
    let disk = SimDisk::new(5);
    let (journal, frames) = log(&disk, 60);
    drop(journal);
    for call in 1.. {
        let copy = SimDisk::new(call);
        copy.cut_power_at(call);
        let done = backup(&*disk.storage(), &*copy.storage()).is_ok();
        copy.power_on();
        match Journal::open(copy.storage(), None) {
            Ok((_, report)) => assert_eq!(report.last_sequence as usize, frames.len(), "cut at call {call}"),
            Err(refused) => assert!(!done, "cut at call {call}: {refused}"),
        }
        if done {
            assert!(call > 60, "only {call} calls");
            return;
        }
    }
}

#[test]
fn a_fork_is_another_log_of_the_same_frames() {
    let (disk, other) = (SimDisk::new(6), SimDisk::new(7));
    let (journal, frames) = log(&disk, 80);
    drop(journal);
    let id = LogId([8; 16]);
    let (from, to) = fork(disk.storage(), other.storage(), id).unwrap();
    assert_eq!((from.log_id, to.log_id), (LOG_ID, id));
    assert_eq!(from.last_sequence, to.last_sequence);
    assert_ne!(from.head.hash, to.head.hash);
    assert_eq!(frames_of(&other), frames);
    let (mut again, _) = Journal::open(other.storage(), None).unwrap();
    assert_eq!(again.append_frames([&b"goes on"[..]]).unwrap().first_sequence, frames.len() as u64 + 1);
    // A segment of the one is none of the other's.
    let segment = disk.contents("0000000002.log").unwrap();
    other.edit("0000000002.log", |bytes| *bytes = segment);
    assert_eq!(verify(&*other.storage()).unwrap_err().code(), "LOG_FOREIGN");
    let target: Arc<dyn Storage> = disk.storage();
    assert_eq!(fork(other.fork().storage(), target, id).unwrap_err().code(), "LOG_FOREIGN");
}
