//! Working time against a naive model that walks minute by minute, over holidays, make-up days and clock changes.

use std::collections::BTreeSet;

use countersign_core::calendar::Calendar;
use countersign_core::time::{Date, HOUR, MINUTE, Span, Timestamp, Zone};
use proptest::prelude::*;

fn date(text: &str) -> Date {
    Date::parse(text).unwrap_or_else(|| panic!("not a date: {text}"))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap_or_else(|| panic!("not a time: {text}"))
}

/// London's clocks of 2025: forward on 30 March, back on 26 October.
fn london() -> Zone {
    let seconds = |text: &str| at(text).0 / 1000;
    let offsets = vec![
        (seconds("2024-10-27T01:00:00Z"), 0),
        (seconds("2025-03-30T01:00:00Z"), 3600),
        (seconds("2025-10-26T01:00:00Z"), 0),
        (seconds("2026-03-29T01:00:00Z"), 3600),
    ];
    Zone { name: "Europe/London".into(), offsets }
}

fn shanghai() -> Zone {
    Zone { name: "Asia/Shanghai".into(), offsets: vec![(0, 8 * 3600)] }
}

fn calendar(zone: Zone) -> Calendar {
    Calendar {
        zone,
        days: [true, true, true, true, true, false, false],
        hours: vec![(9 * 60, 12 * 60), (13 * 60, 18 * 60)],
        holidays: ["2025-05-01", "2025-05-02", "2025-05-03", "2025-05-04", "2025-05-05"].map(date).into(),
        make_up_days: BTreeSet::from([date("2025-04-27")]),
    }
}

/// Whether the minute that begins at an instant is worked, from the definition of the calendar alone.
fn minute_is_worked(calendar: &Calendar, at: Timestamp) -> bool {
    let (date, ms) = calendar.zone.local(at);
    let weekday = calendar.days[(date.0 + 3).rem_euclid(7) as usize];
    let worked = calendar.make_up_days.contains(&date) || (weekday && !calendar.holidays.contains(&date));
    let minute = ms / MINUTE;
    worked && calendar.hours.iter().any(|(from, to)| i64::from(*from) <= minute && minute < i64::from(*to))
}

/// The end of the minute in which the last of so many working minutes passes.
fn naive_add(calendar: &Calendar, from: Timestamp, minutes: i64) -> Timestamp {
    let mut left = minutes;
    let mut at = from;
    while left > 0 {
        if minute_is_worked(calendar, at) {
            left -= 1;
        }
        at = at.plus(MINUTE);
    }
    at
}

fn naive_between(calendar: &Calendar, from: Timestamp, to: Timestamp) -> i64 {
    let minutes = (from.0..to.0).step_by(MINUTE as usize);
    minutes.filter(|at| minute_is_worked(calendar, Timestamp(*at))).count() as i64 * MINUTE
}

/// Whole minutes of 2025 and the days around it.
fn any_minute() -> impl Strategy<Value = Timestamp> {
    let (from, to) = (at("2025-01-01T00:00:00Z").0 / MINUTE, at("2025-12-20T00:00:00Z").0 / MINUTE);
    (from..to).prop_map(|minute| Timestamp(minute * MINUTE))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn adding_working_time_is_walking_minute_by_minute(from in any_minute(), minutes in 1_i64..60 * 40, in_london: bool) {
        let calendar = calendar(if in_london { london() } else { shanghai() });
        let found = calendar.add_working(from, minutes * MINUTE);
        prop_assert_eq!(found, Some(naive_add(&calendar, from, minutes)));
    }

    #[test]
    fn several_lengths_in_one_walk_are_each_of_them_alone(from in any_minute(), mut lengths: [u16; 3]) {
        lengths.sort_unstable();
        let calendar = calendar(shanghai());
        let lengths = lengths.map(|minutes| i64::from(minutes % 5_000) * MINUTE);
        let mut sorted = lengths;
        sorted.sort_unstable();
        let each = calendar.add_working_each(from, sorted);
        prop_assert_eq!(each, Some(sorted.map(|ms| calendar.add_working(from, ms).expect("within the calendar"))));
    }

    #[test]
    fn working_time_between_two_instants_is_what_was_added(from in any_minute(), minutes in 0_i64..60 * 40, in_london: bool) {
        let calendar = calendar(if in_london { london() } else { shanghai() });
        let to = calendar.add_working(from, minutes * MINUTE).expect("within the calendar");
        prop_assert_eq!(calendar.working_between(from, to), minutes * MINUTE);
        prop_assert_eq!(naive_between(&calendar, from, to), minutes * MINUTE);
        prop_assert_eq!(calendar.working_between(to, from), 0);
    }

    #[test]
    fn a_local_time_is_the_instant_it_came_from_unless_the_clock_repeats_it(at in any_minute()) {
        let zone = london();
        let (date, ms) = zone.local(at);
        let repeated = (self::at("2025-10-26T00:00:00Z")..self::at("2025-10-26T02:00:00Z")).contains(&at);
        let found = zone.instant(date, ms);
        prop_assert!(found == at || repeated, "{at} is {date} + {ms} ms, which is {found}");
        prop_assert_eq!(zone.local(found), (date, ms));
    }
}

/// Up to three intervals of a day, nights and the hours in which clocks change included. None begins or ends within
/// that hour: such a time is read with the offset before the change, which a walk by local minutes does not know.
fn any_hours() -> impl Strategy<Value = Vec<(u16, u16)>> {
    let edges = prop::collection::btree_set(
        (0_u16..=48).prop_map(|half| if half == 3 { 0 } else { half * 30 }),
        2..=6,
    );
    edges.prop_map(|edges| {
        let edges: Vec<u16> = edges.into_iter().collect();
        edges.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    })
}

/// A minute within three days of a change of London's clocks.
fn minute_near_a_change() -> impl Strategy<Value = Timestamp> {
    let change = prop_oneof![Just("2025-03-30T01:00:00Z"), Just("2025-10-26T01:00:00Z")];
    (change, -4_320_i64..4_320).prop_map(|(change, minutes)| at(change).plus(minutes * MINUTE))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Night shifts on the days on which an hour is missing or comes twice.
    #[test]
    fn working_hours_that_a_clock_change_cuts(
        from in minute_near_a_change(), hours in any_hours(), minutes in 1_i64..60 * 30, sundays: bool,
    ) {
        let mut calendar = calendar(london());
        calendar.hours = hours;
        calendar.days[6] = sundays;
        let to = calendar.add_working(from, minutes * MINUTE).expect("somebody works");
        prop_assert_eq!(to, naive_add(&calendar, from, minutes));
        prop_assert_eq!(calendar.working_between(from, to), minutes * MINUTE);
        let later = from.plus(minutes * MINUTE);
        prop_assert_eq!(calendar.working_between(from, later), naive_between(&calendar, from, later));
    }
}

#[test]
fn s17_the_demo_companys_deadlines() {
    let calendar = calendar(shanghai());
    let span = |text: &str| Span::parse(text).unwrap_or_else(|| panic!("not a span: {text}"));
    let cases = [
        ("2025-04-30T16:00+08:00", "8wh", "2025-05-06T16:00+08:00"),
        ("2025-04-30T16:00+08:00", "4wh", "2025-05-06T11:00+08:00"),
        ("2025-04-30T16:00+08:00", "16wh", "2025-05-07T16:00+08:00"),
        ("2025-04-25T17:00+08:00", "8wh", "2025-04-27T17:00+08:00"),
        ("2025-04-25T18:00+08:00", "1wd", "2025-04-27T18:00+08:00"),
        ("2025-04-21T09:00+08:00", "8wh", "2025-04-21T18:00+08:00"),
        ("2025-04-21T09:00+08:00", "72h", "2025-04-24T09:00+08:00"),
        ("2025-01-31T10:00+08:00", "1mo", "2025-02-28T10:00+08:00"),
        ("2025-04-21T09:00+08:00", "30min", "2025-04-21T09:30+08:00"),
    ];
    for (from, length, expected) in cases {
        assert_eq!(calendar.add(at(from), span(length)), Some(at(expected)), "{from} + {length}");
    }
}

#[test]
fn a_day_keeps_its_hour_over_a_clock_change_and_a_skipped_hour_is_read_before_it() {
    let calendar = calendar(london());
    let day = Span::parse("1d").expect("a span");
    assert_eq!(calendar.add(at("2025-03-29T12:00:00Z"), day), Some(at("2025-03-30T11:00:00Z")));
    // 01:30 does not exist on 30 March; with the offset before the change it is 01:30 UTC.
    let half_past_one = 90 * MINUTE;
    assert_eq!(calendar.zone.instant(date("2025-03-30"), half_past_one), at("2025-03-30T01:30:00Z"));
    // 01:30 comes twice on 26 October; the first is summer time's.
    assert_eq!(calendar.zone.instant(date("2025-10-26"), half_past_one), at("2025-10-26T00:30:00Z"));
}

#[test]
fn nobody_ever_works_and_still_it_ends() {
    let calendar = Calendar { days: [false; 7], make_up_days: BTreeSet::new(), ..calendar(shanghai()) };
    assert_eq!(calendar.add_working(at("2025-01-01T00:00:00Z"), HOUR), None);
    assert_eq!(calendar.add_working(at("2025-01-01T00:00:00Z"), 0), Some(at("2025-01-01T00:00:00Z")));
}

#[test]
fn what_is_no_date_time_or_span_is_none() {
    for text in ["2025-02-30", "2025-4-27", "20250427", "", "2025-04-27T00:00"] {
        assert_eq!(Date::parse(text), None, "{text}");
    }
    for text in ["2025-04-21T09:00", "2025-04-21", "09:00+08:00", ""] {
        assert_eq!(Timestamp::parse(text), None, "{text}");
    }
    for text in ["8", "wh", "0wh", "8 wh", "-8wh", "8w", "1.5h", "100001h", "99999999999h"] {
        assert_eq!(Span::parse(text), None, "{text}");
    }
}
