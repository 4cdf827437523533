//! Messages that move a case whatever it is doing: which ones find it where it stands, and what they do.
//!
//! A case listens while it stands in a state that its chain names. What its rules look for is worked out anew whenever
//! something that they read has changed; an event says so, and the index of waiting cases follows it.

use super::advance::withdraw_tasks;
use super::fact::{Message, meant};
use super::{Ctx, alarm, internal, learn};
use crate::command::CaseNo;
use crate::definition::{Chain, Listen, MatchRule};
use crate::eval::{Scope, evaluate};
use crate::event::*;
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, Stage};

/// What the rules of a wait, or of a message that moves a case, look for. A value that cannot be told keeps the case
/// out of the index: its rule is asked each time.
pub(super) fn keys(scope: &Scope<'_>, rules: &[MatchRule]) -> MatchKeys {
    let key = |rule: &MatchRule| {
        let (field, value) = rule.index.as_ref()?;
        Some(MatchKey { field: field.clone(), value: evaluate(value, scope).ok()? })
    };
    rules.iter().map(key).collect()
}

/// Whether a message of this entry would move a case where it stands. Who is held is moved by nobody but an operator.
fn stands_right(case: &Case, entry: &Listen) -> bool {
    match (case.stage(), &entry.in_states) {
        (Stage::Held { .. } | Stage::Compensating { .. } | Stage::Entering(_) | Stage::Leaving { .. }, _) => {
            false
        }
        (_, None) => true,
        (_, Some(states)) => case.state().is_some_and(|state| states.contains(&state)),
    }
}

/// What a case that rests does about messages: it says to which it listens where that has changed, and takes one that
/// was kept and is meant for it.
pub(super) fn advance(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let rests = !matches!(
        case.stage(),
        Stage::Entering(_) | Stage::Leaving { .. } | Stage::Working { .. } | Stage::Held { .. }
    );
    if chain.listens.is_empty() || !rests {
        return Ok(Vec::new());
    }
    let scope = ctx.scope(case, chain);
    let heard = chain.listens.iter().filter(|entry| stands_right(case, entry));
    let to: Vec<Listening> = heard
        .clone()
        .map(|entry| Listening { fact: entry.fact.clone(), keys: keys(&scope, &entry.rules) })
        .collect();
    if case.outward().map_or(&[][..], |outward| &outward.listens) != to {
        return Ok(vec![Event::CaseListens(CaseListens { case: case.number(), to })]);
    }
    for entry in heard {
        for kept in ctx.state.kept(&entry.fact) {
            if entry.rules.iter().any(|rule| meant(ctx, case, chain, rule, &kept.data)) {
                let message = Message { fact: &entry.fact, id: &kept.message_id, data: &kept.data };
                return received(ctx, case, (entry, message), None);
            }
        }
    }
    Ok(Vec::new())
}

/// The entry by which a message would move a case where it stands.
pub(super) fn entry_for<'a>(case: &Case, chain: &'a Chain, fact: &Name) -> Option<&'a Listen> {
    chain.listens.iter().find(|entry| entry.fact == *fact && stands_right(case, entry))
}

/// A message moves a case, from outside or as another case tells it: tasks fall away where it goes elsewhere, it
/// learns, and goes.
pub(super) fn received(
    ctx: &Ctx<'_>,
    case: &Case,
    (entry, message): (&Listen, Message<'_>),
    teller: Option<CaseNo>,
) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    if !stands_right(case, entry) {
        return Err(internal("a message moves a case that listens"));
    }
    let scope = Scope { message: Some(message.data), ..ctx.scope(case, chain) };
    let number = case.number();
    let mut events = vec![Event::FactReceived(FactReceived {
        case: number,
        fact: message.fact.clone(),
        message_id: message.id.clone(),
        data: message.data.clone(),
    })];
    events.extend(alarm::received(case, chain, message.fact));
    let learnt = learn::learnt(ctx, case, chain, &entry.learns, &scope)?;
    if entry.go.is_some() {
        events.extend(withdraw_tasks(case, WithdrawnCause::Asked));
        events.push(Event::CaseAsked(CaseAsked {
            case: number,
            entry: entry.fact.clone(),
            by_case: teller,
            person: Name::default(),
            position: Name::default(),
            reason: None,
            with: Default::default(),
            go: entry.go,
        }));
    }
    events.extend(learnt);
    Ok(events)
}
