//! Views: what people ask for, kept ready. Rows are folds of events and point into the log; they can be thrown
//! away and built anew at any time, and hold the only copy of nothing.
//!
//! One tree on disk holds rows of cases, pages of inboxes and of submissions, and how far they go; it is written
//! about once a second, in one batch. Before it stands an overlay in memory with what has been folded since:
//! queries see both, and so every durable frame that was folded.

mod action_fold;
mod case_fold;
mod fold;
mod follow;
mod keys;
mod outward_fold;
mod outward_rows;
mod overlay;
mod query;
mod rows;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use sled::Db;
use tokio::sync::watch;

pub use outward_rows::*;
use overlay::Overlay;
pub use rows::*;
use store::Meta;
pub use store::{VIEWS_VERSION, ViewsError, ViewsOpened};

use crate::follow::LogView;
pub(crate) use follow::follow;

/// How long a query waits for the views to come as far as it needs.
pub const AT_LEAST_WAIT: Duration = Duration::from_secs(1);

/// Key and value of a row as they are kept.
pub type DumpedRow = (Vec<u8>, Vec<u8>);

/// The views of one company. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    /// What is newer than the tree. Only the views' own thread changes it.
    overlay: RwLock<Overlay>,
    log: LogView,
    applied: watch::Sender<u64>,
    failure: Mutex<Option<String>>,
    /// There is a failure. Who waits for `applied` asks so, because the lock of `failure` comes before that of
    /// `applied`: the other way round the views and a query could wait for one another for ever.
    failed: AtomicBool,
    /// For threads that wait; tasks use `applied`.
    changed: Condvar,
}

impl Views {
    /// Opens the views of a log, or begins them anew where they do not fit it.
    pub(crate) fn open(
        path: &Path,
        cache_bytes: u64,
        log: &LogView,
    ) -> Result<(Views, ViewsOpened), ViewsError> {
        let (db, applied, opened) = store::open(path, cache_bytes, log.log_id(), log.durable())?;
        let inner = Inner {
            db,
            overlay: RwLock::new(Overlay::new(applied)),
            log: log.clone(),
            applied: watch::Sender::new(applied),
            failure: Mutex::new(None),
            failed: AtomicBool::new(false),
            changed: Condvar::new(),
        };
        Ok((Views { inner: Arc::new(inner) }, opened))
    }

    /// The last sequence that is in the views.
    pub fn applied(&self) -> u64 {
        *self.inner.applied.borrow()
    }

    /// Why the views stand still, if they do.
    pub fn failure(&self) -> Option<String> {
        self.inner.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the views contain this sequence, but at most [`AT_LEAST_WAIT`]. The runtime of the task must have
    /// its time driver enabled.
    ///
    /// # Errors
    /// `VIEW_BEHIND`, `VIEW_FAILED`.
    pub async fn reach(&self, at_least: u64) -> Result<(), ViewsError> {
        let mut applied = self.inner.applied.subscribe();
        let failed = || self.inner.failed.load(Ordering::Acquire);
        let there = applied.wait_for(|applied| *applied >= at_least || failed());
        drop(tokio::time::timeout(AT_LEAST_WAIT, there).await);
        self.check(at_least)
    }

    /// The same for a thread of its own, with a time of its own. Not to be called from a task.
    ///
    /// # Errors
    /// Those of [`Views::reach`].
    pub fn reach_blocking(&self, at_least: u64, wait: Duration) -> Result<(), ViewsError> {
        let until = Instant::now() + wait;
        let mut failure = self.inner.failure.lock().unwrap_or_else(PoisonError::into_inner);
        while failure.is_none() && self.applied() < at_least {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            failure =
                self.inner.changed.wait_timeout(failure, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(failure);
        self.check(at_least)
    }

    fn check(&self, at_least: u64) -> Result<(), ViewsError> {
        if let Some(why) = self.failure() {
            return Err(ViewsError::Failed(why));
        }
        let applied = self.applied();
        if applied < at_least { Err(ViewsError::Behind { at_least, applied }) } else { Ok(()) }
    }

    fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.inner.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn overlay_mut(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.inner.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// More is in the views.
    fn publish(&self, applied: u64) {
        // Under the lock, so that no waiting thread looks before and sleeps after.
        let failure = self.inner.failure.lock().unwrap_or_else(PoisonError::into_inner);
        self.inner.applied.send_replace(applied);
        drop(failure);
        self.inner.changed.notify_all();
    }

    /// The views stand still from now on.
    fn fail(&self, why: String) {
        tracing::error!(%why, "the views stand still");
        *self.inner.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.inner.failed.store(true, Ordering::Release);
        self.inner.applied.send_modify(|_| {});
        self.inner.changed.notify_all();
    }

    /// Every row as it is kept, in order. Equal logs give equal rows.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn dump(&self) -> Result<Vec<DumpedRow>, ViewsError> {
        let overlay = self.overlay();
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for row in self.inner.db.iter() {
            let (key, value) = row?;
            rows.insert(key.to_vec(), value.to_vec());
        }
        for (key, value) in overlay.changes()? {
            match value {
                Some(value) => drop(rows.insert(key, value)),
                None => drop(rows.remove(&key)),
            }
        }
        let meta = Meta::new(self.inner.log.log_id(), overlay.applied);
        rows.insert(keys::META.to_vec(), store::encode(&meta)?);
        Ok(rows.into_iter().collect())
    }
}

/// Throws the views at this path away and builds them anew up to the durable end of the log, which it gives.
/// The engine must have been opened without views.
///
/// # Errors
/// `VIEW_FAILED`, or whatever keeps the log from being read.
pub fn rebuild(path: &Path, cache_bytes: u64, log: &LogView) -> Result<u64, ViewsError> {
    store::remove(path)?;
    let (views, _) = Views::open(path, cache_bytes, log)?;
    follow::catch_up(&views, log)?;
    Ok(views.applied())
}
