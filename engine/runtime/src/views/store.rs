//! The tree on disk: opening it, and throwing it away where it does not fit the log.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use countersign_journal::LogId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sled::{Db, Mode};
use thiserror::Error;

use super::keys;
use crate::error::ReadError;

/// The version of the rows. Another one on disk: they are built anew.
pub const VIEWS_VERSION: u32 = 5;
/// How long the files of views that were just closed may stay locked.
const UNLOCK_WAIT: Duration = Duration::from_secs(5);

/// What can go wrong with views. None of it touches the log.
#[derive(Debug, Error)]
pub enum ViewsError {
    /// The views have not come so far within the time that a query waits.
    #[error("expected views up to sequence {at_least}, they have come to {applied}: try again")]
    Behind {
        /// The sequence asked for.
        at_least: u64,
        /// The last sequence that is in the views.
        applied: u64,
    },
    /// The views stand still.
    #[error("the views stand still and need to be built anew: {0}")]
    Failed(String),
    /// The tree could not be read or written.
    #[error("the views cannot be used: {0}")]
    Tree(#[from] sled::Error),
    /// The files could not be removed.
    #[error("the views at {path} cannot be removed: {source}")]
    Remove {
        /// Where they are.
        path: PathBuf,
        /// What the file system answered.
        source: io::Error,
    },
    /// A row is none.
    #[error("a row of the views cannot be read: {0}")]
    Row(#[from] postcard::Error),
    /// The log that they point into cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
}

impl ViewsError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ViewsError::Behind { .. } => "VIEW_BEHIND",
            ViewsError::Log(error) => error.code(),
            _ => "VIEW_FAILED",
        }
    }
}

/// What the views know of themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) version: u32,
    pub(super) log_id: [u8; 16],
    /// The last sequence that is in the rows.
    pub(super) applied: u64,
}

impl Meta {
    pub(super) fn new(log_id: LogId, applied: u64) -> Meta {
        Meta { version: VIEWS_VERSION, log_id: log_id.0, applied }
    }
}

/// How views were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewsOpened {
    /// There were none.
    New,
    /// They go on from here.
    Resumed {
        /// The last sequence that is in them.
        applied: u64,
    },
    /// They were thrown away and are built anew.
    Rebuilt {
        /// Why.
        why: String,
    },
}

/// Opens the tree for a log that reaches to `durable`; empty, where what is there does not fit it.
pub(super) fn open(
    path: &Path,
    cache_bytes: u64,
    log_id: LogId,
    durable: u64,
) -> Result<(Db, u64, ViewsOpened), ViewsError> {
    let existed = path.exists();
    match try_open(path, cache_bytes).and_then(|db| judge(db, log_id, durable)) {
        Ok((db, applied)) if existed && applied > 0 => Ok((db, applied, ViewsOpened::Resumed { applied })),
        Ok((db, applied)) => Ok((db, applied, ViewsOpened::New)),
        Err(why) => {
            tracing::warn!(%why, "the views are built anew");
            remove(path)?;
            let db = try_open(path, cache_bytes).map_err(ViewsError::Failed)?;
            Ok((db, 0, ViewsOpened::Rebuilt { why }))
        }
    }
}

/// Removes the views.
pub(super) fn remove(path: &Path) -> Result<(), ViewsError> {
    match std::fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ViewsError::Remove { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Whether the rows are of this log, of this version, and no further than the log.
fn judge(db: Db, log_id: LogId, durable: u64) -> Result<(Db, u64), String> {
    let Some(bytes) = db.get(keys::META).map_err(|error| error.to_string())? else {
        return if db.is_empty() { Ok((db, 0)) } else { Err("they do not say how far they go".to_owned()) };
    };
    let meta: Meta = postcard::from_bytes(&bytes).map_err(|_| "they are of another version".to_owned())?;
    if meta.version != VIEWS_VERSION {
        return Err(format!("they are of version {}, expected {VIEWS_VERSION}", meta.version));
    }
    if meta.log_id != log_id.0 {
        return Err("they are of another log".to_owned());
    }
    if meta.applied > durable {
        return Err(format!("they reach to sequence {}, the log to {durable}", meta.applied));
    }
    Ok((db, meta.applied))
}

/// Opens the database. Damaged files make it panic now and then, which is an error like others here.
fn try_open(path: &Path, cache_bytes: u64) -> Result<Db, String> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(cache_bytes)
        .mode(Mode::HighThroughput)
        .flush_every_ms(Some(1_000));
    let start = Instant::now();
    loop {
        let opened =
            catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| "they are damaged".to_owned())?;
        match opened {
            // Its own threads may hold the files for a moment after it was closed.
            Err(sled::Error::Io(error)) if is_locked(&error) && start.elapsed() < UNLOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(10));
            }
            opened => return opened.map_err(|error| error.to_string()),
        }
    }
}

fn is_locked(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.to_string().contains("lock")
}

pub(super) fn encode<T: Serialize>(row: &T) -> Result<Vec<u8>, ViewsError> {
    Ok(postcard::to_allocvec(row)?)
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ViewsError> {
    Ok(postcard::from_bytes(bytes)?)
}
