//! R4: whoever is asked in a post of their own, and stands in as a deputy for every level above it up to the one that
//! decides, signs once for all of them: they approve where they would have passed.

use super::answer::{decided_event, holds_authority, objected, reasoned};
use super::grow::Rung;
use super::resolve::{Standing, Wanted, standing, who_answers};
use super::{Ctx, weigh};
use crate::command::{Answer, Request};
use crate::definition::{Authority, Measure};
use crate::event::{Capacity, CapacityWhy, Event, PlanNode, StoodIn};
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, PlannedSlot, Signature, SlotStatus, Step, Task};

/// A level above that one signature covers too.
struct Above<'a> {
    /// Its slot.
    slot: &'a PlannedSlot,
    /// The slot's number.
    number: u16,
    /// How the signer stands to its post.
    standing: Standing<'a>,
}

/// The levels above a reviewing level, the deciding one last. Empty: the signer does not stand in for all of them, or
/// somebody else has to sign beside the last.
fn levels<'a>(ctx: &Ctx<'a>, case: &'a Case, (step, slot): (&'a Step, u16), person: &Name) -> Vec<Above<'a>> {
    let mut all = Vec::new();
    let Some(levels) = step.plan.root.climb(slot) else { return all };
    let own = levels.iter().position(|level| level.holds(slot)).unwrap_or(levels.len());
    for level in levels.iter().skip(own + 1) {
        let PlanNode::Slot(number) = level else { return Vec::new() };
        let Some(slot) = step.plan.slots.get(usize::from(*number)) else { return Vec::new() };
        let waits = step.slots.get(usize::from(*number)) == Some(&SlotStatus::Waiting);
        let answers = || who_answers(ctx, case, step, slot).is_ok_and(|found| found.holders.contains(person));
        let stands = standing(ctx, person, &slot.position, Wanted::slot(case, slot));
        match stands.filter(|stands| stands.why == CapacityWhy::Delegate) {
            Some(standing) if waits && !slot.blind && answers() => {
                all.push(Above { slot, number: *number, standing });
            }
            _ => return Vec::new(),
        }
    }
    let decides =
        all.last().is_some_and(|above| above.slot.level.as_ref().is_some_and(|level| level.decides));
    if decides { all } else { Vec::new() }
}

/// The posts above a level for which somebody may sign in the level's task, too.
pub(crate) fn above<'a>(
    ctx: &Ctx<'a>,
    case: &'a Case,
    of: (&'a Step, u16),
    person: &Name,
) -> impl Iterator<Item = &'a Name> {
    levels(ctx, case, of, person).into_iter().map(|above| &above.slot.position)
}

/// The events of a signature that decides for all levels above as well. None: the signer does not stand in for them.
pub(super) fn signed(
    ctx: &Ctx<'_>,
    case: &Case,
    (step, task, own): (&Step, &Task, &PlannedSlot),
    (request, answer): (&Request, &Answer),
) -> Result<Option<Vec<Event>>, Rejection> {
    let above = levels(ctx, case, (step, task.slot), &request.person);
    let Some(top) = above.last() else { return Ok(None) };
    let climbed = top.slot.level.as_ref().map(|level| &level.authority);
    let weighed = weigh::again(ctx, case, step, (top.number, climbed, answer.task))?;
    let rung = Rung::of(step, top.number, weighed.as_ref());
    if !holds_authority(ctx, case, &top.slot.position, (top.slot, rung.as_ref(), &top.standing.power))
        || !enough_signers(ctx, (case, step), rung.as_ref(), (request, &top.standing))
    {
        return Ok(None);
    }
    let overrides = objected(case, step, task.slot);
    reasoned(answer, overrides)?;
    let mut decided = decided_event(case, own, request, answer);
    decided.overrides = overrides;
    let stood_in = above.iter().map(|level| {
        Event::StoodIn(StoodIn {
            case: case.number(),
            task: answer.task,
            person: request.person.clone(),
            position: level.slot.position.clone(),
            why: level.standing.why,
            delegation: level.standing.delegation.cloned(),
        })
    });
    let decided = [Event::TaskDecided(decided)].into_iter().chain(weighed.map(Event::AmountWeighed));
    Ok(Some(stood_in.chain(decided).collect()))
}

/// R3: a deputy who has signed below as well is one person. Where the floor asks for more, the next level decides.
pub(super) fn enough_signers(
    ctx: &Ctx<'_>,
    (case, step): (&Case, &Step),
    rung: Option<&Rung<'_>>,
    (request, standing): (&Request, &Standing<'_>),
) -> bool {
    let Some(level) = rung.filter(|_| standing.why == CapacityWhy::Delegate) else {
        return true;
    };
    let Ok(company) = ctx.company() else { return false };
    let floor = company.policies.same_person;
    let counts =
        |authority: &Authority| matches!(authority.measure, Measure::Money(_)) && level.need > floor.above;
    if !ctx.active.authority(level.authority).is_some_and(counts) {
        return true;
    }
    let mut levels = 0;
    let mut signers = vec![&request.person];
    for (planned, status) in step.plan.slots.iter().zip(&step.slots) {
        if planned.level.as_ref().is_none_or(|other| other.authority != *level.authority) {
            continue;
        }
        levels += planned.capacities.len().max(1);
        if let SlotStatus::Answered(task, _) | SlotStatus::Kept(task) | SlotStatus::PassedOn(task) = status {
            let signed = case.signatures().iter().find(|signature| signature.task == *task);
            signers
                .extend(signed.map(|signature| &signature.person).filter(|person| !signers.contains(person)));
        }
    }
    signers.len() >= (floor.never_below as usize).min(levels)
}

/// Whether a signature of a level below, in the same climb, was given for this slot as well. In another climb of the step
/// the same post is asked under another authority.
pub(super) fn covers(step: &Step, signature: &Signature, slot: u16) -> bool {
    let (Some(levels), Some(planned)) = (step.plan.root.climb(slot), step.plan.slots.get(usize::from(slot)))
    else {
        return false;
    };
    let below =
        |number: u16| levels.iter().take_while(|level| !level.holds(slot)).any(|level| level.holds(number));
    let signed_below = step.slots.iter().zip(0..).any(|(status, number)| match status {
        SlotStatus::Answered(task, _) | SlotStatus::Kept(task) => *task == signature.task && below(number),
        _ => false,
    });
    let deputy = |c: &Capacity| c.position == planned.position && c.why == CapacityWhy::Delegate;
    signed_below && signature.capacities.iter().any(deputy)
}
