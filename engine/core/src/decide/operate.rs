//! Operators step in: hold, resume, retry, compensate; each with a reason.

use super::advance::held;
use super::answer::REASON_BYTES_MAX;
use super::command::again;
use super::permission::{Wish, allowed, case_of};
use super::resolve::driver;
use super::{Ctx, compensate, open_case};
use crate::command::{CaseNo, Cause, CommandNo, Operation, Request};
use crate::definition::Chain;
use crate::event::{CaseOperated, EffectSettled, EffectUndone, Event};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, CommandStatus, ItemStatus, Stage, State};
use crate::time::Timestamp;

/// The kind of position, or the position, that owns the rules and may step in.
pub(super) const PROCESS_OWNER: &str = "process_owner";

/// An operator steps in: whoever has access to the files, or a person who owns the process or drives the chain.
pub(super) fn operate(
    state: &State,
    at: Timestamp,
    cause: &Cause,
    (number, act, reason): (CaseNo, Operation, &Name),
) -> Result<Vec<Event>, Rejection> {
    let (case, person) = match cause {
        Cause::Operator { os_user } => (open_case(state, number)?, os_user.clone()),
        Cause::Request(request) => {
            let case = case_of(state, at, request, (word(act), number))?;
            may(&Ctx::of(state, at, case)?, case, request, act)?;
            (case, request.person.clone())
        }
        _ => return Err(Rejection::new(Code::Forbidden, "expected an operator or a person who steps in")),
    };
    reasoned(reason)?;
    let ctx = Ctx::of(state, at, case)?;
    let chain = ctx.chain(case.chain())?;
    let mut events =
        vec![Event::CaseOperated(CaseOperated { case: number, act, person, reason: reason.clone() })];
    match act {
        Operation::Hold => {
            super::answer::not_held(case)?;
            let message = format!("expected an operator to let it go on: {reason}");
            events.extend(held(state, number, at, &Rejection::new(Code::HeldByOperator, message)));
        }
        Operation::Resume => events.extend(resumed(&ctx, case, chain)?),
        Operation::Retry => events.extend(retried(&ctx, case, chain)?),
        Operation::Compensate => {
            is_held(case)?;
        }
        Operation::Settle => events.push(settled(case, chain)?),
    }
    Ok(events)
}

/// Its word in messages.
fn word(act: Operation) -> &'static str {
    match act {
        Operation::Hold => "hold",
        Operation::Resume => "resume",
        Operation::Retry => "retry",
        Operation::Compensate => "compensate",
        Operation::Settle => "settle",
    }
}

/// Whether a position is one that owns the rules, by name or kind.
pub(super) fn owns_process(ctx: &Ctx<'_>, position: &Name) -> Result<bool, Rejection> {
    let kind = ctx.organisation()?.positions.get(position).map(|post| &post.kind);
    Ok(*position == PROCESS_OWNER || kind.is_some_and(|kind| *kind == PROCESS_OWNER))
}

fn may(ctx: &Ctx<'_>, case: &Case, request: &Request, act: Operation) -> Result<(), Rejection> {
    allowed(ctx, request, Wish { verb: word(act), chain: Some(case.chain()), amount: None })?;
    let position = &request.position;
    if owns_process(ctx, position)? || driver(ctx, case).as_ref() == Some(position) {
        return Ok(());
    }
    let message = format!(
        "expected a {PROCESS_OWNER}, or who drives {}, to {} a case; {position} is neither",
        case.chain(),
        word(act)
    );
    Err(Rejection::at(Code::Forbidden, "position", message))
}

pub(super) fn reasoned(reason: &Name) -> Result<(), Rejection> {
    let length = reason.trim().len();
    if (1..=REASON_BYTES_MAX).contains(&length) {
        return Ok(());
    }
    let message = format!("expected a reason of 1 to {REASON_BYTES_MAX} bytes, found {length}");
    Err(Rejection::at(Code::ReasonRequired, "reason", message))
}

/// The code for which a case is held, and where it goes on.
fn is_held(case: &Case) -> Result<(&Name, Option<&Stage>), Rejection> {
    match case.stage() {
        Stage::Held { code, was, .. } => Ok((code, was.as_deref())),
        _ => {
            let message = format!("expected a case that is held; case {} goes on by itself", case.number());
            Err(Rejection::new(Code::NotHeld, message))
        }
    }
}

/// Commands that a held case waits for: those of its state.
fn waited(case: &Case, was: Option<&Stage>) -> Vec<(CommandNo, CommandStatus)> {
    let (Some(Stage::Outside { work, .. }), Some(outward)) = (was, case.outward()) else { return Vec::new() };
    let commands = work.items.iter().filter_map(|item| match item.status {
        ItemStatus::Command(number) => Some((number, outward.commands.get(&number)?.status.clone())),
        _ => None,
    });
    commands.filter(|(_, status)| matches!(status, CommandStatus::Open | CommandStatus::Silent)).collect()
}

/// It goes on. What nobody answered is asked again, what is still open is waited for; what nothing undoes was undone
/// by the person who lets the case go on.
fn resumed(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let (code, was) = is_held(case)?;
    if let Some(Stage::Compensating { since, .. }) = was
        && *code == Code::Stuck.as_str()
        && compensate::needs_a_person(ctx, case, chain, *since)
    {
        return Ok(vec![Event::EffectUndone(EffectUndone { case: case.number() })]);
    }
    let unknown = *code == Code::ReplyUnknown.as_str();
    let asks = |status: &CommandStatus| unknown || *status == CommandStatus::Silent;
    let waited = waited(case, was).into_iter().filter(|(_, status)| asks(status));
    waited.map(|(number, _)| again(ctx, case, chain, (number, true))).collect()
}

/// What could not be undone was settled outside; what comes before it is undone next.
fn settled(case: &Case, chain: &Chain) -> Result<Event, Rejection> {
    let (code, was) = is_held(case)?;
    let what = match was {
        Some(Stage::Compensating { since, .. }) if *code != Code::HeldByOperator.as_str() => {
            compensate::next_of(case, chain, *since)
        }
        _ => None,
    };
    let what = what.ok_or_else(|| {
        let message = format!(
            "expected a case that is held because something could not be undone; case {} is not, resume it",
            case.number()
        );
        Rejection::new(Code::Conflict, message)
    })?;
    Ok(Event::EffectSettled(EffectSettled { case: case.number(), what }))
}

/// What it waits for is sent again, under the same ids; an undo that failed is tried again.
fn retried(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let (_, was) = is_held(case)?;
    let waited = waited(case, was);
    if waited.is_empty() && !matches!(was, Some(Stage::Compensating { .. })) {
        let message = format!(
            "expected a case that waits for an answer; case {} does not, resume or compensate it",
            case.number()
        );
        return Err(Rejection::new(Code::Conflict, message));
    }
    waited.into_iter().map(|(number, _)| again(ctx, case, chain, (number, true))).collect()
}
