//! `requires`: what must hold for a submission, here and in other cases.

use countersign_core::definition::{ForEach, Required, RequiredCase, Requirement};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use super::checks::Unique;
use crate::codes;
use crate::condition::{self, Scope, Site, Text};
use crate::diagnostic::Report;
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys::of(&["must", "unique", "case", "for_each", "key", "state", "within", "takes", "else"]);

/// The requirements of a chain.
pub(super) fn read(map: &Map<'_>, context: &Context<'_, '_>) -> Vec<Requirement> {
    let report = &context.world.report;
    let mut found = Vec::new();
    for item in map.get("requires").map_or(&[][..], |n| read::list(n, "requires", report)) {
        let Some(map) = Map::read(item, "a requirement", KEYS, report) else { continue };
        let what = match map.get("case") {
            Some(node) => case(node, &map, context).map(Required::Case),
            None => of_document(&map, context),
        };
        let code = map.need("else", "a requirement", report).and_then(|n| read::code(n, report));
        if let (Some(what), Some(code)) = (what, code) {
            found.push(Requirement { what, code });
        }
    }
    found
}

/// What is required of the document itself: `must`, or `unique`.
fn of_document(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Required> {
    let report = &context.world.report;
    for entry in ["for_each", "key", "state", "within", "takes"].into_iter().filter_map(|key| map.entry(key))
    {
        let message = format!("`{}` belongs to a required case", entry.key);
        report.error(codes::MISPLACED_KEY, entry.at, message, "add `case: chain`, or take it away");
    }
    match (map.entry("unique"), map.get("must")) {
        (Some(entry), Some(_)) => {
            beside(entry, "must", report);
            None
        }
        (Some(entry), None) => context.unique(&entry.value, Site::Requires).map(Unique::required),
        (None, _) => {
            let must = map.need("must", "a requirement", report);
            must.and_then(|n| context.flag(n, Site::Requires)).map(Required::Must)
        }
    }
}

/// `unique` stands alone.
fn beside(entry: &Entry, other: &str, report: &Report<'_>) {
    let message = format!("`unique` cannot stand beside `{other}`");
    report.error(codes::MISPLACED_KEY, entry.at, message, "give each a requirement of its own");
}

fn case(node: &Node, map: &Map<'_>, context: &Context<'_, '_>) -> Option<RequiredCase> {
    let report = &context.world.report;
    if let Some(entry) = map.entry("unique") {
        beside(entry, "case", report);
    }
    if let Some(entry) = map.entry("must") {
        let help = "give it a requirement of its own";
        report.error(codes::MISPLACED_KEY, entry.at, "`must` cannot stand beside `case`", help);
    }
    let chain = context.chain_name(node)?;
    let each = map.get("for_each").map(|n| context.for_each(n, Site::Requires));
    let each: Option<(ForEach, Type)> = match each {
        None => None,
        Some(found) => Some(found?),
    };
    let item = each.as_ref().map(|(each, kind)| (each.item.as_str(), kind));
    let scope = Scope { item, ..context.scope };
    let key = map.need("key", "a required case", report).and_then(|n| context.text(n));
    let key = key.and_then(|text| condition::of_type(&text, &Type::Text, &scope.at(Site::Requires)));
    let states = map.need("state", "a required case", report)?;
    if matches!(&states.body, Body::List(items) if items.is_empty()) {
        let message = "a case that stands nowhere";
        report.error(codes::WRONG_SHAPE, states.place, message, "name at least one state or end");
    }
    let states: Vec<Name> =
        read::one_or_more(states).iter().filter_map(|n| state(n, &chain, context)).collect();
    let within = map.get("within").and_then(|n| read::span(n, "within", report));
    let takes = context.takes(map.get("takes"), &chain, &states);
    let for_each = each.map(|(each, _)| each.list);
    Some(RequiredCase { for_each, chain, key: key?.expr, states, within, takes })
}

/// A state or end of another chain.
fn state(node: &Node, chain: &Name, context: &Context<'_, '_>) -> Option<Name> {
    let world = context.world;
    let name = read::name(node, "a state or end", &world.report)?;
    let head = world.heads.get(chain)?;
    let ends = head.ends.iter().map(|(name, _)| name);
    let known = || head.states.iter().chain(ends.clone()).map(Name::as_str).chain(["withdrawn"]);
    if known().any(|k| k == name.as_str()) {
        return Some(name);
    }
    if !head.partial {
        let message = format!("{chain} has no state or end `{name}`");
        world.report.error(codes::UNKNOWN_NAME, node.place, message, suggest::nearest(&name, known()));
    }
    None
}

impl Context<'_, '_> {
    /// The name of a chain.
    pub(super) fn chain_name(&self, node: &Node) -> Option<Name> {
        let world = self.world;
        let name = read::name(node, "a chain", &world.report)?;
        if !world.names.chains.contains(name.as_str()) {
            world.unknown("chain", &name, node.place, world.names.chains.iter().map(String::as_str));
            return None;
        }
        Some(name)
    }

    /// `item in list`, and the type of the item.
    pub(super) fn for_each(&self, node: &Node, site: Site) -> Option<(ForEach, Type)> {
        for_each(node, &self.scope.at(site))
    }

    /// Whether the name of an item or a child means nothing else; otherwise it is reported.
    pub(super) fn free(&self, item: &Name, what: &str, node: &Node) -> Option<()> {
        free(item, what, node, &self.scope)
    }
}

/// `item in list`, and the type of the item.
pub(crate) fn for_each(node: &Node, scope: &Scope<'_, '_>) -> Option<(ForEach, Type)> {
    let report = &scope.world.report;
    let text = Text::of(node, read::scalar(node, "condition", report)?, report);
    let Some((name, _)) = text.text.split_once(" in ") else {
        let help = "write `for_each: line in doc.lines`";
        report.error(codes::BAD_EXPRESSION, node.place, "this does not say for each of what", help);
        return None;
    };
    let item = read::new_name(name.trim(), text.part(0..name.len()).whole(), report)?;
    free(&item, "the item", node, scope)?;
    let list = text.part(name.len() + 4..text.text.len());
    let lowered = condition::any(&list, scope)?;
    match lowered.kind {
        Type::List(of) => Some((ForEach { item, list: lowered.expr }, *of)),
        Type::Optional(of) if matches!(*of, Type::List(_)) => {
            let help = "add `else` and a list that holds then";
            report.error(codes::NEEDS_ELSE, list.whole(), "this list may be missing", help);
            None
        }
        kind => {
            let message = format!("this is {kind}, no list");
            report.error(codes::TYPE_ERROR, list.whole(), message, "name a list, such as doc.lines");
            None
        }
    }
}

fn free(item: &Name, what: &str, node: &Node, scope: &Scope<'_, '_>) -> Option<()> {
    let world = scope.world;
    let taken = condition::RESERVED.contains(&item.as_str())
        || condition::FUNCTIONS.contains(&item.as_str())
        || scope.defines.iter().any(|d| d.name == *item)
        || world.position(item).is_some()
        || world.is_group(item)
        || world.names.accounts.contains(item.as_str())
        || world.names.tables.contains(item.as_str());
    if taken {
        let message = format!("`{item}` has a meaning of its own");
        let help = format!("choose another name for {what}");
        world.report.error(codes::RESERVED_NAME, node.place, message, help);
    }
    (!taken).then_some(())
}
