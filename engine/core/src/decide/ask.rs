//! What may be asked of a case at any time: by persons, by other cases (`tell`).

use crate::command::{CaseNo, Request};
use crate::event::Event;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;
use crate::value::Raw;

/// A person asks.
pub(super) fn by_person(
    _: &State,
    _: Timestamp,
    _: &Request,
    _: (CaseNo, &Name, &Raw, &Name),
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected a request that this version carries"))
}

/// A case asks another one, or hands it a message.
pub(super) fn tell(
    _: &super::outside::Place<'_>,
    _: &crate::definition::TellDef,
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}
