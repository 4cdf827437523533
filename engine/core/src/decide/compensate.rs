//! What was done is undone, last first; where an undo fails, a person decides.

use super::Ctx;
use crate::definition::Chain;
use crate::event::Event;
use crate::rejection::{Code, Rejection};
use crate::state::Case;

/// The next thing to be undone.
pub(super) fn advance(_: &Ctx<'_>, _: &Case, _: &Chain, _: Option<u16>) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}
