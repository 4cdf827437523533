//! Why a position is not asked: by the rules and facts that the plan of the step was made from.

use crate::decide::{Rung, limit_of};
use crate::name::Name;
use crate::state::{Case, Stage, State};
use crate::time::Timestamp;

/// Why a position is not asked in the present step, or that it is.
pub fn why_not(state: &State, case: &Case, position: &Name, at: Timestamp) -> Vec<String> {
    let Some(step) = case.step() else {
        return vec![format!("Nobody is asked now: case {} {}.", case.number(), standing(case))];
    };
    let release = state.definitions().active();
    let Some(post) = release.and_then(|r| r.organisation()).and_then(|o| o.positions.get(position)) else {
        return vec![format!("{position} is no position of the organisation.")];
    };
    if step.plan.slots.iter().any(|slot| slot.position == *position) {
        return vec![format!("{position} is on the route; see why above.")];
    }
    let mut because = Vec::new();
    if post.holders.contains(&case.submitter().person) {
        because.push(format!("R2: {} submitted the case and may not decide it.", case.submitter().person));
    }
    if post.holders.is_empty() {
        because.push(format!("R7: {position} is vacant."));
    }
    for slot in &step.plan.slots {
        for capacity in slot.capacities.iter().filter(|c| c.position == *position) {
            because.push(format!(
                "{} signs for it: {}",
                slot.position,
                super::capacity(position, capacity.why)
            ));
        }
    }
    let mut levels = (0..).zip(&step.plan.slots);
    let decider = levels.find(|(_, slot)| slot.level.as_ref().is_some_and(|level| level.decides));
    if let Some((number, _)) = decider
        && let Some(rung) = Rung::of(step, number, None)
    {
        because.extend(level_reason(state, case, position, rung, at));
    }
    if because.is_empty() {
        because.push(format!("State {} of chain {} does not ask {position}.", step.state, case.chain()));
    }
    because
}

fn level_reason(state: &State, case: &Case, position: &Name, level: Rung<'_>, at: Timestamp) -> Vec<String> {
    let release = state.definitions().active();
    let place = case.path().iter().position(|p| p == position);
    let Some(place) = place else {
        return vec![format!("{position} is not a solid superior of {}.", case.submitter().position)];
    };
    let limit = release
        .and_then(|r| Some(limit_of(r.organisation()?, r.authority(level.authority)?, position, at)?.up_to));
    let limit = match limit {
        Some(Some(limit)) => limit.to_string(),
        Some(None) => "unlimited".to_owned(),
        None => "0".to_owned(),
    };
    if place > usize::from(level.place) {
        return vec![format!(
            "R1: {} decides at level {} because its limit suffices for {}; {position} (limit {limit}) stands above and is not needed.",
            level.position,
            level.place + 1,
            level.need
        )];
    }
    vec![format!("R1: the limit of {position} is {limit}; the amount is {}.", level.need)]
}

/// What a case that asks nobody is doing.
fn standing(case: &Case) -> String {
    match case.stage() {
        Stage::Draft => "is with its submitter".to_owned(),
        Stage::Held { code, .. } => format!("is held for an operator ({code})"),
        Stage::Fact { fact, .. } | Stage::Message { fact, .. } => format!("waits for {fact}"),
        Stage::Until { .. } => "waits for a time".to_owned(),
        Stage::Outside { .. } => "waits for other systems or other cases".to_owned(),
        Stage::Compensating { .. } => "undoes what it did".to_owned(),
        Stage::People { .. } | Stage::Entering(_) | Stage::Leaving { .. } | Stage::Working { .. } => {
            "is on its way".to_owned()
        }
    }
}
