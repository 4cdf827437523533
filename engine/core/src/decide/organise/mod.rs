//! Who holds what changes: acts on the organisation, by whoever keeps it and by cases that were decided to.

mod acts;
mod impact;

use super::definitions::owner;
use super::operate::reasoned;
use super::route::limit_of;
use super::{Ctx, internal};
use crate::command::{Cause, OrgAct, Organise, Request};
use crate::definition::{Definition, Delegation, Organisation, Position};
use crate::event::{ActsSuperseded, Change, Event, WindowTurned};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;

pub(super) use acts::Working;
pub use impact::{Impact, ImpactKind, impact};

/// One command carries out at most so many acts.
const ACTS_MAX: usize = 100;

/// Carries out acts, all of them or none.
pub(super) fn organise(
    state: &State,
    at: Timestamp,
    cause: &Cause,
    wanted: &Organise,
) -> Result<Vec<Event>, Rejection> {
    let ctx = Ctx::now(state, at)?;
    let change = by_whom(&ctx, cause, wanted)?;
    carried_out(&ctx, &wanted.acts, &change).map(|(events, _)| events)
}

/// The events of acts, and the organisation that they come to.
fn carried_out(
    ctx: &Ctx<'_>,
    acts: &[OrgAct],
    change: &Change,
) -> Result<(Vec<Event>, Organisation), Rejection> {
    if acts.is_empty() || acts.len() > ACTS_MAX {
        let message = format!("expected 1 to {ACTS_MAX} acts, found {}", acts.len());
        return Err(Rejection::at(Code::FieldType, "acts", message));
    }
    let mut working = Working::new(ctx, change)?;
    for (place, act) in acts.iter().enumerate() {
        working.act(act).map_err(|rejection| {
            let field = rejection.field.map_or(String::new(), |field| format!(".{field}"));
            Rejection { field: Some(format!("acts[{place}]{field}")), ..rejection }
        })?;
    }
    Ok(working.done())
}

/// Who keeps the organisation: whoever has the files, a person who owns the process, the first administrator. Never a
/// post that decides cases, and never for the person's own good.
fn by_whom(ctx: &Ctx<'_>, cause: &Cause, wanted: &Organise) -> Result<Change, Rejection> {
    let (person, position) = match cause {
        Cause::Operator { os_user } => (os_user.clone(), Name::default()),
        Cause::Request(request) => {
            may_organise(ctx, request)?;
            if let Some(act) = wanted.acts.iter().find(|act| favours(ctx, act, request)) {
                let message = format!(
                    "expected acts in favour of others; {} cannot be given {} by themselves",
                    request.person,
                    gift(act)
                );
                return Err(Rejection::at(Code::SelfApproval, "acts", message));
            }
            (request.person.clone(), request.position.clone())
        }
        _ => return Err(Rejection::new(Code::Forbidden, "expected a person who keeps the organisation")),
    };
    reasoned(&wanted.reason)?;
    Ok(Change { person, position, reason: wanted.reason.clone(), case: None })
}

fn may_organise(ctx: &Ctx<'_>, request: &Request) -> Result<(), Rejection> {
    owner(ctx, request, ("organise", "change who holds what"))?;
    let organisation = ctx.organisation()?;
    let mut posts = organisation.posts_of(&request.person);
    posts.push(request.position.clone());
    let decides = ctx.active.authorities().find_map(|authority| {
        let limit = |post: &&Name| {
            limit_of(organisation, authority, post, ctx.at)
                .is_some_and(|limit| limit.up_to.is_none_or(|up_to| !up_to.is_zero()))
        };
        Some((posts.iter().find(limit)?, &authority.name))
    });
    let Some((post, authority)) = decides else { return Ok(()) };
    let message = format!(
        "expected somebody who decides no cases: {} is {post}, which has a limit of {authority}; who holds what is \
         changed by others",
        request.person
    );
    Err(Rejection::at(Code::Forbidden, "position", message))
}

/// Whether an act gives the person who does it a post or authority.
fn favours(ctx: &Ctx<'_>, act: &OrgAct, request: &Request) -> bool {
    let own = |name: &Name| *name == request.person;
    let holds = |position: &Name| {
        ctx.organisation().is_ok_and(|organisation| organisation.is_holder(&request.person, position))
    };
    match act {
        OrgAct::Hire { person, .. } | OrgAct::Move { person, .. } => own(person),
        OrgAct::Act { acting: Some(acting), .. } => holds(&acting.by),
        OrgAct::Delegate { delegation, .. } => holds(&delegation.to),
        OrgAct::Leave { .. } | OrgAct::Vacate { .. } | OrgAct::Act { .. } | OrgAct::EndDelegation { .. } => {
            false
        }
    }
}

fn gift(act: &OrgAct) -> String {
    match act {
        OrgAct::Hire { position, .. } | OrgAct::Move { to: position, .. } => format!("the post {position}"),
        OrgAct::Act { position, .. } => format!("the authority of {position}"),
        OrgAct::Delegate { delegation, .. } => format!("the authority of {}", delegation.from),
        OrgAct::Leave { .. } | OrgAct::Vacate { .. } | OrgAct::EndDelegation { .. } => "anything".to_owned(),
    }
}

/// With a new organisation.yaml: where it says otherwise than the file before it, it is the later word, and holds. Where
/// it repeats what the file before it said, acts that came between are later, and stay.
pub(super) fn superseded(state: &State, definitions: &[u32]) -> Option<Event> {
    let stored = definitions.iter().filter_map(|number| state.definitions().stored(*number));
    let after = stored.into_iter().find_map(|stored| match stored.compiled() {
        Definition::Organisation(organisation) => Some(organisation),
        _ => None,
    })?;
    let over = overridden(state, after);
    let nothing = over.posts.is_empty() && over.delegations.is_empty();
    (!nothing).then_some(Event::ActsSuperseded(over))
}

/// The acts in whose place a new organisation.yaml would be the later word.
pub fn overridden(state: &State, after: &Organisation) -> ActsSuperseded {
    let nothing = || ActsSuperseded { posts: Vec::new(), delegations: Vec::new() };
    let Some(before) = state.definitions().active().and_then(|release| release.written()) else {
        return nothing();
    };
    let held = |post: &Position| (post.holders.clone(), post.acting.clone());
    let living = state.living();
    let posts = living.posts().into_iter().filter(|name| {
        let (old, new) = (before.positions.get(*name), after.positions.get(*name));
        new.is_none() || old.map(held) != new.map(held)
    });
    let posts: Vec<Name> = posts.cloned().collect();
    let given =
        |file: &Organisation, name: &Name| -> Option<Delegation> { file.delegations.get(name).cloned() };
    let delegations = living.delegations().filter(|name| given(before, name) != given(after, name));
    ActsSuperseded { posts, delegations: delegations.cloned().collect() }
}

/// The posts for which somebody begins or ceases to stand in by now.
pub(super) fn turned(state: &State, at: Timestamp) -> Event {
    let organisation = state.definitions().active().and_then(|release| release.organisation());
    let since = state.next_window().unwrap_or(at);
    let within = |moment: Timestamp| since <= moment && moment <= at;
    let mut posts = Vec::new();
    for (name, post) in organisation.iter().flat_map(|organisation| &organisation.positions) {
        let acting = post.acting.as_ref();
        let acting = acting.is_some_and(|a| within(a.until) || a.since.is_some_and(within));
        let given = organisation.iter().flat_map(|organisation| organisation.delegations.values());
        let mut given = given.filter(|d| d.from == *name);
        if acting || given.any(|d| within(d.start) || within(d.end)) {
            posts.push(name.clone());
        }
    }
    Event::WindowTurned(WindowTurned { posts })
}

/// The organisation that acts lie over.
fn written<'a>(ctx: &Ctx<'a>) -> Result<&'a Organisation, Rejection> {
    ctx.active.written().ok_or_else(|| internal("a release has an organisation"))
}
