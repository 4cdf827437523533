//! From a chain's nodes to a plan: conditions evaluated, positions resolved, routes climbed. Fixed when a state is entered.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::resolve::{Named, Wanted, at_post, named, or_superior, who};
use super::route::{Ascent, LevelPlan, climb};
use super::weigh::{tells, weigh};
use super::{Ctx, internal};
use crate::definition::{
    Authority, Beside, Chain, Climb, Duty, ForEach, Member, Node, Signer, StateDef, TaskDef,
};
use crate::eval::{Scope, evaluate, holds_or_absent};
use crate::event::{About, AmountWeighed, Capacity, CapacityWhy, Level, Plan, PlanNode, Slot};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Signature};
use crate::time::Span;
use crate::value::Value;

/// Why there is no plan.
pub(super) enum NoPlan {
    /// The amount is beyond every limit.
    Beyond,
    /// Nobody can be found, or a condition has no value.
    Refused(Rejection),
}

impl<E: Into<Rejection>> From<E> for NoPlan {
    fn from(error: E) -> NoPlan {
        NoPlan::Refused(error.into())
    }
}

/// A plan, and what is recorded beside it.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) about: Vec<About>,
    pub(super) weighed: Vec<AmountWeighed>,
}

/// What members inherit from what they stand in.
#[derive(Clone, Copy, Default)]
pub(super) struct Inherited {
    pub(super) within: Option<Span>,
    pub(super) blind: bool,
    pub(super) independent: bool,
}

pub(super) struct Planner<'a> {
    ctx: Ctx<'a>,
    case: &'a Case,
    /// The state that is planned.
    state: Option<&'a StateDef>,
    scope: Scope<'a>,
    pub(super) barred: Arc<[Name]>,
    /// The pieces of work of the activity that is planned.
    tasks: &'a [&'a TaskDef],
    slots: Vec<Slot>,
    about: Vec<About>,
    /// Amounts that were converted or added up.
    weighed: Vec<AmountWeighed>,
    /// The time that the state gives by position, group or kind.
    pub(super) within_by: Option<&'a BTreeMap<Name, Span>>,
    /// The piece of work that slots are planned for just now.
    task: Option<u16>,
    first_slot: u16,
}

/// Plans a state in which people are asked.
pub(super) fn plan(
    ctx: Ctx<'_>,
    case: &Case,
    chain: &Chain,
    state: &StateDef,
    node: &Node,
) -> Result<Planned, NoPlan> {
    let inherited = Inherited { within: state.within, ..Inherited::default() };
    let items = state.for_each.as_ref().map(|each| items(&ctx, case, chain, each)).transpose()?;
    let tasks = node.tasks();
    let within_by = Some(&state.within_by);
    let mut planner =
        Planner { tasks: &tasks, within_by, ..Planner::new(ctx, (case, chain), Some(state), 0)? };
    let root = match &items {
        None => planner.node(node, inherited)?.unwrap_or_default(),
        Some(items) => {
            let mut parts = Vec::new();
            for item in items {
                planner.scope.item = Some(item);
                parts.extend(planner.node(node, Inherited { blind: true, ..inherited })?);
            }
            PlanNode::All(parts)
        }
    };
    Ok(Planned { plan: Plan { root, slots: planner.slots }, about: planner.about, weighed: planner.weighed })
}

/// The items that people are asked about.
fn items(ctx: &Ctx<'_>, case: &Case, chain: &Chain, each: &ForEach) -> Result<Vec<Value>, Rejection> {
    match evaluate(&each.list, &ctx.scope(case, chain))? {
        Value::List(items) => Ok(items),
        Value::Missing => Ok(Vec::new()),
        other => {
            let message = format!("expected a list to ask about, found {other}");
            Err(Rejection::new(Code::Unevaluable, message))
        }
    }
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        ctx: Ctx<'a>,
        (case, chain): (&'a Case, &'a Chain),
        state: Option<&'a StateDef>,
        first_slot: u16,
    ) -> Result<Planner<'a>, Rejection> {
        let scope = ctx.scope(case, chain);
        let mut barred = interested(&ctx, case, chain)?;
        // R6: whoever has given an independent signature in another state signs nothing else.
        if ctx.company()?.policies.independent_never_merged {
            let elsewhere =
                signed_elsewhere(case, state).filter(|signed| is_independent(chain, &signed.state));
            barred.extend(elsewhere.map(|signed| signed.person.clone()));
        }
        let barred = barred.into();
        let (slots, about) = (Vec::new(), Vec::new());
        Ok(Planner {
            ctx,
            case,
            state,
            scope,
            barred,
            tasks: &[],
            slots,
            about,
            weighed: Vec::new(),
            within_by: None,
            task: None,
            first_slot,
        })
    }

    fn node(&mut self, node: &Node, inherited: Inherited) -> Result<Option<PlanNode>, NoPlan> {
        let blind = Inherited { blind: true, ..inherited };
        Ok(Some(match node {
            Node::Signer(signer) => return self.signer(signer, inherited),
            Node::Climb(climb) => PlanNode::Climb(self.climb(climb, inherited)?),
            Node::All(members) => {
                PlanNode::All(self.members(members, blind)?.into_iter().map(|(_, n)| n).collect())
            }
            Node::Any(members) => PlanNode::Any(self.any(members, inherited)?),
            Node::InOrder(members) => {
                PlanNode::InOrder(self.members(members, inherited)?.into_iter().map(|(_, n)| n).collect())
            }
            Node::Votes { need, members } => {
                PlanNode::Votes { need: *need, members: self.members(members, inherited)? }
            }
        }))
    }

    /// The first answer decides: where nobody can be found for one member, the others are asked all the same.
    fn any(&mut self, members: &[Member], inherited: Inherited) -> Result<Vec<PlanNode>, NoPlan> {
        let (mut found, mut nobody) = (Vec::new(), None);
        for member in members {
            let (slots, about, weighed) = (self.slots.len(), self.about.len(), self.weighed.len());
            match self.members(std::slice::from_ref(member), inherited) {
                Ok(nodes) => found.extend(nodes.into_iter().map(|(_, node)| node)),
                Err(NoPlan::Refused(rejection)) if rejection.code == Code::NoApprover => {
                    self.slots.truncate(slots);
                    self.about.truncate(about);
                    self.weighed.truncate(weighed);
                    nobody.get_or_insert(rejection);
                }
                Err(no_plan) => return Err(no_plan),
            }
        }
        match nobody {
            Some(rejection) if found.is_empty() => Err(NoPlan::Refused(rejection)),
            _ => Ok(found),
        }
    }

    fn members(&mut self, members: &[Member], inherited: Inherited) -> Result<Vec<(u32, PlanNode)>, NoPlan> {
        let mut nodes = Vec::new();
        for member in members {
            if !holds_or_absent(member.when.as_ref(), &self.scope)? {
                continue;
            }
            let independent = inherited.independent || member.independent;
            let inherited =
                Inherited { within: member.within.or(inherited.within), independent, ..inherited };
            if let Some(node) = self.node(&member.node, inherited)? {
                nodes.push((member.weight, node));
            }
        }
        Ok(nodes)
    }

    fn signer(&mut self, signer: &Signer, inherited: Inherited) -> Result<Option<PlanNode>, NoPlan> {
        let mut barred = Vec::new();
        if signer.duty.signs() {
            barred.extend_from_slice(&self.barred);
            if inherited.independent {
                barred.extend(self.signed_elsewhere()?);
            }
        }
        for except in &signer.except {
            for position in who(&self.ctx, self.case, &self.scope, except)? {
                barred.extend(holders(&self.ctx, &position)?);
            }
        }
        let (duty, inherited) = match &signer.only_if {
            Some((only_if, call_in)) if !holds_or_absent(Some(only_if), &self.scope)? => {
                (Duty::OnCall, Inherited { within: Some(*call_in), ..inherited })
            }
            _ => (signer.duty, inherited),
        };
        let own = signer.task.as_deref();
        self.task = self
            .tasks
            .iter()
            .position(|task| own.is_some_and(|own| std::ptr::eq(*task, own)))
            .map(|place| place as u16);
        // Most signers except nobody, and share what the whole plan bars.
        let barred = if barred[..] == self.barred[..] { self.barred.clone() } else { barred.into() };
        let nodes = self.signers((signer, duty), &barred, inherited);
        self.task = None;
        let mut nodes = nodes?;
        Ok(if nodes.len() > 1 { Some(PlanNode::All(nodes)) } else { nodes.pop() })
    }

    /// R6: whoever has signed in another state, or is asked before in this one, gives no independent signature.
    fn signed_elsewhere(&self) -> Result<Vec<Name>, Rejection> {
        if !self.ctx.company()?.policies.independent_never_merged {
            return Ok(Vec::new());
        }
        let elsewhere = signed_elsewhere(self.case, self.state);
        let mut persons: Vec<Name> = elsewhere.map(|signed| signed.person.clone()).collect();
        for slot in self.slots.iter().filter(|slot| slot.duty.signs()) {
            persons.extend(holders(&self.ctx, &slot.position)?);
        }
        Ok(persons)
    }

    fn signers(
        &mut self,
        (signer, duty): (&Signer, Duty),
        barred: &Arc<[Name]>,
        inherited: Inherited,
    ) -> Result<Vec<PlanNode>, NoPlan> {
        let mut nodes = Vec::new();
        for Named { name, need } in named(&self.ctx, self.case, &self.scope, &signer.who)? {
            if self.is_group(&name)? {
                if duty == Duty::OnCall {
                    continue;
                }
                nodes.push(self.group(&name, duty, inherited, (None, need))?);
                continue;
            }
            let resolved = match or_superior(&self.ctx, &name, barred, Wanted::named(self.case, duty)) {
                // A contribution blocks nothing: where nobody can give it, nobody is asked.
                Err(_) if duty.lapses() => continue,
                resolved => resolved?,
            };
            let mut slot = self.slot(duty, resolved.position, resolved.capacities, inherited)?;
            slot.veto = signer.veto;
            slot.barred = barred.clone();
            nodes.push(self.push(slot));
        }
        Ok(nodes)
    }

    fn is_group(&self, name: &Name) -> Result<bool, Rejection> {
        Ok(self.ctx.organisation()?.groups.contains_key(name))
    }

    /// A group's members vote; who is barred has no vote, and a vacant seat gives none.
    fn group(
        &mut self,
        name: &Name,
        duty: Duty,
        inherited: Inherited,
        (level, need): (Option<Level>, Option<u32>),
    ) -> Result<PlanNode, Rejection> {
        let group = self.ctx.organisation()?.groups.get(name).cloned();
        let group = group.ok_or_else(|| internal("a group is one"))?;
        let policies = &self.ctx.company()?.policies;
        let own_top = policies.own_top.as_ref().filter(|top| top.decided_by == *name && top.everybody_else);
        let (mut seated, mut barred) = (Vec::new(), 0_u32);
        for member in &group.members {
            match at_post(&self.ctx, member, &self.barred, Wanted::HOLDERS) {
                Ok(resolved) => seated.push(resolved),
                Err(super::resolve::Gap::Barred) => barred += 1,
                Err(_) => {}
            }
        }
        let others = group.members.len() as u32 - barred;
        let everybody = own_top.is_some() && barred > 0 && self.ctx.path(self.case)?.is_empty();
        let wanted = need.unwrap_or(group.need);
        let need = if everybody { others } else { wanted.min(others) }.max(1);
        if (seated.len() as u32) < need {
            let message = format!("expected {need} members of {name} who can decide, found {}", seated.len());
            return Err(Rejection::new(Code::NoApprover, message));
        }
        let own = inherited.within.or(self.within_by.and_then(|by| by.get(name)).copied());
        let within = own.unwrap_or(self.ctx.company()?.deadlines.group);
        let inherited = Inherited { within: Some(within), ..inherited };
        let mut members = Vec::new();
        for resolved in seated {
            let mut slot = self.slot(duty, resolved.position, resolved.capacities, inherited)?;
            slot.level.clone_from(&level);
            slot.seat_of = Some(name.clone());
            slot.barred.clone_from(&self.barred);
            members.push((1, self.push(slot)));
        }
        Ok(PlanNode::Votes { need, members })
    }

    fn climb(&mut self, wanted: &Climb, inherited: Inherited) -> Result<Vec<PlanNode>, NoPlan> {
        let authority = self.authority(&wanted.authority)?;
        let amount = match &wanted.amount {
            Some(expr) => evaluate(expr, &self.scope)?,
            None => self.case.amount().cloned().unwrap_or(Value::Missing),
        };
        let mut weighed = weigh(&self.ctx, self.case, authority, amount)?;
        let need = weighed.need;
        let mut at_least = Vec::new();
        for level in &wanted.at_least {
            if holds_or_absent(level.when.as_ref(), &self.scope)? {
                at_least.push(level.level.clone());
            }
        }
        let barred = self.barred.clone();
        let reviewed_by = self.wanted(&wanted.reviewed_by)?;
        let below = (Vec::new(), 0);
        let ascent = Ascent { authority, need, at_least, reviewed_by, barred: &barred, from: 0, below };
        let levels = climb(&self.ctx, self.case, &ascent)?.ok_or(NoPlan::Beyond)?;
        let beside = self.wanted(&wanted.beside)?;
        let first = self.next_slot();
        let nodes = self.levels(authority, need, levels, (beside, inherited))?;
        if tells(&weighed) {
            weighed.slots = (first, self.next_slot());
            self.weighed.push(weighed);
        }
        Ok(nodes)
    }

    /// The positions beside or below a line that are wanted now.
    fn wanted(&self, signers: &[Beside]) -> Result<Vec<Name>, Rejection> {
        let mut found = Vec::new();
        for signer in signers {
            if holds_or_absent(signer.when.as_ref(), &self.scope)? {
                found.extend(who(&self.ctx, self.case, &self.scope, &signer.who)?);
            }
        }
        Ok(found)
    }

    /// The number of the next slot.
    fn next_slot(&self) -> u16 {
        self.first_slot + self.slots.len() as u16
    }

    pub(super) fn authority(&self, name: &Name) -> Result<&'a Authority, Rejection> {
        let found = self.ctx.active.authority(name).or_else(|| self.ctx.pinned.authority(name));
        found.ok_or_else(|| internal("an authority that a chain climbs is defined"))
    }

    /// The nodes of the levels of a route; the last decides, with whoever stands beside it.
    pub(super) fn levels(
        &mut self,
        authority: &Authority,
        need: Decimal,
        levels: Vec<LevelPlan>,
        (beside, inherited): (Vec<Name>, Inherited),
    ) -> Result<Vec<PlanNode>, Rejection> {
        let Inherited { within, blind, .. } = inherited;
        let mut nodes = Vec::new();
        for level in levels {
            let fact = Level {
                authority: authority.name.clone(),
                place: level.place,
                need,
                limit: level.limit,
                decides: level.decides,
            };
            let duty = if level.decides { Duty::Approve } else { Duty::Review };
            let beside: Vec<Name> = match level.decides {
                true => level.beside.iter().chain(&beside).cloned().collect(),
                false => Vec::new(),
            };
            let inherited = Inherited { within, blind: blind || !beside.is_empty(), independent: false };
            let mut deciders = level.holders.clone();
            let node = if level.group {
                let first = self.slots.len();
                let group = self.group(&level.position, duty, inherited, (Some(fact), None))?;
                let seats = self.slots.get(first..).unwrap_or_default();
                let held = seats
                    .iter()
                    .filter_map(|s| at_post(&self.ctx, &s.position, &s.barred, Wanted::HOLDERS).ok());
                deciders.extend(held.flat_map(|resolved| resolved.holders));
                group
            } else {
                let mut slot = self.slot(duty, level.position, level.capacities, inherited)?;
                slot.level = level.of_line.then_some(fact);
                slot.barred.clone_from(&self.barred);
                self.push(slot)
            };
            nodes.push(if beside.is_empty() { node } else { self.beside(node, &deciders, &beside, within)? });
        }
        Ok(nodes)
    }

    /// Who stands beside a deciding level is another person, always (R6).
    fn beside(
        &mut self,
        decider: PlanNode,
        holders: &[Name],
        names: &[Name],
        within: Option<Span>,
    ) -> Result<PlanNode, Rejection> {
        let mut parts = vec![decider];
        let mut barred: Vec<Name> = self.barred.iter().chain(holders).cloned().collect();
        for name in names {
            let resolved = or_superior(&self.ctx, name, &barred, Wanted::named(self.case, Duty::Approve))?;
            barred.extend(resolved.holders);
            let inherited = Inherited { within, blind: true, independent: true };
            let mut slot = self.slot(Duty::Approve, resolved.position, resolved.capacities, inherited)?;
            let never =
                barred.iter().filter(|person| self.barred.contains(person) || holders.contains(person));
            slot.barred = never.cloned().collect();
            parts.push(self.push(slot));
        }
        Ok(PlanNode::All(parts))
    }

    fn slot(
        &self,
        duty: Duty,
        position: Name,
        mut capacities: Vec<Capacity>,
        inherited: Inherited,
    ) -> Result<Slot, Rejection> {
        let deadlines = &self.ctx.company()?.deadlines;
        let kind = self.ctx.organisation()?.positions.get(&position).map(|p| &p.kind);
        let of_state = self.within_by.and_then(|by| by.get(&position).or_else(|| by.get(kind?)));
        let by_kind = of_state.or_else(|| deadlines.by_kind.get(kind?)).copied();
        let within = inherited.within.or(by_kind).unwrap_or(deadlines.review);
        if matches!(&capacities[..], [only] if only.position == position && only.why == CapacityWhy::Own) {
            capacities.clear();
        }
        Ok(Slot {
            duty,
            position,
            capacities,
            veto: false,
            blind: inherited.blind,
            within,
            level: None,
            seat_of: None,
            barred: Arc::default(),
        })
    }

    fn push(&mut self, slot: Slot) -> PlanNode {
        let number = self.next_slot();
        if self.task.is_some() || self.scope.item.is_some() {
            self.about.push(About { slot: number, task: self.task, item: self.scope.item.cloned() });
        }
        self.slots.push(slot);
        PlanNode::Slot(number)
    }

    pub(super) fn into_slots(self) -> Vec<Slot> {
        self.slots
    }
}

/// R2: the persons who submitted a document or benefit from it.
pub(super) fn interested(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Name>, Rejection> {
    let scope = ctx.scope(case, chain);
    let mut persons = vec![case.submitter().person.clone()];
    for beneficiary in &chain.benefits {
        for position in who(ctx, case, &scope, beneficiary)? {
            persons.extend(holders(ctx, &position)?);
        }
    }
    Ok(persons)
}

/// The signatures that stand and were given in other states than this one, whose own stand when it is entered again.
fn signed_elsewhere<'c>(case: &'c Case, state: Option<&StateDef>) -> impl Iterator<Item = &'c Signature> {
    let own = state.map(|state| state.name.clone());
    case.signatures().iter().filter(move |s| !s.void && s.duty.signs() && Some(&s.state) != own.as_ref())
}

fn is_independent(chain: &Chain, state: &Name) -> bool {
    chain.states.iter().find(|s| s.name == *state).is_some_and(StateDef::is_independent)
}

/// Whoever answers for a post: what it may not sign nobody signs in its name either.
fn holders(ctx: &Ctx<'_>, position: &Name) -> Result<Vec<Name>, Rejection> {
    let organisation = ctx.organisation()?;
    let Some(post) = organisation.positions.get(position) else { return Ok(Vec::new()) };
    let acting = post.acting.as_ref().filter(|acting| post.holders.is_empty() && acting.holds(ctx.at));
    let acting = acting.and_then(|acting| organisation.positions.get(&acting.by));
    Ok(post.holders.iter().chain(acting.into_iter().flat_map(|by| &by.holders)).cloned().collect())
}
