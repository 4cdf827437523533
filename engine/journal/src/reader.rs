//! Following the log while it is being written, with file handles of its own.

use crate::error::{Error, Place};
use crate::format::{FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, Hash, Head, u32_at};
use crate::index::{self, Position};
use crate::log::Log;
use crate::parse::{Fault, Group, Tip, read_group, read_header};
use crate::segment::{FIRST_GROUP, file_name};
use crate::storage::Access;
use crate::window::Window;

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its place in the log, from 1.
    pub sequence: u64,
    /// What was appended.
    pub bytes: &'a [u8],
}

/// Reads frames in order. Every checksum and the chain of hashes are checked on the way.
#[derive(Debug)]
pub struct Reader {
    log: Log,
    window: Window,
    segment: u64,
    /// Where the next group starts.
    offset: u64,
    /// The last group that was read, or what comes before the first.
    tip: Tip,
    /// The group that frames are taken from.
    open: Option<OpenGroup>,
    /// The next frame to hand out.
    next_sequence: u64,
    /// The last place told to the index.
    noted: Position,
}

#[derive(Debug, Clone, Copy)]
struct OpenGroup {
    /// Where the next frame's header is in the segment.
    frame: u64,
    /// Where the group ends.
    end: u64,
    /// The sequence of the next frame.
    sequence: u64,
    last_sequence: u64,
}

impl Reader {
    pub(crate) fn new(log: Log, sequence: u64, ahead_bytes: usize) -> Result<Reader, Error> {
        let durable = log.durable();
        if sequence == 0 || sequence > durable + 1 {
            return Err(Error::SequenceUnknown { asked: sequence, first: 1, last: durable + 1 });
        }
        // An empty log has no entry: its first group will be the first of segment 1.
        let (first, at) =
            log.index().find(sequence).unwrap_or((1, Position { segment: 1, offset: FIRST_GROUP }));
        let file = log.storage().open(&file_name(at.segment), Access::Read);
        let file = file.map_err(Error::io(format!("open segment {}", at.segment)))?;
        let head = Head { sequence: first - 1, hash: Hash::genesis(log.log_id()) };
        let tip = Tip { log_id: log.log_id(), geometry: log.geometry(), head, epoch: 0 };
        let mut reader = Reader {
            window: Window::new(file, ahead_bytes),
            segment: at.segment,
            offset: at.offset,
            tip,
            open: None,
            next_sequence: sequence,
            noted: at,
            log,
        };
        if first > 1 {
            reader.trust_before()?;
        }
        Ok(reader)
    }

    /// The next frame, unless it lies beyond `up_to` or beyond what is durable. Then there is none yet: ask
    /// again once more is durable.
    ///
    /// # Errors
    /// `LOG_DAMAGED`, `LOG_FOREIGN`, `LOG_FORMAT_UNKNOWN`, `IO`. The reader is then of no further use.
    pub fn next(&mut self, up_to: u64) -> Result<Option<Frame<'_>>, Error> {
        if self.next_sequence > up_to {
            return Ok(None);
        }
        let (offset, bytes) = loop {
            let Some(group) = self.open.as_mut().filter(|group| group.sequence <= group.last_sequence) else {
                if !self.open_next_group()? {
                    return Ok(None);
                }
                continue;
            };
            let length = self.window.get(group.frame, 4, group.end).map_err(read_error(self.segment))?;
            // The whole group was checked when it was opened, so that the length is true.
            let (offset, bytes) = (group.frame + FRAME_HEADER_BYTES as u64, u32_at(length, 0));
            let sequence = group.sequence;
            group.frame = offset + u64::from(bytes);
            group.sequence += 1;
            if sequence == self.next_sequence {
                break (offset, bytes as usize);
            }
        };
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let end = offset + bytes as u64;
        let bytes = self.window.get(offset, bytes, end).map_err(read_error(self.segment))?;
        Ok(Some(Frame { sequence, bytes }))
    }

    /// The sequence of the frame that [`Reader::next`] hands out next.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The end of the group that was read last: its hash covers everything before it.
    #[must_use]
    pub fn head(&self) -> Head {
        self.tip.head
    }

    /// Reads and checks the next durable group; says whether there is one.
    fn open_next_group(&mut self) -> Result<bool, Error> {
        let durable = self.log.end();
        if self.tip.head.sequence >= durable.head.sequence {
            return Ok(false);
        }
        let mut group = self.try_group(durable.at)?;
        if group == Err(Fault::NoHeader) && self.segment < durable.at.segment {
            // The rest of a segment stays zero where a group did not fit. Should a header be damaged
            // instead, the first group of the next segment does not follow, and that is noticed.
            let at = self.place();
            self.go_to_next_segment()?;
            group = self.try_group(durable.at)?;
            if let Err(Fault::Sequence(found)) = group {
                return Err(damaged(
                    at,
                    format!("none, and a group of sequence {found} in the next segment"),
                ));
            }
        }
        let group = group.map_err(|fault| self.refuse(fault))?;
        let at = Position { segment: self.segment, offset: self.offset };
        if !index::near(self.noted, at) {
            self.log.index().note(group.header.first_sequence, at);
            self.noted = at;
        }
        self.tip = group.tip;
        let end = self.offset + group.header.group_bytes();
        self.open = Some(OpenGroup {
            frame: self.offset + GROUP_HEADER_BYTES as u64,
            end,
            sequence: group.header.first_sequence,
            last_sequence: group.header.last_sequence(),
        });
        self.offset = end;
        Ok(true)
    }

    /// The group at the current place. Never looks beyond what is durable: what is there may be half written.
    fn try_group(&mut self, durable: Position) -> Result<Result<Group, Fault>, Error> {
        let end = self.readable_end(durable);
        match read_group(&mut self.window, self.offset, end, &self.tip) {
            Ok(group) => Ok(Ok(group)),
            Err(unread) => Ok(Err(unread.fault(self.segment)?)),
        }
    }

    fn readable_end(&self, durable: Position) -> u64 {
        if self.segment < durable.segment { self.tip.geometry.segment_bytes } else { durable.offset }
    }

    fn go_to_next_segment(&mut self) -> Result<(), Error> {
        self.segment += 1;
        self.offset = FIRST_GROUP;
        let file = self.log.storage().open(&file_name(self.segment), Access::Read);
        self.window.switch(file.map_err(Error::io(format!("open segment {}", self.segment)))?);
        Ok(())
    }

    /// Takes the chain before the first group from that group itself: it was checked when the log was opened.
    fn trust_before(&mut self) -> Result<(), Error> {
        let end = self.readable_end(self.log.end().at);
        match read_header(&mut self.window, self.offset, end) {
            Ok(header) if header.log_id == self.tip.log_id => {
                self.tip = Tip { epoch: 0, ..self.tip.before(&header) };
                Ok(())
            }
            Ok(header) => Err(self.refuse(Fault::Foreign(header.log_id))),
            Err(unread) => {
                let fault = unread.fault(self.segment)?;
                Err(self.refuse(fault))
            }
        }
    }

    fn refuse(&self, fault: Fault) -> Error {
        let place = self.place();
        match fault {
            Fault::NoHeader => damaged(place, "other bytes".to_owned()),
            Fault::Frame { offset, sequence, .. } => {
                damaged(Place { offset, sequence, ..place }, "a damaged frame".to_owned())
            }
            Fault::Foreign(found) => Error::Foreign { place, expected: self.tip.log_id, found },
            Fault::Format(found) => Error::FormatUnknown { place, found },
            Fault::Sequence(found) => damaged(place, format!("a group of sequence {found}")),
            Fault::Misplaced(found) => damaged(place, found),
        }
    }

    fn place(&self) -> Place {
        Place { segment: self.segment, offset: self.offset, sequence: self.tip.next_sequence() }
    }
}

fn damaged(place: Place, found: String) -> Error {
    Error::Damaged { place, expected: "a whole group".to_owned(), found }
}

fn read_error(segment: u64) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::io(format!("read segment {segment}"))(source)
}
