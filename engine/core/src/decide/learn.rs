//! What a case learns from answers, messages, children.

use super::Ctx;
use crate::definition::{Chain, Learn};
use crate::eval::Scope;
use crate::event::Event;
use crate::rejection::{Code, Rejection};
use crate::state::Case;

/// What a case learns: all values are evaluated against what it knew before, then all are taken. None: nothing.
pub(super) fn learnt(
    _: &Ctx<'_>,
    _: &Case,
    _: &Chain,
    learns: &[Learn],
    _: &Scope<'_>,
) -> Result<Option<Event>, Rejection> {
    if learns.is_empty() {
        return Ok(None);
    }
    Err(Rejection::new(Code::NotYet, "expected nothing to learn in this version"))
}
