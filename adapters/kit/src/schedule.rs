//! When to try again: exponential, bounded, without chance, so that a test and a log show the same.

use std::time::Duration;

/// A schedule of pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Default for Schedule {
    fn default() -> Schedule {
        Schedule { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

impl Schedule {
    /// The pause after so many failures in a row (from 1): doubled each time, up to the longest.
    pub fn pause(&self, failures: u32) -> Duration {
        let doubled = 2_u32.checked_pow(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let schedule = Schedule { first: Duration::from_secs(1), most: Duration::from_secs(10) };
        let pauses: Vec<u64> = (0..8).map(|n| schedule.pause(n).as_secs()).collect();
        assert_eq!(pauses, [1, 1, 2, 4, 8, 10, 10, 10]);
        assert_eq!(schedule.pause(u32::MAX), schedule.most);
    }
}
