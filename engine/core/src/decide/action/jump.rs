//! An administrator puts a case elsewhere, past what its chain says: what also mends a case that is stuck.

use super::super::advance::withdraw_tasks;
use super::super::operate::{PROCESS_OWNER, owns_process};
use super::super::permission::{Wish, allowed, case_of};
use super::super::submit::has_done;
use super::super::{Ctx, open_case};
use super::reasoned;
use crate::command::{CaseNo, Cause};
use crate::definition::{Chain, Target};
use crate::event::{CaseJumped, Event, WithdrawnCause};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Stage, State};
use crate::time::Timestamp;

/// The case goes where the administrator says. Recorded as an override for ever, never as an approval.
pub(in crate::decide) fn jump(
    state: &State,
    at: Timestamp,
    cause: &Cause,
    (number, to, reason): (CaseNo, &Name, &Name),
) -> Result<Vec<Event>, Rejection> {
    let (case, person, position) = match cause {
        Cause::Operator { os_user } => (open_case(state, number)?, os_user.clone(), Name::default()),
        Cause::Request(request) => {
            let case = case_of(state, at, request, ("jump", number))?;
            let ctx = Ctx::of(state, at, case)?;
            allowed(&ctx, request, Wish { verb: "jump", chain: Some(case.chain()), amount: case.amount() })?;
            if !owns_process(&ctx, &request.position)? {
                let message = format!(
                    "expected a {PROCESS_OWNER}, who alone may put a case elsewhere; {} is none",
                    request.position
                );
                return Err(Rejection::at(Code::Forbidden, "position", message));
            }
            (case, request.person.clone(), request.position.clone())
        }
        _ => {
            return Err(Rejection::new(
                Code::Forbidden,
                "expected an administrator who puts a case elsewhere",
            ));
        }
    };
    reasoned(reason)?;
    let ctx = Ctx::of(state, at, case)?;
    let chain = ctx.chain(case.chain())?;
    if matches!(case.stage(), Stage::Compensating { .. }) {
        let message =
            format!("expected a case that is not undoing what it did; case {number} is, let it end");
        return Err(Rejection::new(Code::ActNotAllowed, message));
    }
    let go = target(chain, to)?;
    let good = |end: u16| chain.ends.get(usize::from(end)).is_some_and(|end| end.good);
    let undoes = match go {
        Target::Draft => true,
        Target::End(end) => !good(end),
        _ => false,
    };
    if undoes && has_done(case) {
        let message = format!(
            "expected a case that has done nothing outside; case {number} has, or may have: compensate it"
        );
        return Err(Rejection::new(Code::Conflict, message));
    }
    let from = match case.stage() {
        Stage::Draft => Name::from("draft"),
        Stage::Held { .. } => Name::from("on-hold"),
        _ => {
            let state = case.state().and_then(|place| chain.states.get(usize::from(place)));
            state.map(|state| state.name.clone()).unwrap_or_default()
        }
    };
    let jumped =
        CaseJumped { case: number, person, position, from, go, to: to.clone(), reason: reason.clone() };
    let mut events = withdraw_tasks(case, WithdrawnCause::Jumped);
    events.push(Event::CaseJumped(jumped));
    Ok(events)
}

/// A place of the chain by its name.
fn target(chain: &Chain, to: &Name) -> Result<Target, Rejection> {
    if *to == *"draft" {
        return Ok(Target::Draft);
    }
    let state = chain.states.iter().position(|state| state.name == *to);
    let end = || chain.ends.iter().position(|end| end.name == *to);
    let found = state.map(|place| Target::State(place as u16)).or_else(|| Some(Target::End(end()? as u16)));
    found.ok_or_else(|| {
        let states = chain.states.iter().map(|state| state.name.as_str());
        let known =
            states.chain(chain.ends.iter().map(|end| end.name.as_str())).collect::<Vec<_>>().join(", ");
        let message = format!("expected draft, or a state or end of {} ({known}), found {to:?}", chain.name);
        Rejection::at(Code::FieldType, "to", message)
    })
}
