//! Commands to other systems: given, sent again, answered, given up (R17, R18).

use super::Ctx;
use crate::command::{Answered, CommandNo};
use crate::event::Event;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, State};
use crate::time::Timestamp;

/// An adapter answers a command.
pub(super) fn answered(_: &State, _: Timestamp, _: &Name, _: &Answered) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected no answer: this version gives no commands"))
}

/// Gives a command.
pub(super) fn issue(
    _: &super::outside::Place<'_>,
    _: &crate::definition::CommandDef,
) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::NotYet, "expected an activity that this version carries"))
}

/// A command is sent again, or given up.
pub(super) fn fire(_: &Ctx<'_>, _: &Case, _: CommandNo) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::TimerStale, "expected a timer that the case still waits for"))
}
