//! How an engine is opened.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_journal::{Geometry, Storage};

use crate::clock::{Clock, SystemClock};

/// Where a company lives.
#[derive(Clone, Debug)]
pub enum Home {
    /// A data directory: `log/` is the truth, `views/` can be rebuilt, `lock` names the process that has it.
    Directory(PathBuf),
    /// A storage for the log alone; nothing is locked.
    Storage(Arc<dyn Storage>),
}

/// What happens when the disk fails, or a panic leaves State in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFatal {
    /// The process aborts: it must not answer from a State that is ahead of the disk.
    Abort,
    /// The engine stops, and everybody who waits gets `ENGINE_STOPPED`. For tests and for simulated disks.
    Stop,
}

/// Whether the engine keeps views, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewsAt {
    /// None are kept.
    Off,
    /// In `views/` of the data directory; none for a [`Home::Storage`].
    Home,
    /// In this directory.
    Path(PathBuf),
}

/// How an engine is opened.
#[derive(Clone)]
pub struct EngineOptions {
    /// Where the company lives.
    pub home: Home,
    /// Whether views are kept.
    pub views: ViewsAt,
    /// Bytes that the views may keep in memory.
    pub views_cache_bytes: u64,
    /// What a failure of the disk leads to.
    pub on_fatal: OnFatal,
    /// Commands and reads that may wait for the core thread; beyond it `OVERLOADED`.
    pub queue_capacity: usize,
    /// Frames that a follower may be behind before new work is `OVERLOADED`.
    pub follower_lag_max: u64,
    /// Where old segments go once snapshots and followers no longer need them. None: where they went before, if there
    /// is such a place; otherwise they stay.
    pub archive: Option<PathBuf>,
    /// Frames from one snapshot to the next; 0: none is made.
    pub snapshot_every: u64,
    /// Sizes of a new log; an old one keeps its own. Groups must have room for a frame of 256 KiB.
    pub geometry: Geometry,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
}

impl EngineOptions {
    /// A data directory, with the defaults of a served company.
    pub fn directory(path: impl Into<PathBuf>) -> EngineOptions {
        let options = EngineOptions::new(Home::Directory(path.into()));
        EngineOptions { snapshot_every: SNAPSHOT_EVERY, ..options }
    }

    /// A storage, without views unless they are given a path.
    pub fn storage(storage: Arc<dyn Storage>) -> EngineOptions {
        EngineOptions::new(Home::Storage(storage))
    }

    fn new(home: Home) -> EngineOptions {
        EngineOptions {
            home,
            views: ViewsAt::Home,
            views_cache_bytes: 32 << 20,
            on_fatal: OnFatal::Abort,
            queue_capacity: 4096,
            follower_lag_max: 100_000,
            archive: None,
            snapshot_every: 0,
            geometry: Geometry::default(),
            clock: Arc::new(SystemClock::new()),
        }
    }

    /// Where views are kept, if they are.
    pub(crate) fn views_path(&self) -> Option<PathBuf> {
        match (&self.views, &self.home) {
            (ViewsAt::Path(path), _) => Some(path.clone()),
            (ViewsAt::Home, Home::Directory(path)) => Some(views_directory(path)),
            _ => None,
        }
    }
}

impl fmt::Debug for EngineOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineOptions")
            .field("home", &self.home)
            .field("views", &self.views)
            .field("on_fatal", &self.on_fatal)
            .finish_non_exhaustive()
    }
}

/// Frames from one snapshot to the next where a company is served: what a start applies at most in a second.
pub const SNAPSHOT_EVERY: u64 = 300_000;

/// Where a data directory keeps its log.
pub fn log_directory(data: &std::path::Path) -> PathBuf {
    data.join("log")
}

/// Where a data directory keeps its views.
pub fn views_directory(data: &std::path::Path) -> PathBuf {
    data.join("views")
}

/// The lock file of a data directory.
pub fn lock_file(data: &std::path::Path) -> PathBuf {
    data.join("lock")
}
