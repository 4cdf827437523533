//! Lengths of time on the wire: ISO 8601, or working hours and days.

use crate::text::text_type;

text_type!(
    /// A length of time: ISO 8601 in weeks, days, hours, minutes and whole seconds (`PT30M`, `P1DT12H`, `P2W`), or
    /// working time by the company's calendar: `8wh` working hours, `15wd` working days. Years and months are not
    /// accepted, because their length depends on when they start.
    Duration,
    is_duration,
    "a duration such as PT30M, P2D, 8wh or 15wd",
    { "pattern" = "^([0-9]{1,9}w[hd]|P[0-9]{1,9}W|P(?=.)([0-9]{1,9}D)?(T(?=.)([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}S)?)?)$" }
);

impl Duration {
    /// Whether it counts working time, which only a calendar can turn into a moment.
    pub fn is_working_time(&self) -> bool {
        !self.as_str().starts_with('P')
    }
}

fn is_duration(text: &str) -> bool {
    if let Some(count) = text.strip_suffix("wh").or_else(|| text.strip_suffix("wd")) {
        return is_count(count);
    }
    let Some(period) = text.strip_prefix('P') else { return false };
    if let Some(weeks) = period.strip_suffix('W') {
        return is_count(weeks);
    }
    match period.split_once('T') {
        Some((days, clock)) => (days.is_empty() || has_parts(days, "D")) && has_parts(clock, "HMS"),
        None => has_parts(period, "D"),
    }
}

/// Whether the text is one or more counts, each followed by its unit, the units in the order given.
fn has_parts(text: &str, units: &str) -> bool {
    let mut rest = text;
    for unit in units.chars() {
        if let Some((count, after)) = rest.split_once(unit) {
            if !is_count(count) {
                return false;
            }
            rest = after;
        }
    }
    !text.is_empty() && rest.is_empty()
}

fn is_count(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}
