//! tables/*.yaml: typed decision tables and master data. Columns are read first, rows when all columns are known.

use std::collections::BTreeMap;

use countersign_core::definition::{Column, Table};
use countersign_core::name::Name;
use countersign_core::value::{Fields, Type, Value};

use crate::codes;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::types;
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys = Keys::of(&["table", "title", "key", "columns", "rows", "written_by"]);

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
    };
    written_by(map.get("written_by"), &mut table, world);
    let parts = map.need("key", "a table", report).and_then(|n| Map::any(n, "key", report));
    for entry in parts.map_or(&[][..], |m| m.entries) {
        key_part(entry, parts.map_or(0, |m| m.entries.len()), &mut table, world);
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

fn key_part(entry: &Entry, parts: usize, table: &mut Table, world: &World<'_>) {
    let report = &world.report;
    let Some(name) = read::new_name(&entry.key, entry.at, report) else { return };
    let Some(scalar) = read::scalar(&entry.value, "type", report) else { return };
    if scalar.text == "from" {
        table.from = true;
        if parts > 1 {
            let message = "a threshold is the only part of its key";
            bad_value(entry.value.place, message, "keep one part, or give it a type", report);
        }
        table.key.push(Column { name, kind: Type::Number });
        return;
    }
    let Some(kind) = types::parse(&scalar.text, entry.value.place, world) else { return };
    if matches!(kind, Type::Text | Type::Choice(_) | Type::Row(_) | Type::Position | Type::Unit) {
        table.key.push(Column { name, kind });
    } else {
        let help = "use text, words, a table, a position or a unit, or `from` for a threshold";
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
    if table.from {
        let number = read::decimal(&entry.key);
        if number.is_none() {
            let message = format!("`{}` is no threshold", entry.key);
            bad_value(entry.at, message, "write a number without quotes and units", report);
        }
        return number.map(|n| Name::from(n.normalize().to_string()));
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
