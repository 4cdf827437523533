//! Whoever is asked asks another post for an opinion, and still decides.

use super::super::answer::REASON_BYTES_MAX;
use super::super::timers::milestones;
use super::{Asked, a_post, reasoned};
use crate::command::{Answer, Request, Verdict};
use crate::definition::Duty;
use crate::event::{Event, OpinionGiven, OpinionRequested, Slot};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, OpinionAskedFor, Task};

/// So many opinions may be asked for in one step.
const OPINIONS_MAX: usize = 32;

/// Another post is asked for an opinion. Nothing waits for it.
pub(super) fn consult(asked: &Asked<'_>, to: &Name, question: &Name) -> Result<Vec<Event>, Rejection> {
    if asked.step.opinion(asked.task.slot).is_some() {
        return Err(asked.refuses("a task that asks for more than an opinion"));
    }
    if asked.step.more.as_ref().is_some_and(|more| more.opinions.len() >= OPINIONS_MAX) {
        return Err(asked.refuses(&format!("a step that has asked for fewer than {OPINIONS_MAX} opinions")));
    }
    reasoned(question)?;
    a_post(&asked.ctx, to)?;
    let slot = Slot {
        duty: Duty::Input,
        position: to.clone(),
        capacities: Vec::new(),
        veto: false,
        blind: asked.slot.blind,
        within: asked.slot.within,
        level: None,
        seat_of: None,
        barred: [asked.person.clone()].into(),
    };
    // Whoever may not sign may well be asked: an opinion is none.
    let resolved = super::at_post(&asked.ctx, to, &slot.barred, super::Wanted::HOLDERS)
        .map_err(|gap| asked.gap(to, gap))?;
    let requested = OpinionRequested {
        case: asked.case.number(),
        task: asked.case.next_task(),
        of: asked.number,
        person: asked.person.clone(),
        by: asked.task.position.clone(),
        holders: resolved.holders,
        milestones: milestones(&asked.ctx, slot.within)?,
        slot,
        question: question.clone(),
    };
    Ok(vec![Event::OpinionRequested(requested)])
}

/// The opinion is given. Whatever it says, it decides nothing.
pub(in crate::decide) fn given(
    case: &Case,
    (task, asked): (&Task, &OpinionAskedFor),
    request: &Request,
    answer: &Answer,
) -> Result<Vec<Event>, Rejection> {
    use Verdict::{Approve, Input, Object, Pass, Reject, Return};
    if !matches!(answer.verdict, Approve | Pass | Object | Return | Reject | Input) {
        let message = format!(
            "expected an opinion (done, approve, pass, object, return or reject), found {}",
            answer.verdict.word()
        );
        return Err(Rejection::at(Code::VerdictNotAllowed, "verdict", message));
    }
    let said = answer.reason.as_ref().map_or(0, |reason| reason.trim().len());
    let silent = matches!(answer.verdict, Approve | Pass);
    if said > REASON_BYTES_MAX || said == 0 && !silent {
        let message = format!("expected what {} thinks, in 1 to {REASON_BYTES_MAX} bytes", task.position);
        return Err(Rejection::at(Code::ReasonRequired, "reason", message));
    }
    let blind = case
        .step()
        .is_some_and(|step| step.plan.slots.get(usize::from(asked.of)).is_some_and(|slot| slot.blind));
    Ok(vec![Event::OpinionGiven(OpinionGiven {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        verdict: answer.verdict,
        reason: answer.reason.clone(),
        blind,
    })])
}
