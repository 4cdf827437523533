//! The plan of a step as State keeps it. Cases of a chain mostly have the same one but for what is held against limits:
//! such a plan is kept once, however many cases have it.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::{Names, Quick};
use super::shared::Shared;
use super::snapshot::dictionary::{self, Dictionary};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanForm {
    /// How the slots stand to one another.
    pub root: PlanNode,
    /// One for each signature that is wanted.
    pub slots: Vec<PlannedSlot>,
}

/// One signature that is wanted; see [`Slot`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Needs {
    usual: Decimal,
    /// Slots at which it is another.
    others: Option<Box<Others>>,
}

/// Slots, and what is held against their limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Others(Vec<(u16, Decimal)>);

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

    /// Gives what it has in common with others a number.
    pub(super) fn number(&self, dictionary: &mut Dictionary) {
        dictionary.forms.add(&self.form, hash_of, same_form);
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
        Needs { usual, others: (!others.is_empty()).then(|| Box::new(Others(others))) }
    }

    fn at(&self, slot: u16) -> Decimal {
        let other = self.others.iter().flat_map(|others| &others.0).find(|(other, _)| *other == slot);
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
        match dictionary::number::<_, S>(|dictionary| &dictionary.forms, &self.form) {
            Some(number) => (number?, &self.needs).serialize(serializer),
            None => self.told().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Planned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if dictionary::is_open() {
            let (number, needs) = Deserialize::deserialize(deserializer)?;
            let form = dictionary::numbered::<_, D>(|dictionary| &dictionary.forms, number)?;
            return Ok(Planned { form, needs });
        }
        Plan::deserialize(deserializer).map(Planned::own)
    }
}

/// A plan as events tell it, without making one: with the same fields in the same order.
#[derive(Serialize)]
struct Told<'a> {
    root: &'a PlanNode,
    slots: Vec<ToldSlot<'a>>,
}

#[derive(Serialize)]
struct ToldSlot<'a> {
    duty: Duty,
    position: &'a Name,
    capacities: &'a [Capacity],
    veto: bool,
    blind: bool,
    within: Span,
    level: Option<ToldLevel<'a>>,
    seat_of: &'a Option<Name>,
    barred: &'a [Name],
}

#[derive(Serialize)]
struct ToldLevel<'a> {
    authority: &'a Name,
    place: u16,
    need: Decimal,
    limit: Option<Decimal>,
    decides: bool,
}

impl Planned {
    fn told(&self) -> Told<'_> {
        let slots = (0..).zip(&self.slots);
        Told {
            root: &self.root,
            slots: slots.map(|(number, slot)| slot.told(self.needs.at(number))).collect(),
        }
    }
}

impl PlannedSlot {
    fn told(&self, need: Decimal) -> ToldSlot<'_> {
        let PlannedSlot { duty, position, capacities, veto, blind, within, level, seat_of, barred } = self;
        let level = level.as_ref().map(|PlannedLevel { authority, place, limit, decides }| ToldLevel {
            authority,
            place: *place,
            need,
            limit: *limit,
            decides: *decides,
        });
        let (duty, veto, blind, within) = (*duty, *veto, *blind, *within);
        ToldSlot { duty, position, capacities, veto, blind, within, level, seat_of, barred }
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
pub(super) fn share(forms: &mut Shared<PlanForm>, form: Arc<PlanForm>) -> Arc<PlanForm> {
    forms.of(hash_of(&form), |other| same_form(other, &form), || form.clone())
}

fn hash_of(form: &PlanForm) -> u64 {
    hash(&form.root, form.slots.iter().map(Same::of_planned))
}

fn same_form(one: &PlanForm, other: &PlanForm) -> bool {
    one.root == other.root
        && one.slots.len() == other.slots.len()
        && one.slots.iter().zip(&other.slots).all(|(a, b)| Same::of_planned(a) == Same::of_planned(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CapacityWhy;
    use crate::time::SpanUnit;

    fn slot(position: &str, level: Option<(i64, Option<Decimal>)>) -> Slot {
        let level = level.map(|(need, limit)| Level {
            authority: Name::from("expense"),
            place: 1,
            need: Decimal::new(need, 2),
            limit,
            decides: true,
        });
        Slot {
            duty: Duty::Approve,
            position: Name::from(position),
            capacities: vec![Capacity { position: Name::from("deputy"), why: CapacityWhy::Acting }],
            veto: false,
            blind: true,
            within: Span { count: 8, unit: SpanUnit::WorkHour },
            level,
            seat_of: Some(Name::from("board")),
            barred: [Name::from("P01")].into(),
        }
    }

    fn plan(needs: [i64; 2], limit: Decimal) -> Plan {
        let slots = vec![
            slot("reader", None),
            slot("head", Some((needs[0], Some(limit)))),
            slot("top", Some((needs[1], None))),
        ];
        let climb = PlanNode::Climb(vec![PlanNode::Slot(1), PlanNode::Slot(2)]);
        Plan { root: PlanNode::InOrder(vec![PlanNode::Slot(0), climb]), slots }
    }

    fn kept(forms: &mut Shared<PlanForm>, plan: &Plan) -> Planned {
        planned(forms, &mut Names::default(), plan)
    }

    /// Whatever is shared, a plan is told as it was, to the digit, and is encoded as it is told.
    #[test]
    fn a_plan_is_what_it_was() {
        let mut forms = Shared::default();
        for needs in [[100, 100], [100, 250], [7, 7]] {
            let plan = plan(needs, Decimal::new(1_000, 2));
            let kept = kept(&mut forms, &plan);
            assert_eq!(format!("{:?}", kept.plan()), format!("{plan:?}"));
            let bytes = postcard::to_allocvec(&plan).expect("it encodes");
            assert_eq!(postcard::to_allocvec(&kept).expect("it encodes"), bytes);
            assert_eq!(postcard::from_bytes::<Planned>(&bytes).expect("it decodes"), kept);
            let need = |number| kept.need(number).map(|need| need.to_string());
            assert_eq!(need(0), None, "nothing is held against a limit where there is none");
            assert_eq!(need(1), Some(Decimal::new(needs[0], 2).to_string()));
            assert_eq!(need(2), Some(Decimal::new(needs[1], 2).to_string()));
            assert_eq!(kept.need(3), None);
        }
    }

    /// Amounts differ from case to case; limits are part of what is shared, to the digit.
    #[test]
    fn plans_share_all_but_what_is_held_against_limits() {
        let mut forms = Shared::default();
        let limit = Decimal::new(1_000, 2);
        let one = kept(&mut forms, &plan([100, 100], limit));
        let other = kept(&mut forms, &plan([300, 200], limit));
        assert!(Arc::ptr_eq(&one.form, &other.form));
        assert_ne!(one, other);
        let told_differently = Decimal::new(10_000, 3);
        assert_eq!(limit, told_differently);
        let third = kept(&mut forms, &plan([100, 100], told_differently));
        assert!(!Arc::ptr_eq(&one.form, &third.form));
        assert_eq!(forms.len(), 2);
    }

    #[test]
    fn a_plan_that_is_changed_is_its_own() {
        let mut forms = Shared::default();
        let same = plan([100, 100], Decimal::ONE);
        let (mut one, other) = (kept(&mut forms, &same), kept(&mut forms, &same));
        one.change(|plan| plan.slots.push(slot("added", Some((900, None)))));
        assert_eq!((one.slots.len(), other.slots.len()), (4, 3));
        assert_eq!((one.need(3), one.need(1)), (Some(Decimal::new(900, 2)), other.need(1)));
        assert!(one.same(&one.slots[1], &one.slots[1]) && !one.same(&one.slots[1], &one.slots[3]));
    }
}
