//! An approver without authority: whoever is to decide must hold a limit somewhere.
//!
//! - A climb needs an authority with limits, of the measure of the amount, with a line that can be climbed.
//! - On a solid line, above every initiator somebody must hold a limit: a superior by name or kind, or a group.
//!   Whoever has no superior is decided for by the group of `own_documents`.
//! - On a listed line every member must hold one; authority.yaml is checked for that.
//! - Where a chain has an amount, `approve:` names only positions, kinds and groups that hold a limit of some
//!   authority. `superior(...)`, `submitter` and values of documents are known only later, when core tests them.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Authority, Line, Measure, Who};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use crate::authority::holds;
use crate::codes;
use crate::diagnostic::Place;
use crate::suggest;
use crate::world::World;

/// Somebody who is to decide.
pub(super) enum Decider {
    Climb { authority: Name, kind: Option<(Type, Place)>, at: Place },
    Named { who: Who, at: Place },
}

pub(super) fn check(context: &Context<'_, '_>) {
    for decider in context.deciders.borrow().iter() {
        match decider {
            Decider::Climb { authority, kind, at } => climb(authority, kind.as_ref(), *at, context),
            Decider::Named { who, at } if context.scope.amount.is_some() => named(who, *at, context.world),
            Decider::Named { .. } => {}
        }
    }
}

fn climb(name: &Name, kind: Option<&(Type, Place)>, at: Place, context: &Context<'_, '_>) {
    let report = &context.world.report;
    let Some(authority) = context.world.authorities.get(name) else { return };
    match kind {
        None if context.amount_written => {}
        None => {
            let message = "nothing is held against its limits";
            let help = "add `amount` to the chain, or beside `climb`";
            report.error(codes::MISSING_KEY, at, message, help);
        }
        Some((kind, place)) if !measures(authority.measure, kind, context.world) => {
            let measure = match authority.measure {
                Measure::Money(currency) => currency.to_string(),
                Measure::Units => "units".to_owned(),
                Measure::Percent => "percent".to_owned(),
            };
            let shown = match (kind, context.world.currency()) {
                (Type::Money, Some(currency)) => currency.to_string(),
                (kind, _) => kind.to_string(),
            };
            let message = format!("{name} is counted in {measure}, and this amount is {shown}");
            let help = "climb an authority of the same measure, or give the climb an `amount` of its own";
            report.error(codes::MEASURE, *place, message, help);
        }
        Some(_) => {}
    }
    if authority.limits.iter().all(|set| set.limits.is_empty()) {
        let message = format!("nobody holds a limit of {name}");
        report.error(codes::NO_AUTHORITY, at, message, "add limits in authority.yaml");
        return;
    }
    match &authority.line {
        Line::List(_) => {}
        Line::None => {
            let message = format!("{name} has no line to climb");
            let help = "give it `line: solid` or a list in authority.yaml, or ask somebody with `approve`";
            report.error(codes::NO_AUTHORITY, at, message, help);
        }
        Line::Solid => solid(authority, at, context),
    }
}

fn solid(authority: &Authority, at: Place, context: &Context<'_, '_>) {
    let world = context.world;
    let groups = world.organisation.groups.keys().any(|g| holds(authority, g, world));
    let mut known = BTreeMap::new();
    let alone: BTreeSet<&str> = context
        .initiators
        .iter()
        .filter(|name| !groups && !decided(authority, name, world, &mut known))
        .map(Name::as_str)
        .collect();
    if !alone.is_empty() {
        let names: Vec<&str> = alone.into_iter().collect();
        let message = format!("nobody above {} holds a limit of {}", suggest::listed(&names), authority.name);
        let help = "give a superior a limit in authority.yaml, or take them off the initiators";
        world.report.error(codes::NO_AUTHORITY, at, message, help);
    }
}

/// Whether somebody above a position holds a limit, or a group decides for the top. What was found out on the way is
/// known from then on: a line is walked once, however many begin on it, and a circle, which is refused elsewhere, ends.
fn decided<'w>(
    authority: &Authority,
    name: &Name,
    world: &'w World<'_>,
    known: &mut BTreeMap<&'w Name, bool>,
) -> bool {
    let positions = &world.organisation.positions;
    let superior = |name: &Name| positions.get(name).and_then(|position| position.solid.as_ref());
    let Some(first) = superior(name) else {
        return world.company.as_ref().is_some_and(|c| c.policies.own_top.is_some());
    };
    // Whether a post or somebody above it holds a limit.
    let (mut at, mut walked) = (Some(first), Vec::new());
    let found = loop {
        let Some(post) = at else { break false };
        if let Some(known) = known.get(post) {
            break *known;
        }
        if holds(authority, post, world) {
            known.insert(post, true);
            break true;
        }
        known.insert(post, false);
        walked.push(post);
        at = superior(post);
    };
    known.extend(walked.into_iter().map(|post| (post, found)));
    found
}

fn measures(measure: Measure, kind: &Type, world: &World<'_>) -> bool {
    match measure {
        Measure::Money(currency) => match kind {
            // Where rates are known the amount is converted.
            Type::Money if world.tables.values().any(|table| table.rates.is_some()) => true,
            Type::Money => world.company.as_ref().is_none_or(|c| c.currency == currency),
            Type::AnyMoney => true,
            _ => false,
        },
        Measure::Units => matches!(kind, Type::Units),
        // What one amount of money is of another is a plain number.
        Measure::Percent => matches!(kind, Type::Percent | Type::Number),
    }
}

/// What cases have in common whose amounts are added, the document has and State keeps.
pub(super) fn adds_up(name: &Name, at: Place, context: &Context<'_, '_>) {
    let adds_up = context.world.authorities.get(name).and_then(|authority| authority.adds_up.as_ref());
    // What the company says of all authorities holds where a document has the fields.
    let of_all = context.world.defaults.as_ref().is_some_and(|all| all.adds_up.as_ref() == adds_up);
    for path in adds_up.iter().flat_map(|adds_up| &adds_up.fields) {
        let Some(first) = path.first() else { continue };
        let fields = context.scope.document.map(|document| &document.fields);
        if fields.is_some_and(|fields| !fields.iter().any(|field| field.name == *first)) {
            if of_all {
                continue;
            }
            let message = format!("{name} adds up by doc.{first}, which this document does not have");
            let help = "add the field, or climb an authority that adds up by something else";
            context.world.report.error(codes::UNKNOWN_FIELD, at, message, help);
        }
        context.scope.reads.borrow_mut().insert(first.clone());
    }
}

/// Whether an amount may lie beyond every limit, so that the chain must say what then.
pub(super) fn may_be_beyond(name: &Name, context: &Context<'_, '_>) -> bool {
    let world = context.world;
    let Some(authority) = world.authorities.get(name) else { return false };
    let unlimited = |who: &Name| {
        let kind = world.position(who).map(|p| p.kind.clone());
        let limit = |set: &countersign_core::definition::LimitSet| {
            set.limits.get(who).or(kind.as_ref().and_then(|k| set.limits.get(k))).map(|l| l.up_to)
        };
        !authority.limits.is_empty() && authority.limits.iter().all(|set| limit(set) == Some(None))
    };
    match &authority.line {
        Line::None => false,
        Line::List(names) => !names.iter().any(unlimited),
        Line::Solid => {
            let own_top = world.company.as_ref().is_some_and(|c| c.policies.own_top.is_some());
            let groups = world.organisation.groups.keys().any(unlimited);
            let covered = |name: &Name| {
                let superiors = world.organisation.superiors(name);
                (superiors.is_empty() && own_top) || superiors.iter().any(unlimited)
            };
            !groups && !context.initiators.iter().all(covered)
        }
    }
}

fn named(who: &Who, at: Place, world: &World<'_>) {
    let alone = match who {
        Who::Position(name) | Who::Group(name) | Who::GroupNeed(name, _) => {
            (!world.authorities.values().any(|a| holds(a, name, world))).then(|| name.to_string())
        }
        Who::KindAt(kind, _) => {
            let posts = world.organisation.positions.iter().filter(|(_, p)| p.kind == *kind);
            let mut names = posts.map(|(name, _)| name);
            (!names.any(|n| world.authorities.values().any(|a| holds(a, n, world)))).then(|| kind.to_string())
        }
        Who::Each(several) => return several.iter().for_each(|w| named(w, at, world)),
        Who::FirstOf(several) => return several.iter().for_each(|(_, w)| named(w, at, world)),
        _ => None,
    };
    if let Some(name) = alone {
        let message = format!("{name} is to approve an amount and holds no limit of any authority");
        let help = format!("give {name} a limit in authority.yaml, or ask it for a `review`");
        world.report.error(codes::NO_AUTHORITY, at, message, help);
    }
}
