//! Times as people read them, in the zone of this machine (or of the variable TZ).

use countersign_core::time::Timestamp;
use countersign_messages::Timestamp as Wire;
use jiff::tz::TimeZone;

/// `2025-04-21 09:00 +08:00`.
pub(crate) fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.to_string(), shown)
}

/// The same for a time of a reply.
pub(crate) fn wire(at: &Wire) -> String {
    at.as_str().parse::<jiff::Timestamp>().map_or_else(|_| at.to_string(), shown)
}

fn shown(at: jiff::Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// The present, as requests carry it.
pub(crate) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
