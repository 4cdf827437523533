//! What comes in: commands, stamped with time and cause by the shell.

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::time::Timestamp;
use crate::value::Raw;

/// The number of a case; they count from 1.
pub type CaseNo = u64;
/// The number of a task within its case; they count from 1.
pub type TaskNo = u32;
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
        /// Its name, such as `contract.sealed`.
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
}

impl Verdict {
    /// Whether it lets the document go on without reservation.
    pub fn agrees(self) -> bool {
        matches!(self, Verdict::Approve | Verdict::Pass | Verdict::Input | Verdict::Submit)
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
}
