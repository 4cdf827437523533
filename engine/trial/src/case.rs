//! A case file as it was read.

use countersign_chain::tree::{Pair, Tree};
use countersign_core::command::{Operation, ReturnTo, Verdict};
use countersign_core::definition::Definition;
use countersign_core::event::Place;
use countersign_core::name::Name;
use countersign_core::time::{Span, Timestamp};
use rust_decimal::Decimal;

use crate::expect::Expect;

/// One file of cases/.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Its path within the company's folder.
    pub path: String,
    /// The chain that its cases are about.
    pub chain: Name,
    /// Its cases; one for each row of `examples`.
    pub cases: Vec<Trial>,
}

/// One case: given, when, then.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Its name.
    pub name: String,
    /// The line where it begins.
    pub line: u32,
    pub(crate) chain: Name,
    pub(crate) at: Timestamp,
    pub(crate) base: Vec<Pair>,
    pub(crate) earlier: Vec<Earlier>,
    /// How accounts stand at first.
    pub(crate) accounts: Vec<Standing>,
    pub(crate) when: Vec<Step>,
}

impl Trial {
    /// Whether it is expected what a report says.
    pub(crate) fn reports(&self) -> bool {
        self.when.iter().any(|step| matches!(step, Step::Then(expect) if expect.reports()))
    }
}

/// How a key of an account stands at first.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) account: Name,
    pub(crate) key: Name,
    /// Used up, instead of what accounts.yaml says.
    pub(crate) used: Option<Decimal>,
    /// Set aside, by a case that stays as it is.
    pub(crate) reserved: Option<Decimal>,
}

/// A case that was there before, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Earlier {
    pub(crate) chain: Name,
    pub(crate) key: Option<Name>,
    /// Fields of its document, and facts.
    pub(crate) fields: Vec<Pair>,
    pub(crate) jump: Jump,
    pub(crate) line: u32,
    pub(crate) text: String,
}

/// A state or end that a case is put into by force. Each has an entry of its own among what may be asked of the case.
#[derive(Clone, Debug)]
pub(crate) struct Jump {
    /// The name of that entry.
    pub(crate) entry: Name,
    pub(crate) chain: Name,
    pub(crate) to: Name,
    /// Facts that it learns on the way.
    pub(crate) facts: Vec<Pair>,
}

/// One item of `when`.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Do(Sentence),
    /// All of them saw the same.
    Together(Vec<Sentence>),
    Then(Expect),
}

/// Something happens.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) line: u32,
    pub(crate) act: Act,
}

/// Who acts: a position, and the person where one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) position: Name,
    pub(crate) person: Option<Name>,
}

/// What happens.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Submit {
        who: Actor,
        chain: Name,
        key: Option<Name>,
        /// To whom it is addressed; None: whoever is next above.
        to: Option<Name>,
        fields: Vec<Pair>,
    },
    /// A case that another one would start, begun by itself.
    Begin {
        who: Option<Actor>,
        key: Option<Name>,
        fields: Vec<Pair>,
    },
    Resubmit {
        who: Actor,
        key: Option<Name>,
        fields: Vec<Pair>,
    },
    /// Another revision of a document under way.
    Amend {
        who: Actor,
        key: Option<Name>,
        fields: Vec<Pair>,
    },
    Decide {
        who: Vec<Actor>,
        verdict: Verdict,
        choice: Option<Name>,
        /// Where a returned document goes, where that is not the arrow of its chain.
        to: Option<ReturnTo>,
        key: Option<Name>,
        says: Says,
    },
    Withdraw {
        who: Actor,
        key: Option<Name>,
        says: Says,
    },
    ReferUp {
        who: Actor,
        key: Option<Name>,
        says: Says,
    },
    /// Something else than an answer, done with the task of a position.
    OnTask {
        who: Actor,
        what: Beside,
        key: Option<Name>,
        says: Says,
    },
    /// Somebody wants to see a case.
    Look {
        who: Actor,
        key: Option<Name>,
    },
    /// Somebody reads a secret.
    Reveal {
        who: Actor,
        field: Name,
        key: Option<Name>,
    },
    /// The secrets of a case are erased.
    Erase {
        who: Actor,
        key: Option<Name>,
        says: Says,
    },
    Ask {
        who: Actor,
        entry: Name,
        key: Option<Name>,
        says: Says,
    },
    Answer {
        adapter: Name,
        verb: Name,
        key: Option<Name>,
        reply: Reply,
        repeat: Repeat,
    },
    Report {
        sender: Name,
        fact: Name,
        declared: bool,
        fields: Vec<Pair>,
        repeat: Repeat,
    },
    Wait(Until),
    Jump {
        key: Option<Name>,
        all: bool,
        jump: Jump,
    },
    Operate {
        act: Operation,
        key: Option<Name>,
        reason: Option<Name>,
    },
    /// An administrator puts the case elsewhere.
    Override {
        to: Name,
        key: Option<Name>,
        reason: Option<Name>,
    },
    Holders {
        position: Name,
        holders: Vec<Name>,
    },
    Abolish {
        position: Name,
    },
    Organise(Vec<countersign_core::command::OrgAct>),
    /// Changed rules hold from now on, or are refused with what is wrong with them.
    Apply(Result<Vec<Definition>, Vec<Refusal>>),
}

/// Why something was refused: a code, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Name,
    pub(crate) why: String,
}

/// What is done with a task beside answering it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Transfer(Name),
    Consult(Name),
    Add(Name, Place),
    Remove(Name),
    TakeBack,
    Claim,
    Release,
}

/// What goes with an answer of a person.
#[derive(Clone, Debug, Default)]
pub(crate) struct Says {
    pub(crate) reason: Option<Name>,
    pub(crate) fields: Vec<Pair>,
}

/// What an adapter answers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) word: Name,
    pub(crate) code: Option<Name>,
    pub(crate) fields: Vec<Pair>,
}

/// The id under which a message comes, and whether it comes twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeat {
    pub(crate) id: Option<Name>,
    pub(crate) twice: bool,
}

/// Until when nothing happens but what time brings.
#[derive(Clone, Debug)]
pub(crate) enum Until {
    Span(Span),
    Time(Timestamp),
}

/// The whole value of a key, for texts.
pub(crate) fn shown(tree: &Tree) -> String {
    use countersign_chain::tree::Shape;
    match &tree.shape {
        Shape::Scalar { text, .. } => text.clone(),
        Shape::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Shape::Map(pairs) => {
            let parts: Vec<String> =
                pairs.iter().map(|pair| format!("{}: {}", pair.key, shown(&pair.value))).collect();
            format!("{{ {} }}", parts.join(", "))
        }
        Shape::Bad => "?".to_owned(),
    }
}
