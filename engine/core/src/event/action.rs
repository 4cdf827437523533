//! What people who are asked do beside answering: hand a task over, ask for an opinion, and the like.

use serde::{Deserialize, Serialize};

use super::body::Milestones;
use super::plan::Slot;
use crate::command::{CaseNo, TaskNo, Verdict};
use crate::definition::Target;
use crate::name::Name;

/// A task was handed to another post, which answers it with an authority of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskTransferred {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who handed it over.
    pub person: Name,
    /// The position that was asked until now.
    pub from: Name,
    /// The slot as it is now: its position, what its signature covers, whether it still decides.
    pub slot: Slot,
    /// The persons who may answer now.
    pub holders: Vec<Name>,
    /// When.
    pub milestones: Milestones,
    /// Why.
    pub reason: Name,
}

/// Whoever is asked asks another post for an opinion, and still decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionRequested {
    /// The case.
    pub case: CaseNo,
    /// The task of the opinion: a new one.
    pub task: TaskNo,
    /// The task whose holder asks.
    pub of: TaskNo,
    /// Who asks.
    pub person: Name,
    /// The position that asks.
    pub by: Name,
    /// The new slot, which nothing waits for.
    pub slot: Slot,
    /// The persons who may give it.
    pub holders: Vec<Name>,
    /// When.
    pub milestones: Milestones,
    /// What is asked.
    pub question: Name,
}

/// An opinion that was asked for; no signature, and no decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionGiven {
    /// The case.
    pub case: CaseNo,
    /// The task of the opinion.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// What they would do.
    pub verdict: Verdict,
    /// In their words.
    pub reason: Option<Name>,
    /// Only for whoever asked: the part in which that one answers is blind.
    pub blind: bool,
}

/// A signer has taken an own decision back before anybody went on from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureTakenBack {
    /// The case.
    pub case: CaseNo,
    /// The task in which it was given.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// The post they signed in.
    pub position: Name,
    /// Why.
    pub reason: Option<Name>,
    /// Slots of the present step that wait again.
    pub again: Vec<u16>,
    /// Slots by which the route had grown because the signature was a review only: it grows anew, or not.
    pub dropped: Vec<u16>,
    /// The step was closed with it: its state, by its place, is entered again.
    pub enter: Option<u16>,
}

/// Where an approver is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Before whoever adds: that one is asked again afterwards.
    Before,
    /// After whoever adds.
    After,
    /// Beside whoever adds, at the same time.
    Beside,
}

/// Whoever is asked has somebody else look at it too. It adds scrutiny, never authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproverAdded {
    /// The case.
    pub case: CaseNo,
    /// The slot whose holder adds.
    pub of: u16,
    /// Who adds.
    pub person: Name,
    /// The position that adds.
    pub by: Name,
    /// Where.
    pub place: Place,
    /// The new slot, numbered on from the plan's.
    pub slot: Slot,
    /// Why.
    pub reason: Name,
}

/// Whoever had added an approver takes the addition back before it was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproverRemoved {
    /// The case.
    pub case: CaseNo,
    /// The slot that was added.
    pub slot: u16,
    /// The position that is no longer asked.
    pub position: Name,
    /// Who removes it.
    pub person: Name,
    /// Why.
    pub reason: Name,
}

/// One of several holders will answer; the others need not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskClaimed {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
}

/// A claimed task is everybody's again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReleased {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who released it.
    pub person: Name,
    /// The persons who may answer now.
    pub holders: Vec<Name>,
}

/// An administrator has put the case elsewhere, past what its chain says. Marked so for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseJumped {
    /// The case.
    pub case: CaseNo,
    /// Who.
    pub person: Name,
    /// The post they acted in; empty: the operating system's user.
    pub position: Name,
    /// Where the case stood: a state, `draft`, `on-hold`.
    pub from: Name,
    /// Where it goes.
    pub go: Target,
    /// The same, as its chain calls it.
    pub to: Name,
    /// Why.
    pub reason: Name,
}

/// Whoever returned the document wants it to go to an earlier step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnDirected {
    /// The case.
    pub case: CaseNo,
    /// The slot that returned it.
    pub slot: u16,
    /// Where to.
    pub go: Target,
}

/// A returned document goes where those who returned it want it, not along the arrow of its chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLed {
    /// The case.
    pub case: CaseNo,
    /// Where to.
    pub go: Target,
    /// The same, as its chain calls it.
    pub to: Name,
}
