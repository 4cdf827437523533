//! Snapshots of State beside the log, so that a start reads one and the log's tail instead of the whole log.
//!
//! They are made by a thread of its own, of what is durable: the snapshot before, the frames since, and there is the
//! next. The core thread has no part in it and never waits. Memory for a second State is needed meanwhile, and given
//! back. A new snapshot is read again and must be the State that was written before an older one goes; two stay.
//!
//! No snapshot is ever needed: whatever is wrong with one, the one before it serves, or the whole log.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::state::snapshot::{self, Loader, Unwritten, VERSION};
use countersign_core::state::{State, apply_frame};
use countersign_journal::{
    Head, LogId, SnapshotOf, SnapshotReader, SnapshotWriter, Storage, Unusable, WithArchive, remove_snapshot,
    remove_unfinished_snapshots, snapshots,
};
use thiserror::Error;

use crate::error::ReadError;
use crate::follow::LogView;

/// So many are kept.
const KEPT: usize = 2;
/// Making one may take this part of a processor's time, in all.
const REST: u32 = 10;
/// How long the thread works at a stretch, and pauses then, so that decisions find a processor.
const STRETCH: Duration = Duration::from_millis(10);
/// How often the thread looks whether there is enough to do.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Frames that are applied between two looks at the clock.
const FRAMES_AT_ONCE: u64 = 64;

/// State as a snapshot has it.
pub(crate) struct Loaded {
    pub(crate) state: State,
    pub(crate) head: Head,
}

/// A snapshot that was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The last sequence in it.
    pub sequence: u64,
    /// Why it was of no use.
    pub why: String,
}

/// Whose snapshots, and where.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) log_id: LogId,
}

impl Store {
    /// The newest snapshot that can be used, and those that were passed over for it.
    pub(crate) fn newest(&self) -> (Option<Loaded>, Vec<Skipped>) {
        let mut skipped = Vec::new();
        // What cannot be listed cannot be used; opening the log says why.
        for sequence in snapshots(&*self.storage).unwrap_or_default() {
            match self.load(sequence) {
                Ok(loaded) => return (Some(loaded), skipped),
                Err(why) => {
                    tracing::warn!(sequence, %why, "a snapshot is passed over");
                    skipped.push(Skipped { sequence, why: why.to_string() });
                }
            }
        }
        (None, skipped)
    }

    fn load(&self, sequence: u64) -> Result<Loaded, Unusable> {
        let mut reader = self.open(sequence)?;
        let head = reader.of().head;
        let wrong = |what: &dyn std::fmt::Display| Unusable::Damaged(what.to_string());
        let mut loader = Loader::default();
        while let Some(piece) = reader.piece()? {
            loader.piece(piece).map_err(|error| wrong(&error))?;
        }
        let state = loader.finish().map_err(|error| wrong(&error))?;
        if state.head().sequence != sequence {
            return Err(wrong(&"its State is of another sequence"));
        }
        Ok(Loaded { state, head })
    }

    fn open(&self, sequence: u64) -> Result<SnapshotReader, Unusable> {
        SnapshotReader::open(&*self.storage, sequence, (self.log_id, VERSION))
    }

    /// Writes State as it is at this end of the log, reads it again, and removes those that are older than the last
    /// two. `go_on` is asked between pieces. Gives the bytes.
    pub(crate) fn make(
        &self,
        state: State,
        head: Head,
        mut go_on: impl FnMut() -> bool,
    ) -> Result<u64, Unmade> {
        let of = SnapshotOf { log_id: self.log_id, head, version: VERSION };
        let mut writer = SnapshotWriter::begin(&*self.storage, of)?;
        let written = snapshot::write(&state, |piece| {
            writer.piece(piece)?;
            if go_on() { Ok(()) } else { Err(Unmade::Ended) }
        });
        match written {
            Ok(()) => {}
            Err(Unwritten::Refused(why)) => return Err(why),
            Err(Unwritten::Encoding(error)) => return Err(Unmade::Differs(error.to_string())),
        }
        let bytes = writer.finish()?;
        // One more State at a time, not two.
        let hash = state.hash();
        drop(state);
        let again = self.load(head.sequence).map_err(|why| why.to_string()).and_then(|loaded| {
            let same = loaded.state.hash() == hash;
            if same { Ok(()) } else { Err("it reads as another State".to_owned()) }
        });
        if let Err(why) = again {
            remove_snapshot(&*self.storage, head.sequence)?;
            return Err(Unmade::Differs(why));
        }
        self.prune(head.sequence)?;
        Ok(bytes)
    }

    /// Removes what is older than the new one and the last usable one before it.
    fn prune(&self, new: u64) -> Result<(), Unmade> {
        let mut kept = 1;
        for sequence in snapshots(&*self.storage)?.into_iter().filter(|sequence| *sequence < new) {
            if kept < KEPT && self.open(sequence).is_ok() {
                kept += 1;
            } else if kept == KEPT {
                remove_snapshot(&*self.storage, sequence)?;
            }
        }
        Ok(())
    }
}

/// Why a snapshot was not made. The log has everything; it is tried again later.
#[derive(Debug, Error)]
pub enum Unmade {
    /// The engine ends.
    #[error("the engine ends")]
    Ended,
    /// The storage failed.
    #[error("the storage failed: {0}")]
    Io(#[from] io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was written is not what is read.
    #[error("what was written is not what is read again: {0}")]
    Differs(String),
}

/// How snapshots stand. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Progress {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    sequence: AtomicU64,
    made: AtomicU64,
    failed: AtomicU64,
    ended: Mutex<bool>,
    wake: Condvar,
}

/// What has become of snapshots since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotCounts {
    /// The last sequence of the newest one that is known to be whole; 0: there is none.
    pub sequence: u64,
    /// How many were made.
    pub made: u64,
    /// How often making one failed.
    pub failed: u64,
}

impl Progress {
    /// One is known to be whole.
    pub(crate) fn is_at(&self, sequence: u64) {
        self.inner.sequence.store(sequence, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> SnapshotCounts {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let Inner { sequence, made, failed, .. } = &*self.inner;
        SnapshotCounts { sequence: read(sequence), made: read(made), failed: read(failed) }
    }

    /// The engine ends: whatever is under way is left.
    pub(crate) fn end(&self) {
        *self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.wake.notify_all();
    }

    /// Waits for some time. False: the engine ends.
    fn pause(&self, time: Duration) -> bool {
        let ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.inner.wake.wait_timeout_while(ended, time, |ended| !*ended);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The thread that makes snapshots.
pub(crate) struct Maker {
    pub(crate) store: Store,
    pub(crate) archive: Option<WithArchive>,
    pub(crate) log: LogView,
    /// Frames from one to the next.
    pub(crate) every: u64,
    pub(crate) progress: Progress,
}

impl Maker {
    /// Makes one whenever there is enough that is new, until the engine ends.
    pub(crate) fn run(self) {
        // What a process that was killed has left is no use to anybody.
        if let Err(error) = remove_unfinished_snapshots(&*self.store.storage) {
            tracing::warn!(%error, "unfinished snapshots cannot be removed");
        }
        let mut last = self.progress.counts().sequence;
        self.archive_old();
        while self.progress.pause(LOOK_EVERY) {
            if self.log.durable() < last.saturating_add(self.every) {
                continue;
            }
            let start = Instant::now();
            // A failure waits for as many frames as a success: whatever was wrong is not tried all the time.
            last = self.log.durable();
            match self.make() {
                Ok((head, bytes)) => {
                    last = head;
                    self.progress.is_at(head);
                    self.progress.inner.made.fetch_add(1, Ordering::Relaxed);
                    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::info!(sequence = head, bytes, took_ms, "a snapshot is made");
                    self.archive_old();
                }
                Err(Unmade::Ended) => return,
                Err(why) => {
                    self.progress.inner.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(%why, "no snapshot was made");
                }
            }
            if !self.progress.pause(start.elapsed() * REST) {
                return;
            }
        }
    }

    /// Segments go to the archive that neither the older of two snapshots nor any follower would read again.
    fn archive_old(&self) {
        let Some(archive) = &self.archive else { return };
        let kept = snapshots(&*self.store.storage).unwrap_or_default();
        let mut usable = kept.into_iter().filter(|sequence| self.store.open(*sequence).is_ok());
        let Some(older) = usable.nth(KEPT - 1) else { return };
        let followed = self.log.positions().into_iter().map(|(_, applied)| applied).min();
        match archive.archive_up_to(followed.unwrap_or(older).min(older)) {
            Ok(0) => {}
            Ok(segments) => tracing::info!(segments, "old segments are in the archive"),
            Err(error) => tracing::warn!(%error, "old segments stay where they are"),
        }
    }

    fn make(&self) -> Result<(u64, u64), Unmade> {
        let mut stretch = Stretch { progress: &self.progress, began: Instant::now() };
        let head = self.log.head();
        let mut state = self.store.newest().0.map(|loaded| loaded.state).unwrap_or_default();
        let mut reader = self.log.reader(state.head().sequence + 1)?;
        while state.head().sequence < head.sequence {
            let Some((_, frame)) = reader.read()? else { break };
            apply_frame(&mut state, &frame);
            if state.head().sequence.is_multiple_of(FRAMES_AT_ONCE) && !stretch.go_on() {
                return Err(Unmade::Ended);
            }
        }
        let bytes = self.store.make(state, head, || stretch.go_on())?;
        Ok((head.sequence, bytes))
    }
}

/// Work that leaves half of the time to others.
struct Stretch<'a> {
    progress: &'a Progress,
    began: Instant,
}

impl Stretch<'_> {
    /// Pauses if it is time to. False: the engine ends.
    fn go_on(&mut self) -> bool {
        let worked = self.began.elapsed();
        if worked < STRETCH {
            return true;
        }
        let goes_on = self.progress.pause(worked);
        self.began = Instant::now();
        goes_on
    }
}
