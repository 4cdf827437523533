//! Delegations that chains grant and end: what a case was decided to, the organisation does.

use super::organise::Working;
use super::outside::Place;
use super::{Ctx, internal};
use crate::command::OrgAct;
use crate::definition::{Activity, DelegateDef, Delegation};
use crate::eval::{Scope, evaluate};
use crate::event::{Change, Event, StepClosed};
use crate::expr::Expr;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Stage};
use crate::time::Timestamp;
use crate::value::Value;

/// Grants one. Where the organisation refuses it by now, the outcome says so.
pub(super) fn grant(place: &Place<'_>, def: &DelegateDef) -> Result<Vec<Event>, Rejection> {
    let scope = place.scope();
    let value = |expr: &Expr| -> Result<Value, Rejection> { Ok(evaluate(expr, &scope)?) };
    let name = name_of(&value(&def.name)?)?;
    let authority = match value(&def.authority)? {
        Value::List(items) => items.iter().map(name_of).collect::<Result<Vec<_>, _>>()?,
        one => vec![name_of(&one)?],
    };
    let up_to = value(&def.up_to)?;
    let delegation = Delegation {
        from: name_of(&value(&def.from)?)?,
        to: name_of(&value(&def.to)?)?,
        authority,
        up_to: up_to.decimal().ok_or_else(|| unusable("an amount to delegate", &up_to))?,
        start: instant(&value(&def.start)?)?,
        end: instant(&value(&def.end)?)?,
        chains: Vec::new(),
        duties: Vec::new(),
    };
    let act = OrgAct::Delegate { name, delegation };
    match done(&place.ctx, place.case, &act)? {
        Some(events) => Ok(closing(events, place, "done")),
        None => Ok(vec![place.closed("refused")]),
    }
}

/// Ends one before its time. One that is over stays so.
pub(super) fn end(place: &Place<'_>, name: &Expr) -> Result<Vec<Event>, Rejection> {
    let name = name_of(&evaluate(name, &place.scope())?)?;
    let events = done(&place.ctx, place.case, &OrgAct::EndDelegation { name })?;
    Ok(closing(events.unwrap_or_default(), place, "done"))
}

/// Until when a delegation holds. None: there is none of that name, or no longer.
pub(super) fn lasts(ctx: &Ctx<'_>, name: &Expr, scope: &Scope<'_>) -> Result<Option<Timestamp>, Rejection> {
    let name = name_of(&evaluate(name, scope)?)?;
    Ok(ctx.organisation()?.delegations.get(&name).map(|delegation| delegation.end))
}

/// A case that waits as long as its delegation lasts learns that another act has ended it, or granted it for another time.
pub(super) fn ended(ctx: &Ctx<'_>, case: &Case) -> Result<Option<Event>, Rejection> {
    let Stage::Until { state } = case.stage() else { return Ok(None) };
    let chain = ctx.chain(case.chain())?;
    let state = chain.states.get(usize::from(*state)).ok_or_else(|| internal("a case stands in a state"))?;
    let Activity::WhileDelegated(name) = &state.activity else { return Ok(None) };
    if lasts(ctx, name, &ctx.scope(case, chain))? == case.until() {
        return Ok(None);
    }
    let (state, outcome) = (state.name.clone(), Name::from("ended"));
    Ok(Some(Event::StepClosed(StepClosed { case: case.number(), state, outcome, opinions: Vec::new() })))
}

fn closing(mut events: Vec<Event>, place: &Place<'_>, outcome: &str) -> Vec<Event> {
    events.push(place.closed(outcome));
    events
}

/// What an act comes to. None: the organisation refuses it.
fn done(ctx: &Ctx<'_>, case: &Case, act: &OrgAct) -> Result<Option<Vec<Event>>, Rejection> {
    let by = case.submitter();
    let change = Change {
        person: by.person.clone(),
        position: by.position.clone(),
        reason: Name::from(format!("case {} of {}", case.number(), case.chain())),
        case: Some(case.number()),
    };
    let mut working = Working::new(ctx, &change)?;
    match working.act(act) {
        Ok(()) => Ok(Some(working.done().0)),
        Err(rejection) if rejection.code == Code::Internal => Err(rejection),
        Err(_) => Ok(None),
    }
}

fn name_of(value: &Value) -> Result<Name, Rejection> {
    value.as_name().cloned().ok_or_else(|| unusable("a name", value))
}

fn instant(value: &Value) -> Result<Timestamp, Rejection> {
    match value {
        Value::Time(at) => Ok(*at),
        other => Err(unusable("a time", other)),
    }
}

fn unusable(expected: &str, found: &Value) -> Rejection {
    Rejection::new(Code::Unevaluable, format!("expected {expected} for a delegation, found {found}"))
}
