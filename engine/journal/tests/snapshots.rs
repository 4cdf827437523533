//! Snapshots beside a log: what is not exactly what was written is refused, wherever the power goes and whichever bit
//! flips.

use std::io;

use countersign_journal::sim::{Failure, SimDisk};
use countersign_journal::*;

use crate::common::{LOG_ID, Random};
use crate::told::{seed, tell};

const VERSION: u64 = 7;

fn of(sequence: u64) -> SnapshotOf {
    SnapshotOf { log_id: LOG_ID, head: Head { sequence, hash: Hash([9; 32]) }, version: VERSION }
}

fn some_pieces(seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    (0..5).map(|name| random.frame(name, 300)).collect()
}

fn write(disk: &SimDisk, sequence: u64, pieces: &[Vec<u8>]) -> io::Result<u64> {
    let mut writer = SnapshotWriter::begin(&*disk.storage(), of(sequence))?;
    pieces.iter().try_for_each(|piece| writer.piece(piece))?;
    writer.finish()
}

/// All pieces of a snapshot that is whole.
fn read(disk: &SimDisk, sequence: u64, expected: (LogId, u64)) -> Result<Vec<Vec<u8>>, Unusable> {
    let mut reader = SnapshotReader::open(&*disk.storage(), sequence, expected)?;
    assert_eq!(reader.of(), of(sequence));
    let mut pieces = Vec::new();
    while let Some(piece) = reader.piece()? {
        pieces.push(piece.to_vec());
    }
    Ok(pieces)
}

#[test]
fn what_was_written_is_read() {
    let (disk, pieces) = (SimDisk::new(1), some_pieces(1));
    let bytes = write(&disk, 40, &pieces).unwrap();
    assert_eq!(disk.contents(&snapshot_file(40)).unwrap().len() as u64, bytes);
    assert_eq!(read(&disk, 40, (LOG_ID, VERSION)).unwrap(), pieces);
    write(&disk, 7, &[]).unwrap();
    assert_eq!(read(&disk, 7, (LOG_ID, VERSION)).unwrap(), Vec::<Vec<u8>>::new());
    assert_eq!(snapshots(&*disk.storage()).unwrap(), [40, 7], "newest first");
    remove_snapshot(&*disk.storage(), 40).unwrap();
    assert_eq!(snapshots(&*disk.storage()).unwrap(), [7]);
    assert!(SnapshotWriter::begin(&*disk.storage(), of(8)).unwrap().piece(&[]).is_err(), "an empty piece");
}

#[test]
fn another_logs_and_another_versions_are_told_apart() {
    let disk = SimDisk::new(2);
    write(&disk, 40, &some_pieces(2)).unwrap();
    let other = LogId([3; 16]);
    assert!(matches!(read(&disk, 40, (other, VERSION)), Err(Unusable::Foreign(found)) if found == LOG_ID));
    assert!(matches!(read(&disk, 40, (LOG_ID, 8)), Err(Unusable::Version(VERSION))));
    let renamed = disk.contents(&snapshot_file(40)).unwrap();
    disk.edit(&snapshot_file(41), |bytes| *bytes = renamed);
    assert!(matches!(read(&disk, 41, (LOG_ID, VERSION)), Err(Unusable::Damaged(_))));
}

/// Every bit that flips, every length that it is cut to, and bytes after its end.
#[test]
fn whatever_has_changed_is_noticed() {
    let disk = SimDisk::new(3);
    write(&disk, 40, &some_pieces(seed(3))).unwrap();
    let (name, whole) = (snapshot_file(40), disk.contents(&snapshot_file(40)).unwrap());
    let refused = |what: &str| {
        let found = read(&disk, 40, (LOG_ID, VERSION));
        // A bit of the header is told by the header's own sum, before its meaning is looked at.
        assert!(matches!(found, Err(Unusable::Damaged(_))), "{what}: {found:?}");
    };
    for bit in 0..whole.len() * 8 {
        disk.edit(&name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        refused(&format!("bit {bit}"));
        disk.edit(&name, |bytes| bytes.clone_from(&whole));
    }
    for length in 0..whole.len() {
        disk.edit(&name, |bytes| bytes.truncate(length));
        refused(&format!("cut to {length} bytes"));
        disk.edit(&name, |bytes| bytes.clone_from(&whole));
    }
    disk.edit(&name, |bytes| bytes.push(0));
    refused("a byte more");
    disk.edit(&name, |bytes| bytes.clone_from(&whole));
    read(&disk, 40, (LOG_ID, VERSION)).expect("the whole is read");
    tell(
        5,
        &format!(
            "every bit and every length of a snapshot, seed {}: {} flips, {} truncations",
            seed(3),
            whole.len() * 8,
            whole.len()
        ),
        "refused as damaged, so that the one before or the log serves",
        "all refused, 0 accepted in silence",
    );
}

/// Two pieces that are whole each, but stand in each other's place.
#[test]
fn pieces_that_changed_places_are_noticed() {
    let disk = SimDisk::new(4);
    write(&disk, 40, &[vec![1; 100], vec![2; 100]]).unwrap();
    disk.edit(&snapshot_file(40), |bytes| {
        let (first, second) = bytes[84..84 + 216].split_at_mut(108);
        first.swap_with_slice(second);
    });
    assert!(matches!(read(&disk, 40, (LOG_ID, VERSION)), Err(Unusable::Damaged(_))));
}

/// The power is cut at every storage call of writing one: the one before is whole, and the new one whole or no
/// snapshot at all.
#[test]
fn a_power_cut_leaves_a_whole_one() {
    for call in 1.. {
        let (disk, before, after) = (SimDisk::new(call), some_pieces(5), some_pieces(6));
        write(&disk, 40, &before).unwrap();
        disk.cut_power_at(call);
        let written = write(&disk, 50, &after);
        let done = written.is_ok();
        disk.power_on();
        assert_eq!(read(&disk, 40, (LOG_ID, VERSION)).unwrap(), before);
        let found = snapshots(&*disk.storage()).unwrap();
        if found.contains(&50) {
            assert_eq!(read(&disk, 50, (LOG_ID, VERSION)).unwrap(), after, "cut at call {call}");
        }
        assert!(!done || found.contains(&50), "cut at call {call}: it was finished and is lost");
        remove_unfinished_snapshots(&*disk.storage()).unwrap();
        assert!(disk.names().iter().all(|name| !name.ends_with(UNFINISHED)), "{:?}", disk.names());
        if done {
            assert!(call > 7, "only {call} calls");
            let done = format!("power cut at every storage call of writing a snapshot: {} cuts", call - 1);
            tell(
                2,
                &done,
                "the one before is whole, the new one whole or not there",
                "0 torn under its name",
            );
            return;
        }
    }
}

/// Without syncs the same harness finds snapshots that are not what was written; they are refused, never read.
#[test]
fn a_torn_one_is_never_read() {
    let mut torn = 0;
    for seed in 0..50 {
        let (disk, pieces) = (SimDisk::new(seed), some_pieces(seed));
        disk.ignore_sync(true);
        write(&disk, 40, &pieces).unwrap();
        disk.cut_power();
        disk.power_on();
        match read(&disk, 40, (LOG_ID, VERSION)) {
            Ok(found) => assert_eq!(found, pieces),
            Err(Unusable::Damaged(_)) => torn += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(torn > 10, "only {torn} of 50 were torn");
    let done = "control: 50 snapshots written with syncs that do nothing";
    tell(2, done, "a torn one is refused, never read", &format!("{torn} of 50 torn, all refused"));
}

#[test]
fn a_failure_on_the_way_leaves_none() {
    for failure in [Failure::Write as fn(u64) -> Failure, Failure::Sync].map(|failure| failure(1)) {
        let disk = SimDisk::new(5);
        disk.fail(failure);
        assert!(write(&disk, 40, &some_pieces(7)).is_err(), "{failure:?}");
        assert_eq!(snapshots(&*disk.storage()).unwrap(), []);
    }
    let disk = SimDisk::new(6);
    disk.set_full(true);
    assert_eq!(write(&disk, 40, &some_pieces(8)).unwrap_err().kind(), io::ErrorKind::StorageFull);
}

/// On a real directory: there under its name once finished, not there when dropped.
#[test]
fn a_directory_keeps_what_was_finished() {
    let directory = tempfile::tempdir().unwrap();
    let storage = DirStorage::open_or_create(directory.path()).unwrap();
    let mut dropped = SnapshotWriter::begin(&storage, of(3)).unwrap();
    dropped.piece(b"abc").unwrap();
    drop(dropped);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing is left of it");
    let mut kept = SnapshotWriter::begin(&storage, of(4)).unwrap();
    kept.piece(&vec![5; 3 << 20]).unwrap();
    kept.finish().unwrap();
    let mut reader = SnapshotReader::open(&storage, 4, (LOG_ID, VERSION)).unwrap();
    assert_eq!(reader.piece().unwrap().unwrap().len(), 3 << 20);
    assert!(reader.piece().unwrap().is_none());
    assert_eq!(snapshots(&storage).unwrap(), [4]);
    remove_snapshot(&storage, 4).unwrap();
    remove_snapshot(&storage, 4).expect("what is gone is removed already");
    assert_eq!(snapshots(&storage).unwrap(), []);
}
