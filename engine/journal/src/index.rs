//! Where groups start: a sparse index in memory, rebuilt when the log is opened.

use std::collections::BTreeMap;

/// Bytes of log between two entries: a lookup reads at most this much and one group.
pub(crate) const STRIDE_BYTES: u64 = 64 * 1024;

/// A place in the log where a group starts or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

/// First sequence of some groups, and where they start. About 40 bytes for every 64 KiB of log.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: BTreeMap<u64, Position>,
}

impl Index {
    /// Notes a group, unless one shortly before it in the same segment is noted.
    pub(crate) fn note(&mut self, first_sequence: u64, at: Position) {
        let before = self.entries.range(..=first_sequence).next_back();
        let near = before.is_some_and(|(_, before)| near(*before, at));
        if !near {
            self.entries.insert(first_sequence, at);
        }
    }

    /// The last noted group that starts at or before `sequence`.
    pub(crate) fn find(&self, sequence: u64) -> Option<(u64, Position)> {
        self.entries.range(..=sequence).next_back().map(|(first, at)| (*first, *at))
    }
}

/// Whether an entry for `at` is not worth its memory after one for `before`.
pub(crate) fn near(before: Position, at: Position) -> bool {
    before.segment == at.segment && at.offset < before.offset + STRIDE_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_a_stride_apart_and_the_one_before_is_found() {
        let mut index = Index::default();
        assert_eq!(index.find(1), None);
        for sequence in 1..=1000 {
            let (segment, offset) = (1 + (sequence - 1) / 500, 512 + (sequence - 1) % 500 * 1000);
            index.note(sequence, Position { segment, offset });
        }
        assert_eq!(index.entries.len(), 2 * 500_usize.div_ceil(66));
        for sequence in 1..=1000 {
            let (first, at) = index.find(sequence).expect("an entry");
            assert!(first <= sequence && (sequence - first) * 1000 < STRIDE_BYTES + 1000);
            assert_eq!(
                at,
                Position { segment: 1 + (first - 1) / 500, offset: 512 + (first - 1) % 500 * 1000 }
            );
        }
    }

    #[test]
    fn a_reader_can_fill_in_what_opening_has_skipped() {
        let mut index = Index::default();
        index.note(1, Position { segment: 1, offset: 512 });
        index.note(900, Position { segment: 2, offset: 512 });
        index.note(400, Position { segment: 1, offset: 512 + 2 * STRIDE_BYTES });
        assert_eq!(index.find(500), Some((400, Position { segment: 1, offset: 512 + 2 * STRIDE_BYTES })));
        assert_eq!(index.find(399), Some((1, Position { segment: 1, offset: 512 })));
    }
}
