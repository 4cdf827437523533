//! A chain as a graph: what is never reached, and loops that nothing breaks.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Chain, Node, StateDef, Target};

use crate::codes;
use crate::diagnostic::{Place, Report};

/// Checks a chain whose parts are all right.
pub(super) fn check(chain: &Chain, states: &[Place], ends: &[Place], report: &Report<'_>) {
    let (reached, reached_ends) = reached(chain);
    for (n, state) in chain.states.iter().enumerate() {
        if !reached.contains(&n) {
            let message = format!("nothing leads to the state {}", state.name);
            let place = states.get(n).copied().unwrap_or_default();
            report.error(codes::UNREACHABLE_STATE, place, message, "lead an arrow to it, or take it away");
        }
    }
    for (n, end) in chain.ends.iter().enumerate() {
        // Returns beyond the limit of R12 end a case in `rejected`.
        if !reached_ends.contains(&n) && end.name != "rejected" {
            let message = format!("nothing leads to the end {}", end.name);
            let place = ends.get(n).copied().unwrap_or_default();
            report.warn(codes::UNREACHABLE_END, place, message, "lead an arrow to it, or take it away");
        }
    }
    if let Some(circle) = endless(chain) {
        let names: Vec<&str> =
            circle.iter().chain(circle.first()).map(|n| chain.states[*n].name.as_str()).collect();
        let message = format!("nobody acts and no time passes in the loop {}", names.join(" -> "));
        let place = circle.first().and_then(|n| states.get(*n)).copied().unwrap_or_default();
        let help = "put a person, a message or a time into it, or lead it to draft, on-hold or an end";
        report.error(codes::ENDLESS_LOOP, place, message, help);
    }
}

/// Where a state may lead.
fn targets(state: &StateDef) -> Vec<Target> {
    let mut found: Vec<Target> = state.next.values().flatten().map(|a| a.go).collect();
    if let Activity::Choose(branches) = &state.activity {
        found.extend(branches.iter().map(|b| b.go));
    }
    found.extend(state.expires.as_ref().map(|e| e.go));
    found
}

fn reached(chain: &Chain) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut states, mut ends) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![0_usize];
    while let Some(n) = open.pop() {
        let Some(state) = chain.states.get(n) else { continue };
        if !states.insert(n) {
            continue;
        }
        for target in targets(state) {
            match target {
                Target::State(to) => open.push(usize::from(to)),
                Target::End(to) => {
                    ends.insert(usize::from(to));
                }
                Target::Draft | Target::OnHold | Target::Back => {}
            }
        }
    }
    (states, ends)
}

/// The states that a state may lead to at once, without anybody acting and any time passing.
fn at_once(state: &StateDef) -> Vec<usize> {
    let work = matches!(state.activity, Activity::Check(_) | Activity::Choose(_));
    let skipped = state.when.is_some() || nobody(&state.activity);
    let arrows = state.next.iter().filter(|(outcome, _)| work || (skipped && **outcome == state.good));
    let mut found: Vec<Target> = arrows.flat_map(|(_, arrows)| arrows).map(|a| a.go).collect();
    if let Activity::Choose(branches) = &state.activity {
        found.extend(branches.iter().map(|b| b.go));
    }
    let states = found.iter().filter_map(|t| match t {
        Target::State(n) => Some(usize::from(*n)),
        _ => None,
    });
    states.collect()
}

/// Whether it may be that nobody is asked: every member has a condition.
fn nobody(activity: &Activity) -> bool {
    let Activity::People(node) = activity else { return false };
    match node {
        Node::All(members) | Node::Any(members) | Node::InOrder(members) => {
            members.iter().all(|m| m.when.is_some())
        }
        Node::Votes { members, .. } => members.iter().all(|m| m.when.is_some()),
        Node::Signer(_) | Node::Climb(_) => false,
    }
}

/// A circle of steps that follow at once, by a walk in depth without recursion.
fn endless(chain: &Chain) -> Option<Vec<usize>> {
    let mut done: BTreeSet<usize> = BTreeSet::new();
    for start in 0..chain.states.len() {
        let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut next = Some(start);
        loop {
            if let Some(n) = next.take() {
                if let Some(begin) = path.iter().position(|(p, _)| *p == n) {
                    return Some(path[begin..].iter().map(|(p, _)| *p).collect());
                }
                if done.insert(n) {
                    path.push((n, chain.states.get(n).map_or(Vec::new(), at_once)));
                }
            }
            let Some((_, open)) = path.last_mut() else { break };
            match open.pop() {
                Some(n) => next = Some(n),
                None => {
                    path.pop();
                }
            }
        }
    }
    None
}
