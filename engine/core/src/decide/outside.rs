//! States that deal with other systems and other cases: what each of their items does next, and when they are done.

use super::Ctx;
use crate::definition::{Chain, StateDef};
use crate::event::{Event, Work};
use crate::rejection::{Code, Rejection};
use crate::state::{Case, OutsideWork};

/// What such a state waits for when it is entered.
pub(super) fn work(_: &Ctx<'_>, _: &Case, _: &Chain, _: &StateDef) -> Result<Work, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}

/// The next events of such a state.
pub(super) fn advance(
    _: &Ctx<'_>,
    _: &Case,
    _: &Chain,
    _: (u16, &OutsideWork),
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}
