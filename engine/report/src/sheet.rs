//! What a report says: columns and rows, as text, CSV or JSON.

use countersign_core::name::Title;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// A report's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, in an order that depends on their contents alone.
    pub rows: Vec<Vec<Cell>>,
    /// What a reader should know: values that could not be worked out, and of which cases.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name for programs.
    pub key: String,
    /// Its title; an empty Chinese one is none.
    pub title: Title,
}

/// A value. Amounts and shares are exact texts: a number of JSON loses digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    None,
    /// How many.
    Count(u64),
    /// Anything else.
    Text(String),
}

impl Cell {
    /// A text; an empty one is nothing.
    pub(crate) fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        if text.is_empty() { Cell::None } else { Cell::Text(text) }
    }

    /// A text that may not be there.
    pub(crate) fn maybe<T: ToString>(value: Option<T>) -> Cell {
        value.map_or(Cell::None, |value| Cell::text(value.to_string()))
    }

    /// A share with two digits after the point: `83.33%`.
    pub(crate) fn share(part: Decimal, of: Decimal) -> Cell {
        let share = part.checked_div(of).and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
        Cell::maybe(share.map(|share| format!("{}%", rounded(share, 2))))
    }

    /// As it stands in a table or in CSV.
    pub fn shown(&self) -> String {
        match self {
            Cell::None => String::new(),
            Cell::Count(count) => count.to_string(),
            Cell::Text(text) => text.clone(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Cell::None => Value::Null,
            Cell::Count(count) => json!(count),
            Cell::Text(text) => json!(text),
        }
    }
}

pub(crate) fn rounded(value: Decimal, digits: u32) -> Decimal {
    countersign_core::money::round_half_up(value, digits)
}

impl Sheet {
    /// A sheet without rows; columns are `key`, Chinese title.
    pub(crate) fn new(columns: &[(&str, &str)]) -> Sheet {
        let columns = columns.iter().map(|(key, zh)| Column::new(key, zh)).collect();
        Sheet { columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// The rows as CSV, with a line of heads: names, or titles in Chinese.
    ///
    /// # Errors
    /// Where the writer cannot be written to.
    pub fn csv(&self, zh: bool, out: impl std::io::Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(out);
        let head = |column: &Column| if zh { column.head(true) } else { column.key.clone() };
        writer.write_record(self.columns.iter().map(head))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::shown))?;
        }
        writer.flush()?;
        Ok(())
    }

    /// Columns, rows and notes for programs.
    pub fn json(&self) -> Map<String, Value> {
        let columns =
            self.columns.iter().map(|column| json!({ "name": column.key, "title": column.titles() }));
        let rows = self.rows.iter().map(|row| {
            let fields = self.columns.iter().zip(row).map(|(column, cell)| (column.key.clone(), cell.json()));
            Value::Object(fields.collect())
        });
        let mut object = Map::new();
        object.insert("columns".to_owned(), columns.collect());
        object.insert("rows".to_owned(), rows.collect());
        object.insert("notes".to_owned(), json!(self.notes));
        object
    }
}

impl Column {
    pub(crate) fn new(key: &str, zh: &str) -> Column {
        Column { key: key.to_owned(), title: Title { en: key.replace('_', " ").into(), zh: zh.into() } }
    }

    /// What stands above it in a table.
    pub fn head(&self, zh: bool) -> String {
        if zh && !self.title.zh.is_empty() { self.title.zh.to_string() } else { self.title.en.to_uppercase() }
    }

    fn titles(&self) -> Value {
        let mut titles = Map::new();
        titles.insert("en".to_owned(), json!(self.title.en.as_str()));
        if !self.title.zh.is_empty() {
            titles.insert("zh".to_owned(), json!(self.title.zh.as_str()));
        }
        Value::Object(titles)
    }
}
