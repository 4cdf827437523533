//! What is handed in, before a document type has given it types.

use countersign_core::value::{Raw, Type, Value};
use rust_decimal::Decimal;

/// Something of a type.
pub(crate) fn sample(kind: &Type) -> Raw {
    match kind {
        Type::Money => money(Decimal::ONE_HUNDRED),
        Type::Units | Type::Number => Raw::Number("1".to_owned()),
        Type::Date => text("2025-05-06"),
        Type::Flag => Raw::Flag(true),
        Type::Optional(_) => Raw::Null,
        _ => text("as told"),
    }
}

pub(crate) fn text(of: impl Into<String>) -> Raw {
    Raw::Text(of.into())
}

pub(crate) fn money(amount: Decimal) -> Raw {
    record([("amount", text(format!("{amount:.2}"))), ("currency", text("CNY"))])
}

pub(crate) fn record<const N: usize>(fields: [(&str, Raw); N]) -> Raw {
    Raw::Record(fields.into_iter().map(|(name, raw)| (name.to_owned(), raw)).collect())
}

/// A value as it would be handed in.
pub(crate) fn raw(value: &Value) -> Raw {
    match value {
        Value::Missing => Raw::Null,
        Value::Flag(flag) => Raw::Flag(*flag),
        Value::Number(number) | Value::Units(number) => Raw::Number(number.to_string()),
        Value::Money(amount) => money(amount.amount),
        Value::List(items) => Raw::List(items.iter().map(raw).collect()),
        Value::Record(fields) => {
            Raw::Record(fields.iter().map(|(name, value)| (name.to_string(), raw(value))).collect())
        }
        printed => text(printed.to_string()),
    }
}
