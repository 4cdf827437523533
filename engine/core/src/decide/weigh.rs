//! What is held against limits: an amount in the measure of an authority, at the rates of the day, with what the cases
//! before it add (R15).

use rust_decimal::Decimal;

use super::Ctx;
use crate::command::TaskNo;
use crate::definition::{AddsUp, Authority, Measure};
use crate::event::{Added, AmountWeighed, RateUsed};
use crate::name::Name;
use crate::rates::Rates;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Step, within};
use crate::value::Value;

/// So many of the cases that were added are named.
const NAMED_MAX: usize = 50;

/// Weighs an amount for the slots of a route, as all is now.
pub(super) fn weigh(
    ctx: &Ctx<'_>,
    case: &Case,
    authority: &Authority,
    amount: Value,
) -> Result<AmountWeighed, Rejection> {
    let (own, rates) = measured(ctx, authority, &amount)?;
    let added = match &authority.adds_up {
        Some(adds_up) => added(ctx, case, (authority, adds_up))?,
        None => None,
    };
    let others = added.as_ref().map_or(Decimal::ZERO, |added| added.sum);
    let need = own.checked_add(others).ok_or_else(too_large)?;
    let (case, authority) = (case.number(), authority.name.clone());
    Ok(AmountWeighed { case, task: None, slots: (0, 0), authority, amount, rates, own, added, need })
}

/// Whether there is anything to record: otherwise the amount speaks for itself.
pub(super) fn tells(weighed: &AmountWeighed) -> bool {
    weighed.added.is_some() || !weighed.rates.is_empty()
}

/// Weighs again what a slot decides on, where that may have changed since the route was planned.
pub(super) fn again(
    ctx: &Ctx<'_>,
    case: &Case,
    step: &Step,
    (number, climbs, task): (u16, Option<&Name>, TaskNo),
) -> Result<Option<AmountWeighed>, Rejection> {
    let Some(climbs) = climbs else { return Ok(None) };
    let planned =
        step.weighed().iter().rev().find(|weighed| {
            (weighed.slots.0..weighed.slots.1).contains(&number) && weighed.authority == *climbs
        });
    let authority = ctx.active.authority(climbs);
    let (Some(planned), Some(authority)) = (planned, authority) else { return Ok(None) };
    let weighed = weigh(ctx, case, authority, planned.amount.clone())?;
    Ok(Some(AmountWeighed { task: Some(task), slots: (number, number.saturating_add(1)), ..weighed }))
}

/// An amount in the measure of an authority.
pub(super) fn measured(
    ctx: &Ctx<'_>,
    authority: &Authority,
    amount: &Value,
) -> Result<(Decimal, Vec<RateUsed>), Rejection> {
    match (authority.measure, amount) {
        (Measure::Money(currency), Value::Money(money)) => {
            Ok(Rates::new(ctx.active, Some(ctx.state), ctx.at).converted(*money, currency)?)
        }
        (Measure::Units, Value::Units(n) | Value::Number(n)) => Ok((*n, Vec::new())),
        // What money divided by money comes to is a share.
        (Measure::Percent, Value::Percent(n) | Value::Number(n)) => Ok((*n, Vec::new())),
        (measure, value) => {
            let message =
                format!("expected an amount that {} measures ({measure:?}), found {value}", authority.name);
            Err(Rejection::new(Code::Unevaluable, message))
        }
    }
}

/// What was held against the same limits before, and has all in common that counts. None: the case has nothing there
/// that others could share.
fn added(
    ctx: &Ctx<'_>,
    case: &Case,
    (authority, adds_up): (&Authority, &AddsUp),
) -> Result<Option<Added>, Rejection> {
    let Some(key) = key(ctx, case, adds_up)? else { return Ok(None) };
    let until = ctx.company()?.calendar.add(case.submitted_at(), adds_up.within);
    let until = until.ok_or_else(|| {
        Rejection::new(Code::DeadlineUnreachable, "expected a window of adds_up within the calendar")
    })?;
    let counts = |open: bool| if open { adds_up.open } else { adds_up.approved };
    let before = ctx.state.adding(&authority.name, &key, case.number());
    let before = before.filter(|other| counts(other.open) && other.until >= case.submitted_at());
    let (mut sum, mut count, mut cases) = (Decimal::ZERO, 0_u32, Vec::new());
    for other in before {
        sum = sum.checked_add(other.own).ok_or_else(too_large)?;
        count += 1;
        if cases.len() < NAMED_MAX {
            cases.push(other.case);
        }
    }
    Ok(Some(Added { key, until, sum, count, cases }))
}

/// What cases have in common that add up, as one text.
fn key(ctx: &Ctx<'_>, case: &Case, adds_up: &AddsUp) -> Result<Option<Name>, Rejection> {
    let mut parts = Vec::new();
    if adds_up.document {
        parts.push(ctx.chain(case.chain())?.document.to_string());
    }
    if adds_up.submitter {
        parts.push(case.submitter().person.to_string());
    }
    for path in &adds_up.fields {
        match within(case.fields(), path) {
            Value::Missing => return Ok(None),
            value => parts.push(value.to_string()),
        }
    }
    Ok(Some(Name::from(parts.join(" / "))))
}

fn too_large() -> Rejection {
    Rejection::new(Code::Unevaluable, "expected amounts that add up to at most 28 digits")
}
