//! Operators step in: hold, resume, retry, compensate; each with a reason.

use crate::command::{CaseNo, Cause, Operation};
use crate::event::Event;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;

/// An operator steps in.
pub(super) fn operate(
    _: &State,
    _: Timestamp,
    _: &Cause,
    _: (CaseNo, Operation, &Name),
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an operation that this version carries"))
}
