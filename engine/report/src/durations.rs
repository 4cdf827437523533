//! Lengths of time: in hours to two digits, by rank.

use rust_decimal::Decimal;

use crate::sheet::{Cell, rounded};

/// Lengths in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations(Vec<i64>);

impl Durations {
    pub(crate) fn push(&mut self, ms: i64) {
        self.0.push(ms.max(0));
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The smallest length that so many of a hundred do not exceed (nearest rank).
    pub(crate) fn percentile(&self, percent: usize) -> Option<i64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied()
    }

    /// A percentile in hours.
    pub(crate) fn hours(&self, percent: usize) -> Cell {
        self.percentile(percent).map_or(Cell::None, hours)
    }

    pub(crate) fn longest(&self) -> Cell {
        self.0.iter().max().map_or(Cell::None, |ms| hours(*ms))
    }
}

/// Milliseconds as hours: `1.50`.
pub(crate) fn hours(ms: i64) -> Cell {
    Cell::Text(rounded(Decimal::from(ms) / Decimal::from(3_600_000), 2).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_lengths_that_occurred() {
        let mut lengths = Durations::default();
        assert_eq!(lengths.hours(50), Cell::None);
        (1..=10).rev().for_each(|hour| lengths.push(hour * 3_600_000));
        assert_eq!(lengths.hours(50), Cell::Text("5.00".into()));
        assert_eq!(lengths.hours(90), Cell::Text("9.00".into()));
        assert_eq!(lengths.longest(), Cell::Text("10.00".into()));
    }
}
