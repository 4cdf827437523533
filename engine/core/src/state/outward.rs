//! What a case has to do with other systems and other cases. A case that only collects signatures has none of it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::accounts::Holds;
use crate::command::{CaseNo, CommandNo, LotNo, TaskNo, Timer};
use crate::event::{Listening, Party, Undoes};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

/// A case's dealings outside its own signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outward {
    /// What it has learnt.
    pub facts: Fields,
    /// Commands to other systems, by number.
    pub commands: SmallMap<CommandNo, CommandState>,
    /// Cases that it started, by number.
    pub children: SmallMap<CaseNo, ChildState>,
    /// The case that started it.
    pub parent: Option<CaseNo>,
    /// The case at the root; 0: itself.
    pub correlation: CaseNo,
    /// What it did that may have to be undone, in the order in which it took effect.
    pub effects: Vec<Done>,
    /// How much had been done when a state was last entered, by its place: `compensate: since` goes back to there.
    pub marks: SmallMap<u16, Mark>,
    /// The clocks of its alarms: by the alarm's place, when it is raised.
    pub alarms: SmallMap<u16, Timestamp>,
    /// The post that owns it; None: the submitter's.
    pub owner: Option<Name>,
    /// The newest message that the present state has received, for what its arrows learn.
    pub heard: Option<Fields>,
    /// What the tasks of the present step were answered with: choice and fields.
    pub answers: SmallMap<TaskNo, (Option<Name>, Fields)>,
    /// Messages that would move it where it stands.
    pub listens: Vec<Listening>,
    /// Unique values that its checks have claimed.
    pub claims: Vec<Name>,
    /// What it holds of accounts; None: it never held anything.
    pub holds: Option<Box<Holds>>,
}

impl Outward {
    /// When a command is sent again or given up, when an alarm is raised.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        clocks(&self.commands).chain(self.alarms.iter().map(|(alarm, at)| (*at, Timer::Alarm(*alarm))))
    }
}

/// When commands are sent again or given up.
fn clocks(commands: &SmallMap<CommandNo, CommandState>) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
    commands.iter().filter_map(|(no, command)| {
        let next = [command.again_at, command.silent_at].into_iter().flatten().min()?;
        Some((next, Timer::Command(*no)))
    })
}

impl ClosedCase {
    /// What was done late is still being undone: when that is sent again or given up.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let kept = self.holds.as_ref().and_then(|holds| holds.kept.as_ref());
        clocks(&self.open_commands).chain(kept.map(|kept| (kept.until, Timer::Lapse)))
    }
}

/// How much a case had done at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many entries its effects had.
    pub effects: u32,
    /// The number of its newest command; 0: none.
    pub command: CommandNo,
}

/// Something done that may have to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The place of the state that did it.
    pub state: u16,
    /// What.
    pub what: DoneWhat,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoneWhat {
    /// A command of this case; its record says how it was answered.
    Command(CommandNo),
    /// A command of a child that ended, and the verb that undoes it.
    Inherited {
        /// What it did, `adapter.object.verb`; adapters.yaml says what undoes it.
        verb: Name,
        /// The command.
        undoes: Box<Undoes>,
    },
    /// A child that was started.
    Child(CaseNo),
    /// A change of master data.
    Record {
        /// The table.
        table: Name,
        /// The row's key.
        key: Name,
        /// The row as it was.
        before: Option<Fields>,
        /// The row as it was written.
        after: Option<Fields>,
    },
    /// An amount that was set aside.
    Held(LotNo),
    /// An amount that was used up.
    Consumed {
        /// The lot out of which it was used.
        lot: Option<(CaseNo, LotNo)>,
        /// The account.
        account: Name,
        /// The key.
        key: Name,
        /// How much.
        amount: Decimal,
    },
}

/// A command to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandState {
    /// The place of the state that gave it.
    pub state: u16,
    /// That state's name.
    pub state_name: Name,
    /// Which item of the state's `for_each`.
    pub item: u16,
    /// `adapter.object.verb`.
    pub verb: Name,
    /// What it was told.
    pub with: Fields,
    /// The command that it undoes.
    pub undoes: Option<Box<Undoes>>,
    /// How often it has been sent.
    pub attempt: u32,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When its clock started: then, or when it was last sent again by hand.
    pub clock_at: Timestamp,
    /// When it is sent again.
    pub again_at: Option<Timestamp>,
    /// When the case stops waiting; None: it does not wait.
    pub silent_at: Option<Timestamp>,
    /// How it stands.
    pub status: CommandStatus,
    /// The adapter's ids of its answers.
    pub replies: Vec<Name>,
    /// Its newest answer; after the last one no other.
    pub answer: Option<Reply>,
    /// No state has taken the newest answer yet.
    pub unread: bool,
    /// The answer that led the case out of the state that gave it.
    pub left_by: Option<Reply>,
    /// What its answers have carried so far; the later one wins.
    pub said: Fields,
}

/// What an adapter answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// `done`, `refused`, or a word of adapters.yaml.
    pub word: Name,
    /// With `refused`: the code.
    pub code: Option<Name>,
    /// What it carries.
    pub fields: Fields,
}

impl Reply {
    /// The outcome it stands for: its word, `refused.CODE` for a refusal with a code.
    pub fn outcome(&self) -> Name {
        match &self.code {
            Some(code) if self.word == "refused" => Name::from(format!("refused.{code}")),
            _ => self.word.clone(),
        }
    }
}

/// How a command stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandStatus {
    /// An answer is waited for.
    Open,
    /// The last answer has come.
    Answered,
    /// No answer came in time; a late one is still taken while the case is held.
    Silent,
    /// It was given up in a compensation before its answer came: a late `done` is undone.
    GivenUp,
    /// Its effect was undone, or settled outside.
    Undone,
}

/// A case that this one started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildState {
    /// Its chain.
    pub chain: Name,
    /// The place of the state that started it.
    pub state: u16,
    /// Which item of the state's `for_each`.
    pub item: u16,
    /// It was asked to cancel itself, in the course of a compensation.
    pub asked: bool,
    /// Its end and whether that is good; None: it is open.
    pub ended: Option<(Name, bool)>,
    /// A `join` has taken note of its end.
    pub joined: bool,
}

/// What a state that deals with the outside is waiting for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsideWork {
    /// One for each item of the state's `for_each`, or just one.
    pub items: Vec<WorkItem>,
}

/// One item of such a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The item; missing where the state has no `for_each`.
    pub item: Value,
    /// How it stands.
    pub status: ItemStatus,
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemStatus {
    /// Not begun.
    Waiting,
    /// A command of this number is waited for.
    Command(CommandNo),
    /// A child of this number is waited for.
    Child(CaseNo),
    /// It has this outcome.
    Closed(Name),
}

/// What is remembered of a case that is over, while others may still ask about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedCase {
    /// Its chain.
    pub chain: Name,
    /// Its business key.
    pub key: Option<Name>,
    /// Its end.
    pub end: Name,
    /// Good, or bad.
    pub good: bool,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Who submitted it.
    pub submitter: Party,
    /// The fields that its chain reads.
    pub fields: Fields,
    /// What limits were held against.
    pub amount: Option<Value>,
    /// What it learnt.
    pub facts: Fields,
    /// The case at the root of those that were started one by another.
    pub correlation: CaseNo,
    /// The number of its newest command; 0: it gave none. What is not open was answered.
    pub last_command: CommandNo,
    /// Commands whose last answer has not come: a late one is still taken note of, or undone.
    pub open_commands: SmallMap<CommandNo, CommandState>,
    /// What it left behind of accounts; None: nothing.
    pub holds: Option<Box<Holds>>,
    /// Who signed it and who decided it; None: nobody signed.
    pub signed: Option<Box<Signed>>,
}

/// Who signed a case, and who decided it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The positions whose signatures stand, in order.
    pub by: Vec<Name>,
    /// The position that decided last, and when.
    pub decided: Option<(Name, Timestamp)>,
}

/// When a chain that starts by the calendar is looked at next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// When.
    pub next: Timestamp,
    /// The row of the start's `for_each` that was reached last; None: a period is to begin.
    pub reached: Option<Name>,
}

/// A fact that came for no case yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFact {
    /// Who reported it.
    pub sender: Name,
    /// The sender's id of the message.
    pub message_id: Name,
    /// What it says.
    pub data: Fields,
    /// When it came.
    pub at: Timestamp,
    /// When it is given up.
    pub until: Timestamp,
}
