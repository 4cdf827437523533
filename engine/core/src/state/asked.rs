//! The plan of a step as State keeps it: names that many cases hold are one allocation, in a replay too.

use std::sync::Arc;

use super::names::Names;
use super::planned::planned;
use super::{More, SlotStatus, Stage, State, Step};
use crate::event::{About, Level, Plan, Slot};
use crate::name::Name;

/// A step begins in which people are asked.
pub(super) fn begun(state: &mut State, number: u16, name: Name, (plan, about): (&Plan, &[About])) -> Stage {
    let slots = vec![SlotStatus::Waiting; plan.slots.len()];
    let plan = planned(&mut state.forms, &mut state.names, plan);
    let more = (!about.is_empty()).then(|| Box::new(More { about: about.to_vec(), ..More::default() }));
    let step = Step { state: name, plan, slots, more };
    Stage::People { state: number, step: Box::new(step) }
}

/// Slots with shared names. Most slots of a step bar the same persons.
pub(super) fn kept(names: &mut Names, slots: &[Slot]) -> Vec<Slot> {
    let mut barred: Arc<[Name]> = Arc::default();
    let mut kept = Vec::with_capacity(slots.len());
    for slot in slots {
        if slot.barred != barred {
            barred = slot.barred.iter().map(|person| names.shared(person)).collect();
        }
        let level = slot
            .level
            .as_ref()
            .map(|level| Level { authority: names.shared(&level.authority), ..level.clone() });
        kept.push(Slot {
            duty: slot.duty,
            position: names.shared(&slot.position),
            capacities: slot.capacities.clone(),
            veto: slot.veto,
            blind: slot.blind,
            within: slot.within,
            level,
            seat_of: slot.seat_of.as_ref().map(|group| names.shared(group)),
            barred: barred.clone(),
        });
    }
    kept
}
