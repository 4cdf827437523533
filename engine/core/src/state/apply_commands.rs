//! `apply` of commands to other systems, their answers, compensation and operators.

use super::State;
use crate::event::Event;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(_state: &mut State, event: &Event) -> bool {
    match event {
        Event::CommandIssued(_) => {}
        Event::CommandSentAgain(_) => {}
        Event::CommandSilent(_) => {}
        Event::CommandAnswered(_) => {}
        Event::ReplyConflicted(_) => {}
        Event::EffectUndone(_) => {}
        Event::ItemClosed(_) => {}
        Event::CaseOperated(_) => {}
        _ => return false,
    }
    true
}
