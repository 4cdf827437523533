//! Master data that chains change.

use super::outside::Place;
use crate::definition::{RecordDef, Who};
use crate::event::Event;
use crate::rejection::{Code, Rejection};

/// Writes a row of a table.
pub(super) fn write(_: &Place<'_>, _: &RecordDef) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}

/// The case belongs to another post from now on.
pub(super) fn hand_over(_: &Place<'_>, _: &Who) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}
