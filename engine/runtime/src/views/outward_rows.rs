//! The rows of what a case has to do with other systems and other cases.

use countersign_core::command::{CaseNo, CommandNo};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::Fields;
use serde::{Deserialize, Serialize};

/// A case's dealings outside its own signatures. One that only collects signatures has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutwardRow {
    /// What it has learnt.
    pub facts: Fields,
    /// The case that started it.
    pub parent: Option<CaseNo>,
    /// The post that owns it, where it was handed over.
    pub owner: Option<Name>,
    /// Cases that it started, in order.
    pub children: Vec<ChildRow>,
    /// What it asked of other systems, in order.
    pub commands: Vec<CommandRow>,
    /// Clocks of its alarms, and those that were raised.
    pub alarms: Vec<AlarmRow>,
}

/// A case that another one started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    /// Its number.
    pub case: CaseNo,
    /// Its chain.
    pub chain: Name,
    /// How it ended, and whether well; None: it is open.
    pub ended: Option<(Name, bool)>,
}

/// A command to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandRow {
    /// Its number within the case.
    pub command: CommandNo,
    /// The state that gave it.
    pub state: Name,
    /// `adapter.object.verb`.
    pub verb: Name,
    /// The command that it undoes: its case, state and number.
    pub undoes: Option<(CaseNo, Name, CommandNo)>,
    /// How often it was sent.
    pub attempt: u32,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When the case stops waiting.
    pub silent_at: Timestamp,
    /// How it stands.
    pub status: CommandRowStatus,
    /// The newest answer, a stage's or the last.
    pub answer: Option<CommandAnswerRow>,
}

/// How a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandRowStatus {
    /// An answer is waited for.
    Open,
    /// The last answer is there.
    Answered,
    /// No answer came in time.
    Silent,
    /// Two last answers say different things.
    Conflicted,
}

/// What an adapter answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAnswerRow {
    /// `done`, `refused`, `unknown`, or a word of adapters.yaml.
    pub word: Name,
    /// With `refused`: the code.
    pub code: Option<Name>,
    /// A sentence for people.
    pub message: Option<Name>,
    /// What it carries.
    pub fields: Fields,
    /// When it came.
    pub at: Timestamp,
    /// It came when the case no longer waited.
    pub late: bool,
}

/// An alarm of the case's chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRow {
    /// Its place in the chain.
    pub alarm: u16,
    /// Its name; empty until it was raised.
    pub name: Name,
    /// When it is raised; None: its clock does not run.
    pub due: Option<Timestamp>,
    /// When it was raised last.
    pub raised_at: Option<Timestamp>,
}
