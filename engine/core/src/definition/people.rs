//! People in a chain: who signs, how signers stand to one another, what work is asked of them.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::name::{Name, Title};
use crate::time::Span;
use crate::value::Type;

/// People and how they stand to one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
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

impl Node {
    /// The pieces of work in it, in the order of the file.
    pub fn tasks(&self) -> Vec<&TaskDef> {
        match self {
            Node::Signer(signer) => signer.task.as_deref().into_iter().collect(),
            Node::Climb(_) => Vec::new(),
            Node::All(members)
            | Node::Any(members)
            | Node::InOrder(members)
            | Node::Votes { members, .. } => members.iter().flat_map(|member| member.node.tasks()).collect(),
        }
    }
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
    /// For [`Duty::Task`]: what is to be done.
    pub task: Option<Box<TaskDef>>,
    /// For [`Duty::Approve`]: it decides only where that holds; otherwise it is told, and may call it in for so long.
    pub only_if: Option<(Expr, Span)>,
}

/// A piece of work for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDef {
    /// What is to be done.
    pub title: Title,
    /// What its answer must carry: names and types.
    pub asks: Vec<(Name, Type)>,
    /// Outcomes to choose from; empty: `done` and `refused`.
    pub choices: Vec<Name>,
}

/// What a task asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Duty {
    /// A binding decision (审批).
    Approve,
    /// A mandatory opinion (审核).
    Review,
    /// A contribution that blocks nothing (输入).
    Input,
    /// Completing the document.
    Edit,
    /// Doing something and saying so.
    Task,
    /// A decision that may be called in (（审批）): told of it, whoever is asked may decide it for a while; else it goes on.
    OnCall,
}

impl Duty {
    /// Whether an answer is a decision.
    pub fn decides(self) -> bool {
        matches!(self, Duty::Approve | Duty::OnCall)
    }

    /// Whether an answer is a signature under the document: a decision, or an opinion that is mandatory.
    pub fn signs(self) -> bool {
        self.decides() || self == Duty::Review
    }

    /// Whether the case goes on where no answer comes in time.
    pub fn lapses(self) -> bool {
        matches!(self, Duty::Input | Duty::OnCall)
    }

    /// Its word in messages, files and tables.
    pub fn word(self) -> &'static str {
        match self {
            Duty::Approve => "approve",
            Duty::Review => "review",
            Duty::Input => "input",
            Duty::Edit => "edit",
            Duty::Task => "task",
            Duty::OnCall => "on-call",
        }
    }
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
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
    /// The post that owns the case: the submitter's, until it was handed over.
    Owner,
    /// The nearest solid superior of a kind above somebody.
    Above(Box<Who>, Name),
    /// The nearest position that is a solid superior of both, or one of them itself.
    LowestCommonSuperior(Box<Who>, Box<Who>),
    /// A group by name, so many of whose members must approve.
    GroupNeed(Name, u32),
    /// The dotted superiors of somebody; whoever has none adds nobody.
    Dotted(Box<Who>),
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
    /// Who reviews below the first level; whoever stands in the line as well signs once (R5).
    pub reviewed_by: Vec<Beside>,
}

impl Climb {
    /// Everybody who signs besides the line.
    pub fn besides(&self) -> impl Iterator<Item = &Beside> + Clone {
        self.beside.iter().chain(&self.reviewed_by)
    }
}

/// A level that must at least be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtLeast {
    /// A kind or a position.
    pub level: Name,
    /// Only where this holds.
    pub when: Option<Expr>,
}

/// Somebody beside the deciding level, or below the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// Who.
    pub who: Who,
    /// Only where this holds.
    pub when: Option<Expr>,
}

crate::depth::bounded!(Node, Who);
