//! Requests: what other systems ask of the engine.

mod acts;
mod envelope;
mod on_task;
mod organisation;
mod queries;
mod request;
mod steer;
mod words;

pub use acts::{
    Amend, DECIDE_ALL_MAX, Decide, DecideAll, DecideItem, Fact, ReferUp, Resubmit, Submit, Withdraw,
};
pub use envelope::Envelope;
pub use on_task::{AddApprover, Claim, Consult, Place, Release, RemoveApprover, TakeBack, Transfer};
pub use organisation::{Delegate, Organisation, OrganisationAct, Organise, Plan};
pub use queries::{Accounts, Case, Explain, Handler, Inbox, Preview, Timeline, Who};
pub use request::{Request, decode_request};
pub use steer::{Ask, Jump, Operate, Reveal};
pub use words::{FactName, ReferUpReason, ReturnTo, Verdict};
