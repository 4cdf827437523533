//! From what a back office says to what the declaration says: values of the declared types, or the field that is not.

use std::str::FromStr;

use countersign_messages::{Document, Money};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use crate::declare::{Field, Type};

/// A value that is not of its declared type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} in `{field}`, found {found}")]
pub struct Misshapen {
    /// The field, as a path: `short[0].units`.
    pub field: String,
    /// What the declaration says.
    pub expected: &'static str,
    /// What is there, shortened.
    pub found: String,
}

/// The declared fields out of what was found. What is not declared is left out.
pub fn shaped(fields: &[Field], found: &Map<String, Value>) -> Result<Document, Misshapen> {
    record(fields, found, "").map(Document)
}

fn record(fields: &[Field], found: &Map<String, Value>, path: &str) -> Result<Map<String, Value>, Misshapen> {
    let mut shaped = Map::new();
    for field in fields {
        let place = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        match found.get(field.name) {
            None | Some(Value::Null) if field.optional => {}
            None => return Err(misshapen(&place, expected(field.of), &Value::Null)),
            Some(value) => {
                shaped.insert(field.name.to_owned(), typed(field.of, value, &place)?);
            }
        }
    }
    Ok(shaped)
}

fn typed(of: Type, value: &Value, place: &str) -> Result<Value, Misshapen> {
    if let (Type::List(fields), Value::Array(items)) = (of, value) {
        let items = items.iter().enumerate().map(|(i, item)| {
            let place = format!("{place}[{i}]");
            match item {
                Value::Object(members) => record(fields, members, &place).map(Value::Object),
                other => Err(misshapen(&place, "a record", other)),
            }
        });
        return items.collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    let shaped = match of {
        Type::Text => text(value),
        Type::Date => date(value),
        Type::Number => number(value).map(literal),
        Type::Units => number(value).filter(|n| !n.is_sign_negative()).map(literal),
        Type::Percent => percent(value),
        Type::Money => money(value),
        Type::List(_) => None,
    };
    shaped.ok_or_else(|| misshapen(place, expected(of), value))
}

fn expected(of: Type) -> &'static str {
    match of {
        Type::Text => "a text that is not empty",
        Type::Date => "a date such as 2025-04-21",
        Type::Number => "a number",
        Type::Units => "a number that is not negative",
        Type::Percent => "a percentage such as 35%",
        Type::Money => "{amount, currency} with a decimal and three capital letters",
        Type::List(_) => "a list",
    }
}

fn misshapen(field: &str, expected: &'static str, found: &Value) -> Misshapen {
    let found = if found.is_null() { "nothing".to_owned() } else { shortened(&found.to_string()) };
    Misshapen { field: field.to_owned(), expected, found }
}

/// At most 80 characters of a text that somebody else wrote.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number stands for its digits: systems count their documents.
fn text(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(Value::String(text.clone())),
        Value::Number(number) => Some(Value::String(number.to_string())),
        _ => None,
    }
}

fn date(value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    // A date with a time behind it is a date in the zone of whoever wrote it.
    let date = match text.split_once('T') {
        Some((date, _)) => date,
        None => text,
    };
    let read: jiff::civil::Date = date.parse().ok()?;
    (read.to_string() == date).then(|| Value::String(date.to_owned()))
}

/// An exact decimal, as a number or a text. No exponent: it hides how many digits there are.
fn number(value: &Value) -> Option<Decimal> {
    let digits = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    plain.then(|| Decimal::from_str_exact(&digits).ok()).flatten()
}

fn literal(number: Decimal) -> Value {
    Number::from_str(&number.to_string()).map_or(Value::Null, Value::Number)
}

fn percent(value: &Value) -> Option<Value> {
    let share = match value {
        Value::String(text) => number(&Value::String(text.trim_end_matches('%').to_owned()))?,
        other => number(other)?,
    };
    Some(Value::String(format!("{share}%")))
}

fn money(value: &Value) -> Option<Value> {
    let members = value.as_object()?;
    let amount = number(members.get("amount")?)?;
    let currency = members.get("currency")?.as_str()?;
    let money = Money::new(&amount.to_string(), currency).ok()?;
    Some(json!({ "amount": money.amount.as_str(), "currency": money.currency.as_str() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[Field] = &[Field::new("product", Type::Text), Field::new("units", Type::Units)];
    const ALL: &[Field] = &[
        Field::new("text", Type::Text),
        Field::new("date", Type::Date),
        Field::new("number", Type::Number),
        Field::new("units", Type::Units),
        Field::new("percent", Type::Percent),
        Field::new("money", Type::Money),
        Field::new("list", Type::List(LINE)),
        Field::optional("optional", Type::Text),
    ];

    fn good() -> Map<String, Value> {
        let text = r#"{"text": 7, "date": "2025-04-21", "number": -1.50, "units": "12", "percent": 35,
            "money": {"amount": 300000.10, "currency": "CNY"}, "list": [{"product": "EB-P", "units": 2}], "surplus": 1}"#;
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn values_get_their_declared_types_with_every_digit() {
        let shaped = shaped(ALL, &good()).expect("shaped");
        let expected = concat!(
            r#"{"date":"2025-04-21","list":[{"product":"EB-P","units":2}],"#,
            r#""money":{"amount":"300000.10","currency":"CNY"},"number":-1.50,"percent":"35%","text":"7","units":12}"#
        );
        assert_eq!(serde_json::to_string(&shaped).expect("JSON"), expected);
    }

    #[test]
    fn a_wrong_value_is_named() {
        let rows = [
            ("text", json!(""), "text"),
            ("text", json!({}), "text"),
            ("date", json!("2025-02-30"), "date"),
            ("date", json!(20250421), "date"),
            ("number", json!("1e3"), "number"),
            ("number", json!(true), "number"),
            ("units", json!(-1), "units"),
            ("units", json!("many"), "units"),
            ("percent", json!("a lot"), "percent"),
            ("money", json!(12), "money"),
            ("money", json!({ "amount": "12" }), "money"),
            ("money", json!({ "amount": "12", "currency": "yuan" }), "money"),
            ("money", json!({ "amount": "1e2", "currency": "CNY" }), "money"),
            ("list", json!({}), "list"),
            ("list", json!([1]), "list[0]"),
            ("list", json!([{ "product": "EB-P" }]), "list[0].units"),
            ("text", Value::Null, "text"),
        ];
        for (field, value, place) in rows {
            let mut found = good();
            found.insert(field.into(), value.clone());
            assert_eq!(shaped(ALL, &found).expect_err("misshapen").field, place, "{field}: {value}");
        }
    }
}
