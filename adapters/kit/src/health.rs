//! How an adapter is doing, for whoever watches it: health, counters, and both as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::time::Moment;

/// How an adapter is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Whether its back office answers, as far as is known: fewer than three failures in a row.
    pub ready: bool,
    /// When the back office last answered.
    pub last_success: Option<Moment>,
    /// Calls in a row that it did not answer.
    pub consecutive_failures: u32,
    /// Why the last of them failed.
    pub last_failure: Option<String>,
    /// Commands in hand.
    pub in_flight: usize,
    /// Since when the oldest of them is in hand.
    pub oldest_pending: Option<Moment>,
}

/// From so many failures in a row on, an adapter is not ready.
pub(crate) const FAILURES_MAX: u32 = 3;

/// Keeps track of health.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Beats>);

#[derive(Debug, Default)]
struct Beats {
    last_success: Option<Moment>,
    consecutive_failures: u32,
    last_failure: Option<String>,
    pending: BTreeMap<u64, Moment>,
    next: u64,
}

impl Pulse {
    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn success(&self, at: Moment) {
        let mut beats = self.beats();
        beats.last_success = Some(at);
        beats.consecutive_failures = 0;
        beats.last_failure = None;
    }

    /// Returns how many failures in a row there are now.
    pub(crate) fn failure(&self, why: &str) -> u32 {
        let mut beats = self.beats();
        beats.consecutive_failures = beats.consecutive_failures.saturating_add(1);
        beats.last_failure = Some(why.to_owned());
        beats.consecutive_failures
    }

    /// A command is in hand; the number is given back when it no longer is.
    pub(crate) fn begin(&self, at: Moment) -> u64 {
        let mut beats = self.beats();
        beats.next += 1;
        let number = beats.next;
        beats.pending.insert(number, at);
        number
    }

    pub(crate) fn end(&self, number: u64) {
        self.beats().pending.remove(&number);
    }

    pub(crate) fn health(&self) -> Health {
        let beats = self.beats();
        Health {
            ready: beats.consecutive_failures < FAILURES_MAX,
            last_success: beats.last_success,
            consecutive_failures: beats.consecutive_failures,
            last_failure: beats.last_failure.clone(),
            in_flight: beats.pending.len(),
            oldest_pending: beats.pending.values().min().copied(),
        }
    }
}

/// What an adapter has done since it was started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Messages that came in.
    pub received: AtomicU64,
    /// Calls to the back office.
    pub calls: AtomicU64,
    /// Calls that it answered.
    pub answered: AtomicU64,
    /// Calls that were certainly not taken.
    pub not_taken: AtomicU64,
    /// Calls after which nobody knew whether the work was done.
    pub in_doubt: AtomicU64,
    /// Look-ups in place of a repeated call.
    pub look_ups: AtomicU64,
    /// Answers that were published, repeats included.
    pub replies: AtomicU64,
    /// Commands that came again after they had been answered.
    pub repeats: AtomicU64,
    /// Answers `unknown`: each of them is a case for a person.
    pub unknown: AtomicU64,
    /// Facts that were published.
    pub facts: AtomicU64,
    /// Messages that could not be processed.
    pub dead_letters: AtomicU64,
    /// Publications that had to be tried again.
    pub publish_failures: AtomicU64,
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Metrics {
    /// The counters with their names and meanings.
    fn rows(&self) -> [(&'static str, &'static str, &AtomicU64); 12] {
        [
            ("received", "Messages that came in.", &self.received),
            ("calls", "Calls to the back office.", &self.calls),
            ("answered", "Calls that were answered.", &self.answered),
            ("not_taken", "Calls that were certainly not taken.", &self.not_taken),
            ("in_doubt", "Calls with an unknown end.", &self.in_doubt),
            ("look_ups", "Look-ups in place of a repeated call.", &self.look_ups),
            ("replies", "Answers published.", &self.replies),
            ("repeats", "Commands that came again after their answer.", &self.repeats),
            ("unknown", "Answers that nobody knows.", &self.unknown),
            ("facts", "Facts published.", &self.facts),
            ("dead_letters", "Messages that could not be processed.", &self.dead_letters),
            ("publish_failures", "Publications tried again.", &self.publish_failures),
        ]
    }

    /// The counters and the health in the text format of Prometheus.
    pub fn exposition(&self, adapter: &str, health: &Health) -> String {
        let mut text = String::new();
        let mut row = |name: &str, kind: &str, help: &str, value: i64| {
            let name = format!("countersign_adapter_{name}");
            // Writing to a String does not fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            let _ = writeln!(text, "{name}{{adapter=\"{adapter}\"}} {value}");
        };
        for (name, help, counter) in self.rows() {
            let value = i64::try_from(counter.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
            row(&format!("{name}_total"), "counter", help, value);
        }
        row("ready", "gauge", "Whether the back office answers.", i64::from(health.ready));
        row("in_flight", "gauge", "Commands in hand.", i64::try_from(health.in_flight).unwrap_or(i64::MAX));
        let failures = i64::from(health.consecutive_failures);
        row("consecutive_failures", "gauge", "Calls in a row without an answer.", failures);
        let second = |at: Option<Moment>| at.map_or(0, Moment::as_second);
        row("last_success_seconds", "gauge", "When it last answered; 0: never.", second(health.last_success));
        row(
            "oldest_pending_seconds",
            "gauge",
            "Since when the oldest command waits; 0: none does.",
            second(health.oldest_pending),
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_follows_what_happens() {
        let at = |second| Moment::from_second(second).expect("a moment");
        let pulse = Pulse::default();
        assert!(pulse.health().ready);
        let first = pulse.begin(at(10));
        let second = pulse.begin(at(20));
        assert_eq!((pulse.health().in_flight, pulse.health().oldest_pending), (2, Some(at(10))));
        pulse.end(first);
        assert_eq!(pulse.health().oldest_pending, Some(at(20)));
        pulse.end(second);
        for expected in [true, true, false] {
            pulse.failure("down");
            assert_eq!(pulse.health().ready, expected);
        }
        pulse.success(at(30));
        let health = pulse.health();
        assert!(health.ready && health.last_failure.is_none() && health.last_success == Some(at(30)));
    }

    #[test]
    fn the_exposition_has_help_type_and_value() {
        let metrics = Metrics::default();
        count(&metrics.calls);
        let text = metrics.exposition("erp", &Pulse::default().health());
        assert!(text.contains("# TYPE countersign_adapter_calls_total counter\n"), "{text}");
        assert!(text.contains("countersign_adapter_calls_total{adapter=\"erp\"} 1\n"), "{text}");
        assert!(text.contains("countersign_adapter_ready{adapter=\"erp\"} 1\n"), "{text}");
        assert!(text.lines().all(|line| line.starts_with('#') || line.split(' ').count() == 2), "{text}");
    }
}
