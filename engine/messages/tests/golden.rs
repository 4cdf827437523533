//! One of each message, as a file: the shapes that other systems have seen do not change under them.

use crate::common::{golden, read};
use countersign_messages::{
    Accepted, AccountsView, CaseView, CloudEvent, DecidedAll, Explanation, FactAccepted, HandlerView,
    ImpactView, InboxView, Limits, OrganisationView, Organised, PreviewView, Reply, Revealed, TimelineView,
    Verb, WhoReply, decode, schemas,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("written") + "\n"
}

fn round_trip<T: Serialize + DeserializeOwned>(name: &str) {
    let text = golden(name);
    let reply: Reply<T> =
        decode(text.as_bytes(), &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(pretty(&reply), text, "{name}");
}

#[test]
fn requests_are_written_as_they_were_read() {
    for verb in Verb::ALL {
        let text = golden(&format!("request.{verb}"));
        let request = read(verb, &text).unwrap_or_else(|error| panic!("{verb}: {error}"));
        assert_eq!(pretty(&request), text, "{verb}");
        let canonical: Value = serde_json::from_slice(&request.to_json()).expect("JSON");
        assert_eq!(canonical, serde_json::from_str::<Value>(&text).expect("JSON"), "{verb}");
    }
}

#[test]
fn replies_are_written_as_they_were_read() {
    for verb in [
        "submit",
        "resubmit",
        "amend",
        "decide",
        "withdraw",
        "refer-up",
        "transfer",
        "consult",
        "add-approver",
        "remove-approver",
        "claim",
        "release",
        "take-back",
        "jump",
        "erase",
        "request",
        "hold",
        "resume",
        "retry",
        "compensate",
        "settle",
        "error",
    ] {
        round_trip::<Accepted>(&format!("reply.{verb}"));
    }
    round_trip::<DecidedAll>("reply.decide-all");
    round_trip::<FactAccepted>("reply.fact");
    round_trip::<InboxView>("reply.inbox");
    round_trip::<CaseView>("reply.case");
    round_trip::<TimelineView>("reply.timeline");
    round_trip::<Explanation>("reply.explain");
    round_trip::<PreviewView>("reply.preview");
    round_trip::<HandlerView>("reply.handler");
    round_trip::<AccountsView>("reply.accounts");
    round_trip::<Revealed>("reply.reveal");
    round_trip::<Organised>("reply.organise");
    round_trip::<ImpactView>("reply.plan");
    round_trip::<OrganisationView>("reply.organisation");
    round_trip::<WhoReply>("reply.who");
}

#[test]
fn events_are_written_as_they_were_read() {
    let text = golden("event");
    let event = CloudEvent::from_structured(text.as_bytes(), &Limits::default()).expect("read");
    assert_eq!(pretty(&event), text);
}

#[test]
fn every_schema_has_its_golden_message() {
    for (name, _) in schemas() {
        assert!(!golden(name).is_empty(), "{name}");
    }
}

#[test]
fn a_reader_of_replies_ignores_fields_it_does_not_know() {
    let text = golden("reply.who").replacen("\"company\"", "\"later\": [1],\n    \"company\"", 1);
    assert!(decode::<Reply<WhoReply>>(text.as_bytes(), &Limits::default()).is_ok());
}
