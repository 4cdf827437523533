//! Requests: what other systems ask of the engine.

mod acts;
mod envelope;
mod queries;
mod request;
mod steer;
mod words;

pub use acts::{Decide, Fact, ReferUp, Resubmit, Submit, Withdraw};
pub use envelope::Envelope;
pub use queries::{Accounts, Case, Explain, Handler, Inbox, Preview, Timeline, Who};
pub use request::{Request, decode_request};
pub use steer::{Ask, Operate};
pub use words::{FactName, ReferUpReason, ReturnTo, Verdict};
