//! The writer of the log. There is one, on the log thread.

use std::sync::Arc;

use crate::ahead::{Ahead, Preparer};
use crate::error::Error;
use crate::format::{Geometry, GroupHeader, Hash, Head, LogId, SegmentHeader};
use crate::group::GroupBuilder;
use crate::head::HeadRecord;
use crate::index::{self, Position};
use crate::log::{DurableEnd, Log};
use crate::parse::Tip;
use crate::reader::Frame;
use crate::segment::{self, FIRST_GROUP, Segment};
use crate::storage::{Access, Storage};
use crate::verify::Report;
use crate::walk::{Shown, Walk, walk};

/// A group that is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The sequence of the first frame of the group.
    pub first_sequence: u64,
    /// The sequence of the last frame of the group.
    pub last_sequence: u64,
    /// The hash of the group, and so of the whole log up to it.
    pub hash: Hash,
}

/// The writer of a log. The caller holds the [`crate::Lock`] of the data directory meanwhile.
#[derive(Debug)]
pub struct Journal {
    log: Log,
    ahead: Arc<Ahead>,
    record: HeadRecord,
    segment: Segment,
    /// Where the next group goes in the segment.
    offset: u64,
    tip: Tip,
    noted: Option<Position>,
    /// For [`Journal::append_frames`].
    scratch: Option<GroupBuilder>,
    stopped: bool,
}

impl Journal {
    /// Creates an empty log in a storage that holds none, durably, and opens it.
    ///
    /// # Errors
    /// `LOG_EXISTS`, `LOG_GEOMETRY`, `DISK_FULL`, `IO`. After an interrupted creation, create again.
    pub fn create(
        storage: Arc<dyn Storage>,
        log_id: LogId,
        epoch: u64,
        geometry: Geometry,
    ) -> Result<Journal, Error> {
        let geometry = geometry.check()?;
        if !segment::list(&*storage)?.is_empty() {
            return Err(Error::Exists);
        }
        HeadRecord::create(&*storage, log_id)?;
        let header = SegmentHeader { log_id, epoch, number: 0, geometry };
        Ahead::new(storage.clone(), header, Vec::new()).take()?;
        Ok(Journal::open(storage, None)?.0)
    }

    /// Opens the log: checks it, cuts a torn last group, and makes durable whatever remains. The report says
    /// what was found and what was cut.
    ///
    /// With `from`, which a snapshot vouches for, only the segments from the one that holds it on are read in
    /// full; without, all of the log.
    ///
    /// # Errors
    /// `LOG_MISSING`, `LOG_DAMAGED`, `LOG_TAIL_CUT`, `LOG_FOREIGN`, `LOG_FORMAT_UNKNOWN`: nothing was changed.
    /// `IO`: it may be cut already, or in part; open again.
    pub fn open(storage: Arc<dyn Storage>, from: Option<Head>) -> Result<(Journal, Report), Error> {
        Self::open_walked(storage, from, None)
    }

    /// The same, and shows every frame that is found whole, in order, so that a start reads the log once. With
    /// `from`, frames before it may be among them. What was shown counts only if this succeeds.
    ///
    /// # Errors
    /// Those of [`Journal::open`].
    pub fn open_reading(
        storage: Arc<dyn Storage>,
        from: Option<Head>,
        mut show: impl FnMut(Frame<'_>),
    ) -> Result<(Journal, Report), Error> {
        Self::open_walked(storage, from, Some(&mut show))
    }

    fn open_walked(
        storage: Arc<dyn Storage>,
        from: Option<Head>,
        show: Option<Shown<'_>>,
    ) -> Result<(Journal, Report), Error> {
        let walk = walk(&*storage, Access::Write, from, show)?;
        make_durable(&walk)?;
        let report = Report::new(&walk);
        let Walk { record, tip, end, segments, index, .. } = walk;
        let mut segments = segments.into_iter();
        let segment = segments.next().ok_or(Error::Missing)?;
        let ahead = Arc::new(Ahead::new(storage.clone(), segment.header, segments.collect()));
        ahead.set_current_left(tip.geometry.segment_bytes - end.offset);
        let log = Log::new(storage, tip.log_id, tip.geometry, index, DurableEnd { head: tip.head, at: end });
        let (offset, noted, scratch, stopped) = (end.offset, None, None, false);
        Ok((Journal { log, ahead, record, segment, offset, tip, noted, scratch, stopped }, report))
    }

    /// Appends the group with one write and one sync, and empties the builder. When this returns, the frames
    /// are durable.
    ///
    /// # Errors
    /// - `DISK_FULL`: the next segment cannot be prepared. Nothing was written, the builder keeps its frames.
    /// - `GROUP_EMPTY`: there is nothing to append.
    /// - `IO`: what is on disk is uncertain. The journal has stopped; the process must end without answering.
    /// - `LOG_STOPPED`: an earlier call failed that way.
    pub fn append(&mut self, group: &mut GroupBuilder) -> Result<Appended, Error> {
        self.check_running()?;
        if group.is_empty() {
            return Err(Error::GroupEmpty);
        }
        if !group.matches(self.tip.geometry) {
            let found = group.bytes() as u64;
            return Err(Error::Geometry { expected: "a group builder made for this log", found });
        }
        self.make_room(group.bytes() as u64)?;
        let (bytes, header, hash) = group.seal(GroupHeader {
            log_id: self.tip.log_id,
            epoch: self.tip.epoch,
            first_sequence: self.tip.next_sequence(),
            count: 0,
            bytes: 0,
            previous_hash: self.tip.head.hash,
        });
        let written = self.segment.file.write_at(bytes, self.offset);
        if let Err(source) = written.and_then(|()| self.segment.file.sync_data()) {
            self.stopped = true;
            return Err(Error::io(format!("write segment {}", self.segment.number()))(source));
        }
        group.clear();
        Ok(self.publish(&header, hash))
    }

    /// Appends frames as one group. For callers that have no builder of their own.
    ///
    /// # Errors
    /// Those of [`GroupBuilder::push`] and [`Journal::append`]. Nothing is kept of frames that do not fit.
    pub fn append_frames<'a>(
        &mut self,
        frames: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Appended, Error> {
        let mut group = self.scratch.take().unwrap_or_else(|| self.group());
        group.clear();
        let pushed = frames.into_iter().try_for_each(|frame| group.push(frame));
        let appended = pushed.and_then(|()| self.append(&mut group));
        self.scratch = Some(group);
        appended
    }

    /// Writes the head record, durably, unless it says so already. To be called every second and at a clean
    /// stop: a tail cut before it is noticed when the log is opened.
    ///
    /// # Errors
    /// `IO`, as fatal as a failed append; `LOG_STOPPED`.
    pub fn write_head(&mut self) -> Result<(), Error> {
        self.check_running()?;
        self.record.write(self.tip.head).map_err(|source| {
            self.stopped = true;
            Error::io("write the head record")(source)
        })
    }

    /// Raises the epoch of the groups to come. An epoch has one writer.
    ///
    /// # Errors
    /// `EPOCH_PAST` if it is lower than that of the last group.
    pub fn raise_epoch(&mut self, epoch: u64) -> Result<(), Error> {
        if epoch < self.tip.epoch {
            return Err(Error::EpochPast { asked: epoch, last: self.tip.epoch });
        }
        self.tip.epoch = epoch;
        Ok(())
    }

    /// The epoch of the groups to come.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.tip.epoch
    }

    /// The last durable sequence and its hash.
    #[must_use]
    pub fn head(&self) -> Head {
        self.tip.head
    }

    /// An empty group for this log.
    #[must_use]
    pub fn group(&self) -> GroupBuilder {
        GroupBuilder::new(self.tip.geometry)
    }

    /// What readers hold.
    #[must_use]
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// What prepares the next segment away from the log thread.
    #[must_use]
    pub fn preparer(&self) -> Preparer {
        Preparer::new(self.ahead.clone())
    }

    /// Bytes that appends can use without another segment, see [`Preparer::prepared_bytes_left`].
    #[must_use]
    pub fn prepared_bytes_left(&self) -> u64 {
        self.preparer().prepared_bytes_left()
    }

    fn check_running(&self) -> Result<(), Error> {
        if self.stopped { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Goes on to the next segment if `bytes` do not fit into this one. A group never spans two.
    fn make_room(&mut self, bytes: u64) -> Result<(), Error> {
        if self.offset + bytes <= self.tip.geometry.segment_bytes {
            return Ok(());
        }
        match self.ahead.take() {
            Ok(segment) => {
                self.segment = segment;
                self.offset = FIRST_GROUP;
                Ok(())
            }
            Err(error) => {
                self.stopped = !matches!(error, Error::DiskFull { .. });
                Err(error)
            }
        }
    }

    /// The group is durable: readers may see it.
    fn publish(&mut self, header: &GroupHeader, hash: Hash) -> Appended {
        let at = Position { segment: self.segment.number(), offset: self.offset };
        if self.noted.is_none_or(|noted| !index::near(noted, at)) {
            self.log.index().note(header.first_sequence, at);
            self.noted = Some(at);
        }
        let last_sequence = header.last_sequence();
        self.offset += header.group_bytes();
        self.tip.head = Head { sequence: last_sequence, hash };
        self.ahead.set_current_left(self.tip.geometry.segment_bytes - self.offset);
        let end = Position { offset: self.offset, ..at };
        self.log.publish(DurableEnd { head: self.tip.head, at: end });
        Appended { first_sequence: header.first_sequence, last_sequence, hash }
    }
}

/// Makes the disk hold what was read: writes the last group and zeros after it once more, and syncs them.
///
/// After a failed sync or a killed process, the file system's cache may show bytes that the disk does not
/// have, and count them as clean, so that a sync alone would do nothing. They can only be those of the last
/// group, of what was cut after it, or of a cut that failed.
fn make_durable(walk: &Walk) -> Result<(), Error> {
    let geometry = walk.tip.geometry;
    let group_bytes_max = u64::from(geometry.group_bytes_max);
    let Some((current, later)) = walk.segments.split_first() else { return Err(Error::Missing) };
    let start = walk.last_group.unwrap_or(walk.end.offset);
    let zeros_end = geometry.segment_bytes.min(walk.end.offset + group_bytes_max);
    rewrite(current, start, walk.end.offset, zeros_end)?;
    match later.first() {
        // The torn group can have been in the next segment only if there was no room for it in this one.
        Some(next) if geometry.segment_bytes - walk.end.offset < group_bytes_max => {
            rewrite(next, FIRST_GROUP, FIRST_GROUP, FIRST_GROUP + group_bytes_max)
        }
        _ => Ok(()),
    }
}

/// Writes what is there from `start` to `kept_end`, then zeros up to `end`, and syncs.
fn rewrite(segment: &Segment, start: u64, kept_end: u64, end: u64) -> Result<(), Error> {
    let length = |from: u64, to: u64| usize::try_from(to - from).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length(start, end)];
    segment
        .file
        .read_at(&mut bytes[..length(start, kept_end)], start)
        .and_then(|()| segment.file.write_at(&bytes, start))
        .and_then(|()| segment.file.sync_data())
        .map_err(Error::io(format!("make segment {} durable", segment.number())))
}
