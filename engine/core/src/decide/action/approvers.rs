//! Somebody else looks at it too. It adds scrutiny, never authority, and never ends a step.

use super::super::answer::not_held;
use super::super::permission::{Wish, allowed, case_of};
use super::super::step::{StepResult, result};
use super::{Asked, Ctx, reasoned};
use crate::command::{CaseNo, Request};
use crate::definition::Duty;
use crate::event::{
    ApproverAdded, ApproverRemoved, CapacityWhy, Event, Place, PlanNode, Slot, TaskWithdrawn, WithdrawnCause,
};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{SlotStatus, State};
use crate::time::Timestamp;

/// So many approvers may be added to one step.
const ADDED_MAX: usize = 16;

/// Another post reviews it: before, after or beside whoever adds it.
pub(super) fn add(
    asked: &Asked<'_>,
    to: &Name,
    place: Place,
    reason: &Name,
) -> Result<Vec<Event>, Rejection> {
    let signs = asked.slot.duty.signs();
    if !signs || asked.slot.seat_of.is_some() || votes(&asked.step.plan.root, asked.task.slot) {
        return Err(asked.refuses("a task that somebody signs by name: whose votes count is fixed"));
    }
    if asked.step.more.as_ref().is_some_and(|more| more.added.len() >= ADDED_MAX) {
        return Err(asked.refuses(&format!("a step to which fewer than {ADDED_MAX} approvers were added")));
    }
    reasoned(reason)?;
    let resolved = asked.eligible(to)?;
    let case = asked.case.number();
    let slot = Slot {
        duty: Duty::Review,
        position: to.clone(),
        // Its own post is what it signs for where nothing else is said.
        capacities: resolved.capacities.into_iter().filter(|c| c.why != CapacityWhy::Own).collect(),
        veto: false,
        blind: asked.slot.blind,
        within: asked.slot.within,
        level: None,
        seat_of: None,
        barred: asked.barred()?.into(),
    };
    let cause = WithdrawnCause::Preceded;
    let first = TaskWithdrawn { case, task: asked.number, cause };
    let first = (place == Place::Before).then_some(Event::TaskWithdrawn(first));
    let added = ApproverAdded {
        case,
        of: asked.task.slot,
        person: asked.person.clone(),
        by: asked.task.position.clone(),
        place,
        slot,
        reason: reason.clone(),
    };
    Ok(first.into_iter().chain([Event::ApproverAdded(added)]).collect())
}

/// Whether a slot is one of those whose votes are counted.
fn votes(node: &PlanNode, slot: u16) -> bool {
    match node {
        PlanNode::Slot(_) => false,
        PlanNode::Votes { .. } => node.holds(slot),
        PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            parts.iter().any(|part| votes(part, slot))
        }
    }
}

/// Whoever added an approver takes the addition back while it is not answered.
pub(in crate::decide) fn remove(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, position, reason): (CaseNo, &Name, &Name),
) -> Result<Vec<Event>, Rejection> {
    let verb = "remove-approver";
    let case = case_of(state, at, request, (verb, number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb, chain: Some(case.chain()), amount: case.amount() })?;
    not_held(case)?;
    reasoned(reason)?;
    let mine = case.step().and_then(|step| {
        let slots = step.plan.slots.iter().zip(&step.slots).enumerate();
        let mut own = slots.filter(|(slot, (planned, _))| {
            planned.position == *position
                && step.added(*slot as u16).is_some_and(|added| added.by == request.position)
        });
        own.next_back().map(|(slot, (_, status))| (step, slot as u16, *status))
    });
    let Some((step, slot, status)) = mine else {
        let message = format!(
            "expected an approver whom {} added to the present step; {position} is none",
            request.position
        );
        return Err(Rejection::at(Code::NotAdded, "position", message));
    };
    let open = match status {
        SlotStatus::Waiting => None,
        SlotStatus::Open(task) => Some(task),
        _ => {
            let message = format!("expected an approver who has not answered yet; {position} has");
            return Err(Rejection::new(Code::TooLate, message));
        }
    };
    // What is removed must not end the step: only an answer does.
    let mut without = step.clone();
    if let Some(place) = without.slots.get_mut(usize::from(slot)) {
        *place = SlotStatus::Removed;
    }
    if result(&step.plan.root, &without) != StepResult::Open {
        let message = format!("expected somebody else to be asked still; {position} is the last one");
        return Err(Rejection::new(Code::LastApprover, message));
    }
    let cause = WithdrawnCause::Removed;
    let withdrawn = open.map(|task| Event::TaskWithdrawn(TaskWithdrawn { case: number, task, cause }));
    let removed = ApproverRemoved {
        case: number,
        slot,
        position: position.clone(),
        person: request.person.clone(),
        reason: reason.clone(),
    };
    Ok(withdrawn.into_iter().chain([Event::ApproverRemoved(removed)]).collect())
}
