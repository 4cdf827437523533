//! Events of a case's dealings with other systems and other cases. Their encoding is part of the log's format.

use serde::{Deserialize, Serialize};

use crate::command::{CaseNo, CommandNo, ContentHash, Operation, TaskNo, Verdict};
use crate::definition::Target;
use crate::name::Name;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

/// The case knows more than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsLearnt {
    /// The case.
    pub case: CaseNo,
    /// Facts and their new values.
    pub facts: Fields,
}

/// Somebody did a piece of work, or refused it, or chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAnswered {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who.
    pub person: Name,
    /// `done`, `refuse` or `choose`.
    pub verdict: Verdict,
    /// What was chosen.
    pub choice: Option<Name>,
    /// What the task asked for.
    pub fields: Fields,
    /// Why.
    pub reason: Option<Name>,
    /// What the person saw.
    pub content_hash: ContentHash,
}

/// Another system is asked to do something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandIssued {
    /// The case.
    pub case: CaseNo,
    /// The number of the command in its case. Its id is `C-<case>.<state>.<command>`.
    pub command: CommandNo,
    /// The place of the state that gives it.
    pub state: u16,
    /// That state's name.
    pub state_name: Name,
    /// Which item of the state's `for_each`, from 0.
    pub item: u16,
    /// `adapter.object.verb`.
    pub verb: Name,
    /// What it is told.
    pub with: Fields,
    /// The command whose effect it undoes.
    pub undoes: Option<Undoes>,
    /// The case at the root: one correlation from order to cash.
    pub correlation: CaseNo,
    /// When it is sent again without an answer.
    pub again_at: Option<Timestamp>,
    /// When the case stops waiting.
    pub silent_at: Timestamp,
}

/// The command that another one undoes, and what it had answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoes {
    /// The case that gave it: this one, or a child that has ended.
    pub case: CaseNo,
    /// Its number there.
    pub command: CommandNo,
    /// The name of the state that gave it: part of its id.
    pub state_name: Name,
    /// What it had been told.
    pub with: Fields,
    /// What its answers carried, stages included; the later one wins.
    pub done: Fields,
}

/// A command is sent again, under the same id. It says all that the adapter is told, so that nothing has to be looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSentAgain {
    /// The case.
    pub case: CaseNo,
    /// The command.
    pub command: CommandNo,
    /// The name of the state that gave it.
    pub state_name: Name,
    /// `adapter.object.verb`.
    pub verb: Name,
    /// What it is told.
    pub with: Fields,
    /// The command whose effect it undoes.
    pub undoes: Option<Undoes>,
    /// The case at the root: one correlation from order to cash.
    pub correlation: CaseNo,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// How often it has been sent now.
    pub attempt: u32,
    /// When it is sent again.
    pub again_at: Option<Timestamp>,
    /// When the case stops waiting.
    pub silent_at: Timestamp,
}

/// No answer came in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandSilent {
    /// The case.
    pub case: CaseNo,
    /// The command.
    pub command: CommandNo,
}

/// An adapter answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandAnswered {
    /// The case.
    pub case: CaseNo,
    /// The command.
    pub command: CommandNo,
    /// The adapter's id of the answer.
    pub reply_id: Name,
    /// `done`, `refused`, `unknown`, or a word of adapters.yaml.
    pub word: Name,
    /// With `refused`: the code.
    pub code: Option<Name>,
    /// A sentence for people.
    pub message: Option<Name>,
    /// What it carries.
    pub fields: Fields,
    /// Whether it is the last answer.
    pub last: bool,
    /// It came when the case no longer waited for it.
    pub late: bool,
    /// The state that waits for it has taken it; otherwise it is kept for the state that follows the command.
    pub taken: bool,
    /// From now on something is done outside that may have to be undone.
    pub effect: bool,
}

/// A second, different last answer to one command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyConflicted {
    /// The case.
    pub case: CaseNo,
    /// The command.
    pub command: CommandNo,
    /// The adapter's id of the second answer.
    pub reply_id: Name,
    /// Its word.
    pub word: Name,
    /// What it carries.
    pub fields: Fields,
}

/// One item of a state's `for_each` (or the state's only one) has its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemClosed {
    /// The case.
    pub case: CaseNo,
    /// Which item, from 0.
    pub item: u16,
    /// Its outcome.
    pub outcome: Name,
    /// Children whose ends it takes note of; no other `join` counts them again.
    pub children: Vec<CaseNo>,
}

/// A case started another one. The child's own first event is `case-submitted`, just before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildStarted {
    /// The parent.
    pub case: CaseNo,
    /// The child.
    pub child: CaseNo,
    /// Its chain.
    pub chain: Name,
    /// The parent's state.
    pub state: u16,
    /// Which item of the state's `for_each`, from 0.
    pub item: u16,
    /// The case at the root: one correlation from order to cash.
    pub correlation: CaseNo,
    /// The child begins with its submitter.
    pub draft: bool,
}

/// A child is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildEnded {
    /// The parent.
    pub case: CaseNo,
    /// The child.
    pub child: CaseNo,
    /// Its end.
    pub end: Name,
    /// Good, or bad.
    pub good: bool,
}

/// A case was asked for one of its `anytime` entries, and goes along with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAsked {
    /// The case that is asked.
    pub case: CaseNo,
    /// The entry.
    pub entry: Name,
    /// The case that asks; None: a person.
    pub by_case: Option<CaseNo>,
    /// The person who asks; empty where a case does.
    pub person: Name,
    /// The post that the person acts in.
    pub position: Name,
    /// Why.
    pub reason: Option<Name>,
    /// What goes with it.
    pub with: Fields,
    /// Where the case goes; None: it stays.
    pub go: Option<Target>,
}

/// The case belongs to another post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseHandedOver {
    /// The case.
    pub case: CaseNo,
    /// The post that owned it.
    pub from: Name,
    /// The post that owns it now.
    pub to: Name,
}

/// Master data changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordWritten {
    /// The case.
    pub case: CaseNo,
    /// The table.
    pub table: Name,
    /// The row's key; parts joined by `/`.
    pub key: Name,
    /// The whole row as it is now; None: there is no such row any more.
    pub row: Option<Fields>,
    /// The whole row as it was; None: there was none.
    pub before: Option<Fields>,
    /// It takes back a change of its own, in the course of a compensation.
    pub undo: bool,
}

/// The place of the alarm that no chain declares: what was done late could not be undone, and the case is over.
pub const AFTER_END: u16 = u16::MAX;

/// Something takes too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRaised {
    /// The case.
    pub case: CaseNo,
    /// The alarm's place in its chain; [`AFTER_END`] for what stays done outside after the end of its case.
    pub alarm: u16,
    /// Its name.
    pub name: Name,
    /// Positions that are told.
    pub told: Vec<Name>,
}

/// A clock of the chain's alarms started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmSet {
    /// The case.
    pub case: CaseNo,
    /// The alarm's place in its chain.
    pub alarm: u16,
    /// When it is raised; None: its clock stopped.
    pub at: Option<Timestamp>,
}

/// One thing was undone, or needs no undoing. The next one, further back, follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectUndone {
    /// The case.
    pub case: CaseNo,
}

/// A person has settled outside what could not be undone: it is no longer undone by the engine, and never was by it.
/// Who and why stands in the [`CaseOperated`] before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectSettled {
    /// The case.
    pub case: CaseNo,
    /// What was settled.
    pub what: Settled,
}

/// Something done that a person has settled outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settled {
    /// A command.
    Command {
        /// Its id, `C-<case>.<state>.<n>`.
        id: Name,
        /// `adapter.object.verb`.
        verb: Name,
    },
    /// A case that was started and does not cancel itself.
    Child(CaseNo),
    /// A change of master data.
    Record {
        /// The table.
        table: Name,
        /// The row's key.
        key: Name,
    },
    /// An amount that was used up.
    Account {
        /// The account.
        account: Name,
        /// The key.
        key: Name,
    },
}

/// The messages that would move a case where it stands now. What was said before no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseListens {
    /// The case.
    pub case: CaseNo,
    /// The messages, in the order of its chain.
    pub to: Vec<Listening>,
}

/// One message that would move a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listening {
    /// The fact's name.
    pub fact: Name,
    /// One for each rule.
    pub keys: MatchKeys,
}

/// A check has found values to be nobody else's: they are the case's from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValuesClaimed {
    /// The case.
    pub case: CaseNo,
    /// The claims, `chain/name/value`, as those of unique fields.
    pub claims: Vec<Name>,
}

/// An operator, or a person with the right, stepped in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOperated {
    /// The case.
    pub case: CaseNo,
    /// What was done.
    pub act: Operation,
    /// Who: a person, or the operating system's user.
    pub person: Name,
    /// Why.
    pub reason: Name,
}

/// A fact came for which no case waits yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactKept {
    /// The fact's name.
    pub fact: Name,
    /// Who reported it.
    pub sender: Name,
    /// The sender's id of the message.
    pub message_id: Name,
    /// What it says.
    pub data: Fields,
    /// When it is given up.
    pub until: Timestamp,
}

/// A fact that no case wanted was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactGivenUp {
    /// The fact's name.
    pub fact: Name,
    /// Who reported it.
    pub sender: Name,
    /// The sender's id of the message.
    pub message_id: Name,
    /// What it said.
    pub data: Fields,
}

/// A chain that starts by the calendar began a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodBegan {
    /// The chain.
    pub chain: Name,
    /// Which of its starts.
    pub start: u16,
    /// The row of the start's `for_each` that was reached last; None: all of them.
    pub reached: Option<Name>,
    /// Rows whose case was refused, and why, as a code; the row is empty where the start has no `for_each`.
    pub refused: Vec<(Name, Name)>,
    /// When it is looked at next; None: never, the chain no longer starts so.
    pub next: Option<Timestamp>,
}

/// What decides which message is meant for a waiting case, one a rule; None: only the rule itself says it. See
/// [`crate::definition::MatchRule`].
pub type MatchKeys = Vec<Option<MatchKey>>;

/// An equality that a rule implies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchKey {
    /// The message's field.
    pub field: Vec<Name>,
    /// The value that it must have.
    pub value: Value,
}
