//! Where the groups end: is what follows nothing, a torn last write, or damage?
//!
//! One group is in flight at a time, so a power cut can tear only the group after the last whole one. Such a
//! group leaves some of its sectors and zeros in place of the others. Whatever cannot have come about that
//! way is damage, and damage is refused, never cut.

use crate::error::{Error, Place};
use crate::format::{GROUP_HEADER_BYTES, GROUP_MAGIC, GroupHeader};
use crate::index::Position;
use crate::parse::{Fault, Tip, read_group, read_header};
use crate::segment::{FIRST_GROUP, Segment};
use crate::window::{Window, written_span};

/// A torn last group that was not acknowledged as far as anyone can tell, and was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// Number of the segment it was in.
    pub segment: u64,
    /// Where it started in the segment.
    pub offset: u64,
    /// Bytes from there to the last one that was not zero.
    pub bytes: u64,
    /// The last sequence that remains.
    pub last_sequence: u64,
}

/// Where reading stopped.
pub(crate) struct Stop<'a> {
    /// The last whole group.
    pub(crate) tip: &'a Tip,
    /// Where the next one was expected.
    pub(crate) at: Position,
    /// Why there is none.
    pub(crate) fault: Fault,
    /// The segment of `at`, then all later ones.
    pub(crate) segments: &'a [Segment],
}

impl Stop<'_> {
    /// What there is to cut, if anything. Reads only.
    pub(crate) fn classify(&self) -> Result<Option<Cut>, Error> {
        let (current, later) = self.segments.split_first().ok_or(Error::Missing)?;
        self.check_sizes()?;
        if let Some(span) = self.written(current, self.at.offset)? {
            let cut = self.torn(current, self.at.offset, &self.fault, span)?;
            self.check_unwritten(later, cut)?;
            return Ok(Some(cut));
        }
        let Some((next, later)) = later.split_first() else { return Ok(None) };
        let cut = match self.written(next, FIRST_GROUP)? {
            None => Cut { segment: next.number(), offset: FIRST_GROUP, bytes: 0, last_sequence: self.last() },
            Some(span) => self.torn_in_next(next, span)?,
        };
        self.check_unwritten(later, cut)?;
        Ok((cut.bytes > 0).then_some(cut))
    }

    /// A group that did not fit into the current segment was torn at the start of the next.
    fn torn_in_next(&self, next: &Segment, span: (u64, u64)) -> Result<Cut, Error> {
        let mut window = Window::new(next.file.clone(), GROUP_HEADER_BYTES);
        let fault = match read_group(&mut window, FIRST_GROUP, self.segment_bytes(), self.tip) {
            Ok(group) => Fault::Sequence(group.header.first_sequence),
            Err(unread) => unread.fault(next.number())?,
        };
        let left = self.segment_bytes() - self.at.offset;
        let fits = match fault {
            Fault::Frame { group_bytes, .. } => group_bytes <= left,
            Fault::Sequence(sequence) => sequence > self.tip.next_sequence(),
            _ => u64::from(self.tip.geometry.group_bytes_max) <= left,
        };
        if fits {
            let place = self.place(self.at.segment, self.at.offset);
            let found = format!("zeros, and written bytes in segment {}", next.number());
            return Err(self.damaged(place, found));
        }
        self.torn(next, FIRST_GROUP, &fault, span)
    }

    /// The torn group at `offset`, if what is written there can be one.
    fn torn(&self, segment: &Segment, offset: u64, fault: &Fault, span: (u64, u64)) -> Result<Cut, Error> {
        let place = self.place(segment.number(), offset);
        let (place, reach) = match fault {
            Fault::NoHeader => (place, u64::from(self.tip.geometry.group_bytes_max)),
            Fault::Frame { group_bytes, offset, sequence } => {
                (Place { offset: *offset, sequence: *sequence, ..place }, *group_bytes)
            }
            Fault::Foreign(found) => {
                return Err(Error::Foreign { place, expected: self.tip.log_id, found: *found });
            }
            Fault::Format(found) => return Err(Error::FormatUnknown { place, found: *found }),
            Fault::Sequence(found) => return Err(self.damaged(place, format!("a group of sequence {found}"))),
            Fault::Misplaced(found) => return Err(self.damaged(place, found.clone())),
        };
        let (_, last) = span;
        if last >= offset + reach {
            return Err(self.damaged(place, self.describe_beyond(segment, offset + reach)?));
        }
        if *fault == Fault::NoHeader
            && let Some((at, sequence)) = self.later_header(segment, offset, last)?
        {
            let found = format!("a damaged one, and a group of sequence {sequence} after it at offset {at}");
            return Err(self.damaged(place, found));
        }
        let (segment, bytes) = (segment.number(), last + 1 - offset);
        Ok(Cut { segment, offset, bytes, last_sequence: self.last() })
    }

    /// A whole header of a later group between `offset` and `last`. Looked for at every byte, because the
    /// damaged header before it does not say where it is.
    fn later_header(&self, segment: &Segment, offset: u64, last: u64) -> Result<Option<(u64, u64)>, Error> {
        let end = self.segment_bytes().min(last + 1 + GROUP_HEADER_BYTES as u64);
        let mut bytes = vec![0; usize::try_from(end - offset).unwrap_or(usize::MAX)];
        let read = segment.file.read_at(&mut bytes, offset);
        read.map_err(Error::io(format!("read segment {}", segment.number())))?;
        let found = bytes.windows(GROUP_HEADER_BYTES).enumerate().skip(1).find_map(|(at, bytes)| {
            let header = bytes.first_chunk().filter(|bytes| bytes.starts_with(&GROUP_MAGIC))?;
            let header = GroupHeader::decode(header).ok()?;
            let later = header.first_sequence > self.tip.next_sequence();
            (header.log_id == self.tip.log_id && later).then_some((at as u64, header.first_sequence))
        });
        Ok(found.map(|(at, sequence)| (offset + at, sequence)))
    }

    /// Says what lies beyond the reach of a torn group.
    fn describe_beyond(&self, segment: &Segment, from: u64) -> Result<String, Error> {
        let mut window = Window::new(segment.file.clone(), GROUP_HEADER_BYTES);
        let at = self.written(segment, from)?.map_or(from, |(first, _)| first);
        Ok(match read_header(&mut window, at, self.segment_bytes()) {
            Ok(header) => {
                let sequence = header.first_sequence;
                format!("a damaged one, and a group of sequence {sequence} after it at offset {at}")
            }
            Err(_) => format!("a damaged one, and bytes at offset {at} that no torn group can have left"),
        })
    }

    /// Segments prepared ahead hold nothing but their header.
    fn check_unwritten(&self, later: &[Segment], after: Cut) -> Result<(), Error> {
        for segment in later {
            if let Some((first, _)) = self.written(segment, FIRST_GROUP)? {
                let place = self.place(after.segment, after.offset);
                let number = segment.number();
                return Err(
                    self.damaged(place, format!("none, and bytes in segment {number}, offset {first}"))
                );
            }
        }
        Ok(())
    }

    /// A segment is created whole, so that one of another size was changed from outside.
    fn check_sizes(&self) -> Result<(), Error> {
        let expected = self.segment_bytes();
        for (index, segment) in self.segments.iter().enumerate() {
            if segment.bytes != expected {
                let offset = if index == 0 { self.at.offset } else { FIRST_GROUP };
                let place = self.place(segment.number(), offset);
                let expected = format!("a segment of {expected} bytes");
                let found = format!("a file of {} bytes", segment.bytes);
                return Err(Error::Damaged { place, expected, found });
            }
        }
        Ok(())
    }

    fn written(&self, segment: &Segment, from: u64) -> Result<Option<(u64, u64)>, Error> {
        written_span(&*segment.file, from, self.segment_bytes())
            .map_err(Error::io(format!("read segment {}", segment.number())))
    }

    fn damaged(&self, place: Place, found: String) -> Error {
        Error::Damaged { place, expected: "a whole group".to_owned(), found }
    }

    fn place(&self, segment: u64, offset: u64) -> Place {
        Place { segment, offset, sequence: self.tip.next_sequence() }
    }

    fn last(&self) -> u64 {
        self.tip.head.sequence
    }

    fn segment_bytes(&self) -> u64 {
        self.tip.geometry.segment_bytes
    }
}
