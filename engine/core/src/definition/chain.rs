//! chains/*.yaml in compiled form: states, activities, arrows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::name::{Name, Title};
use crate::time::Span;

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
    /// What must be true.
    pub must: Expr,
    /// The code of the refusal otherwise.
    pub code: Name,
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
    /// When it ends by itself, and where it goes then.
    pub expires: Option<Expiry>,
    /// Who is copied when it is entered.
    pub cc: Vec<Who>,
    /// The outcome that a skip counts as.
    pub good: Name,
    /// Arrows by outcome; the first whose condition holds is taken. Usual arrows are already filled in.
    pub next: BTreeMap<Name, Vec<Arrow>>,
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
}

/// One test of a `check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What must be true.
    pub must: Expr,
    /// The code where it is not.
    pub code: Name,
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
    /// The fact's name, such as `contract.sealed`.
    pub fact: Name,
    /// Whether a message is meant for this case.
    pub matches: Expr,
}

/// People and how they stand to one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Node {
    /// One position or group.
    Signer(Signer),
    /// Level by level to the first sufficient limit.
    Climb(Climb),
    /// Everybody, blind to one another (会签).
    All(Vec<Member>),
    /// The first answer decides (或签).
    Any(Vec<Member>),
    /// So much weight of approval is needed (票签).
    Votes {
        /// The weight needed.
        need: u32,
        /// Whose votes.
        members: Vec<Member>,
    },
    /// One after another (顺签). `tiers` become an `InOrder` of `All`.
    InOrder(Vec<Member>),
}

/// One member of a composer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// False: nobody is asked here.
    pub when: Option<Expr>,
    /// Time for its tasks; None: as the state says.
    pub within: Option<Span>,
    /// Its vote's weight, 1 where nothing is said.
    pub weight: u32,
    /// R6: its signature is never merged with another.
    pub independent: bool,
    /// Who.
    pub node: Node,
}

/// One signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// What is asked of it.
    pub duty: Duty,
    /// Who is asked.
    pub who: Who,
    /// A reviewer whose rejection is final.
    pub veto: bool,
    /// Positions that may not answer, besides the submitter.
    pub except: Vec<Who>,
}

/// What a task asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Duty {
    /// A binding decision (审批).
    Approve,
    /// A mandatory opinion (审核).
    Review,
    /// A contribution that blocks nothing (输入).
    Input,
    /// Completing the document.
    Edit,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A position by name.
    Position(Name),
    /// A group by name: its own number of members must approve.
    Group(Name),
    /// The position of a kind that belongs to a unit or covers it.
    KindAt(Name, Expr),
    /// The submitter's own post.
    Submitter,
    /// The chain's driver.
    Driver,
    /// The solid superior of somebody.
    Superior(Box<Who>),
    /// A position that an expression names.
    Expr(Expr),
    /// The first whose condition holds.
    FirstOf(Vec<(Option<Expr>, Who)>),
    /// Several, each of them.
    Each(Vec<Who>),
}

/// A climb of an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Climb {
    /// The authority climbed.
    pub authority: Name,
    /// What is held against its limits; None: the chain's amount.
    pub amount: Option<Expr>,
    /// Levels that must at least be reached.
    pub at_least: Vec<AtLeast>,
    /// Who approves beside the deciding level, blind.
    pub beside: Vec<Beside>,
}

/// A level that must at least be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLeast {
    /// A kind or a position.
    pub level: Name,
    /// Only where this holds.
    pub when: Option<Expr>,
}

/// Somebody beside the deciding level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Who.
    pub who: Who,
    /// Only where this holds.
    pub when: Option<Expr>,
}
