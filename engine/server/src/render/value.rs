//! Typed values as JSON, in the form in which documents are handed in.

use std::fmt;

use countersign_core::command::ContentHash;
use countersign_core::time::Timestamp as CoreTime;
use countersign_core::value::{Fields, Value as CoreValue};
use countersign_messages::{Decimal, Document, Money, Quantity, Timestamp};
use serde_json::Value;

use super::json::Json;

/// A document. A number is a number, a share `"15%"`, a date `"2025-04-27"`, a length of time `"8wh"`; a value that
/// is missing is null.
pub fn fields(fields: &Fields) -> Document {
    Document(Json::Record(fields).map())
}

/// A value as a tree of its own.
pub(super) fn value(of: &CoreValue) -> Value {
    Json::Value(of).tree()
}

/// A number with every digit that it has. Text where it is no number of JSON, which a decimal always is.
pub(super) fn literal(digits: &str) -> Value {
    digits.parse().map(Value::Number).unwrap_or_else(|_| Value::String(digits.to_owned()))
}

/// What limits are held against, for views. None for a value that is no amount.
pub fn quantity(of: &CoreValue) -> Option<Quantity> {
    let units = |amount: String, unit: &str| {
        Some(Quantity::Units { amount: Decimal::new(amount).ok()?, unit: unit.to_owned() })
    };
    match of {
        CoreValue::Money(amount) => {
            let wire = Money::new(&amount.amount.to_string(), amount.currency.as_str());
            wire.ok().map(Quantity::Money)
        }
        CoreValue::Percent(_) => units(of.to_string().trim_end_matches('%').to_owned(), "%"),
        CoreValue::Units(number) => units(number.to_string(), "unit"),
        CoreValue::Number(number) => units(number.to_string(), ""),
        _ => None,
    }
}

/// An instant, in UTC. What lies beyond the calendar is shown as its end.
pub fn time(at: CoreTime) -> Timestamp {
    const END: &str = "9999-12-31T23:59:59Z";
    Timestamp::new(at.to_string()).unwrap_or_else(|_| Timestamp::new(END).expect("the end of the calendar"))
}

/// 32 bytes as hexadecimal digits, without a text of their own.
pub(super) struct HexOf<'e>(pub(super) &'e ContentHash);

impl fmt::Display for HexOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0_u8; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples::document;

    #[test]
    fn a_document_is_shown_as_it_is_handed_in() {
        let shown = serde_json::to_string(&fields(&document())).expect("JSON");
        let expected = concat!(
            r#"{"date":"2024-10-04","flag":true,"list":[false],"missing":null,"#,
            r#""money":{"amount":"300000.00","currency":"CNY"},"number":-1.50,"percent":"15%","#,
            r#""position":"bgm_js","record":{"a":"b"},"span":"8wh","text":"合同","#,
            r#""time":"2025-04-21T01:00:00Z","unit":"js","units":12}"#
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn amounts_of_every_measure() {
        let shown = |name: &str| {
            let quantity = quantity(document().get(name).expect("a field"));
            serde_json::to_string(&quantity).expect("JSON")
        };
        assert_eq!(shown("money"), r#"{"amount":"300000.00","currency":"CNY"}"#);
        assert_eq!(shown("percent"), r#"{"amount":"15","unit":"%"}"#);
        assert_eq!(shown("units"), r#"{"amount":"12","unit":"unit"}"#);
        assert_eq!(shown("text"), "null");
    }

    #[test]
    fn a_time_beyond_the_calendar_is_still_a_time() {
        assert_eq!(time(CoreTime(i64::MAX)).as_str(), "9999-12-31T23:59:59Z");
    }
}
