//! One case: its document, where it stood, who was asked.

use countersign_core::command::{CaseNo, TaskNo, Verdict};
use countersign_core::event::{Capacity, CapacityWhy, CaseSubmitted, Content, Party};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::{Fields, Value};

use super::ON_HOLD;

/// One case.
#[derive(Debug)]
pub(crate) struct CaseTrack {
    pub(crate) chain: Name,
    pub(crate) release: u32,
    pub(crate) key: Option<Name>,
    pub(crate) submitter: Party,
    pub(crate) owner: Name,
    pub(crate) parent: Option<CaseNo>,
    pub(crate) submitted_at: Timestamp,
    pub(crate) document: Fields,
    pub(crate) facts: Fields,
    pub(crate) amount: Option<Value>,
    /// Where it stood, in order; the last one is open while the case is.
    pub(crate) stays: Vec<Stay>,
    pub(crate) tasks: Vec<TaskTrack>,
    /// When it ended.
    pub(crate) ended: Option<Timestamp>,
}

/// A time in a state.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) state: Name,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

/// Somebody who was asked.
#[derive(Debug)]
pub(crate) struct TaskTrack {
    pub(crate) task: TaskNo,
    pub(crate) state: Name,
    pub(crate) position: Name,
    /// Positions whose authority was delegated to who is asked.
    pub(crate) delegated_by: Vec<Name>,
    /// The delegation under which it is answered.
    pub(crate) under: Option<Name>,
    pub(crate) opened: Timestamp,
    pub(crate) due: Timestamp,
    pub(crate) closed: Option<(Timestamp, TaskEnd)>,
}

/// What became of a question.
#[derive(Debug)]
pub(crate) enum TaskEnd {
    /// It was answered.
    Answered {
        person: Name,
        verdict: Verdict,
        reason: Option<Name>,
        /// An objection was overridden.
        overrides: bool,
        /// The answer may be shown: it was never blind, or the part it belongs to has closed.
        open: bool,
    },
    /// No answer came, and the case went on.
    Lapsed,
    /// It fell away.
    Withdrawn,
}

impl CaseTrack {
    pub(crate) fn new(e: &CaseSubmitted, at: Timestamp) -> CaseTrack {
        CaseTrack {
            chain: e.chain.clone(),
            release: e.release,
            key: e.content.key.clone(),
            submitter: e.submitter.clone(),
            owner: e.submitter.position.clone(),
            parent: None,
            submitted_at: at,
            document: e.content.document.clone(),
            facts: Fields::new(),
            amount: e.content.amount.clone(),
            stays: Vec::new(),
            tasks: Vec::new(),
            ended: None,
        }
    }

    pub(crate) fn revised(&mut self, content: &Content) {
        self.document = content.document.clone();
        self.key = content.key.clone();
        self.amount = content.amount.clone();
    }

    /// Where it stands now.
    pub(crate) fn stay(&self) -> Option<&Stay> {
        self.stays.last().filter(|stay| stay.to.is_none())
    }

    pub(super) fn enter(&mut self, state: Name, at: Timestamp) {
        self.leave(at);
        self.stays.push(Stay { state, from: at, to: None });
    }

    fn leave(&mut self, at: Timestamp) {
        let Some(stay) = self.stays.last_mut().filter(|stay| stay.to.is_none()) else { return };
        if stay.from == at && stay.state == *ON_HOLD {
            // Held and let go at one instant: it never waited.
            self.stays.pop();
            return;
        }
        stay.to = Some(at);
    }

    pub(super) fn hold(&mut self, at: Timestamp) {
        if self.stay().is_none_or(|stay| stay.state != *ON_HOLD) {
            self.enter(Name::from(ON_HOLD), at);
        }
    }

    /// It goes on where it was held; a state that is entered anew follows as an event of its own.
    pub(super) fn resume(&mut self, at: Timestamp) {
        if self.stay().is_none_or(|stay| stay.state != *ON_HOLD) {
            return;
        }
        let before = self.stays.iter().rev().find(|stay| stay.state != *ON_HOLD);
        if let Some(state) = before.map(|stay| stay.state.clone()) {
            self.enter(state, at);
        }
    }

    pub(super) fn end(&mut self, at: Timestamp) {
        self.leave(at);
        self.ended = Some(at);
        // Questions of a case that is over wait for nobody.
        for task in self.tasks.iter_mut().filter(|task| task.closed.is_none()) {
            task.closed = Some((at, TaskEnd::Withdrawn));
        }
    }

    pub(super) fn asked(
        &mut self,
        task: TaskNo,
        position: Name,
        capacities: &[Capacity],
        (opened, due): (Timestamp, Timestamp),
    ) {
        let state = self.stay().map(|stay| stay.state.clone()).unwrap_or_default();
        let delegated_by = delegated(capacities);
        self.tasks.push(TaskTrack {
            task,
            state,
            position,
            delegated_by,
            under: None,
            opened,
            due,
            closed: None,
        });
    }

    fn task(&mut self, task: TaskNo) -> Option<&mut TaskTrack> {
        self.tasks.iter_mut().rev().find(|known| known.task == task)
    }

    pub(super) fn reassigned(
        &mut self,
        task: TaskNo,
        position: Name,
        capacities: &[Capacity],
        due: Timestamp,
    ) {
        if let Some(task) = self.task(task) {
            task.position = position;
            task.delegated_by = delegated(capacities);
            task.due = due;
        }
    }

    /// Somebody answers in the name of the post.
    pub(super) fn stood_in(&mut self, task: TaskNo, under: Option<Name>) {
        if let Some(task) = self.task(task) {
            task.under = under;
        }
    }

    pub(super) fn close(&mut self, task: TaskNo, end: TaskEnd, at: Timestamp) {
        if let Some(task) = self.task(task) {
            task.closed = Some((at, end));
        }
    }

    pub(super) fn open_opinion(&mut self, task: TaskNo) {
        if let Some((_, TaskEnd::Answered { open, .. })) = self.task(task).and_then(|t| t.closed.as_mut()) {
            *open = true;
        }
    }

    /// Questions that wait for an answer.
    pub(crate) fn open_tasks(&self) -> impl Iterator<Item = &TaskTrack> {
        self.tasks.iter().filter(|task| task.closed.is_none())
    }
}

fn delegated(capacities: &[Capacity]) -> Vec<Name> {
    let by = capacities.iter().filter(|capacity| capacity.why == CapacityWhy::Delegate);
    by.map(|capacity| capacity.position.clone()).collect()
}
