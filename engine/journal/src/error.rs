//! What can go wrong, each with a stable code, the place, and what was expected.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::format::{FORMAT, LogId};

/// A place in the log: where a sentence about damage points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the segment, from 1.
    pub segment: u64,
    /// Bytes from the start of the segment file.
    pub offset: u64,
    /// The sequence that is expected at this place.
    pub sequence: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "segment {}, offset {}, sequence {}", self.segment, self.offset, self.sequence)
    }
}

/// Why the journal refused. [`Error::code`] is stable; the sentence says what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that were durable have changed, or a file of the log is missing or has another size.
    #[error("the log is damaged at {place}: expected {expected}, found {found}")]
    Damaged {
        /// Where the first damaged group or frame starts.
        place: Place,
        /// What an undamaged log has at this place.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Neither slot of the head record is whole, or its file is missing.
    #[error("the head record is damaged: expected a whole slot in the file `head`, found {found}")]
    HeadDamaged {
        /// What is there.
        found: String,
    },
    /// What a head record or a snapshot vouches for is no longer in the log.
    #[error(
        "the tail of the log was cut: sequence {recorded} was recorded as durable, found {found} at {place}"
    )]
    TailCut {
        /// Where the log ends, or where its hash differs from the recorded one.
        place: Place,
        /// The sequence that was recorded as durable.
        recorded: u64,
        /// What is there instead.
        found: String,
    },
    /// Bytes of another log.
    #[error("{place} belongs to another log: expected log {expected}, found log {found}")]
    Foreign {
        /// Where the foreign bytes start.
        place: Place,
        /// The id of this log.
        expected: LogId,
        /// The id that was found.
        found: LogId,
    },
    /// A log that a later version of the program has written.
    #[error("the log format at {place} is unknown: expected format {FORMAT}, found format {found}")]
    FormatUnknown {
        /// Where the header of the unknown format starts.
        place: Place,
        /// The format that was found.
        found: u16,
    },
    /// There is no log to open.
    #[error("expected a log, found no segment: create the log first")]
    Missing,
    /// There is a log already where one was to be created.
    #[error("expected no log, found one: it is never overwritten")]
    Exists,
    /// Another process holds the data directory.
    #[error("expected to be the only user of {}: it is locked by {}", path.display(), holder(*pid))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The process that holds it, unless it had not yet written its id.
        pid: Option<u32>,
    },
    /// The next segment cannot be prepared. Nothing was written and nothing is lost: try again later.
    #[error("the disk is full: expected room for a segment of {bytes} bytes")]
    DiskFull {
        /// Bytes that a segment needs.
        bytes: u64,
    },
    /// The archive has another file of a segment's name. Neither was touched.
    #[error("expected the archive to hold nothing or the same under {name}, found another file")]
    ArchiveDiffers {
        /// The name.
        name: String,
    },
    /// The storage failed.
    #[error("the storage failed to {doing}: {source}")]
    Io {
        /// What was being done, as a verb and its object.
        doing: String,
        /// What the storage answered.
        source: io::Error,
    },
    /// An earlier write or sync failed: what is on disk is uncertain until the log is opened again.
    #[error("the journal has stopped after a failed write or sync: expected the process to end")]
    Stopped,
    /// A frame is larger than a frame may be.
    #[error("expected a frame of at most {bytes_max} bytes, found {bytes}")]
    FrameTooLarge {
        /// Bytes of the frame.
        bytes: usize,
        /// Bytes that a frame may have.
        bytes_max: usize,
    },
    /// A frame of no bytes.
    #[error("expected a frame of at least one byte, found none")]
    FrameEmpty,
    /// The group has no room for this frame: append the group and start another.
    #[error("expected a frame that fits into the group: {bytes} bytes are left, the frame needs {needed}")]
    GroupFull {
        /// Bytes left in the group.
        bytes: usize,
        /// Bytes the frame needs, its own header included.
        needed: usize,
    },
    /// A group without frames.
    #[error("expected a group of at least one frame, found none")]
    GroupEmpty,
    /// A sequence that the log does not hold.
    #[error("expected a sequence from {first} to {last}, found {asked}")]
    SequenceUnknown {
        /// The sequence asked for.
        asked: u64,
        /// The lowest that can be asked for.
        first: u64,
        /// The highest that can be asked for.
        last: u64,
    },
    /// An epoch below that of the last group.
    #[error("expected an epoch of at least {last}, found {asked}")]
    EpochPast {
        /// The epoch asked for.
        asked: u64,
        /// The epoch of the last group.
        last: u64,
    },
    /// Sizes that no log can have.
    #[error("expected {expected}, found {found} bytes")]
    Geometry {
        /// The rule that is broken.
        expected: &'static str,
        /// The size that breaks it.
        found: u64,
    },
}

impl Error {
    /// The stable code of the error, for replies, logs and scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Damaged { .. } | Error::HeadDamaged { .. } => "LOG_DAMAGED",
            Error::TailCut { .. } => "LOG_TAIL_CUT",
            Error::Foreign { .. } => "LOG_FOREIGN",
            Error::FormatUnknown { .. } => "LOG_FORMAT_UNKNOWN",
            Error::Missing => "LOG_MISSING",
            Error::Exists => "LOG_EXISTS",
            Error::Locked { .. } => "LOCKED",
            Error::DiskFull { .. } => "DISK_FULL",
            Error::ArchiveDiffers { .. } => "ARCHIVE_DIFFERS",
            Error::Io { .. } => "IO",
            Error::Stopped => "LOG_STOPPED",
            Error::FrameTooLarge { .. } => "FRAME_TOO_LARGE",
            Error::FrameEmpty => "FRAME_EMPTY",
            Error::GroupFull { .. } => "GROUP_FULL",
            Error::GroupEmpty => "GROUP_EMPTY",
            Error::SequenceUnknown { .. } => "SEQUENCE_UNKNOWN",
            Error::EpochPast { .. } => "EPOCH_PAST",
            Error::Geometry { .. } => "LOG_GEOMETRY",
        }
    }

    /// The place in the log that the error names, if it names one.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Error::Damaged { place, .. }
            | Error::TailCut { place, .. }
            | Error::Foreign { place, .. }
            | Error::FormatUnknown { place, .. } => Some(*place),
            _ => None,
        }
    }

    /// Names what was being done when the storage failed.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let doing = doing.into();
        move |source| Error::Io { doing, source }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
