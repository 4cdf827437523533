//! The period of a report, in days of the company's zone.

use countersign_core::command::CaseNo;
use countersign_core::time::{Date, Timestamp};

/// What was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The first day; None: the first of the last day's month.
    pub from: Option<Date>,
    /// The last day; None: the day that the report is as of.
    pub to: Option<Date>,
    /// Only this case.
    pub case: Option<CaseNo>,
}

/// The period of a report: both days belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The day that the report is as of.
    pub today: Date,
    /// The instant that it is as of.
    pub now: Timestamp,
    /// Only this case.
    pub case: Option<CaseNo>,
}

impl Window {
    /// Whether a day belongs to the period.
    pub fn has(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// A month of the calendar: years times twelve, and the month from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month(i32);

impl Month {
    /// The month of a date.
    pub(crate) fn of(date: Date) -> Month {
        let text = date.to_string();
        // `2025-04-27`, or `-009999-01-01`: the year may have a sign, month and day never do.
        let mut parts = text.rsplitn(3, '-');
        let (_, month, year) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<i32>().ok()).unwrap_or(1);
        Month(number(year) * 12 + number(month) - 1)
    }

    /// The month so many later.
    pub(crate) fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }

    /// Its first day.
    pub(crate) fn first(self) -> Date {
        Date::parse(&format!("{self}-01")).unwrap_or_default()
    }

    /// Its last day.
    pub(crate) fn last(self) -> Date {
        let next = self.plus(1).first();
        next.plus_days(-1).unwrap_or(next)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_have_first_and_last_days() {
        let day = |text| Date::parse(text).unwrap();
        let month = Month::of(day("2024-02-29"));
        assert_eq!((month.first(), month.last()), (day("2024-02-01"), day("2024-02-29")));
        assert_eq!(month.plus(-2).to_string(), "2023-12");
        assert_eq!(month.plus(11).last(), day("2025-01-31"));
    }
}
