//! What followers hold: the durable log, frame by frame, and how far each of them has come.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::frame::Frame;
use countersign_journal::{Log, LogId, Reader};
use tokio::sync::watch;

use crate::error::ReadError;

/// The durable log as followers see it. Cheap to clone.
#[derive(Clone)]
pub struct LogView {
    log: Log,
    durable: watch::Receiver<u64>,
    inner: Arc<Inner>,
}

struct Inner {
    lag_max: u64,
    followers: Mutex<Vec<Arc<Position>>>,
    behind: AtomicBool,
    ended: Mutex<bool>,
    more: Condvar,
}

struct Position {
    name: String,
    applied: AtomicU64,
}

impl LogView {
    /// Over a log; `durable` is told by the log thread, and closed when the engine ends.
    pub(crate) fn new(log: Log, durable: watch::Receiver<u64>, lag_max: u64) -> LogView {
        let inner = Inner {
            lag_max,
            followers: Mutex::new(Vec::new()),
            behind: AtomicBool::new(false),
            ended: Mutex::new(false),
            more: Condvar::new(),
        };
        LogView { log, durable, inner: Arc::new(inner) }
    }

    /// The id of the log.
    pub fn log_id(&self) -> LogId {
        self.log.log_id()
    }

    /// The last durable sequence.
    pub fn durable(&self) -> u64 {
        self.log.durable()
    }

    /// The last durable sequence and the hash of the log up to it.
    pub fn head(&self) -> countersign_journal::Head {
        self.log.head()
    }

    /// The last durable sequence, to be awaited. It is closed when the engine ends.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    /// One durable frame.
    ///
    /// # Errors
    /// `SEQUENCE_UNKNOWN` for one that is not durable, `LOG_DAMAGED`, `LOG_FORMAT_UNKNOWN`, `IO`.
    pub fn read_frame(&self, sequence: u64) -> Result<Frame, ReadError> {
        decode(sequence, &self.log.read_frame(sequence)?)
    }

    /// The frames from this sequence on, which may be one beyond the last durable.
    ///
    /// # Errors
    /// `SEQUENCE_UNKNOWN`, `LOG_DAMAGED`, `IO`.
    pub fn reader(&self, from: u64) -> Result<LogReader, ReadError> {
        Ok(LogReader { reader: self.log.reader(from)?, durable: self.watch(), view: self.clone() })
    }

    /// Counts a follower that has applied everything up to `applied`. While it is too far behind, new work is
    /// `OVERLOADED`. It counts until the returned value is dropped.
    pub fn follow(&self, name: &str, applied: u64) -> Follower {
        let position = Arc::new(Position { name: name.to_owned(), applied: AtomicU64::new(applied) });
        self.followers(|followers| followers.push(position.clone()));
        self.weigh();
        Follower { view: self.clone(), position }
    }

    /// The followers by name, and the last sequence that each has applied.
    pub fn positions(&self) -> Vec<(String, u64)> {
        let each = |f: &Arc<Position>| (f.name.clone(), f.applied.load(Ordering::Relaxed));
        self.followers(|followers| followers.iter().map(each).collect())
    }

    /// Whether a follower is so far behind that new work has to wait.
    pub(crate) fn followers_behind(&self) -> bool {
        self.inner.behind.load(Ordering::Relaxed)
    }

    /// More has become durable.
    pub(crate) fn advanced(&self) {
        self.weigh();
        drop(self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner));
        self.inner.more.notify_all();
    }

    /// Nothing more will become durable.
    pub(crate) fn end(&self) {
        *self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.inner.more.notify_all();
    }

    /// Whether the engine has ended: nothing more will become durable.
    pub fn ended(&self) -> bool {
        *self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something after `sequence` is durable, the engine ends, or the time is over; says whether
    /// something is.
    pub fn wait_past(&self, sequence: u64, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let mut ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        while self.durable() <= sequence && !*ended {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            ended = self.inner.more.wait_timeout(ended, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.durable() > sequence
    }

    fn weigh(&self) {
        let slowest = |followers: &mut Vec<Arc<Position>>| {
            followers.iter().map(|f| f.applied.load(Ordering::Relaxed)).min()
        };
        let behind = self
            .followers(slowest)
            .is_some_and(|slowest| self.durable().saturating_sub(slowest) > self.inner.lag_max);
        self.inner.behind.store(behind, Ordering::Relaxed);
    }

    fn followers<T>(&self, with: impl FnOnce(&mut Vec<Arc<Position>>) -> T) -> T {
        with(&mut self.inner.followers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A follower that counts; see [`LogView::follow`].
pub struct Follower {
    view: LogView,
    position: Arc<Position>,
}

impl Follower {
    /// Everything up to this sequence is applied.
    pub fn applied(&self, sequence: u64) {
        self.position.applied.store(sequence, Ordering::Relaxed);
        if self.view.followers_behind() {
            self.view.weigh();
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.view.followers(|followers| followers.retain(|other| !Arc::ptr_eq(other, &self.position)));
        self.view.weigh();
    }
}

/// Frames in order, up to the durable end and on from there.
pub struct LogReader {
    reader: Reader,
    durable: watch::Receiver<u64>,
    view: LogView,
}

impl LogReader {
    /// The next frame, if it is durable.
    ///
    /// # Errors
    /// `LOG_DAMAGED`, `LOG_FORMAT_UNKNOWN`, `IO`. The reader is then of no further use.
    pub fn read(&mut self) -> Result<Option<(u64, Frame)>, ReadError> {
        let found = self.reader.next(u64::MAX)?;
        found.map(|frame| Ok((frame.sequence, decode(frame.sequence, frame.bytes)?))).transpose()
    }

    /// The next frame, waiting for it. None: the time is over, or the engine has ended.
    ///
    /// # Errors
    /// Those of [`LogReader::read`].
    pub fn read_within(&mut self, timeout: Duration) -> Result<Option<(u64, Frame)>, ReadError> {
        self.view.wait_past(self.next_sequence() - 1, timeout);
        self.read()
    }

    /// The next frame, awaiting it. None: the engine has ended.
    ///
    /// # Errors
    /// Those of [`LogReader::read`].
    pub async fn read_async(&mut self) -> Result<Option<(u64, Frame)>, ReadError> {
        loop {
            self.durable.borrow_and_update();
            if let Some(found) = self.read()? {
                return Ok(Some(found));
            }
            if self.durable.changed().await.is_err() {
                return self.read();
            }
        }
    }

    /// The sequence of the frame that comes next.
    pub fn next_sequence(&self) -> u64 {
        self.reader.next_sequence()
    }
}

/// Reads a frame's bytes.
pub(crate) fn decode(sequence: u64, bytes: &[u8]) -> Result<Frame, ReadError> {
    Frame::decode(bytes).map_err(|source| ReadError::Frame { sequence, source })
}
