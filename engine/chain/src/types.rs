//! Types as admins write them: `money`, `optional text`, `list of technical | service`, a table's
//! name, a shape of adapters.yaml.

use countersign_core::definition::Shape;
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::adapters;
use crate::codes;
use crate::diagnostic::Place;
use crate::read::{self, Map};
use crate::suggest;
use crate::world::World;
use crate::yaml::{Body, Node};

const WORDS: &[&str] = &[
    "text", "flag", "number", "percent", "money", "units", "date", "time", "duration", "position", "unit",
    "case",
];

/// Named values and their types: what a message, an answer or a request carries. `None` after a report.
pub(crate) fn shape(node: &Node, what: &str, world: &World<'_>) -> Option<Shape> {
    let map = Map::any(node, what, &world.report)?;
    let mut found = Shape::new();
    for entry in map.entries {
        let name = read::new_name(&entry.key, entry.at, &world.report);
        let kind = of_node(&entry.value, world);
        found.push((name?, kind?));
    }
    Some(found)
}

/// A type that is written out: a text, a record, or `list: { ... }` for a list of records.
pub(crate) fn of_node(node: &Node, world: &World<'_>) -> Option<Type> {
    let Body::Map(entries) = &node.body else {
        return parse(&read::scalar(node, "type", &world.report)?.text, node.place, world);
    };
    match entries.as_slice() {
        [only] if only.key == "list" => {
            let members = shape(&only.value, "a list of records", world)?;
            Some(Type::List(Box::new(Type::Record(members))))
        }
        _ => shape(node, "a record", world).map(Type::Record),
    }
}

/// Reads a type. `None` after a report.
pub(crate) fn parse(text: &str, place: Place, world: &World<'_>) -> Option<Type> {
    let text = text.trim();
    if let Some(of) = text.strip_prefix("optional ") {
        if of.trim_start().starts_with("optional ") {
            let help = "write `optional` once";
            world.report.error(codes::UNKNOWN_TYPE, place, "an optional optional value", help);
            return None;
        }
        return parse(of, place, world).map(|of| Type::Optional(Box::new(of)));
    }
    if let Some(of) = text.strip_prefix("list of ") {
        let of = of.trim_start();
        if of.starts_with("optional ") || of.starts_with("list of ") {
            let message = "the items of a list are neither optional nor lists";
            world.report.error(codes::UNKNOWN_TYPE, place, message, "write `list of` and a simple type");
            return None;
        }
        return parse(of, place, world).map(|of| Type::List(Box::new(of)));
    }
    if text == "money of any currency" {
        return Some(Type::AnyMoney);
    }
    if text.contains('|') {
        return choice(text, place, world);
    }
    simple(text, place, world)
}

fn choice(text: &str, place: Place, world: &World<'_>) -> Option<Type> {
    let mut words: Vec<Name> = Vec::new();
    for word in text.split('|') {
        let word = read::new_name(word.trim(), place, &world.report)?;
        if words.contains(&word) {
            let message = format!("the word `{word}` stands twice");
            world.report.error(codes::DUPLICATE_NAME, place, message, "keep one of them");
            return None;
        }
        words.push(word);
    }
    Some(Type::Choice(words))
}

fn simple(text: &str, place: Place, world: &World<'_>) -> Option<Type> {
    let found = match text {
        "text" => Type::Text,
        "flag" => Type::Flag,
        "number" => Type::Number,
        "percent" => Type::Percent,
        "money" => Type::Money,
        "units" => Type::Units,
        "date" => Type::Date,
        "time" => Type::Time,
        "duration" => Type::Span,
        "position" => Type::Position,
        "unit" => Type::Unit,
        "case" => Type::Case,
        table if world.names.tables.contains(table) => Type::Row(Name::from(table)),
        shape if world.shapes.contains_key(shape) => return world.shapes.get(shape).cloned(),
        // It may be one of the shapes that could not be read.
        _ if world.is_partial(adapters::FILE) => return None,
        _ => {
            let message = format!("there is no type `{text}`");
            let shapes = world.shapes.keys().map(Name::as_str);
            let known =
                WORDS.iter().copied().chain(world.names.tables.iter().map(String::as_str)).chain(shapes);
            world.report.error(codes::UNKNOWN_TYPE, place, message, suggest::nearest(text, known));
            return None;
        }
    };
    Some(found)
}
