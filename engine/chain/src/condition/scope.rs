//! What can be read where: the table of the manual as data.

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_core::definition::DocumentType;
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Needs;
use crate::world::{ChainHead, World};

/// Where a condition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Site {
    /// `must` under `requires`.
    Requires,
    /// `must` of a check.
    Check,
    /// A branch, an arrow, or the `when` of a state without people.
    Fork,
    /// The `when` of somebody who may be asked.
    Signer,
    /// Who is asked, copied or benefits.
    Who,
    /// The chain's `key`.
    Key,
    /// The chain's `amount`.
    Amount,
    /// The amount of a climb.
    ClimbAmount,
    /// `match` of a wait.
    Match,
    /// The time of a `wait_until`.
    Until,
    /// The `when` of a monitor.
    Monitor,
    /// A value that a fact takes.
    Learn,
    /// A value that a fact has at first.
    Initial,
    /// A value that is handed to another system, a case or a record; the list of a `for_each`.
    With,
    /// What starts a case by itself: `when`, `with`, and in whose name.
    Start,
    /// A `define`: readable is what its users may read.
    Define,
    /// A computed field of a document: its other fields stand bare.
    Field,
}

impl Site {
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Site::Requires => "requires",
            Site::Check => "check",
            Site::Fork => "a branch",
            Site::Signer => "the `when` of somebody who is asked",
            Site::Who => "the question who is asked",
            Site::Key => "key",
            Site::Amount => "amount",
            Site::ClimbAmount => "the amount of a climb",
            Site::Match => "match",
            Site::Until => "wait_until",
            Site::Monitor => "monitors",
            Site::Learn => "learns",
            Site::Initial => "the first value of a fact",
            Site::With => "with",
            Site::Start => "starts",
            Site::Define => "define",
            Site::Field => "a document's field",
        }
    }

    /// `now` and `today`.
    pub(crate) fn reads_clock(self) -> bool {
        matches!(self, Site::Requires | Site::Check | Site::Fork | Site::Define)
    }

    pub(crate) fn reads_amount(self) -> bool {
        use Site::{Check, ClimbAmount, Fork, Match, Requires, Signer, Until, Who};
        matches!(self, Requires | Check | Fork | Signer | Who | ClimbAmount | Match | Until)
    }

    pub(crate) fn reads_message(self) -> bool {
        self == Site::Match
    }

    /// `doc`, `submitter`, `driver`.
    pub(crate) fn reads_case(self) -> bool {
        self != Site::Field
    }
}

/// A name given under `define`. `None` where its expression was refused.
#[derive(Clone)]
pub(crate) struct Defined {
    pub(crate) name: Name,
    pub(crate) lowered: Option<(Type, Needs)>,
}

/// Everything that a condition may refer to.
pub(crate) struct Scope<'s, 'f> {
    pub(crate) world: &'s World<'f>,
    pub(crate) site: Site,
    /// The document that `doc` is, or whose fields stand bare. `None` where it could not be read.
    pub(crate) document: Option<&'s DocumentType>,
    pub(crate) defines: &'s [Defined],
    /// The chain's amount, lowered. `None` where it has none.
    pub(crate) amount: Option<&'s (Expr, Type)>,
    pub(crate) driver: Option<&'s Name>,
    /// What the case may have learnt.
    pub(crate) facts: &'s [(Name, Type)],
    /// `reply`, `answer` or `request`, whichever can be read here, with its fields.
    pub(crate) reply: Option<(&'static str, &'s [(Name, Type)])>,
    /// The fields of `message`. `None`: a fact that no adapter declares, whose fields are texts.
    pub(crate) message: Option<&'s [(Name, Type)]>,
    /// The item of the `for_each` around this place, and its type.
    pub(crate) item: Option<(&'s str, &'s Type)>,
    /// The chain whose case `child` is.
    pub(crate) child: Option<&'s ChainHead>,
    /// Gathers the fields of the document that are read.
    pub(crate) reads: &'s RefCell<BTreeSet<Name>>,
}

impl<'s, 'f> Scope<'s, 'f> {
    /// The same at another place.
    pub(crate) fn at(&self, site: Site) -> Scope<'s, 'f> {
        Scope {
            world: self.world,
            site,
            document: self.document,
            defines: self.defines,
            amount: self.amount,
            driver: self.driver,
            facts: self.facts,
            reply: self.reply,
            message: self.message,
            item: self.item,
            child: self.child,
            reads: self.reads,
        }
    }
}

/// Names with a meaning of their own, which a define cannot take.
pub(crate) const RESERVED: &[&str] = &[
    "doc",
    "it",
    "submitter",
    "driver",
    "owner",
    "amount",
    "now",
    "today",
    "message",
    "facts",
    "reply",
    "answer",
    "request",
    "child",
    "true",
    "false",
    "and",
    "or",
    "not",
    "has",
    "in",
    "else",
];

/// Functions of this version.
pub(crate) const FUNCTIONS: &[&str] =
    &["sum", "every", "some", "count", "where", "first", "min", "max", "abs", "floor", "pick", "known"];

/// Functions and names of later versions.
pub(crate) const LATER: &[&str] = &["convert", "currency", "days", "limit_of", "delegable", "open"];
