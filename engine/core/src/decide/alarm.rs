//! Clocks of a chain's alarms: who is told when something takes too long.

use super::Ctx;
use crate::event::Event;
use crate::rejection::{Code, Rejection};
use crate::state::Case;

/// An alarm is raised.
pub(super) fn fire(_: &Ctx<'_>, _: &Case, _: u16) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::TimerStale, "expected a timer that the case still waits for"))
}
