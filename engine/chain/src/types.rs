//! Types as admins write them: `money`, `optional text`, `list of technical | service`, a table's name.

use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::codes;
use crate::diagnostic::Place;
use crate::read;
use crate::suggest;
use crate::world::World;

const WORDS: &[&str] =
    &["text", "flag", "number", "percent", "money", "units", "date", "time", "duration", "position", "unit"];

/// Reads a type. `None` after a report.
pub(crate) fn parse(text: &str, place: Place, world: &World<'_>) -> Option<Type> {
    let text = text.trim();
    if let Some(of) = text.strip_prefix("optional ") {
        return match parse(of, place, world)? {
            Type::Optional(_) => {
                let help = "write `optional` once";
                world.report.error(codes::UNKNOWN_TYPE, place, "an optional optional value", help);
                None
            }
            of => Some(Type::Optional(Box::new(of))),
        };
    }
    if let Some(of) = text.strip_prefix("list of ") {
        return match parse(of, place, world)? {
            Type::Optional(_) | Type::List(_) => {
                let message = "the items of a list are neither optional nor lists";
                world.report.error(codes::UNKNOWN_TYPE, place, message, "write `list of` and a simple type");
                None
            }
            of => Some(Type::List(Box::new(of))),
        };
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
        "case" => {
            read::not_yet(place, "the type `case`", &world.report);
            return None;
        }
        table if world.names.tables.contains(table) => Type::Row(Name::from(table)),
        _ => {
            let message = format!("there is no type `{text}`");
            let known = WORDS.iter().copied().chain(world.names.tables.iter().map(String::as_str));
            world.report.error(codes::UNKNOWN_TYPE, place, message, suggest::nearest(text, known));
            return None;
        }
    };
    Some(found)
}
