//! Effects: what is to be done outside once a frame is durable. Data only, derived from the log and so from any copy of it.

use crate::command::{CaseNo, CommandNo};
use crate::event::{Event, Undoes};
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::Fields;

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
    /// An adapter is told to do something.
    Command(Box<Order>),
}

/// What an adapter is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The case.
    pub case: CaseNo,
    /// The number of the command in its case. Its id is `C-<case>.<state>.<command>`.
    pub command: CommandNo,
    /// The name of the state that gave it.
    pub state_name: Name,
    /// The case at the root: one correlation from order to cash.
    pub correlation: CaseNo,
    /// `adapter.object.verb`.
    pub verb: Name,
    /// What it is told.
    pub with: Fields,
    /// The command whose effect it undoes.
    pub undoes: Option<Undoes>,
    /// Which sending this is, from 1.
    pub attempt: u32,
    /// When it was first sent; None: now, with this frame.
    pub sent_at: Option<Timestamp>,
    /// When the case stops waiting.
    pub silent_at: Timestamp,
}

/// The effects of an event.
pub fn effects(event: &Event) -> Vec<Effect> {
    if let Some(order) = order(event) {
        return vec![Effect::Command(Box::new(order))];
    }
    let (case, positions) = match event {
        Event::StateEntered(e) => (e.case, e.cc.clone()),
        Event::TaskOpened(e) => (e.case, vec![e.position.clone()]),
        Event::TaskReassigned(e) => (e.case, vec![e.position.clone()]),
        Event::TaskTransferred(e) => (e.case, vec![e.slot.position.clone()]),
        Event::OpinionRequested(e) => (e.case, vec![e.slot.position.clone()]),
        Event::TaskOverdue(e) => (e.case, e.copied.clone()),
        Event::TaskEscalated(e) => (e.case, e.to.clone()),
        Event::CaseHeld(e) => (e.case, e.told.clone()),
        Event::CaseWithdrawn(e) => (e.case, e.told.clone()),
        _ => return Vec::new(),
    };
    if positions.is_empty() { Vec::new() } else { vec![Effect::Notify { case, positions }] }
}

/// What an adapter is told by an event; sent again, it is told the same.
fn order(event: &Event) -> Option<Order> {
    Some(match event {
        Event::CommandIssued(e) => Order {
            case: e.case,
            command: e.command,
            state_name: e.state_name.clone(),
            correlation: e.correlation,
            verb: e.verb.clone(),
            with: e.with.clone(),
            undoes: e.undoes.clone(),
            attempt: 1,
            sent_at: None,
            silent_at: e.silent_at,
        },
        Event::CommandSentAgain(e) => Order {
            case: e.case,
            command: e.command,
            state_name: e.state_name.clone(),
            correlation: e.correlation,
            verb: e.verb.clone(),
            with: e.with.clone(),
            undoes: e.undoes.clone(),
            attempt: e.attempt,
            sent_at: Some(e.sent_at),
            silent_at: e.silent_at,
        },
        _ => return None,
    })
}
