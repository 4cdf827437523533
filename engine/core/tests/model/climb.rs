//! The climb: level by level up a line to the first sufficient limit (R1, R3, R5-R8, R22).

use countersign_core::definition::*;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use rust_decimal::Decimal;

use super::route::{Asking, Level, Mistake, NoPlan, Part, Plan, Rules, Slot, holds, votes};

/// Where a climb begins: above 0 where a route grows.
#[derive(Clone, Copy, Default)]
pub struct Below<'a> {
    pub from: usize,
    /// Who has signed below, once for each level.
    pub signed: &'a [Name],
    pub referred_by: Option<&'a Name>,
}

/// One level while the line is walked.
struct Step {
    place: usize,
    seats: Vec<Name>,
    persons: Vec<Name>,
    need: Option<u32>,
}

impl Rules {
    /// Whom an authority's line asks, in order.
    fn line(&self, asking: &Asking<'_>, authority: &Authority) -> Vec<Name> {
        match &authority.line {
            Line::List(names) => names.clone(),
            Line::None => Vec::new(),
            Line::Solid => {
                let mut line = Vec::new();
                let mut at = self.superior(asking.position);
                while let Some(position) = at {
                    at = self.superior(&position);
                    line.push(position);
                }
                let limits = authority.at(asking.at).map(|set| &set.limits);
                let groups = self.organisation.groups.keys();
                line.extend(groups.filter(|g| limits.is_some_and(|l| l.contains_key(*g))).cloned());
                line
            }
        }
    }

    fn limit_of<'a>(&self, authority: &'a Authority, who: &Name, at: Timestamp) -> Option<&'a Limit> {
        let limits = &authority.at(at)?.limits;
        let kind = self.post(who).map(|p| p.kind.clone());
        limits.get(who).or_else(|| limits.get(&kind?))
    }

    /// R1, R4: whether a level may decide the amount. Limits are inclusive; who is not named holds 0.
    pub fn sufficient(&self, asking: &Asking<'_>, climb: &Climb, place: usize, at: Timestamp) -> bool {
        let authority = &self.authorities[&climb.authority];
        let line = self.line(asking, authority);
        let Some(who) = line.get(place) else { return false };
        let share = match self.post(who) {
            Some(Position { holders, acting: Some(acting), .. }) if holders.is_empty() => acting.share,
            _ => Decimal::ONE,
        };
        let need = asking.document.total;
        match self.limit_of(authority, who, at) {
            None => need <= Decimal::ZERO,
            Some(Limit { up_to: None, .. }) => true,
            Some(Limit { up_to: Some(limit), .. }) if self.mistake == Mistake::LimitsExclusive => {
                need < *limit * share
            }
            Some(Limit { up_to: Some(limit), .. }) => need <= *limit * share,
        }
    }

    /// The levels of a climb, each one part.
    pub fn levels(
        &self,
        asking: &Asking<'_>,
        climb: &Climb,
        below: &Below<'_>,
        slots: &mut Vec<Slot>,
    ) -> Result<Vec<Part>, NoPlan> {
        let line = self.line(asking, &self.authorities[&climb.authority]);
        let top = self.superior(asking.position).is_none() && self.solid(climb);
        if below.from == 0 && (line.is_empty() || top) {
            return self.own_top(asking, climb, slots);
        }
        let mut barred = self.barred(asking, &[]);
        barred.extend(below.referred_by.cloned());
        let mut not_before = below.from;
        loop {
            let steps = self.walk(asking, climb, (below, not_before), &barred)?;
            let distinct = self.merged(climb, &steps);
            if self.too_few_signers(asking, (&steps, &distinct), below) {
                not_before = steps.last().map_or(0, |s| s.place) + 1;
                continue;
            }
            let asked: Vec<&Step> = match self.company.policies.lower_levels {
                LowerLevels::Review => distinct.into_iter().map(|i| &steps[i]).collect(),
                LowerLevels::NotAsked => steps.last().into_iter().collect(),
            };
            return self.parts(asking, climb, (&asked, below), &barred, slots);
        }
    }

    /// R3: merging may not leave fewer than so many signers to a route of several levels.
    fn too_few_signers(
        &self,
        asking: &Asking<'_>,
        (steps, distinct): (&[Step], &[usize]),
        below: &Below<'_>,
    ) -> bool {
        let floor = self.company.policies.same_person;
        let mut signers = below.signed.to_vec();
        signers.sort();
        signers.dedup();
        let new = |i: &&usize| !steps[**i].persons.iter().any(|p| signers.contains(p));
        let count = signers.len() + distinct.iter().filter(new).count();
        let levels = below.signed.len() + steps.len();
        let few = count < (floor.never_below as usize).min(levels) && steps.iter().all(|s| s.need.is_none());
        few && asking.document.total > floor.above && self.mistake != Mistake::NoMergeFloor
    }

    /// R8: whether the limits that hold now no longer let this slot's position decide.
    pub fn falls_short(&self, asking: &Asking<'_>, slot: &Slot) -> bool {
        let level = slot.level.as_ref().filter(|l| l.decides && !l.group);
        level.is_some_and(|l| !self.sufficient(asking, &l.climb, l.place, asking.at))
    }

    /// R8, R22: the levels above a slot's. `before` have signed levels below; whoever handed up has no say above.
    pub fn above(
        &self,
        asking: &Asking<'_>,
        plan: &mut Plan,
        slot: usize,
        (before, referred_by): (&[Name], Option<&Name>),
    ) -> Result<Vec<Part>, NoPlan> {
        let level = plan.slots[slot].level.clone().ok_or(NoPlan::Beyond)?;
        let below = Below { from: level.place + 1, signed: before, referred_by };
        self.levels(asking, &level.climb, &below, &mut plan.slots)
    }

    fn solid(&self, climb: &Climb) -> bool {
        matches!(self.authorities[&climb.authority].line, Line::Solid)
    }

    /// R2: whoever has no superior is decided upon by a group, or by nobody.
    fn own_top(
        &self,
        asking: &Asking<'_>,
        climb: &Climb,
        slots: &mut Vec<Slot>,
    ) -> Result<Vec<Part>, NoPlan> {
        let own_top = self.company.policies.own_top.as_ref().ok_or(NoPlan::Nobody)?;
        let barred = self.barred(asking, &[]);
        let (seats, need) =
            self.group(&own_top.decided_by, &barred, own_top.everybody_else).ok_or(NoPlan::Nobody)?;
        let persons = seats.iter().flat_map(|s| self.persons(s)).collect();
        let step = Step { place: 0, seats, persons, need: Some(need) };
        self.parts(asking, climb, (&[&step], &Below::default()), &barred, slots)
    }

    /// The line up to the first level that may decide, without those who drop out.
    fn walk(
        &self,
        asking: &Asking<'_>,
        climb: &Climb,
        (below, not_before): (&Below<'_>, usize),
        barred: &[Name],
    ) -> Result<Vec<Step>, NoPlan> {
        let authority = &self.authorities[&climb.authority];
        let line = self.line(asking, authority);
        let mut steps: Vec<Step> = Vec::new();
        for (place, who) in line.iter().enumerate().skip(below.from) {
            let Some(mut step) = self.step(place, who, barred)? else { continue };
            step.persons.retain(|p| !barred.contains(p));
            let taken = |p: &Name| steps.iter().any(|s| s.persons.contains(p)) || below.signed.contains(p);
            if authority.independent && step.need.is_none() && step.persons.iter().all(taken) {
                continue;
            }
            steps.push(step);
            let reached = place >= not_before && self.reaches(asking, climb, &line, place);
            if reached && self.sufficient(asking, climb, place, asking.at) {
                return Ok(steps);
            }
        }
        Err(NoPlan::Beyond)
    }

    /// Whether a place of the line is at or above every level that must be reached. A level that the line passes by is
    /// held against its limit; one without a limit is reached by a group only.
    fn reaches(&self, asking: &Asking<'_>, climb: &Climb, line: &[Name], place: usize) -> bool {
        let authority = &self.authorities[&climb.authority];
        let own = self.power(authority, &line[place], asking.at);
        climb.at_least.iter().filter(|a| holds(a.when.as_ref(), asking.document)).all(|wanted| {
            let level = &wanted.level;
            let is = |who: &Name| who == level || self.post(who).is_some_and(|p| p.kind == *level);
            if let Some(at) = line.iter().position(is) {
                return place >= at;
            }
            let set =
                authority.limits.iter().filter(|set| set.since <= asking.at).max_by_key(|set| set.since);
            match (set.and_then(|set| set.limits.get(level)).map(|limit| limit.up_to), own) {
                (None, _) => self.organisation.groups.contains_key(&line[place]),
                (Some(_), None) => true,
                (Some(None), Some(_)) => false,
                (Some(Some(limit)), Some(own)) => own >= limit,
            }
        })
    }

    /// How much a place of the line may decide; None: anything.
    fn power(&self, authority: &Authority, who: &Name, at: Timestamp) -> Option<Decimal> {
        let share = match self.post(who) {
            Some(Position { holders, acting: Some(acting), .. }) if holders.is_empty() => acting.share,
            _ => Decimal::ONE,
        };
        self.limit_of(authority, who, at).map_or(Some(Decimal::ZERO), |limit| Some(limit.up_to? * share))
    }

    /// Who answers at one level; None: the level drops out.
    fn step(&self, place: usize, who: &Name, barred: &[Name]) -> Result<Option<Step>, NoPlan> {
        if self.organisation.groups.contains_key(who) {
            let (seats, need) = self.group(who, barred, false).ok_or(NoPlan::Nobody)?;
            let persons = seats.iter().flat_map(|s| self.persons(s)).collect();
            return Ok(Some(Step { place, seats, persons, need: Some(need) }));
        }
        let Some(post) = self.post(who) else { return Ok(None) };
        let vacancy = &self.company.policies.vacancy;
        let vacant = post.holders.is_empty();
        if (!vacant || vacancy.contains(&VacancyRung::Acting)) && self.may_answer(who, barred) {
            let persons = self.persons(who);
            return Ok(Some(Step { place, seats: vec![who.clone()], persons, need: None }));
        }
        let held = vacant && !vacancy.contains(&VacancyRung::NextSuperior);
        if held && self.mistake != Mistake::VacantSkipped { Err(NoPlan::Nobody) } else { Ok(None) }
    }

    /// R5: one person signs once, at the highest of the levels.
    fn merged(&self, climb: &Climb, steps: &[Step]) -> Vec<usize> {
        let once = self.company.policies.same_person.signs_once;
        let independent = self.authorities[&climb.authority].independent;
        let again = |i: usize| {
            let later = steps.get(i + 1..).unwrap_or_default();
            later.iter().any(|s| s.need.is_none() && s.persons == steps[i].persons)
        };
        (0..steps.len()).filter(|i| !(once && !independent && again(*i))).collect()
    }

    fn parts(
        &self,
        asking: &Asking<'_>,
        climb: &Climb,
        (steps, below): (&[&Step], &Below<'_>),
        barred: &[Name],
        slots: &mut Vec<Slot>,
    ) -> Result<Vec<Part>, NoPlan> {
        let mut parts = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let decides = i + 1 == steps.len();
            let group = step.need.is_some();
            let level = Level { climb: climb.clone(), place: step.place, decides, group };
            let slot = |position: &Name| Slot {
                duty: if decides { Duty::Approve } else { Duty::Review },
                position: position.clone(),
                veto: false,
                barred: barred.to_vec(),
                level: Some(level.clone()),
            };
            let own = match step.need {
                Some(need) => votes(step.seats.iter().map(slot).collect(), need, slots),
                None => votes(step.seats.iter().map(slot).collect(), 1, slots),
            };
            if !decides {
                parts.push(own);
                continue;
            }
            let beside = self.beside(asking, climb, (step, below), barred, slots)?;
            let all: Vec<Part> = std::iter::once(own).chain(beside).collect();
            parts.push(if all.len() > 1 { Part::All(all) } else { all.into_iter().next().expect("one") });
        }
        Ok(parts)
    }

    /// Who approves beside the deciding level, blind, another person. Where a route grows, those whom the chain
    /// wants beside were asked before; those of the new level's limit were not.
    fn beside(
        &self,
        asking: &Asking<'_>,
        climb: &Climb,
        (step, below): (&Step, &Below<'_>),
        barred: &[Name],
        slots: &mut Vec<Slot>,
    ) -> Result<Vec<Part>, NoPlan> {
        let authority = &self.authorities[&climb.authority];
        let line = self.line(asking, authority);
        let limit = line.get(step.place).and_then(|who| self.limit_of(authority, who, asking.at));
        let mut wanted: Vec<Name> = limit.map(|l| l.beside.clone()).unwrap_or_default();
        if below.from == 0 {
            let extra = climb.beside.iter().filter(|b| holds(b.when.as_ref(), asking.document));
            wanted.extend(extra.filter_map(|b| self.who(asking, &b.who)));
        }
        let mut unable = barred.to_vec();
        unable.extend(step.persons.iter().cloned());
        let mut parts = Vec::new();
        for who in wanted {
            let position = self.seat(&who, &unable).ok_or(NoPlan::Nobody)?;
            unable.extend(self.persons(&position));
            let barred = barred.to_vec();
            slots.push(Slot { duty: Duty::Approve, position, veto: false, barred, level: None });
            parts.push(Part::Slot(slots.len() - 1));
        }
        Ok(parts)
    }
}
