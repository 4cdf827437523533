//! Reports of what a case did: `report monthly-customers: [{ customer: CU-1, alarm: low }]`.

use countersign_chain::tree::{Pair, Shape, Tree};
use countersign_core::definition::Definition;
use countersign_core::name::Name;
use countersign_core::time::Date;
use countersign_report::{AsOf, Asked, Book, Fold, NAMES, Sheet, find};

use crate::case::shown;
use crate::codes;
use crate::fields::decimal;
use crate::read::Reader;
use crate::world::World;

/// Rows that are shown where the one that is expected is not there.
const SHOWN: usize = 5;

/// What a report is expected to say.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    name: Name,
    from: Option<Date>,
    to: Option<Date>,
    /// Rows that are among its rows, by the columns that are named.
    rows: Vec<Vec<Pair>>,
}

/// Reads what a report is expected to say: rows, or a period and rows.
pub(crate) fn expected(reader: &Reader<'_>, name: &str, pair: &Pair) -> Option<Report> {
    let registers = reader.company.definitions.values().filter_map(|definition| match definition {
        Definition::Reports(reports) => Some(reports.registers.iter().map(|register| register.name.as_str())),
        _ => None,
    });
    let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).chain(registers.flatten()).collect();
    if !known.contains(&name) {
        reader.unknown(pair.at, "report", name, known);
        return None;
    }
    let (mut from, mut to, mut rows) = (None, None, &pair.value);
    if matches!(pair.value.shape, Shape::Map(_)) {
        reader.keys(&pair.value, "what a report says", &["from", "to", "rows"])?;
        from = day(reader, pair.value.get("from"))?;
        to = day(reader, pair.value.get("to"))?;
        let Some(found) = pair.value.get("rows") else {
            let help = "add `rows: [{ column: value }]`";
            reader.error(pair.at, codes::MISSING_KEY, "a report is expected to say something", help);
            return None;
        };
        rows = found;
    }
    let rows: Option<Vec<_>> = reader
        .list(rows, "rows of a report")
        .iter()
        .map(|row| reader.mapping(row, "a row of a report").map(<[Pair]>::to_vec))
        .collect();
    Some(Report { name: Name::from(name), from, to, rows: rows? })
}

/// A day that may be left out. None: it is no day, which has been reported.
fn day(reader: &Reader<'_>, node: Option<&Tree>) -> Option<Option<Date>> {
    let Some(node) = node else { return Some(None) };
    let text = reader.text(node, "a date")?;
    let day = Date::parse(text);
    if day.is_none() {
        let message = format!("`{text}` is no date");
        reader.error(node.span, codes::BAD_VALUE, message, "write it like \"2025-04-30\"");
    }
    day.map(Some)
}

/// What the report should say and does not.
pub(crate) fn unmet(world: &World<'_>, report: &Report) -> Option<(String, String)> {
    let sheet = match sheet(world, report) {
        Ok(sheet) => sheet,
        Err(why) => return Some(("a report".to_owned(), why)),
    };
    report.rows.iter().find_map(|row| {
        let unknown = row.iter().find(|pair| column(&sheet, &pair.key).is_none());
        if let Some(pair) = unknown {
            let known: Vec<&str> = sheet.columns.iter().map(|column| column.key.as_str()).collect();
            let found = format!("no such column; columns: {}", known.join(", "));
            return Some((format!("a column `{}`", pair.key), found));
        }
        let there = (0..sheet.rows.len()).any(|at| row.iter().all(|pair| fits(&sheet, at, pair)));
        (!there).then(|| (told(row, shown_of), nearest(&sheet, row)))
    })
}

fn sheet(world: &World<'_>, report: &Report) -> Result<Sheet, String> {
    let book = book(world);
    let found = find(&report.name, &book).map_err(|error| error.to_string())?;
    let asked = Asked { from: report.from, to: report.to, case: None };
    let window = book.window(&asked).map_err(|(from, to)| format!("a period from {from} to {to}"))?;
    Ok(found.make(&window))
}

/// What the case has come to by now, with the definitions that hold.
fn book(world: &World<'_>) -> Book {
    let rules = world.state.definitions().active().cloned();
    let (before, frames) = world.log.clone().unwrap_or_default();
    let mut fold = Fold::over(before, rules, AsOf::Now(world.at));
    for frame in &frames {
        fold.frame(frame);
    }
    fold.book()
}

fn column(sheet: &Sheet, key: &str) -> Option<usize> {
    sheet.columns.iter().position(|column| column.key == key)
}

/// A cell as a case file writes it: `none` where it is empty.
fn cell(sheet: &Sheet, row: usize, key: &str) -> String {
    let cell = column(sheet, key).and_then(|column| sheet.rows.get(row)?.get(column));
    let text = cell.map(countersign_report::Cell::shown).unwrap_or_default();
    if text.is_empty() { "none".to_owned() } else { text }
}

fn fits(sheet: &Sheet, row: usize, pair: &Pair) -> bool {
    let (expected, found) = (shown(&pair.value), cell(sheet, row, &pair.key));
    expected == found || (decimal(&expected).is_some() && decimal(&expected) == decimal(&found))
}

fn told(row: &[Pair], value: impl Fn(&Pair) -> String) -> String {
    let parts: Vec<String> = row.iter().map(|pair| format!("{}: {}", pair.key, value(pair))).collect();
    format!("{{ {} }}", parts.join(", "))
}

fn shown_of(pair: &Pair) -> String {
    shown(&pair.value)
}

/// The rows that have most of what is expected, as far as it is expected.
fn nearest(sheet: &Sheet, row: &[Pair]) -> String {
    let score = |at: usize| row.iter().filter(|pair| fits(sheet, at, pair)).count();
    let best = (0..sheet.rows.len()).map(score).max();
    let near = (0..sheet.rows.len()).filter(|at| Some(score(*at)) == best).take(SHOWN);
    let near: Vec<String> = near.map(|at| told(row, |pair| cell(sheet, at, &pair.key))).collect();
    if near.is_empty() { "no rows".to_owned() } else { near.join(", ") }
}
