//! Values of documents, tables and conditions, and the types they may have.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::{Date, Span, Timestamp};

/// The fields of a record, by name.
pub type Fields = SmallMap<Name, Value>;

/// A typed value. Its encoding is part of the log's format: variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Value {
    /// An optional value that is not there.
    Missing,
    /// True or false.
    Flag(bool),
    /// Text, a choice, or the key of a table's row.
    Text(Name),
    /// A plain number.
    Number(Decimal),
    /// A share; 15% is 0.15.
    Percent(Decimal),
    /// An amount of money.
    Money(Money),
    /// Countable things.
    Units(Decimal),
    /// A calendar date.
    Date(Date),
    /// An instant.
    Time(Timestamp),
    /// A length of time.
    Span(Span),
    /// A position of the organisation.
    Position(Name),
    /// A unit of the organisation.
    Unit(Name),
    /// Several values of one type.
    List(Vec<Value>),
    /// Named values.
    Record(Fields),
    /// A case, by its number.
    Case(u64),
    /// A secret as the front desk has sealed it, see [`crate::secret`].
    Sealed(Name),
}

/// The type of a field, a column or an expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Type {
    /// True or false.
    Flag,
    /// Any text, at most 4,000 characters.
    Text,
    /// A plain number.
    Number,
    /// A share.
    Percent,
    /// Money of the company's currency.
    Money,
    /// Money of any currency.
    AnyMoney,
    /// Countable things.
    Units,
    /// A calendar date.
    Date,
    /// An instant.
    Time,
    /// A length of time.
    Span,
    /// A position.
    Position,
    /// A unit of the organisation.
    Unit,
    /// The key of a row of the named table.
    Row(Name),
    /// One of these words.
    Choice(Vec<Name>),
    /// Several values of one type.
    List(Box<Type>),
    /// A value that may be missing.
    Optional(Box<Type>),
    /// Named values.
    Record(Vec<(Name, Type)>),
    /// A case, written as `C-12`.
    Case,
    /// A text that nobody reads but whom the document names: sealed before it comes here.
    Secret,
}

/// What came in, before a document type has given it types. Numbers keep their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// JSON null.
    Null,
    /// true or false.
    Flag(bool),
    /// A number's literal text.
    Number(String),
    /// A text.
    Text(String),
    /// A secret that the front desk has sealed.
    Sealed(String),
    /// A list.
    List(Vec<Raw>),
    /// An object; the last of two equal keys has been refused before.
    Record(BTreeMap<String, Raw>),
}

impl Value {
    /// Money of a currency.
    pub fn money(amount: Decimal, currency: Currency) -> Value {
        Value::Money(Money { amount, currency })
    }

    /// A text.
    pub fn text(text: &str) -> Value {
        Value::Text(Name::from(text))
    }

    /// The number inside, whatever its measure.
    pub fn decimal(&self) -> Option<Decimal> {
        match self {
            Value::Number(n) | Value::Percent(n) | Value::Units(n) => Some(*n),
            Value::Money(m) => Some(m.amount),
            _ => None,
        }
    }

    /// The text inside a text, position or unit.
    pub fn as_name(&self) -> Option<&Name> {
        match self {
            Value::Text(n) | Value::Position(n) | Value::Unit(n) => Some(n),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Missing => f.write_str("nothing"),
            Value::Flag(v) => write!(f, "{v}"),
            Value::Text(v) | Value::Position(v) | Value::Unit(v) => write!(f, "{v}"),
            Value::Number(v) | Value::Units(v) => write!(f, "{v}"),
            Value::Percent(v) => match v.checked_mul(Decimal::ONE_HUNDRED) {
                Some(percent) => write!(f, "{}%", percent.normalize()),
                None => write!(f, "{v}"),
            },
            Value::Money(v) => write!(f, "{v}"),
            Value::Date(v) => write!(f, "{v}"),
            Value::Time(v) => write!(f, "{v}"),
            Value::Span(v) => write!(f, "{v}"),
            Value::List(v) => write!(f, "[{} items]", v.len()),
            Value::Record(v) => write!(f, "{{{} fields}}", v.len()),
            Value::Case(v) => write!(f, "C-{v}"),
            Value::Sealed(_) => f.write_str("(secret)"),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Flag => f.write_str("flag"),
            Type::Text => f.write_str("text"),
            Type::Number => f.write_str("number"),
            Type::Percent => f.write_str("percent"),
            Type::Money => f.write_str("money"),
            Type::AnyMoney => f.write_str("money of any currency"),
            Type::Units => f.write_str("units"),
            Type::Date => f.write_str("date"),
            Type::Time => f.write_str("time"),
            Type::Span => f.write_str("duration"),
            Type::Position => f.write_str("position"),
            Type::Unit => f.write_str("unit"),
            Type::Row(table) => write!(f, "{table}"),
            Type::Choice(words) => {
                let words: Vec<&str> = words.iter().map(Name::as_str).collect();
                f.write_str(&words.join(" | "))
            }
            Type::List(of) => write!(f, "list of {of}"),
            Type::Optional(of) => write!(f, "optional {of}"),
            Type::Record(fields) => write!(f, "record of {} fields", fields.len()),
            Type::Case => f.write_str("case"),
            Type::Secret => f.write_str("secret text"),
        }
    }
}

crate::depth::bounded!(Value, Type);
