//! `anytime`: what may be asked of a case whatever it is doing.

use countersign_core::definition::{Anytime, Target};
use countersign_core::name::Name;

use super::Context;
use crate::codes;
use crate::condition::Scope;
use crate::read::{self, Keys, Map, not_yet};
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys { known: &["by", "by_chain", "in", "asks", "go", "learns"], later: &["when", "unratified"] };

/// The entries of a chain.
pub(super) fn read(map: &Map<'_>, context: &Context<'_, '_>) -> Vec<Anytime> {
    let report = &context.world.report;
    let entries = map.get("anytime").and_then(|n| Map::any(n, "anytime", report));
    entries.map_or(&[][..], |m| m.entries).iter().filter_map(|e| entry(e, context)).collect()
}

fn entry(entry: &Entry, context: &Context<'_, '_>) -> Option<Anytime> {
    let report = &context.world.report;
    if entry.key.contains('.') {
        not_yet(entry.at, "messages that move a case at any time", report);
        return None;
    }
    let name = read::new_name(&entry.key, entry.at, report)?;
    let what = format!("the request {name}");
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let by = context.whos(map.get("by"));
    let by_chain: Vec<Name> = map.get("by_chain").map_or(Vec::new(), |n| {
        read::list(n, "by_chain", report).iter().filter_map(|n| context.chain_name(n)).collect()
    });
    if map.get("by").is_none() && map.get("by_chain").is_none() {
        let help = "add `by: [submitter]` for persons, or `by_chain: [...]` for cases of other chains";
        report.error(codes::MISSING_KEY, entry.at, format!("nobody may make {what}"), help);
    }
    let states = map.get("in").map(|n| {
        let state = |n: &Node| context.state(&read::name(n, "a state", report)?, n);
        read::list(n, "in", report).iter().map(state).collect::<Option<Vec<u16>>>()
    });
    let in_states = match states {
        None => None,
        Some(states) => Some(states?),
    };
    let go = map.need("go", &what, report).and_then(|n| go(n, context));
    let asks = context.head.anytime.get(&name).cloned().unwrap_or_default();
    // What is wrong with `asks` was only looked at quietly.
    if let Some(node) = map.get("asks") {
        crate::types::shape(node, "asks", context.world)?;
    }
    let asking = context.with(Scope { reply: Some(("request", &asks)), ..context.scope });
    let learns = asking.learns(map.get("learns"));
    Some(Anytime { name, by, by_chain, in_states, go: go?, learns, unratified: None, asks })
}

/// A state, an end, `draft` or `on-hold`; None inside: the case stays.
fn go(node: &Node, context: &Context<'_, '_>) -> Option<Option<Target>> {
    if matches!(&node.body, Body::Scalar(s) if s.text == "stay") {
        return Some(None);
    }
    match context.target(node)? {
        Target::Back => {
            let help = "name a state, an end, draft or on-hold, or write `go: stay`";
            let message = "a request does not lead back";
            context.world.report.error(codes::BAD_VALUE, node.place, message, help);
            None
        }
        target => Some(Some(target)),
    }
}
