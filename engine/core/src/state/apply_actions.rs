//! `apply` of what people do with tasks beside answering them.

use std::sync::Arc;

use super::apply::{forget_answers, found_by, on_case, set_slot};
use super::asked;
use super::case::Milestone;
use super::instant::Instant;
use super::{AddedApprover, Asked, Case, OpinionAskedFor, SlotStatus, Stage, State, Step, Task};
use crate::command::Verdict;
use crate::definition::Target;
use crate::event::*;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::TaskTransferred(e) => transferred(state, e),
        Event::OpinionRequested(e) => opinion_requested(state, e),
        Event::OpinionGiven(e) => on_case(state, e.case, |case, _| opinion_given(case, e)),
        Event::SignatureTakenBack(e) => on_case(state, e.case, |case, _| taken_back(case, e)),
        Event::ApproverAdded(e) => added(state, e),
        Event::ApproverRemoved(e) => on_case(state, e.case, |case, _| {
            case.steps = 0;
            set_slot(case, e.slot, SlotStatus::Removed);
        }),
        Event::TaskClaimed(e) => on_case(state, e.case, |case, _| claimed(case, e)),
        Event::TaskReleased(e) => released(state, e),
        Event::CaseJumped(e) => on_case(state, e.case, |case, at| {
            case.steps = 0;
            case.since = at;
            go(case, e.go);
        }),
        Event::ReturnDirected(e) => on_case(state, e.case, |case, _| {
            if let Some(step) = step(case) {
                step.more().returns.push((e.slot, e.go));
            }
        }),
        Event::ReturnLed(e) => on_case(state, e.case, |case, _| {
            // A step to which a document is given back looks at it again.
            case.signatures.iter_mut().filter(|s| s.state == e.to).for_each(|s| s.void = true);
            go(case, e.go);
        }),
        _ => return false,
    }
    true
}

fn step(case: &mut Case) -> Option<&mut Step> {
    match &mut case.stage {
        Stage::People { step, .. } => Some(step),
        _ => None,
    }
}

/// It is on its way to a place of its chain, wherever it stood.
fn go(case: &mut Case, to: Target) {
    case.stage = Stage::Entering(to);
    forget_answers(case);
    (case.expires_at, case.until) = (Instant::NONE, Instant::NONE);
}

fn transferred(state: &mut State, e: &TaskTransferred) {
    let slots = asked::kept(&mut state.names, std::slice::from_ref(&e.slot));
    let holders = e.holders.iter().map(|person| state.intern(person)).collect();
    on_case(state, e.case, |case, _| {
        case.steps = 0;
        let Some(task) = case.tasks.get_mut(&e.task) else { return };
        let Some(slot) = slots.into_iter().next() else { return };
        task.duty = slot.duty;
        let asked = task.asked_mut();
        asked.position = slot.position.clone();
        asked.holders = holders;
        asked.capacities = slot.capacities.clone();
        task.milestones = e.milestones;
        task.next = Milestone::Remind;
        task.version += 1;
        let number = usize::from(task.slot);
        if let Some(step) = step(case) {
            step.unclaimed(e.task);
            step.plan.change(|plan| {
                if let Some(place) = plan.slots.get_mut(number) {
                    *place = slot;
                }
            });
        }
    });
    found_by(state, e.case, e.task);
}

fn opinion_requested(state: &mut State, e: &OpinionRequested) {
    let slots = asked::kept(&mut state.names, std::slice::from_ref(&e.slot));
    let holders = e.holders.iter().map(|person| state.intern(person)).collect();
    let by = state.intern(&e.by);
    on_case(state, e.case, |case, at| {
        case.steps = 0;
        let of = case.tasks.get(&e.of).map_or(0, |task| task.slot);
        let Some(step) = step(case) else { return };
        let slot = step.plan.slots.len() as u16;
        let position = slots.first().map(|slot| slot.position.clone()).unwrap_or_default();
        step.plan.change(|plan| plan.slots.extend(slots));
        step.slots.push(SlotStatus::Open(e.task));
        let opinion = OpinionAskedFor { slot, of, by, question: e.question.clone(), given: None };
        step.more().opinions.push(opinion);
        case.next_task = e.task + 1;
        let task = Task {
            slot,
            duty: e.slot.duty,
            asked: Arc::new(Asked { position, holders, capacities: Vec::new(), delegation: None }),
            version: 1,
            opened_at: at,
            milestones: e.milestones,
            next: Milestone::Remind,
            organisation: 0,
        };
        case.tasks.insert(e.task, task);
    });
    found_by(state, e.case, e.task);
}

/// An opinion is no signature: it stands beside the task of whoever asked for it.
fn opinion_given(case: &mut Case, e: &OpinionGiven) {
    case.steps = 0;
    let Some(task) = case.tasks.remove(&e.task) else { return };
    set_slot(case, task.slot, SlotStatus::Answered(e.task, Verdict::Input));
    let Some(step) = step(case) else { return };
    let opinions = &mut step.more().opinions;
    if let Some(opinion) = opinions.iter_mut().find(|opinion| opinion.slot == task.slot) {
        opinion.given = Some((e.person.clone(), e.verdict, e.reason.clone()));
    }
}

fn taken_back(case: &mut Case, e: &SignatureTakenBack) {
    case.steps = 0;
    case.signatures.iter_mut().filter(|s| s.task == e.task).for_each(|s| s.void = true);
    if let Some(state) = e.enter {
        return go(case, Target::State(state));
    }
    e.again.iter().for_each(|slot| set_slot(case, *slot, SlotStatus::Waiting));
    e.dropped.iter().for_each(|slot| set_slot(case, *slot, SlotStatus::Withdrawn));
    let Some(step) = step(case) else { return };
    step.plan.change(|plan| {
        if let Some(levels) = e.dropped.first().and_then(|slot| plan.root.climb_of(*slot)) {
            levels.retain(|level| !e.dropped.iter().any(|slot| level.holds(*slot)));
        }
    });
}

fn added(state: &mut State, e: &ApproverAdded) {
    let slots = asked::kept(&mut state.names, std::slice::from_ref(&e.slot));
    let by = state.intern(&e.by);
    on_case(state, e.case, |case, _| {
        case.steps = 0;
        if e.place == Place::Before {
            set_slot(case, e.of, SlotStatus::Waiting);
        }
        let Some(step) = step(case) else { return };
        let slot = step.plan.slots.len() as u16;
        step.slots.push(SlotStatus::Waiting);
        step.more().added.push(AddedApprover { slot, by });
        step.plan.change(|plan| {
            plan.slots.extend(slots);
            plan.root.replace(e.of, |own| match e.place {
                Place::Before => PlanNode::InOrder(vec![PlanNode::Slot(slot), own]),
                Place::After => PlanNode::InOrder(vec![own, PlanNode::Slot(slot)]),
                Place::Beside => PlanNode::All(vec![own, PlanNode::Slot(slot)]),
            });
        });
    });
}

fn claimed(case: &mut Case, e: &TaskClaimed) {
    case.steps = 0;
    let Some(task) = case.tasks.get_mut(&e.task) else { return };
    let candidates = std::mem::replace(&mut task.asked_mut().holders, vec![e.person.clone()]);
    if let Some(step) = step(case) {
        step.more().claims.push((e.task, candidates));
    }
}

fn released(state: &mut State, e: &TaskReleased) {
    let holders = e.holders.iter().map(|person| state.intern(person)).collect();
    on_case(state, e.case, |case, _| {
        case.steps = 0;
        if let Some(task) = case.tasks.get_mut(&e.task) {
            task.asked_mut().holders = holders;
        }
        if let Some(step) = step(case) {
            step.unclaimed(e.task);
        }
    });
}
