//! A full disk: refused before anything is written, and taken up again when there is space.

use crate::common;

use crate::common::{SMALL, new_log, reopen};
use crate::told::tell;

#[test]
fn a_full_disk_refuses_before_writing_and_resumes_by_itself() {
    let (disk, mut journal) = new_log(SMALL);
    assert_eq!(journal.prepared_bytes_left(), SMALL.segment_bytes - 512);
    assert!(journal.preparer().prepare_next().expect("a segment"));
    assert!(!journal.preparer().prepare_next().expect("one is ready"));
    assert_eq!(journal.prepared_bytes_left(), 2 * (SMALL.segment_bytes - 512));
    disk.set_full(true);
    let mut frames = Vec::new();
    let mut group = journal.group();
    let refused = loop {
        let frame = vec![frames.len() as u8; 1000];
        group.push(&frame).expect("room");
        let left = journal.prepared_bytes_left();
        match journal.append(&mut group) {
            Ok(_) => {
                frames.push(frame);
                assert!(journal.prepared_bytes_left() < left);
            }
            Err(error) => break error,
        }
    };
    assert_eq!(refused.code(), "DISK_FULL");
    assert!(refused.to_string().contains("16384 bytes"), "{refused}");
    assert!(frames.len() as u64 * 1000 > SMALL.segment_bytes, "the prepared segment was used up");
    let left = journal.prepared_bytes_left();
    assert!(left < 1000 + 92, "{left} bytes would have held the group");
    assert_eq!(journal.preparer().prepare_next().expect_err("still full").code(), "DISK_FULL");

    // Nothing was written and nothing lost: the group waits in its builder, and smaller ones still fit.
    assert_eq!((group.len(), journal.head().sequence), (1, frames.len() as u64));
    assert_eq!(reopen(disk.fork().storage()).expect("a whole log"), frames);
    let writes = disk.writes();
    assert_eq!(journal.append(&mut group).expect_err("still full").code(), "DISK_FULL");
    assert_eq!(disk.writes(), writes);
    journal.write_head().expect("the head record needs no space");
    let control = vec![0xcc; 50];
    journal.append_frames([control.as_slice()]).expect("room for control");
    frames.push(control);

    disk.set_full(false);
    journal.append(&mut group).expect("there is space again");
    frames.push(vec![(frames.len() - 1) as u8; 1000]);
    drop(journal);
    assert_eq!(reopen(disk.storage()).expect("a whole log"), frames);
    tell(
        4,
        &format!("the log alone on a full disk, then with room again: {} frames", frames.len()),
        "refused before anything is written, small groups still fit, the waiting group goes once there is room",
        "DISK_FULL, 0 lost",
    );
}

#[test]
fn a_log_that_does_not_fit_is_not_created() {
    let disk = countersign_journal::sim::SimDisk::new(1);
    disk.set_full(true);
    let refused = countersign_journal::Journal::create(disk.storage(), common::LOG_ID, 1, SMALL);
    assert_eq!(refused.expect_err("no space").code(), "DISK_FULL");
    disk.set_full(false);
    assert!(countersign_journal::Journal::create(disk.storage(), common::LOG_ID, 1, SMALL).is_ok());
}

/// Anything but a lack of space while a segment is prepared: no append may rely on that segment.
#[test]
fn a_failed_preparation_stops_the_journal_when_it_needs_the_segment() {
    let (disk, mut journal) = new_log(SMALL);
    disk.edit("0000000002.log", |_| {});
    assert_eq!(journal.preparer().prepare_next().expect_err("in the way").code(), "IO");
    assert_eq!(journal.preparer().prepare_next().expect_err("failed before").code(), "LOG_STOPPED");
    let frame = vec![1; 2900];
    let stopped = loop {
        if let Err(error) = journal.append_frames([frame.as_slice()]) {
            break error;
        }
    };
    assert_eq!(stopped.code(), "LOG_STOPPED");
    assert_eq!(journal.append_frames([b"small".as_slice()]).expect_err("stopped").code(), "LOG_STOPPED");
}
