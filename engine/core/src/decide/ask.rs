//! What may be asked of a case at any time: by persons, by other cases (`tell`).

use super::advance::withdraw_tasks;
use super::answer::not_held;
use super::fact::{Message, told};
use super::outside::Place;
use super::permission::{Wish, allowed, case_of};
use super::resolve::who;
use super::{Ctx, holds, learn};
use crate::command::{CaseNo, Request};
use crate::definition::{Anytime, Chain, TellDef, Told};
use crate::document::shaped;
use crate::eval::{Scope, evaluate};
use crate::event::{CaseAsked, CaseReversed, Event, WithdrawnCause};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Stage, State, TOLD};
use crate::time::Timestamp;
use crate::value::{Fields, Raw, Value};

/// A person asks.
pub(super) fn by_person(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, entry, with, reason): (CaseNo, &Name, &Raw, &Name),
) -> Result<Vec<Event>, Rejection> {
    let case = case_of(state, at, request, ("request", number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb: "request", chain: Some(case.chain()), amount: None })?;
    not_held(case)?;
    let chain = ctx.chain(case.chain())?;
    let anytime = entry_of(chain, entry).ok_or_else(|| {
        let names = chain.anytime.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("expected one of the requests of {} ({names}), found {entry:?}", chain.name);
        Rejection::at(Code::NotAsked, "entry", message)
    })?;
    if !may_ask(&ctx, case, chain, anytime, &request.position) {
        let message = format!("expected somebody who may ask for {entry}, found {}", request.position);
        return Err(Rejection::at(Code::NotAsked, "position", message));
    }
    stands_right(case, chain, anytime)?;
    if reason.trim().is_empty() {
        return Err(Rejection::at(Code::ReasonRequired, "reason", "expected a reason, found none"));
    }
    let with = shaped(&anytime.asks, with, ctx.fitting(), "with")?;
    let asked = CaseAsked {
        case: number,
        entry: entry.clone(),
        by_case: None,
        person: request.person.clone(),
        position: request.position.clone(),
        reason: Some(reason.clone()),
        with,
        go: anytime.go,
    };
    goes_along(&ctx, case, anytime, asked)
}

fn entry_of<'a>(chain: &'a Chain, name: &Name) -> Option<&'a Anytime> {
    chain.anytime.iter().find(|anytime| anytime.name == *name)
}

/// Whether a post is among those who may ask, itself or as a member of a group.
fn may_ask(ctx: &Ctx<'_>, case: &Case, chain: &Chain, anytime: &Anytime, position: &Name) -> bool {
    let scope = ctx.scope(case, chain);
    let groups = ctx.organisation().map(|organisation| &organisation.groups);
    let is = |name: &Name| {
        let group = groups.as_ref().ok().and_then(|groups| groups.get(name));
        name == position || group.is_some_and(|group| group.members.contains(position))
    };
    // A post that cannot be found for one alternative bars nobody of the others.
    anytime.by.iter().any(|one| who(ctx, case, &scope, one).unwrap_or_default().iter().any(is))
}

/// Whether a case stands where it may be asked for this.
fn stands_right(case: &Case, chain: &Chain, anytime: &Anytime) -> Result<(), Rejection> {
    let refused = |message: String| Err(Rejection::new(Code::NotAsked, message));
    if matches!(case.stage(), Stage::Compensating { .. }) {
        return refused(format!("expected a case under way, case {} is undoing what it did", case.number()));
    }
    let Some(states) = &anytime.in_states else { return Ok(()) };
    if case.state().is_some_and(|state| states.contains(&state)) {
        return Ok(());
    }
    let names = states.iter().filter_map(|state| Some(chain.states.get(usize::from(*state))?.name.as_str()));
    let names = names.collect::<Vec<_>>().join(", ");
    refused(format!("expected case {} to stand in one of {names} for {}", case.number(), anytime.name))
}

/// A case is asked: its tasks fall away where it goes elsewhere, it learns, and goes.
fn goes_along(
    ctx: &Ctx<'_>,
    case: &Case,
    anytime: &Anytime,
    asked: CaseAsked,
) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let scope = Scope { reply: Some(&asked.with), ..ctx.scope(case, chain) };
    let learnt = learn::learnt(ctx, case, chain, &anytime.learns, &scope)?;
    let mut events = match anytime.go {
        Some(_) => withdraw_tasks(case, WithdrawnCause::Asked),
        None => Vec::new(),
    };
    events.push(Event::CaseAsked(asked));
    events.extend(learnt);
    Ok(events)
}

/// A case asks another one, or hands it a message. Whether that went well is the outcome; only what is wrong with the
/// chain itself is a refusal.
pub(super) fn tell(place: &Place<'_>, def: &TellDef) -> Result<Vec<Event>, Rejection> {
    let scope = place.scope();
    let mut with = Fields::new();
    for (name, value) in &def.with {
        with.insert(name.clone(), evaluate(value, &scope)?);
    }
    let number = match evaluate(&def.case, &scope)? {
        Value::Case(number) => Some(number).filter(|number| *number != place.case.number()),
        Value::Missing => None,
        other => {
            return Err(Rejection::new(Code::Unevaluable, format!("expected a case to tell, found {other}")));
        }
    };
    let target = number.and_then(|number| place.ctx.state.case(number));
    let events = match (target, &def.what) {
        (None, Told::Request(entry)) => reversed(&place.ctx, place.case, number, entry)?,
        (None, Told::Message(_)) => None,
        (Some(target), Told::Request(entry)) => asked_by(&place.ctx, place.case, target, entry, with)?,
        (Some(target), Told::Message(fact)) => {
            let (ctx, case) = (place.ctx, place.case.number());
            let id = Name::from(format!("{TOLD}{case}/{}/{}", ctx.state.head().sequence, place.item));
            told(&ctx, case, target, Message { fact, id: &id, data: &with })?
        }
    };
    let outcome = if events.is_some() { "done" } else { "refused" };
    Ok(events.unwrap_or_default().into_iter().chain([place.closed(outcome)]).collect())
}

/// A case asks another one for one of its entries. None: it does not go along.
fn asked_by(
    ctx: &Ctx<'_>,
    asker: &Case,
    target: &Case,
    entry: &Name,
    with: Fields,
) -> Result<Option<Vec<Event>>, Rejection> {
    let ctx = Ctx::of(ctx.state, ctx.at, target)?;
    let chain = ctx.chain(target.chain())?;
    let Some(anytime) = entry_of(chain, entry) else { return Ok(None) };
    let parent = target.parent() == Some(asker.number());
    let may = parent || anytime.by_chain.contains(asker.chain());
    let held = matches!(target.stage(), Stage::Held { .. });
    if !may || held || stands_right(target, chain, anytime).is_err() {
        return Ok(None);
    }
    let with = ctx.fitting().shape(&anytime.asks, &with, "with")?;
    let asked = CaseAsked {
        case: target.number(),
        entry: entry.clone(),
        by_case: Some(asker.number()),
        person: Name::default(),
        position: Name::default(),
        reason: None,
        with,
        go: anytime.go,
    };
    goes_along(&ctx, target, anytime, asked).map(Some)
}

/// A case that is over ends otherwise after all, where its chain says so. What it left behind to be taken is given back.
/// None: it does not go along.
fn reversed(
    ctx: &Ctx<'_>,
    asker: &Case,
    number: Option<CaseNo>,
    entry: &Name,
) -> Result<Option<Vec<Event>>, Rejection> {
    let Some((number, over)) = number.and_then(|number| Some((number, ctx.state.closed(number)?))) else {
        return Ok(None);
    };
    let Some(chain) = ctx.active.chain(&over.chain) else { return Ok(None) };
    let end = |place: &u16| chain.ends.get(usize::from(*place));
    let entry = entry_of(chain, entry).filter(|anytime| anytime.by_chain.contains(asker.chain()));
    let to = entry.and_then(|anytime| {
        let known = anytime.once_over.iter().find(|(from, _)| end(from).is_some_and(|e| e.name == over.end));
        Some((anytime, end(&known?.1)?))
    });
    let Some((anytime, to)) = to else { return Ok(None) };
    let mut events = holds::given_back(ctx.state, number);
    events.push(Event::CaseReversed(CaseReversed {
        case: number,
        by_case: asker.number(),
        entry: anytime.name.clone(),
        was: over.end.clone(),
        end: to.name.clone(),
        good: to.good,
    }));
    Ok(Some(events))
}

/// A compensation asks a child that is still open to cancel itself.
pub(super) fn cancel(ctx: &Ctx<'_>, case: &Case, child: CaseNo) -> Result<Vec<Event>, Rejection> {
    let entry = Name::from("cancel");
    let target = super::open_case(ctx.state, child)?;
    super::answer::not_held(target)?;
    if matches!(target.stage(), Stage::Compensating { .. }) {
        // It is about to end anyhow.
        return Ok(Vec::new());
    }
    let ctx = Ctx::of(ctx.state, ctx.at, target)?;
    let chain = ctx.chain(target.chain())?;
    let anytime = entry_of(chain, &entry).ok_or_else(|| {
        let message = format!("expected {} to have `anytime: {entry}`, it has none", chain.name);
        Rejection::new(Code::NotAsked, message)
    })?;
    stands_right(target, chain, anytime)?;
    let asked = CaseAsked {
        case: child,
        entry,
        by_case: Some(case.number()),
        person: Name::default(),
        position: Name::default(),
        reason: None,
        with: Fields::new(),
        go: anytime.go,
    };
    goes_along(&ctx, target, anytime, asked)
}
