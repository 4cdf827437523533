//! More signers than a case deserves, and positions that decide with nobody to stand in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use countersign_core::definition::{Activity, Duty, Line, Member, Node, Position, Signer, VacancyRung, Who};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Places;
use super::flow::{Flow, To, members};
use crate::codes;
use crate::world::World;

/// More signatures than this on the smallest case are a habit, not a control.
const SIGNERS_MAX: u32 = 6;

/// Warns where even the shortest way to a good end is signed by many.
pub(super) fn signers(flow: &Flow<'_>, places: &Places, world: &World<'_>) {
    let mut least: BTreeMap<usize, u32> = BTreeMap::new();
    let mut open = BinaryHeap::from([(Reverse(0_u32), 0_usize)]);
    while let Some((Reverse(count), n)) = open.pop() {
        let Some(state) = flow.chain.states.get(n).filter(|_| !least.contains_key(&n)) else { continue };
        least.insert(n, count);
        let here = match &state.activity {
            Activity::People(node) if state.when.is_none() => asked(node),
            _ => 0,
        };
        for edge in flow.leaving(n) {
            match edge.to {
                To::State(to) => open.push((Reverse(count + here), to)),
                To::End(end) if flow.chain.ends.get(end).is_some_and(|e| e.good) => {
                    many(count + here, flow, places, world);
                    return;
                }
                _ => {}
            }
        }
    }
}

/// An error where the company says how many may sign, otherwise a warning.
fn many(count: u32, flow: &Flow<'_>, places: &Places, world: &World<'_>) {
    let chain = &flow.chain.name;
    let of_money =
        world.heads.get(chain).is_some_and(|head| matches!(head.amount, Some(Type::Money | Type::AnyMoney)));
    let policy = world.defaults.as_ref().and_then(|defaults| defaults.signers.as_ref());
    let message = format!("even the smallest case of {chain} is signed by {count}");
    match policy {
        Some(policy) if of_money && count > policy.at_most => {
            let help = format!(
                "at most {} sign up to {}; ask the others only where it matters, with `when`",
                policy.at_most, policy.up_to
            );
            world.report.error(codes::TOO_MANY_SIGNERS, places.head, message, help);
        }
        _ if count > SIGNERS_MAX => {
            let help =
                format!("ask some of them only where it matters, with `when`; {SIGNERS_MAX} are plenty");
            world.report.warn(codes::MANY_SIGNERS, places.head, message, help);
        }
        _ => {}
    }
}

/// How many sign in any case: opinions and decisions without a condition.
fn asked(node: &Node) -> u32 {
    match node {
        Node::Signer(signer) => match signer.duty {
            _ if signer.only_if.is_some() => 0,
            Duty::Approve | Duty::Review => heads(&signer.who),
            Duty::Input | Duty::Edit | Duty::Task | Duty::OnCall => 0,
        },
        Node::Climb(climb) => 1 + climb.besides().filter(|b| b.when.is_none()).count() as u32,
        Node::All(members) | Node::InOrder(members) => {
            members.iter().filter(|m| m.when.is_none()).map(|m| asked(&m.node)).sum()
        }
        Node::Any(members) => members.iter().map(|m| asked(&m.node)).min().unwrap_or(0),
        Node::Votes { need, .. } => *need,
    }
}

fn heads(who: &Who) -> u32 {
    match who {
        Who::Each(several) => several.iter().map(heads).sum(),
        Who::FirstOf(several) => several.iter().map(|(_, who)| heads(who)).min().unwrap_or(0),
        _ => 1,
    }
}

/// Warns of positions that decide, have one holder, and for whom nobody can stand in.
pub(super) fn holders(flows: &[(Flow<'_>, &Places)], world: &World<'_>) {
    let mut deciding = BTreeSet::new();
    for (flow, _) in flows {
        for state in &flow.chain.states {
            if let Activity::People(node) = &state.activity {
                deciders(node, world, &mut deciding);
            }
        }
    }
    for name in deciding {
        let Some(position) = world.organisation.positions.get(&name) else { continue };
        if position.holders.len() == 1 && !has_deputy(&name, position, world) {
            let place = world.report.key("organisation.yaml", &name);
            let message = format!("{name} decides, has one holder, and nobody can stand in");
            let help = "add a second holder, somebody `acting`, or a delegation";
            world.report.warn(codes::NO_DEPUTY, place, message, help);
        }
    }
}

/// Whether somebody can decide in a position's place while its holder is away: whoever acts, whoever has a delegation,
/// or by policy a superior.
fn has_deputy(name: &Name, position: &Position, world: &World<'_>) -> bool {
    let organisation = &world.organisation;
    let by_policy = world
        .company
        .as_ref()
        .is_none_or(|c| c.policies.vacancy.contains(&VacancyRung::NextSuperior) && position.solid.is_some());
    by_policy || position.acting.is_some() || organisation.delegations.values().any(|d| d.from == *name)
}

fn deciders(node: &Node, world: &World<'_>, found: &mut BTreeSet<Name>) {
    match node {
        Node::Signer(Signer { duty: Duty::Approve, who, .. }) => named(who, world, found),
        Node::Signer(_) => {}
        Node::Climb(climb) => {
            let Some(authority) = world.authorities.get(&climb.authority) else { return };
            let limited = authority.limits.iter().flat_map(|set| set.limits.keys());
            let on_line = |name: &Name| match &authority.line {
                Line::List(names) => names.contains(name),
                Line::Solid => true,
                Line::None => false,
            };
            for level in limited.filter(|name| on_line(name)) {
                let positions = &world.organisation.positions;
                found.extend(
                    positions.iter().filter(|(n, p)| *n == level || p.kind == *level).map(|(n, _)| n.clone()),
                );
            }
        }
        _ => {
            for Member { node, .. } in members(node).into_iter().flatten() {
                deciders(node, world, found);
            }
        }
    }
}

fn named(who: &Who, world: &World<'_>, found: &mut BTreeSet<Name>) {
    match who {
        Who::Position(name) => {
            found.insert(name.clone());
        }
        Who::KindAt(kind, _) | Who::Above(_, kind) => {
            let positions = &world.organisation.positions;
            found.extend(positions.iter().filter(|(_, p)| p.kind == *kind).map(|(name, _)| name.clone()));
        }
        Who::Each(several) => several.iter().for_each(|who| named(who, world, found)),
        Who::FirstOf(several) => several.iter().for_each(|(_, who)| named(who, world, found)),
        _ => {}
    }
}
