//! A task goes to another post, which answers it with an authority of its own.

use rust_decimal::Decimal;

use super::super::answer::grown_for;
use super::super::grow::{Above, Rung};
use super::super::resolve::{Resolved, superiors};
use super::super::route::{limit_of, power, suffices};
use super::super::timers::at_least;
use super::super::{internal, weigh};
use super::{Asked, reasoned};
use crate::definition::Duty;
use crate::event::{Capacity, CapacityWhy, Event, Slot, TaskTransferred};
use crate::name::Name;
use crate::rejection::{Code, Rejection};

/// Another post replaces the one that is asked. Where its limit does not suffice its signature is a review, and the
/// route goes on above the level that was replaced.
pub(super) fn transfer(asked: &Asked<'_>, to: &Name, reason: &Name) -> Result<Vec<Event>, Rejection> {
    if asked.slot.seat_of.is_some() || asked.step.opinion(asked.task.slot).is_some() {
        let expected =
            "a task that may be handed over: a seat in a group and an opinion stay with their post";
        return Err(asked.refuses(expected));
    }
    reasoned(reason)?;
    let resolved = asked.eligible(to)?;
    let planned = asked.step.plan.slot(asked.task.slot);
    let mut slot = planned.ok_or_else(|| internal("a task belongs to a slot"))?;
    slot.position = to.clone();
    slot.capacities = covered(asked, &resolved);
    let mut grown = Vec::new();
    if slot.level.is_some() {
        grown = at_level(asked, &mut slot, &resolved)?;
    } else if slot.duty.decides() && !as_good(asked, &resolved)? {
        let message = format!(
            "expected a post whose own limit suffices to decide in place of {}; that of {to} does not",
            asked.task.position
        );
        return Err(Rejection::at(Code::NotEligible, "to", message));
    }
    let transferred = TaskTransferred {
        case: asked.case.number(),
        task: asked.number,
        person: asked.person.clone(),
        from: asked.task.position.clone(),
        slot,
        holders: resolved.holders,
        milestones: at_least(&asked.ctx, asked.task.milestones)?,
        reason: reason.clone(),
    };
    Ok([Event::TaskTransferred(transferred)].into_iter().chain(grown).collect())
}

/// What a signature covers now: all that it covered before, and the post that gives it.
fn covered(asked: &Asked<'_>, resolved: &Resolved) -> Vec<Capacity> {
    let task = asked.task;
    let mut capacities = task.capacities.clone();
    if capacities.is_empty() {
        capacities.push(Capacity { position: task.position.clone(), why: CapacityWhy::Own });
    }
    for capacity in capacities.iter_mut().filter(|c| c.position == task.position) {
        capacity.why = CapacityWhy::Transferred;
    }
    // Back where it came from: that post signs for itself again.
    capacities.retain(|capacity| capacity.position != resolved.position);
    capacities.extend(resolved.capacities.iter().cloned());
    capacities
}

/// A level of a climb. R22: what is within one's own limit is not handed up this way either.
fn at_level(asked: &Asked<'_>, slot: &mut Slot, resolved: &Resolved) -> Result<Vec<Event>, Rejection> {
    let ctx = &asked.ctx;
    let climbs = slot.level.as_ref().map(|level| &level.authority);
    let weighed = weigh::again(ctx, asked.case, asked.step, (asked.task.slot, climbs, asked.number))?;
    if let (Some(weighed), Some(level)) = (&weighed, &mut slot.level) {
        level.need = weighed.need;
    }
    let position = slot.position.clone();
    let Some(level) = &mut slot.level else { return Ok(Vec::new()) };
    if level.decides && ctx.company()?.policies.push_up.refused {
        let above = superiors(ctx, &asked.task.position)?.contains(&position);
        if above {
            let message = format!(
                "expected {} to decide what is within its own limit; {position} is its superior",
                asked.task.position
            );
            return Err(Rejection::at(Code::WithinAuthority, "to", message));
        }
    }
    let organisation = ctx.organisation()?;
    let authority = ctx.active.authority(&level.authority);
    let own = authority.and_then(|authority| limit_of(organisation, authority, &position, ctx.at));
    level.limit = power(own.map_or(Some(Decimal::ZERO), |limit| limit.up_to), &resolved.power);
    if !level.decides || suffices(level.limit, level.need) {
        return Ok(Vec::new());
    }
    // The route is made for whoever will sign: a holder of the new post.
    let signer = resolved.holders.first().unwrap_or(asked.person);
    let (authority, place, need) = (&level.authority, level.place, level.need);
    let rung = Rung { number: asked.task.slot, position: &position, authority, place, need };
    let grown = grown_for(ctx, (asked.case, asked.step), Some(rung), Above::Signed(signer), weighed)?;
    slot.duty = Duty::Review;
    if let Some(level) = &mut slot.level {
        level.decides = false;
    }
    Ok(grown)
}

/// Whether a post that is asked by name may be replaced by another one: under some authority under which the one holds
/// a limit the other's is no smaller, or suffices for the amount.
fn as_good(asked: &Asked<'_>, resolved: &Resolved) -> Result<bool, Rejection> {
    let (ctx, case) = (&asked.ctx, asked.case);
    let Some(amount) = case.amount() else { return Ok(true) };
    let organisation = ctx.organisation()?;
    let own = |name: &Name, authority| limit_of(organisation, authority, name, ctx.at).map(|l| l.up_to);
    let mut any = false;
    for authority in ctx.active.authorities() {
        let Some(theirs) = own(&asked.task.position, authority) else { continue };
        any = true;
        let Some(limit) = own(&resolved.position, authority) else { continue };
        let limit = power(limit, &resolved.power);
        let larger = match theirs {
            Some(theirs) => suffices(limit, theirs),
            None => limit.is_none(),
        };
        let enough = weigh::measured(ctx, authority, amount).is_ok_and(|(need, _)| suffices(limit, need));
        if larger || enough {
            return Ok(true);
        }
    }
    // Whom no authority knows has none that could be passed by.
    Ok(!any)
}
