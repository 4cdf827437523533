//! What a case has to do with other systems and other cases. A case that only collects signatures has none of it.

use serde::Serialize;

use crate::command::{CaseNo, CommandNo, TaskNo, Timer};
use crate::event::{Party, Undoes};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::Timestamp;
use crate::value::{Fields, Value};

/// A case's dealings outside its own signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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
    /// The clocks of its alarms: by the alarm's place, when it is raised.
    pub alarms: SmallMap<u16, Timestamp>,
    /// The post that owns it; None: the submitter's.
    pub owner: Option<Name>,
    /// What the tasks of the present step were answered with: choice and fields.
    pub answers: SmallMap<TaskNo, (Option<Name>, Fields)>,
}

impl Outward {
    /// When a command is sent again or given up, when an alarm is raised.
    pub(super) fn timers(&self) -> impl Iterator<Item = (Timestamp, Timer)> + '_ {
        let commands = self.commands.iter().filter_map(|(no, command)| {
            let next = [command.again_at, command.silent_at].into_iter().flatten().min()?;
            Some((next, Timer::Command(*no)))
        });
        commands.chain(self.alarms.iter().map(|(alarm, at)| (*at, Timer::Alarm(*alarm))))
    }
}

/// Something done that may have to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The place of the state that did it.
    pub state: u16,
    /// What.
    pub what: DoneWhat,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum DoneWhat {
    /// A command of this case; its record says how it was answered.
    Command(CommandNo),
    /// A command of a child that ended, and the verb that undoes it.
    Inherited {
        /// The verb that undoes it, `adapter.object.verb`; None: nothing does.
        undo: Option<Name>,
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
    },
}

/// A command to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommandState {
    /// The place of the state that gave it.
    pub state: u16,
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
    /// When it is sent again.
    pub again_at: Option<Timestamp>,
    /// When the case stops waiting; None: it does not wait.
    pub silent_at: Option<Timestamp>,
    /// How it stands.
    pub status: CommandStatus,
    /// The adapter's ids of its answers.
    pub replies: Vec<Name>,
    /// The newest answer that no state has followed yet: word, code, fields.
    pub unread: Option<(Name, Option<Name>, Fields)>,
}

/// How a command stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum CommandStatus {
    /// An answer is waited for.
    Open,
    /// The last answer: its word and what it carried.
    Answered(Name, Fields),
    /// No answer came in time; a late one is still taken while the case is held.
    Silent,
    /// It was given up in a compensation before its answer came: a late `done` is undone.
    GivenUp,
    /// Its effect was undone.
    Undone,
}

/// A case that this one started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChildState {
    /// Its chain.
    pub chain: Name,
    /// The place of the state that started it.
    pub state: u16,
    /// Which item of the state's `for_each`.
    pub item: u16,
    /// Its end and whether that is good; None: it is open.
    pub ended: Option<(Name, bool)>,
    /// A `join` has taken note of its end.
    pub joined: bool,
}

/// What a state that deals with the outside is waiting for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutsideWork {
    /// One for each item of the state's `for_each`, or just one.
    pub items: Vec<WorkItem>,
}

/// One item of such a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkItem {
    /// The item; missing where the state has no `for_each`.
    pub item: Value,
    /// How it stands.
    pub status: ItemStatus,
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Commands whose last answer has not come: a late one is still taken note of, or undone.
    pub open_commands: SmallMap<CommandNo, CommandState>,
}

/// A fact that came for no case yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
