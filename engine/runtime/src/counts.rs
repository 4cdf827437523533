//! What the engine counts since its start, for whoever watches it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What an engine has done since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EngineCounts {
    /// Commands that took effect.
    pub accepted: u64,
    /// Requests that had taken effect before, and were answered again.
    pub repeated: u64,
    /// Commands that were refused or turned away, by code.
    pub refused: BTreeMap<String, u64>,
    /// Messages that wait in the queue of the core thread.
    pub queued: u64,
}

/// A counter on a cache line of its own: callers and the core thread count without getting in each other's way.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart(AtomicU64);

impl Apart {
    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// For a counter that only one thread changes.
    fn one_more(&self) {
        self.0.store(self.read() + 1, Ordering::Relaxed);
    }
}

/// The counters behind them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    sent: Apart,
    taken: Apart,
    accepted: Apart,
    repeated: Apart,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Counters {
    /// A caller has put a message into the queue.
    pub(crate) fn sent(&self) {
        self.sent.0.fetch_add(1, Ordering::Relaxed);
    }

    /// The core thread has taken one out.
    pub(crate) fn taken(&self) {
        self.taken.one_more();
    }

    /// A command took effect. Called by the core thread only.
    pub(crate) fn accepted(&self) {
        self.accepted.one_more();
    }

    /// A request had taken effect before. Called by the core thread only.
    pub(crate) fn repeated(&self) {
        self.repeated.one_more();
    }

    /// A command was refused or turned away. Codes of rules come from the definitions, so that there are only so many.
    pub(crate) fn refused(&self, code: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(refused.insert(code.to_owned(), 1)),
        }
    }

    /// As they stand.
    pub(crate) fn read(&self) -> EngineCounts {
        // In this order, so that a message is never taken before it was sent.
        let taken = self.taken.read();
        EngineCounts {
            queued: self.sent.read().saturating_sub(taken),
            accepted: self.accepted.read(),
            repeated: self.repeated.read(),
            refused: self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
