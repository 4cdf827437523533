//! What can be read where: the table of the manual as data.

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_core::definition::DocumentType;
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Needs;
use crate::world::{AccountHead, ChainHead, World};

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
    /// A value that a report shows.
    Report,
    /// A computed field of a document: its other fields stand bare.
    Field,
    /// The limit or a flag of an account: the parts of its key stand bare.
    Account,
    /// An amount that is reserved, consumed, restored or released, and the key of the account.
    Move,
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
            Site::Report => "reports.yaml",
            Site::Define => "define",
            Site::Field => "a document's field",
            Site::Account => "accounts.yaml",
            Site::Move => "an amount that is booked",
        }
    }

    /// `now` and `today`: not where the same question asked again must have the same answer.
    pub(crate) fn reads_clock(self) -> bool {
        use Site::{Check, Define, Fork, Initial, Learn, Move, Requires, Start, With};
        matches!(self, Requires | Check | Fork | Define | With | Learn | Initial | Start | Move)
    }

    pub(crate) fn reads_amount(self) -> bool {
        use Site::{
            Check, ClimbAmount, Fork, Learn, Match, Move, Report, Requires, Signer, Until, Who, With,
        };
        matches!(
            self,
            Requires
                | Check
                | Fork
                | Signer
                | Who
                | ClimbAmount
                | Match
                | Until
                | With
                | Learn
                | Move
                | Report
        )
    }

    /// What the case has learnt: not before there is one.
    pub(crate) fn reads_facts(self) -> bool {
        use Site::{
            Amount, Check, ClimbAmount, Define, Fork, Learn, Match, Move, Report, Signer, Until, Who, With,
        };
        matches!(
            self,
            Check
                | Fork
                | Signer
                | Who
                | Amount
                | ClimbAmount
                | Match
                | Until
                | With
                | Learn
                | Define
                | Move
                | Report
        )
    }

    /// What a document or a case hands in: `reply`, `answer`, `request`, `child`.
    pub(crate) fn reads_answers(self) -> bool {
        self == Site::Learn
    }

    pub(crate) fn reads_message(self) -> bool {
        matches!(self, Site::Match | Site::Learn | Site::Start)
    }

    /// Other cases: `order-evaluation(doc.order_no).state`.
    pub(crate) fn reads_cases(self) -> bool {
        use Site::{Check, Define, Fork, Initial, Learn, Move, Requires, Who, With};
        matches!(self, Requires | Check | Define | Fork | With | Who | Initial | Learn | Move)
    }

    /// What accounts stand at, and what the case holds: never where a case is named or a message finds it, nor where
    /// it is asked who signs.
    pub(crate) fn reads_accounts(self) -> bool {
        use Site::{
            Account, Amount, Check, ClimbAmount, Define, Fork, Initial, Learn, Move, Requires, Signer, With,
        };
        matches!(
            self,
            Requires
                | Check
                | Fork
                | Signer
                | Amount
                | ClimbAmount
                | With
                | Initial
                | Learn
                | Define
                | Move
                | Account
        )
    }

    /// `doc`, `submitter`, `owner`, `driver`: not before there is a document.
    pub(crate) fn reads_case(self) -> bool {
        !matches!(self, Site::Field | Site::Start | Site::Account)
    }
}

/// A name given under `define`. `None` where its expression was refused.
#[derive(Clone)]
pub(crate) struct Defined {
    pub(crate) name: Name,
    pub(crate) lowered: Option<(Type, Needs)>,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Message<'s> {
    /// An adapter declares its fields.
    Fields(&'s [(Name, Type)]),
    /// A fact that no adapter declares: its fields are texts, and may be missing.
    Undeclared,
}

/// An account from within.
#[derive(Clone, Copy)]
pub(crate) struct Own<'s> {
    pub(crate) head: &'s AccountHead,
    /// Its `define`, each to be put in the place of its name. `None` where it was refused.
    pub(crate) defines: &'s [(Name, Option<(Expr, Type)>)],
    /// What is asked is the limit itself: it is not known yet, nor what is free.
    pub(crate) limit: bool,
}

/// Everything that a condition may refer to.
#[derive(Clone, Copy)]
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
    /// The message that can be read here.
    pub(crate) message: Option<Message<'s>>,
    /// The item of the `for_each` around this place, and its type.
    pub(crate) item: Option<(&'s str, &'s Type)>,
    /// What a child is called here, `child` unless its state says otherwise, and its chain.
    pub(crate) child: Option<(&'s str, &'s ChainHead)>,
    /// What the case may hold.
    pub(crate) holds: Option<&'s ChainHead>,
    /// The account whose limit or flag is read.
    pub(crate) account: Option<Own<'s>>,
    /// Gathers the fields of the document that are read.
    pub(crate) reads: &'s RefCell<BTreeSet<Name>>,
}

impl<'s, 'f> Scope<'s, 'f> {
    /// Nothing but the world can be read; whoever builds on it says what else.
    pub(crate) fn bare(world: &'s World<'f>, site: Site, reads: &'s RefCell<BTreeSet<Name>>) -> Self {
        Scope {
            world,
            site,
            document: None,
            defines: &[],
            amount: None,
            driver: None,
            facts: &[],
            reply: None,
            message: None,
            item: None,
            child: None,
            holds: None,
            account: None,
            reads,
        }
    }

    /// The same at another place.
    pub(crate) fn at(&self, site: Site) -> Scope<'s, 'f> {
        Scope { site, ..*self }
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
    "holds",
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
pub(crate) const FUNCTIONS: &[&str] = &[
    "sum",
    "every",
    "some",
    "count",
    "where",
    "first",
    "min",
    "max",
    "abs",
    "floor",
    "pick",
    "known",
    "currency",
    "convert",
    "rate",
    "rate_on",
    "days",
    "money",
    "limit_of",
    "delegable",
    "delegated",
];
