//! What the calendar starts, and facts that nobody wanted.

use crate::event::Event;
use crate::rejection::{Code, Rejection};
use crate::state::State;
use crate::time::Timestamp;

/// The company's own timer fires.
pub(super) fn fire(_: &State, _: Timestamp) -> Result<Vec<Event>, Rejection> {
    Err(Rejection::new(Code::TimerStale, "expected a timer that is still wanted"))
}
