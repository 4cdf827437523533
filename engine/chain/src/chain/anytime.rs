//! `anytime`: what may be asked of a case whatever it is doing, and messages that move it.
//!
//! ```text
//! anytime:
//!   cancel: { by: [submitter], in: [sealing], go: cancelling }
//!   green-light: { by_chain: [green-light], in: [line], go: registering, unratified: cancelling }
//!   finance.receipt.bounced: { match: message.ref == doc.no, in: [active], go: ending, learns: { why: message.why } }
//! ```

use countersign_core::definition::{Anytime, Listen, StateDef, Target};
use countersign_core::name::Name;

use super::Context;
use super::unratified::{self, GreenLight, UNRATIFIED};
use crate::codes;
use crate::condition::{Message, Scope};
use crate::read::{self, Keys, Map};
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys::of(&["by", "by_chain", "in", "asks", "match", "when", "go", "learns", "unratified", "once_over"]);

/// The entries of a chain: requests, and messages, whose names contain dots.
pub(super) fn read(
    map: &Map<'_>,
    states: &[&StateDef],
    context: &Context<'_, '_>,
) -> (Vec<Anytime>, Vec<Listen>) {
    let report = &context.world.report;
    let entries = map.get("anytime").and_then(|n| Map::any(n, "anytime", report));
    let (mut asked, mut heard, mut lights) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries.map_or(&[][..], |m| m.entries) {
        if entry.key.contains('.') {
            heard.extend(message(entry, context));
            continue;
        }
        let Some((map, request)) = request(entry, context) else { continue };
        if map.get(UNRATIFIED).is_some() {
            lights.push(GreenLight { map, entry: request.clone() });
        }
        asked.push(request);
    }
    // Where a state is missing after a report, others stand in its place.
    if states.len() == context.states {
        asked.extend(unratified::requests(&lights, (&asked, &heard), states, context));
    }
    (asked, heard)
}

/// Reports keys that entries of the other kind have.
fn only(map: &Map<'_>, others: &[&str], what: &str, help: &str, context: &Context<'_, '_>) {
    for entry in others.iter().filter_map(|key| map.entry(key)) {
        let message = format!("`{}` cannot stand in {what}", entry.key);
        context.world.report.error(codes::MISPLACED_KEY, entry.at, message, help);
    }
}

fn request<'t>(entry: &'t Entry, context: &Context<'_, '_>) -> Option<(Map<'t>, Anytime)> {
    let report = &context.world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let what = format!("the request {name}");
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let help = "take it away, or name a message: `finance.receipt.bounced: ...`";
    only(&map, &["match", "when"], &what, help, context);
    let by = context.whos(map.get("by"));
    let by_chain: Vec<Name> = map.get("by_chain").map_or(Vec::new(), |n| {
        read::list(n, "by_chain", report).iter().filter_map(|n| context.chain_name(n)).collect()
    });
    if map.get("by").is_none() && map.get("by_chain").is_none() {
        let help = "add `by: [submitter]` for persons, or `by_chain: [...]` for cases of other chains";
        report.error(codes::MISSING_KEY, entry.at, format!("nobody may make {what}"), help);
    }
    let in_states = in_states(&map, context)?;
    let go = map.need("go", &what, report).and_then(|n| go(n, context));
    let once_over = once_over(&map, &by_chain, context);
    let asks = context.head.anytime.get(&name).cloned().unwrap_or_default();
    // What is wrong with `asks` was only looked at quietly.
    if let Some(node) = map.get("asks") {
        crate::types::shape(node, "asks", context.world)?;
    }
    let asking = context.with(Scope { reply: Some(("request", &asks)), ..context.scope });
    let learns = asking.learns(map.get("learns"));
    Some((map, Anytime { name, by, by_chain, in_states, go: go?, learns, unratified: None, asks, once_over }))
}

fn message(entry: &Entry, context: &Context<'_, '_>) -> Option<Listen> {
    let report = &context.world.report;
    let (fact, shape) = context.fact_named(&entry.key, entry.at)?;
    let what = format!("the message {fact}");
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let help = "take it away: whoever may tell the message moves the case by it";
    only(&map, &["by", "by_chain", "asks", UNRATIFIED, "once_over"], &what, help, context);
    let heard = Some(shape.map_or(Message::Undeclared, |s| Message::Fields(s)));
    let hearing = context.with(Scope { message: heard, ..context.scope });
    let rules = match (map.entry("match"), map.entry("when")) {
        (Some(_), Some(entry)) => {
            let message = "`when` says the same as `match`";
            report.error(codes::MISPLACED_KEY, entry.at, message, "keep one of them, joined by `and`");
            None
        }
        (Some(entry), None) | (None, Some(entry)) => hearing.rules(&entry.value),
        (None, None) => {
            let help = "add `when: message.x == doc.x`";
            let message = format!("{what} does not say which case it is meant for");
            report.error(codes::MISSING_KEY, entry.at, message, help);
            None
        }
    };
    let in_states = in_states(&map, context)?;
    let go = map.need("go", &what, report).and_then(|n| go(n, context));
    let learns = hearing.learns(map.get("learns"));
    Some(Listen { fact, rules: rules?, in_states, go: go?, learns })
}

/// `once_over`: what ends become where a case of another chain asks after the case is over.
fn once_over(map: &Map<'_>, by_chain: &[Name], context: &Context<'_, '_>) -> Vec<(u16, u16)> {
    let report = &context.world.report;
    let Some(entry) = map.entry("once_over") else { return Vec::new() };
    let Some(ends) = Map::any(&entry.value, "once_over", report) else { return Vec::new() };
    if by_chain.is_empty() {
        let message = "a case that is over ends otherwise only where a case of another chain asks for it";
        let help = "add `by_chain: [appeal]`, or take `once_over` away";
        report.error(codes::MISPLACED_KEY, entry.at, message, help);
    }
    let mut found = Vec::new();
    for entry in ends.entries {
        let from = context.end(&entry.key, entry.at);
        let to =
            read::name(&entry.value, "an end", report).and_then(|name| context.end(&name, entry.value.place));
        let (Some(from), Some(to)) = (from, to) else { continue };
        if from == to {
            let help = "name another end, or take the entry away";
            read::bad_value(entry.value.place, "an end becomes another one", help, report);
            continue;
        }
        found.push((from, to));
    }
    found
}

/// `in`: the states in which it may be asked, or the message moves the case. None inside: in any.
fn in_states(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Option<Vec<u16>>> {
    let report = &context.world.report;
    let Some(node) = map.get("in") else { return Some(None) };
    let state = |n: &Node| context.state(&read::name(n, "a state", report)?, n);
    read::list(node, "in", report).iter().map(state).collect::<Option<Vec<u16>>>().map(Some)
}

/// A state, an end, `draft` or `on-hold`; None inside: the case stays.
pub(super) fn go(node: &Node, context: &Context<'_, '_>) -> Option<Option<Target>> {
    if matches!(&node.body, Body::Scalar(s) if s.text == "stay") {
        return Some(None);
    }
    match context.target(node)? {
        Target::Back => {
            let help = "name a state, an end, draft or on-hold, or write `go: stay`";
            let message = "what is asked at any time does not lead back";
            context.world.report.error(codes::BAD_VALUE, node.place, message, help);
            None
        }
        target => Some(Some(target)),
    }
}
