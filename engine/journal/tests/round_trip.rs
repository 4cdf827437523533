//! What is appended is read again: by readers, one by one, after reopening, and from a real directory.

use crate::common::{LOG_ID, Random, SMALL, new_log, read_all, reopen};
use countersign_journal::{DirStorage, Error, Geometry, Hash, Head, Journal, LogId, inspect, verify};

#[test]
fn frames_come_back_in_order_from_a_directory() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = || DirStorage::open_or_create(folder.path().join("log")).expect("a folder").storage();
    let mut journal = Journal::create(storage(), LOG_ID, 3, SMALL).expect("a new log");
    let mut random = Random::new(1);
    let (mut frames, mut group, mut last) = (Vec::new(), journal.group(), None);
    for number in 0..60 {
        let frame = random.frame(number, 2000);
        group.push(&frame).expect("room for a frame");
        frames.push(frame);
        if number % 3 == 0 {
            group.push_with(|sink| sink.extend_from_slice(b"encoded in place")).expect("room");
            frames.push(b"encoded in place".to_vec());
        }
        let appended = journal.append(&mut group).expect("an append");
        assert_eq!(appended.last_sequence, frames.len() as u64);
        assert!(group.is_empty());
        last = Some(appended.hash);
    }
    journal.write_head().expect("a head record");
    assert_eq!(read_all(&journal.log()).expect("a whole log"), frames);
    drop(journal);
    assert_eq!(reopen(storage()).expect("a whole log"), frames);

    let (log, report) = inspect(storage()).expect("a whole log");
    assert_eq!(read_all(&log).expect("a whole log"), frames);
    assert_eq!(Some(report.head.hash), last);
    assert_eq!(report.head, report.head_record);
    assert_eq!((report.groups, report.frames, report.epoch), (60, 80, 3));
    assert_eq!((report.first_sequence, report.last_sequence, report.cut), (1, 80, None));
    for (sequence, frame) in (1..).zip(&frames) {
        assert_eq!(&log.read_frame(sequence).expect("a frame"), frame);
    }
    assert_eq!(log.read_frame(0).expect_err("no frame 0").code(), "SEQUENCE_UNKNOWN");
    assert_eq!(log.read_frame(81).expect_err("no frame 81").code(), "SEQUENCE_UNKNOWN");
}

#[test]
fn a_log_is_created_once_and_opened_only_if_it_is_there() {
    let (disk, journal) = new_log(SMALL);
    drop(journal);
    let again = Journal::create(disk.storage(), LOG_ID, 1, SMALL);
    assert_eq!(again.expect_err("there is one").code(), "LOG_EXISTS");
    let none = countersign_journal::sim::SimDisk::new(1);
    assert_eq!(Journal::open(none.storage(), None).expect_err("there is none").code(), "LOG_MISSING");
    assert_eq!(verify(&none).expect_err("there is none").code(), "LOG_MISSING");
}

#[test]
fn an_interrupted_creation_is_begun_again_under_any_id() {
    let (disk, journal) = new_log(SMALL);
    drop(journal);
    disk.remove("0000000001.log");
    assert_eq!(verify(&disk).expect_err("no segment yet").code(), "LOG_MISSING");
    let other = LogId([9; 16]);
    let mut journal = Journal::create(disk.storage(), other, 1, SMALL).expect("a new log");
    journal.append_frames([b"one".as_slice()]).expect("an append");
    drop(journal);
    let report = verify(&disk).expect("a whole log");
    assert_eq!((report.log_id, report.last_sequence), (other, 1));
}

#[test]
fn limits_are_refused_before_anything_is_written() {
    let geometry = Geometry { segment_bytes: 4 << 20, group_bytes_max: 1 << 20 };
    let (disk, mut journal) = new_log(geometry);
    let calls = disk.calls();
    let mut group = journal.group();
    assert_eq!(group.push(b"").expect_err("empty").code(), "FRAME_EMPTY");
    let large = vec![1; 256 * 1024 + 1];
    assert_eq!(group.push(&large).expect_err("too large").code(), "FRAME_TOO_LARGE");
    let refused = group.push_with(|sink| sink.extend_from_slice(&large));
    assert_eq!(refused.expect_err("too large").code(), "FRAME_TOO_LARGE");
    assert_eq!(journal.append(&mut group).expect_err("no frame").code(), "GROUP_EMPTY");
    let largest = &large[1..];
    (0..3).for_each(|_| group.push(largest).expect("room"));
    assert!(!group.fits(largest.len()));
    assert_eq!(group.push(largest).expect_err("no room for a fourth").code(), "GROUP_FULL");
    let rest = (1 << 20) - group.bytes() - 8;
    group.push(&large[..rest]).expect("an exact fit");
    assert_eq!((group.bytes(), group.len()), (1 << 20, 4));
    assert_eq!(disk.calls(), calls);
    assert_eq!(journal.append(&mut group).expect("an append").last_sequence, 4);
    assert_eq!(journal.log().read_frame(4).expect("a frame").len(), rest);

    let mut foreign = countersign_journal::GroupBuilder::new(Geometry::default());
    foreign.push(b"fits").expect("room");
    assert!(journal.append(&mut foreign).is_ok(), "the same limit");
    let (_, mut small) = new_log(SMALL);
    foreign.push(b"other limit").expect("room");
    assert_eq!(small.append(&mut foreign).expect_err("another limit").code(), "LOG_GEOMETRY");
    for (segment_bytes, group_bytes_max) in [(1000, 256), (1024, 257), (4096, 255)] {
        let geometry = Geometry { segment_bytes, group_bytes_max };
        let storage = countersign_journal::sim::SimDisk::new(1).storage();
        assert_eq!(Journal::create(storage, LOG_ID, 1, geometry).expect_err("sizes").code(), "LOG_GEOMETRY");
    }
}

#[test]
fn epochs_only_rise() {
    let (disk, mut journal) = new_log(SMALL);
    journal.raise_epoch(5).expect("a higher epoch");
    assert_eq!(journal.raise_epoch(4).expect_err("a lower epoch").code(), "EPOCH_PAST");
    journal.append_frames([b"one".as_slice()]).expect("an append");
    drop(journal);
    let (journal, report) = Journal::open(disk.storage(), None).expect("a whole log");
    assert_eq!((journal.epoch(), report.epoch), (5, 5));
}

#[test]
fn opening_from_a_snapshot_reads_only_the_end_and_checks_its_hash() {
    let (disk, mut journal) = new_log(SMALL);
    let mut heads = vec![journal.head()];
    for number in 0..200_u64 {
        journal.append_frames([number.to_le_bytes().repeat(40).as_slice()]).expect("an append");
        heads.push(journal.head());
    }
    journal.write_head().expect("a head record");
    drop(journal);
    for from in &heads {
        let (journal, report) = Journal::open(disk.storage(), Some(*from)).expect("a whole log");
        assert!(report.first_sequence <= from.sequence.max(1));
        assert_eq!((report.last_sequence, report.head), (200, heads[200]));
        for sequence in [1, 50, 120, 199, 200_u64] {
            let expected = (sequence - 1).to_le_bytes().repeat(40);
            assert_eq!(journal.log().read_frame(sequence).expect("a frame"), expected);
        }
        assert_eq!(read_all(&journal.log()).expect("a whole log").len(), 200);
    }
    let (_, report) = Journal::open(disk.storage(), Some(heads[199])).expect("a whole log");
    assert!(report.frames < 60, "{} frames were read", report.frames);
    let wrong = Head { sequence: 150, hash: Hash([1; 32]) };
    let refused = Journal::open(disk.storage(), Some(wrong)).expect_err("another hash");
    assert!(matches!(refused, Error::TailCut { recorded: 150, .. }), "{refused}");
    let beyond = Head { sequence: 201, hash: Hash([1; 32]) };
    let refused = Journal::open(disk.storage(), Some(beyond)).expect_err("beyond the end");
    assert!(matches!(refused, Error::TailCut { recorded: 201, .. }), "{refused}");
}

#[test]
fn files_that_are_no_part_of_the_log_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = || DirStorage::open_or_create(folder.path()).expect("a folder").storage();
    let mut journal = Journal::create(storage(), LOG_ID, 1, SMALL).expect("a new log");
    journal.append_frames([b"one".as_slice()]).expect("an append");
    drop(journal);
    // A segment whose preparation was interrupted, larger than a whole one, and two strangers.
    for name in ["0000000002.log.new", "notes.txt", "2.log"] {
        std::fs::write(folder.path().join(name), vec![1; 20_000]).expect("a file");
    }
    let (mut journal, report) = Journal::open(storage(), None).expect("a whole log");
    assert_eq!((report.segments, report.cut), (1, None));
    assert!(journal.preparer().prepare_next().expect("a segment"));
    for number in 0..10 {
        journal.append_frames([vec![number; 2900].as_slice()]).expect("an append");
    }
    drop(journal);
    assert_eq!(reopen(storage()).expect("a whole log").len(), 11);
    assert!(!folder.path().join("0000000002.log.new").exists());
    assert!(DirStorage::open(folder.path().join("notes.txt")).is_err());
}
