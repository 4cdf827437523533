//! Typed values as JSON, in the form in which documents are handed in.

use countersign_core::command::ContentHash;
use countersign_core::money::Money as CoreMoney;
use countersign_core::name::Name;
use countersign_core::time::Timestamp as CoreTime;
use countersign_core::value::{Fields, Value as CoreValue};
use countersign_messages::{ContentHash as Hash, Decimal, Document, Money, Quantity, Timestamp};
use serde_json::{Map, Value, json};

/// A document. A number is a number, a share `"15%"`, a date `"2025-04-27"`, a length of time `"8wh"`; a value that
/// is missing is null.
pub fn fields(fields: &Fields) -> Document {
    Document(map(fields))
}

pub(super) fn map(fields: &Fields) -> Map<String, Value> {
    fields.iter().map(|(name, of)| (name.to_string(), value(of))).collect()
}

pub(super) fn value(of: &CoreValue) -> Value {
    match of {
        CoreValue::Missing => Value::Null,
        CoreValue::Flag(flag) => Value::Bool(*flag),
        CoreValue::Number(number) | CoreValue::Units(number) => literal(&number.to_string()),
        CoreValue::Money(amount) => money(amount),
        CoreValue::List(items) => Value::Array(items.iter().map(value).collect()),
        CoreValue::Record(members) => Value::Object(map(members)),
        CoreValue::Sealed(text) => json!({ "sealed": text.as_str() }),
        // Texts, positions, units of the organisation, shares, dates, times and spans print as they are written.
        printed => Value::String(printed.to_string()),
    }
}

/// An amount of money: `{"amount": "300000.00", "currency": "CNY"}`.
pub(super) fn money(of: &CoreMoney) -> Value {
    json!({ "amount": of.amount.to_string(), "currency": of.currency.as_str() })
}

/// A number with every digit that it has. Text where it is no number of JSON, which a decimal always is.
fn literal(digits: &str) -> Value {
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

pub(super) fn at(at: CoreTime) -> Value {
    Value::String(time(at).into())
}

pub(super) fn hash(of: &ContentHash) -> Value {
    Value::String(Hash::from_bytes(of).into())
}

pub(super) fn names(of: &[Name]) -> Value {
    Value::Array(of.iter().map(|name| Value::String(name.to_string())).collect())
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
