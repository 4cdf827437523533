//! Cases that cases start: run, start, join.

use super::outside::Place;
use crate::definition::RunDef;
use crate::event::Event;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Case;

/// Starts a case of another chain; where it is not waited for, its item closes at once.
pub(super) fn run(_: &Place<'_>, _: &RunDef, _waits: bool) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}

/// Whether the cases of a chain that were started here ended well. None: some are open.
pub(super) fn join(_: &Case, _: &Name) -> Option<bool> {
    None
}
