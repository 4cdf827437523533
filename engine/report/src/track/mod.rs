//! What became of each case: where it stood and how long, who was asked, what was refused. Kept for the whole log.

mod case;
mod refusals;

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, CommandNo, Operation};
use countersign_core::definition::Delegation;
use countersign_core::event::{ChildStarted, Event, TaskOpened, TaskReassigned};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;

pub(crate) use case::{CaseTrack, TaskEnd};
pub(crate) use refusals::{Attempt, Refusal};

/// What became of everything.
#[derive(Debug, Default)]
pub(crate) struct Track {
    pub(crate) cases: BTreeMap<CaseNo, CaseTrack>,
    pub(crate) refusals: Vec<Refusal>,
    pub(crate) attempts: Vec<Attempt>,
    /// Delegations of each version of the organisation: since when, and which.
    pub(crate) delegations: Vec<(Timestamp, BTreeMap<Name, Delegation>)>,
    /// What each command of a case asks for.
    verbs: BTreeMap<(CaseNo, CommandNo), Name>,
    organisation: u64,
}

/// The state names of a case that stands in none of its chain's.
pub(crate) const DRAFT: &str = "draft";
pub(crate) const ON_HOLD: &str = "on-hold";

impl Track {
    /// Takes an event, with the state that it came to.
    pub(crate) fn event(&mut self, event: &Event, state: &State) {
        let at = state.head().at;
        refusals::take(self, event, at);
        match event {
            Event::CaseSubmitted(e) => drop(self.cases.insert(e.case, CaseTrack::new(e, at))),
            Event::ChildStarted(ChildStarted { case, child, draft, .. }) => {
                if let Some(child) = self.cases.get_mut(child) {
                    child.parent = Some(*case);
                    if *draft {
                        child.enter(Name::from(DRAFT), at);
                    }
                }
            }
            _ => {
                let case = event.case().and_then(|case| self.cases.get_mut(&case));
                if let Some(case) = case {
                    of_case(case, event, at);
                }
            }
        }
    }

    /// Takes the end of a frame: a changed organisation may bring new delegations.
    pub(crate) fn frame(&mut self, frame: &Frame, state: &State) {
        refusals::frame(self, frame);
        let Some(release) = state.definitions().active() else { return };
        let version = state.living().version();
        if version != self.organisation {
            self.organisation = version;
            let delegations = release.organisation().map(|organisation| organisation.delegations.clone());
            self.delegations.push((frame.at, delegations.unwrap_or_default()));
        }
    }
}

fn of_case(case: &mut CaseTrack, event: &Event, at: Timestamp) {
    match event {
        Event::CaseResubmitted(e) => case.revised(&e.content),
        Event::CaseAmended(e) => case.revised(&e.again.content),
        Event::StateEntered(e) => case.enter(e.name.clone(), at),
        Event::CaseReturned(_) => case.enter(Name::from(DRAFT), at),
        Event::CaseHeld(_) => case.hold(at),
        Event::CaseOperated(e) if e.act != Operation::Hold => case.resume(at),
        Event::CaseEnded(_) | Event::CaseWithdrawn(_) => case.end(at),
        Event::FactsLearnt(e) => {
            e.facts.iter().for_each(|(name, value)| drop(case.facts.insert(name.clone(), value.clone())));
        }
        Event::CaseHandedOver(e) => case.owner = e.to.clone(),
        Event::TaskOpened(TaskOpened { task, position, capacities, milestones, .. }) => {
            case.asked(*task, position.clone(), capacities, (at, milestones.overdue));
        }
        Event::TaskReassigned(TaskReassigned { task, position, capacities, milestones, .. }) => {
            case.reassigned(*task, position.clone(), capacities, milestones.overdue);
        }
        Event::OpinionRequested(e) => {
            case.asked(e.task, e.slot.position.clone(), &[], (at, e.milestones.overdue));
        }
        Event::OpinionGiven(e) => {
            let end = TaskEnd::Answered {
                person: e.person.clone(),
                verdict: countersign_core::command::Verdict::Input,
                reason: None,
                overrides: false,
                open: true,
            };
            case.close(e.task, end, at);
        }
        Event::CaseJumped(_) => case.resume(at),
        Event::TaskTransferred(e) => {
            let (position, due) = (e.slot.position.clone(), e.milestones.overdue);
            case.reassigned(e.task, position, &e.slot.capacities, due);
        }
        Event::StoodIn(e) => case.stood_in(e.task, e.delegation.clone()),
        Event::TaskDecided(e) => {
            let end = TaskEnd::Answered {
                person: e.person.clone(),
                verdict: e.verdict,
                reason: e.reason.clone(),
                overrides: e.overrides,
                open: !e.blind,
            };
            case.close(e.task, end, at);
        }
        Event::TaskAnswered(e) => {
            let end = TaskEnd::Answered {
                person: e.person.clone(),
                verdict: e.verdict,
                reason: e.reason.clone(),
                overrides: false,
                open: true,
            };
            case.close(e.task, end, at);
        }
        Event::TaskWithdrawn(e) => case.close(e.task, TaskEnd::Withdrawn, at),
        Event::TaskLapsed(e) => case.close(e.task, TaskEnd::Lapsed, at),
        Event::OpinionsOpened(e) => e.opinions.iter().for_each(|opinion| case.open_opinion(opinion.task)),
        Event::StepClosed(e) => e.opinions.iter().for_each(|opinion| case.open_opinion(opinion.task)),
        _ => {}
    }
}
