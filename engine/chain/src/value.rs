//! Values as admins write them in tables, defaults and limits, read by their source text and expected type.

use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::time::Date;
use countersign_core::value::{Fields, Type, Value};
use rust_decimal::Decimal;

use crate::codes;
use crate::diagnostic::Place;
use crate::read::{self, Map};
use crate::suggest;
use crate::world::World;
use crate::yaml::Node;

/// The longest text, in characters.
const TEXT_MAX: usize = 4000;

/// Reads a value of a type. `None` after a report.
pub(crate) fn read(node: &Node, kind: &Type, world: &World<'_>) -> Option<Value> {
    let report = &world.report;
    let what = kind.to_string();
    match kind {
        Type::Flag => read::flag(node, "a flag", report).map(Value::Flag),
        Type::Number => read::number(node, "a number", report).map(Value::Number),
        Type::Units => read::number(node, "a number of units", report).map(Value::Units),
        Type::Percent => read::percent(node, "a percent", report).map(Value::Percent),
        Type::Money => {
            let amount = read::number(node, "an amount of money", report)?;
            let currency = world.currency()?;
            scale(amount, currency, node.place, world).then(|| Value::money(amount, currency))
        }
        Type::AnyMoney => any_money(node, world),
        Type::Span => read::span(node, "a duration", report).map(Value::Span),
        Type::Time => read::time(node, "a time", report).map(Value::Time),
        Type::List(of) => {
            let items = read::list(node, &what, report);
            let values: Vec<_> = items.iter().filter_map(|n| read(n, of, world)).collect();
            (values.len() == items.len()).then_some(Value::List(values))
        }
        Type::Optional(of) => read(node, of, world),
        Type::Record(members) => record(node, members, world),
        Type::Case => {
            let scalar = read::scalar(node, "a case", report)?;
            let number = scalar.text.strip_prefix("C-").and_then(|n| n.parse().ok());
            if number.is_none() {
                read::bad_value(
                    node.place,
                    format!("`{}` is no case", scalar.text),
                    "write it like C-12",
                    report,
                );
            }
            number.map(Value::Case)
        }
        Type::Secret => {
            let message = "a secret stands in no file of rules".to_owned();
            read::bad_value(
                node.place,
                message,
                "take it away; whoever hands the document in knows it",
                report,
            );
            None
        }
        Type::Text | Type::Date | Type::Position | Type::Unit | Type::Row(_) | Type::Choice(_) => {
            let scalar = read::scalar(node, &what, report)?;
            from_text(&scalar.text, kind, node.place, world)
        }
    }
}

/// A value of a type that is written as text: also what a quoted text or bare word in a condition means.
pub(crate) fn from_text(text: &str, kind: &Type, place: Place, world: &World<'_>) -> Option<Value> {
    let report = &world.report;
    match kind {
        Type::Text => {
            let fits = text.chars().count() <= TEXT_MAX;
            if !fits {
                read::bad_value(place, "this text is too long", "keep to 4,000 characters", report);
            }
            fits.then(|| Value::text(text))
        }
        Type::Date => {
            let date = Date::parse(text);
            if date.is_none() {
                let message = format!("`{text}` is no date");
                read::bad_value(place, message, "write it like \"2025-04-27\"", report);
            }
            date.map(Value::Date)
        }
        Type::Time => {
            let time = countersign_core::time::Timestamp::parse(text);
            if time.is_none() {
                let message = format!("`{text}` is no time");
                read::bad_value(place, message, "write it like \"2025-04-21T09:00+08:00\"", report);
            }
            time.map(Value::Time)
        }
        Type::Position => world.need_position(text, place).then(|| Value::Position(Name::from(text))),
        Type::Unit => world.need_unit(text, place).then(|| Value::Unit(Name::from(text))),
        Type::Row(table) => row(text, table, place, world).then(|| Value::text(text)),
        Type::Choice(words) => {
            let known = words.iter().any(|w| w == text);
            if !known {
                let message = match words.len() {
                    0..=12 => format!("`{text}` is none of {kind}"),
                    many => format!("`{text}` is none of the {many} words that are allowed here"),
                };
                let help = suggest::nearest(text, words.iter().map(Name::as_str));
                report.error(codes::BAD_VALUE, place, message, help);
            }
            known.then(|| Value::text(text))
        }
        _ => {
            let message = format!("`{text}` is no {kind}");
            report.error(codes::TYPE_ERROR, place, message, format!("write a {kind} here"));
            None
        }
    }
}

/// Whether a table has a row; otherwise it is reported. A table that could not be read has every row.
pub(crate) fn row(key: &str, table: &str, place: Place, world: &World<'_>) -> bool {
    let Some(table) = world.tables.get(table) else { return true };
    // Chains may add rows to a table of theirs.
    let found = table.rows.contains_key(key) || !table.written_by.is_empty();
    if !found {
        let message = format!("the table {} has no row `{key}`", table.name);
        let help = suggest::nearest(key, table.rows.keys().map(Name::as_str));
        world.report.error(codes::NO_SUCH_ROW, place, message, help);
    }
    found
}

/// Whether an amount has no more digits than its currency; otherwise it is reported.
pub(crate) fn scale(amount: Decimal, currency: Currency, place: Place, world: &World<'_>) -> bool {
    let Some(digits) = world.digits(currency) else { return true };
    let fits = amount.normalize().scale() <= u32::from(digits);
    if !fits {
        let message = format!("{amount} has more digits than {currency} has");
        world.report.error(
            codes::AMOUNT_SCALE,
            place,
            message,
            format!("round it to {digits} decimal places"),
        );
    }
    fits
}

fn any_money(node: &Node, world: &World<'_>) -> Option<Value> {
    let report = &world.report;
    let map = Map::read(node, "money of any currency", read::Keys::of(&["amount", "currency"]), report)?;
    let amount = read::number(map.need("amount", "money", report)?, "an amount", report)?;
    let code = map.need("currency", "money", report)?;
    let text = read::scalar(code, "currency", report)?;
    let currency =
        Currency::parse(&text.text).filter(|c| world.company.is_none() || world.digits(*c).is_some());
    let Some(currency) = currency else {
        read::bad_value(
            code.place,
            format!("there is no currency {}", text.text),
            "write a code such as CNY",
            report,
        );
        return None;
    };
    scale(amount, currency, node.place, world).then(|| Value::money(amount, currency))
}

fn record(node: &Node, members: &[(Name, Type)], world: &World<'_>) -> Option<Value> {
    let report = &world.report;
    let map = Map::any(node, "a record", report)?;
    let mut fields = Fields::new();
    for entry in map.entries {
        let Some((name, kind)) = members.iter().find(|(name, _)| *name == *entry.key.as_str()) else {
            let message = format!("`{}` is no member of this record", entry.key);
            let help = suggest::nearest(&entry.key, members.iter().map(|(n, _)| n.as_str()));
            report.error(codes::UNKNOWN_FIELD, entry.at, message, help);
            continue;
        };
        fields.insert(name.clone(), read(&entry.value, kind, world)?);
    }
    for (name, kind) in members {
        match (fields.contains_key(name), kind) {
            (true, _) => {}
            (false, Type::Optional(_)) => {
                fields.insert(name.clone(), Value::Missing);
            }
            (false, _) => {
                let message = format!("`{name}` is missing");
                report.error(codes::MISSING_KEY, map.head(), message, format!("add `{name}: ...`"));
                return None;
            }
        }
    }
    Some(Value::Record(fields))
}
