//! What goes over the wire: subjects, requests, replies and published events, all of them JSON in UTF-8.
//!
//! A back office in any language talks to the engine with a plain NATS client and the shapes of this crate;
//! [`schemas`] writes them down as JSON Schema. Nothing here decides anything: this crate checks *form* (sizes,
//! depth, names of fields, types, the look of a time or an amount) and the core checks *meaning*.
//!
//! | to | use |
//! |---|---|
//! | build or read a subject | [`Subject`], [`reply_allowed`] |
//! | read a request | [`decode_request`], [`Request`] |
//! | answer it | [`Reply`], the views ([`CaseView`], [`InboxView`] ...) |
//! | publish or read an event | [`CloudEvent`], [`MessageId`], [`headers`] |
//! | ask an adapter for work, answer, tell a fact | [`AdapterCommand`], [`AdapterAnswer`], [`AdapterFact`], [`DeadLetter`] |
//! | name a stream and what it holds | [`Flow`] |
//!
//! Money is a decimal string, never a JSON number; a number inside a document keeps its literal text.

mod adapter;
mod api;
mod decode;
mod error;
mod event;
pub mod headers;
mod limits;
mod money;
mod quantity;
mod reply;
mod scan;
mod schema;
mod subject;
mod text;
mod time;
mod token;
mod verb;
mod view;

pub use adapter::{
    AdapterAnswer, AdapterCommand, AdapterFact, AnswerWord, CommandId, DEAD_PAYLOAD_BYTES_MAX, DeadLetter,
    Flow, Outcome, RefusalCode, ReplyId, Undoes, adapter_consumer, decode_answer, decode_command,
    decode_dead_letter, decode_fact,
};
pub use api::{
    Accounts, AddApprover, Amend, Ask, Case, Claim, Consult, DECIDE_ALL_MAX, Decide, DecideAll, DecideItem,
    Delegate, Envelope, Explain, Fact, FactName, Handler, Inbox, Jump, Operate, Organisation,
    OrganisationAct, Organise, Place, Plan, Preview, ReferUp, ReferUpReason, Release, RemoveApprover,
    Request, Resubmit, ReturnTo, Reveal, Submit, TakeBack, Timeline, Transfer, Verdict, Who, Withdraw,
    decode_request,
};
pub use decode::decode;
pub use error::{Code, WireError};
pub use event::{
    BinaryMessage, CloudEvent, EventType, LogId, MessageId, Origin, OwnEvent, source_company, source_of,
};
pub use limits::Limits;
pub use money::{Currency, Decimal, Money};
pub use quantity::Quantity;
pub use reply::{Accepted, DecidedAll, DecidedItem, ErrorBody, FactAccepted, Reply, Revealed, WhoReply};
pub use schema::schemas;
pub use subject::{DEFAULT_REPLY_PREFIX, RESERVED_CHAINS, Subject, is_reserved_chain, reply_allowed};
pub use text::{ContentHash, Document, FormError, Name, Reason, RequestId, Title};
pub use time::Timestamp;
pub use token::Token;
pub use verb::Verb;
pub use view::{
    AccountView, AccountsView, ActingView, AlarmView, Answering, AskView, CaseView, ChildView, CommandAnswer,
    CommandView, DelegationView, Ended, Explanation, ExplanationLine, HandlerView, HeldAmount, HeldView,
    ImpactRow, ImpactView, InboxItem, InboxView, OpinionView, OrganisationView, Organised, OverrideView,
    PostView, PreviewStep, PreviewView, RouteStep, Signature, TimelineEntry, TimelineView, Waiting, WorkView,
};
