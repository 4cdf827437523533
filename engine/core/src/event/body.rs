//! The bodies of the events. Their encoding is part of the log's format: golden bytes hold each of them.

use serde::{Deserialize, Serialize};

use super::outward::MatchKeys;
use super::plan::{About, Capacity, Plan, PlanNode, Slot};
use crate::command::{CaseNo, CommandNo, ContentHash, TaskNo, Verdict};
use crate::definition::{DefinitionKind, Duty, Target};
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

/// The log begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyFounded {
    /// The company's id.
    pub company: Name,
    /// The first administrator: a person.
    pub administrator: Name,
}

/// A definition is kept under a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionStored {
    /// Its number.
    pub number: u32,
    /// Its kind.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: Name,
    /// Where it was written.
    pub path: Name,
    /// The text that was compiled.
    pub source: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// The version of the compiled encoding.
    pub form: u16,
    /// The compiled definition.
    pub compiled: Vec<u8>,
}

/// Definitions hold from now on, all at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinitionsActivated {
    /// The number of this release; cases pin it.
    pub release: u32,
    /// The numbers of its definitions.
    pub definitions: Vec<u32>,
}

/// Open work of a batch of cases was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationSwept {
    /// The first case that is still to be looked at; None: done.
    pub next: Option<CaseNo>,
}

/// Who handed a document in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Party {
    /// The person.
    pub person: Name,
    /// The post acted in.
    pub position: Name,
    /// Its unit.
    pub unit: Name,
    /// Its kind.
    pub kind: Name,
}

/// A document with what State keeps of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// All of it, typed.
    pub document: Fields,
    /// BLAKE3 of the encoded document.
    pub hash: ContentHash,
    /// BLAKE3 of the commercial fields (R12).
    pub commercial: ContentHash,
    /// The fields that State keeps.
    pub keeps: Vec<Name>,
    /// What limits are held against.
    pub amount: Option<Value>,
    /// The business key.
    pub key: Option<Name>,
    /// Unique values that the case claims.
    pub claims: Vec<Name>,
}

/// A document was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseSubmitted {
    /// The number of the new case.
    pub case: CaseNo,
    /// Its chain.
    pub chain: Name,
    /// The release whose rules it keeps.
    pub release: u32,
    /// By whom.
    pub submitter: Party,
    /// The submitter's solid superiors, nearest first (R8).
    pub path: Vec<Name>,
    /// The document.
    pub content: Content,
}

/// A document was handed in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResubmitted {
    /// The case.
    pub case: CaseNo,
    /// The new revision.
    pub revision: u32,
    /// The document.
    pub content: Content,
    /// Whether signatures given before no longer stand (R12).
    pub voids_signatures: bool,
    /// By whom; an editor's task or the submitter.
    pub person: Name,
    /// Completed within an `edit` task: the case stays where it is.
    pub by_editor: bool,
}

/// A state began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateEntered {
    /// The case.
    pub case: CaseNo,
    /// Its place among the chain's states.
    pub state: u16,
    /// Its name.
    pub name: Name,
    /// What it waits for.
    pub work: Work,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Positions that are copied.
    pub cc: Vec<Name>,
}

/// What a state waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// Nothing: it is decided at once.
    None,
    /// People.
    People(Plan),
    /// A message.
    Fact(Name),
    /// A time.
    Until(Timestamp),
    /// A message, with the values by which the rules of the wait find this case.
    Message {
        /// Its name.
        fact: Name,
        /// One for each rule.
        keys: MatchKeys,
    },
    /// Other systems or cases: the items of the state's `for_each`, or one `Missing`.
    Outside(Vec<Value>),
    /// Undoing what was done since a state (by its place), or everything.
    Compensation(Option<u16>),
    /// Later answers to these commands, each with the item of the state's `for_each`, or `Missing`.
    Following(Vec<(Value, CommandNo)>),
    /// People, some of whom do pieces of work or are asked about an item of the state's `for_each`.
    Asked {
        /// Who, and how they stand to one another.
        plan: Plan,
        /// What they are asked about; a slot that is not named is asked about the document.
        about: Vec<About>,
    },
}

/// A state was not needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateSkipped {
    /// The case.
    pub case: CaseNo,
    /// The state's name.
    pub name: Name,
    /// Its place among the chain's states.
    pub state: u16,
    /// The outcome that the skip counts as.
    pub outcome: Name,
}

/// A check said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecksFailed {
    /// The case.
    pub case: CaseNo,
    /// Every code that failed.
    pub codes: Vec<Name>,
}

/// A branch was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchChosen {
    /// The case.
    pub case: CaseNo,
    /// Where it leads.
    pub go: Target,
}

/// A step has its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepClosed {
    /// The case.
    pub case: CaseNo,
    /// The state's name.
    pub state: Name,
    /// `approved`, `passed`, `returned` ...
    pub outcome: Name,
    /// Blind opinions that were closed until now.
    pub opinions: Vec<Opinion>,
}

/// The opinions of a blind part are open now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionsOpened {
    /// The case.
    pub case: CaseNo,
    /// The opinions.
    pub opinions: Vec<Opinion>,
}

/// One answer of a blind part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The task.
    pub task: TaskNo,
    /// The position asked.
    pub position: Name,
    /// Who answered.
    pub person: Name,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Name>,
}

/// The document went back to its submitter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReturned {
    /// The case.
    pub case: CaseNo,
    /// How often it has gone back.
    pub returns: u32,
}

/// The case is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEnded {
    /// The case.
    pub case: CaseNo,
    /// The end's name.
    pub end: Name,
    /// Good, or bad.
    pub good: bool,
    /// Why, where a rule ended it (`REVISION_LIMIT`).
    pub code: Option<Name>,
}

/// The submitter took it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseWithdrawn {
    /// The case.
    pub case: CaseNo,
    /// Why.
    pub reason: Option<Name>,
    /// Positions whose holders had signed and are told.
    pub told: Vec<Name>,
}

/// The case waits for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseHeld {
    /// The case.
    pub case: CaseNo,
    /// Why, as a code.
    pub code: Name,
    /// Why, as a sentence.
    pub detail: String,
    /// Positions that are told: the driver.
    pub told: Vec<Name>,
}

/// A state ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateExpired {
    /// The case.
    pub case: CaseNo,
    /// The state's name.
    pub state: Name,
    /// Where it goes.
    pub go: Target,
}

/// A message that the case waited for arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactReceived {
    /// The case.
    pub case: CaseNo,
    /// The fact's name.
    pub fact: Name,
    /// The sender's id of the message.
    pub message_id: Name,
    /// What it says.
    pub data: Fields,
}

/// The turn goes on in a frame of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnSplit {
    /// The case.
    pub case: CaseNo,
}

/// When a task's assignee is reminded, when it is overdue, when it is escalated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestones {
    /// The assignee is reminded.
    pub remind: Timestamp,
    /// The task is overdue: the deadline.
    pub overdue: Timestamp,
    /// The superior is told.
    pub escalate: Timestamp,
}

/// Somebody is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOpened {
    /// The case.
    pub case: CaseNo,
    /// The number of the new task.
    pub task: TaskNo,
    /// The slot of the plan.
    pub slot: u16,
    /// What is asked.
    pub duty: Duty,
    /// The position that answers.
    pub position: Name,
    /// The persons who hold it; each may answer.
    pub holders: Vec<Name>,
    /// What one signature covers, where that is more than the position itself.
    pub capacities: Vec<Capacity>,
    /// When.
    pub milestones: Milestones,
}

/// Somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDecided {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// The answer.
    pub verdict: Verdict,
    /// The limit no longer suffices: the approval counts as a review and the route goes on (R8).
    pub counts_as_review: bool,
    /// An objection was overridden; the liability is the decider's.
    pub overrides: bool,
    /// Opinions of this part are not open yet.
    pub blind: bool,
    /// Why.
    pub reason: Option<Name>,
    /// What was signed.
    pub content_hash: ContentHash,
}

/// A question fell away unanswered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskWithdrawn {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Why.
    pub cause: WithdrawnCause,
}

/// Why a question fell away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WithdrawnCause {
    /// A colleague's answer closed the part.
    StepClosed,
    /// The submitter took the document back.
    CaseWithdrawn,
    /// The state ended by itself.
    Expired,
    /// The case was held.
    Held,
    /// The case was asked to go elsewhere.
    Asked,
    /// Somebody else is asked before; then it is asked again.
    Preceded,
    /// Whoever had added it took it away.
    Removed,
    /// The answer from which it followed was taken back.
    TakenBack,
    /// An administrator put the case elsewhere.
    Jumped,
    /// The submitter handed in another revision.
    Amended,
}

/// A signature given before still stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureKept {
    /// The case.
    pub case: CaseNo,
    /// The slot it fills.
    pub slot: u16,
    /// The task in which it was given.
    pub task: TaskNo,
}

/// A contribution did not come in time; the case went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLapsed {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
}

/// Half of the time is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReminded {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
}

/// All of the time is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskOverdue {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Positions that are copied: the superior, the driver.
    pub copied: Vec<Name>,
}

/// Twice the time is gone. Who may decide does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskEscalated {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// To whom.
    pub to: Vec<Name>,
}

/// Somebody else is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReassigned {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// The position that answers now.
    pub position: Name,
    /// Its holders.
    pub holders: Vec<Name>,
    /// What one signature covers.
    pub capacities: Vec<Capacity>,
    /// When.
    pub milestones: Milestones,
}

/// The task was handed up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskReferred {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who handed it up.
    pub person: Name,
    /// Why.
    pub reason: Name,
}

/// The route grew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteExtended {
    /// The case.
    pub case: CaseNo,
    /// A slot of the climb that grows.
    pub slot: u16,
    /// What is added at its end; new slots count on from the plan's.
    pub levels: Vec<PlanNode>,
    /// The new slots.
    pub slots: Vec<Slot>,
}

/// A submission past the immediate superior was refused (R10).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkipLevelAttempted {
    /// The chain.
    pub chain: Name,
    /// Who submitted.
    pub person: Name,
    /// The post acted in.
    pub position: Name,
    /// To whom it was addressed.
    pub addressee: Name,
    /// The superior who was passed by, where it is on record for them as well.
    pub superior: Option<Name>,
}

/// Somebody tried to decide an own document (R2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfApprovalAttempted {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// The post acted in.
    pub position: Name,
}

/// An answer came after others had decided; it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateAnswer {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// The answer.
    pub verdict: Verdict,
}
