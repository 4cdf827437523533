//! What a case file expects of signatures and deadlines: who signed, in which capacities, what was overridden, who was
//! reminded, what is on record of an attempt that was refused.

use std::collections::BTreeMap;

use countersign_chain::tree::{Shape, Tree};
use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::event::{Capacity, CapacityWhy, Event};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;

use crate::codes;
use crate::read::Reader;
use crate::world::World;

/// An agreeing answer that stands.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) task: TaskNo,
    pub(crate) position: Name,
    pub(crate) person: Name,
    /// Whether it is a binding yes.
    pub(crate) binding: bool,
    /// Whether it overrode an objection.
    pub(crate) overrides: bool,
}

/// What a case's tasks came to beside their answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// What one signature covers, by task.
    pub(crate) covers: BTreeMap<TaskNo, Vec<Capacity>>,
    /// When each is due, as it was opened.
    pub(crate) due: BTreeMap<TaskNo, Timestamp>,
    pub(crate) reminded: Vec<TaskNo>,
    pub(crate) overdue: Vec<TaskNo>,
    pub(crate) escalated_to: Vec<Name>,
}

impl Noted {
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::TaskOpened(e) => {
                self.covers.insert(e.task, e.capacities.clone());
                self.due.insert(e.task, e.milestones.overdue);
            }
            Event::TaskReassigned(e) => drop(self.covers.insert(e.task, e.capacities.clone())),
            Event::StoodIn(e) => {
                let covers = self.covers.entry(e.task).or_default();
                match covers.iter_mut().find(|capacity| capacity.position == e.position) {
                    Some(capacity) => capacity.why = e.why,
                    None => covers.push(Capacity { position: e.position.clone(), why: e.why }),
                }
            }
            Event::TaskReminded(e) => self.reminded.push(e.task),
            Event::TaskOverdue(e) => self.overdue.push(e.task),
            Event::TaskEscalated(e) => self.escalated_to.extend(e.to.iter().cloned()),
            _ => {}
        }
    }
}

/// Who a refused attempt is on record for.
pub(crate) fn on_record(event: &Event) -> Vec<Name> {
    match event {
        Event::SkipLevelAttempted(e) => [e.position.clone()].into_iter().chain(e.superior.clone()).collect(),
        Event::SelfApprovalAttempted(e) => vec![e.position.clone()],
        _ => Vec::new(),
    }
}

/// Positions, and for which each signs.
pub(crate) type Capacities = Vec<(Name, Vec<(Name, Name)>)>;

/// `{ region_east_head: { bgm_ah: vacant, region_east_head: own } }`.
pub(crate) fn capacities(reader: &Reader<'_>, value: &Tree) -> Option<Capacities> {
    let help = "write `{ region_east_head: { bgm_ah: vacant, region_east_head: own } }`";
    let mut all = Vec::new();
    for pair in reader.mapping(value, "who signs for what")? {
        if !matches!(pair.value.shape, Shape::Map(_)) {
            reader.error(pair.value.span, codes::WRONG_SHAPE, "it is not said for what it signs", help);
            return None;
        }
        let mut covers = Vec::new();
        for capacity in pair.value.pairs() {
            let word = reader.text(&capacity.value, "how it signs")?;
            if !WORDS.iter().any(|why| why.word() == word) {
                let known = WORDS.iter().map(|why| why.word());
                reader.unknown(capacity.value.span, "capacity", word, known);
                return None;
            }
            covers.push((Name::from(capacity.key.as_str()), Name::from(word)));
        }
        let positions = reader.company.organisation.positions.keys();
        if !reader.company.organisation.positions.contains_key(pair.key.as_str()) {
            reader.unknown(pair.at, "position", &pair.key, positions.map(Name::as_str));
            return None;
        }
        all.push((Name::from(pair.key.as_str()), covers));
    }
    Some(all)
}

const WORDS: &[CapacityWhy] = &[
    CapacityWhy::Own,
    CapacityWhy::Vacant,
    CapacityWhy::Acting,
    CapacityWhy::Delegate,
    CapacityWhy::Merged,
    CapacityWhy::Abolished,
    CapacityWhy::Barred,
    CapacityWhy::Referred,
    CapacityWhy::Independent,
    CapacityWhy::Transferred,
];

/// Which capacities differ, expected and found.
pub(crate) fn differ(world: &World<'_>, case: CaseNo, expected: &Capacities) -> Option<(String, String)> {
    let shown = |position: &Name, covers: &[(Name, Name)]| {
        let parts: Vec<String> = covers.iter().map(|(of, why)| format!("{of}: {why}")).collect();
        format!("{position}: {{ {} }}", parts.join(", "))
    };
    let sorted = |covers: &[(Name, Name)]| {
        let mut covers = covers.to_vec();
        covers.sort();
        covers
    };
    for (position, covers) in expected {
        let Some(found) = covered(world, case, position) else {
            return Some((shown(position, covers), format!("{position} neither is asked nor has signed")));
        };
        if sorted(&found) != sorted(covers) {
            return Some((shown(position, covers), shown(position, &found)));
        }
    }
    None
}

/// What the signature of a position covers: that which it is asked for, else that which it gave last.
fn covered(world: &World<'_>, number: CaseNo, position: &Name) -> Option<Vec<(Name, Name)>> {
    let case = world.state.case(number);
    let open = case.and_then(|case| case.tasks().values().find(|task| task.position == *position));
    let open = open.map(|task| task.capacities.clone());
    let planned = || {
        let step = case?.step()?;
        let waits = |status: &countersign_core::state::SlotStatus| {
            *status == countersign_core::state::SlotStatus::Waiting
        };
        let mut slots = step.plan.slots.iter().zip(&step.slots);
        let slot = slots.find(|(slot, status)| slot.position == *position && waits(status));
        slot.map(|(slot, _)| slot.capacities.clone())
    };
    let given = || {
        let track = world.tracks.get(&number)?;
        let signed = track.signed.iter().rev().find(|signed| signed.position == *position)?;
        Some(track.noted.covers.get(&signed.task).cloned().unwrap_or_default())
    };
    let capacities = open.or_else(planned).or_else(given)?;
    if capacities.is_empty() {
        return Some(vec![(position.clone(), Name::from(CapacityWhy::Own.word()))]);
    }
    let shown = |c: Capacity| (c.position, Name::from(c.why.word()));
    Some(capacities.into_iter().map(shown).collect())
}
