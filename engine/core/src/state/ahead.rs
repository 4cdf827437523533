//! What decisions about several cases will read, fetched before the first of them: memory that is far away is then
//! waited for once instead of case by case. It changes nothing and finds nothing out.

use std::hint::black_box;

use super::{Case, PlannedSlot, RequestKey, State, Step};
use crate::command::CaseNo;
use crate::event::PlanNode;
use crate::name::Name;

/// So many cases are fetched at once. More would push one another out of the nearest cache.
pub const AHEAD: usize = 16;

impl State {
    /// Fetches what is known of the first [`AHEAD`] of these cases, and of requests.
    pub fn fetch(&self, numbers: impl Iterator<Item = CaseNo>, requests: impl Iterator<Item = RequestKey>) {
        let mut cases: [Option<&Case>; AHEAD] = [None; AHEAD];
        for (place, number) in cases.iter_mut().zip(numbers) {
            *place = self.cases.get(number);
        }
        let known = requests.filter(|key| self.requests.find(*key).is_some()).count();
        black_box(known);
        // Each pass needs what the one before has fetched; within a pass nothing waits for anything.
        let each = |read: fn(&Case) -> usize| {
            black_box(cases.iter().flatten().map(|case| read(case)).fold(0, usize::wrapping_add));
        };
        each(own);
        each(|case| step_of(case).map_or(0, step));
        each(|case| tasks(case).wrapping_add(step_of(case).map_or(0, |step| slots(case, step))));
        each(|case| step_of(case).map_or(0, |step| persons(case, step)));
        let timed =
            |case: &&Case| case.timers().any(|(due, timer)| self.timers.contains(&(due, case.number, timer)));
        black_box(cases.iter().flatten().filter(|case| timed(case)).count());
    }
}

fn step_of(case: &Case) -> Option<&Step> {
    case.step()
}

/// Fields from one end of a case to the other.
fn own(case: &Case) -> usize {
    let lengths = [case.origin.path.len(), case.claims.len(), case.fields.len(), case.tasks.len()];
    let more =
        [case.withdrawn().len(), case.signatures.len(), case.chain.len(), case.origin.submitter.person.len()];
    let flags =
        [case.amount.is_some(), case.key.is_some(), case.outward.is_some(), case.until.get().is_some()];
    let numbers = [case.release, case.revision, case.steps, case.next_task];
    let hashes = [case.content_hash[0], case.commercial[31]];
    lengths.into_iter().chain(more).fold(0, usize::wrapping_add)
        + flags.into_iter().filter(|flag| *flag).count()
        + numbers.into_iter().fold(0, |sum: usize, n| sum.wrapping_add(n as usize))
        + hashes.into_iter().map(usize::from).sum::<usize>()
        + usize::from(case.state().unwrap_or_default())
}

fn step(step: &Step) -> usize {
    step.slots.len() + step.plan.slots.len() + step.about().len() + step.state.len()
}

fn tasks(case: &Case) -> usize {
    let tasks =
        case.tasks.values().map(|task| usize::from(task.slot) + usize::from(task.next_due().is_some()));
    let signed = case.signatures.iter().map(|s| usize::from(s.void) + s.position.len());
    tasks.chain(signed).fold(0, usize::wrapping_add)
}

/// Who is asked, and who may not be.
fn persons(case: &Case, step: &Step) -> usize {
    let first = |names: &[Name]| names.first().map_or(0, |name| name.len());
    let holders = case.tasks.values().map(|task| first(&task.holders));
    let barred = near(case, step).map(|slot| first(&slot.barred));
    holders.chain(barred).fold(0, usize::wrapping_add)
}

/// The first slot that is asked, and the one behind it.
fn near<'a>(case: &Case, step: &'a Step) -> impl Iterator<Item = &'a PlannedSlot> {
    let open = case.tasks.values().map(|task| usize::from(task.slot)).next().unwrap_or_default();
    step.plan.slots.iter().skip(open).take(2)
}

/// The slots that are asked and those behind them, and how they stand to one another.
fn slots(case: &Case, step: &Step) -> usize {
    let parts = match &step.plan.root {
        PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            &parts[..]
        }
        PlanNode::Slot(_) | PlanNode::Votes { .. } => &[],
    };
    let leaves = parts.iter().filter(|part| matches!(part, PlanNode::Slot(_))).count();
    let near = near(case, step)
        .map(|slot| slot.barred.len() + slot.position.len() + usize::from(slot.level.is_some()));
    let done = step.slots.iter().filter(|status| **status == super::SlotStatus::Lapsed).count();
    near.fold(leaves + done, usize::wrapping_add)
}
