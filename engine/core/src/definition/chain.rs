//! chains/*.yaml in compiled form: states, activities, arrows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account::{HandsOn, MoveDef, ReserveDef, RestoreDef};
use crate::expr::Expr;
use crate::name::{Name, Title};
use crate::time::Span;
use crate::value::Type;

use super::people::{Node, Who};

/// A chain: a state machine over one type of document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Its name, the token of its events' subjects.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// The type of document it carries.
    pub document: Name,
    /// The business key of a case, for people; unique where the field it reads is.
    pub key: Option<Expr>,
    /// What limits are held against.
    pub amount: Option<Expr>,
    /// The kinds and positions that may submit; None: anyone.
    pub initiators: Option<Vec<Name>>,
    /// Positions that benefit from the document and so may not decide it, besides the submitter (R2).
    pub benefits: Vec<Who>,
    /// Whether an addressee past the immediate superior is allowed (R10).
    pub skip_level_allowed: bool,
    /// Who drives it: receives what is overdue, decides nothing.
    pub driver: Option<Name>,
    /// Who is copied on every case.
    pub cc: Vec<Who>,
    /// Who is told of everything while a condition holds.
    pub monitors: Vec<(Who, Option<Expr>)>,
    /// What must hold for a submission.
    pub requires: Vec<Requirement>,
    /// What starts a case besides a person's submission.
    pub starts: Vec<Start>,
    /// Who is told when something takes too long. Never a decision.
    pub alarms: Vec<Alarm>,
    /// What a case learns on its way; [`Learn`] counts in this order.
    pub facts: Vec<FactDef>,
    /// What may be asked of a case whatever it is doing; [`Activity::Tell`] names them.
    pub anytime: Vec<Anytime>,
    /// Messages that move a case whatever it is doing.
    pub listens: Vec<Listen>,
    /// What ends leave behind of what the case holds of accounts; ends that are not named release all of it.
    pub hands_on: Vec<HandsOn>,
    /// Names for expressions; [`Expr::Define`] counts in this order, and one reads only earlier ones.
    pub defines: Vec<(Name, Expr)>,
    /// Top-level document fields that its expressions read; State keeps only these.
    pub reads: Vec<Name>,
    /// The states; the first follows submission.
    pub states: Vec<StateDef>,
    /// The ends by name; arrows count in this order.
    pub ends: Vec<End>,
}

/// An end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its name.
    pub name: Name,
    /// Good, or bad.
    pub good: bool,
}

/// A condition of submission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// What is required.
    pub what: Required,
    /// The code of the refusal otherwise.
    pub code: Name,
}

/// What a submission requires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Required {
    /// Something that must be true.
    Must(Expr),
    /// Another case that must stand somewhere.
    Case(RequiredCase),
    /// Values that no other open or well-ended case of the chain may have; they are the case's from its submission.
    Unique {
        /// What is claimed, for texts and as the claim's name: `invoices.number`.
        name: Name,
        /// A value, or a list.
        of: Expr,
        /// Where the value stands in each item of the list.
        path: Vec<Name>,
    },
}

/// A case that a submission requires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequiredCase {
    /// One for each item of this list; [`Expr::Item`] is the item. None: exactly one.
    pub for_each: Option<Expr>,
    /// Its chain.
    pub chain: Name,
    /// Its business key.
    pub key: Expr,
    /// States or ends, one of which it must stand in.
    pub states: Vec<Name>,
    /// It must have come there at most so long ago.
    pub within: Option<Span>,
    /// What it holds under these names becomes the submitted case's own.
    pub takes: Vec<Name>,
}

/// What a case may learn on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactDef {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Type,
    /// What it is before anything was learnt, evaluated at submission; None: nothing.
    pub initial: Option<Expr>,
}

/// A fact takes a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learn {
    /// The fact, by its place in [`Chain::facts`].
    pub fact: u16,
    /// Its new value. All values of one outcome are evaluated before any is taken.
    pub value: Expr,
}

/// A named value that is handed to another system, a case or a record.
pub type With = Vec<(Name, Expr)>;

/// Something that starts a case by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When.
    pub trigger: Trigger,
    /// In whose name: a position; its first holder submits.
    pub submitter: Who,
    /// The fields of the document.
    pub with: With,
    /// Whether its submitter completes the document first.
    pub begins: Begins,
}

/// What starts a case by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    /// A fact for which this holds; [`Expr::Message`] reads it.
    Message {
        /// The fact's name, `system.object.fact` as its adapter reports it.
        fact: Name,
        /// Only where this holds.
        when: Option<Expr>,
    },
    /// The first instant of every such period, in the company's zone.
    Every {
        /// The period.
        period: Period,
        /// A case for each row of this table; [`Expr::Item`] is the row's key.
        for_each: Option<Name>,
    },
}

/// Calendar periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Period {
    /// From midnight.
    Day,
    /// From Monday.
    Week,
    /// From its first day.
    Month,
    /// From the first day of January, April, July, October.
    Quarter,
    /// From the first day of January.
    Year,
}

/// Where a case that another one starts begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Begins {
    /// In its first state.
    First,
    /// With its submitter, who completes the document.
    Draft,
}

/// Somebody is told where something takes too long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: Name,
    /// The clock starts when this state is entered.
    pub from: u16,
    /// The clock stops when this is reached.
    pub to: AlarmStop,
    /// After how long the alarm is raised.
    pub after: Span,
    /// Who is told.
    pub tell: Vec<Who>,
}

/// What stops the clock of an alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlarmStop {
    /// A state is entered.
    State(u16),
    /// The case ends.
    End,
    /// A fact arrives for the case.
    Fact(Name),
}

/// Something that may be asked of a case whatever it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anytime {
    /// The request's name.
    pub name: Name,
    /// Persons who may ask.
    pub by: Vec<Who>,
    /// Chains whose cases may ask; a parent of the case may always.
    pub by_chain: Vec<Name>,
    /// Only while the case stands in one of these states; None: in any.
    pub in_states: Option<Vec<u16>>,
    /// What the request must carry: names and types.
    pub asks: Vec<(Name, Type)>,
    /// Where it goes then; None: it stays.
    pub go: Option<Target>,
    /// What it learns; [`Expr::Reply`] reads the request.
    pub learns: Vec<Learn>,
    /// Always None: who does not ratify a green light is answered by a request of its own. Chains keep their form.
    pub unratified: Option<Target>,
    /// Once the case is over: what its ends become, by their places. Cases of `by_chain` may ask for that then.
    pub once_over: Vec<(u16, u16)>,
}

/// A message that moves a case whatever it is doing. A case that waits for it comes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listen {
    /// The fact's name, `adapter.object.fact`.
    pub fact: Name,
    /// Rules by which the message finds its case, as those of a [`Wait`].
    pub rules: Vec<MatchRule>,
    /// Only while the case stands in one of these states; None: in any.
    pub in_states: Option<Vec<u16>>,
    /// Where it goes then; None: it stays.
    pub go: Option<Target>,
    /// What it learns; [`Expr::Message`] reads the message.
    pub learns: Vec<Learn>,
}

/// One state: one activity, and where its outcomes lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateDef {
    /// Its name.
    pub name: Name,
    /// What is done in it.
    pub activity: Activity,
    /// False: the state is skipped along the arrow of its good outcome.
    pub when: Option<Expr>,
    /// Time for each of its tasks, where a member names none.
    pub within: Option<Span>,
    /// The same by position, group or kind, where `within` names none.
    pub within_by: BTreeMap<Name, Span>,
    /// When it ends by itself, and where it goes then.
    pub expires: Option<Expiry>,
    /// The activity is done for each item of a list; [`Expr::Item`] is the item.
    pub for_each: Option<ForEach>,
    /// What is learnt from an answer, a message, a child; before the arrow's own.
    pub learns: Vec<Learn>,
    /// Who is copied when it is entered.
    pub cc: Vec<Who>,
    /// The outcome that a skip counts as.
    pub good: Name,
    /// Arrows by outcome; the first whose condition holds is taken. Usual arrows are already filled in.
    pub next: BTreeMap<Name, Vec<Arrow>>,
}

impl StateDef {
    /// R6: whether all signatures given in it are independent.
    pub fn is_independent(&self) -> bool {
        match &self.activity {
            Activity::People(Node::InOrder(members)) => members.iter().all(|member| member.independent),
            _ => false,
        }
    }
}

/// An activity done for each item of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForEach {
    /// The item's name, for stories.
    pub item: Name,
    /// The list.
    pub list: Expr,
}

/// A state that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// After how long.
    pub after: Span,
    /// Where it goes.
    pub go: Target,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrow {
    /// Taken where this holds; None: always.
    pub when: Option<Expr>,
    /// Where it leads.
    pub go: Target,
    /// What is learnt on the way.
    pub learns: Vec<Learn>,
}

/// Where an arrow leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A state, by its place in [`Chain::states`].
    State(u16),
    /// An end, by its place in [`Chain::ends`].
    End(u16),
    /// Back to the submitter.
    Draft,
    /// Held for a person.
    OnHold,
    /// Back to the state from which the present one was entered.
    Back,
}

/// What a state does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activity {
    /// All are tested, every code that failed goes back. Outcomes: passed, failed.
    Check(Vec<Check>),
    /// The first branch that holds is taken; the outcome is the branch's own target.
    Choose(Vec<Branch>),
    /// People sign. Outcomes depend on the node: approved or passed or done or submitted, returned, rejected, beyond.
    People(Node),
    /// A message is waited for. Outcome: received.
    Wait(Wait),
    /// A time is waited for. Outcome: due.
    WaitUntil(Expr),
    /// Another system is asked. Outcomes: its answers by name, `refused`, `refused.CODE`, `silent`, `conflict`.
    Command(CommandDef),
    /// Later answers to the command of another state. Outcomes as there.
    Follow {
        /// The state that gave the command.
        state: u16,
    },
    /// A case of another chain is started and waited for. Outcomes: its ends by name, else `good` or `bad`.
    Run(RunDef),
    /// A case of another chain is started. Outcome: started.
    Start(RunDef),
    /// Cases that were started here are waited for. Outcomes: good, bad.
    Join {
        /// Their chain.
        chain: Name,
    },
    /// Another case is asked for something. Outcomes: done, refused.
    Tell(TellDef),
    /// Master data changes. Outcome: done.
    Record(RecordDef),
    /// Ownership of the case moves. Outcome: done.
    HandOver(Who),
    /// What was done is undone, last first. Outcomes: done, stuck.
    Compensate {
        /// Only what was done since this state was last entered; None: everything.
        since: Option<u16>,
    },
    /// Amounts of accounts are set aside for the case, all of them or none. Outcomes: done, insufficient.
    Reserve(ReserveDef),
    /// Amounts are used up, of holds or of accounts. Outcomes: done, insufficient.
    Consume(Vec<MoveDef>),
    /// What is held is given back. Outcomes: done, insufficient.
    Release(Vec<MoveDef>),
    /// What was used up is free again. Outcomes: done, insufficient.
    Restore(Vec<RestoreDef>),
    /// A post gives authority to another for a time. Outcomes: done, refused.
    Delegate(Box<DelegateDef>),
    /// A delegation ends before its time; one that is over already stays so. Outcome: done.
    EndDelegation(Expr),
    /// Waits as long as a delegation lasts, by its name. Outcomes: due (its time is over), ended (before that).
    WhileDelegated(Expr),
}

/// A command to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandDef {
    /// `adapter.object.verb` as in [`super::Adapters`].
    pub verb: Name,
    /// What it is told.
    pub with: With,
    /// When it is sent again, counted from the first time; the first entry is 0.
    pub send_after: Vec<Span>,
    /// When the case stops waiting, counted from the first time: outcome `silent`.
    pub silent_after: Span,
}

/// A case of another chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDef {
    /// Its chain.
    pub chain: Name,
    /// Where fields of its document come from that `with` does not name: fields of the same name; the later wins.
    pub copy: Vec<Copied>,
    /// Fields of its document.
    pub with: With,
    /// In whose name; None: the submitter of this case.
    pub submitter: Option<Who>,
    /// Where it begins.
    pub begins: Begins,
}

/// Where fields are copied from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Copied {
    /// The document.
    Document,
    /// The item of `for_each`.
    Item,
}

/// A delegation of authority that a chain grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegateDef {
    /// Its name.
    pub name: Expr,
    /// The post that gives.
    pub from: Expr,
    /// The post that is given.
    pub to: Expr,
    /// The names of the authorities.
    pub authority: Expr,
    /// Up to which amount, in the measure of the authorities.
    pub up_to: Expr,
    /// From when.
    pub start: Expr,
    /// Until when, exclusive.
    pub end: Expr,
}

/// A request to another case, or a message for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellDef {
    /// The case.
    pub case: Expr,
    /// What it is told.
    pub what: Told,
    /// With what.
    pub with: With,
}

/// What a case is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// One of its [`Chain::anytime`].
    Request(Name),
    /// A fact, as if its adapter had reported it.
    Message(Name),
}

/// A change of master data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordDef {
    /// The table.
    pub table: Name,
    /// The parts of the row's key.
    pub key: Vec<Expr>,
    /// Columns and their new values; columns not named keep theirs.
    pub with: With,
}

/// One test of a `check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What is tested.
    pub test: Test,
    /// The code where it fails.
    pub code: Name,
}

/// What one line of a `check` tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// Something that must be true.
    Must(Expr),
    /// Values that no other open or well-ended case of the chain may have; they are claimed when the check passes.
    Unique {
        /// What is claimed, for texts and as the claim's name: `invoices.number`.
        name: Name,
        /// A value, or a list.
        of: Expr,
        /// Where the value stands in each item of the list.
        path: Vec<Name>,
    },
}

impl Test {
    /// What it reads.
    pub fn expr(&self) -> &Expr {
        match self {
            Test::Must(expr) | Test::Unique { of: expr, .. } => expr,
        }
    }
}

/// One branch of a `choose`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Taken where this holds; None: otherwise.
    pub when: Option<Expr>,
    /// Where it leads.
    pub go: Target,
}

/// A wait for a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The fact's name: `object.fact`, or `adapter.object.fact`.
    pub fact: Name,
    /// Rules by which a message finds its case: the first rule for which some waiting case holds decides.
    pub rules: Vec<MatchRule>,
    /// The wait is over when this holds, after what was learnt; None: with the first message. True already when the
    /// state is entered: nothing is waited for.
    pub until: Option<Expr>,
}

/// A rule by which a message finds its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRule {
    /// Whether a message is meant for a case.
    pub when: Expr,
    /// An equality that `when` implies: this field of the message has this value of the case. Finds the case
    /// without looking at all that wait.
    pub index: Option<(Vec<Name>, Expr)>,
    /// Among several cases the one with the smallest value; None, and among equals: the oldest.
    pub first_by: Option<Expr>,
}
