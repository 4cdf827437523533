//! Facts: which waiting case a message is meant for, and messages that are kept for a case that comes later.

use std::cmp::Ordering;

use super::permission::may_report;
use super::{Ctx, alarm, clock, internal, learn, listen};
use crate::command::{CaseNo, Request};
use crate::definition::{Activity, Chain, MatchRule, StateDef, Trigger, Wait};
use crate::document::{shaped, untyped};
use crate::eval::{Scope, evaluate, holds, holds_or_absent};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Seeks, Stage, State, TOLD};
use crate::time::{DAY, Timestamp};
use crate::value::{Fields, Raw, Value};

/// How long a fact that no case waits for is kept.
const KEPT_MS: i64 = 30 * DAY;
/// How many facts are kept at most; beyond it the oldest is given up early.
const KEPT_MAX: usize = 100_000;

/// A message: the fact's name, the sender's id of it, what it says.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    /// The fact's name.
    pub(super) fact: &'a Name,
    /// The sender's id of it.
    pub(super) id: &'a Name,
    /// What it says.
    pub(super) data: &'a Fields,
}

/// What a wait looks for.
pub(super) fn work(ctx: &Ctx<'_>, case: &Case, chain: &Chain, wait: &Wait) -> Result<Work, Rejection> {
    let keys = listen::keys(&ctx.scope(case, chain), &wait.rules);
    Ok(Work::Message { fact: wait.fact.clone(), keys })
}

/// What a waiting case does by itself: it goes on where nothing more is to be waited for, or takes a message that was
/// kept and is meant for it, oldest first.
pub(super) fn kept_for(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let (def, wait) = waiting(case, chain).ok_or_else(|| internal("a case that waits stands in a wait"))?;
    if wait.until.is_some() && holds_or_absent(wait.until.as_ref(), &ctx.scope(case, chain))? {
        return Ok(vec![over(case, def)]);
    }
    for kept in ctx.state.kept(&wait.fact) {
        if wait.rules.iter().any(|rule| meant(ctx, case, chain, rule, &kept.data)) {
            let message = Message { fact: &wait.fact, id: &kept.message_id, data: &kept.data };
            return received(ctx, case, message);
        }
    }
    Ok(Vec::new())
}

/// Whether a message is kept that a wait of the chain, or an entry of its `anytime`, will take for this case, once it gets there.
pub(super) fn is_kept_for(ctx: &Ctx<'_>, case: &Case, chain: &Chain, fact: &Name) -> bool {
    let waits = chain.states.iter().filter_map(|state| match &state.activity {
        Activity::Wait(wait) if wait.fact == *fact => Some(wait),
        _ => None,
    });
    let listens = chain.listens.iter().filter(|entry| entry.fact == *fact);
    let kept = ctx.state.kept(fact);
    let mut rules = waits.flat_map(|wait| &wait.rules).chain(listens.flat_map(|entry| &entry.rules));
    rules.any(|rule| kept.iter().any(|kept| meant(ctx, case, chain, rule, &kept.data)))
}

/// The wait that a case stands in, and its state.
fn waiting<'a>(case: &Case, chain: &'a Chain) -> Option<(&'a StateDef, &'a Wait)> {
    let (Stage::Fact { state, .. } | Stage::Message { state, .. }) = case.stage() else { return None };
    let def = chain.states.get(usize::from(*state))?;
    match &def.activity {
        Activity::Wait(wait) => Some((def, wait)),
        _ => None,
    }
}

/// Whether a message is meant for a case by a rule. One that the rule cannot read is not.
pub(super) fn meant(ctx: &Ctx<'_>, case: &Case, chain: &Chain, rule: &MatchRule, data: &Fields) -> bool {
    holds(&rule.when, &Scope { message: Some(data), ..ctx.scope(case, chain) }).unwrap_or(false)
}

/// A message has come for a case that waits: it learns, and goes on unless it waits for more.
pub(super) fn received(ctx: &Ctx<'_>, case: &Case, message: Message<'_>) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let (def, wait) = waiting(case, chain).ok_or_else(|| internal("a case that waits stands in a wait"))?;
    let scope = Scope { message: Some(message.data), ..ctx.scope(case, chain) };
    let mut events = vec![Event::FactReceived(FactReceived {
        case: case.number(),
        fact: message.fact.clone(),
        message_id: message.id.clone(),
        data: message.data.clone(),
    })];
    events.extend(alarm::received(case, chain, message.fact));
    events.extend(learn::learnt(ctx, case, chain, &def.learns, &scope)?);
    // Whether a wait with `until` is over shows once what was learnt counts. A wait of an older log ends by the fact.
    if wait.until.is_none() && matches!(case.stage(), Stage::Message { .. }) {
        events.push(over(case, def));
    }
    Ok(events)
}

fn over(case: &Case, def: &StateDef) -> Event {
    let (state, outcome) = (def.name.clone(), Name::from("received"));
    Event::StepClosed(StepClosed { case: case.number(), state, outcome, opinions: Vec::new() })
}

/// A message for one case, from another one. None: it does not wait for it, nor listen to it.
pub(super) fn told(
    ctx: &Ctx<'_>,
    teller: CaseNo,
    target: &Case,
    message: Message<'_>,
) -> Result<Option<Vec<Event>>, Rejection> {
    let ctx = Ctx::of(ctx.state, ctx.at, target)?;
    let chain = ctx.chain(target.chain())?;
    let is_meant =
        |rules: &[MatchRule]| rules.iter().any(|rule| meant(&ctx, target, chain, rule, message.data));
    let waits = waiting(target, chain).filter(|(_, wait)| wait.fact == *message.fact);
    if waits.is_some_and(|(_, wait)| is_meant(&wait.rules)) {
        return received(&ctx, target, message).map(Some);
    }
    match listen::entry_for(target, chain, message.fact).filter(|entry| is_meant(&entry.rules)) {
        Some(entry) => listen::received(&ctx, target, (entry, message), Some(teller)).map(Some),
        None => Ok(None),
    }
}

/// A system asserts a fact.
pub(super) fn asserted(
    state: &State,
    at: Timestamp,
    request: &Request,
    (fact, message_id, data): (&Name, &Name, &Raw),
) -> Result<Vec<Event>, Rejection> {
    may_report(&Ctx::now(state, at)?, request, fact)?;
    let Value::Record(fields) = untyped(data) else {
        let message = "expected what the fact says to be an object of fields";
        return Err(Rejection::at(Code::FieldType, "data", message));
    };
    deliver(state, at, &request.system, Message { fact, id: message_id, data: &fields })
}

/// An adapter reports a fact.
pub(super) fn reported(
    state: &State,
    at: Timestamp,
    (adapter, message_id): (&Name, &Name),
    (fact, data): (&Name, &Raw),
) -> Result<Vec<Event>, Rejection> {
    let ctx = Ctx::now(state, at)?;
    if fact.split('.').next() != Some(adapter.as_str()) {
        let message =
            format!("expected a fact of {adapter}, found {fact}, which is another adapter's to report");
        return Err(Rejection::new(Code::Forbidden, message));
    }
    let shape = ctx.active.adapters().and_then(|adapters| adapters.facts.get(fact));
    let shape = shape.ok_or_else(|| {
        let message = format!("expected a fact that adapters.yaml declares, found {fact}; declare it there");
        Rejection::new(Code::ReplyUndeclared, message)
    })?;
    let fields = shaped(shape, data, ctx.fitting(), "data")?;
    deliver(state, at, adapter, Message { fact, id: message_id, data: &fields })
}

/// To the case that waits for it; to the one that it moves; to the chains that it starts; or into the drawer.
fn deliver(
    state: &State,
    at: Timestamp,
    sender: &Name,
    message: Message<'_>,
) -> Result<Vec<Event>, Rejection> {
    if message.id.starts_with(TOLD) {
        let text = format!("expected a message_id of {sender}'s own; those with {TOLD:?} are the engine's");
        return Err(Rejection::at(Code::FieldType, "message_id", text));
    }
    if state.knows_message(sender, message.id) {
        let text = format!("expected a new message; {:?} of {sender} took effect before", message.id);
        return Err(Rejection::new(Code::MessageRepeated, text));
    }
    if let Some(case) = meant_for(state, at, message, Seeks::Waiting)? {
        return received(&Ctx::of(state, at, case)?, case, message);
    }
    if let Some(case) = meant_for(state, at, message, Seeks::Listening)? {
        let ctx = Ctx::of(state, at, case)?;
        let entry = listen::entry_for(case, ctx.chain(case.chain())?, message.fact);
        let entry = entry.ok_or_else(|| internal("a case that is found by a message listens to it"))?;
        return listen::received(&ctx, case, (entry, message), None);
    }
    let started = starts(state, at, message)?;
    if started.is_empty() { Ok(kept(state, at, sender, message)) } else { Ok(started) }
}

/// The case that a message is meant for: the first rule for which some waiting case holds decides; among several
/// cases the one that the rule puts first, then the oldest.
fn meant_for<'a>(
    state: &'a State,
    at: Timestamp,
    message: Message<'_>,
    seeks: Seeks,
) -> Result<Option<&'a Case>, Rejection> {
    for place in state.rules_of(message.fact, seeks) {
        let mut best: Option<(Option<Value>, &Case)> = None;
        for number in state.meant_by((message.fact, place), message.data, seeks) {
            let Some((case, first_by)) = candidate(state, at, (number, place), (message, seeks))? else {
                continue;
            };
            let earlier = best.as_ref().is_none_or(|(other, _)| before(first_by.as_ref(), other.as_ref()));
            if earlier {
                best = Some((first_by, case));
            }
        }
        if let Some((_, case)) = best {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// A waiting or listening case for which this rule holds, and what the rule orders cases by.
fn candidate<'a>(
    state: &'a State,
    at: Timestamp,
    (number, place): (CaseNo, u16),
    (message, seeks): (Message<'_>, Seeks),
) -> Result<Option<(&'a Case, Option<Value>)>, Rejection> {
    let case = state.case(number).ok_or_else(|| internal("a case that waits is open"))?;
    let ctx = Ctx::of(state, at, case)?;
    let chain = ctx.chain(case.chain())?;
    let rules = match seeks {
        Seeks::Waiting => waiting(case, chain).map(|(_, wait)| &wait.rules),
        Seeks::Listening => listen::entry_for(case, chain, message.fact).map(|entry| &entry.rules),
    };
    let Some(rules) = rules else { return Ok(None) };
    // A wait of an older log is known by its first rule; all of them are asked.
    let old = matches!(case.stage(), Stage::Fact { .. });
    let rules = rules.iter().enumerate().filter(|(i, _)| old || *i == usize::from(place));
    for (_, rule) in rules {
        if meant(&ctx, case, chain, rule, message.data) {
            let scope = Scope { message: Some(message.data), ..ctx.scope(case, chain) };
            let value = rule.first_by.as_ref().map(|by| evaluate(by, &scope)).and_then(Result::ok);
            return Ok(Some((case, value.filter(|value| *value != Value::Missing))));
        }
    }
    Ok(None)
}

/// Whether the first value comes before the second. What has none comes last.
fn before(first: Option<&Value>, second: Option<&Value>) -> bool {
    let order = match (first, second) {
        (Some(Value::Date(a)), Some(Value::Date(b))) => a.cmp(b),
        (Some(Value::Time(a)), Some(Value::Time(b))) => a.cmp(b),
        (Some(a), Some(b)) => match (a.decimal(), b.decimal()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_name().cmp(&b.as_name()),
        },
        (Some(_), None) => Ordering::Less,
        (None, _) => Ordering::Greater,
    };
    order == Ordering::Less
}

/// The cases that a message starts, each in the name of the post that its chain says. Their stories say which message
/// it was.
fn starts(state: &State, at: Timestamp, message: Message<'_>) -> Result<Vec<Event>, Rejection> {
    let ctx = Ctx::now(state, at)?;
    let mut events = Vec::new();
    let mut number = state.next_case();
    for chain in ctx.active.chains() {
        for start in &chain.starts {
            let Trigger::Message { fact, when } = &start.trigger else { continue };
            let scope = Scope { message: Some(message.data), ..clock::scope(&ctx, chain) };
            if fact != message.fact || !holds_or_absent(when.as_ref(), &scope)? {
                continue;
            }
            let mut begun = clock::begun(&ctx, (chain, start), number, &scope)?.into_iter();
            events.extend(begun.next());
            events.push(Event::FactReceived(FactReceived {
                case: number,
                fact: message.fact.clone(),
                message_id: message.id.clone(),
                data: message.data.clone(),
            }));
            events.extend(begun);
            number += 1;
        }
    }
    Ok(events)
}

/// For a case that comes later. Where too much is kept the oldest makes room.
fn kept(state: &State, at: Timestamp, sender: &Name, message: Message<'_>) -> Vec<Event> {
    let mut events = vec![Event::FactKept(FactKept {
        fact: message.fact.clone(),
        sender: sender.clone(),
        message_id: message.id.clone(),
        data: message.data.clone(),
        until: at.plus(KEPT_MS),
    })];
    if state.kept_count() >= KEPT_MAX {
        let first = state.all_kept().filter_map(|(fact, kept)| Some((kept.first()?, fact)));
        let oldest = first.min_by_key(|(kept, _)| kept.at);
        events.extend(oldest.map(|(kept, fact)| clock::given_up(fact, kept)));
    }
    events
}
