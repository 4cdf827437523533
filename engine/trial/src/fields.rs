//! Values: as case files write them, as messages carry them, as core has them.

use std::collections::BTreeMap;

use countersign_chain::tree::{Pair, Shape, Tree};
use countersign_core::definition::{DocumentType, Field};
use countersign_core::name::Name;
use countersign_core::secret::key_text;
use countersign_core::time::Timestamp;
use countersign_core::value::{Fields, Raw, Type, Value};
use rust_decimal::Decimal;

use crate::case::shown;

/// A value as a message carries it; its type, where it is known, says how an amount is meant.
pub(crate) fn raw(tree: &Tree, kind: Option<&Type>) -> Raw {
    match (&tree.shape, kind) {
        (Shape::Scalar { text, plain: true }, Some(Type::Optional(_))) if text == "nothing" => Raw::Null,
        (_, Some(Type::Optional(of))) => raw(tree, Some(of)),
        (Shape::Scalar { text, .. }, Some(Type::Secret)) => Raw::Sealed(sealed(text)),
        (Shape::Scalar { text, .. }, Some(Type::Money | Type::AnyMoney)) => Raw::Text(text.clone()),
        (Shape::Scalar { text, plain: true }, Some(Type::Flag) | None) if text == "true" => Raw::Flag(true),
        (Shape::Scalar { text, plain: true }, Some(Type::Flag) | None) if text == "false" => Raw::Flag(false),
        (Shape::Scalar { text, plain: true }, Some(Type::Number | Type::Units) | None)
            if decimal(text).is_some() =>
        {
            Raw::Number(text.clone())
        }
        (Shape::Scalar { text, .. }, _) => Raw::Text(text.clone()),
        (Shape::List(items), kind) => {
            let of = if let Some(Type::List(of)) = kind { Some(&**of) } else { None };
            Raw::List(items.iter().map(|item| raw(item, of)).collect())
        }
        (Shape::Map(pairs), Some(Type::Money | Type::AnyMoney)) => {
            Raw::Record(pairs.iter().map(|pair| (pair.key.clone(), Raw::Text(shown(&pair.value)))).collect())
        }
        (Shape::Map(pairs), kind) => {
            let members = if let Some(Type::Record(members)) = kind { members.as_slice() } else { &[] };
            record(pairs, members)
        }
        (Shape::Bad, _) => Raw::Null,
    }
}

/// A secret as a case file has it: sealed by nobody, so that it can be compared.
fn sealed(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{}.{hex}", key_text(&[0; 16]))
}

/// Named values as a message carries them.
pub(crate) fn record(pairs: &[Pair], kinds: &[(Name, Type)]) -> Raw {
    let kind = |key: &str| kinds.iter().find(|(name, _)| *name == *key).map(|(_, kind)| kind);
    Raw::Record(pairs.iter().map(|pair| (pair.key.clone(), raw(&pair.value, kind(&pair.key)))).collect())
}

/// The fields of a type of document, with their types.
pub(crate) fn kinds(document: &DocumentType) -> Vec<(Name, Type)> {
    document.fields.iter().map(|field| (field.name.clone(), field.kind.clone())).collect()
}

/// A document as it was, to be handed in again: without what is computed.
pub(crate) fn again(document: &DocumentType, fields: &Fields) -> BTreeMap<String, Raw> {
    let written = document.fields.iter().filter(|field| field.computed.is_none());
    let value = |field: &Field| {
        let value = fields.get(&field.name).filter(|value| **value != Value::Missing)?;
        Some((field.name.to_string(), back(value)))
    };
    written.filter_map(value).collect()
}

/// A typed value as a message would have carried it.
pub(crate) fn back(value: &Value) -> Raw {
    match value {
        Value::Missing => Raw::Null,
        Value::Flag(flag) => Raw::Flag(*flag),
        Value::Sealed(text) => Raw::Sealed(text.to_string()),
        Value::Number(n) | Value::Units(n) => Raw::Number(n.to_string()),
        Value::Money(money) => Raw::Record(BTreeMap::from([
            ("amount".to_owned(), Raw::Text(money.amount.to_string())),
            ("currency".to_owned(), Raw::Text(money.currency.to_string())),
        ])),
        Value::List(items) => Raw::List(items.iter().map(back).collect()),
        Value::Record(fields) => {
            let there = fields.iter().filter(|(_, value)| **value != Value::Missing);
            Raw::Record(there.map(|(name, value)| (name.to_string(), back(value))).collect())
        }
        other => Raw::Text(other.to_string()),
    }
}

/// Whether a value is what a case file expects; of records only the fields named.
pub(crate) fn fits(expected: &Tree, found: &Value) -> bool {
    match (&expected.shape, found) {
        (Shape::Scalar { text, .. }, Value::Missing) => text == "nothing",
        (Shape::Scalar { text, .. }, Value::Sealed(found)) => *found == *sealed(text).as_str(),
        (Shape::Scalar { text, .. }, Value::Money(money)) => {
            decimal(text) == Some(money.amount) || *text == money.to_string()
        }
        (Shape::Map(pairs), Value::Money(money)) => pairs.iter().all(|pair| match pair.key.as_str() {
            "amount" => pair.value.text().and_then(decimal) == Some(money.amount),
            "currency" => pair.value.text() == Some(money.currency.to_string().as_str()),
            _ => false,
        }),
        (Shape::Scalar { text, .. }, Value::Number(n) | Value::Units(n)) => decimal(text) == Some(*n),
        (Shape::Scalar { text, .. }, Value::Percent(n)) => {
            let percent = text.strip_suffix('%').and_then(decimal);
            percent.and_then(|n| n.checked_div(Decimal::ONE_HUNDRED)) == Some(*n)
        }
        (Shape::Scalar { text, .. }, Value::Time(at)) => Timestamp::parse(text) == Some(*at),
        (Shape::Scalar { text, .. }, Value::Text(name)) => {
            *name == *text.as_str() || (decimal(text).is_some() && decimal(text) == decimal(name))
        }
        (Shape::Scalar { text, .. }, Value::List(_) | Value::Record(_)) => *text == show(found),
        (Shape::Scalar { text, .. }, other) => *text == other.to_string(),
        (Shape::List(items), Value::List(values)) => {
            items.len() == values.len() && items.iter().zip(values).all(|(item, value)| fits(item, value))
        }
        (Shape::Map(pairs), Value::Record(fields)) => fits_all(pairs, fields),
        _ => false,
    }
}

/// Whether all these fields are there with these values.
pub(crate) fn fits_all(expected: &[Pair], found: &Fields) -> bool {
    let value = |key: &str| found.get(key).unwrap_or(&Value::Missing);
    expected.iter().all(|pair| fits(&pair.value, value(&pair.key)))
}

/// A value as people read it, whole.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
        Value::Record(fields) => show_all(fields),
        other => other.to_string(),
    }
}

/// Fields as people read them.
pub(crate) fn show_all(fields: &Fields) -> String {
    let parts: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {}", show(value))).collect();
    if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
}

/// Digits and at most one point, with an optional minus.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
    if plain && text.len() <= 28 { Decimal::from_str_exact(text).ok() } else { None }
}
