//! What was done is undone, last first; where an undo fails, a person decides.

use super::advance::arrow;
use super::command::{Undoing, adapters, again, undo_of};
use super::submit::number_text;
use super::{Ctx, ask, child, holds, internal, record};
use crate::command::CommandNo;
use crate::definition::{Chain, Target, Undo};
use crate::event::{EffectUndone, Event, Settled, StepClosed};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, CommandState, CommandStatus, Done, DoneWhat, Stage};

/// The next thing to be undone. Nothing: an answer, or the end of a child, is waited for.
pub(super) fn advance(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let Stage::Compensating { state, since, undo } = case.stage() else {
        return Err(internal("a case that undoes something is compensating"));
    };
    let Some(done) = last(case, *since) else { return over(ctx, case, chain, *state) };
    let events = match &done.what {
        DoneWhat::Child(number) => of_child(ctx, case, *number),
        DoneWhat::Record { .. } => record::undo(ctx, case, &done.what).map(|event| vec![event, undone(case)]),
        DoneWhat::Command(_) | DoneWhat::Inherited { .. } => of_command(ctx, case, chain, (done, *undo)),
        DoneWhat::Held(_) | DoneWhat::Consumed { .. } => {
            holds::undo(ctx, case, &done.what).map(|event| event.into_iter().chain([undone(case)]).collect())
        }
    };
    match (events, state) {
        (Err(why), Some(state)) if why.code == Code::Stuck => stuck(ctx, case, chain, (*state, why)),
        (events, _) => events,
    }
}

/// What is to be undone next. None: nothing is left.
fn last(case: &Case, since: Option<u16>) -> Option<&Done> {
    let outward = case.outward()?;
    let from = since.and_then(|since| outward.marks.get(&since)).map_or(0, |mark| mark.effects as usize);
    outward.effects.get(from..)?.last()
}

fn undone(case: &Case) -> Event {
    Event::EffectUndone(EffectUndone { case: case.number() })
}

/// Whether the last of what is to be undone is something that nothing undoes, so that only a person can have.
pub(super) fn needs_a_person(ctx: &Ctx<'_>, case: &Case, chain: &Chain, since: Option<u16>) -> bool {
    let Some(done) = last(case, since) else { return false };
    let undo = undoing(case, chain, done).and_then(|of| adapters(ctx).ok()?.verbs.get(of.verb));
    undo.is_some_and(|verb| verb.undo == Undo::Nothing)
}

/// What is to be undone next, for people. None: nothing is left.
pub(super) fn next_of(case: &Case, chain: &Chain, since: Option<u16>) -> Option<Settled> {
    let done = last(case, since)?;
    Some(match &done.what {
        DoneWhat::Child(number) => Settled::Child(*number),
        DoneWhat::Record { table, key, .. } => Settled::Record { table: table.clone(), key: key.clone() },
        DoneWhat::Consumed { account, key, .. } => {
            Settled::Account { account: account.clone(), key: key.clone() }
        }
        // What is held can always be given back.
        DoneWhat::Held(_) => return None,
        DoneWhat::Command(_) | DoneWhat::Inherited { .. } => {
            let Undoing { verb, undoes: of, .. } = undoing(case, chain, done)?;
            let id = Name::from(format!("{}.{}.{}", number_text(of.case), of.state_name, of.command));
            Settled::Command { id, verb: verb.clone() }
        }
    })
}

/// What undoes a command of this case, or of a child that has ended.
fn undoing<'a>(case: &'a Case, chain: &'a Chain, done: &'a Done) -> Option<Undoing<'a>> {
    match &done.what {
        DoneWhat::Command(number) => {
            let command = case.outward()?.commands.get(number)?;
            Some(Undoing::of(case.number(), *number, command))
        }
        DoneWhat::Inherited { verb, undoes } => Some(Undoing {
            state: done.state,
            state_name: &chain.states.get(usize::from(done.state))?.name,
            item: 0,
            verb,
            undoes: (**undoes).clone(),
        }),
        DoneWhat::Child(_) | DoneWhat::Record { .. } | DoneWhat::Held(_) | DoneWhat::Consumed { .. } => None,
    }
}

fn of_command(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (done, tried): (&Done, Option<CommandNo>),
) -> Result<Vec<Event>, Rejection> {
    let of = undoing(case, chain, done).ok_or_else(|| internal("what was done was commanded"))?;
    let verb = of.verb;
    match adapters(ctx)?.verbs.get(verb).map(|verb| &verb.undo) {
        Some(Undo::By(_)) => {}
        // Nothing was changed, so nothing is to be undone.
        Some(Undo::ReadsOnly | Undo::IsUndo) => return Ok(vec![undone(case)]),
        Some(Undo::Nothing) | None => {
            let message =
                format!("expected a person to undo {verb}, which nothing undoes by itself; then resume");
            return Err(Rejection::new(Code::Stuck, message));
        }
    }
    let found = undo_of(case, (of.undoes.case, of.undoes.command));
    let Some((number, command)) = found else { return given(ctx, case, chain, of) };
    if is_done(command) {
        return Ok(vec![undone(case)]);
    }
    let open = matches!(command.status, CommandStatus::Open | CommandStatus::Silent);
    match (tried == Some(number), open) {
        (true, _) if command.status == CommandStatus::Open => Ok(Vec::new()),
        (true, _) => {
            let found = command.answer.as_ref().map_or_else(|| "no answer".into(), |answer| answer.outcome());
            let message =
                format!("expected {} to undo {verb}, found {found}; mend it, then resume", command.verb);
            Err(Rejection::new(Code::Stuck, message))
        }
        // A person lets it be tried once more: the same command where its answer is still open.
        (false, true) => Ok(vec![again(ctx, case, chain, (number, true))?]),
        (false, false) => given(ctx, case, chain, of),
    }
}

fn is_done(command: &CommandState) -> bool {
    command.answer.as_ref().is_some_and(|answer| answer.word == "done")
}

fn given(ctx: &Ctx<'_>, case: &Case, chain: &Chain, of: Undoing<'_>) -> Result<Vec<Event>, Rejection> {
    let issued = of.by_case(ctx, case, chain)?;
    Ok(vec![issued.ok_or_else(|| internal("a verb that is undone by another one has it"))?])
}

/// A child that is still open is asked to cancel itself, and its end waited for. What a child did that ended well has
/// become this case's own.
fn of_child(ctx: &Ctx<'_>, case: &Case, number: u64) -> Result<Vec<Event>, Rejection> {
    let child = case.outward().and_then(|outward| outward.children.get(&number));
    let over = child.is_none_or(|child| child.ended.is_some()) || ctx.state.case(number).is_none();
    if over {
        return Ok(vec![undone(case)]);
    }
    let undoes =
        ctx.state.case(number).is_some_and(|child| matches!(child.stage(), Stage::Compensating { .. }));
    if undoes || child.is_some_and(|child| child.asked) {
        return Ok(Vec::new());
    }
    ask::cancel(ctx, case, number).map_err(|why| {
        let message =
            format!("expected case {number}, which was started here, to be cancelled: {}", why.message);
        Rejection::new(Code::Stuck, message)
    })
}

/// An undo failed. Usually the case is held; what could not be undone stays first in line.
fn stuck(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (state, why): (u16, Rejection),
) -> Result<Vec<Event>, Rejection> {
    let outcome = Name::from("stuck");
    match arrow(ctx, case, chain, (state, &outcome)) {
        Ok(arrow) if arrow.go != Target::OnHold => closed(case, chain, state, "stuck"),
        _ => Err(why),
    }
}

fn closed(case: &Case, chain: &Chain, state: u16, outcome: &str) -> Result<Vec<Event>, Rejection> {
    let def = chain.states.get(usize::from(state)).ok_or_else(|| internal("a case stands in a state"))?;
    let (case, state, outcome) = (case.number(), def.name.clone(), Name::from(outcome));
    Ok(vec![Event::StepClosed(StepClosed { case, state, outcome, opinions: Vec::new() })])
}

/// All is undone. What an operator ordered ends the case badly: cancelled, where the chain has such an end.
fn over(ctx: &Ctx<'_>, case: &Case, chain: &Chain, state: Option<u16>) -> Result<Vec<Event>, Rejection> {
    if let Some(state) = state {
        return closed(case, chain, state, "done");
    }
    let bad = || chain.ends.iter().filter(|end| !end.good);
    let end = bad().find(|end| end.name == "cancelled").or(bad().next());
    let end = end.map_or_else(|| Name::from("cancelled"), |end| end.name.clone());
    child::ended(ctx, case, (end, false, None))
}
