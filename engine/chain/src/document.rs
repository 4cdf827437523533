//! documents/*.yaml: fields, their types, defaults and computed values.

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_core::definition::{Confidential, DocumentType, Field};
use countersign_core::name::{Name, Title};
use countersign_core::secret::secret_fields;
use countersign_core::value::{Type, Value};

use crate::access;
use crate::codes;
use crate::condition::{self, Scope, Site, Text};
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::table::written_value;
use crate::types;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys::of(&["document", "title", "titles", "fields", "commercial", "custodian", "access"]);

/// Reads a type of document.
pub(crate) fn read(node: &Node, world: &World<'_>) -> Option<(DocumentType, Option<Confidential>)> {
    let report = &world.report;
    let map = Map::read(node, "a document", KEYS, report)?;
    let name =
        map.need("document", "a document", report).and_then(|n| read::name(n, "a document", report))?;
    let mut document = DocumentType {
        title: read::title(map.get("title"), &name, report),
        name,
        fields: Vec::new(),
        commercial: Vec::new(),
    };
    let fields = map.need("fields", "a document", report).and_then(|n| Map::any(n, "fields", report));
    let entries = fields.map_or(&[][..], |m| m.entries);
    let mut computed: Vec<(usize, Text)> = Vec::new();
    for entry in entries {
        if let Some((field, expression)) = field(entry, world) {
            computed.extend(expression.map(|text| (document.fields.len(), text)));
            document.fields.push(field);
        }
    }
    if document.fields.len() < entries.len() {
        world.partial.borrow_mut().insert(document.name.clone());
    }
    titles(map.get("titles"), &mut document, world);
    let computed_fields: Vec<Name> =
        computed.iter().filter_map(|(at, _)| document.fields.get(*at)).map(|f| f.name.clone()).collect();
    for (number, (at, text)) in computed.iter().enumerate() {
        let not_known_yet = computed_fields.get(number..).unwrap_or(&[]);
        compute(&mut document, *at, (text, not_known_yet), world);
    }
    if let Some(node) = map.need("commercial", "a document", report) {
        commercial(node, &mut document, world);
    }
    let confidential = access::read(&map, &document.name, world);
    has_custodian(&map, (&document, confidential.as_ref()), world);
    Some((document, confidential))
}

/// Who keeps secrets, and may erase them, is said with them.
fn has_custodian(
    map: &Map<'_>,
    (document, confidential): (&DocumentType, Option<&Confidential>),
    world: &World<'_>,
) {
    let Some(secret) = secret_fields(document).next() else { return };
    let written = map.get("custodian").is_some() || confidential.is_some_and(|c| c.custodian.is_some());
    if !written {
        let message = format!("`{}` is secret, and nobody keeps it", secret.name);
        let help = "add `custodian: POSITION`, who may read it and have it erased; `access` names others who may read it";
        world.report.error(codes::NO_CUSTODIAN, map.head(), message, help);
    }
}

fn titles(node: Option<&Node>, document: &mut DocumentType, world: &World<'_>) {
    let Some(map) = node.and_then(|n| Map::any(n, "titles", &world.report)) else { return };
    for entry in map.entries {
        let title = read::title(Some(&entry.value), &entry.key, &world.report);
        match document.fields.iter_mut().find(|f| f.name == *entry.key.as_str()) {
            Some(field) => field.title = title,
            None => unknown_field(&entry.key, entry.at, document, world),
        }
    }
}

fn unknown_field(name: &str, place: Place, document: &DocumentType, world: &World<'_>) {
    if world.is_partial(&document.name) {
        return;
    }
    let message = format!("the document {} has no field `{name}`", document.name);
    let help = suggest::nearest(name, document.fields.iter().map(|f| f.name.as_str()));
    world.report.error(codes::UNKNOWN_FIELD, place, message, help);
}

fn commercial(node: &Node, document: &mut DocumentType, world: &World<'_>) {
    for item in read::list(node, "commercial", &world.report) {
        let Some(name) = read::name(item, "a field", &world.report) else { continue };
        if document.fields.iter().any(|f| f.name == name) {
            document.commercial.push(name);
        } else {
            unknown_field(&name, item.place, document, world);
        }
    }
}

/// A field, and the expression that computes it, to be lowered when all fields are known.
fn field(entry: &Entry, world: &World<'_>) -> Option<(Field, Option<Text>)> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let title = Title { en: name.clone(), zh: Name::default() };
    let mut field = Field {
        name,
        title,
        kind: Type::Text,
        default: None,
        computed: None,
        unique: false,
        numbered: false,
        member_defaults: Vec::new(),
    };
    match &entry.value.body {
        Body::Bad => None,
        Body::List(_) => {
            let help = "write a type, or `list: { ... }` for a list of records";
            report.error(codes::WRONG_SHAPE, entry.value.place, "a field's type is no list", help);
            None
        }
        Body::Map(keys) => {
            let of_list = keys.iter().find(|k| k.key == "list").filter(|_| keys.len() == 1);
            let members = of_list.map_or(&entry.value, |k| &k.value);
            let record = Type::Record(record(members, &mut field.member_defaults, world)?);
            field.kind = if of_list.is_some() { Type::List(Box::new(record)) } else { record };
            Some((field, None))
        }
        Body::Scalar(scalar) => {
            let text = Text::of(&entry.value, scalar, report);
            let (written, after) = split(&scalar.text);
            let (mut kind, mut secret) = (written, false);
            // In whatever order they stand.
            while let Some((rest, word)) = kind.rsplit_once(", ") {
                match word {
                    "unique" => field.unique = true,
                    "numbered" => field.numbered = true,
                    "secret" => secret = true,
                    _ => break,
                }
                kind = rest;
            }
            field.kind = types::parse(kind, text.place(&(0..kind.len())), world)?;
            if secret {
                field.kind = sealed(&field, after.is_some(), entry.value.place, world)?;
                return Some((field, None));
            }
            if field.unique && !matches!(field.kind, Type::Text | Type::Number | Type::Row(_)) {
                let help = "take `, unique` away, or make it a text";
                report.error(
                    codes::BAD_VALUE,
                    entry.value.place,
                    format!("{} cannot be unique", field.kind),
                    help,
                );
            }
            if field.numbered && (field.kind != Type::Text || after.is_some()) {
                let message = "a numbered field is a text that the engine fills in";
                let help = "write `text, numbered` without a value";
                report.error(codes::BAD_VALUE, entry.value.place, message, help);
            }
            let expression = after.map(|at| text.part(at..scalar.text.len()));
            match expression {
                Some(e) if is_value(&e.text, &field.kind) => {
                    field.default = written_value(&e.text, &field.kind, &entry.value, world);
                    Some((field, None))
                }
                other => Some((field, other)),
            }
        }
    }
}

/// The type of a field whose values are sealed: a text, which nothing computes, compares or counts.
fn sealed(field: &Field, has_value: bool, place: Place, world: &World<'_>) -> Option<Type> {
    let kind = match &field.kind {
        Type::Text => Some(Type::Secret),
        Type::Optional(of) if **of == Type::Text => Some(Type::Optional(Box::new(Type::Secret))),
        _ => None,
    };
    if kind.is_none() || field.unique || field.numbered || has_value {
        let message = "a secret is a text that somebody hands in, and nothing else";
        let help =
            "write `text, secret` or `optional text, secret`, without `unique`, `numbered` and a value";
        world.report.error(codes::BAD_VALUE, place, message, help);
        return None;
    }
    kind
}

/// The type, and where what follows ` = ` begins.
fn split(text: &str) -> (&str, Option<usize>) {
    match text.find(" = ") {
        Some(at) => (text[..at].trim_end(), Some(at + 3)),
        None => (text, None),
    }
}

/// Whether a plain value follows ` = ` rather than an expression.
fn is_value(text: &str, kind: &Type) -> bool {
    let text = text.trim();
    let quoted = text.starts_with('"');
    let number = read::decimal(text.trim_end_matches('%')).is_some();
    let word = matches!(kind, Type::Choice(words) if words.iter().any(|w| *w == *text));
    let plain =
        matches!(kind, Type::Text | Type::Row(_) | Type::Position | Type::Unit) && read::is_name(text);
    quoted
        || number
        || word
        || plain
        || matches!(text, "true" | "false" | "[]")
        || (*kind == Type::Span && countersign_core::time::Span::parse(text).is_some())
}

fn record(node: &Node, defaults: &mut Vec<(Name, Value)>, world: &World<'_>) -> Option<Vec<(Name, Type)>> {
    let report = &world.report;
    let map = Map::any(node, "a record", report)?;
    let mut members = Vec::new();
    for entry in map.entries {
        let Some(name) = read::new_name(&entry.key, entry.at, report) else { continue };
        if let Body::Map(_) = entry.value.body {
            members.extend(types::of_node(&entry.value, world).map(|kind| (name, kind)));
            continue;
        }
        let Some(scalar) = read::scalar(&entry.value, "type", report) else { continue };
        let (written, after) = split(&scalar.text);
        let Some(kind) = types::parse(written, entry.value.place, world) else { continue };
        if let Some(at) = after {
            if is_value(&scalar.text[at..], &kind) {
                let value = written_value(&scalar.text[at..], &kind, &entry.value, world);
                defaults.extend(value.map(|v| (name.clone(), v)));
            } else {
                let message = "a member of a record is handed in, not computed";
                let help = "write a plain value that it has where nobody says another, and compute in a field or \
                            under `define`: sum(lines, it.qty * it.price)";
                read::bad_value(entry.value.place, message, help, report);
            }
        }
        members.push((name, kind));
    }
    if map.entries.is_empty() {
        report.error(codes::WRONG_SHAPE, node.place, "a record without members", "name at least one member");
    }
    Some(members)
}

/// Lowers the expression of a field. Fields are computed in the order of the file.
fn compute(
    document: &mut DocumentType,
    at: usize,
    (text, not_known_yet): (&Text, &[Name]),
    world: &World<'_>,
) {
    let Some(kind) = document.fields.get(at).map(|f| f.kind.clone()) else { return };
    let reads = RefCell::new(BTreeSet::new());
    let scope = Scope { document: Some(document), ..Scope::bare(world, Site::Field, &reads) };
    let Some(lowered) = condition::of_type(text, &kind, &scope) else { return };
    if let Some(other) = reads.into_inner().iter().find(|r| not_known_yet.contains(r)) {
        let message = format!("`{other}` is computed here or further down, and not known yet");
        let help = "put the fields that it reads before it; none may read itself";
        world.report.error(codes::CYCLE, text.whole(), message, help);
        return;
    }
    if let Some(field) = document.fields.get_mut(at) {
        field.computed = Some(lowered.expr);
    }
}
