//! What a case holds of accounts is used up, given back or handed on before it ends well; nothing is used up or given
//! back that nobody has reserved or taken; and accounts are there for something.
//!
//! For each state the names are gathered that may be held when it is entered. Bad ends give back by themselves.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Chain, MoveDef, MoveOf, Required, StateDef};
use countersign_core::name::Name;

use super::Places;
use super::flow::{Edge, Flow, How, To};
use crate::chain::given_to_parent;
use crate::codes;
use crate::diagnostic::Place;
use crate::suggest;
use crate::world::World;

type Held = BTreeSet<Name>;

pub(super) fn check(flow: &Flow<'_>, places: &Places, world: &World<'_>) {
    let chain = flow.chain;
    if !is_concerned(chain, world) {
        return;
    }
    let entered = entered(flow, world);
    never_held(chain, &entered, places, world);
    let mut said: BTreeSet<(usize, usize)> = BTreeSet::new();
    for edge in &flow.edges {
        let (To::End(end), Some(before)) = (edge.to, entered.get(edge.from).and_then(Option::as_ref)) else {
            continue;
        };
        let Some(target) = chain.ends.get(end).filter(|end| end.good) else { continue };
        let mut left = after(edge, before, &entered, flow, world);
        for handed in chain.hands_on.iter().filter(|h| usize::from(h.end) == end) {
            left.retain(|name| !handed.holds.contains(name));
        }
        if left.is_empty() || !said.insert((edge.from, end)) {
            continue;
        }
        let names: Vec<&str> = left.iter().map(Name::as_str).collect();
        let message = format!(
            "{} leads to the good end {} while the case may still hold {}",
            flow.name(edge.from),
            target.name,
            suggest::listed(&names)
        );
        let help = "consume it, release it, or name it under hands_on of that end";
        world.report.error(codes::STILL_HELD, places.state(edge.from), message, help);
    }
}

/// Whether a chain has anything to do with accounts that are held.
fn is_concerned(chain: &Chain, world: &World<'_>) -> bool {
    let state = |state: &StateDef| match &state.activity {
        Activity::Reserve(_) | Activity::Consume(_) | Activity::Release(_) => true,
        Activity::Run(run) => {
            world.heads.get(&run.chain).is_some_and(|head| !given_to_parent(head, None).is_empty())
        }
        _ => false,
    };
    !chain.hands_on.is_empty() || taken(chain, None).next().is_some() || chain.states.iter().any(state)
}

/// What may be held when a state is entered; None: it is never entered.
fn entered(flow: &Flow<'_>, world: &World<'_>) -> Vec<Option<Held>> {
    let chain = flow.chain;
    let mut found: Vec<Option<Held>> = vec![None; flow.out.len()];
    let mut open = BTreeSet::new();
    if let Some(first) = found.first_mut() {
        *first = Some(taken(chain, None).cloned().collect());
        open.insert(0);
    }
    while let Some(n) = open.pop_first() {
        for edge in flow.leaving(n) {
            let (To::State(to), Some(Some(before))) = (edge.to, found.get(n)) else { continue };
            let after = after(edge, before, &found, flow, world);
            let Some(slot) = found.get_mut(to) else { continue };
            let known = slot.as_ref().map(BTreeSet::len);
            slot.get_or_insert_default().extend(after);
            if known != slot.as_ref().map(BTreeSet::len) {
                open.insert(to);
                // What a release back to this state leaves depends on what was held when it was entered.
                let since = |s: &StateDef| matches!(s.activity, Activity::Compensate { since: Some(n) } if usize::from(n) == to);
                let states = chain.states.iter().enumerate();
                open.extend(states.filter(|(n, s)| since(s) && found[*n].is_some()).map(|(n, _)| n));
            }
        }
    }
    found
}

/// What is taken with required cases: of one chain, or of any.
fn taken<'c>(chain: &'c Chain, of: Option<&'c str>) -> impl Iterator<Item = &'c Name> {
    let required = chain.requires.iter().filter_map(|requirement| match &requirement.what {
        Required::Case(case) => Some(case),
        Required::Must(_) | Required::Unique { .. } => None,
    });
    required.filter(move |case| of.is_none_or(|of| case.chain == *of)).flat_map(|case| &case.takes)
}

/// What may be held after a way was taken.
fn after(
    edge: &Edge<'_>,
    before: &Held,
    entered: &[Option<Held>],
    flow: &Flow<'_>,
    world: &World<'_>,
) -> Held {
    let mut held = before.clone();
    let (Some(state), How::Outcome(outcome)) = (flow.chain.states.get(edge.from), edge.how) else {
        return held;
    };
    match &state.activity {
        Activity::Reserve(def) if outcome == "done" => {
            held.extend(def.holds.iter().map(|(name, ..)| name.clone()));
        }
        Activity::Consume(moves) | Activity::Release(moves) if outcome == "done" => {
            for MoveDef { of, .. } in moves.iter().filter(|one| one.amount.is_none()) {
                match of {
                    MoveOf::Own(name) => held.retain(|one| one != name),
                    MoveOf::Taken(of) => {
                        held.retain(|one| !taken(flow.chain, Some(of)).any(|name| name == one))
                    }
                    MoveOf::Of { .. } | MoveOf::Account { .. } => {}
                }
            }
        }
        Activity::Run(run) => {
            let Some(head) = world.heads.get(&run.chain) else { return held };
            let end = head.ends.iter().find(|(end, _)| *end == outcome);
            let well = match (state.for_each.is_some(), end) {
                // Of several some may have ended well.
                (true, _) => true,
                (false, Some((_, good))) => *good,
                (false, None) => outcome != "bad",
            };
            if well {
                held.extend(given_to_parent(head, end.map(|(end, _)| end.as_str())).into_iter().cloned());
            }
        }
        Activity::Compensate { since: None } if outcome == "done" => held.clear(),
        Activity::Compensate { since: Some(since) } if outcome == "done" => {
            let then = entered.get(usize::from(*since)).cloned().flatten().unwrap_or_default();
            held.retain(|name| then.contains(name));
        }
        _ => {}
    }
    held
}

/// Names that are used up or given back where nothing can be held under them.
fn never_held(chain: &Chain, entered: &[Option<Held>], places: &Places, world: &World<'_>) {
    for (n, state) in chain.states.iter().enumerate() {
        let (Activity::Consume(moves) | Activity::Release(moves), Some(Some(held))) =
            (&state.activity, entered.get(n))
        else {
            continue;
        };
        for one in moves {
            match &one.of {
                MoveOf::Own(name) if !held.contains(name) => {
                    let message =
                        format!("when {} is entered nothing can be held under `{name}`", state.name);
                    let help = "reserve it, or take it with a required case, on a way that leads here";
                    world.report.error(codes::NOT_HELD, places.state(n), message, help);
                }
                MoveOf::Taken(of) if taken(chain, Some(of)).next().is_none() => {
                    let message = format!("{} takes nothing of cases of {of}", chain.name);
                    let help = "add `takes: [...]` to the requirement of such a case";
                    world.report.error(codes::NOT_HELD, places.state(n), message, help);
                }
                _ => {}
            }
        }
    }
    for handed in &chain.hands_on {
        let end = chain.ends.get(usize::from(handed.end)).map_or("", |end| end.name.as_str());
        let anywhere = |name: &&Name| {
            let reserved = chain.states.iter().any(|state| match &state.activity {
                Activity::Reserve(def) => def.holds.iter().any(|(hold, ..)| hold == *name),
                Activity::Run(run) => {
                    world.heads.get(&run.chain).is_some_and(|head| given_to_parent(head, None).contains(name))
                }
                _ => false,
            });
            reserved || taken(chain, None).any(|taken| taken == *name)
        };
        for name in handed.holds.iter().filter(|name| !anywhere(name)) {
            let message = format!("the end {end} hands on `{name}`, which is never held");
            let help = "reserve it, or take it with a required case";
            world.report.error(codes::NOT_HELD, places.head, message, help);
        }
    }
}

/// Accounts that nothing is booked in and that nobody reads.
pub(super) fn unused(accounts: &[(Name, Place)], world: &World<'_>) {
    let used = world.accounts_used.borrow();
    for (name, place) in accounts.iter().filter(|(name, _)| !used.contains(name)) {
        let message = format!("no chain uses the account {name}");
        world.report.warn(codes::UNUSED_ACCOUNT, *place, message, "use it, or take it away");
    }
}
