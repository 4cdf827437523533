//! What has been counted of the dealings with adapters since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// What went out to adapters and came in from them since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutwardCounts {
    /// Commands that went out, repeats among them.
    pub commands: u64,
    /// Commands that were answered, given up or sent again meanwhile, and so did not go out.
    pub unwanted: u64,
    /// Answers that took effect.
    pub answers: u64,
    /// Facts that took effect: received, kept, or they started a case.
    pub facts: u64,
    /// Answers and facts that had come before; they changed nothing.
    pub duplicates: u64,
    /// Second, different last answers.
    pub conflicts: u64,
    /// Answers that came when the case no longer waited.
    pub late: u64,
    /// Messages that could not be processed and were kept as dead letters.
    pub dead: u64,
    /// Messages that were given back because the engine could not take them on just then.
    pub given_back: u64,
}

/// The counters behind them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commands: AtomicU64,
    pub(crate) unwanted: AtomicU64,
    pub(crate) answers: AtomicU64,
    pub(crate) facts: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) late: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) given_back: AtomicU64,
}

impl Counters {
    /// As they stand.
    pub(crate) fn read(&self) -> OutwardCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        OutwardCounts {
            commands: of(&self.commands),
            unwanted: of(&self.unwanted),
            answers: of(&self.answers),
            facts: of(&self.facts),
            duplicates: of(&self.duplicates),
            conflicts: of(&self.conflicts),
            late: of(&self.late),
            dead: of(&self.dead),
            given_back: of(&self.given_back),
        }
    }
}

/// One more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl OutwardCounts {
    /// One line of the log.
    pub(crate) fn log(&self) {
        let OutwardCounts {
            commands,
            unwanted,
            answers,
            facts,
            duplicates,
            conflicts,
            late,
            dead,
            given_back,
        } = *self;
        tracing::info!(
            commands, unwanted, answers, facts, duplicates, conflicts, late, dead, given_back, "adapters"
        );
    }
}
