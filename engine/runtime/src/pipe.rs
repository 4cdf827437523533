//! Between the core thread and the log thread: one batch in flight, one filling, and so never more memory.

use std::time::Duration;

use super::release::Held;
use super::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering, PoisonError};

/// What one batch holds at most, frames and replies.
const HELD_MAX: usize = 4096;
/// Bytes of frames from which on a batch is full; the last one may be as large as a frame can be.
const BYTES_MAX: usize = 1 << 20;

/// Frames on their way to the disk, and the replies that wait for them, in their order. The log thread encodes them:
/// the core thread has enough to do.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    held: Vec<Held>,
    bytes: usize,
}

impl Batch {
    pub(crate) fn push(&mut self, held: Held) {
        self.bytes += held.size();
        self.held.push(held);
    }

    /// Whether it is to be handed over before anything is added.
    pub(crate) fn is_full(&self) -> bool {
        self.held.len() >= HELD_MAX || self.bytes >= BYTES_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// What it holds, in order.
    pub(crate) fn held(&self) -> &[Held] {
        &self.held
    }

    /// Everything in it, which leaves it empty.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Held> {
        self.bytes = 0;
        self.held.drain(..)
    }

    /// The same, for another thread.
    pub(crate) fn take(&mut self) -> Vec<Held> {
        self.bytes = 0;
        std::mem::take(&mut self.held)
    }
}

/// What the log thread finds.
pub(crate) enum Next {
    /// Work.
    Batch(Batch),
    /// Nothing for the time it was willing to wait.
    Idle,
    /// Nothing, and nothing will come.
    Closed,
}

/// Two batches go round: the log thread has one at most, the core thread one at most.
pub(crate) struct Pipe {
    slot: Mutex<Slot>,
    for_log: Condvar,
    for_core: Condvar,
    log_waits: AtomicBool,
}

struct Slot {
    /// Handed over, not yet taken by the log thread. The core thread takes it back to add to it while the log
    /// thread is busy with the one before.
    filling: Option<Batch>,
    spare: Vec<Batch>,
    closed: bool,
    broken: bool,
}

impl Pipe {
    pub(crate) fn new(batches: [Batch; 2]) -> Pipe {
        let slot = Slot { filling: None, spare: batches.into(), closed: false, broken: false };
        Pipe {
            slot: Mutex::new(slot),
            for_log: Condvar::new(),
            for_core: Condvar::new(),
            log_waits: AtomicBool::new(false),
        }
    }

    /// The core thread begins to fill a batch. None: the engine has failed.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut slot = self.lock();
        // A batch that the log thread is about to take is left to it, or it would never get it.
        if self.log_waits() && slot.filling.is_some() {
            return slot.spare.pop();
        }
        slot.filling.take().or_else(|| slot.spare.pop())
    }

    /// The core thread hands its batch over. Waits while the log thread has not yet taken the one before. Where
    /// the engine has failed, the batch is dropped with the replies it holds, and their callers learn of it.
    pub(crate) fn put(&self, batch: Batch) {
        let mut slot = self.lock();
        while slot.filling.is_some() && !slot.broken {
            slot = self.for_core.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
        if slot.broken {
            return;
        }
        if batch.is_empty() {
            slot.spare.push(batch);
        } else {
            slot.filling = Some(batch);
            self.for_log.notify_one();
        }
    }

    /// The core thread's batch is full: hands it over and waits for another. None: the engine has failed.
    pub(crate) fn exchange(&self, batch: Batch) -> Option<Batch> {
        self.put(batch);
        let mut slot = self.lock();
        while (slot.filling.is_some() || slot.spare.is_empty()) && !slot.broken {
            slot = self.for_core.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
        if slot.broken { None } else { slot.spare.pop() }
    }

    /// Whether the log thread has nothing to do but wait for the core thread.
    pub(crate) fn log_waits(&self) -> bool {
        self.log_waits.load(Ordering::Relaxed)
    }

    /// Whether more is ready for the log thread.
    pub(crate) fn more_waits(&self) -> bool {
        self.lock().filling.is_some()
    }

    /// The log thread gives back what is done and takes what comes next, waiting at most so long.
    pub(crate) fn next(&self, done: Option<Batch>, wait: Duration) -> Next {
        let mut slot = self.lock();
        slot.spare.extend(done);
        self.for_core.notify_one();
        self.log_waits.store(true, Ordering::Relaxed);
        let mut waited = false;
        let next = loop {
            if slot.broken {
                break Next::Closed;
            }
            if let Some(batch) = slot.filling.take() {
                break Next::Batch(batch);
            }
            if slot.closed {
                break Next::Closed;
            }
            if waited {
                break Next::Idle;
            }
            let (guard, result) =
                self.for_log.wait_timeout(slot, wait).unwrap_or_else(PoisonError::into_inner);
            slot = guard;
            waited = result.timed_out();
        };
        self.log_waits.store(false, Ordering::Relaxed);
        self.for_core.notify_one();
        next
    }

    /// The core thread will hand over nothing more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.for_log.notify_one();
    }

    /// The engine has failed: whoever waits goes on, and what was handed over is never answered.
    pub(crate) fn break_up(&self) {
        let abandoned = {
            let mut slot = self.lock();
            slot.broken = true;
            slot.filling.take()
        };
        drop(abandoned);
        self.for_log.notify_all();
        self.for_core.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
