//! What can go wrong, each with a stable code.

use countersign_core::event::DecodeError;
use countersign_core::rejection::Rejection;
use thiserror::Error;

/// Why a command or a read got no answer from State. Nothing was done; most are worth another try.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// More work waits than the engine takes on.
    #[error("expected less work than the engine can take on: try again in {retry_after_ms} ms")]
    Overloaded {
        /// When another try makes sense.
        retry_after_ms: u64,
    },
    /// New work needs room on the disk that is kept for decisions.
    #[error(
        "expected room on the disk for new work: free some space; decisions are still taken while the reserve lasts"
    )]
    DiskFull,
    /// The machine's clock jumped, and nobody has confirmed the new time.
    #[error("expected the wall clock to move as time does: it jumped, an operator must confirm the new time")]
    ClockJump,
    /// The engine has stopped.
    #[error(
        "expected a running engine: it has stopped; whether the command took effect shows when it is repeated"
    )]
    Stopped,
    /// A read that panicked, or a timer's command from outside.
    #[error("expected {0}")]
    Misuse(&'static str),
}

impl Unavailable {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Unavailable::Overloaded { .. } => "OVERLOADED",
            Unavailable::DiskFull => "DISK_FULL",
            Unavailable::ClockJump => "CLOCK_JUMP",
            Unavailable::Stopped => "ENGINE_STOPPED",
            Unavailable::Misuse(_) => "INTERNAL",
        }
    }

    /// When another try makes sense, in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Unavailable::Overloaded { retry_after_ms } => Some(*retry_after_ms),
            Unavailable::DiskFull => Some(1_000),
            _ => None,
        }
    }
}

/// Why an engine did not start, or did not stop cleanly.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The journal refused, or its storage failed.
    #[error(transparent)]
    Journal(#[from] countersign_journal::Error),
    /// The data directory could not be used.
    #[error("expected a usable data directory {path}: {source}")]
    Directory {
        /// The directory.
        path: std::path::PathBuf,
        /// What the file system answered.
        source: std::io::Error,
    },
    /// A frame of the log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log holds no company.
    #[error("expected a founded company, found an empty log: create it first")]
    NotFounded,
    /// The founding command was refused.
    #[error("the founding was refused: {0}")]
    FoundingRefused(Rejection),
    /// Groups of this log cannot hold the largest frame.
    #[error("expected groups with room for a frame of {needed} bytes, found {found}")]
    GroupsTooSmall {
        /// Bytes that a frame may have.
        needed: usize,
        /// Bytes that the log's groups give it.
        found: usize,
    },
    /// The operating system gave no thread or no random bytes.
    #[error("the operating system failed to {doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What it answered.
        source: std::io::Error,
    },
    /// The views cannot be opened, not even as empty ones.
    #[error(transparent)]
    Views(#[from] crate::views::ViewsError),
    /// No snapshot was made; the log has everything.
    #[error("no snapshot was made: {0}")]
    Snapshot(#[from] crate::snapshots::Unmade),
    /// The engine stopped because of a failure.
    #[error("the engine stopped: {0}")]
    Failed(String),
}

impl EngineError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            EngineError::Journal(error) => error.code(),
            EngineError::Directory { .. } | EngineError::System { .. } => "IO",
            EngineError::Read(error) => error.code(),
            EngineError::NotFounded => "NOT_FOUNDED",
            EngineError::FoundingRefused(rejection) => match rejection.code {
                countersign_core::rejection::Code::NotFounded => "LOG_EXISTS",
                _ => "INTERNAL",
            },
            EngineError::GroupsTooSmall { .. } => "LOG_GEOMETRY",
            EngineError::Views(error) => error.code(),
            EngineError::Snapshot(_) => "SNAPSHOT_FAILED",
            EngineError::Failed(_) => "ENGINE_STOPPED",
        }
    }
}

/// Why a frame of the log cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The journal refused, or its storage failed.
    #[error(transparent)]
    Journal(#[from] countersign_journal::Error),
    /// The frame is whole, but none that this version knows.
    #[error("sequence {sequence} of the log cannot be read: {source}")]
    Frame {
        /// The frame's sequence.
        sequence: u64,
        /// What is wrong with it.
        source: DecodeError,
    },
}

impl ReadError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ReadError::Journal(error) => error.code(),
            ReadError::Frame { source: DecodeError::UnknownKind(_) | DecodeError::Form(_), .. } => {
                "LOG_FORMAT_UNKNOWN"
            }
            ReadError::Frame { .. } => "LOG_DAMAGED",
        }
    }
}
