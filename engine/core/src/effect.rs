//! Effects: what is to be done outside once a frame is durable. Data only, derived from the log and so from any copy of it.

use crate::command::CaseNo;
use crate::event::Event;
use crate::name::Name;

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Positions are told that something happened in a case. Telling blocks nothing.
    Notify {
        /// The case.
        case: CaseNo,
        /// Whom.
        positions: Vec<Name>,
    },
}

/// The effects of an event.
pub fn effects(event: &Event) -> Vec<Effect> {
    let (case, positions) = match event {
        Event::StateEntered(e) => (e.case, e.cc.clone()),
        Event::TaskOpened(e) => (e.case, vec![e.position.clone()]),
        Event::TaskReassigned(e) => (e.case, vec![e.position.clone()]),
        Event::TaskOverdue(e) => (e.case, e.copied.clone()),
        Event::TaskEscalated(e) => (e.case, e.to.clone()),
        Event::CaseHeld(e) => (e.case, e.told.clone()),
        Event::CaseWithdrawn(e) => (e.case, e.told.clone()),
        _ => return Vec::new(),
    };
    if positions.is_empty() { Vec::new() } else { vec![Effect::Notify { case, positions }] }
}
