//! Checking a log without changing it.

use std::sync::Arc;

use crate::error::Error;
use crate::format::{Geometry, Head, LogId};
use crate::head::HeadRecord;
use crate::log::{DurableEnd, Log};
use crate::storage::{Access, Storage};
use crate::tail::Cut;
use crate::walk::{Walk, walk};

/// What a log holds, as found by reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The id of the log.
    pub log_id: LogId,
    /// The sizes of the log.
    pub geometry: Geometry,
    /// The epoch of the last group.
    pub epoch: u64,
    /// Segment files, those prepared ahead included.
    pub segments: u64,
    /// The first sequence that was read and checked: 1 unless reading began at a snapshot.
    pub first_sequence: u64,
    /// The last sequence, 0 for an empty log.
    pub last_sequence: u64,
    /// Groups that were read and checked.
    pub groups: u64,
    /// Frames in those groups.
    pub frames: u64,
    /// Bytes of those groups.
    pub bytes: u64,
    /// The last sequence and the hash of the log up to it.
    pub head: Head,
    /// What the head record says.
    pub head_record: Head,
    /// Slots of the head record that are not whole, 0 or 1: torn while written, or damaged. The other one was
    /// used, which may be older by one write.
    pub head_slots_damaged: u32,
    /// The torn last group: cut by opening, only found by verifying.
    pub cut: Option<Cut>,
}

impl Report {
    pub(crate) fn new(walk: &Walk) -> Report {
        // Numbers run from 1 without a gap.
        let segments = walk.segments.last().map_or(0, crate::segment::Segment::number);
        Report {
            log_id: walk.tip.log_id,
            geometry: walk.tip.geometry,
            epoch: walk.tip.epoch,
            segments,
            first_sequence: walk.counts.first_sequence,
            last_sequence: walk.tip.head.sequence,
            groups: walk.counts.groups,
            frames: walk.counts.frames,
            bytes: walk.counts.bytes,
            head: walk.tip.head,
            head_record: walk.record.head,
            head_slots_damaged: walk.record.slots_damaged,
            cut: walk.cut,
        }
    }
}

/// Reads and checks all of a log that nobody writes to, and changes nothing. Its errors are those of
/// [`crate::Journal::open`], in the same words.
///
/// # Errors
/// `LOG_MISSING`, `LOG_DAMAGED`, `LOG_TAIL_CUT`, `LOG_FOREIGN`, `LOG_FORMAT_UNKNOWN`, `IO`.
pub fn verify(storage: &dyn Storage) -> Result<Report, Error> {
    Ok(Report::new(&walk(storage, Access::Read, None, None)?))
}

/// Like [`verify`], and gives the log to read from.
///
/// # Errors
/// Those of [`verify`].
pub fn inspect(storage: Arc<dyn Storage>) -> Result<(Log, Report), Error> {
    let walk = walk(&*storage, Access::Read, None, None)?;
    let report = Report::new(&walk);
    let end = DurableEnd { head: walk.tip.head, at: walk.end };
    let log = Log::new(storage, walk.tip.log_id, walk.tip.geometry, walk.index, end);
    Ok((log, report))
}

/// Whose log it is, by its head record.
///
/// # Errors
/// `LOG_DAMAGED`, `IO`: opening the log says more.
pub fn log_id(storage: &dyn Storage) -> Result<LogId, Error> {
    Ok(HeadRecord::open(storage, Access::Read)?.log_id())
}
