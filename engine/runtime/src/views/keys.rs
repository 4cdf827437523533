//! The keys of the one tree. Numbers are big-endian, so that the order of keys is theirs.

use countersign_core::command::CaseNo;

/// The key of what the views know of themselves.
pub(super) const META: &[u8] = b"m";

/// Case numbers of one page of a list: lists are kept in pages, because a write to the tree costs the same
/// whether it carries one entry or many, and cases of about the same number move at about the same time.
const PAGE_CASES: u64 = 64;

/// The lists that are kept: for each person, and one of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// The tasks that the person is asked in.
    Inbox,
    /// The cases that the person handed in.
    Submitted,
    /// The frames that changed the company's rules or its organisation, by their sequences.
    Company,
}

/// A case's row.
pub(super) fn case(case: CaseNo) -> Vec<u8> {
    [b"c".as_slice(), &case.to_be_bytes()].concat()
}

/// The page of a person's list that a case is on.
pub(super) fn page(list: List, person: &str, case: CaseNo) -> Vec<u8> {
    let kind = match list {
        List::Inbox => b"i",
        List::Submitted => b"s",
        List::Company => b"o",
    };
    // With its length before it, so that no name is the beginning of another.
    let length = (person.len() as u32).to_be_bytes();
    [kind.as_slice(), &length, person.as_bytes(), &(case / PAGE_CASES).to_be_bytes()].concat()
}
