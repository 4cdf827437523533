//! Moments on the wire: RFC 3339 with an offset.

use crate::text::text_type;

text_type!(
    /// A moment in RFC 3339 with seconds and an offset: `2025-04-21T09:00:00+08:00` or `...Z`, with up to nine
    /// digits of fraction. The calendar is checked (no 30 February, no 24:00, no leap second); the offset is not
    /// compared with any zone.
    Timestamp,
    is_timestamp,
    "a time in RFC 3339 with seconds and offset, such as 2025-04-21T09:00:00+08:00",
    { "format" = "date-time", "maxLength" = 35 }
);

fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    // `2025-04-21T09:00:00` and at least a `Z`.
    if !(20..=35).contains(&bytes.len()) || !text.is_ascii() {
        return false;
    }
    let (moment, rest) = bytes.split_at(19);
    let fixed = moment[4] == b'-'
        && moment[7] == b'-'
        && moment[10] == b'T'
        && moment[13] == b':'
        && moment[16] == b':';
    fixed && is_date(moment) && is_clock(moment) && is_fraction_and_offset(rest)
}

fn is_date(moment: &[u8]) -> bool {
    let (Some(year), Some(month), Some(day)) =
        (number(&moment[0..4]), number(&moment[5..7]), number(&moment[8..10]))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_clock(moment: &[u8]) -> bool {
    let below = |part: &[u8], limit: u32| number(part).is_some_and(|value| value < limit);
    below(&moment[11..13], 24) && below(&moment[14..16], 60) && below(&moment[17..19], 60)
}

fn is_fraction_and_offset(rest: &[u8]) -> bool {
    let offset = match rest.strip_prefix(b".") {
        Some(after_point) => {
            let digits = after_point.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&digits) {
                return false;
            }
            &after_point[digits..]
        }
        None => rest,
    };
    match offset {
        b"Z" => true,
        [b'+' | b'-', hours @ .., b':', m1, m2] if hours.len() == 2 => {
            number(hours).is_some_and(|h| h < 24) && number(&[*m1, *m2]).is_some_and(|m| m < 60)
        }
        _ => false,
    }
}

/// A run of at most four ASCII digits as a number.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, b| b.is_ascii_digit().then(|| value * 10 + u32::from(b - b'0')))
}
