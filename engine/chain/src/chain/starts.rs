//! What starts a case besides a person, and who is told when something takes too long.

use std::collections::BTreeSet;

use countersign_core::definition::{Alarm, AlarmStop, Begins, Period, Start, Trigger};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use super::given::Takes;
use crate::codes;
use crate::condition::{Message, Scope, Site};
use crate::read::{self, Keys, Map};
use crate::yaml::{Body, Entry, Node};

pub(crate) const START: Keys =
    Keys::of(&["message", "when", "every", "for_each", "submitter", "with", "begins"]);
pub(crate) const ALARM: Keys = Keys::of(&["name", "from", "to", "missing", "after", "tell"]);

/// `starts` of a chain.
pub(super) fn read(map: &Map<'_>, context: &Context<'_, '_>) -> Vec<Start> {
    let report = &context.world.report;
    let items = map.get("starts").map_or(&[][..], |n| read::list(n, "starts", report));
    items.iter().filter_map(|n| start(n, context)).collect()
}

fn start(node: &Node, context: &Context<'_, '_>) -> Option<Start> {
    let report = &context.world.report;
    let map = Map::read(node, "a start", START, report)?;
    match (map.entry("message"), map.entry("every")) {
        (Some(entry), None) => {
            beside(&map, &["for_each"], "message", context);
            let (fact, shape) = context.fact(&entry.value)?;
            let message = Some(shape.map_or(Message::Undeclared, |s| Message::Fields(s)));
            let hearing = context.with(Scope { message, ..context.scope });
            let when = hearing.when(&map, Site::Start);
            let (submitter, with, begins) = hearing.document(&map, entry)?;
            Some(Start { trigger: Trigger::Message { fact, when: when? }, submitter, with, begins })
        }
        (None, Some(entry)) => {
            beside(&map, &["when"], "every", context);
            let period = period(&entry.value, context);
            let each = match map.get("for_each") {
                None => None,
                Some(node) => Some(rows(node, context)?),
            };
            let item = each.as_ref().map(|(name, kind)| (name.as_str(), kind));
            let each_context = context.with(Scope { item, ..context.scope });
            let (submitter, with, begins) = each_context.document(&map, entry)?;
            let for_each = match &each {
                Some((_, Type::Row(table))) => Some(table.clone()),
                _ => None,
            };
            Some(Start { trigger: Trigger::Every { period: period?, for_each }, submitter, with, begins })
        }
        _ => {
            let message = "a case is started by one thing";
            let help = "write one of `message: adapter.object.fact` and `every: quarter`";
            report.error(codes::MISSING_KEY, map.head(), message, help);
            None
        }
    }
}

/// Reports keys that the other kind of start has.
fn beside(map: &Map<'_>, keys: &[&str], what: &str, context: &Context<'_, '_>) {
    for entry in keys.iter().filter_map(|k| map.entry(k)) {
        let message = format!("`{}` cannot stand beside `{what}` here", entry.key);
        context.world.report.error(codes::MISPLACED_KEY, entry.at, message, "take it away");
    }
}

fn period(node: &Node, context: &Context<'_, '_>) -> Option<Period> {
    let words = ["day", "week", "month", "quarter", "year"];
    Some(match read::word(node, "a period", &words, &context.world.report)? {
        "day" => Period::Day,
        "week" => Period::Week,
        "month" => Period::Month,
        "quarter" => Period::Quarter,
        _ => Period::Year,
    })
}

/// `customer in customers`: a case for each row of a table.
fn rows(node: &Node, context: &Context<'_, '_>) -> Option<(Name, Type)> {
    let world = context.world;
    let text = &read::scalar(node, "item in table", &world.report)?.text;
    let Some((item, table)) = text.split_once(" in ") else {
        let help = "write `for_each: customer in customers`";
        world.report.error(codes::BAD_EXPRESSION, node.place, "this does not say for each row of what", help);
        return None;
    };
    let item = read::new_name(item.trim(), node.place, &world.report)?;
    let table = table.trim();
    if !world.names.tables.contains(table) {
        world.unknown("table", table, node.place, world.names.tables.iter().map(String::as_str));
        return None;
    }
    Some((item, Type::Row(Name::from(table))))
}

impl Context<'_, '_> {
    /// In whose name a case starts, with which document, and where.
    fn document(
        &self,
        map: &Map<'_>,
        at: &Entry,
    ) -> Option<(countersign_core::definition::Who, countersign_core::definition::With, Begins)> {
        let report = &self.world.report;
        let submitter = map.need("submitter", "a start", report).and_then(|n| self.at_start().who_one(n));
        let begins =
            match map.get("begins").and_then(|n| read::word(n, "begins", &["draft", "first"], report)) {
                Some("draft") => Begins::Draft,
                _ => Begins::First,
            };
        let (document, shape) = self.document_takes(&self.head.document)?;
        let what = format!("the document {}", document.name);
        let partial = self.world.is_partial(&document.name);
        let with = self.with_typed(map.get("with"), &Takes { what, shape: &shape, partial }, Site::Start)?;
        if begins == Begins::First {
            self.given(document, &|field| with.iter().any(|(name, _)| *name == field.name), at.at);
        }
        Some((submitter?, with, begins))
    }
}

/// States that an alarm watches from.
pub(super) fn watched(map: &Map<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(Body::List(items)) = map.get("alarms").map(|n| &n.body) {
        for item in items {
            let Body::Map(entries) = &item.body else { continue };
            if let Some(Body::Scalar(s)) = entries.iter().find(|e| e.key == "from").map(|e| &e.value.body) {
                found.insert(s.text.clone());
            }
        }
    }
    found
}

/// `alarms` of a chain.
pub(super) fn alarms(map: &Map<'_>, context: &Context<'_, '_>) -> Vec<Alarm> {
    let report = &context.world.report;
    let mut found: Vec<Alarm> = Vec::new();
    for item in map.get("alarms").map_or(&[][..], |n| read::list(n, "alarms", report)) {
        let Some(alarm) = alarm(item, context) else { continue };
        if found.iter().any(|a| a.name == alarm.name) {
            let message = format!("there is another alarm `{}`", alarm.name);
            report.error(codes::DUPLICATE_NAME, item.place, message, "give it another name");
        }
        found.push(alarm);
    }
    found
}

fn alarm(node: &Node, context: &Context<'_, '_>) -> Option<Alarm> {
    let report = &context.world.report;
    let map = Map::read(node, "an alarm", ALARM, report)?;
    let need = |key: &str| map.need(key, "an alarm", report);
    let name =
        need("name").and_then(|n| read::scalar(n, "name", report)).map(|s| Name::from(s.text.as_str()));
    let state = |node: &Node| context.state(&read::name(node, "a state", report)?, node);
    let from = need("from").and_then(state);
    let to = match (map.get("to"), map.get("missing")) {
        (Some(node), None) => match &node.body {
            Body::Scalar(s) if s.text == "end" => Some(AlarmStop::End),
            _ => state(node).map(AlarmStop::State),
        },
        (None, Some(node)) => context.fact(node).map(|(name, _)| AlarmStop::Fact(name)),
        _ => {
            let help = "write one of `to: STATE`, `to: end` and `missing: adapter.object.fact`";
            report.error(codes::MISSING_KEY, map.head(), "an alarm is stopped by one thing", help);
            None
        }
    };
    let after = need("after").and_then(|n| read::span(n, "after", report));
    let tell = context.whos(need("tell"));
    Some(Alarm { name: name?, from: from?, to: to?, after: after?, tell })
}
