//! Old segments go to an archive: both together are the log, before and after, wherever the power goes meanwhile.

use std::sync::Arc;

use countersign_journal::sim::SimDisk;
use countersign_journal::*;

use crate::common::{LOG_ID, Random, SMALL};

/// A log of many segments in one place, and an empty archive.
fn places(seed: u64) -> (SimDisk, SimDisk, Vec<Vec<u8>>) {
    let (live, archive) = (SimDisk::new(seed), SimDisk::new(seed + 1_000));
    let mut journal = Journal::create(live.storage(), LOG_ID, 1, SMALL).unwrap();
    let (mut random, mut frames) = (Random::new(seed), Vec::new());
    for name in 0..200 {
        let frame = random.frame(name, 900);
        journal.append_frames([frame.as_slice()]).unwrap();
        frames.push(frame);
    }
    journal.write_head().unwrap();
    (live, archive, frames)
}

fn both(live: &SimDisk, archive: &SimDisk) -> WithArchive {
    WithArchive::new(live.storage(), archive.storage())
}

fn frames_of(storage: Arc<dyn Storage>) -> Vec<Vec<u8>> {
    let (log, report) = inspect(storage).unwrap();
    let mut reader = log.reader(1).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next(report.last_sequence).unwrap() {
        frames.push(frame.bytes.to_vec());
    }
    frames
}

#[test]
fn both_places_together_are_the_log() {
    let (live, archive, frames) = places(1);
    let (mut journal, before) = Journal::open(Arc::new(both(&live, &archive)), None).unwrap();
    let mut reader = journal.log().reader(1).unwrap();
    reader.next(1).unwrap().unwrap();
    assert_eq!(both(&live, &archive).archive_up_to(0).unwrap(), 0, "nothing is covered");
    let moved = both(&live, &archive).archive_up_to(120).unwrap();
    assert!(moved > 2 && moved < before.segments - 1, "{moved} of {}", before.segments);
    assert_eq!(archive.names().len() as u64, moved);
    assert_eq!(verify(&both(&live, &archive)).unwrap(), before);
    // Who reads and who writes go on.
    for (sequence, frame) in (2..).zip(&frames[1..]) {
        assert_eq!(reader.next(sequence).unwrap().unwrap().bytes, frame);
    }
    journal.append_frames([&b"goes on"[..]]).unwrap();
    assert_eq!(journal.log().read_frame(1).unwrap(), frames[0]);
    drop(journal);
    let (again, report) = Journal::open(Arc::new(both(&live, &archive)), None).unwrap();
    assert_eq!(report.last_sequence, frames.len() as u64 + 1);
    // What is being written to stays, whatever is covered.
    both(&live, &archive).archive_up_to(u64::MAX).unwrap();
    assert!(segments(&live) > 0, "{:?}", live.names());
    drop(again);
    assert_eq!(frames_of(Arc::new(both(&live, &archive)))[..frames.len()], frames);
}

fn segments(disk: &SimDisk) -> usize {
    disk.names().iter().filter(|name| name.ends_with(".log")).count()
}

/// Without the archive the log is refused; nobody takes what is left for the whole.
#[test]
fn a_log_without_its_archive_is_refused() {
    let (live, archive, _) = places(2);
    both(&live, &archive).archive_up_to(120).unwrap();
    let refused = verify(&*live.storage()).unwrap_err();
    assert_eq!(refused.code(), "LOG_DAMAGED");
    assert!(refused.to_string().contains("0000000001.log"), "{refused}");
    archive.edit("0000000002.log", |bytes| bytes[800] ^= 1);
    assert_eq!(verify(&both(&live, &archive)).unwrap_err().code(), "LOG_DAMAGED");
}

/// An archive that has another file of a segment's name is left alone, and the segment, too.
#[test]
fn nothing_is_overwritten_or_lost() {
    let (live, archive, frames) = places(3);
    archive.edit("0000000002.log", |bytes| bytes.extend([7; 100]));
    let refused = both(&live, &archive).archive_up_to(120).unwrap_err();
    assert_eq!(refused.code(), "ARCHIVE_DIFFERS");
    assert!(live.names().contains(&"0000000002.log".to_owned()));
    assert_eq!(archive.contents("0000000002.log").unwrap(), [7; 100]);
    archive.remove("0000000002.log");
    archive.set_full(true);
    assert_eq!(both(&live, &archive).archive_up_to(120).unwrap_err().code(), "DISK_FULL");
    archive.set_full(false);
    assert!(both(&live, &archive).archive_up_to(120).unwrap() > 0);
    assert_eq!(frames_of(Arc::new(both(&live, &archive))), frames);
}

/// The power is cut at every storage call, of either place: the log is whole, and the move goes on where it was.
#[test]
fn a_power_cut_on_the_way_loses_nothing() {
    for cut_live in [true, false] {
        for call in 1.. {
            let (live, archive, frames) = places(4);
            (if cut_live { &live } else { &archive }).cut_power_at(call);
            let done = both(&live, &archive).archive_up_to(60).is_ok();
            live.power_on();
            archive.power_on();
            assert_eq!(frames_of(Arc::new(both(&live, &archive))), frames, "cut at call {call}");
            both(&live, &archive).archive_up_to(60).unwrap();
            assert_eq!(frames_of(Arc::new(both(&live, &archive))), frames, "cut at call {call}, moved again");
            assert!(!live.names().contains(&"0000000001.log".to_owned()));
            if done {
                // The live side only loses segments; the archive is written to.
                let least = if cut_live { 2 } else { 6 };
                assert!(call > least, "only {call} calls");
                break;
            }
        }
    }
}
