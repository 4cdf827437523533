//! Moments and clocks. Time comes from a clock that is passed in, so that a demonstration or test may have its own.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_messages::Timestamp;
use tokio::time::Instant;

/// A moment, to the nanosecond.
pub type Moment = jiff::Timestamp;

/// A moment as it stands on the wire, in UTC.
pub fn wire(at: Moment) -> Timestamp {
    let whole = Moment::from_microsecond(at.as_microsecond()).unwrap_or(at);
    // A moment before year 0 has a sign, which the wire does not know.
    Timestamp::new(whole.to_string())
        .unwrap_or_else(|_| Timestamp::new("0001-01-01T00:00:00Z").expect("a moment"))
}

/// The moment that a wire form means.
pub fn read(at: &Timestamp) -> Moment {
    // The wire form has been checked; what it may say beyond the calendar counts as its end.
    at.as_str().parse().unwrap_or(Moment::MAX)
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Moment::from_microsecond(micros).unwrap_or(Moment::MAX)
    }
}

/// A clock that stands until it is set: what a demonstration in virtual time uses.
#[derive(Debug)]
pub struct ManualClock(Mutex<Moment>);

impl ManualClock {
    /// Stands at this moment.
    pub fn new(at: Moment) -> ManualClock {
        ManualClock(Mutex::new(at))
    }

    /// Sets it.
    pub fn set(&self, at: Moment) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Counts on from a moment with tokio's clock, which stands still and jumps in a test that pauses it.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Moment,
    began: Instant,
}

impl TokioClock {
    /// It is this moment now.
    pub fn starting(at: Moment) -> TokioClock {
        TokioClock { start: at, began: Instant::now() }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Moment {
        let passed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        Moment::from_microsecond(self.start.as_microsecond().saturating_add(passed)).unwrap_or(Moment::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_the_wire() {
        for text in ["2025-04-21T01:00:00Z", "2025-04-21T01:00:00.000001Z", "2025-04-21T09:00:00+08:00"] {
            let at = read(&Timestamp::new(text).expect("a time"));
            assert_eq!(read(&wire(at)), at);
        }
        assert_eq!(wire(Moment::MIN).as_str(), "0001-01-01T00:00:00Z");
        assert_eq!(wire(Moment::UNIX_EPOCH).as_str(), "1970-01-01T00:00:00Z");
    }
}
