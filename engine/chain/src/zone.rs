//! A time zone as data: its changes of offset from 2000 to 2100, out of the database compiled in.

use countersign_core::time::Zone;
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, civil, tz};

/// The zone of an IANA name. `None` where there is none of that name.
pub(crate) fn zone(name: &str) -> Option<Zone> {
    let zone = TimeZoneDatabase::bundled().get(name).ok()?;
    let (from, to) = (new_year(2000)?, new_year(2101)?);
    let mut offsets = vec![(from.as_second(), zone.to_offset(from).seconds())];
    for change in zone.following(from).take_while(|c| c.timestamp() < to) {
        let offset = change.offset().seconds();
        if offsets.last().is_some_and(|(_, before)| *before != offset) {
            offsets.push((change.timestamp().as_second(), offset));
        }
    }
    Some(Zone { name: name.to_owned(), offsets })
}

/// Names of zones like the one asked for.
pub(crate) fn known() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
}

fn new_year(year: i16) -> Option<Timestamp> {
    civil::Date::new(year, 1, 1).ok()?.to_zoned(tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::time::{Date, HOUR, Timestamp as At};

    #[test]
    fn shanghai_has_one_offset() {
        assert_eq!(zone("Asia/Shanghai").unwrap().offsets, vec![(946_684_800, 28_800)]);
    }

    #[test]
    fn london_changes_twice_a_year() {
        let london = zone("Europe/London").unwrap();
        assert_eq!(london.offsets[0], (946_684_800, 0));
        assert!(london.offsets.len() > 200, "{}", london.offsets.len());
        let date = |text: &str| Date::parse(text).unwrap();
        let at = |text: &str| At::parse(text).unwrap();
        assert_eq!(london.instant(date("2025-03-29"), 9 * HOUR), at("2025-03-29T09:00:00Z"));
        assert_eq!(london.instant(date("2025-03-31"), 9 * HOUR), at("2025-03-31T08:00:00Z"));
        assert_eq!(london.instant(date("2099-07-01"), 9 * HOUR), at("2099-07-01T08:00:00Z"));
        assert_eq!(london.local(at("2025-10-26T01:30:00Z")), (date("2025-10-26"), HOUR + HOUR / 2));
    }

    #[test]
    fn unknown_zones_are_none() {
        assert!(zone("Asia/Shanghaj").is_none());
        assert!(known().iter().any(|n| n == "Asia/Shanghai"));
    }
}
