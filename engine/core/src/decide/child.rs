//! Cases that cases start: run, start, join.

use super::outside::Place;
use super::resolve::{Wanted, or_superior, who};
use super::submit::{begun, content, document_of, number_text};
use super::{Ctx, holds, internal};
use crate::command::CaseNo;
use crate::definition::{Begins, Copied, DocumentType, RunDef};
use crate::eval::evaluate;
use crate::event::{CaseEnded, ChildEnded, ChildStarted, Event, Party};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, State};
use crate::value::{Fields, Value};

/// Starts a case of another chain; where it is not waited for, its item closes at once. The child keeps the rules of
/// its parent: what the parent reads of it was checked against them.
pub(super) fn run(place: &Place<'_>, def: &RunDef, waits: bool) -> Result<Vec<Event>, Rejection> {
    let (ctx, case) = (Ctx { facts: None, ..place.ctx }, place.case);
    let chain = ctx.chain(&def.chain)?;
    let scope = place.scope();
    let child = ctx.state.next_case();
    let submitter = match &def.submitter {
        None => case.submitter().clone(),
        Some(post) => party(&ctx, who(&ctx, case, &scope, post)?)?,
    };
    let kind = document_of(&ctx, chain)?;
    let mut given = copied(place, kind, &def.copy);
    for (name, value) in &def.with {
        given.insert(name.clone(), evaluate(value, &scope)?);
    }
    let content = content_of(&ctx, &def.chain, given, (&submitter, child))?;
    let mut events = begun(&ctx, (child, chain), submitter, content)?;
    events.push(Event::ChildStarted(ChildStarted {
        case: case.number(),
        child,
        chain: def.chain.clone(),
        state: place.state,
        item: place.item,
        correlation: case.correlation(),
        draft: def.begins == Begins::Draft,
    }));
    if !waits {
        events.push(place.closed("started"));
    }
    Ok(events)
}

/// What a chain that is started by itself is given, as the document of a new case.
pub(super) fn content_of(
    ctx: &Ctx<'_>,
    chain: &Name,
    mut given: Fields,
    (submitter, number): (&Party, CaseNo),
) -> Result<crate::event::Content, Rejection> {
    let chain = ctx.chain(chain)?;
    let kind = document_of(ctx, chain)?;
    for field in kind.fields.iter().filter(|field| field.numbered) {
        if given.get(&field.name).is_none_or(|value| *value == Value::Missing) {
            given.insert(field.name.clone(), Value::text(&number_text(number)));
        }
    }
    let fields = ctx.fitting().document(kind, &given, ctx.at)?;
    content(ctx, chain, fields, submitter, None)
}

/// Fields of the same name, as far as they fit. What the child computes or numbers itself is its own.
fn copied(place: &Place<'_>, kind: &DocumentType, from: &[Copied]) -> Fields {
    let fitting = place.ctx.fitting();
    let mut given = Fields::new();
    for source in from {
        let source = match (source, place.value) {
            (Copied::Document, _) => place.case.fields(),
            (Copied::Item, Some(Value::Record(fields))) => fields,
            (Copied::Item, _) => continue,
        };
        for field in kind.fields.iter().filter(|field| field.computed.is_none() && !field.numbered) {
            let value = source.get(&field.name).filter(|value| **value != Value::Missing);
            let value = value.and_then(|value| fitting.value(&field.kind, value, &field.name).ok());
            if let Some(value) = value {
                given.insert(field.name.clone(), value);
            }
        }
    }
    given
}

/// The first of some positions, and its first holder, as who submits.
pub(super) fn party(ctx: &Ctx<'_>, positions: Vec<Name>) -> Result<Party, Rejection> {
    let nobody =
        || Rejection::new(Code::NoApprover, "expected a position in whose name a case starts, found none");
    let position = positions.first().ok_or_else(nobody)?;
    let resolved = or_superior(ctx, position, &[], Wanted::HOLDERS)?;
    let person = resolved.holders.first().cloned().ok_or_else(nobody)?;
    let organisation = ctx.organisation()?;
    let post =
        organisation.positions.get(&resolved.position).ok_or_else(|| internal("a held post exists"))?;
    Ok(Party {
        person,
        position: resolved.position.clone(),
        unit: post.unit.clone(),
        kind: post.kind.clone(),
    })
}

/// Whether the cases of a chain that were started here, and that no `join` has taken note of, ended well. None: some
/// are open.
pub(super) fn join(case: &Case, chain: &Name) -> Option<bool> {
    let children = case.outward().into_iter().flat_map(|outward| outward.children.values());
    let awaited = children.filter(|child| child.chain == *chain && !child.joined);
    awaited
        .map(|child| child.ended.as_ref().map(|(_, good)| *good))
        .try_fold(true, |all, good| Some(all & good?))
}

/// A case is over: what it holds is handed on or given back, and its parent, if that is open, comes to know of it.
pub(super) fn ended(
    ctx: &Ctx<'_>,
    case: &Case,
    (end, good, code): (Name, bool, Option<Name>),
) -> Result<Vec<Event>, Rejection> {
    let mut events = holds::ended(ctx, case, &end)?;
    let told = parent_told(ctx.state, case, &end, good);
    events.push(Event::CaseEnded(CaseEnded { case: case.number(), end, good, code }));
    events.extend(told);
    Ok(events)
}

/// With whatever ends a case: its parent, if that is open, comes to know of it.
pub(super) fn parent_told(state: &State, case: &Case, end: &Name, good: bool) -> Option<Event> {
    let parent = case.parent().filter(|parent| state.case(*parent).is_some())?;
    Some(Event::ChildEnded(ChildEnded { case: parent, child: case.number(), end: end.clone(), good }))
}
