//! What becomes of a case's holds at its turns: taken at submission, given back on the way to its submitter, handed
//! on or given back at its end, lapsed after it, undone in a compensation.

use super::account::{is_open, released};
use super::timers::deadline;
use super::{Ctx, internal};
use crate::command::{CaseNo, LotNo};
use crate::definition::{Chain, HandsOn, Lapse, Required, RequiredCase};
use crate::eval::evaluate;
use crate::event::{Content, Event, HoldLapsed, HoldTaken, HoldsKept, Party, ReleasedWhy, Restored};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{CLOSED_WINDOW_MS, Case, DoneWhat, Lot, State};
use crate::time::Timestamp;

/// What a case that is submitted, or submitted again, takes of the cases that it requires. What it took before of
/// cases that it no longer requires is given back.
pub(super) fn taken(
    ctx: &Ctx<'_>,
    (number, chain): (CaseNo, &Chain),
    (content, submitter): (&Content, &Party),
) -> Result<Vec<Event>, Rejection> {
    let takes = |required: &Required| matches!(required, Required::Case(wanted) if !wanted.takes.is_empty());
    if !chain.requires.iter().any(|requirement| takes(&requirement.what)) {
        return Ok(Vec::new());
    }
    let scope = ctx.handed_in(chain, &content.document, submitter);
    let own = ctx.state.holds(number);
    let own: Vec<(LotNo, &Lot)> =
        own.into_iter().flat_map(|holds| holds.lots.iter()).map(|(lot, of)| (*lot, of)).collect();
    let mut last = ctx.state.holds(number).map_or(0, |holds| holds.last);
    let (mut events, mut required) = (Vec::new(), Vec::new());
    for requirement in &chain.requires {
        let Required::Case(wanted) = &requirement.what else { continue };
        for from in super::submit::required_cases(ctx, &scope, wanted)?.into_iter().flatten() {
            if wanted.takes.is_empty() || required.contains(&from) {
                continue;
            }
            required.push(from);
            if own.iter().any(|(_, lot)| lot.taken_from == Some(from)) {
                continue;
            }
            if !is_there(ctx, from, wanted) {
                let message = format!("expected case {from} to hold what is taken of it; it no longer does");
                return Err(Rejection::new(Code::Rule(requirement.code.clone()), message));
            }
            let holds = ctx.state.holds(from);
            let lots = holds.into_iter().flat_map(|holds| holds.lots.iter());
            for (lot, of) in lots.filter(|(_, lot)| wanted.takes.contains(&lot.name)) {
                last += 1;
                events.push(moved((number, last), (from, *lot), of, Some(wanted.chain.clone())));
            }
        }
    }
    for (lot, of) in own {
        let needless = of.with.is_some() && of.taken_from.is_some_and(|from| !required.contains(&from));
        if needless && !of.amount.is_zero() {
            events.push(released(ctx.state, ((number, lot), of), of.amount, ReleasedWhy::Returned));
        }
    }
    Ok(events)
}

/// Whether a case still has what may be taken of it: nobody took it before, and its time is not over.
fn is_there(ctx: &Ctx<'_>, from: CaseNo, wanted: &RequiredCase) -> bool {
    ctx.state.holds(from).is_none_or(|holds| {
        let given = holds.given.iter().any(|name| wanted.takes.contains(name));
        !given && holds.kept.as_ref().is_none_or(|kept| ctx.at < kept.until)
    })
}

fn moved(
    (case, lot): (CaseNo, LotNo),
    (from, from_lot): (CaseNo, LotNo),
    of: &Lot,
    with: Option<Name>,
) -> Event {
    let (name, account, key) = (of.name.clone(), of.account.clone(), of.key.clone());
    Event::HoldTaken(HoldTaken { case, from, from_lot, lot, name, account, key, amount: of.amount, with })
}

/// The document goes back to its submitter: what the case set aside itself it sets aside again, when it comes again.
pub(super) fn returned(ctx: &Ctx<'_>, case: &Case) -> Vec<Event> {
    let set_aside = lots(case).filter(|(_, lot)| lot.state.is_some() && !lot.amount.is_zero());
    let release = |(number, lot): (LotNo, &Lot)| {
        released(ctx.state, ((case.number(), number), lot), lot.amount, ReleasedWhy::Returned)
    };
    set_aside.map(release).collect()
}

/// Whether another case has set something aside out of what this one holds.
pub(super) fn has_lent(case: &Case) -> bool {
    lots(case).any(|(_, lot)| lot.lent)
}

fn lots(case: &Case) -> impl Iterator<Item = (LotNo, &Lot)> {
    let holds = case.outward().and_then(|outward| outward.holds.as_deref());
    holds.into_iter().flat_map(|holds| holds.lots.iter()).map(|(number, lot)| (*number, lot))
}

/// A case is about to end: what the end hands on goes to the case that started it, or waits for one to take it; all
/// the rest is given back.
pub(super) fn ended(ctx: &Ctx<'_>, case: &Case, end: &Name) -> Result<Vec<Event>, Rejection> {
    if lots(case).next().is_none() {
        return Ok(Vec::new());
    }
    let chain = ctx.chain(case.chain())?;
    let place = chain.ends.iter().position(|known| known.name == *end);
    let hands_on = chain.hands_on.iter().find(|on| place == Some(usize::from(on.end)));
    let named = |lot: &Lot| hands_on.is_some_and(|on| on.holds.contains(&lot.name));
    let parent = case.parent().filter(|parent| ctx.state.case(*parent).is_some());
    let mut last = parent.and_then(|parent| ctx.state.holds(parent)).map_or(0, |holds| holds.last);
    let mut events = Vec::new();
    for (number, lot) in lots(case) {
        match (hands_on.filter(|_| named(lot)), parent) {
            (Some(HandsOn { lapses: Some(_), .. }), _) => {}
            (Some(HandsOn { lapses: None, .. }), Some(parent)) => {
                last += 1;
                events.push(moved((parent, last), (case.number(), number), lot, None));
            }
            _ if lot.amount.is_zero() => {}
            _ => {
                let of = ((case.number(), number), lot);
                events.push(released(ctx.state, of, lot.amount, ReleasedWhy::Ended));
            }
        }
    }
    if let Some(HandsOn { lapses: Some(lapse), .. }) = hands_on
        && lots(case).any(|(_, lot)| named(lot))
    {
        events.push(kept(ctx, case, chain, lapse)?);
    }
    Ok(events)
}

/// What stays with a case that is over waits until this time.
fn kept(ctx: &Ctx<'_>, case: &Case, chain: &Chain, lapse: &Lapse) -> Result<Event, Rejection> {
    let end = chain.ends.get(usize::from(lapse.to));
    let end = end.ok_or_else(|| internal("what lapses leads to an end of the chain"))?;
    let after = lapse.after.map(|after| deadline(ctx, after)).transpose()?;
    let at = match lapse.at.as_ref().map(|at| evaluate(at, &ctx.scope(case, chain))).transpose()? {
        None => None,
        Some(at) => Some(super::advance::instant(ctx, &at)?),
    };
    let until = [after, at].into_iter().flatten().min().unwrap_or(ctx.at.plus(CLOSED_WINDOW_MS));
    let (case, end, good) = (case.number(), end.name.clone(), end.good);
    Ok(Event::HoldsKept(HoldsKept { case, until, end, good }))
}

/// What a case that is over still has is given back: it was decided otherwise.
pub(super) fn given_back(state: &State, number: CaseNo) -> Vec<Event> {
    let lots =
        state.closed(number).and_then(|case| case.holds.as_deref()).into_iter().flat_map(|h| h.lots.iter());
    let left = lots.filter(|(_, lot)| !lot.amount.is_zero());
    let release =
        |(lot, of): (&LotNo, &Lot)| released(state, ((number, *lot), of), of.amount, ReleasedWhy::Reversed);
    left.map(release).collect()
}

/// Nobody took in time what a case left behind.
pub(super) fn lapse(state: &State, at: Timestamp, number: CaseNo) -> Result<Vec<Event>, Rejection> {
    let holds = state.closed(number).and_then(|case| case.holds.as_deref());
    let due = holds.and_then(|holds| Some((holds, holds.kept.as_ref().filter(|kept| kept.until <= at)?)));
    let Some((holds, kept)) = due else {
        return Err(Rejection::new(Code::TimerStale, "expected a hold that the case still has"));
    };
    let left = holds.lots.iter().filter(|(_, lot)| !lot.amount.is_zero());
    let release =
        |(lot, of): (&LotNo, &Lot)| released(state, ((number, *lot), of), of.amount, ReleasedWhy::Lapsed);
    let lapsed = HoldLapsed { case: number, end: kept.end.clone(), good: kept.good };
    Ok(left.map(release).chain([Event::HoldLapsed(lapsed)]).collect())
}

/// Gives back what a case set aside or used up. What a use left short in its lot the lot holds again.
pub(super) fn undo(ctx: &Ctx<'_>, case: &Case, done: &DoneWhat) -> Result<Option<Event>, Rejection> {
    match done {
        DoneWhat::Held(number) => {
            let lot = lots(case).find(|(lot, of)| lot == number && !of.amount.is_zero());
            Ok(lot.map(|(number, lot)| {
                released(ctx.state, ((case.number(), number), lot), lot.amount, ReleasedWhy::Compensated)
            }))
        }
        DoneWhat::Consumed { amount, .. } if amount.is_zero() => Ok(None),
        DoneWhat::Consumed { lot, account, key, amount } => {
            let used = ctx.state.balance(account, key).map(|balance| balance.used).unwrap_or_default();
            if used < *amount {
                let message = format!(
                    "expected {amount} of {account} of {key} to be used still, found {used}; others gave it back"
                );
                return Err(Rejection::new(Code::Stuck, message));
            }
            let back_to = lot.filter(|lot| is_open(ctx.state, *lot));
            let (account, key, amount) = (account.clone(), key.clone(), *amount);
            let case = case.number();
            Ok(Some(Event::Restored(Restored { case, account, key, amount, undo: true, back_to })))
        }
        _ => Err(internal("what is given back was set aside or used up")),
    }
}
