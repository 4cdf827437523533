//! What somebody answers in a blind step leaves the engine when the step closes, and not before.

use crate::support::nats::{Nats, Stream, TWO_USERS, all_published};
use crate::support::{House, Office, contract, request, submit, with};
use countersign_server::Happened;
use serde_json::{Value, json};

/// 340,000.00: reviewed by credit and legal, blind to each other.
const LARGE: u32 = 100;

#[tokio::test]
async fn blind_opinions_are_shown_to_nobody_before_they_are_open() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let mut events = server.bus().events();
    let case = crm.contract("HT-1", LARGE).await;
    let object = with(
        crm.answer("H19", "credit_controller", &case, "object").await,
        json!({ "reason": "SECRET-VIEW" }),
    );
    let reply = crm.granted("decide", &object).await;
    let ask = |sequence: &Value| with(request("H05", "legal"), json!({ "case": case, "at_least": sequence }));
    let all = async |sequence: &Value| {
        let case_view = crm.granted("case", &ask(sequence)).await;
        let timeline = crm.granted("timeline", &ask(sequence)).await;
        let plain = with(request("H05", "legal"), json!({ "case": case }));
        let explained = crm.granted("explain", &plain).await;
        let handler = crm.granted("handler", &plain).await;
        format!("{case_view}{timeline}{explained}{handler}")
    };
    let closed = all(&reply["sequence"]).await;
    assert!(!closed.contains("SECRET-VIEW") && !closed.contains("object"), "{closed}");
    assert!(closed.contains("task-decided"), "that somebody answered may be known: {closed}");
    let pass = crm.answer("H05", "legal", &case, "pass").await;
    let reply = crm.granted("decide", &pass).await;
    let open = all(&reply["sequence"]).await;
    assert!(open.contains("SECRET-VIEW"), "{open}");
    let mut told = Vec::new();
    while let Some(Happened::Event(event)) = events.next().await {
        let closes = event.subject.ends_with(".step-closed");
        told.push((closes, String::from_utf8_lossy(&event.body).into_owned()));
        if closes {
            break;
        }
    }
    let (last, before) = told.split_last().expect("the step closes");
    assert!(before.iter().all(|(_, body)| !body.contains("SECRET-VIEW")), "told before the step closed");
    assert!(last.0 && last.1.contains("SECRET-VIEW"), "told when it closed: {}", last.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opinion_of_a_blind_step_is_not_in_the_stream_before_the_step_closes() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let office = Office::of(&server, "crm");
    let handed_in = submit("H31", "rep_js1", contract("HT-1", LARGE));
    let case = office.granted("submit", &handed_in).await["ok"]["case"].clone();
    let case = case.as_str().expect("a case");
    let opinion = office.answer("H19", "credit_controller", case, "object").await;
    office.granted("decide", &with(opinion, json!({ "reason": "SECRET-VIEW" }))).await;
    all_published(&server).await;
    let stream = Stream::of(&nats).await;
    let told = stream.messages().await;
    assert!(told.iter().any(|(_, body)| body.contains("task-decided")), "that somebody answered is told");
    assert!(told.iter().all(|(_, body)| !body.contains("SECRET-VIEW") && !body.contains("\"object\"")));
    let pass = office.answer("H05", "legal", case, "pass").await;
    office.granted("decide", &pass).await;
    all_published(&server).await;
    let told = stream.messages().await;
    let opened = told.iter().filter(|(_, body)| body.contains("SECRET-VIEW")).collect::<Vec<_>>();
    assert_eq!(opened.len(), 1, "told once");
    assert!(opened[0].1.contains("step-closed"), "{opened:?}");
}
