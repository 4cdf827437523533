//! tables/*.yaml: typed decision tables and master data. Columns are read first, rows when all columns are known.

use std::collections::BTreeMap;

use countersign_core::definition::{Column, RatesDef, Table};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::rates::RATE;
use countersign_core::time::SpanUnit;
use countersign_core::value::{Fields, Type, Value};
use rust_decimal::Decimal;

use crate::codes;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::types;
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys = Keys::of(&["table", "title", "key", "columns", "rows", "written_by", "rates"]);

/// The table without its rows.
pub(crate) fn columns(node: &Node, world: &World<'_>) -> Option<Table> {
    let report = &world.report;
    let map = Map::read(node, "a table", KEYS, report)?;
    let name = map.need("table", "a table", report).and_then(|n| read::name(n, "a table", report))?;
    let mut table = Table {
        title: read::title(map.get("title"), &name, report),
        name,
        key: Vec::new(),
        from: false,
        columns: Vec::new(),
        rows: BTreeMap::new(),
        defaults: Fields::new(),
        written_by: Vec::new(),
        rates: None,
    };
    written_by(map.get("written_by"), &mut table, world);
    let parts = map.need("key", "a table", report).and_then(|n| Map::any(n, "key", report));
    let parts = parts.map_or(&[][..], |m| m.entries);
    for (at, entry) in parts.iter().enumerate() {
        key_part(entry, at + 1 == parts.len(), &mut table, world);
    }
    let columns = map.need("columns", "a table", report).and_then(|n| Map::any(n, "columns", report));
    for entry in columns.map_or(&[][..], |m| m.entries) {
        let Some(name) = read::new_name(&entry.key, entry.at, report) else { continue };
        let Some(scalar) = read::scalar(&entry.value, "type", report) else { continue };
        let written = scalar.text.split_once(" = ").map_or(scalar.text.as_str(), |(kind, _)| kind);
        if let Some(kind) = types::parse(written, entry.value.place, world) {
            table.columns.push(Column { name, kind });
        }
    }
    if table.columns.len() < columns.map_or(0, |m| m.entries.len()) {
        world.partial.borrow_mut().insert(table.name.clone());
    }
    if let Some(node) = map.get("rates") {
        table.rates = rates(node, &table, world);
    }
    Some(table)
}

fn written_by(node: Option<&Node>, table: &mut Table, world: &World<'_>) {
    for item in node.map_or(&[][..], |n| read::list(n, "written_by", &world.report)) {
        let Some(name) = read::name(item, "a chain", &world.report) else { continue };
        if world.names.chains.contains(name.as_str()) {
            table.written_by.push(name);
        } else {
            world.unknown("chain", &name, item.place, world.names.chains.iter().map(String::as_str));
            world.partial.borrow_mut().insert(table.name.clone());
        }
    }
}

/// That a table holds rates of exchange, and how old they may be.
fn rates(node: &Node, table: &Table, world: &World<'_>) -> Option<RatesDef> {
    let report = &world.report;
    let map = Map::read(node, "rates", Keys::of(&["max_age"]), report)?;
    let max_age = map.need("max_age", "rates", report)?;
    let age = read::span(max_age, "max_age", report)?;
    if age.unit != SpanUnit::Day {
        bad_value(max_age.place, "the age of a rate is counted in days", "write it like 7d", report);
        return None;
    }
    let by_day = |kinds: &[&Type]| matches!(kinds, [currency, Type::Date] if textual(currency)) && table.from;
    let kinds: Vec<&Type> = table.key.iter().map(|part| &part.kind).collect();
    let rate = table.columns.iter().any(|column| *column.name == *RATE && column.kind == Type::Number);
    let found = by_day(&kinds) && rate;
    if !found && !world.is_partial(&table.name) {
        let message = "rates are found by currency and day, in a column `rate`";
        let help = "write `key: { currency: text, day: from date }` and `columns: { rate: number }`";
        bad_value(node.place, message, help, report);
        return None;
    }
    Some(RatesDef { max_age_days: age.count })
}

fn textual(kind: &Type) -> bool {
    matches!(kind, Type::Text | Type::Choice(_))
}

/// What only a table of rates has to keep to: currencies that exist, rates above 0, and one table.
fn rate_row(entry: &Entry, (table, key, fields): (&Table, &Name, &Fields), world: &World<'_>) {
    let report = &world.report;
    let code = key.split('/').next().unwrap_or_default();
    let known = Currency::parse(code).filter(|code| world.company.is_none() || world.digits(*code).is_some());
    if known.is_none() || known == world.currency() {
        let message = format!("{code} is no currency that has a rate");
        bad_value(
            entry.at,
            message,
            "write the code of a currency that is not the company's, such as USD",
            report,
        );
    }
    if matches!(fields.get(RATE), Some(Value::Number(rate)) if *rate <= Decimal::ZERO) {
        let help = "write so much of the company's currency for one";
        bad_value(entry.at, "a rate is above 0", help, report);
    }
    if world.tables.values().any(|other| other.rates.is_some() && other.name < table.name) {
        let message = format!("another table than {} holds rates already", table.name);
        bad_value(entry.at, message, "keep one table of rates", report);
    }
}

fn key_part(entry: &Entry, last: bool, table: &mut Table, world: &World<'_>) {
    let report = &world.report;
    let Some(name) = read::new_name(&entry.key, entry.at, report) else { return };
    let Some(scalar) = read::scalar(&entry.value, "type", report) else { return };
    let threshold = match scalar.text.as_str() {
        "from" => Some(Type::Number),
        "from date" => Some(Type::Date),
        _ => None,
    };
    if let Some(kind) = threshold {
        table.from = true;
        if !last {
            let message = "a threshold is the last part of its key";
            bad_value(entry.value.place, message, "write it behind the other parts", report);
        }
        table.key.push(Column { name, kind });
        return;
    }
    let Some(kind) = types::parse(&scalar.text, entry.value.place, world) else { return };
    if matches!(kind, Type::Text | Type::Choice(_) | Type::Row(_) | Type::Position | Type::Unit) {
        table.key.push(Column { name, kind });
    } else {
        let help = "use text, words, a table, a position or a unit, or at last `from` or `from date`";
        bad_value(entry.value.place, format!("{kind} cannot be part of a key"), help, report);
    }
}

/// The keys of a table's rows without their values, so that other tables can name them.
pub(crate) fn keys(node: &Node) -> BTreeMap<Name, Fields> {
    let entries = |node: &Node| match &node.body {
        Body::Map(entries) => entries.clone(),
        _ => Vec::new(),
    };
    let rows = entries(node).into_iter().find(|e| e.key == "rows");
    rows.map_or(BTreeMap::new(), |r| {
        entries(&r.value).into_iter().map(|e| (Name::from(e.key), Fields::new())).collect()
    })
}

/// The rows of a table whose columns are known, and what a new row has where nothing is said. Values that name rows of
/// tables are checked when all rows are.
pub(crate) fn rows(node: &Node, table: &Table, world: &World<'_>) -> (BTreeMap<Name, Fields>, Fields) {
    let report = &world.report;
    let mut found = BTreeMap::new();
    let Body::Map(entries) = &node.body else { return (found, Fields::new()) };
    let of = |key: &str| entries.iter().find(|e| e.key == key).map(|e| &e.value);
    let defaults = defaults(of("columns"), table, world);
    let rows = match of("rows") {
        Some(rows) => Map::any(rows, "rows", report),
        None => {
            let message = "a table needs the key `rows`";
            report.error(codes::MISSING_KEY, node.place, message, "add `rows: {}` for none");
            None
        }
    };
    for entry in rows.map_or(&[][..], |m| m.entries) {
        let Some(key) = row_key(entry, table, world) else { continue };
        if let Some(fields) = row(entry, table, &defaults, world) {
            if found.contains_key(&key) {
                let message = format!("the row `{key}` stands twice");
                report.error(codes::DUPLICATE_NAME, entry.at, message, "keep one of them");
            }
            if table.rates.is_some() {
                rate_row(entry, (table, &key, &fields), world);
            }
            found.insert(key, fields);
        }
    }
    (found, defaults.into_iter().collect())
}

fn defaults(node: Option<&Node>, table: &Table, world: &World<'_>) -> BTreeMap<Name, Value> {
    let mut found = BTreeMap::new();
    let Some(Body::Map(entries)) = node.map(|n| &n.body) else { return found };
    for entry in entries {
        let Body::Scalar(scalar) = &entry.value.body else { continue };
        let Some((_, written)) = scalar.text.split_once(" = ") else { continue };
        let Some(column) = table.columns.iter().find(|c| c.name == *entry.key.as_str()) else { continue };
        if let Some(value) = written_value(written, &column.kind, &entry.value, world) {
            found.insert(column.name.clone(), value);
        }
    }
    found
}

/// A default after ` = `: a plain value, or `[]`.
pub(crate) fn written_value(written: &str, kind: &Type, node: &Node, world: &World<'_>) -> Option<Value> {
    let written = written.trim();
    if let (Type::List(_), "[]") = (kind, written) {
        return Some(Value::List(Vec::new()));
    }
    let quote = written.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    let scalar = crate::yaml::Scalar { text: quote.unwrap_or(written).to_owned(), plain: quote.is_none() };
    value::read(&Node { place: node.place, body: Body::Scalar(scalar) }, kind, world)
}

fn row_key(entry: &Entry, table: &Table, world: &World<'_>) -> Option<Name> {
    let report = &world.report;
    let (others, threshold) = match entry.key.rsplit_once('/') {
        Some((others, last)) if table.from => (Some(others), last),
        _ => (None, entry.key.as_str()),
    };
    let by_number = table.from && table.key.last().is_some_and(|part| part.kind == Type::Number);
    if by_number && others.is_some() == (table.key.len() > 1) {
        let number = read::decimal(threshold);
        if number.is_none() {
            let message = format!("`{threshold}` is no threshold");
            bad_value(entry.at, message, "write a number without quotes and units", report);
        }
        let prefix = others.map(|others| format!("{others}/")).unwrap_or_default();
        return number.map(|n| Name::from(format!("{prefix}{}", n.normalize())));
    }
    let parts: Vec<&str> = entry.key.split('/').collect();
    let multi = table.key.len() > 1;
    if multi && parts.len() != table.key.len() {
        let names: Vec<&str> = table.key.iter().map(|c| c.name.as_str()).collect();
        let message = format!("`{}` does not have the parts of the key", entry.key);
        bad_value(entry.at, message, &format!("write \"{}\"", names.join("/")), report);
        return None;
    }
    let written = if multi { parts } else { vec![entry.key.as_str()] };
    for (part, column) in written.iter().zip(&table.key) {
        value::from_text(part, &column.kind, entry.at, world)?;
    }
    Some(Name::from(entry.key.as_str()))
}

fn row(entry: &Entry, table: &Table, defaults: &BTreeMap<Name, Value>, world: &World<'_>) -> Option<Fields> {
    let report = &world.report;
    let map = Map::any(&entry.value, "a row", report)?;
    for cell in map.entries {
        if !world.is_partial(&table.name) && !table.columns.iter().any(|c| c.name == *cell.key.as_str()) {
            let message = format!("the table {} has no column `{}`", table.name, cell.key);
            let help = suggest::nearest(&cell.key, table.columns.iter().map(|c| c.name.as_str()));
            report.error(codes::UNKNOWN_FIELD, cell.at, message, help);
        }
    }
    let mut fields = Fields::new();
    for column in &table.columns {
        let value = match (map.get(&column.name), defaults.get(&column.name), &column.kind) {
            (Some(node), _, kind) => value::read(node, kind, world),
            (None, Some(default), _) => Some(default.clone()),
            (None, None, Type::Optional(_)) => Some(Value::Missing),
            (None, None, _) => {
                let message = format!("the row {} has no `{}`", entry.key, column.name);
                let help = format!("add `{}: ...`, or make the column optional", column.name);
                report.error(codes::MISSING_KEY, entry.at, message, help);
                None
            }
        };
        fields.insert(column.name.clone(), value.unwrap_or(Value::Missing));
    }
    Some(fields)
}
