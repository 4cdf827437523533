//! JSON Schemas (2020-12) of every kind of file, so that editors complete and check while typing.
//!
//! The keys come from the tables that the loader itself reads with, so a schema cannot know another key than the
//! loader does. What a schema cannot say (names that exist, types of conditions) is left to `countersign check`.

mod cases;
mod files;
mod parts;
mod reports;
mod state;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

/// A schema and the files that it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// The kind of file: `chain`.
    pub kind: &'static str,
    /// The files within a company's folder, as editors are told: `chains/*.yaml`.
    pub files: &'static str,
    /// The schema.
    pub schema: Value,
}

/// The schemas of all kinds of files that the loader reads.
pub fn schemas() -> Vec<Schema> {
    files::all()
}

/// A mapping with known keys: each with the type of its value and a sentence for whoever points at it.
struct Part {
    /// Its name among the definitions of the schema.
    name: &'static str,
    /// The keys that the loader knows.
    keys: Vec<&'static str>,
    required: &'static [&'static str],
    /// Key, type, description; types as [`kind`] reads them.
    about: &'static [(&'static str, &'static str, &'static str)],
}

impl Part {
    fn schema(&self) -> Value {
        let mut properties = Map::new();
        for key in &self.keys {
            let (kind_of, description) = self.value(key).unwrap_or(("any", ""));
            let mut property = kind(kind_of);
            if let Value::Object(map) = &mut property
                && !description.is_empty()
            {
                map.insert("description".to_owned(), json!(description));
            }
            properties.insert((*key).to_owned(), property);
        }
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !self.required.is_empty() {
            schema["required"] = json!(self.required);
        }
        schema
    }

    fn value(&self, key: &str) -> Option<(&'static str, &'static str)> {
        self.about.iter().find(|(known, ..)| *known == key).map(|(_, kind, about)| (*kind, *about))
    }
}

/// A type as the tables write it: `name`; `[name]` a list; `name+` one or a list; `{name}` a mapping with keys of the
/// writer's own; `=a|b` words; `a/b` one or the other.
fn kind(written: &str) -> Value {
    if let Some(words) = written.strip_prefix('=') {
        return json!({ "enum": words.split('|').collect::<Vec<_>>() });
    }
    if let Some(of) = written.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
        return json!({ "type": "array", "items": kind(of) });
    }
    if let Some(of) = written.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
        return json!({ "type": "object", "additionalProperties": kind(of) });
    }
    if written.contains('/') {
        return json!({ "anyOf": written.split('/').map(kind).collect::<Vec<_>>() });
    }
    if let Some(of) = written.strip_suffix('+') {
        return json!({ "anyOf": [kind(of), { "type": "array", "items": kind(of) }] });
    }
    json!({ "$ref": format!("#/$defs/{written}") })
}

/// Types that every schema may use.
fn basics() -> Map<String, Value> {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let defs = json!({
        "any": true,
        "text": { "type": ["string", "number"] },
        "name": { "type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]*$", "maxLength": 64 },
        "token": { "type": "string", "pattern": "^[a-z][a-z0-9-]*$", "maxLength": 64 },
        "number": { "type": "number" },
        "whole": { "type": "integer", "minimum": 0 },
        "flag": { "type": "boolean" },
        "share": text("^[0-9]+(\\.[0-9]+)?%$"),
        "span": text("^[0-9]+(min|h|d|mo|wh|wd)$"),
        "code": text("^[A-Z][A-Z0-9_]*$"),
        "date": text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        "time": text("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"),
        "hours": text("^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"),
        "currency": text("^[A-Z]{3}$"),
        "expression": {
            "type": ["string", "number", "boolean"],
            "description": "A condition or a value: see Conditions in the manual",
        },
        "type": {
            "type": "string",
            "description": "text, flag, number, percent, money, units, date, time, duration, position, unit, case, \
                            a table, words joined by |; optional ..., list of ...",
        },
        "shape": { "anyOf": [
            { "$ref": "#/$defs/type" },
            { "type": "object", "additionalProperties": { "$ref": "#/$defs/shape" } },
        ] },
    });
    match defs {
        Value::Object(defs) => defs,
        _ => Map::new(),
    }
}
