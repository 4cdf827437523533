//! What is told of an event on its way into JSON: borrowed from the event, so that what is published is written straight
//! into bytes. Members of an object stand in the order of their names, as they do in a map.

use std::fmt::Display;

use countersign_core::command::{CaseNo, ContentHash, TaskNo};
use countersign_core::money::Money;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::{Fields, Value as CoreValue};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::value::{HexOf, literal, time};

/// Two members that are common to events, the case and who is told, come to what an event says of its own.
const COMMON: usize = 2;

/// A value that is told.
#[derive(Clone)]
pub(super) enum Json<'e> {
    Null,
    Flag(bool),
    Number(u64),
    Text(&'e str),
    Owned(String),
    /// A short name is no more than a pointer is.
    Name(Name),
    /// What prints itself: a decimal, a length of time.
    Printed(&'e dyn Display),
    Case(CaseNo),
    Task(TaskNo),
    At(Timestamp),
    Hash(&'e ContentHash),
    Names(&'e [Name]),
    Value(&'e CoreValue),
    Record(&'e Fields),
    List(Vec<Json<'e>>),
    Object(Vec<(&'static str, Json<'e>)>),
}

/// An object, written as `serde_json::json!` writes one. What it borrows it must not own: `json!({ "a": e.a.as_str() })`.
macro_rules! json {
    ({ $($key:literal : $value:expr),* $(,)? }) => {
        $crate::render::json::Json::object([$(($key, $crate::render::json::Json::from($value))),*])
    };
}
pub(super) use json;

impl<'e> Json<'e> {
    /// An object of these members.
    pub(super) fn object<const N: usize>(members: [(&'static str, Json<'e>); N]) -> Json<'e> {
        let mut object = Vec::with_capacity(N + COMMON);
        object.extend(members);
        object.sort_unstable_by_key(|(name, _)| *name);
        Json::Object(object)
    }

    /// Puts a member into an object; anything else becomes one.
    pub(super) fn set(&mut self, name: &'static str, value: impl Into<Json<'e>>) {
        if !matches!(self, Json::Object(_)) {
            *self = Json::Object(Vec::with_capacity(COMMON));
        }
        if let Json::Object(members) = self {
            match members.binary_search_by_key(&name, |(own, _)| *own) {
                Ok(place) => members[place].1 = value.into(),
                Err(place) => members.insert(place, (name, value.into())),
            }
        }
    }

    /// A list of what each of these is told as.
    pub(super) fn list<T, I: IntoIterator<Item = T>>(of: I, each: impl FnMut(T) -> Json<'e>) -> Json<'e> {
        Json::List(of.into_iter().map(each).collect())
    }

    /// The same as a tree of its own.
    pub(super) fn tree(&self) -> Value {
        serde_json::to_value(self).expect("names, texts and numbers are JSON")
    }

    /// The same as a map; empty if it is no object.
    pub(super) fn map(&self) -> Map<String, Value> {
        match self.tree() {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => to.serialize_unit(),
            Json::Flag(flag) => to.serialize_bool(*flag),
            Json::Number(number) => to.serialize_u64(*number),
            Json::Text(text) => to.serialize_str(text),
            Json::Owned(text) => to.serialize_str(text),
            Json::Name(name) => to.serialize_str(name),
            Json::Printed(of) => to.collect_str(of),
            Json::Case(case) => to.collect_str(&format_args!("C-{case}")),
            Json::Task(task) => to.collect_str(&format_args!("T-{task}")),
            Json::At(at) => to.serialize_str(time(*at).as_str()),
            Json::Hash(hash) => to.collect_str(&HexOf(hash)),
            Json::Names(names) => to.collect_seq(names.iter().map(Name::as_str)),
            Json::Value(of) => value(of, to),
            Json::Record(of) => record(of, to),
            Json::List(items) => to.collect_seq(items),
            Json::Object(members) => {
                let mut map = to.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// A value of a document as it is handed in. A number has every digit that it has.
fn value<S: Serializer>(of: &CoreValue, to: S) -> Result<S::Ok, S::Error> {
    match of {
        CoreValue::Missing => to.serialize_unit(),
        CoreValue::Flag(flag) => to.serialize_bool(*flag),
        CoreValue::Number(number) | CoreValue::Units(number) => literal(&number.to_string()).serialize(to),
        CoreValue::Money(amount) => money(amount, to),
        CoreValue::List(items) => to.collect_seq(items.iter().map(Json::Value)),
        CoreValue::Record(members) => record(members, to),
        CoreValue::Sealed(text) => to.collect_map([("sealed", text.as_str())]),
        CoreValue::Text(text) => to.serialize_str(text),
        // Positions, units of the organisation, shares, dates, times and spans print as they are written.
        printed => to.collect_str(printed),
    }
}

/// An amount of money: `{"amount": "300000.00", "currency": "CNY"}`.
fn money<S: Serializer>(of: &Money, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(2))?;
    map.serialize_entry("amount", &Json::Printed(&of.amount))?;
    map.serialize_entry("currency", of.currency.as_str())?;
    map.end()
}

/// Fields stand in the order of their names already.
fn record<S: Serializer>(of: &Fields, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(of.iter().map(|(name, value)| (name.as_str(), Json::Value(value))))
}

macro_rules! from {
    ($($of:ty => |$from:ident| $into:expr;)*) => {$(
        impl<'e> From<$of> for Json<'e> {
            fn from($from: $of) -> Json<'e> {
                $into
            }
        }
    )*};
}

from! {
    bool => |of| Json::Flag(of);
    u8 => |of| Json::Number(of.into());
    u16 => |of| Json::Number(of.into());
    u32 => |of| Json::Number(of.into());
    u64 => |of| Json::Number(of);
    usize => |of| Json::Number(of as u64);
    String => |of| Json::Owned(of);
    &'e str => |of| Json::Text(of);
    &'e Name => |of| Json::Text(of.as_str());
}

impl<'e, T: Into<Json<'e>>> From<Option<T>> for Json<'e> {
    fn from(of: Option<T>) -> Json<'e> {
        of.map_or(Json::Null, Into::into)
    }
}

impl<'e, T: Into<Json<'e>>> From<Vec<T>> for Json<'e> {
    fn from(of: Vec<T>) -> Json<'e> {
        Json::List(of.into_iter().map(Into::into).collect())
    }
}
