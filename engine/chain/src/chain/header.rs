//! The head of a chain: what it carries, who may start it, what must hold, how it may end.

use std::collections::BTreeMap;

use countersign_core::definition::{End, Target, Who};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use crate::codes;
use crate::condition::{self, Defined, FUNCTIONS, Lowered, RESERVED, Scope, Site, Text};
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::world::World;
use crate::yaml::{Body, Node};

pub(crate) const KEYS: Keys = Keys::of(&[
    "chain",
    "title",
    "document",
    "key",
    "amount",
    "initiators",
    "benefits",
    "skip_level",
    "driver",
    "cc",
    "monitors",
    "ends",
    "requires",
    "starts",
    "alarms",
    "define",
    "facts",
    "anytime",
    "hands_on",
    "states",
]);

/// Tokens of subjects that belong to no chain.
const TAKEN: &[&str] = &["definitions", "organisation", "accounts", "system"];

pub(super) fn name(map: &Map<'_>, world: &World<'_>) -> Option<Name> {
    let report = &world.report;
    let node = map.need("chain", "a chain", report)?;
    let name = read::token(&read::scalar(node, "chain", report)?.text, node.place, report)?;
    if TAKEN.contains(&name.as_str()) {
        let message = format!("events of `{name}` belong to no chain");
        report.error(codes::RESERVED_NAME, node.place, message, "choose another name");
        return None;
    }
    Some(name)
}

pub(super) fn document(map: &Map<'_>, world: &World<'_>) -> Option<Name> {
    let node = map.need("document", "a chain", &world.report)?;
    let name = read::name(node, "a document", &world.report)?;
    if !world.names.documents.contains(name.as_str()) {
        world.unknown("document", &name, node.place, world.names.documents.iter().map(String::as_str));
        return None;
    }
    Some(name)
}

pub(super) fn driver(map: &Map<'_>, world: &World<'_>) -> Option<Name> {
    match map.get("driver") {
        None => world.company.as_ref().and_then(|c| c.driver.clone()),
        Some(node) => {
            let name = read::name(node, "a position", &world.report)?;
            world.need_position(&name, node.place).then_some(name)
        }
    }
}

/// The defines in order, each lowered with those before it.
pub(super) fn defines(
    map: &Map<'_>,
    base: &Scope<'_, '_>,
    world: &World<'_>,
) -> Vec<(Defined, Option<Expr>)> {
    let report = &world.report;
    let mut found: Vec<Defined> = Vec::new();
    let mut lowered: Vec<Option<Expr>> = Vec::new();
    let entries =
        map.get("define").and_then(|n| Map::any(n, "define", report)).map_or(&[][..], |m| m.entries);
    for entry in entries {
        let name = Name::from(entry.key.as_str());
        let taken = RESERVED.contains(&name.as_str())
            || FUNCTIONS.contains(&name.as_str())
            || world.names.chains.contains(name.as_str())
            || world.names.tables.contains(name.as_str());
        if taken {
            let message = format!("`{name}` has a meaning of its own");
            report.error(codes::RESERVED_NAME, entry.at, message, "choose another name");
        }
        read::new_name(&entry.key, entry.at, report);
        let scope = Scope { defines: &found, ..base.at(Site::Define) };
        let result = read::scalar(&entry.value, "expression", report)
            .and_then(|scalar| condition::any(&Text::of(&entry.value, scalar, report), &scope));
        lowered.push(result.as_ref().map(|r| r.expr.clone()));
        found.push(Defined { name, lowered: result.map(|r| (r.kind, r.needs)) });
    }
    found.into_iter().zip(lowered).collect()
}

pub(super) fn amount(map: &Map<'_>, base: &Scope<'_, '_>) -> Option<Lowered> {
    let report = &base.world.report;
    let node = map.get("amount")?;
    let text = Text::of(node, read::scalar(node, "amount", report)?, report);
    let lowered = condition::any(&text, &base.at(Site::Amount))?;
    match lowered.kind {
        Type::Optional(_) => {
            let help = "add `else` and what holds where it is missing";
            report.error(codes::NEEDS_ELSE, node.place, "the amount may be missing", help);
            None
        }
        Type::Money | Type::AnyMoney | Type::Units | Type::Percent | Type::Number => Some(lowered),
        kind => {
            let help = "use money, units, a share or a number";
            report.error(codes::TYPE_ERROR, node.place, format!("{kind} is no amount"), help);
            None
        }
    }
}

pub(super) fn key(map: &Map<'_>, base: &Scope<'_, '_>) -> Option<Expr> {
    let node = map.get("key")?;
    let report = &base.world.report;
    let text = Text::of(node, read::scalar(node, "key", report)?, report);
    condition::of_type(&text, &Type::Text, &base.at(Site::Key)).map(|lowered| lowered.expr)
}

pub(super) fn ends(map: &Map<'_>, world: &World<'_>) -> Vec<(End, Place)> {
    let report = &world.report;
    let mut found = Vec::new();
    let Some(map) = map.need("ends", "a chain", report).and_then(|n| Map::any(n, "ends", report)) else {
        return found;
    };
    for entry in map.entries {
        let Some(name) = free_name(&entry.key, entry.at, world) else { continue };
        let good = read::word(&entry.value, "an end", &["good", "bad"], report) == Some("good");
        found.push((End { name, good }, entry.at));
    }
    if !found.iter().any(|(end, _)| end.good) {
        bad_value(map.head(), "a chain without a good end", "name one, such as `approved: good`", report);
    }
    found
}

fn free_name(text: &str, place: Place, world: &World<'_>) -> Option<Name> {
    let name = read::new_name(text, place, &world.report)?;
    if matches!(text, "draft" | "withdrawn" | "on-hold" | "back" | "stay" | "end" | "all" | "none") {
        let message = format!("`{text}` has a meaning of its own in every chain");
        world.report.error(codes::RESERVED_NAME, place, message, "choose another name");
        return None;
    }
    Some(name)
}

/// The names that may submit as written (`None`: anyone), and the positions that they mean.
pub(super) fn initiators(map: &Map<'_>, world: &World<'_>) -> (Option<Vec<Name>>, Vec<Name>) {
    let report = &world.report;
    let positions = &world.organisation.positions;
    let everybody = || positions.keys().cloned().collect::<Vec<_>>();
    let Some(node) = map.need("initiators", "a chain", report) else { return (None, Vec::new()) };
    match &node.body {
        Body::Scalar(s) if s.text == "anyone" => return (None, everybody()),
        // Other cases start it.
        Body::Scalar(s) if s.text == "none" => return (Some(Vec::new()), Vec::new()),
        _ => {}
    }
    let (mut names, mut meant) = (Vec::new(), Vec::new());
    for item in read::list(node, "initiators", report) {
        let Some(name) = read::name(item, "a kind or position", report) else { continue };
        if !world.kinds.contains(&name) && !positions.contains_key(&name) {
            let known = world.kinds.iter().chain(positions.keys()).map(Name::as_str);
            world.unknown("kind or position", &name, item.place, known);
            continue;
        }
        meant.extend(positions.iter().filter(|(n, p)| **n == name || p.kind == name).map(|(n, _)| n.clone()));
        names.push(name);
    }
    meant.sort();
    meant.dedup();
    (Some(names), meant)
}

pub(super) fn skip_level_allowed(map: &Map<'_>, world: &World<'_>) -> bool {
    let node = map.get("skip_level");
    node.and_then(|n| read::word(n, "skip_level", &["allowed", "refused"], &world.report)) == Some("allowed")
}

/// Everything that arrows may lead to, and the states' names in order.
pub(super) fn targets(
    states: Option<&Map<'_>>,
    ends: &[(End, Place)],
    world: &World<'_>,
) -> (BTreeMap<String, Target>, Vec<Option<Name>>) {
    let mut found: BTreeMap<String, Target> = BTreeMap::new();
    found.insert("draft".to_owned(), Target::Draft);
    found.insert("on-hold".to_owned(), Target::OnHold);
    found.insert("back".to_owned(), Target::Back);
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    for (n, (end, _)) in ends.iter().enumerate() {
        found.insert(end.name.to_string(), Target::End(number(n)));
    }
    let mut names = Vec::new();
    for entry in states.map_or(&[][..], |m| m.entries) {
        let name = free_name(&entry.key, entry.at, world);
        if let Some(name) = &name
            && found.insert(name.to_string(), Target::State(number(names.len()))).is_some()
        {
            let message = format!("`{name}` is an end already");
            world.report.error(codes::DUPLICATE_NAME, entry.at, message, "give the state another name");
        }
        names.push(name);
    }
    (found, names)
}

pub(super) fn monitors(map: &Map<'_>, context: &Context<'_, '_>) -> Vec<(Who, Option<Expr>)> {
    let report = &context.world.report;
    let mut found = Vec::new();
    for item in map.get("monitors").map_or(&[][..], |n| read::list(n, "monitors", report)) {
        let Body::Map(_) = item.body else {
            found.extend(context.who(item).map(|who| (who, None)));
            continue;
        };
        let Some(map) = Map::read(item, "a monitor", Keys::of(&["who", "when"]), report) else { continue };
        let who = map.need("who", "a monitor", report).and_then(|n| context.who(n));
        let when = context.when(&map, Site::Monitor);
        if let (Some(who), Some(when)) = (who, when) {
            found.push((who, when));
        }
    }
    found
}

/// Reports an unknown state or end.
pub(super) fn unknown_target(name: &str, place: Place, context: &Context<'_, '_>) {
    let message = format!("this chain has no state or end `{name}`");
    let help = suggest::nearest(name, context.targets.keys().map(String::as_str));
    context.world.report.error(codes::UNKNOWN_NAME, place, message, help);
}

impl Context<'_, '_> {
    /// A list of positions that the case knows, such as `facts.signers`.
    fn several(&self, node: &Node) -> Option<Who> {
        let Body::Scalar(scalar) = &node.body else { return None };
        let report = &self.world.report;
        let scope = self.scope.at(self.who_site);
        let text = Text::of(node, scalar, report);
        let lowered = report.quietly(|| condition::any(&text, &scope))?;
        let list = matches!(&lowered.kind, Type::List(of) if **of == Type::Position);
        list.then_some(Who::Expr(lowered.expr))
    }

    pub(super) fn whos(&self, node: Option<&Node>) -> Vec<Who> {
        let items = node.map_or(&[][..], read::one_or_more);
        items.iter().filter_map(|n| self.several(n).or_else(|| self.who(n))).collect()
    }
}
