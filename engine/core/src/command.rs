//! What comes in: commands, stamped with time and cause by the shell.

use serde::{Deserialize, Serialize};

use crate::decide::About;
use crate::definition::{Acting, Delegation};
use crate::event::Place;
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::Raw;

/// The number of a case; they count from 1.
pub type CaseNo = u64;
/// The number of a task within its case; they count from 1.
pub type TaskNo = u32;
/// The number of a command to another system within its case; they count from 1.
pub type CommandNo = u32;
/// The number of a lot that a case holds of an account, from 1 in its case.
pub type LotNo = u32;
/// BLAKE3 of a document in its encoded form: what a signature is given to.
pub type ContentHash = [u8; 32];

/// One command. Its time, ids and person come with it: core reads no clock and throws no dice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The stamp; never before the previous one.
    pub at: Timestamp,
    /// Why it came.
    pub cause: Cause,
    /// What is asked.
    pub body: Body,
}

/// Why a frame exists. Its encoding is part of the log's format: variants are only ever added at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A request of a back-office system, for a person.
    Request(Request),
    /// A timer became due at this instant.
    Timer {
        /// When it was due; the frame's time says when it fired.
        due: Timestamp,
    },
    /// An operator with access to the files.
    Operator {
        /// The operating system's user.
        os_user: Name,
    },
    /// An adapter answered a command.
    Answer {
        /// The adapter.
        adapter: Name,
        /// `<case>.<state>.<n>`, the same on every retry.
        command_id: Name,
        /// The adapter's id of the answer, the same whenever it is sent again.
        reply_id: Name,
    },
    /// An adapter reported a fact.
    Fact {
        /// The adapter.
        adapter: Name,
        /// The adapter's id of the message, the same whenever it is sent again.
        message_id: Name,
    },
}

/// A request and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The calling system.
    pub system: Name,
    /// Its idempotency key.
    pub request_id: Name,
    /// A digest of verb and content; the same key with another one is refused.
    pub fingerprint: [u8; 16],
    /// When the caller first sent it; the same on every retry.
    pub sent_at: Timestamp,
    /// The person it acts for.
    pub person: Name,
    /// The post that the person acts in.
    pub position: Name,
    /// How the person is known.
    pub vouched_by: VouchedBy,
}

/// How the person of a request is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VouchedBy {
    /// The calling system, which the NATS server authenticated, asserts the person.
    System,
    /// The calling system asserts the person, over a network that nobody authenticates (`--trust-network`).
    TrustedNetwork,
    /// Access to the data directory.
    Local,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Begins a log. Only as its first command.
    Found {
        /// The company's id.
        company: Name,
        /// The first administrator: a person.
        administrator: Name,
    },
    /// Keeps a compiled definition under the next number.
    Store(Box<Stored>),
    /// Makes definitions the active ones, all at once.
    Activate {
        /// The numbers of the definitions that hold from now on.
        definitions: Vec<u32>,
    },
    /// Hands in a document.
    Submit {
        /// The chain to run.
        chain: Name,
        /// The document.
        document: Raw,
        /// To whom it is addressed; None: the immediate superior (R10).
        addressee: Option<Name>,
    },
    /// Hands in a returned document again.
    Resubmit {
        /// The case.
        case: CaseNo,
        /// The whole document as it shall be now.
        document: Raw,
    },
    /// Answers a task.
    Decide(Answer),
    /// The submitter takes the document back.
    Withdraw {
        /// The case.
        case: CaseNo,
        /// Why.
        reason: Option<Name>,
    },
    /// Hands a task to the next superior, for a reason that allows it (R22).
    ReferUp {
        /// The case.
        case: CaseNo,
        /// The task.
        task: TaskNo,
        /// The version that the person saw.
        version: u32,
        /// Why; `conflict_of_interest` allows it.
        reason: Name,
    },
    /// Something happened outside that a case may wait for.
    Fact {
        /// Its name: `object.fact` as a system asserts it, `adapter.object.fact` as an adapter reports it.
        fact: Name,
        /// The sender's id of the message.
        message_id: Name,
        /// What it says.
        data: Raw,
    },
    /// A timer of a case fires.
    Timer {
        /// The case.
        case: CaseNo,
        /// Which of its timers.
        timer: Timer,
    },
    /// Moves open work to where a changed organisation puts it (R9); one batch of cases.
    Sweep,
    /// An adapter answers a command. Only with [`Cause::Answer`].
    Answered(Answered),
    /// Somebody asks a case for one of its `anytime` entries.
    Ask {
        /// The case.
        case: CaseNo,
        /// The entry's name.
        entry: Name,
        /// What goes with it.
        with: Raw,
        /// Why.
        reason: Name,
    },
    /// An operator steps in: the marked, reasoned act of a person with access, or of a process owner.
    Operate {
        /// The case.
        case: CaseNo,
        /// What is done.
        act: Operation,
        /// Why.
        reason: Name,
    },
    /// A timer of the company fires: kept facts that nobody wanted, chains that start by the calendar, somebody who
    /// begins or ceases to stand in for a post.
    Clock,
    /// Somebody who is asked does something else than answering.
    OnTask(OnTask),
    /// Answers a task among others: refused where an approval would not decide.
    DecideWithin(Answer),
    /// Returns the document to an earlier step, not along the arrow of its chain.
    DecideTo {
        /// The answer.
        answer: Answer,
        /// Where to.
        to: ReturnTo,
    },
    /// A signer takes an own decision back.
    TakeBack {
        /// The case.
        case: CaseNo,
        /// The task in which it was given.
        task: TaskNo,
        /// Why.
        reason: Option<Name>,
    },
    /// Whoever added an approver takes the addition back.
    RemoveApprover {
        /// The case.
        case: CaseNo,
        /// The position that was added.
        position: Name,
        /// Why.
        reason: Name,
    },
    /// An administrator puts the case elsewhere.
    Jump {
        /// The case.
        case: CaseNo,
        /// `draft`, or the name of a state or an end.
        to: Name,
        /// Why.
        reason: Name,
    },
    /// Changes who holds what, all of it or nothing.
    Organise(Box<Organise>),
    /// The submitter hands in another revision of a document that is under way.
    Amend {
        /// The case.
        case: CaseNo,
        /// The whole document as it shall be now.
        document: Raw,
        /// Why.
        reason: Name,
    },
    /// Somebody wants to see a case to whom it is shut: for the record.
    Look(Box<Look>),
    /// Somebody reads a secret.
    Reveal {
        /// The case.
        case: CaseNo,
        /// The field.
        field: Name,
    },
    /// The secrets of a case are to be read no more.
    Erase {
        /// The case.
        case: CaseNo,
        /// Why.
        reason: Name,
    },
}

/// A look at a case that was denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The case.
    pub case: CaseNo,
    /// What was asked for: a verb of messages.
    pub verb: Name,
    /// Of a case that is over: whom it concerns.
    pub about: Option<Box<About>>,
}

/// Where a document is returned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnTo {
    /// To its submitter.
    Draft,
    /// To the step in which somebody signed last before this one.
    Previous,
    /// To this state.
    State(Name),
}

/// Something that is done with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTask {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// The task's version that the person saw.
    pub version: u32,
    /// What is done.
    pub act: TaskAct,
}

/// What can be done with a task beside answering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskAct {
    /// Another post answers it, with an authority of its own.
    Transfer {
        /// The position.
        to: Name,
        /// Why.
        reason: Name,
    },
    /// Another post gives an opinion; the task stays where it is.
    Consult {
        /// The position.
        to: Name,
        /// What is asked.
        question: Name,
    },
    /// Another post reviews it too.
    AddApprover {
        /// The position.
        to: Name,
        /// Before, after or beside whoever adds it.
        place: Place,
        /// Why.
        reason: Name,
    },
    /// One of several holders will answer it.
    Claim,
    /// It is everybody's again.
    Release,
}

impl TaskAct {
    /// Its word in messages.
    pub fn word(&self) -> &'static str {
        match self {
            TaskAct::Transfer { .. } => "transfer",
            TaskAct::Consult { .. } => "consult",
            TaskAct::AddApprover { .. } => "add-approver",
            TaskAct::Claim => "claim",
            TaskAct::Release => "release",
        }
    }
}

/// Changes of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organise {
    /// One after another.
    pub acts: Vec<OrgAct>,
    /// Why.
    pub reason: Name,
}

/// One act on the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgAct {
    /// A person takes a post, beside whoever holds it.
    Hire {
        /// Who.
        person: Name,
        /// Which post.
        position: Name,
    },
    /// A person leaves the company.
    Leave {
        /// Who.
        person: Name,
    },
    /// A person goes to another post.
    Move {
        /// Who.
        person: Name,
        /// The post given up; None: all that they hold.
        from: Option<Name>,
        /// The new post.
        to: Name,
    },
    /// A post loses its holders, or one of them.
    Vacate {
        /// Which post.
        position: Name,
        /// Who; None: everybody.
        person: Option<Name>,
    },
    /// Somebody acts for a vacant post; None: nobody any more.
    Act {
        /// Which post.
        position: Name,
        /// Who, how long, with which share of the limit.
        acting: Option<Acting>,
    },
    /// A post gives authority to another for a time.
    Delegate {
        /// The delegation's name.
        name: Name,
        /// From whom to whom, of what, how long.
        delegation: Delegation,
    },
    /// A delegation ends before its time.
    EndDelegation {
        /// Its name.
        name: Name,
    },
}

/// What an operator may do to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// It waits until it is resumed; its tasks fall away.
    Hold,
    /// A held case enters its state again. An answer that came meanwhile is taken.
    Resume,
    /// The commands that a held case waits for are sent again, under the same ids.
    Retry,
    /// A held case undoes what it did, last first, and then ends badly.
    Compensate,
    /// What a held case could not undo was settled outside: it counts as undone, and the compensation goes on.
    Settle,
}

/// An adapter's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The case.
    pub case: CaseNo,
    /// Which of its commands.
    pub command: CommandNo,
    /// `done`, `refused`, `unknown`, or a word that adapters.yaml declares.
    pub word: Name,
    /// With `refused`: the code.
    pub code: Option<Name>,
    /// A sentence for people.
    pub message: Option<Name>,
    /// What the answer carries.
    pub fields: Raw,
}

/// A definition on its way into the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Where it was written, as shown to admins.
    pub path: Name,
    /// The text that was compiled.
    pub source: String,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// The version of the compiled encoding, see [`crate::definition::FORM`].
    pub form: u16,
    /// The compiled definition in that encoding.
    pub compiled: Vec<u8>,
}

/// The answer to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// The task's version that the person saw.
    pub version: u32,
    /// The content that the person saw.
    pub content_hash: ContentHash,
    /// The answer.
    pub verdict: Verdict,
    /// Why; needed for everything but agreement, and for overriding an objection.
    pub reason: Option<Name>,
    /// The completed document, for [`Verdict::Submit`] only.
    pub document: Option<Raw>,
    /// With [`Verdict::Choose`]: what is chosen.
    pub choice: Option<Name>,
    /// What a task asks for, for [`Verdict::Done`] and [`Verdict::Choose`].
    pub fields: Option<Raw>,
}

/// What a person may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// A binding yes.
    Approve,
    /// A reviewer has nothing against it.
    Pass,
    /// A reviewer is against it; the decider may override that with a reason.
    Object,
    /// Back to the submitter.
    Return,
    /// A binding no; from a reviewer only with a veto.
    Reject,
    /// A contribution.
    Input,
    /// The document is complete.
    Submit,
    /// The work is done.
    Done,
    /// The work is refused, with a reason.
    Refuse,
    /// One of the task's choices.
    Choose,
}

impl Verdict {
    /// Whether it lets the document go on without reservation.
    pub fn agrees(self) -> bool {
        matches!(
            self,
            Verdict::Approve
                | Verdict::Pass
                | Verdict::Input
                | Verdict::Submit
                | Verdict::Done
                | Verdict::Choose
        )
    }

    /// Its word in messages and YAML.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::Pass => "pass",
            Verdict::Object => "object",
            Verdict::Return => "return",
            Verdict::Reject => "reject",
            Verdict::Input => "input",
            Verdict::Submit => "submit",
            Verdict::Done => "done",
            Verdict::Refuse => "refuse",
            Verdict::Choose => "choose",
        }
    }
}

/// A timer of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Timer {
    /// The next milestone of a task.
    Task(TaskNo),
    /// The state ends by itself.
    Expiry,
    /// The time that the state waits for has come.
    Until,
    /// The rest of a turn that was too long for one frame.
    Continue,
    /// A command is sent again, or given up.
    Command(CommandNo),
    /// An alarm of the chain, by its place.
    Alarm(u16),
    /// Of no case (its number is 0): something of the company, see [`Body::Clock`].
    Clock,
    /// What a case that is over still holds is given back.
    Lapse,
}
