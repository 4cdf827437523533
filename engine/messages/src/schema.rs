//! JSON Schema of everything on the wire.

use crate::adapter::{AdapterAnswer, AdapterCommand, AdapterFact, DeadLetter};
use crate::api::{
    Accounts, AddApprover, Amend, Ask, Case, Claim, Consult, Decide, DecideAll, Explain, Fact, Handler,
    Inbox, Jump, Operate, Organisation, Organise, Plan, Preview, ReferUp, Release, RemoveApprover, Resubmit,
    Reveal, Submit, TakeBack, Timeline, Transfer, Who, Withdraw,
};
use crate::event::CloudEvent;
use crate::reply::{Accepted, DecidedAll, FactAccepted, Reply, Revealed, WhoReply};
use crate::view::{
    AccountsView, CaseView, Explanation, HandlerView, ImpactView, InboxView, OrganisationView, Organised,
    PreviewView, TimelineView,
};
use schemars::{JsonSchema, schema_for};
use serde_json::Value;

/// The JSON Schema (2020-12) of each request (`request.<verb>`), each reply (`reply.<verb>`) the envelope of
/// events (`event`) and the messages of adapters (`adapter.<kind>`), in that order. Every schema stands alone: what it
/// refers to is in its own `$defs`.
pub fn schemas() -> Vec<(&'static str, Value)> {
    [requests(), replies(), others()].concat()
}

fn requests() -> Vec<(&'static str, Value)> {
    vec![
        ("request.submit", schema::<Submit>()),
        ("request.resubmit", schema::<Resubmit>()),
        ("request.amend", schema::<Amend>()),
        ("request.decide", schema::<Decide>()),
        ("request.decide-all", schema::<DecideAll>()),
        ("request.withdraw", schema::<Withdraw>()),
        ("request.refer-up", schema::<ReferUp>()),
        ("request.transfer", schema::<Transfer>()),
        ("request.consult", schema::<Consult>()),
        ("request.add-approver", schema::<AddApprover>()),
        ("request.remove-approver", schema::<RemoveApprover>()),
        ("request.claim", schema::<Claim>()),
        ("request.release", schema::<Release>()),
        ("request.take-back", schema::<TakeBack>()),
        ("request.fact", schema::<Fact>()),
        ("request.request", schema::<Ask>()),
        ("request.hold", schema::<Operate>()),
        ("request.resume", schema::<Operate>()),
        ("request.retry", schema::<Operate>()),
        ("request.compensate", schema::<Operate>()),
        ("request.settle", schema::<Operate>()),
        ("request.jump", schema::<Jump>()),
        ("request.reveal", schema::<Reveal>()),
        ("request.erase", schema::<Operate>()),
        ("request.organise", schema::<Organise>()),
        ("request.inbox", schema::<Inbox>()),
        ("request.case", schema::<Case>()),
        ("request.timeline", schema::<Timeline>()),
        ("request.explain", schema::<Explain>()),
        ("request.preview", schema::<Preview>()),
        ("request.handler", schema::<Handler>()),
        ("request.accounts", schema::<Accounts>()),
        ("request.plan", schema::<Plan>()),
        ("request.organisation", schema::<Organisation>()),
        ("request.who", schema::<Who>()),
    ]
}

fn replies() -> Vec<(&'static str, Value)> {
    vec![
        ("reply.submit", schema::<Reply<Accepted>>()),
        ("reply.resubmit", schema::<Reply<Accepted>>()),
        ("reply.amend", schema::<Reply<Accepted>>()),
        ("reply.decide", schema::<Reply<Accepted>>()),
        ("reply.decide-all", schema::<Reply<DecidedAll>>()),
        ("reply.withdraw", schema::<Reply<Accepted>>()),
        ("reply.refer-up", schema::<Reply<Accepted>>()),
        ("reply.transfer", schema::<Reply<Accepted>>()),
        ("reply.consult", schema::<Reply<Accepted>>()),
        ("reply.add-approver", schema::<Reply<Accepted>>()),
        ("reply.remove-approver", schema::<Reply<Accepted>>()),
        ("reply.claim", schema::<Reply<Accepted>>()),
        ("reply.release", schema::<Reply<Accepted>>()),
        ("reply.take-back", schema::<Reply<Accepted>>()),
        ("reply.fact", schema::<Reply<FactAccepted>>()),
        ("reply.request", schema::<Reply<Accepted>>()),
        ("reply.hold", schema::<Reply<Accepted>>()),
        ("reply.resume", schema::<Reply<Accepted>>()),
        ("reply.retry", schema::<Reply<Accepted>>()),
        ("reply.compensate", schema::<Reply<Accepted>>()),
        ("reply.settle", schema::<Reply<Accepted>>()),
        ("reply.jump", schema::<Reply<Accepted>>()),
        ("reply.reveal", schema::<Reply<Revealed>>()),
        ("reply.erase", schema::<Reply<Accepted>>()),
        ("reply.organise", schema::<Reply<Organised>>()),
        ("reply.inbox", schema::<Reply<InboxView>>()),
        ("reply.case", schema::<Reply<CaseView>>()),
        ("reply.timeline", schema::<Reply<TimelineView>>()),
        ("reply.explain", schema::<Reply<Explanation>>()),
        ("reply.preview", schema::<Reply<PreviewView>>()),
        ("reply.handler", schema::<Reply<HandlerView>>()),
        ("reply.accounts", schema::<Reply<AccountsView>>()),
        ("reply.plan", schema::<Reply<ImpactView>>()),
        ("reply.organisation", schema::<Reply<OrganisationView>>()),
        ("reply.who", schema::<Reply<WhoReply>>()),
    ]
}

fn others() -> Vec<(&'static str, Value)> {
    vec![
        ("event", schema::<CloudEvent>()),
        ("adapter.command", schema::<AdapterCommand>()),
        ("adapter.answer", schema::<AdapterAnswer>()),
        ("adapter.fact", schema::<AdapterFact>()),
        ("adapter.dead-letter", schema::<DeadLetter>()),
    ]
}

fn schema<T: JsonSchema>() -> Value {
    let mut schema = schema_for!(T).to_value();
    join_lines(&mut schema);
    schema
}

/// Descriptions come from comments that are wrapped for an editor; a reader's screen has its own width.
fn join_lines(schema: &mut Value) {
    match schema {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| match value {
            Value::String(text) if name == "description" => *text = text.replace('\n', " "),
            _ => join_lines(value),
        }),
        Value::Array(items) => items.iter_mut().for_each(join_lines),
        _ => {}
    }
}
