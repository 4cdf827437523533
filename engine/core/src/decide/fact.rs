//! Facts: which waiting case a message is meant for, and messages that are kept for a case that comes later.

use super::Ctx;
use crate::definition::{Chain, Wait};
use crate::event::{Event, Work};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, State};
use crate::time::Timestamp;
use crate::value::Raw;

/// What a wait looks for.
pub(super) fn work(_: &Ctx<'_>, _: &Case, _: &Chain, wait: &Wait) -> Result<Work, Rejection> {
    Ok(Work::Fact(wait.fact.clone()))
}

/// A message that was kept and is meant for this case.
pub(super) fn kept_for(_: &Ctx<'_>, _: &Case, _: &Chain) -> Result<Vec<Event>, Rejection> {
    Ok(Vec::new())
}

/// An adapter reports a fact.
pub(super) fn reported(
    _: &State,
    _: Timestamp,
    _: (&Name, &Name),
    _: (&Name, &Raw),
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected no fact: this version keeps none"))
}
