//! What can be asked of the engine.

use crate::error::{Code, WireError};
use std::fmt;
use std::str::FromStr;

/// The last token of a request's subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Hand in a document: a case begins.
    Submit,
    /// Hand in a returned document again.
    Resubmit,
    /// Hand in another revision of a document under way.
    Amend,
    /// Answer a task: approve, return, reject ...
    Decide,
    /// Answer several tasks alike.
    DecideAll,
    /// Take the whole case back.
    Withdraw,
    /// Hand a task to the superior for a conflict of interest.
    ReferUp,
    /// Hand a task to another post, which answers it with an authority of its own.
    Transfer,
    /// Ask another post for an opinion; the task stays where it is.
    Consult,
    /// Have another post review it too.
    AddApprover,
    /// Take back an approver whom one has added.
    RemoveApprover,
    /// Take on a task that several may answer.
    Claim,
    /// Give a claimed task back.
    Release,
    /// Take an own decision back.
    TakeBack,
    /// Tell a fact that a case may be waiting for.
    Fact,
    /// Ask a case for something that its chain offers at any time.
    Request,
    /// Put a case on hold.
    Hold,
    /// Let a held case go on.
    Resume,
    /// Send the commands of a held case again.
    Retry,
    /// Undo what a held case did.
    Compensate,
    /// Say that what a held case could not undo was settled outside.
    Settle,
    /// Put a case elsewhere, past what its chain says.
    Jump,
    /// Read a secret of a case.
    Reveal,
    /// Erase the secrets of a case.
    Erase,
    /// Change who holds what.
    Organise,
    /// Ask for the open tasks of a post.
    Inbox,
    /// Ask for one case.
    Case,
    /// Ask for what happened to a case.
    Timeline,
    /// Ask why a task or signature is whose it is, or why it is not somebody's.
    Explain,
    /// Ask who would have to sign a document.
    Preview,
    /// Ask who has a case now.
    Handler,
    /// Ask how accounts stand.
    Accounts,
    /// Ask what acts on the organisation would do to open work.
    Plan,
    /// Ask who holds what.
    Organisation,
    /// Ask which company, log and version answers here.
    Who,
}

impl Verb {
    /// Every verb, in the order of the documentation.
    pub const ALL: [Verb; 35] = [
        Verb::Submit,
        Verb::Resubmit,
        Verb::Amend,
        Verb::Decide,
        Verb::DecideAll,
        Verb::Withdraw,
        Verb::ReferUp,
        Verb::Transfer,
        Verb::Consult,
        Verb::AddApprover,
        Verb::RemoveApprover,
        Verb::Claim,
        Verb::Release,
        Verb::TakeBack,
        Verb::Fact,
        Verb::Request,
        Verb::Hold,
        Verb::Resume,
        Verb::Retry,
        Verb::Compensate,
        Verb::Settle,
        Verb::Jump,
        Verb::Reveal,
        Verb::Erase,
        Verb::Organise,
        Verb::Inbox,
        Verb::Case,
        Verb::Timeline,
        Verb::Explain,
        Verb::Preview,
        Verb::Handler,
        Verb::Accounts,
        Verb::Plan,
        Verb::Organisation,
        Verb::Who,
    ];

    /// The token in the subject.
    pub fn as_token(self) -> &'static str {
        match self {
            Verb::Submit => "submit",
            Verb::Resubmit => "resubmit",
            Verb::Amend => "amend",
            Verb::Decide => "decide",
            Verb::DecideAll => "decide-all",
            Verb::Withdraw => "withdraw",
            Verb::ReferUp => "refer-up",
            Verb::Transfer => "transfer",
            Verb::Consult => "consult",
            Verb::AddApprover => "add-approver",
            Verb::RemoveApprover => "remove-approver",
            Verb::Claim => "claim",
            Verb::Release => "release",
            Verb::TakeBack => "take-back",
            Verb::Fact => "fact",
            Verb::Request => "request",
            Verb::Hold => "hold",
            Verb::Resume => "resume",
            Verb::Retry => "retry",
            Verb::Compensate => "compensate",
            Verb::Settle => "settle",
            Verb::Jump => "jump",
            Verb::Reveal => "reveal",
            Verb::Erase => "erase",
            Verb::Organise => "organise",
            Verb::Inbox => "inbox",
            Verb::Case => "case",
            Verb::Timeline => "timeline",
            Verb::Explain => "explain",
            Verb::Preview => "preview",
            Verb::Handler => "handler",
            Verb::Accounts => "accounts",
            Verb::Plan => "plan",
            Verb::Organisation => "organisation",
            Verb::Who => "who",
        }
    }

    /// Whether it only asks: nothing is recorded, and nothing happens twice if it is sent twice.
    pub fn is_query(self) -> bool {
        match self {
            Verb::Submit
            | Verb::Resubmit
            | Verb::Amend
            | Verb::Decide
            | Verb::Withdraw
            | Verb::ReferUp
            | Verb::Transfer
            | Verb::Consult
            | Verb::AddApprover
            | Verb::RemoveApprover
            | Verb::Claim
            | Verb::Release
            | Verb::TakeBack
            | Verb::Fact
            | Verb::Request
            | Verb::Hold
            | Verb::Resume
            | Verb::Retry
            | Verb::Compensate
            | Verb::Settle
            | Verb::Jump
            | Verb::Reveal
            | Verb::Erase
            | Verb::DecideAll
            | Verb::Organise => false,
            Verb::Inbox
            | Verb::Case
            | Verb::Timeline
            | Verb::Explain
            | Verb::Preview
            | Verb::Handler
            | Verb::Accounts
            | Verb::Plan
            | Verb::Organisation
            | Verb::Who => true,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_token())
    }
}

impl FromStr for Verb {
    type Err = WireError;

    fn from_str(token: &str) -> Result<Self, WireError> {
        Verb::ALL.into_iter().find(|verb| verb.as_token() == token).ok_or_else(|| {
            let known = Verb::ALL.map(Verb::as_token).join(", ");
            WireError::new(Code::UnknownVerb, format!("expected one of {known}"))
        })
    }
}
