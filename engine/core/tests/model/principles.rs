//! What holds whatever the model says: nobody signs their own document, nobody decides beyond their limit, no signature
//! is lost, nobody is asked who is not there, and no case stands with people of whom none is asked.

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, TaskNo, Verdict};
use countersign_core::definition::Authority;
use countersign_core::event::{Event, Level, Slot, TaskDecided, Work};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use rust_decimal::Decimal;

/// What events have said of open cases.
#[derive(Default)]
pub struct Principles {
    submitters: BTreeMap<CaseNo, Name>,
    plans: BTreeMap<CaseNo, Vec<Slot>>,
    tasks: BTreeMap<(CaseNo, TaskNo), u16>,
    signed: BTreeMap<CaseNo, usize>,
}

impl Principles {
    /// Takes a frame that has been applied.
    pub fn take(&mut self, frame: &Frame, state: &State) -> Result<(), String> {
        let mut touched = Vec::new();
        for event in &frame.events {
            touched.extend(event.case());
            match event {
                Event::CaseSubmitted(e) => drop(self.submitters.insert(e.case, e.submitter.person.clone())),
                Event::StateEntered(e) => {
                    let plan = match &e.work {
                        Work::People(plan) | Work::Asked { plan, .. } => plan.slots.clone(),
                        _ => Vec::new(),
                    };
                    self.plans.insert(e.case, plan);
                }
                Event::RouteExtended(e) => {
                    self.plans.entry(e.case).or_default().extend(e.slots.iter().cloned())
                }
                Event::TaskOpened(e) => {
                    self.tasks.insert((e.case, e.task), e.slot);
                    self.asked(e.case, e.slot, &e.holders)?;
                }
                Event::TaskDecided(e) => self.decided(e, frame.at, state)?,
                _ => {}
            }
        }
        touched.dedup();
        touched.into_iter().try_for_each(|case| self.stands(case, state))
    }

    fn slot(&self, case: CaseNo, slot: u16) -> Result<&Slot, String> {
        let slots = self.plans.get(&case).and_then(|slots| slots.get(usize::from(slot)));
        slots.ok_or_else(|| format!("case {case}: slot {slot} is asked, which nobody planned"))
    }

    fn asked(&self, case: CaseNo, slot: u16, holders: &[Name]) -> Result<(), String> {
        if holders.is_empty() {
            return Err(format!("case {case}: slot {slot} is asked of nobody"));
        }
        let own = self.submitters.get(&case).filter(|own| holders.contains(own));
        match own {
            Some(own) if self.slot(case, slot)?.duty.signs() => {
                Err(format!("case {case}: {own}, who submitted it, is asked to sign"))
            }
            _ => Ok(()),
        }
    }

    fn decided(&self, e: &TaskDecided, at: Timestamp, state: &State) -> Result<(), String> {
        let slot = *self.tasks.get(&(e.case, e.task)).ok_or("an answer to a task that was not opened")?;
        let slot = self.slot(e.case, slot)?;
        if slot.duty.signs() && self.submitters.get(&e.case) == Some(&e.person) {
            return Err(format!("case {}: {} signed an own document", e.case, e.person));
        }
        let binding = e.verdict == Verdict::Approve && !e.counts_as_review && slot.seat_of.is_none();
        match slot.level.as_ref().filter(|level| level.decides && binding) {
            Some(level) if !within(slot, level, at, state) => {
                let (case, person, position) = (e.case, &e.person, &slot.position);
                Err(format!("case {case}: {person} decided {} as {position}, beyond every limit", level.need))
            }
            _ => Ok(()),
        }
    }

    /// A case that is with people asks one of them, and has all the signatures it had.
    fn stands(&mut self, case: CaseNo, state: &State) -> Result<(), String> {
        let Some(open) = state.case(case) else {
            self.plans.remove(&case);
            self.signed.remove(&case);
            return Ok(());
        };
        if matches!(open.stage(), Stage::People { .. }) && open.tasks().is_empty() {
            return Err(format!("case {case} stands with people, and nobody is asked"));
        }
        let before = self.signed.insert(case, open.signatures().len()).unwrap_or(0);
        if open.signatures().len() < before {
            return Err(format!("case {case} had {before} signatures, and has lost some"));
        }
        Ok(())
    }
}

/// Whether what stands in `authority.yaml` lets one of the posts that a signature covers decide so much.
fn within(slot: &Slot, level: &Level, at: Timestamp, state: &State) -> bool {
    let Some(rules) = state.definitions().active() else { return false };
    let (Some(authority), Some(organisation)) = (rules.authority(&level.authority), rules.organisation())
    else {
        return false;
    };
    let posts = [&slot.position].into_iter().chain(slot.capacities.iter().map(|capacity| &capacity.position));
    posts.into_iter().any(|name| {
        let Some(post) = organisation.positions.get(name) else { return false };
        let share =
            post.acting.as_ref().filter(|_| post.holders.is_empty()).map_or(Decimal::ONE, |a| a.share);
        match up_to(authority, name, &post.kind, at) {
            None => true,
            Some(limit) => level.need <= limit * share,
        }
    })
}

/// A post's limit at an instant; None: unlimited.
fn up_to(authority: &Authority, name: &Name, kind: &Name, at: Timestamp) -> Option<Decimal> {
    let set = authority.limits.iter().filter(|set| set.since <= at).max_by_key(|set| set.since);
    let limit = set.and_then(|set| set.limits.get(name).or_else(|| set.limits.get(kind)));
    limit.map_or(Some(Decimal::ZERO), |limit| limit.up_to)
}
