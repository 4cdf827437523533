//! Any request, and the one function that reads it.

use super::acts::{Amend, Decide, DecideAll, Fact, ReferUp, Resubmit, Submit, Withdraw};
use super::envelope::Envelope;
use super::on_task::{AddApprover, Claim, Consult, Release, RemoveApprover, TakeBack, Transfer};
use super::organisation::{Organisation, Organise, Plan};
use super::queries::{Accounts, Case, Explain, Handler, Inbox, Preview, Timeline, Who};
use super::steer::{Ask, Jump, Operate, Reveal};
use crate::decode::typed;
use crate::error::WireError;
use crate::limits::Limits;
use crate::scan::scan;
use crate::verb::Verb;
use serde::Serialize;

/// The free objects inside requests, which have a limit of their own.
const DOCUMENTS: [&str; 4] = ["document", "fields", "data", "with"];

/// A request whose form has been checked. It is written without a tag: the verb stands in the subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Request {
    /// Hand in a document.
    Submit(Submit),
    /// Hand in a returned document again.
    Resubmit(Resubmit),
    /// Hand in another revision of a document under way.
    Amend(Amend),
    /// Answer a task.
    Decide(Decide),
    /// Answer several tasks alike.
    DecideAll(DecideAll),
    /// Take a case back.
    Withdraw(Withdraw),
    /// Hand a task to the superior.
    ReferUp(ReferUp),
    /// Hand a task over.
    Transfer(Transfer),
    /// Ask another post for an opinion; the task stays where it is.
    Consult(Consult),
    /// Have another post review it too.
    AddApprover(AddApprover),
    /// Take back an approver whom one has added.
    RemoveApprover(RemoveApprover),
    /// Take on a task that several may answer.
    Claim(Claim),
    /// Give a claimed task back.
    Release(Release),
    /// Take an own decision back.
    TakeBack(TakeBack),
    /// Tell a fact.
    Fact(Fact),
    /// Ask a case for something at any time.
    Ask(Ask),
    /// Put a case on hold.
    Hold(Operate),
    /// Let a held case go on.
    Resume(Operate),
    /// Send the commands of a held case again.
    Retry(Operate),
    /// Undo what a held case did.
    Compensate(Operate),
    /// Say that something was settled outside.
    Settle(Operate),
    /// Put a case elsewhere.
    Jump(Jump),
    /// Read a secret.
    Reveal(Reveal),
    /// Erase the secrets of a case.
    Erase(Operate),
    /// Change who holds what.
    Organise(Organise),
    /// Open tasks.
    Inbox(Inbox),
    /// One case.
    Case(Case),
    /// What happened.
    Timeline(Timeline),
    /// Why.
    Explain(Explain),
    /// Who would sign.
    Preview(Preview),
    /// Who has it.
    Handler(Handler),
    /// How accounts stand.
    Accounts(Accounts),
    /// What acts would do.
    Plan(Plan),
    /// Who holds what.
    Organisation(Organisation),
    /// Who answers.
    Who(Who),
}

impl Request {
    /// The verb of the subject it belongs under.
    pub fn verb(&self) -> Verb {
        match self {
            Request::Submit(_) => Verb::Submit,
            Request::Resubmit(_) => Verb::Resubmit,
            Request::Amend(_) => Verb::Amend,
            Request::Decide(_) => Verb::Decide,
            Request::Withdraw(_) => Verb::Withdraw,
            Request::ReferUp(_) => Verb::ReferUp,
            Request::Transfer(_) => Verb::Transfer,
            Request::Consult(_) => Verb::Consult,
            Request::AddApprover(_) => Verb::AddApprover,
            Request::RemoveApprover(_) => Verb::RemoveApprover,
            Request::Claim(_) => Verb::Claim,
            Request::Release(_) => Verb::Release,
            Request::TakeBack(_) => Verb::TakeBack,
            Request::Jump(_) => Verb::Jump,
            Request::Reveal(_) => Verb::Reveal,
            Request::Erase(_) => Verb::Erase,
            Request::DecideAll(_) => Verb::DecideAll,
            Request::Fact(_) => Verb::Fact,
            Request::Ask(_) => Verb::Request,
            Request::Hold(_) => Verb::Hold,
            Request::Resume(_) => Verb::Resume,
            Request::Retry(_) => Verb::Retry,
            Request::Compensate(_) => Verb::Compensate,
            Request::Settle(_) => Verb::Settle,
            Request::Organise(_) => Verb::Organise,
            Request::Inbox(_) => Verb::Inbox,
            Request::Case(_) => Verb::Case,
            Request::Timeline(_) => Verb::Timeline,
            Request::Explain(_) => Verb::Explain,
            Request::Preview(_) => Verb::Preview,
            Request::Handler(_) => Verb::Handler,
            Request::Accounts(_) => Verb::Accounts,
            Request::Plan(_) => Verb::Plan,
            Request::Organisation(_) => Verb::Organisation,
            Request::Who(_) => Verb::Who,
        }
    }

    /// The fields that every request has.
    pub fn envelope(&self) -> Envelope<'_> {
        match self {
            Request::Submit(request) => request.envelope(),
            Request::Resubmit(request) => request.envelope(),
            Request::Amend(request) => request.envelope(),
            Request::Decide(request) => request.envelope(),
            Request::Withdraw(request) => request.envelope(),
            Request::ReferUp(request) => request.envelope(),
            Request::Transfer(request) => request.envelope(),
            Request::Consult(request) => request.envelope(),
            Request::AddApprover(request) => request.envelope(),
            Request::RemoveApprover(request) => request.envelope(),
            Request::Claim(request) => request.envelope(),
            Request::Release(request) => request.envelope(),
            Request::TakeBack(request) => request.envelope(),
            Request::Jump(request) => request.envelope(),
            Request::Reveal(request) => request.envelope(),
            Request::DecideAll(request) => request.envelope(),
            Request::Fact(request) => request.envelope(),
            Request::Ask(request) => request.envelope(),
            Request::Hold(request)
            | Request::Resume(request)
            | Request::Retry(request)
            | Request::Compensate(request)
            | Request::Settle(request)
            | Request::Erase(request) => request.envelope(),
            Request::Organise(request) => request.envelope(),
            Request::Inbox(request) => request.envelope(),
            Request::Case(request) => request.envelope(),
            Request::Timeline(request) => request.envelope(),
            Request::Explain(request) => request.envelope(),
            Request::Preview(request) => request.envelope(),
            Request::Handler(request) => request.envelope(),
            Request::Accounts(request) => request.envelope(),
            Request::Plan(request) => request.envelope(),
            Request::Organisation(request) => request.envelope(),
            Request::Who(request) => request.envelope(),
        }
    }

    /// The request in one canonical spelling: fields in the order of the type, a document's in the order of their
    /// names, no white space. Two messages that say the same have the same bytes here, so this is what a request's
    /// fingerprint is made from.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a request is made of texts, numbers and objects with text keys")
    }

    fn check(&self) -> Result<(), WireError> {
        match self {
            Request::Decide(request) => request.check(),
            Request::DecideAll(request) => request.check(),
            Request::Explain(request) => request.check(),
            Request::Accounts(request) => request.check(),
            _ => Ok(()),
        }
    }
}

/// Reads a request. The limits hold before anything is built; then names and types of fields, then what one field
/// demands of another. Never panics, and its time is bounded by the size of the message.
///
/// Errors, in this order: `UNKNOWN_VERB`; `TOO_LARGE`, `MALFORMED`, `TOO_DEEP`, `DUPLICATE_FIELD` and `BAD_VALUE`
/// (a reserved name) as the text is passed over; `UNKNOWN_FIELD`, `WRONG_TYPE`, `BAD_VALUE` and `MALFORMED` as the
/// fields are read; `MISSING_FIELD` at the end of an object.
pub fn decode_request(verb: &str, bytes: &[u8], limits: &Limits) -> Result<Request, WireError> {
    let verb: Verb = verb.parse()?;
    let text = scan(bytes, &DOCUMENTS, limits)?;
    let request = match verb {
        Verb::Submit => Request::Submit(typed(text)?),
        Verb::Resubmit => Request::Resubmit(typed(text)?),
        Verb::Amend => Request::Amend(typed(text)?),
        Verb::Decide => Request::Decide(typed(text)?),
        Verb::Withdraw => Request::Withdraw(typed(text)?),
        Verb::ReferUp => Request::ReferUp(typed(text)?),
        Verb::Transfer => Request::Transfer(typed(text)?),
        Verb::Consult => Request::Consult(typed(text)?),
        Verb::AddApprover => Request::AddApprover(typed(text)?),
        Verb::RemoveApprover => Request::RemoveApprover(typed(text)?),
        Verb::Claim => Request::Claim(typed(text)?),
        Verb::Release => Request::Release(typed(text)?),
        Verb::TakeBack => Request::TakeBack(typed(text)?),
        Verb::Jump => Request::Jump(typed(text)?),
        Verb::Reveal => Request::Reveal(typed(text)?),
        Verb::Erase => Request::Erase(typed(text)?),
        Verb::DecideAll => Request::DecideAll(typed(text)?),
        Verb::Fact => Request::Fact(typed(text)?),
        Verb::Request => Request::Ask(typed(text)?),
        Verb::Hold => Request::Hold(typed(text)?),
        Verb::Resume => Request::Resume(typed(text)?),
        Verb::Retry => Request::Retry(typed(text)?),
        Verb::Compensate => Request::Compensate(typed(text)?),
        Verb::Settle => Request::Settle(typed(text)?),
        Verb::Organise => Request::Organise(typed(text)?),
        Verb::Inbox => Request::Inbox(typed(text)?),
        Verb::Case => Request::Case(typed(text)?),
        Verb::Timeline => Request::Timeline(typed(text)?),
        Verb::Explain => Request::Explain(typed(text)?),
        Verb::Preview => Request::Preview(typed(text)?),
        Verb::Handler => Request::Handler(typed(text)?),
        Verb::Accounts => Request::Accounts(typed(text)?),
        Verb::Plan => Request::Plan(typed(text)?),
        Verb::Organisation => Request::Organisation(typed(text)?),
        Verb::Who => Request::Who(typed(text)?),
    };
    request.check()?;
    Ok(request)
}
