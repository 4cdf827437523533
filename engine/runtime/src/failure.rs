//! The end without a clean stop: what was not durable is never answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::clock::Wake;
use crate::options::OnFatal;

/// Whether the engine has failed, and why. Shared by its threads.
pub(crate) struct Failure {
    on_fatal: OnFatal,
    failed: AtomicBool,
    reason: Mutex<Option<String>>,
    wakes: Mutex<Vec<Wake>>,
}

impl Failure {
    pub(crate) fn new(on_fatal: OnFatal) -> Failure {
        Failure {
            on_fatal,
            failed: AtomicBool::new(false),
            reason: Mutex::new(None),
            wakes: Mutex::new(Vec::new()),
        }
    }

    /// The disk failed or State is in doubt. Does not return where the process is to abort.
    pub(crate) fn raise(&self, reason: String) {
        tracing::error!(%reason, "the engine cannot go on");
        if self.on_fatal == OnFatal::Abort {
            std::process::abort();
        }
        self.give_up(reason);
    }

    /// Stops everything without an answer, but lets the process live: nothing is in doubt.
    pub(crate) fn give_up(&self, reason: String) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.failed.store(true, Ordering::Release);
        let wakes = self.wakes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        wakes.iter().for_each(|wake| wake());
    }

    /// Asks to be woken when the engine fails.
    pub(crate) fn on_raise(&self, wake: Wake) {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).push(wake);
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    pub(crate) fn reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
