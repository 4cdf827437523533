//! adapters.yaml: what other systems are asked, what they may answer, what undoes it, and the facts they report.
//!
//! ```text
//! shapes:
//!   short_line: { product: products, units: units }
//! erp:
//!   atp.query:       { done: { short: list of short_line }, reads_only: true }
//!   mo.create:       { stage: { accepted: { mo: text } }, done: {}, refused: NO_CAPACITY, undo: mo.cancel }
//!   mo.cancel:       { done: {}, is_undo: true }
//!   goods.delivered: { message: { waybill: text } }
//! ```

use std::collections::BTreeMap;

use countersign_core::definition::{Adapters, Refusals, Shape, Undo, Verb};
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::read::{self, Map, bad_value};
use crate::suggest;
use crate::types;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

/// How the file is known among what could not be read in full.
pub(crate) const FILE: &str = "adapters.yaml";

/// Keys of a command that are no answers.
pub(crate) const KEYS: &[&str] = &["stage", "refused", "undo", "is_undo", "reads_only", "message"];

/// Outcomes that no answer may be called.
const TAKEN: &[&str] =
    &["refused", "unknown", "silent", "conflict", "stuck", "withdrawn", "stage", "passed", "failed"];

/// Reads adapters.yaml into the world: `shapes` first, which the types after them may name.
pub(crate) fn read(node: &Node, world: &mut World<'_>) {
    let before = world.report.count();
    let Some(map) = Map::any(node, "adapters.yaml", &world.report) else { return };
    let shapes = map.get("shapes").and_then(|n| Map::any(n, "shapes", &world.report));
    for entry in shapes.map_or(&[][..], |m| m.entries) {
        shape(entry, world);
    }
    let mut found = Adapters::default();
    let mut undone: Vec<(Name, Place)> = Vec::new();
    for entry in map.entries.iter().filter(|e| e.key != "shapes") {
        if entry.key == ENGINE {
            engine(entry.at, &world.report);
            continue;
        }
        let name = read::token(&entry.key, entry.at, &world.report);
        let what = format!("the adapter {}", entry.key);
        let Some((name, of)) = name.zip(Map::any(&entry.value, &what, &world.report)) else { continue };
        for verb in of.entries {
            one(&name, verb, &mut found, &mut undone, world);
        }
    }
    let written = |name: &Name| {
        let (adapter, verb) = name.split_once('.').unwrap_or((name, ""));
        let of = map.get(adapter).map(|n| &n.body);
        matches!(of, Some(Body::Map(verbs)) if verbs.iter().any(|v| v.key == verb))
    };
    // One that is written and could not be read has been reported.
    for (undo, place) in undone.iter().filter(|(undo, _)| found.verbs.contains_key(undo) || !written(undo)) {
        undo_exists(undo, *place, &found, world);
    }
    world.adapters = found;
    if world.report.count() > before {
        world.partial.borrow_mut().insert(Name::from(FILE));
    }
}

/// The first word of what the engine itself is called by.
pub(crate) const ENGINE: &str = "engine";

/// Reports the engine where an adapter is meant.
pub(crate) fn engine(place: Place, report: &Report<'_>) {
    let help = "take it away: delegations end by themselves when a holder changes; what another system knows, such as a \
                budget that is closed, its adapter tells";
    report.error(codes::RESERVED_NAME, place, "the engine is no adapter and tells no messages", help);
}

fn shape(entry: &Entry, world: &mut World<'_>) {
    let report = &world.report;
    let Some(name) = read::new_name(&entry.key, entry.at, report) else { return };
    if world.names.tables.contains(name.as_str()) {
        let message = format!("there is a table `{name}` already");
        report.error(codes::DUPLICATE_NAME, entry.at, message, "give the shape another name");
        return;
    }
    match types::shape(&entry.value, "a shape", world) {
        Some(members) => {
            world.shapes.insert(name, Type::Record(members));
        }
        // Types of this name are not unknown, only this shape is.
        None => {
            world.partial.borrow_mut().insert(Name::from(FILE));
        }
    }
}

/// One command or fact: `object.verb`.
fn one(
    adapter: &Name,
    entry: &Entry,
    found: &mut Adapters,
    undone: &mut Vec<(Name, Place)>,
    world: &World<'_>,
) {
    let report = &world.report;
    if !is_pair(&entry.key) {
        let message = format!("`{}` is no name of a command or fact", entry.key);
        let help =
            "write what it is about and what is done, such as invoice.issue: lower-case letters, digits, -";
        report.error(codes::BAD_NAME, entry.at, message, help);
        return;
    }
    let full = Name::from(format!("{adapter}.{}", entry.key));
    let what = format!("the command {full}");
    let Some(map) = Map::any(&entry.value, &what, report) else { return };
    if let Some(node) = map.get("message") {
        for other in map.entries.iter().filter(|e| e.key != "message") {
            let message = format!("a fact is only told, it has no `{}`", other.key);
            report.error(codes::MISPLACED_KEY, other.at, message, "take it away, or take `message` away");
        }
        if let Some(shape) = types::shape(node, "message", world) {
            found.facts.insert(full, shape);
        }
        return;
    }
    let undo = undo(adapter, &map, &what, undone, world);
    if let Some(verb) = verb(&map, &what, undo, world) {
        found.verbs.insert(full, verb);
    }
}

fn verb(map: &Map<'_>, what: &str, undo: Option<Undo>, world: &World<'_>) -> Option<Verb> {
    let report = &world.report;
    map.need("done", what, report)?;
    let stage = map.get("stage").and_then(|n| Map::any(n, "stage", report));
    let mut stages = BTreeMap::new();
    for entry in stage.map_or(&[][..], |m| m.entries) {
        stages.extend(answer(entry, world));
    }
    let mut finals: BTreeMap<Name, Shape> = BTreeMap::new();
    for entry in map.entries.iter().filter(|e| !KEYS.contains(&e.key.as_str())) {
        let Some((word, shape)) = answer(entry, world) else { continue };
        if stages.contains_key(&word) {
            let message = format!("`{word}` is a stage and a last answer");
            report.error(codes::DUPLICATE_NAME, entry.at, message, "give one of them another name");
        }
        finals.insert(word, shape);
    }
    let refused = map.get("refused").map_or(Some(Refusals::Never), |n| refused(n, world));
    Some(Verb { stages, finals, refused: refused?, undo: undo? })
}

/// An answer's word and what it carries.
fn answer(entry: &Entry, world: &World<'_>) -> Option<(Name, Shape)> {
    let report = &world.report;
    let word = read::new_name(&entry.key, entry.at, report)?;
    if TAKEN.contains(&word.as_str()) {
        let message = format!("`{word}` has a meaning of its own");
        report.error(codes::RESERVED_NAME, entry.at, message, "give the answer another name");
        return None;
    }
    if !matches!(entry.value.body, Body::Map(_) | Body::Bad) {
        let near = suggest::nearest(&word, KEYS.iter().copied().chain(["done"]));
        let message = format!("`{word}` is no key of a command, and no answer");
        let help = format!("an answer is written with its fields, `{word}: {{ ... }}`; {near}");
        report.error(codes::UNKNOWN_KEY, entry.at, message, help);
        return None;
    }
    types::shape(&entry.value, "an answer", world).map(|shape| (word, shape))
}

/// `text`, or codes joined by `|`.
fn refused(node: &Node, world: &World<'_>) -> Option<Refusals> {
    let scalar = read::scalar(node, "refused", &world.report)?;
    if scalar.text == "text" {
        return Some(Refusals::Any);
    }
    let mut codes_found: Vec<Name> = Vec::new();
    for code in scalar.text.split('|').map(str::trim) {
        let good = code.starts_with(|c: char| c.is_ascii_uppercase())
            && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !good {
            let message = format!("`{code}` cannot be a refusal code");
            let help = "write codes like NO_CAPACITY | BAD_BOM, or `text` for any";
            world.report.error(codes::BAD_CODE, node.place, message, help);
            return None;
        }
        codes_found.push(Name::from(code));
    }
    Some(Refusals::OneOf(codes_found))
}

/// What undoes a command: exactly one of `undo`, `is_undo` and `reads_only` says so.
fn undo(
    adapter: &Name,
    map: &Map<'_>,
    what: &str,
    undone: &mut Vec<(Name, Place)>,
    world: &World<'_>,
) -> Option<Undo> {
    let report = &world.report;
    let said: Vec<&Entry> = ["undo", "is_undo", "reads_only"].iter().filter_map(|k| map.entry(k)).collect();
    let [entry] = said.as_slice() else {
        if let Some(second) = said.get(1) {
            let message = format!("{what} says twice what undoes it");
            report.error(
                codes::MISPLACED_KEY,
                second.at,
                message,
                "keep one of undo, is_undo and reads_only",
            );
        } else {
            let message = format!("{what} does not say what undoes it");
            let help = "add `undo: object.verb`, `undo: none` (a person has to say how to go on), \
                        `is_undo: true`, or `reads_only: true` if it changes nothing";
            report.error(codes::NO_UNDO, map.head(), message, help);
        }
        return None;
    };
    if entry.key != "undo" {
        return match read::flag(&entry.value, &entry.key, report)? {
            true if entry.key == "is_undo" => Some(Undo::IsUndo),
            true => Some(Undo::ReadsOnly),
            false => {
                bad_value(
                    entry.value.place,
                    format!("{} is true or not there", entry.key),
                    "take it away",
                    report,
                );
                None
            }
        };
    }
    let text = &read::scalar(&entry.value, "command", report)?.text;
    if text == "none" {
        return Some(Undo::Nothing);
    }
    let full = Name::from(format!("{adapter}.{text}"));
    undone.push((full.clone(), entry.value.place));
    Some(Undo::By(full))
}

/// Whether what undoes a command is a command of the same adapter that changes something.
fn undo_exists(name: &Name, place: Place, found: &Adapters, world: &World<'_>) {
    let report = &world.report;
    match found.verbs.get(name) {
        None => {
            let adapter = name.split('.').next().unwrap_or_default();
            let own = found.verbs.keys().filter_map(|v| v.strip_prefix(adapter)?.strip_prefix('.'));
            let written = name.split_once('.').map_or("", |(_, w)| w);
            let message = format!("{adapter} has no command `{written}`");
            report.error(codes::UNKNOWN_NAME, place, message, suggest::nearest(written, own));
        }
        Some(verb) if verb.undo == Undo::ReadsOnly => {
            let message = format!("{name} changes nothing, so it undoes nothing");
            bad_value(
                place,
                message,
                "name a command that takes the effect back, or write `undo: none`",
                report,
            );
        }
        Some(_) => {}
    }
}

/// `object.verb` in lower case.
pub(crate) fn is_pair(text: &str) -> bool {
    text.split('.').count() == 2 && text.split('.').all(is_token)
}

/// A part of a command's or fact's name.
pub(crate) fn is_token(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
