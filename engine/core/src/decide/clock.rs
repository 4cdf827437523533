//! What the calendar starts, facts that nobody wanted, and who begins or ceases to stand in.

use super::child::{content_of, party};
use super::resolve::superiors;
use super::submit;
use super::{Ctx, internal};
use crate::calendar::Calendar;
use crate::command::CaseNo;
use crate::definition::{Begins, Chain, Company, Definition, Period, Start, Trigger, Who};
use crate::eval::{Scope, evaluate, holds_or_absent};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{KeptFact, State};
use crate::time::{Date, Timestamp};
use crate::value::{Fields, Value};

/// So many facts are given up in one frame.
const GIVEN_UP_MAX: usize = 64;
/// So many cases are started in one frame.
const STARTED_MAX: usize = 16;

/// The company's own timer fires: what nobody wanted is given up, somebody begins or ceases to stand in for a post, or
/// one chain begins a period.
pub(super) fn fire(state: &State, at: Timestamp) -> Result<Vec<Event>, Rejection> {
    let due = state.all_kept().flat_map(|(fact, kept)| {
        let due = kept.iter().take_while(|kept| kept.until <= at);
        due.map(move |kept| given_up(fact, kept))
    });
    let events: Vec<Event> = due.take(GIVEN_UP_MAX).collect();
    if !events.is_empty() {
        return Ok(events);
    }
    if state.next_window().is_some_and(|window| window <= at) {
        return Ok(vec![super::organise::turned(state, at)]);
    }
    let due = state.periods().iter().find(|(_, period)| period.next <= at);
    let Some(((chain, start), period)) = due else {
        return Err(Rejection::new(Code::TimerStale, "expected a timer that is still wanted"));
    };
    begin(&Ctx::now(state, at)?, (chain, *start), period.reached.as_ref())
}

/// A fact that no case wanted.
pub(super) fn given_up(fact: &Name, kept: &KeptFact) -> Event {
    let (fact, sender, message_id) = (fact.clone(), kept.sender.clone(), kept.message_id.clone());
    let data = kept.data.clone();
    Event::FactGivenUp(FactGivenUp { fact, sender, message_id, data })
}

/// A chain begins a period, or goes on with the rows that are left. A period that the engine slept through is begun
/// late; several of them are begun once.
fn begin(
    ctx: &Ctx<'_>,
    (name, place): (&Name, u16),
    reached: Option<&Name>,
) -> Result<Vec<Event>, Rejection> {
    let began = |reached, refused, next| {
        Event::PeriodBegan(PeriodBegan { chain: name.clone(), start: place, reached, refused, next })
    };
    let found = ctx.active.chain(name).and_then(|chain| Some((chain, chain.starts.get(usize::from(place))?)));
    let Some((chain, start, (period, for_each))) =
        found.and_then(|(chain, start)| Some((chain, start, every(start)?)))
    else {
        return Ok(vec![began(None, Vec::new(), None)]);
    };
    let (mut events, mut refused, mut last) = (Vec::new(), Vec::new(), None);
    let rows: Vec<Option<&Name>> = match for_each {
        None => vec![None],
        Some(table) => {
            let rows = ctx.state.row_keys(ctx.active, table);
            rows.into_iter().filter(|row| reached.is_none_or(|reached| *row > reached)).map(Some).collect()
        }
    };
    let left = rows.len() > STARTED_MAX;
    let mut number = ctx.state.next_case();
    for row in rows.into_iter().take(STARTED_MAX) {
        let item = row.map(|row| Value::Text(row.clone()));
        let scope = Scope { item: item.as_ref(), ..scope(ctx, chain) };
        match begun(ctx, (chain, start), number, &scope) {
            Ok(begun) => {
                events.extend(begun);
                number += 1;
            }
            Err(why) => refused.push((row.cloned().unwrap_or_default(), Name::from(why.code.as_str()))),
        }
        last = row.cloned();
    }
    let (reached, next) =
        if left { (last, ctx.at) } else { (None, next(&ctx.company()?.calendar, period, ctx.at)?) };
    events.push(began(reached, refused, Some(next)));
    Ok(events)
}

fn every(start: &Start) -> Option<(Period, Option<&Name>)> {
    match &start.trigger {
        Trigger::Every { period, for_each } => Some((*period, for_each.as_ref())),
        Trigger::Message { .. } => None,
    }
}

/// What expressions read before there is a case.
pub(super) fn scope<'a>(ctx: &Ctx<'a>, chain: &'a Chain) -> Scope<'a> {
    Scope {
        chain: Some(chain),
        defines: &chain.defines,
        cases: Some(ctx.state),
        ..Scope::new(ctx.active, ctx.at)
    }
}

/// A case that starts by itself.
pub(super) fn begun(
    ctx: &Ctx<'_>,
    (chain, start): (&Chain, &Start),
    number: CaseNo,
    scope: &Scope<'_>,
) -> Result<Vec<Event>, Rejection> {
    let submitter = party(ctx, posts(ctx, chain, scope, &start.submitter)?)?;
    let mut given = Fields::new();
    for (name, value) in &start.with {
        given.insert(name.clone(), evaluate(value, scope)?);
    }
    let content = content_of(ctx, &chain.name, given, (&submitter, number))?;
    let mut events = submit::begun(ctx, (number, chain), submitter, content)?;
    if start.begins == Begins::Draft {
        events.push(Event::CaseReturned(CaseReturned { case: number, returns: 0 }));
    }
    Ok(events)
}

/// In whose name: there is no case yet that could say more than the message or the row does.
fn posts(ctx: &Ctx<'_>, chain: &Chain, scope: &Scope<'_>, who: &Who) -> Result<Vec<Name>, Rejection> {
    let nobody = |message: String| Rejection::new(Code::NoApprover, message);
    let named = |value: Value| value.as_name().cloned().into_iter().collect();
    match who {
        Who::Position(name) => Ok(vec![name.clone()]),
        Who::Expr(expr) => Ok(named(evaluate(expr, scope)?)),
        Who::KindAt(kind, unit) => {
            let unit = evaluate(unit, scope)?;
            let found = unit.as_name().and_then(|unit| ctx.organisation().ok()?.of_kind(kind, unit));
            found
                .map(|name| vec![name.clone()])
                .ok_or_else(|| nobody(format!("expected a {kind} at {unit}, found none")))
        }
        Who::Driver => Ok(chain.driver.iter().chain(&ctx.company()?.driver).take(1).cloned().collect()),
        Who::Superior(of) => {
            let mut above = Vec::new();
            for name in posts(ctx, chain, scope, of)? {
                above.extend(superiors(ctx, &name)?.first().cloned());
            }
            Ok(above)
        }
        Who::FirstOf(branches) => {
            for (when, who) in branches {
                if holds_or_absent(when.as_ref(), scope)? {
                    return posts(ctx, chain, scope, who);
                }
            }
            Ok(Vec::new())
        }
        Who::Each(parts) => {
            let each = parts.iter().map(|part| posts(ctx, chain, scope, part));
            Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
        }
        _ => Err(nobody("expected a position in whose name a case starts by itself".to_owned())),
    }
}

/// With new rules: when each of their chains that start by the calendar is looked at next, and which start so no
/// longer. A period that is being begun is not disturbed.
pub(super) fn scheduled(state: &State, at: Timestamp, definitions: &[u32]) -> Result<Vec<Event>, Rejection> {
    let all =
        || definitions.iter().filter_map(|number| Some(state.definitions().stored(*number)?.compiled()));
    let company = all().find_map(|definition| match definition {
        Definition::Company(company) => Some(company),
        _ => None,
    });
    let company: &Company = company.ok_or_else(|| internal("a release has a company"))?;
    let mut events = Vec::new();
    let mut wanted = Vec::new();
    for definition in all() {
        let Definition::Chain(chain) = definition else { continue };
        for (place, start) in chain.starts.iter().enumerate() {
            let Some((period, _)) = every(start) else { continue };
            let (of, next) = ((chain.name.clone(), place as u16), next(&company.calendar, period, at)?);
            let known = state.periods().get(&of);
            if known.is_none_or(|known| known.next > at && known.next != next) {
                events.push(looked_at(&of, Some(next)));
            }
            wanted.push(of);
        }
    }
    let gone = state.periods().keys().filter(|of| !wanted.contains(of));
    events.extend(gone.map(|of| looked_at(of, None)));
    Ok(events)
}

fn looked_at((chain, start): &(Name, u16), next: Option<Timestamp>) -> Event {
    let (chain, start, reached, refused) = (chain.clone(), *start, None, Vec::new());
    Event::PeriodBegan(PeriodBegan { chain, start, reached, refused, next })
}

/// The first instant of the next period after an instant, in the company's zone.
fn next(calendar: &Calendar, period: Period, after: Timestamp) -> Result<Timestamp, Rejection> {
    let (today, _) = calendar.zone.local(after);
    let months = |every: i32| {
        let (month, day) = month_and_day(today);
        let first = today.plus_days(1 - day)?;
        first.plus_months(every - (month - 1) % every)
    };
    let date = match period {
        Period::Day => today.plus_days(1),
        Period::Week => today.plus_days(7 - today.weekday() as i32),
        Period::Month => months(1),
        Period::Quarter => months(3),
        Period::Year => months(12),
    };
    let date = date.ok_or_else(|| {
        Rejection::new(Code::DeadlineUnreachable, "expected a period that begins within the calendar")
    })?;
    Ok(calendar.zone.instant(date, 0))
}

/// The month and the day of a date, each from 1.
fn month_and_day(date: Date) -> (i32, i32) {
    let text = date.to_string();
    let mut parts = text.rsplit('-').map(|part| part.parse().unwrap_or(1));
    let (day, month) = (parts.next().unwrap_or(1), parts.next().unwrap_or(1));
    (month, day)
}
