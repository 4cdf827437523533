//! Reading the whole log, as opening and verifying both do: every group, then what follows the last.

use crate::error::{Error, Place};
use crate::format::{Hash, Head};
use crate::head::HeadRecord;
use crate::index::{Index, Position};
use crate::parse::{Fault, Group, Tip, frames_of, read_group, read_header};
use crate::reader::Frame;
use crate::segment::{self, FIRST_GROUP, Family, Segment};
use crate::storage::{Access, Storage};
use crate::tail::{Cut, Stop};
use crate::window::{SEQUENTIAL_BYTES, Window};

/// The log as it was found.
pub(crate) struct Walk {
    pub(crate) record: HeadRecord,
    pub(crate) tip: Tip,
    /// Where the next group goes.
    pub(crate) end: Position,
    /// Where the last group starts, in the segment of `end`.
    pub(crate) last_group: Option<u64>,
    /// The segment of `end`, then those prepared ahead.
    pub(crate) segments: Vec<Segment>,
    pub(crate) index: Index,
    pub(crate) counts: Counts,
    pub(crate) cut: Option<Cut>,
}

/// How much was read and found whole.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) first_sequence: u64,
    pub(crate) groups: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

/// Is shown every frame that was found whole, in order.
pub(crate) type Shown<'a> = &'a mut dyn FnMut(Frame<'_>);

/// Reads the log from the group that holds the older of `from` and the head record, or all of it without
/// `from`. What they vouch for must be there.
pub(crate) fn walk(
    storage: &dyn Storage,
    access: Access,
    from: Option<Head>,
    show: Option<Shown<'_>>,
) -> Result<Walk, Error> {
    let listed = segment::list(storage)?;
    if listed.is_empty() && !HeadRecord::exists(storage)? {
        return Err(Error::Missing);
    }
    let record = HeadRecord::open(storage, access)?;
    if listed.is_empty() {
        return Err(match record.head.sequence {
            // The creation of the log was interrupted before it had a segment.
            0 => Error::Missing,
            recorded => Error::TailCut {
                place: Place { segment: 1, offset: 0, sequence: 1 },
                recorded,
                found: "no segment".to_owned(),
            },
        });
    }
    let mut walker = Walker::start((storage, access, listed), &record, from, show)?;
    let fault = walker.read_groups()?;
    walker.finish(record, fault)
}

struct Walker<'a, 's> {
    storage: &'a dyn Storage,
    access: Access,
    /// Number and size of every segment file.
    listed: Vec<(u64, u64)>,
    /// Place of the current segment in `listed`.
    current: usize,
    segment: Segment,
    window: Window,
    offset: u64,
    last_group: Option<u64>,
    tip: Tip,
    marks: Vec<Head>,
    index: Index,
    counts: Counts,
    show: Option<Shown<'s>>,
}

impl<'a, 's> Walker<'a, 's> {
    fn start(
        (storage, access, listed): (&'a dyn Storage, Access, Vec<(u64, u64)>),
        record: &HeadRecord,
        from: Option<Head>,
        show: Option<Shown<'s>>,
    ) -> Result<Self, Error> {
        let family = Family { log_id: record.log_id(), geometry: None };
        let segment = enter(storage, access, &listed, 0, family, 1)?;
        let head = Head { sequence: 0, hash: Hash::genesis(family.log_id) };
        let header = segment.header;
        let tip = Tip { log_id: family.log_id, geometry: header.geometry, head, epoch: header.epoch };
        let window = Window::new(segment.file.clone(), SEQUENTIAL_BYTES);
        let marks = from.into_iter().chain([record.head]).collect();
        let (index, counts) = (Index::default(), Counts { first_sequence: 1, ..Counts::default() });
        let (current, offset, last_group) = (0, FIRST_GROUP, None);
        let mut walker = Walker {
            storage,
            access,
            listed,
            current,
            segment,
            window,
            offset,
            last_group,
            tip,
            marks,
            index,
            counts,
            show,
        };
        for mark in &walker.marks {
            if mark.sequence == 0 && mark.hash != head.hash {
                return Err(walker.mark_missed(mark, "another log id"));
            }
        }
        if let Some(from) = from {
            walker.skip_to(from.sequence.min(record.head.sequence))?;
        }
        Ok(walker)
    }

    /// Goes on to the last segment that starts at or before `sequence`. Of those before it only the headers
    /// of the segment and of its first group are looked at.
    fn skip_to(&mut self, sequence: u64) -> Result<(), Error> {
        for next in 1..self.listed.len() {
            let segment = self.enter(next)?;
            self.window.switch(segment.file.clone());
            let end = segment.bytes.min(self.tip.geometry.segment_bytes);
            let Ok(header) = read_header(&mut self.window, FIRST_GROUP, end) else { break };
            if header.first_sequence > sequence || header.log_id != self.tip.log_id {
                break;
            }
            if header.first_sequence <= self.tip.head.sequence {
                let place = self.place(segment.number(), FIRST_GROUP);
                let found = format!("a group of sequence {}", header.first_sequence);
                return Err(Error::Damaged { place, expected: "a later group".to_owned(), found });
            }
            if self.segment.bytes != self.tip.geometry.segment_bytes {
                // Reading it in full says where it ends.
                break;
            }
            self.index.note(self.tip.next_sequence(), self.position());
            self.tip = self.tip.before(&header);
            self.counts.first_sequence = header.first_sequence;
            (self.segment, self.current) = (segment, next);
        }
        self.window.switch(self.segment.file.clone());
        Ok(())
    }

    /// Reads groups until there is none that follows, and says why there is none.
    fn read_groups(&mut self) -> Result<Fault, Error> {
        loop {
            let end = self.segment.bytes.min(self.tip.geometry.segment_bytes);
            match read_group(&mut self.window, self.offset, end, &self.tip) {
                Ok(group) => self.take(group, end)?,
                Err(unread) => {
                    let fault = unread.fault(self.segment.number())?;
                    if fault != Fault::NoHeader || !self.go_to_next_segment()? {
                        return Ok(fault);
                    }
                }
            }
        }
    }

    fn take(&mut self, group: Group, end: u64) -> Result<(), Error> {
        let (first, last) = (group.header.first_sequence, group.tip.head.sequence);
        for mark in &self.marks {
            if (first..=last).contains(&mark.sequence) && *mark != group.tip.head {
                return Err(self.mark_missed(mark, "another group"));
            }
        }
        self.show(&group, end)?;
        self.index.note(first, self.position());
        self.tip = group.tip;
        self.last_group = Some(self.offset);
        self.offset += group.header.group_bytes();
        self.counts.groups += 1;
        self.counts.frames += u64::from(group.header.count);
        self.counts.bytes += group.header.group_bytes();
        Ok(())
    }

    /// Shows the frames of a group that was read just now, so that nothing is read again.
    fn show(&mut self, group: &Group, end: u64) -> Result<(), Error> {
        let Some(show) = &mut self.show else { return Ok(()) };
        let length = usize::try_from(group.header.group_bytes()).unwrap_or(usize::MAX);
        let segment = self.segment.number();
        let bytes = self.window.get(self.offset, length, end);
        let bytes = bytes.map_err(|source| Error::io(format!("read segment {segment}"))(source))?;
        for (sequence, bytes) in (group.header.first_sequence..).zip(frames_of(bytes)) {
            show(Frame { sequence, bytes });
        }
        Ok(())
    }

    /// Whether the log goes on in the next segment: its first group follows, and nothing but zeros is left
    /// behind in this one.
    fn go_to_next_segment(&mut self) -> Result<bool, Error> {
        let segment_bytes = self.tip.geometry.segment_bytes;
        if self.segment.bytes != segment_bytes || self.current + 1 == self.listed.len() {
            return Ok(false);
        }
        let next = self.enter(self.current + 1)?;
        self.window.switch(next.file.clone());
        let end = next.bytes.min(segment_bytes);
        match read_group(&mut self.window, FIRST_GROUP, end, &self.tip) {
            Ok(_) => {}
            Err(unread) => {
                unread.fault(next.number())?;
                return Ok(false);
            }
        }
        let left = crate::window::written_span(&*self.segment.file, self.offset, segment_bytes);
        if left.map_err(Error::io(format!("read segment {}", self.segment.number())))?.is_some() {
            return Ok(false);
        }
        (self.segment, self.offset, self.last_group) = (next, FIRST_GROUP, None);
        self.current += 1;
        Ok(true)
    }

    /// Judges what follows the last group, then what the head record says.
    fn finish(self, record: HeadRecord, fault: Fault) -> Result<Walk, Error> {
        let mut segments = vec![self.segment.clone()];
        for later in self.current + 1..self.listed.len() {
            segments.push(self.enter(later)?);
        }
        let stop = Stop { tip: &self.tip, at: self.position(), fault, segments: &segments };
        let cut = stop.classify()?;
        for mark in &self.marks {
            if mark.sequence > self.tip.head.sequence {
                let found = format!("sequence {} as the last", self.tip.head.sequence);
                return Err(self.mark_missed(mark, &found));
            }
        }
        let end = self.position();
        let Walker { tip, last_group, index, counts, .. } = self;
        Ok(Walk { record, tip, end, last_group, segments, index, counts, cut })
    }

    fn enter(&self, index: usize) -> Result<Segment, Error> {
        let family = Family { log_id: self.tip.log_id, geometry: Some(self.tip.geometry) };
        enter(self.storage, self.access, &self.listed, index, family, self.tip.next_sequence())
    }

    fn mark_missed(&self, mark: &Head, found: &str) -> Error {
        let place = self.place(self.segment.number(), self.offset);
        Error::TailCut { place, recorded: mark.sequence, found: found.to_owned() }
    }

    fn position(&self) -> Position {
        Position { segment: self.segment.number(), offset: self.offset }
    }

    fn place(&self, segment: u64, offset: u64) -> Place {
        Place { segment, offset, sequence: self.tip.next_sequence() }
    }
}

/// Opens the segment at `index` of the listing. The numbers run from 1 without a gap.
fn enter(
    storage: &dyn Storage,
    access: Access,
    listed: &[(u64, u64)],
    index: usize,
    family: Family,
    sequence: u64,
) -> Result<Segment, Error> {
    let (number, bytes) = listed[index];
    let expected = index as u64 + 1;
    if number != expected {
        return Err(Error::Damaged {
            place: Place { segment: expected, offset: 0, sequence },
            expected: format!("the file {}", segment::file_name(expected)),
            found: format!("the file {} next", segment::file_name(number)),
        });
    }
    segment::open(storage, access, (number, bytes), family, sequence)
}
