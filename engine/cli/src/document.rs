//! Documents from a file, from standard input, and from `--set`.

use std::io::Read;

use clap::Args;
use countersign_messages::{Document, Limits, decode};
use serde_json::{Map, Value, json};

use crate::exit::Failure;

/// The document that goes with a request.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The document")]
pub(crate) struct DocumentArgs {
    /// The document, a JSON file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Option<String>,
    /// A field, over what the document says: days=30, prepay=10%, lines[0].qty=3, 'price=2600.00 CNY'; FIELD= takes it out
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
}

impl DocumentArgs {
    pub(crate) fn is_given(&self) -> bool {
        self.document.is_some() || !self.set.is_empty()
    }

    /// The document, read and completed.
    pub(crate) fn read(&self) -> Result<Document, Failure> {
        self.over(None)
    }

    /// The same over a document as it stands, where no file is named.
    pub(crate) fn over(&self, standing: Option<Document>) -> Result<Document, Failure> {
        if !self.is_given() {
            return Err(Failure::usage("expected --document FILE, or --set FIELD=VALUE"));
        }
        let mut fields = match (&self.document, standing) {
            (Some(file), _) => read(file)?,
            (None, Some(standing)) => standing.0,
            (None, None) => Map::new(),
        };
        for assignment in &self.set {
            let wrong = |message: &str| Failure::usage(message.to_owned()).at(format!("--set {assignment}"));
            let (path, text) = assignment.split_once('=').ok_or_else(|| wrong("expected FIELD=VALUE"))?;
            if text.is_empty() {
                fields.remove(path);
                continue;
            }
            set(&mut fields, path, value(text)).map_err(|message| wrong(&message))?;
        }
        Ok(Document(fields))
    }
}

/// What a task asks for, from files and from `FIELD=VALUE`; the later one wins.
pub(crate) fn answers(given: &[String]) -> Result<Document, Failure> {
    let (set, files): (Vec<String>, Vec<String>) = given.iter().cloned().partition(|text| text.contains('='));
    let mut fields = Map::new();
    for file in &files {
        fields.extend(read(file)?);
    }
    if set.is_empty() {
        return Ok(Document(fields));
    }
    DocumentArgs { document: None, set }.over(Some(Document(fields)))
}

/// A document as it stands in a file. Numbers keep the digits they are written with.
fn read(file: &str) -> Result<Map<String, Value>, Failure> {
    let mut bytes = Vec::new();
    let opened: std::io::Result<Box<dyn Read>> = match file {
        "-" => Ok(Box::new(std::io::stdin().lock())),
        path => std::fs::File::open(path).map(|file| Box::new(file) as Box<dyn Read>),
    };
    // One byte more than any message may have is enough to refuse it.
    let most = Limits::default().message_bytes_max as u64 + 1;
    let read = opened.and_then(|from| from.take(most).read_to_end(&mut bytes));
    read.map_err(|error| Failure::usage(format!("expected a readable document: {error}")).at(file))?;
    let document: Document = decode(&bytes, &Limits::default()).map_err(|error| {
        let place = match (error.line, error.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            _ => file.to_owned(),
        };
        Failure::from(error).at(place)
    })?;
    Ok(document.0)
}

/// A value as it is typed: JSON where it is some, `300000.01 CNY` as money, anything else as text.
fn value(text: &str) -> Value {
    let money = text.split_once(' ').filter(|(amount, currency)| {
        amount.parse::<f64>().is_ok()
            && currency.len() == 3
            && currency.bytes().all(|b| b.is_ascii_uppercase())
    });
    if let Some((amount, currency)) = money {
        return json!({ "amount": amount, "currency": currency });
    }
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Puts a value at a path such as `lines[0].qty`.
fn set(fields: &mut Map<String, Value>, path: &str, value: Value) -> Result<(), String> {
    let mut steps = path.split('.');
    let first = steps.next().unwrap_or_default();
    let mut at = step(fields, first)?;
    for name in steps {
        if at.is_null() {
            *at = Value::Object(Map::new());
        }
        let within = at.as_object_mut().ok_or_else(|| format!("expected a record before .{name}"))?;
        at = step(within, name)?;
    }
    *at = value;
    Ok(())
}

/// A field, or an item of a list in it: `lines[0]`.
fn step<'f>(fields: &'f mut Map<String, Value>, text: &str) -> Result<&'f mut Value, String> {
    let (name, index) = match text.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']').and_then(|n| n.parse::<usize>().ok()))),
        None => (text, None),
    };
    if name.is_empty() {
        return Err("expected the name of a field".to_owned());
    }
    let found = fields.entry(name).or_insert(Value::Null);
    let Some(index) = index else { return Ok(found) };
    let index = index.ok_or_else(|| format!("expected a place from 0 between [ and ] after {name}"))?;
    if found.is_null() {
        *found = Value::Array(Vec::new());
    }
    let items = found.as_array_mut().ok_or_else(|| format!("expected {name} to be a list"))?;
    if index == items.len() {
        items.push(Value::Null);
    }
    let count = items.len();
    items.get_mut(index).ok_or_else(|| format!("expected a place up to {count} in {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(set: &[&str]) -> Result<String, Failure> {
        let args = DocumentArgs { document: None, set: set.iter().map(|text| (*text).to_owned()).collect() };
        args.read().map(|document| Value::Object(document.0).to_string())
    }

    #[test]
    fn fields_are_typed_as_they_are_written() {
        let typed = document(&["days=30", "prepay=10%", "customer=CU-JS-001", "partial=true", "no=\"30\""]);
        let expected = r#"{"customer":"CU-JS-001","days":30,"no":"30","partial":true,"prepay":"10%"}"#;
        assert_eq!(typed.unwrap(), expected);
        let nested = document(&["lines[0].qty=3", "lines[0].price=2600.00 CNY", "lines[1].qty=1.50"]);
        let expected = r#"{"lines":[{"price":{"amount":"2600.00","currency":"CNY"},"qty":3},{"qty":1.50}]}"#;
        assert_eq!(nested.unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_meant_names_the_assignment() {
        for (text, message) in [
            ("days", "expected FIELD=VALUE"),
            ("=3", "expected the name of a field"),
            ("lines[2].qty=3", "expected a place up to 0 in lines"),
            ("lines[x]=3", "expected a place from 0 between [ and ] after lines"),
        ] {
            let failure = document(&[text]).unwrap_err();
            assert_eq!(
                (failure.error.message.as_str(), failure.place),
                (message, Some(format!("--set {text}")))
            );
        }
        assert!(document(&["days=3", "days.x=3"]).is_err());
        assert_eq!(document(&["days=3", "total=4", "total="]).unwrap(), r#"{"days":3}"#);
    }
}
