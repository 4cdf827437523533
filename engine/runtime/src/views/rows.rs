//! The rows of the views: folds of events, without what a reader can look up in the log.

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, Cause, ContentHash, TaskNo, Verdict};
use countersign_core::definition::Duty;
use countersign_core::event::{About, Capacity, Event, Milestones, Party};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::{Fields, Value};
use serde::{Deserialize, Serialize};

use super::outward_rows::OutwardRow;

/// A case, open or over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseRow {
    /// Its number.
    pub case: CaseNo,
    /// Its chain.
    pub chain: Name,
    /// The release whose rules it keeps.
    pub release: u32,
    /// Its business key.
    pub key: Option<Name>,
    /// Who handed it in.
    pub submitter: Party,
    /// What limits are held against.
    pub amount: Option<Value>,
    /// The document's revision, from 1.
    pub revision: u32,
    /// How often it went back.
    pub returns: u32,
    /// The hash of the document as it stands.
    pub content_hash: ContentHash,
    /// The frame that holds the document as it stands.
    pub document_at: u64,
    /// The frames that hold its events, in order.
    pub frames: Vec<u64>,
    /// When it was first handed in.
    pub opened_at: Timestamp,
    /// The case with which the order began that it belongs to.
    pub correlation: CaseNo,
    /// Its dealings with other systems and cases.
    pub outward: OutwardRow,
    /// What slots of the present state are asked about, where that is more than the document.
    pub about: Vec<About>,
    /// The state it is in, `draft`, `on-hold`, `withdrawn`, or the name of its end.
    pub state: Name,
    /// How it stands.
    pub status: Status,
    /// When its state ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Codes of checks that failed last.
    pub failed_checks: Vec<Name>,
    /// Open tasks: whom it waits for.
    pub tasks: BTreeMap<TaskNo, TaskRow>,
    /// Whose answer it has needed or will need since it was last handed in, in order.
    pub route: Vec<RouteRow>,
    /// Signatures in the order in which they were given, with those that no longer stand.
    pub signed: Vec<SignedRow>,
    /// How it ended, if it has.
    pub ended: Option<EndedRow>,
    /// Where an administrator has put it elsewhere.
    pub jumps: Vec<JumpRow>,
}

/// How a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// On its way: people are asked, or nothing outside is waited for.
    Running,
    /// It waits for this message.
    WaitsForFact(Name),
    /// It waits for this time.
    WaitsUntil(Timestamp),
    /// Other systems or cases are at work for it.
    WaitsOutside,
    /// What was done is being undone.
    Compensating,
    /// With the submitter.
    Draft,
    /// Held for an operator.
    OnHold {
        /// Why, as a code.
        code: Name,
        /// Why, as a sentence.
        detail: String,
    },
    /// Over.
    Ended,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRow {
    /// The end's name; `withdrawn` where the submitter took it back.
    pub end: Name,
    /// Good, or bad.
    pub good: bool,
    /// Why, where a rule ended it.
    pub code: Option<Name>,
    /// When.
    pub at: Timestamp,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// Its number within the case.
    pub task: TaskNo,
    /// Its slot of the plan.
    pub slot: u16,
    /// For a piece of work: its place among those of its state.
    pub work: Option<u16>,
    /// The item of its state's `for_each` that it is about.
    pub item: Option<Value>,
    /// The state that opened it.
    pub state: Name,
    /// What is asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// The persons who may answer.
    pub holders: Vec<Name>,
    /// What one signature covers, where that is more than the position itself.
    pub capacities: Vec<Capacity>,
    /// Changes when what its holder saw changes.
    pub version: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it is due; `overdue` is the deadline.
    pub milestones: Milestones,
    /// The deadline has passed.
    pub overdue: bool,
    /// The superior was told.
    pub escalated: bool,
    /// Opinions that its holder has asked for.
    pub opinions: Vec<OpinionRow>,
    /// What is asked, where only an opinion is.
    pub question: Option<Name>,
}

/// An opinion that whoever is asked has asked another post for. Only that one sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpinionRow {
    /// Its task.
    pub task: TaskNo,
    /// The post that was asked.
    pub position: Name,
    /// What was asked.
    pub question: Name,
    /// Who thinks what, and why.
    pub given: Option<(Name, Verdict, Option<Name>)>,
}

/// An administrator has put a case elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JumpRow {
    /// Who.
    pub person: Name,
    /// Where it stood.
    pub from: Name,
    /// Where it went.
    pub to: Name,
    /// Why.
    pub reason: Name,
    /// When.
    pub at: Timestamp,
}

/// One place of the route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRow {
    /// The state that asks.
    pub state: Name,
    /// The slot of its plan; None for a state that was skipped.
    pub slot: Option<SlotRow>,
    /// How far it is.
    pub status: RouteStatus,
}

/// A signature that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRow {
    /// Its number in the plan.
    pub slot: u16,
    /// What is asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// What one signature covers.
    pub capacities: Vec<Capacity>,
    /// A level of a climb that decides.
    pub decides: bool,
}

/// How far a place of the route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RouteStatus {
    /// Not asked yet.
    Ahead,
    /// Asked.
    Open(TaskNo),
    /// Answered.
    Signed(TaskNo),
    /// A signature given before stands.
    Kept(TaskNo),
    /// An approval that counted as a review, or a task that was handed up: the levels above decide.
    PassedOn(TaskNo),
    /// A contribution that did not come.
    Lapsed,
    /// Fell away.
    Withdrawn,
    /// The state was not needed.
    Skipped,
}

/// A signature that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedRow {
    /// The task in which it was given.
    pub task: TaskNo,
    /// The state that asked.
    pub state: Name,
    /// What was asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// What it covers.
    pub capacities: Vec<Capacity>,
    /// Who signed.
    pub person: Name,
    /// What they answered. None: the answers of a blind part are not open yet.
    pub answer: Option<AnswerRow>,
    /// When.
    pub at: Timestamp,
    /// The revision that was signed.
    pub revision: u32,
    /// The hash of what was signed.
    pub content_hash: ContentHash,
    /// A commercial change voided it (R12).
    pub void: bool,
    /// It stood in for another signature later.
    pub kept: bool,
    /// The answer while it is sealed. It never leaves the views: see [`CaseRow::without_sealed`].
    pub(super) sealed: Option<AnswerRow>,
}

/// What somebody answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRow {
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Name>,
    /// An approval that counted as a review only.
    pub counts_as_review: bool,
    /// An objection was overridden.
    pub overrides: bool,
    /// What was chosen, where a task gives a choice.
    pub choice: Option<Name>,
    /// What a task asked for.
    pub fields: Fields,
}

impl CaseRow {
    /// What may be shown: without the answers of a blind part that is still closed.
    pub(super) fn without_sealed(mut self) -> CaseRow {
        self.signed.iter_mut().for_each(|row| row.sealed = None);
        self
    }

    /// Whether the answer to this task is still closed.
    pub(super) fn is_sealed(&self, task: TaskNo) -> bool {
        self.signed.iter().any(|row| row.task == task && row.answer.is_none())
    }

    /// The position that decides last, or has decided: the last place of the route that does.
    pub fn final_position(&self) -> Option<&Name> {
        let slots = || self.route.iter().rev().filter_map(|row| row.slot.as_ref());
        let deciding = slots().find(|slot| slot.decides);
        let slot = deciding.or_else(|| slots().find(|slot| slot.duty == Duty::Approve));
        slot.map(|slot| &slot.position)
    }

    /// The row of an inbox for one of its open tasks.
    pub(super) fn inbox_row(&self, task: &TaskRow) -> InboxRow {
        InboxRow {
            case: self.case,
            task: task.task,
            chain: self.chain.clone(),
            state: task.state.clone(),
            duty: task.duty,
            position: task.position.clone(),
            capacities: task.capacities.clone(),
            submitter: self.submitter.clone(),
            amount: self.amount.clone(),
            key: self.key.clone(),
            revision: self.revision,
            version: task.version,
            content_hash: self.content_hash,
            opened_at: task.opened_at,
            due: task.milestones.overdue,
            overdue: task.overdue,
            document_at: self.document_at,
            release: self.release,
            work: task.work,
            item: task.item.clone(),
            opinions: task.opinions.clone(),
            question: task.question.clone(),
        }
    }
}

/// A page of an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxPage {
    /// The tasks.
    pub rows: Vec<InboxRow>,
    /// Where the page after this one begins, if there is one.
    pub next: Option<InboxPlace>,
}

/// A task's place in inboxes, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InboxPlace {
    /// By when an answer is due.
    pub due: Timestamp,
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
}

/// One open task of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// The case's chain.
    pub chain: Name,
    /// The state that opened it.
    pub state: Name,
    /// What is asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// What one signature covers, where that is more than the position itself.
    pub capacities: Vec<Capacity>,
    /// Who handed the document in.
    pub submitter: Party,
    /// What limits are held against.
    pub amount: Option<Value>,
    /// The business key.
    pub key: Option<Name>,
    /// The document's revision.
    pub revision: u32,
    /// The task's version; to be given back with the answer.
    pub version: u32,
    /// The document's hash; to be given back with the answer.
    pub content_hash: ContentHash,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By when an answer is due.
    pub due: Timestamp,
    /// Whether that has passed.
    pub overdue: bool,
    /// The frame that holds the document.
    pub document_at: u64,
    /// The release whose rules the case keeps.
    pub release: u32,
    /// For a piece of work: its place among those of its state.
    pub work: Option<u16>,
    /// The item of its state's `for_each` that it is about.
    pub item: Option<Value>,
    /// Opinions that its holder has asked for.
    pub opinions: Vec<OpinionRow>,
    /// What is asked, where only an opinion is.
    pub question: Option<Name>,
}

/// One event of a case, as a timeline may show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRow {
    /// The frame.
    pub sequence: u64,
    /// The event's place in it, from 0.
    pub index: u32,
    /// When.
    pub at: Timestamp,
    /// Why the frame exists.
    pub cause: Cause,
    /// What happened.
    pub event: TimelineEvent,
}

/// What a timeline shows of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimelineEvent {
    /// All of it.
    Open(Box<Event>),
    /// That somebody answered; the answers of the blind part are not open yet.
    SealedDecision {
        /// The case.
        case: CaseNo,
        /// The task.
        task: TaskNo,
        /// Who answered.
        person: Name,
    },
}

impl TimelineEvent {
    /// The case it belongs to.
    pub fn case(&self) -> Option<CaseNo> {
        match self {
            TimelineEvent::Open(event) => event.case(),
            TimelineEvent::SealedDecision { case, .. } => Some(*case),
        }
    }
}

/// A part of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimelinePage {
    /// The events, the oldest first.
    pub rows: Vec<TimelineRow>,
    /// The sequence to go on from; None: that was all.
    pub next: Option<u64>,
}
