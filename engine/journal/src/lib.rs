//! The append-only log of opaque frames, in groups, on disk.
//!
//! The journal knows bytes, not events. A *frame* is what one command did, encoded by the caller. A
//! *group* is what one `fdatasync` makes durable: frames written with one write and chained to the group
//! before by a BLAKE3 hash. A *segment* is a file of fixed size, filled with zeros before it is used, so that
//! an append never allocates space. `FORMAT.md` beside this crate gives every byte and the rules of recovery.
//!
//! Who uses what:
//!
//! - the log thread owns the [`Journal`]: [`Journal::append`] returns once the group is durable;
//! - the core thread fills a [`GroupBuilder`] while the log thread syncs the one before;
//! - a background thread holds the [`Preparer`] and calls [`Preparer::prepare_next`];
//! - followers hold the [`Log`]: a [`Reader`] each, and [`Log::read_frame`] for one frame.
//!
//! A failed write or sync is final: file systems mark pages clean after a failed sync, so a retry would lie.
//! The journal then answers [`Error::Stopped`] for ever and the process is expected to abort.
//!
//! ```
//! use countersign_journal::{Geometry, Journal, LogId, sim::SimDisk};
//!
//! let disk = SimDisk::new(1).storage();
//! let mut journal = Journal::create(disk.clone(), LogId([7; 16]), 1, Geometry::default())?;
//! let mut group = journal.group();
//! group.push(b"the first frame")?;
//! let appended = journal.append(&mut group)?;
//! assert_eq!(appended.last_sequence, 1);
//! assert_eq!(journal.log().read_frame(1)?, b"the first frame");
//! # Ok::<(), countersign_journal::Error>(())
//! ```

mod ahead;
mod archive;
mod copy;
mod directory;
mod error;
mod format;
mod group;
mod head;
mod index;
mod journal;
mod lock;
mod log;
mod parse;
mod reader;
mod segment;
pub mod sim;
mod snapshot;
mod storage;
mod tail;
mod verify;
mod walk;
mod window;

pub use ahead::Preparer;
pub use archive::WithArchive;
pub use copy::{backup, fork};
pub use directory::DirStorage;
pub use error::{Error, Place};
pub use format::{
    FORMAT, FRAME_BYTES_MAX, FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, Geometry, Hash, Head, LogId,
    SEGMENT_HEADER_BYTES,
};
pub use group::{FrameSink, GroupBuilder};
pub use journal::{Appended, Journal};
pub use lock::Lock;
pub use log::Log;
pub use reader::{Frame, Reader};
pub use snapshot::{
    SnapshotOf, SnapshotReader, SnapshotWriter, Unusable, remove_snapshot, remove_unfinished_snapshots,
    snapshot_file, snapshots,
};
pub use storage::{Access, Listed, NewFile, Storage, StorageFile, UNFINISHED};
pub use tail::Cut;
pub use verify::{Report, inspect, log_id, verify};
