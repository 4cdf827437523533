//! `apply` of what a case learns, of tasks that are pieces of work, of master data and alarms.

use super::State;
use crate::event::Event;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(_state: &mut State, event: &Event) -> bool {
    match event {
        Event::FactsLearnt(_) => {}
        Event::TaskAnswered(_) => {}
        Event::CaseHandedOver(_) => {}
        Event::RecordWritten(_) => {}
        Event::AlarmSet(_) => {}
        Event::AlarmRaised(_) => {}
        _ => return false,
    }
    true
}
