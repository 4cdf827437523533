//! Readers follow the log while it is being written, and never see more than is durable.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{LOG_ID, Random, SMALL, new_log};
use countersign_journal::{DirStorage, Journal, Log};

/// Follows from `first` until the writer is done; returns how many frames it saw.
fn follow(log: &Log, first: u64, done: &AtomicBool) -> u64 {
    let mut reader = log.reader(first).expect("a reader");
    let mut expected = first;
    loop {
        let finished = done.load(Ordering::Acquire);
        // Half of what is durable first: a limit in the middle of a group must hold.
        let durable = log.durable();
        for up_to in [durable.min(first + durable / 2), durable] {
            while let Some(frame) = reader.next(up_to).expect("a whole log") {
                assert!(frame.sequence <= up_to);
                assert_eq!(frame.sequence, expected);
                assert_eq!(frame.bytes[..8], expected.to_le_bytes());
                expected += 1;
            }
            assert!(expected > up_to);
        }
        if finished {
            assert_eq!(reader.head(), log.head());
            return expected - first;
        }
        std::thread::yield_now();
    }
}

fn follow_while_writing(mut journal: Journal, groups: u64) {
    let (log, preparer) = (journal.log(), journal.preparer());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2).map(|_| scope.spawn(|| follow(&log, 1, &done))).collect();
        let preparing = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                preparer.prepare_next().expect("a segment");
                std::thread::yield_now();
            }
        });
        let mut random = Random::new(11);
        let (mut sequence, mut group) = (0, journal.group());
        for _ in 0..groups {
            for _ in 0..=random.below(3) {
                sequence += 1;
                group.push(&random.frame(sequence, 500)).expect("room");
            }
            let appended = journal.append(&mut group).expect("an append");
            assert_eq!(appended.last_sequence, sequence);
            let one = 1 + random.below(sequence);
            assert_eq!(log.read_frame(one).expect("a frame")[..8], one.to_le_bytes());
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            assert_eq!(reader.join().expect("no panic"), sequence);
        }
        preparing.join().expect("no panic");
        let late = log.reader(sequence / 2).expect("a reader");
        assert_eq!(late.next_sequence(), sequence / 2);
        assert_eq!(follow(&log, sequence / 2, &done), sequence - sequence / 2 + 1);
        assert_eq!(log.reader(sequence + 2).expect_err("beyond the end").code(), "SEQUENCE_UNKNOWN");
    });
}

#[test]
fn readers_follow_the_writer_on_the_simulated_disk() {
    follow_while_writing(new_log(SMALL).1, 3000);
}

#[test]
fn readers_follow_the_writer_in_a_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = DirStorage::open_or_create(folder.path()).expect("a folder").storage();
    follow_while_writing(Journal::create(storage, LOG_ID, 1, SMALL).expect("a new log"), 300);
}

#[test]
fn a_reader_notices_damage_that_came_after_opening() {
    let (disk, mut journal) = new_log(SMALL);
    for number in 0..100_u8 {
        journal.append_frames([[number; 300].as_slice()]).expect("an append");
    }
    let group_bytes = 84 + 8 + 300;
    // A frame, a header in the middle of a segment, and the header of the last group of a segment.
    for (group, byte) in [(5, 200), (7, 10), (39, 10)] {
        let disk = disk.fork();
        let (log, _) = countersign_journal::inspect(disk.storage()).expect("a whole log");
        disk.edit("0000000001.log", |bytes| bytes[512 + group * group_bytes + byte] ^= 4);
        let mut reader = log.reader(1).expect("a reader");
        let error = loop {
            match reader.next(u64::MAX) {
                Ok(frame) => assert!(frame.is_some(), "the damage was not noticed"),
                Err(error) => break error,
            }
        };
        let place = error.place().expect("a place");
        assert_eq!((error.code(), place.segment), ("LOG_DAMAGED", 1), "{error}");
        assert_eq!(place.sequence, group as u64 + 1, "{error}");
    }
}
