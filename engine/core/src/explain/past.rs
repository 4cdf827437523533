//! What was signed long ago, explained as it was when it was signed: by the frames of the case and of the company alone,
//! read again from the log in their order. A case that is over has left State; what it was decided by is in the log.

use std::collections::BTreeSet;

use super::{SlotReason, signature, why_not};
use crate::command::{CaseNo, TaskNo};
use crate::event::Event;
use crate::frame::Frame;
use crate::name::Name;
use crate::state::{Case, State, watch_frame};
use crate::time::Timestamp;

/// One signature of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The task that it answered.
    pub task: TaskNo,
    /// The state of the chain that asked for it.
    pub state: Name,
    /// Rules and facts of that moment.
    pub reason: SlotReason,
    /// Why the position that was asked about was not asked in that state; empty where none was named.
    pub why_not: Vec<String>,
}

/// A case walked through once more.
pub struct Past {
    state: State,
    case: CaseNo,
    about: Option<Name>,
    signed: Vec<Signed>,
    /// R14: blind answers whose part is not open yet.
    closed: BTreeSet<TaskNo>,
}

/// The signature that an event gives, until the event after it has said what the amount came to.
#[derive(Default)]
pub struct Given(Option<(CaseNo, TaskNo)>);

impl Given {
    /// Takes an event before it is applied; gives the signature of the one before, once State tells all of it.
    pub fn before(&mut self, event: &Event) -> Option<(CaseNo, TaskNo)> {
        let given = match event {
            Event::AmountWeighed(_) => None,
            _ => self.0.take(),
        };
        if let Event::TaskDecided(e) = event {
            self.0 = Some((e.case, e.task));
        }
        given
    }

    /// The signature that the frame ended with.
    pub fn last(self) -> Option<(CaseNo, TaskNo)> {
        self.0
    }
}

impl Past {
    /// Of one case; with a position, also why it was not asked.
    pub fn of(case: CaseNo, about: Option<Name>) -> Past {
        Past { state: State::default(), case, about, signed: Vec::new(), closed: BTreeSet::new() }
    }

    /// Takes a frame of the case, or one that changed the company. They come in the order of their sequences; frames of
    /// other cases may be left out.
    pub fn take(&mut self, sequence: u64, frame: &Frame) {
        self.state.jump_to(sequence.saturating_sub(1));
        let (wanted, about, mut given) = (self.case, self.about.clone(), Given::default());
        let signed = &mut self.signed;
        let mut keep = |state: &State, found: Option<(CaseNo, TaskNo)>| {
            let task = found.filter(|(case, _)| *case == wanted).map(|(_, task)| task);
            let case = state.case(wanted);
            signed.extend(
                task.zip(case)
                    .and_then(|(task, case)| explained(state, (case, task), about.as_ref(), frame.at)),
            );
        };
        watch_frame(&mut self.state, frame, |state, event| keep(state, given.before(event)));
        keep(&self.state, given.last());
        frame.events.iter().for_each(|event| self.close_or_open(event));
    }

    fn close_or_open(&mut self, event: &Event) {
        if event.case() != Some(self.case) {
            return;
        }
        let opened = match event {
            Event::TaskDecided(e) if e.blind => {
                self.closed.insert(e.task);
                return;
            }
            Event::OpinionsOpened(e) => &e.opinions,
            Event::StepClosed(e) => &e.opinions,
            _ => return,
        };
        for opinion in opened {
            self.closed.remove(&opinion.task);
        }
    }

    /// The signatures in the order in which they were given, without those that are closed to others.
    pub fn signed(mut self) -> Vec<Signed> {
        self.signed.retain(|signed| !self.closed.contains(&signed.task));
        self.signed
    }
}

fn explained(
    state: &State,
    (case, task): (&Case, TaskNo),
    about: Option<&Name>,
    at: Timestamp,
) -> Option<Signed> {
    let reason = signature(state, case, task, at)?;
    let why_not = about.map(|position| why_not(state, case, position, at)).unwrap_or_default();
    Some(Signed { task, state: case.step()?.state.clone(), reason, why_not })
}
