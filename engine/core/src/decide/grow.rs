//! A route grows: the levels above a slot whose own signature does not decide.

use super::Ctx;
use super::plan::{Inherited, Planner};
use super::route::{Ascent, climb};
use rust_decimal::Decimal;

use crate::definition::Chain;
use crate::event::{AmountWeighed, PlanNode, Slot};
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, SlotStatus, Step};

/// What a route grows by: nodes, and the slots that they name.
pub(super) type Growth = (Vec<PlanNode>, Vec<Slot>);

/// Why a route grows.
#[derive(Clone, Copy)]
pub(super) enum Above<'a> {
    /// This person's approval counts as a review only (R8).
    Signed(&'a Name),
    /// This person handed the case up, and has no say above either (R22).
    Referred(&'a Name),
}

/// A level above which a route may grow, with what is held against its limit now.
#[derive(Clone, Copy)]
pub(crate) struct Rung<'a> {
    /// Its slot.
    pub(crate) number: u16,
    /// The position asked there.
    pub(crate) position: &'a Name,
    /// The authority climbed.
    pub(crate) authority: &'a Name,
    /// Its place in the line.
    pub(crate) place: u16,
    /// What is held against the limit.
    pub(crate) need: Decimal,
}

impl<'a> Rung<'a> {
    /// The level of a slot, if it is one: as planned, or as it was weighed since.
    pub(crate) fn of(step: &'a Step, number: u16, weighed: Option<&AmountWeighed>) -> Option<Rung<'a>> {
        let slot = step.plan.slots.get(usize::from(number))?;
        let level = slot.level.as_ref()?;
        let need = weighed.map(|weighed| weighed.need).or_else(|| step.plan.need(number))?;
        let (authority, place) = (&level.authority, level.place);
        Some(Rung { number, position: &slot.position, authority, place, need })
    }
}

/// The levels that a route grows by above a slot whose own signature does not decide. None: beyond every limit.
pub(super) fn extension(
    ctx: Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (step, level): (&Step, Rung<'_>),
    above: Above<'_>,
) -> Result<Option<Growth>, Rejection> {
    let state = case.state().and_then(|s| chain.states.get(usize::from(s)));
    let mut planner = Planner::new(ctx, (case, chain), state, step.plan.slots.len() as u16)?;
    let authority = planner.authority(level.authority)?;
    let mut below = signers_below(case, step);
    match above {
        Above::Signed(person) => {
            below.1 += 1;
            if !below.0.contains(person) {
                below.0.push(person.clone());
            }
        }
        Above::Referred(person) => {
            planner.barred = planner.barred.iter().chain([person]).cloned().collect();
        }
    }
    let barred = planner.barred.clone();
    let ascent = Ascent {
        authority,
        need: level.need,
        at_least: Vec::new(),
        reviewed_by: Vec::new(),
        barred: &barred,
        from: usize::from(level.place) + 1,
        below,
    };
    let Some(levels) = climb(&ctx, case, &ascent)? else { return Ok(None) };
    let within = state.and_then(|s| s.within);
    planner.within_by = state.map(|s| &s.within_by);
    let blind = in_all(&step.plan.root, level.number, false).unwrap_or_default();
    let inherited = Inherited { within, blind, independent: false };
    let nodes = planner.levels(authority, level.need, levels, (Vec::new(), inherited))?;
    Ok(Some((nodes, planner.into_slots())))
}

/// Whether the climb that holds a slot stands in an `all`, and so is blind to the other members.
fn in_all(node: &PlanNode, slot: u16, blind: bool) -> Option<bool> {
    match node {
        PlanNode::Slot(_) => None,
        PlanNode::Climb(_) => node.holds(slot).then_some(blind),
        PlanNode::All(parts) => parts.iter().find_map(|part| in_all(part, slot, true)),
        PlanNode::Any(parts) | PlanNode::InOrder(parts) => {
            parts.iter().find_map(|part| in_all(part, slot, blind))
        }
        PlanNode::Votes { members, .. } => members.iter().find_map(|(_, part)| in_all(part, slot, blind)),
    }
}

/// The distinct persons who have signed levels of the step's climb, and how many levels they signed. A level that
/// handed the case up gave no signature, so it asks for none in its place (R3 is about merged signatures).
fn signers_below(case: &Case, step: &Step) -> (Vec<Name>, usize) {
    let mut persons: Vec<Name> = Vec::new();
    let mut levels = 0;
    for (slot, status) in step.plan.slots.iter().zip(&step.slots) {
        if slot.level.is_none() {
            continue;
        }
        let task = match status {
            SlotStatus::Answered(task, _) | SlotStatus::Kept(task) | SlotStatus::PassedOn(task) => *task,
            _ => continue,
        };
        let Some(signature) = case.signatures().iter().find(|s| s.task == task) else { continue };
        levels += 1;
        if !persons.contains(&signature.person) {
            persons.push(signature.person.clone());
        }
    }
    (persons, levels)
}
