//! What is done outside or used up of accounts is undone before a case ends badly or goes back to its draft; and nothing is undone where
//! there is nothing to undo.
//!
//! For each state the commands are gathered that may stand done when it is entered. A `compensate` takes them away: all
//! of them, or those done since a state was last entered.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, StateDef, Undo};
use countersign_core::name::Name;

use super::Places;
use super::flow::{Edge, Flow, How, To};
use crate::codes;
use crate::world::World;

/// Chains that may leave something done outside when they end well.
type Lasting = BTreeSet<Name>;

pub(super) fn check(flows: &[(Flow<'_>, &Places)], world: &World<'_>) {
    let undoable = lasting(flows, world);
    for (flow, places) in flows {
        let done = |state: &StateDef| match &state.activity {
            Activity::Command(command) => {
                let undo = world.adapters.verbs.get(&command.verb).map(|v| &v.undo);
                matches!(undo, Some(Undo::By(_)))
            }
            Activity::Run(run) => undoable.contains(&run.chain),
            Activity::Consume(_) => true,
            _ => false,
        };
        left_behind(flow, &What { lasts: &done, world }, places);
        let anything = |state: &StateDef| match &state.activity {
            Activity::Command(command) => {
                let undo = world.adapters.verbs.get(&command.verb).map(|v| &v.undo);
                undo.is_none_or(|undo| matches!(undo, Undo::By(_) | Undo::Nothing))
            }
            Activity::Run(_) | Activity::Start(_) | Activity::Record(_) => true,
            Activity::Reserve(_) | Activity::Consume(_) => true,
            _ => false,
        };
        nothing_to_undo(flow, &What { lasts: &anything, world }, places);
    }
}

/// Chains with such a command, or that run one that has.
fn lasting(flows: &[(Flow<'_>, &Places)], world: &World<'_>) -> Lasting {
    let mut found = Lasting::new();
    loop {
        let before = found.len();
        for (flow, _) in flows {
            let some = flow.chain.states.iter().any(|state| match &state.activity {
                Activity::Command(command) => {
                    world.adapters.verbs.get(&command.verb).is_some_and(|v| matches!(v.undo, Undo::By(_)))
                }
                Activity::Run(run) => found.contains(&run.chain),
                Activity::Consume(_) => true,
                _ => false,
            });
            if some {
                found.insert(flow.chain.name.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// What is looked for.
struct What<'w> {
    /// Whether what a state does stands until it is undone.
    lasts: &'w dyn Fn(&StateDef) -> bool,
    world: &'w World<'w>,
}

/// For each state the states whose doing may stand when it is entered.
type Standing = Vec<Option<BTreeSet<usize>>>;

fn standing(flow: &Flow<'_>, what: &What<'_>) -> Standing {
    let mut found: Standing = vec![None; flow.out.len()];
    let mut open = BTreeSet::new();
    if let Some(first) = found.first_mut() {
        *first = Some(BTreeSet::new());
        open.insert(0);
    }
    while let Some(n) = open.pop_first() {
        for edge in flow.leaving(n) {
            let To::State(to) = edge.to else { continue };
            let Some(after) = after(edge, flow, &found, what) else { continue };
            let Some(slot) = found.get_mut(to) else { continue };
            let grown = match slot {
                None => {
                    *slot = Some(after);
                    true
                }
                Some(known) => {
                    let count = known.len();
                    known.extend(after);
                    known.len() > count
                }
            };
            if grown {
                open.insert(to);
                // What an undo back to this state leaves depends on what stood when it was entered.
                let since = |s: &StateDef| matches!(s.activity, Activity::Compensate { since: Some(n) } if usize::from(n) == to);
                let states = flow.chain.states.iter().enumerate();
                open.extend(states.filter(|(n, s)| since(s) && found[*n].is_some()).map(|(n, _)| n));
            }
        }
    }
    found
}

/// What may stand done after a way was taken.
fn after(edge: &Edge<'_>, flow: &Flow<'_>, standing: &Standing, what: &What<'_>) -> Option<BTreeSet<usize>> {
    let mut after = standing.get(edge.from)?.clone()?;
    let state = flow.chain.states.get(edge.from)?;
    let outcome = match edge.how {
        How::Outcome(outcome) => outcome,
        How::Skipped | How::Chosen => return Some(after),
        How::Expired | How::Asked => "",
    };
    match &state.activity {
        Activity::Compensate { .. } if outcome != "done" => {}
        Activity::Compensate { since: None } => after.clear(),
        Activity::Compensate { since: Some(since) } => {
            let before = standing.get(usize::from(*since)).cloned().flatten().unwrap_or_default();
            after.retain(|n| before.contains(n));
        }
        Activity::Follow { state } if outcome.starts_with("refused") => {
            after.remove(&usize::from(*state));
        }
        _ if (what.lasts)(state) && !failed(state, outcome, what.world) => {
            after.insert(edge.from);
        }
        _ => {}
    }
    Some(after)
}

/// Whether an outcome says that nothing was done.
fn failed(state: &StateDef, outcome: &str, world: &World<'_>) -> bool {
    // Of several some may have come to something.
    if state.for_each.is_some() {
        return false;
    }
    match &state.activity {
        // A child that ends badly has undone what it did, which is checked there.
        Activity::Run(run) => {
            let ends = world.heads.get(&run.chain).map_or(&[][..], |head| &head.ends);
            outcome == "bad" || ends.iter().any(|(end, good)| *end == outcome && !good)
        }
        _ => outcome.starts_with("refused") || outcome == "insufficient",
    }
}

fn left_behind(flow: &Flow<'_>, what: &What<'_>, places: &Places) {
    let chain = flow.chain;
    let standing = &standing(flow, what);
    let mut said: BTreeSet<(usize, String)> = BTreeSet::new();
    for edge in &flow.edges {
        let goal = match edge.to {
            To::End(n) => match chain.ends.get(n) {
                Some(end) if !end.good => format!("the bad end {}", end.name),
                _ => continue,
            },
            To::Draft => "draft".to_owned(),
            To::State(_) | To::OnHold => continue,
        };
        let Some(left) = after(edge, flow, standing, what).filter(|left| !left.is_empty()) else { continue };
        if !said.insert((edge.from, goal.clone())) {
            continue;
        }
        let names: Vec<&str> = left.iter().map(|n| flow.name(*n)).collect();
        let message = format!(
            "{} leads to {goal} while what {} did still stands",
            flow.name(edge.from),
            names.join(", ")
        );
        let help = "go through a state with `compensate: all` first";
        what.world.report.error(codes::NOT_UNDONE, places.state(edge.from), message, help);
    }
}

fn nothing_to_undo(flow: &Flow<'_>, what: &What<'_>, places: &Places) {
    let standing = standing(flow, what);
    for (n, state) in flow.chain.states.iter().enumerate() {
        let idle = standing.get(n).and_then(Option::as_ref).is_some_and(BTreeSet::is_empty);
        if matches!(state.activity, Activity::Compensate { .. }) && idle {
            let message = format!("nothing has been done that {} could undo", state.name);
            let help = "lead the arrows to where it leads, and take it away";
            what.world.report.warn(codes::NOTHING_TO_UNDO, places.state(n), message, help);
        }
    }
}
