//! An open case: where it stands, who is asked, who has signed.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::command::{CaseNo, CommandNo, ContentHash, TaskNo, Timer, Verdict};
use crate::definition::{Duty, Target};
use crate::event::{Capacity, MatchKeys, Milestones, Party, WithdrawnCause};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

use super::instant::Instant;
use super::kept_fields::KeptFields;
use super::more::More;
use super::outward::{OutsideWork, Outward};
use super::planned::Planned;
use super::snapshot::dictionary;

/// An open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub(super) number: CaseNo,
    pub(super) chain: Name,
    pub(super) release: u32,
    #[serde(with = "dictionary::origin")]
    pub(super) origin: Arc<Origin>,
    pub(super) key: Option<Name>,
    pub(super) claims: Box<[Name]>,
    pub(super) fields: KeptFields,
    pub(super) amount: Option<Value>,
    pub(super) content_hash: ContentHash,
    pub(super) commercial: ContentHash,
    pub(super) document_at: u64,
    pub(super) submitted_at: Timestamp,
    pub(super) revision: u32,
    pub(super) returns: u32,
    pub(super) stage: Stage,
    pub(super) since: Timestamp,
    pub(super) stood_in: Option<u16>,
    pub(super) came_from: Option<u16>,
    pub(super) steps: u32,
    pub(super) tasks: SmallMap<TaskNo, Task>,
    pub(super) withdrawn: Option<Box<Withdrawn>>,
    pub(super) next_task: TaskNo,
    pub(super) signatures: Vec<Signature>,
    pub(super) expires_at: Instant,
    pub(super) until: Instant,
    pub(super) resume_at: Instant,
    pub(super) outward: Option<Box<Outward>>,
}

/// Who handed a case in, and over whom: the superiors at submission, nearest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) submitter: Party,
    pub(super) path: Vec<Name>,
}

/// The newest tasks that fell away with a colleague's answer, and the position that had been asked. Most cases have none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Withdrawn(pub(super) Vec<(TaskNo, Name)>);

/// Where a case stands. Everything but `Entering` and `Leaving` may outlast a turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// On its way to a target.
    Entering(Target),
    /// A step of this state has this outcome; its arrow is to be followed.
    Leaving {
        /// The state's place.
        state: u16,
        /// The outcome.
        outcome: Name,
    },
    /// People are asked.
    People {
        /// The state's place.
        state: u16,
        /// Who, and what they have said so far.
        step: Box<Step>,
    },
    /// A message is waited for.
    Fact {
        /// The state's place.
        state: u16,
        /// Its name.
        fact: Name,
    },
    /// A time is waited for.
    Until {
        /// The state's place.
        state: u16,
    },
    /// With the submitter.
    Draft,
    /// The state is being decided without anybody's input.
    Working {
        /// The state's place.
        state: u16,
    },
    /// Held for an operator.
    Held {
        /// Why.
        code: Name,
        /// The state it was in; resuming enters it again, and signatures that stand are not asked again.
        state: Option<u16>,
        /// Where it goes on instead, when it does: on the way to a target, at work outside, in a compensation, in
        /// draft.
        was: Option<Box<Stage>>,
    },
    /// A message is waited for that rules find.
    Message {
        /// The state's place.
        state: u16,
        /// Its name.
        fact: Name,
        /// What the index of each rule must have; see [`crate::definition::MatchRule`].
        keys: Box<MatchKeys>,
    },
    /// Other systems or cases are at work.
    Outside {
        /// The state's place.
        state: u16,
        /// On what.
        work: Box<OutsideWork>,
    },
    /// What was done is being undone, last first.
    Compensating {
        /// The state's place; None: an operator ordered it.
        state: Option<u16>,
        /// Only what was done since this state was last entered.
        since: Option<u16>,
        /// The command that undoes the last of it, given or sent again in this course; None: not yet.
        undo: Option<CommandNo>,
    },
}

/// A step in which people are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state's name.
    pub state: Name,
    /// Who is to be asked, and in which order.
    pub plan: Planned,
    /// What has become of each slot.
    pub slots: Vec<SlotStatus>,
    /// What only some steps have.
    pub more: Option<Box<More>>,
}

/// What has become of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SlotStatus {
    /// Not asked yet.
    Waiting,
    /// Asked.
    Open(TaskNo),
    /// Answered.
    Answered(TaskNo, Verdict),
    /// A signature given before stands.
    Kept(TaskNo),
    /// An approval that counts as a review, or a task handed up: the levels above decide.
    PassedOn(TaskNo),
    /// A contribution that did not come.
    Lapsed,
    /// Fell away.
    Withdrawn,
    /// An approver who was added and taken away again.
    Removed,
}

/// Who is asked in a task. Many tasks ask the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Asked {
    /// The position asked.
    pub position: Name,
    /// The persons who may answer.
    pub holders: Vec<Name>,
    /// What one signature covers, where that is more than the position itself.
    pub capacities: Vec<Capacity>,
    /// The delegation under which it is being answered.
    pub delegation: Option<Name>,
}

/// Which of a task's milestones comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Milestone {
    Remind,
    Overdue,
    Escalate,
    /// All have passed.
    Past,
}

/// An open task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Who is asked.
    #[serde(with = "dictionary::asked")]
    pub(super) asked: Arc<Asked>,
    /// Its slot of the plan.
    pub slot: u16,
    /// What is asked.
    pub duty: Duty,
    /// Changes when what its holder saw changes.
    pub version: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it is due.
    pub milestones: Milestones,
    pub(super) next: Milestone,
    /// The version of the organisation by which its holders were found.
    pub organisation: u64,
}

impl Deref for Task {
    type Target = Asked;

    fn deref(&self) -> &Asked {
        &self.asked
    }
}

impl Task {
    /// Its next timer; None: none is left.
    pub fn next_due(&self) -> Option<Timestamp> {
        let Milestones { remind, overdue, escalate } = self.milestones;
        match self.next {
            Milestone::Remind => Some(remind),
            Milestone::Overdue => Some(overdue),
            Milestone::Escalate => Some(escalate),
            Milestone::Past => None,
        }
    }

    /// To change who is asked.
    pub(super) fn asked_mut(&mut self) -> &mut Asked {
        Arc::make_mut(&mut self.asked)
    }
}

/// A signature that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The task in which it was given.
    pub task: TaskNo,
    /// The state's name.
    pub state: Name,
    /// What was asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// What it covers.
    pub capacities: Vec<Capacity>,
    /// Who signed.
    pub person: Name,
    /// The answer.
    pub verdict: Verdict,
    /// Why.
    pub reason: Option<Name>,
    /// An approval that counted as a review only.
    pub counts_as_review: bool,
    /// When.
    pub at: Timestamp,
    /// The revision that was signed.
    pub revision: u32,
    /// The delegation under which it was given.
    pub delegation: Option<Name>,
    /// The version of the organisation that held then.
    pub organisation: u64,
    /// It no longer stands: a commercial change (R12), or the document was given back to its state.
    pub void: bool,
}

impl Case {
    /// A case as it begins: on the way to its first state, without a document. Beyond who hands in, how much it is about
    /// and when, no more is known; what a submission knows besides is laid over it.
    pub(crate) fn supposed(
        chain: Name,
        origin: (Party, Vec<Name>),
        amount: Option<Value>,
        at: Timestamp,
    ) -> Case {
        let (submitter, path) = origin;
        Case::begun(chain, Arc::new(Origin { submitter, path }), amount, at)
    }

    /// Supposes that these persons have approved it, each in a state.
    pub(crate) fn suppose_signed(&mut self, signed: &[(Name, Name)], at: Timestamp) {
        self.signatures.extend(signed.iter().map(|(state, person)| Signature {
            task: 0,
            state: state.clone(),
            duty: Duty::Approve,
            position: Name::default(),
            capacities: Vec::new(),
            person: person.clone(),
            verdict: Verdict::Approve,
            reason: None,
            counts_as_review: false,
            at,
            revision: 1,
            delegation: None,
            organisation: 0,
            void: false,
        }));
    }

    pub(super) fn begun(chain: Name, origin: Arc<Origin>, amount: Option<Value>, at: Timestamp) -> Case {
        Case {
            number: 1,
            chain,
            release: 0,
            origin,
            key: None,
            claims: Box::default(),
            fields: KeptFields::default(),
            amount,
            content_hash: ContentHash::default(),
            commercial: ContentHash::default(),
            document_at: 0,
            submitted_at: at,
            revision: 1,
            returns: 0,
            stage: Stage::Entering(Target::State(0)),
            since: at,
            stood_in: None,
            came_from: None,
            steps: 0,
            tasks: SmallMap::new(),
            withdrawn: None,
            next_task: 1,
            signatures: Vec::new(),
            expires_at: Instant::NONE,
            until: Instant::NONE,
            resume_at: Instant::NONE,
            outward: None,
        }
    }

    /// Its number.
    pub fn number(&self) -> CaseNo {
        self.number
    }

    /// Its chain.
    pub fn chain(&self) -> &Name {
        &self.chain
    }

    /// The release whose rules it keeps.
    pub fn release(&self) -> u32 {
        self.release
    }

    /// Who submitted it.
    pub fn submitter(&self) -> &Party {
        &self.origin.submitter
    }

    /// The submitter's superiors at submission, nearest first.
    pub fn path(&self) -> &[Name] {
        &self.origin.path
    }

    /// Its business key.
    pub fn key(&self) -> Option<&Name> {
        self.key.as_ref()
    }

    /// Unique values that it claims.
    pub fn claims(&self) -> &[Name] {
        &self.claims
    }

    /// The fields that its chain reads.
    pub fn fields(&self) -> &Fields {
        self.fields.get()
    }

    /// What limits are held against.
    pub fn amount(&self) -> Option<&Value> {
        self.amount.as_ref()
    }

    /// The hash of the document's revision.
    pub fn content_hash(&self) -> &ContentHash {
        &self.content_hash
    }

    /// The hash of its commercial fields.
    pub fn commercial(&self) -> &ContentHash {
        &self.commercial
    }

    /// The frame that holds the document.
    pub fn document_at(&self) -> u64 {
        self.document_at
    }

    /// When it was first submitted.
    pub fn submitted_at(&self) -> Timestamp {
        self.submitted_at
    }

    /// The document's revision, from 1.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// How often it went back.
    pub fn returns(&self) -> u32 {
        self.returns
    }

    /// Where it stands.
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Since when it stands where it stands: in its state, in draft, held.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The state that was entered last since the document was handed in.
    pub fn stood_in(&self) -> Option<u16> {
        self.stood_in
    }

    /// The state from which the present one was entered.
    pub fn came_from(&self) -> Option<u16> {
        self.came_from
    }

    /// Steps since the last input from outside.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The step in which people are asked, if it stands in one.
    pub fn step(&self) -> Option<&Step> {
        match &self.stage {
            Stage::People { step, .. } => Some(step),
            _ => None,
        }
    }

    /// Open tasks.
    pub fn tasks(&self) -> &SmallMap<TaskNo, Task> {
        &self.tasks
    }

    /// The newest tasks that fell away with a colleague's answer, and the position that had been asked.
    pub fn withdrawn(&self) -> &[(TaskNo, Name)] {
        self.withdrawn.as_ref().map_or(&[], |withdrawn| &withdrawn.0)
    }

    /// The number that the next task gets.
    pub fn next_task(&self) -> TaskNo {
        self.next_task
    }

    /// Signatures in the order in which they were given.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// When its state ends by itself.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.get()
    }

    /// Until when it waits, where it waits for a time or as long as a delegation lasts.
    pub fn until(&self) -> Option<Timestamp> {
        self.until.get()
    }

    /// Its timers.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let tasks = self.tasks.iter().filter_map(|(no, task)| Some((task.next_due()?, Timer::Task(*no))));
        // Who is held does not expire; the time goes on where the case does.
        let held = matches!(self.stage, Stage::Held { .. });
        let expiry = self.expires_at.get().filter(|_| !held).map(|at| (at, Timer::Expiry));
        let until = self.until.get().map(|at| (at, Timer::Until));
        let resume = self.resume_at.get().map(|at| (at, Timer::Continue));
        let outward = self.outward.iter().flat_map(|outward| outward.timers());
        tasks.chain(expiry).chain(until).chain(resume).chain(outward)
    }

    /// Its dealings with other systems and cases; None: it has had none.
    pub fn outward(&self) -> Option<&Outward> {
        self.outward.as_deref()
    }

    /// What it has learnt.
    pub fn facts(&self) -> &Fields {
        const NONE: &Fields = &Fields::new();
        self.outward.as_ref().map_or(NONE, |outward| &outward.facts)
    }

    /// The post that owns it: the submitter's, until it was handed over.
    pub fn owner(&self) -> &Name {
        let owner = self.outward.as_ref().and_then(|outward| outward.owner.as_ref());
        owner.unwrap_or(&self.origin.submitter.position)
    }

    /// The case that started it.
    pub fn parent(&self) -> Option<CaseNo> {
        self.outward.as_ref().and_then(|outward| outward.parent)
    }

    /// The case at the root of those that were started one by another: what goes from order to cash.
    pub fn correlation(&self) -> CaseNo {
        let root = self.outward.as_ref().map_or(0, |outward| outward.correlation);
        if root == 0 { self.number } else { root }
    }

    /// The place of the state it stands in or is leaving.
    pub fn state(&self) -> Option<u16> {
        match &self.stage {
            Stage::Leaving { state, .. }
            | Stage::People { state, .. }
            | Stage::Fact { state, .. }
            | Stage::Until { state }
            | Stage::Message { state, .. }
            | Stage::Outside { state, .. }
            | Stage::Working { state } => Some(*state),
            Stage::Held { state, .. } | Stage::Compensating { state, .. } => *state,
            Stage::Entering(_) | Stage::Draft => None,
        }
    }
}

/// Why tasks of a case fall away when it leaves its state.
pub(super) fn leaves_trace(cause: WithdrawnCause) -> bool {
    matches!(cause, WithdrawnCause::StepClosed)
}

// A million are held at a time, and the allocator's next size is a sixth larger: what makes one larger is to be meant.
const _: () = {
    assert!(size_of::<Case>() <= 384);
    assert!(size_of::<Step>() <= 80);
    assert!(size_of::<(TaskNo, Task)>() <= 64);
};
