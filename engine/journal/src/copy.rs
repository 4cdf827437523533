//! Copies of a log: a back-up, which is the same log, and a fork, which is another one that begins with the same
//! frames.

use std::sync::Arc;

use crate::error::{Error, Place};
use crate::format::{Geometry, Hash, Head, LogId, SegmentHeader};
use crate::head::HeadRecord;
use crate::journal::Journal;
use crate::parse::{Fault, Tip, read_group};
use crate::segment::{self, FIRST_GROUP, Family, Segment, file_name};
use crate::storage::{Access, Storage, StorageFile};
use crate::verify::{Report, inspect, verify};
use crate::window::{SEQUENTIAL_BYTES, Window};

/// Copies a log up to what its head record says is durable, also while it is written to, and verifies the copy. It is
/// the same log: whoever serves it is taken for the one that was copied.
///
/// The copy's head record is written first, so that a copy that was interrupted is refused as one whose tail was cut.
///
/// # Errors
/// Those of [`verify`] about the source; `LOG_EXISTS`, `DISK_FULL`, `IO` about the copy.
pub fn backup(source: &dyn Storage, target: &dyn Storage) -> Result<Report, Error> {
    let head = HeadRecord::open(source, Access::Read)?;
    let (log_id, head) = (head.log_id(), head.head);
    if !segment::list(target)?.is_empty() {
        return Err(Error::Exists);
    }
    let first = open_segment(source, 1, Family { log_id, geometry: None }, 1)?;
    let geometry = first.header.geometry;
    HeadRecord::create(target, log_id)?;
    HeadRecord::open(target, Access::Write)?
        .write(head)
        .map_err(Error::io("write the head record of the copy"))?;
    let genesis = Head { sequence: 0, hash: Hash::genesis(log_id) };
    let tip = Tip { log_id, geometry, head: genesis, epoch: first.header.epoch };
    let mut copier = Copier { target, tip };
    let mut segment = first;
    while copier.copy(&segment, head)? {
        let family = Family { log_id, geometry: Some(geometry) };
        segment = open_segment(source, segment.number() + 1, family, copier.tip.next_sequence())?;
    }
    let report = verify(target)?;
    if report.head == head { Ok(report) } else { Err(copier.missed(&segment, FIRST_GROUP, head)) }
}

fn open_segment(source: &dyn Storage, number: u64, family: Family, sequence: u64) -> Result<Segment, Error> {
    let listed = segment::list(source)?.into_iter().find(|(found, _)| *found == number);
    let listed = listed.ok_or_else(|| Error::Damaged {
        place: Place { segment: number, offset: 0, sequence },
        expected: format!("the file {}", file_name(number)),
        found: "no such file".to_owned(),
    })?;
    segment::open(source, Access::Read, listed, family, sequence)
}

struct Copier<'a> {
    target: &'a dyn Storage,
    /// The last group that was copied.
    tip: Tip,
}

impl Copier<'_> {
    /// Copies the groups of a segment as far as they are wanted; says whether more are in the next. Every group is
    /// checked before; what is not durable yet is not looked at.
    fn copy(&mut self, from: &Segment, wanted: Head) -> Result<bool, Error> {
        let to = self.prepare(&from.header)?;
        let mut window = Window::new(from.file.clone(), SEQUENTIAL_BYTES);
        let (end, mut offset) = (from.bytes.min(self.tip.geometry.segment_bytes), FIRST_GROUP);
        while self.tip.head.sequence < wanted.sequence {
            let group = match read_group(&mut window, offset, end, &self.tip) {
                Ok(group) => group,
                Err(unread) => match unread.fault(from.number())? {
                    Fault::NoHeader if offset > FIRST_GROUP => break,
                    _ => return Err(self.missed(from, offset, wanted)),
                },
            };
            let bytes = group.header.group_bytes();
            copy_bytes((&*from.file, &*to), offset, bytes, from.number())?;
            self.tip = group.tip;
            offset += bytes;
        }
        to.sync_data().map_err(Error::io(format!("sync segment {} of the copy", from.number())))?;
        if self.tip.head.sequence == wanted.sequence && self.tip.head != wanted {
            return Err(self.missed(from, offset, wanted));
        }
        Ok(self.tip.head.sequence < wanted.sequence)
    }

    fn prepare(&self, header: &SegmentHeader) -> Result<Arc<dyn StorageFile>, Error> {
        let (name, bytes) = (file_name(header.number), header.geometry.segment_bytes);
        self.target.create(&name, &header.encode(), bytes).map_err(|source| match source.kind() {
            std::io::ErrorKind::StorageFull => Error::DiskFull { bytes },
            _ => Error::io(format!("create {name} of the copy"))(source),
        })?;
        self.target.open(&name, Access::Write).map_err(Error::io(format!("open {name} of the copy")))
    }

    fn missed(&self, at: &Segment, offset: u64, wanted: Head) -> Error {
        let place = Place { segment: at.number(), offset, sequence: self.tip.next_sequence() };
        let found = format!("no group that goes on after sequence {}", self.tip.head.sequence);
        Error::TailCut { place, recorded: wanted.sequence, found }
    }
}

fn copy_bytes(
    (from, to): (&dyn StorageFile, &dyn StorageFile),
    offset: u64,
    bytes: u64,
    number: u64,
) -> Result<(), Error> {
    let mut buffer = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
    from.read_at(&mut buffer, offset).map_err(Error::io(format!("read segment {number}")))?;
    to.write_at(&buffer, offset).map_err(Error::io(format!("write segment {number} of the copy")))
}

/// Begins another log with all frames of this one, under the same sequences and an id of its own, and verifies it.
/// Nobody writes to the source meanwhile. Gives what both hold, source first.
///
/// A fork that was interrupted is a shorter log: the caller gives it its place only when it is done.
///
/// # Errors
/// Those of [`verify`] about the source; `LOG_EXISTS`, `DISK_FULL`, `IO` about the fork.
pub fn fork(
    source: Arc<dyn Storage>,
    target: Arc<dyn Storage>,
    log_id: LogId,
) -> Result<(Report, Report), Error> {
    let (log, from) = inspect(source)?;
    let geometry: Geometry = log.geometry();
    let mut journal = Journal::create(target.clone(), log_id, from.epoch, geometry)?;
    let (mut reader, mut group) = (log.reader(1)?, journal.group());
    while let Some(frame) = reader.next(from.last_sequence)? {
        if !group.fits(frame.bytes.len()) {
            journal.append(&mut group)?;
        }
        group.push(frame.bytes)?;
    }
    if !group.is_empty() {
        journal.append(&mut group)?;
    }
    journal.write_head()?;
    drop(journal);
    let to = verify(&*target)?;
    if to.last_sequence == from.last_sequence {
        return Ok((from, to));
    }
    let place = Place { segment: to.segments, offset: 0, sequence: to.last_sequence + 1 };
    let found = format!("sequence {} as the last", to.last_sequence);
    Err(Error::TailCut { place, recorded: from.last_sequence, found })
}
