//! Commands in the model's words.

use countersign_core::command::Verdict;
use countersign_core::name::Name;
use countersign_core::rejection::Code;
use countersign_core::time::Timestamp;

use super::route::Document;

/// A command, in the model's words.
#[derive(Clone, Debug)]
pub struct Order {
    pub at: Timestamp,
    pub system: Name,
    pub request_id: Name,
    pub sent_at: Timestamp,
    pub person: Name,
    pub position: Name,
    pub verb: Verb,
}

#[derive(Clone, Debug)]
pub enum Verb {
    Submit { chain: Name, document: Document, fault: Fault, addressee: Option<Name> },
    Resubmit { case: u64, document: Document, fault: Fault },
    Amend { case: u64, document: Document, fault: Fault, reason: bool },
    Decide(Decide),
    Withdraw { case: u64 },
    ReferUp { case: u64, task: u32, stale: bool, reason: &'static str },
    Fact { fact: &'static str, number: String },
}

#[derive(Clone, Debug)]
pub struct Decide {
    pub case: u64,
    pub task: u32,
    /// The version is another than the task's.
    pub stale: bool,
    /// The hash is another than the document's.
    pub other_content: bool,
    pub verdict: Verdict,
    pub reason: Option<&'static str>,
    pub document: Option<(Document, Fault)>,
}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    UnknownField,
    MissingField,
    WrongType,
    TooManyDigits,
    WrongComputed,
    OtherCurrency,
}

impl Order {
    pub fn fingerprint(&self) -> String {
        format!("{} {} {:?}", self.person, self.position, self.verb)
    }

    pub fn case(&self) -> Option<u64> {
        match &self.verb {
            Verb::Amend { case, .. } => Some(*case),
            Verb::Resubmit { case, .. } | Verb::Withdraw { case } | Verb::ReferUp { case, .. } => Some(*case),
            Verb::Decide(decide) => Some(decide.case),
            Verb::Submit { .. } | Verb::Fact { .. } => None,
        }
    }
}

impl Fault {
    pub fn code(self) -> Option<Code> {
        match self {
            Fault::None => None,
            Fault::UnknownField => Some(Code::FieldUnknown),
            Fault::MissingField => Some(Code::FieldMissing),
            Fault::WrongType => Some(Code::FieldType),
            Fault::TooManyDigits => Some(Code::AmountScale),
            Fault::WrongComputed => Some(Code::FieldComputed),
            Fault::OtherCurrency => Some(Code::CurrencyMismatch),
        }
    }
}
