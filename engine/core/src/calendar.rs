//! The working calendar: weekly pattern, holidays, make-up workdays, and arithmetic in working time.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::time::{DAY, Date, HOUR, MINUTE, Span, SpanUnit, Timestamp, Zone};

/// When a company works. Deadlines in `wh` and `wd` are counted on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The zone in which hours and dates are meant.
    pub zone: Zone,
    /// Working weekdays, Monday first.
    pub days: [bool; 7],
    /// Working intervals of a day in minutes since local midnight, `[start, end)`, ascending, not overlapping.
    pub hours: Vec<(u16, u16)>,
    /// Days off whatever the weekday.
    pub holidays: BTreeSet<Date>,
    /// Working days whatever the weekday (调休).
    pub make_up_days: BTreeSet<Date>,
}

/// A deadline further away than this many calendar days is refused rather than searched for.
const HORIZON_DAYS: i32 = 366 * 30;

impl Calendar {
    /// Whether the date is worked.
    pub fn works(&self, date: Date) -> bool {
        self.make_up_days.contains(&date) || (self.days[date.weekday()] && !self.holidays.contains(&date))
    }

    /// Working milliseconds of a full working day.
    pub fn day_length(&self) -> i64 {
        self.hours.iter().map(|(from, to)| i64::from(to - from) * MINUTE).sum()
    }

    /// The instant `span` after `from`. `None` where it lies beyond the calendar or no time is ever worked.
    pub fn add(&self, from: Timestamp, span: Span) -> Option<Timestamp> {
        let count = i64::from(span.count);
        match span.unit {
            SpanUnit::Minute => Some(from.plus(count * MINUTE)),
            SpanUnit::Hour => Some(from.plus(count * HOUR)),
            SpanUnit::Day => self.shifted(from, |date| date.plus_days(span.count as i32)),
            SpanUnit::Month => self.shifted(from, |date| date.plus_months(span.count as i32)),
            SpanUnit::WorkHour => self.add_working(from, count * HOUR),
            SpanUnit::WorkDay => self.add_working(from, count.checked_mul(self.day_length())?),
        }
    }

    fn shifted(&self, from: Timestamp, shift: impl Fn(Date) -> Option<Date>) -> Option<Timestamp> {
        let (date, ms) = self.zone.local(from);
        Some(self.zone.instant(shift(date)?, ms))
    }

    /// The instant at which `ms` working milliseconds have passed since `from`. The end of an interval
    /// belongs to it: eight hours from nine o'clock end at six, not at nine the next morning.
    pub fn add_working(&self, from: Timestamp, ms: i64) -> Option<Timestamp> {
        self.add_working_each(from, [ms]).map(|[at]| at)
    }

    /// The same for several lengths in ascending order, in one walk over the days.
    pub fn add_working_each<const N: usize>(
        &self,
        from: Timestamp,
        lengths: [i64; N],
    ) -> Option<[Timestamp; N]> {
        let mut found = [from; N];
        let mut next = lengths.iter().take_while(|ms| **ms <= 0).count();
        let mut passed = 0;
        let (first, _) = self.zone.local(from);
        for day in 0..HORIZON_DAYS {
            if next == N {
                return Some(found);
            }
            for (start, end) in self.worked_on(first.plus_days(day)?) {
                let begin = start.max(from);
                let length = (end.0 - begin.0).max(0);
                while next < N && lengths[next] - passed <= length {
                    found[next] = begin.plus(lengths[next] - passed);
                    next += 1;
                }
                passed += length;
            }
        }
        None
    }

    /// Working milliseconds between two instants; 0 where `to` is not after `from`.
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> i64 {
        if to <= from {
            return 0;
        }
        let (first, _) = self.zone.local(from);
        let (last, _) = self.zone.local(to);
        let days = (first.0..=last.0).take(HORIZON_DAYS as usize).map(Date);
        days.flat_map(|date| self.worked_on(date))
            .map(|(start, end)| (end.min(to).0 - start.max(from).0).max(0))
            .sum()
    }

    fn worked_on(&self, date: Date) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let hours: &[(u16, u16)] = if self.works(date) { &self.hours } else { &[] };
        let steady = if hours.is_empty() { None } else { self.zone.steady(date) };
        hours.iter().map(move |(from, to)| {
            let instant = |minute: u16| match (steady, i64::from(minute) * MINUTE) {
                (Some(ahead), ms) => Timestamp(i64::from(date.0) * DAY + ms - ahead),
                (None, DAY) => self.zone.instant(Date(date.0 + 1), 0),
                (None, ms) => self.zone.instant(date, ms),
            };
            (instant(*from), instant(*to))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day far from any change of the clocks takes a shorter way; it must lead to the same instants.
    #[test]
    fn steady_days_have_the_instants_of_the_zone() {
        let offsets = vec![(0, 3600), (1_743_296_400, 7200), (1_761_440_400, 3600), (1_774_746_000, 7200)];
        let zone = Zone { name: "Europe/Berlin".to_owned(), offsets };
        let hours = vec![(0, 60), (90, 150), (540, 720), (1380, 1440)];
        let calendar = Calendar { zone, days: [true; 7], hours, ..Calendar::default() };
        let mut steady = 0;
        for day in 20_000..20_600 {
            let date = Date(day);
            steady += usize::from(calendar.zone.steady(date).is_some());
            for ((start, end), (from, to)) in calendar.worked_on(date).zip(&calendar.hours) {
                assert_eq!(start, calendar.zone.instant(date, i64::from(*from) * MINUTE), "{date}");
                let last = if *to == 1440 { (Date(day + 1), 0) } else { (date, i64::from(*to) * MINUTE) };
                assert_eq!(end, calendar.zone.instant(last.0, last.1), "{date}");
            }
        }
        assert!(
            (550..600).contains(&steady),
            "most days are steady, and those around a change are not: {steady}"
        );
    }
}
