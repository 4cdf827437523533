//! What people do with a task beside answering it. Whoever may not be asked a question by a chain may not be asked it
//! this way either.

mod approvers;
mod claim;
mod consult;
mod jump;
mod return_to;
mod take_back;
mod transfer;

pub(super) use approvers::remove;
pub(super) use consult::given;
pub(super) use jump::jump;
pub(super) use return_to::{directed, led};
pub(super) use take_back::take_back;

use super::answer::{REASON_BYTES_MAX, find_task, is_assignee, not_held, seen};
use super::permission::{Wish, allowed, case_of};
use super::plan::interested;
use super::resolve::{Gap, Resolved, Wanted, at_post};
use super::{Ctx, internal};
use crate::command::{OnTask, Request, TaskAct, TaskNo};
use crate::event::Event;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, PlannedSlot, SlotStatus, State, Step, Task};
use crate::time::Timestamp;

/// A task, and who does something with it.
struct Asked<'a> {
    ctx: Ctx<'a>,
    case: &'a Case,
    step: &'a Step,
    number: TaskNo,
    task: &'a Task,
    slot: &'a PlannedSlot,
    person: &'a Name,
}

/// Somebody who is asked does something else than answering.
pub(super) fn on_task(
    state: &State,
    at: Timestamp,
    request: &Request,
    on: &OnTask,
) -> Result<Vec<Event>, Rejection> {
    let verb = on.act.word();
    let case = case_of(state, at, request, (verb, on.case))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb, chain: Some(case.chain()), amount: case.amount() })?;
    not_held(case)?;
    let task = find_task(case, on.task)?;
    let step = case.step().ok_or_else(|| internal("an open task belongs to a step"))?;
    let slot =
        step.plan.slots.get(usize::from(task.slot)).ok_or_else(|| internal("a task belongs to a slot"))?;
    let asked = Asked { ctx, case, step, number: on.task, task, slot, person: &request.person };
    if on.act != TaskAct::Release || !claim::may_free(&asked, request)? {
        is_assignee(case, (on.task, task), request)?;
    }
    seen(case, task, on.version)?;
    match &on.act {
        TaskAct::Transfer { to, reason } => transfer::transfer(&asked, to, reason),
        TaskAct::Consult { to, question } => consult::consult(&asked, to, question),
        TaskAct::AddApprover { to, place, reason } => approvers::add(&asked, to, *place, reason),
        TaskAct::Claim => claim::claim(&asked),
        TaskAct::Release => claim::release(&asked),
    }
}

/// A reason that must be given.
fn reasoned(reason: &Name) -> Result<(), Rejection> {
    let length = reason.trim().len();
    if (1..=REASON_BYTES_MAX).contains(&length) {
        return Ok(());
    }
    let message = format!("expected a reason of 1 to {REASON_BYTES_MAX} bytes, found {length}");
    Err(Rejection::at(Code::ReasonRequired, "reason", message))
}

/// A post that exists, and is no group: whoever is to be asked by name.
fn a_post(ctx: &Ctx<'_>, name: &Name) -> Result<(), Rejection> {
    if ctx.organisation()?.positions.contains_key(name) {
        return Ok(());
    }
    Err(Rejection::at(Code::FieldType, "to", format!("expected the name of a position, found {name:?}")))
}

impl Asked<'_> {
    /// The act is none that this task takes.
    fn refuses(&self, expected: &str) -> Rejection {
        let message = format!("expected {expected}; task {} of {} is not", self.number, self.task.position);
        Rejection::new(Code::ActNotAllowed, message)
    }

    /// Who would answer at another post what this slot asks, persons who may not left out. R2 and the separation of
    /// duties hold here as in the plan: not the submitter, not who benefits or is excepted, nobody twice in a step.
    fn eligible(&self, to: &Name) -> Result<Resolved, Rejection> {
        a_post(&self.ctx, to)?;
        let signs = self.slot.duty.signs();
        let barred = self.barred()?;
        let wanted = Wanted::slot(self.case, self.slot);
        let mut resolved = at_post(&self.ctx, to, &barred, wanted).map_err(|gap| self.gap(to, gap))?;
        if signs {
            let others = self.others();
            resolved.holders.retain(|person| !others.contains(person));
        }
        if *to == self.task.position || resolved.holders.is_empty() {
            let message = format!(
                "expected a post that this step does not ask already; {to} is asked, or its holder signs, in it"
            );
            return Err(Rejection::at(Code::NotEligible, "to", message));
        }
        Ok(resolved)
    }

    /// Persons who may not answer the slot, as things are now.
    fn barred(&self) -> Result<Vec<Name>, Rejection> {
        let mut barred = self.slot.barred.to_vec();
        if self.slot.duty.signs() {
            let interested = interested(&self.ctx, self.case, self.ctx.chain(self.case.chain())?)?;
            barred.extend(interested.into_iter().filter(|person| !self.slot.barred.contains(person)));
        }
        Ok(barred)
    }

    fn gap(&self, to: &Name, gap: Gap) -> Rejection {
        let submitter = &self.case.submitter().person;
        let held = |organisation: &crate::definition::Organisation| {
            organisation.positions.get(to).is_some_and(|post| post.holders.contains(submitter))
        };
        match gap {
            Gap::Barred if self.ctx.organisation().is_ok_and(held) => {
                let message = format!("expected somebody else than {submitter}, who submitted the document");
                Rejection::at(Code::SelfApproval, "to", message)
            }
            Gap::Barred => {
                let message =
                    format!("expected somebody who may sign here; who holds {to} benefits, or is excepted");
                Rejection::at(Code::NotEligible, "to", message)
            }
            Gap::Vacant | Gap::Abolished => {
                let message = format!("expected a post that somebody holds; {to} is vacant");
                Rejection::at(Code::NoApprover, "to", message)
            }
        }
    }

    /// Persons who sign elsewhere in the step: who are asked, have answered, or will be asked.
    fn others(&self) -> Vec<Name> {
        let mut persons = Vec::new();
        for (number, (slot, status)) in self.step.plan.slots.iter().zip(&self.step.slots).enumerate() {
            if number == usize::from(self.task.slot) || !slot.duty.signs() {
                continue;
            }
            match status {
                SlotStatus::Open(task) => {
                    persons.extend(self.case.tasks().get(task).into_iter().flat_map(|t| t.holders.clone()));
                }
                SlotStatus::Answered(task, _) | SlotStatus::Kept(task) | SlotStatus::PassedOn(task) => {
                    let signed = self.case.signatures().iter().filter(|s| s.task == *task);
                    persons.extend(signed.map(|s| s.person.clone()));
                }
                SlotStatus::Waiting => {
                    let wanted = Wanted::slot(self.case, slot);
                    let resolved = at_post(&self.ctx, &slot.position, &slot.barred, wanted);
                    persons.extend(resolved.into_iter().flat_map(|resolved| resolved.holders));
                }
                SlotStatus::Lapsed | SlotStatus::Withdrawn | SlotStatus::Removed => {}
            }
        }
        persons
    }
}
