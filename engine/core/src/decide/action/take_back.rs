//! A signer takes an own decision back, before anybody went on from it.

use super::super::advance::withdraw_tasks;
use super::super::answer::not_held;
use super::super::permission::{Wish, allowed, case_of};
use super::super::step::{ready, result};
use super::super::{Ctx, StepResult};
use crate::command::{CaseNo, Request, TaskNo};
use crate::definition::{Activity, Chain, Duty, StateDef, Target};
use crate::event::{Event, PlanNode, SignatureTakenBack, TaskWithdrawn, WithdrawnCause};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Signature, SlotStatus, Stage, State, Step};
use crate::time::Timestamp;

/// An own decision is taken back.
pub(in crate::decide) fn take_back(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, task, reason): (CaseNo, TaskNo, Option<&Name>),
) -> Result<Vec<Event>, Rejection> {
    let verb = "take-back";
    let case = case_of(state, at, request, (verb, number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb, chain: Some(case.chain()), amount: case.amount() })?;
    not_held(case)?;
    let signature = own(case, task, request)?;
    let mut taken = SignatureTakenBack {
        case: number,
        task,
        person: request.person.clone(),
        position: request.position.clone(),
        reason: reason.cloned(),
        again: Vec::new(),
        dropped: Vec::new(),
        enter: None,
    };
    let within = case.step().and_then(|step| {
        let status =
            |s: &SlotStatus| matches!(s, SlotStatus::Answered(t, _) | SlotStatus::PassedOn(t) if *t == task);
        step.slots.iter().position(status).map(|slot| (step, slot as u16))
    });
    let mut events = match within {
        Some((step, slot)) => in_place(case, (step, slot), &mut taken)?,
        None => {
            taken.enter = Some(before(case, ctx.chain(case.chain())?, signature)?);
            withdraw_tasks(case, WithdrawnCause::TakenBack)
        }
    };
    events.push(Event::SignatureTakenBack(taken));
    Ok(events)
}

/// The signature that a person gave in a task, and that still stands.
fn own<'a>(case: &'a Case, task: TaskNo, request: &Request) -> Result<&'a Signature, Rejection> {
    let Some(signature) = case.signatures().iter().find(|s| s.task == task) else {
        let message = format!("expected the task of a decision that was given, task {task} has none");
        return Err(Rejection::at(Code::TaskUnknown, "task", message));
    };
    if signature.person != request.person || signature.position != request.position {
        let message = format!("expected {} as {}, who decided it", signature.person, signature.position);
        return Err(Rejection::new(Code::NotAssignee, message));
    }
    if !signature.duty.signs() {
        let message = format!("expected a signature; what was done in task {task} is done");
        return Err(Rejection::new(Code::ActNotAllowed, message));
    }
    if signature.void || signature.revision != case.revision() {
        return Err(too_late("the document has come again since"));
    }
    Ok(signature)
}

fn too_late(because: &str) -> Rejection {
    let message = format!("expected a decision from which nobody has gone on; {because}");
    Rejection::new(Code::TooLate, message)
}

/// The step goes on: the slot waits again, whoever was asked because of the answer is asked no more, and whoever fell
/// away because of it may be asked again.
fn in_place(
    case: &Case,
    (step, slot): (&Step, u16),
    taken: &mut SignatureTakenBack,
) -> Result<Vec<Event>, Rejection> {
    let root = &step.plan.root;
    let mut later = Vec::new();
    after(root, slot, &mut later);
    let status = |slot: &u16| step.slots.get(usize::from(*slot)).copied();
    let acted = |status: SlotStatus| {
        matches!(status, SlotStatus::Answered(..) | SlotStatus::PassedOn(_) | SlotStatus::Lapsed)
    };
    if later.iter().filter_map(status).any(acted) {
        return Err(too_late("somebody who was asked after it has answered"));
    }
    if matches!(status(&slot), Some(SlotStatus::PassedOn(_))) {
        grown(root, slot, &mut taken.dropped);
    }
    let fell = |slot: &u16| root.holds(*slot) && status(slot) == Some(SlotStatus::Withdrawn);
    // R4: one signature may have filled slots above as well.
    let filled = |slot: &u16| status(slot) == Some(SlotStatus::Kept(taken.task));
    let again = |other: &u16| *other == slot || fell(other) || filled(other);
    taken.again = (0..step.slots.len() as u16).filter(again).collect();
    taken.again.retain(|slot| !taken.dropped.contains(slot));
    let mut then = step.clone();
    for waiting in &taken.again {
        if let Some(place) = then.slots.get_mut(usize::from(*waiting)) {
            *place = SlotStatus::Waiting;
        }
    }
    // What still waits for nothing but this one is asked later, under a new number.
    let open = result(root, &then) == StepResult::Open;
    let wanted = if open { ready(root, &then) } else { Vec::new() };
    let mut events = Vec::new();
    for (number, task) in case.tasks() {
        let opinion = step.opinion(task.slot).is_some();
        if opinion || wanted.contains(&task.slot) {
            continue;
        }
        let cause = WithdrawnCause::TakenBack;
        events.push(Event::TaskWithdrawn(TaskWithdrawn { case: case.number(), task: *number, cause }));
        if !taken.dropped.contains(&task.slot) {
            taken.again.push(task.slot);
        }
    }
    Ok(events)
}

/// The slots that are asked only after this one.
fn after(node: &PlanNode, slot: u16, later: &mut Vec<u16>) {
    match node {
        PlanNode::Slot(_) => {}
        PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            let Some(own) = parts.iter().position(|part| part.holds(slot)) else { return };
            parts.iter().skip(own + 1).for_each(|part| part.collect(later));
            after(&parts[own], slot, later);
        }
        PlanNode::All(parts) | PlanNode::Any(parts) => {
            parts.iter().for_each(|part| after(part, slot, later));
        }
        PlanNode::Votes { members, .. } => members.iter().for_each(|(_, part)| after(part, slot, later)),
    }
}

/// The levels by which a route has grown above a slot: what follows in its climb.
fn grown(node: &PlanNode, slot: u16, dropped: &mut Vec<u16>) {
    match node {
        PlanNode::Climb(levels) => {
            let own = levels.iter().position(|level| level.holds(slot));
            let above = own.map_or(levels.len(), |own| own + 1);
            levels.iter().skip(above).for_each(|level| level.collect(dropped));
        }
        PlanNode::Slot(_) => {}
        PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) => {
            parts.iter().for_each(|part| grown(part, slot, dropped));
        }
        PlanNode::Votes { members, .. } => members.iter().for_each(|(_, part)| grown(part, slot, dropped)),
    }
}

/// The step is over, and the case stands in the next one, in which nobody has answered: the state is entered again.
/// What the state or its arrows have taught the case could not be unlearnt.
fn before(case: &Case, chain: &Chain, signature: &Signature) -> Result<u16, Rejection> {
    let Stage::People { step, .. } = case.stage() else {
        return Err(too_late("the case is no longer with people"));
    };
    let acted = |status: &SlotStatus| {
        !matches!(status, SlotStatus::Waiting | SlotStatus::Open(_) | SlotStatus::Kept(_))
    };
    if step.slots.iter().any(acted) {
        return Err(too_late("the next step has begun to answer"));
    }
    let state = |place: u16| chain.states.get(usize::from(place));
    let came = case.came_from().filter(|place| state(*place).is_some_and(|s| s.name == signature.state));
    let last = case.signatures().iter().rev().find(|s| s.duty != Duty::Input);
    let newest = last.is_some_and(|s| s.state == signature.state);
    match came.and_then(|place| Some((place, state(place)?))) {
        Some((place, state)) if newest && goes_back(state) => Ok(place),
        _ => Err(too_late("the case has gone further than to the next step")),
    }
}

/// Whether a state of people can be entered again as if it had not been closed.
fn goes_back(state: &StateDef) -> bool {
    let plain = |arrow: &crate::definition::Arrow| arrow.learns.is_empty() && arrow.go != Target::Back;
    matches!(state.activity, Activity::People(_))
        && state.learns.is_empty()
        && state.next.values().flatten().all(plain)
}
