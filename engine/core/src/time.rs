//! Time as data: instants, dates, spans and zones. Nothing here reads a clock or a zone database.

use std::fmt;

use jiff::civil;
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Milliseconds in a minute.
pub const MINUTE: i64 = 60_000;
/// Milliseconds in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

impl Timestamp {
    /// This instant moved by `ms` milliseconds, held at the ends of the representable range.
    pub fn plus(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// Reads RFC 3339 with an offset, such as `2025-04-21T09:00+08:00`. `None` where it is anything else.
    pub fn parse(text: &str) -> Option<Timestamp> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Timestamp(t.as_millisecond()))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

/// A calendar date: days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub i32);

/// -9999-01-01 and 9999-12-31 in days: the calendar's ends.
const DATE_MIN: i32 = -4_371_587;
const DATE_MAX: i32 = 2_932_896;

const EPOCH: civil::Date = civil::Date::constant(1970, 1, 1);

impl Date {
    /// Reads `2025-04-27`. `None` where it is anything else.
    pub fn parse(text: &str) -> Option<Date> {
        if text.len() != 10 {
            return None;
        }
        let date = text.parse::<civil::Date>().ok()?;
        let days = EPOCH.until((jiff::Unit::Day, date)).ok()?.get_days();
        Some(Date(days))
    }

    /// 0 = Monday ... 6 = Sunday.
    pub fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7) as usize
    }

    /// This date moved by whole days; `None` outside the calendar.
    pub fn plus_days(self, days: i32) -> Option<Date> {
        self.0.checked_add(days).filter(|days| (DATE_MIN..=DATE_MAX).contains(days)).map(Date)
    }

    /// This date moved by whole months, held at the month's last day; `None` outside the calendar.
    pub fn plus_months(self, months: i32) -> Option<Date> {
        let moved = self.civil()?.checked_add(jiff::Span::new().try_months(months).ok()?).ok()?;
        Some(Date(EPOCH.until((jiff::Unit::Day, moved)).ok()?.get_days()))
    }

    fn civil(self) -> Option<civil::Date> {
        EPOCH.checked_add(jiff::Span::new().try_days(self.0).ok()?).ok()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(d) => write!(f, "{d}"),
            None => write!(f, "day {}", self.0),
        }
    }
}

/// A length of time as admins write it: `30min`, `72h`, `7d`, `12mo`, `8wh`, `15wd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: SpanUnit,
}

/// The units of a [`Span`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SpanUnit {
    /// Clock minutes, `min`.
    Minute,
    /// Clock hours, `h`.
    Hour,
    /// Calendar days, `d`.
    Day,
    /// Calendar months, `mo`.
    Month,
    /// Working hours of the company's calendar, `wh`.
    WorkHour,
    /// Working days of the company's calendar, `wd`.
    WorkDay,
}

impl Span {
    /// Reads `8wh`, `15wd`, `30min`, `72h`, `7d` or `12mo`; at most 100,000 of a unit.
    pub fn parse(text: &str) -> Option<Span> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let unit = match unit {
            "min" => SpanUnit::Minute,
            "h" => SpanUnit::Hour,
            "d" => SpanUnit::Day,
            "mo" => SpanUnit::Month,
            "wh" => SpanUnit::WorkHour,
            "wd" => SpanUnit::WorkDay,
            _ => return None,
        };
        let count = count.parse().ok().filter(|n| (1..=100_000).contains(n))?;
        Some(Span { count, unit })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            SpanUnit::Minute => "min",
            SpanUnit::Hour => "h",
            SpanUnit::Day => "d",
            SpanUnit::Month => "mo",
            SpanUnit::WorkHour => "wh",
            SpanUnit::WorkDay => "wd",
        };
        write!(f, "{}{unit}", self.count)
    }
}

/// A time zone as data: when which offset begins. Filled by the loader, so that a replay needs no zone database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// The IANA name, for people.
    pub name: String,
    /// (first second of UTC, offset from UTC in seconds), ascending; the first entry also holds before it.
    pub offsets: Vec<(i64, i32)>,
}

impl Zone {
    fn offset_at(&self, utc_seconds: i64) -> i64 {
        let after = self.offsets.partition_point(|(from, _)| *from <= utc_seconds);
        let entry = self.offsets.get(after.saturating_sub(1));
        entry.map_or(0, |(_, offset)| i64::from(*offset))
    }

    /// RFC 3339 at the offset that holds here then: `2025-04-21T09:00:00+08:00`.
    pub fn written(&self, at: Timestamp) -> String {
        let offset = i32::try_from(self.offset_at(at.0.div_euclid(1000))).ok();
        let offset = offset.and_then(|seconds| jiff::tz::Offset::from_seconds(seconds).ok());
        match (jiff::Timestamp::from_millisecond(at.0), offset) {
            (Ok(instant), Some(offset)) => instant.display_with_offset(offset).to_string(),
            _ => at.to_string(),
        }
    }

    /// The same, in UTC where there is no zone.
    pub(crate) fn told(zone: Option<&Zone>, at: Timestamp) -> String {
        zone.map_or_else(|| at.to_string(), |zone| zone.written(at))
    }

    /// The local date and the milliseconds since its local midnight.
    pub fn local(&self, at: Timestamp) -> (Date, i64) {
        let local = at.plus(self.offset_at(at.0.div_euclid(1000)) * 1000).0;
        (Date(local.div_euclid(DAY) as i32), local.rem_euclid(DAY))
    }

    /// What local time is ahead of UTC, in milliseconds, where that changes neither on this date nor within a day of
    /// it: all its times are then instants at this distance.
    pub(crate) fn steady(&self, date: Date) -> Option<i64> {
        let midnight = i64::from(date.0) * (DAY / 1000);
        let after = self.offsets.partition_point(|(from, _)| *from <= midnight - 2 * 86_400);
        let offset = self.offsets.get(after.saturating_sub(1)).map_or(0, |(_, offset)| i64::from(*offset));
        let next = self.offsets.get(after.max(1));
        let changes = next.is_some_and(|(from, _)| *from <= midnight + 3 * 86_400);
        (!changes && offset.abs() <= 86_400).then_some(offset * 1000)
    }

    /// The instant of a local date and milliseconds since midnight. A time that a clock change skips or
    /// repeats is read with the offset that held before the change.
    pub fn instant(&self, date: Date, ms: i64) -> Timestamp {
        let local = i64::from(date.0) * DAY + ms;
        let earlier = self.offset_at(local.div_euclid(1000) - 86_400);
        let candidate = self.offset_at(local.div_euclid(1000) - earlier);
        let offset =
            if self.offset_at(local.div_euclid(1000) - candidate) == candidate { candidate } else { earlier };
        // A repeated time has two instants; the earlier offset names the first of them.
        let first = local - earlier * 1000;
        if self.offset_at(first.div_euclid(1000)) == earlier {
            Timestamp(first)
        } else {
            Timestamp(local - offset * 1000)
        }
    }
}
