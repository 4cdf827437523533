//! The keys of the one tree. Numbers are big-endian, so that the order of keys is theirs.

use countersign_core::command::{CaseNo, TaskNo};

/// The key of what the views know of themselves.
pub(super) const META: &[u8] = b"m";

/// A case's row.
pub(super) fn case(case: CaseNo) -> Vec<u8> {
    key(b'c', &[], case, &[])
}

/// That a person is asked in a task.
pub(super) fn inbox(person: &str, case: CaseNo, task: TaskNo) -> Vec<u8> {
    key(b'i', &counted(person), case, &task.to_be_bytes())
}

/// What all keys of a person's inbox begin with.
pub(super) fn inbox_of(person: &str) -> Vec<u8> {
    [b"i", counted(person).as_slice()].concat()
}

/// That a person handed a case in.
pub(super) fn submitted(person: &str, case: CaseNo) -> Vec<u8> {
    key(b's', &counted(person), case, &[])
}

/// That a frame holds events of a case.
pub(super) fn timeline(case: CaseNo, sequence: u64) -> Vec<u8> {
    key(b't', &[], case, &sequence.to_be_bytes())
}

/// Case and task at the end of an inbox key.
pub(super) fn case_and_task(key: &[u8]) -> Option<(CaseNo, TaskNo)> {
    let (rest, task) = key.split_last_chunk::<4>()?;
    Some((last_number(rest)?, TaskNo::from_be_bytes(*task)))
}

/// The number at the end of a key.
pub(super) fn last_number(key: &[u8]) -> Option<u64> {
    key.split_last_chunk::<8>().map(|(_, number)| u64::from_be_bytes(*number))
}

fn key(kind: u8, middle: &[u8], case: CaseNo, end: &[u8]) -> Vec<u8> {
    [&[kind], middle, &case.to_be_bytes(), end].concat()
}

/// Text with its length before it, so that no text is the beginning of another.
fn counted(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()
}
