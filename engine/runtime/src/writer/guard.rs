//! Watches the clock: a jump of the wall clock must not set off a storm of escalations.

use std::time::Duration;

use countersign_core::time::{MINUTE, Timestamp};

use crate::clock::Clock;

/// How far wall and monotonic clock may drift apart between two turns.
const DRIFT_MAX_MS: i64 = 5 * MINUTE;

/// What both clocks showed at the last turn, and whether they have parted since.
pub(crate) struct Guard {
    wall: Timestamp,
    monotonic: Duration,
    jumped: bool,
}

impl Guard {
    pub(crate) fn new(clock: &dyn Clock) -> Guard {
        Guard { wall: clock.wall(), monotonic: clock.monotonic(), jumped: false }
    }

    /// Looks at both clocks. The time of day, and the time since some start.
    pub(crate) fn look(&mut self, clock: &dyn Clock) -> (Timestamp, Duration) {
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        if self.jumped {
            return (wall, monotonic);
        }
        let passed = monotonic.saturating_sub(self.monotonic).as_millis();
        let expected = self.wall.plus(i64::try_from(passed).unwrap_or(i64::MAX));
        let drift = wall.0.saturating_sub(expected.0);
        if drift.saturating_abs() > DRIFT_MAX_MS {
            tracing::error!(drift_ms = drift, %wall, "the wall clock jumped: timers hold until the time is confirmed");
            self.jumped = true;
        } else {
            (self.wall, self.monotonic) = (wall, monotonic);
        }
        (wall, monotonic)
    }

    /// Whether the time is in doubt.
    pub(crate) fn jumped(&self) -> bool {
        self.jumped
    }

    /// An operator says that the time is right.
    pub(crate) fn confirm(&mut self, clock: &dyn Clock) {
        *self = Guard::new(clock);
    }
}
