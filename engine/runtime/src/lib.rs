//! The single writer and its followers.
//!
//! ```text
//! callers --> bounded queue --> [core thread]  stamp, turn, hold the reply
//!                                   | frames
//!                                   v
//!                              [log thread]    one write + one fdatasync per group, no linger
//!                                   | durable sequence
//!                                   v
//!         replies released · followers read the log: views and snapshots here, publication in the server
//! ```
//!
//! There is one State, owned by the core thread, ahead of the disk by at most one group in flight and one
//! filling. There is no rollback: a failed write or sync ends the process. Every answer names the highest
//! sequence that it rests on, and leaves only once that is durable.
//!
//! Start with [`Engine`], then [`EngineHandle`] for callers, [`LogView`] for followers, [`views`] for queries.

// The helpers of the tests in `tests/` name the crate; tests within it use them too.
#[cfg(test)]
extern crate self as countersign_runtime;

mod archive;
mod clock;
mod copies;
mod counts;
mod disk;
mod engine;
mod error;
mod failure;
mod follow;
mod handle;
mod log_thread;
mod message;
mod options;
mod pipe;
mod recovery;
mod release;
mod reply;
#[cfg(test)]
mod shuttled;
mod snapshots;
mod sync;
pub mod views;
mod writer;

pub use archive::log_storage;
pub use clock::{Clock, ManualClock, SystemClock, Wake};
pub use copies::{backup, fork};
pub use counts::EngineCounts;
pub use disk::Room;
pub use engine::{Engine, Founding, make_snapshot};
pub use error::{EngineError, ReadError, Unavailable};
pub use follow::{Follower, LogReader, LogView};
pub use handle::{EngineHandle, Pending, Status};
pub use options::{
    EngineOptions, Home, OnFatal, SNAPSHOT_EVERY, ViewsAt, lock_file, log_directory, views_directory,
};
pub use recovery::RecoveryReport;
pub use reply::{Incoming, Reply, ReplyResult, result_of};
pub use snapshots::{Skipped, SnapshotCounts, Unmade};
