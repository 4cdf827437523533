//! The plan of a step as State keeps it. Cases of a chain mostly have the same one but for what is held against limits:
//! such a plan is kept once, however many cases have it.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::{Names, Quick};
use super::shared::Shared;
use crate::definition::Duty;
use crate::event::{Capacity, Level, Plan, PlanNode, Slot};
use crate::name::Name;
use crate::time::Span;

/// A plan of a step: what cases may have in common, and what is held against the limits of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    form: Arc<PlanForm>,
    needs: Needs,
}

/// What the plans of several cases may have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanForm {
    /// How the slots stand to one another.
    pub root: PlanNode,
    /// One for each signature that is wanted.
    pub slots: Vec<PlannedSlot>,
}

/// One signature that is wanted; see [`Slot`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSlot {
    /// What is asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// The capacities that one signature here covers, in the order of the line.
    pub capacities: Vec<Capacity>,
    /// A reviewer whose rejection is final.
    pub veto: bool,
    /// Opinions stay closed until the part it belongs to is complete.
    pub blind: bool,
    /// The time allowed.
    pub within: Span,
    /// Its level of a climb.
    pub level: Option<PlannedLevel>,
    /// The group in which the position has a seat.
    pub seat_of: Option<Name>,
    /// Persons who may not answer.
    pub barred: Arc<[Name]>,
}

/// A level of a climb. What is held against its limit is the case's own: [`Planned::need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedLevel {
    /// The authority climbed.
    pub authority: Name,
    /// Its place in the line, from 0.
    pub place: u16,
    /// The limit at planning; None: unlimited.
    pub limit: Option<Decimal>,
    /// Whether this level decides.
    pub decides: bool,
}

/// What is held against limits: mostly the same at every level of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Needs {
    usual: Decimal,
    /// Slots at which it is another.
    others: Option<Box<[(u16, Decimal)]>>,
}

impl Deref for Planned {
    type Target = PlanForm;

    fn deref(&self) -> &PlanForm {
        &self.form
    }
}

impl Planned {
    /// A plan that shares nothing.
    fn own(plan: Plan) -> Planned {
        let needs = Needs::of(&plan.slots);
        let form =
            PlanForm { root: plan.root, slots: plan.slots.into_iter().map(PlannedSlot::from).collect() };
        Planned { form: Arc::new(form), needs }
    }

    /// What is held against the limit of a slot; None: it is no level of a climb.
    pub fn need(&self, slot: u16) -> Option<Decimal> {
        self.slots.get(usize::from(slot))?.level.as_ref().map(|_| self.needs.at(slot))
    }

    /// A slot as events tell it.
    pub fn slot(&self, number: u16) -> Option<Slot> {
        let slot = self.slots.get(usize::from(number))?;
        let level = |level: &PlannedLevel| Level {
            authority: level.authority.clone(),
            place: level.place,
            need: self.needs.at(number),
            limit: level.limit,
            decides: level.decides,
        };
        Some(Slot {
            duty: slot.duty,
            position: slot.position.clone(),
            capacities: slot.capacities.clone(),
            veto: slot.veto,
            blind: slot.blind,
            within: slot.within,
            level: slot.level.as_ref().map(level),
            seat_of: slot.seat_of.clone(),
            barred: slot.barred.clone(),
        })
    }

    /// Whether two slots of this plan are alike in everything, what is held against their limits included.
    pub(crate) fn same(&self, one: &PlannedSlot, other: &PlannedSlot) -> bool {
        let need = |slot: &PlannedSlot| {
            let number = self.slots.iter().position(|own| std::ptr::eq(own, slot))?;
            self.need(number as u16)
        };
        std::ptr::eq(one, other) || one == other && need(one) == need(other)
    }

    /// The plan as events tell it.
    pub fn plan(&self) -> Plan {
        let slots = (0..self.slots.len() as u16).filter_map(|number| self.slot(number)).collect();
        Plan { root: self.root.clone(), slots }
    }

    /// Changes it. Afterwards it is this case's alone.
    pub(super) fn change<T>(&mut self, change: impl FnOnce(&mut Plan) -> T) -> T {
        let mut plan = self.plan();
        let changed = change(&mut plan);
        *self = Planned::own(plan);
        changed
    }
}

impl Needs {
    fn of(slots: &[Slot]) -> Needs {
        let mut levels =
            slots.iter().zip(0..).filter_map(|(slot, number)| Some((number, slot.level.as_ref()?.need)));
        let Some((_, usual)) = levels.next() else { return Needs::default() };
        // To the digit: 1.0 and 1.00 are told differently.
        let others: Vec<_> = levels.filter(|(_, need)| need.serialize() != usual.serialize()).collect();
        Needs { usual, others: (!others.is_empty()).then(|| others.into()) }
    }

    fn at(&self, slot: u16) -> Decimal {
        let other = self.others.iter().flatten().find(|(other, _)| *other == slot);
        other.map_or(self.usual, |(_, need)| *need)
    }
}

impl From<Slot> for PlannedSlot {
    fn from(slot: Slot) -> PlannedSlot {
        let Slot { duty, position, capacities, veto, blind, within, level, seat_of, barred } = slot;
        let level = level.map(|Level { authority, place, limit, decides, .. }| PlannedLevel {
            authority,
            place,
            limit,
            decides,
        });
        PlannedSlot { duty, position, capacities, veto, blind, within, level, seat_of, barred }
    }
}

impl Serialize for Planned {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.plan().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Planned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Plan::deserialize(deserializer).map(Planned::own)
    }
}

/// Everything of a slot that plans must have in common to be kept once. Numbers to the digit: 1.0 and 1.00 are told
/// differently, so that they are not the same.
#[derive(PartialEq, Eq, Hash)]
struct Same<'a> {
    asked: (Duty, &'a Name, &'a [Capacity]),
    how: (bool, bool, Span),
    level: Option<(&'a Name, u16, Option<[u8; 16]>, bool)>,
    who: (Option<&'a Name>, &'a [Name]),
}

impl<'a> Same<'a> {
    fn of_slot(slot: &'a Slot) -> Same<'a> {
        let level = slot.level.as_ref();
        Same {
            asked: (slot.duty, &slot.position, &slot.capacities),
            how: (slot.veto, slot.blind, slot.within),
            level: level.map(|l| (&l.authority, l.place, l.limit.map(|limit| limit.serialize()), l.decides)),
            who: (slot.seat_of.as_ref(), &slot.barred),
        }
    }

    fn of_planned(slot: &'a PlannedSlot) -> Same<'a> {
        let level = slot.level.as_ref();
        Same {
            asked: (slot.duty, &slot.position, &slot.capacities),
            how: (slot.veto, slot.blind, slot.within),
            level: level.map(|l| (&l.authority, l.place, l.limit.map(|limit| limit.serialize()), l.decides)),
            who: (slot.seat_of.as_ref(), &slot.barred),
        }
    }
}

fn hash<'a>(root: &PlanNode, slots: impl Iterator<Item = Same<'a>>) -> u64 {
    let mut hasher = Quick::default();
    root.hash(&mut hasher);
    slots.for_each(|slot| slot.hash(&mut hasher));
    hasher.finish()
}

/// A plan with what others have too.
pub(super) fn planned(forms: &mut Shared<PlanForm>, names: &mut Names, plan: &Plan) -> Planned {
    let same = |form: &PlanForm| {
        form.root == plan.root
            && form.slots.len() == plan.slots.len()
            && form.slots.iter().zip(&plan.slots).all(|(a, b)| Same::of_planned(a) == Same::of_slot(b))
    };
    let make = || {
        let slots = super::asked::kept(names, &plan.slots);
        Planned::own(Plan { root: plan.root.clone(), slots }).form
    };
    let form = forms.of(hash(&plan.root, plan.slots.iter().map(Same::of_slot)), same, make);
    Planned { form, needs: Needs::of(&plan.slots) }
}

/// The same for one that was read.
pub(super) fn share(forms: &mut Shared<PlanForm>, planned: &mut Planned) {
    let form = planned.form.clone();
    let same = |other: &PlanForm| {
        other.root == form.root
            && other.slots.len() == form.slots.len()
            && other.slots.iter().zip(&form.slots).all(|(a, b)| Same::of_planned(a) == Same::of_planned(b))
    };
    let hash = hash(&form.root, form.slots.iter().map(Same::of_planned));
    planned.form = forms.of(hash, same, || form.clone());
}
