//! `apply` of what cases have to do with one another, of kept facts and of the calendar.

use super::State;
use crate::event::Event;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(_state: &mut State, event: &Event) -> bool {
    match event {
        Event::ChildStarted(_) => {}
        Event::ChildEnded(_) => {}
        Event::CaseAsked(_) => {}
        Event::FactKept(_) => {}
        Event::FactGivenUp(_) => {}
        Event::PeriodBegan(_) => {}
        _ => return false,
    }
    true
}
