//! The in-process bus: the messages that go over NATS, within one process.

use crate::support::nats::log_events;
use crate::support::{House, contract, submit};
use countersign_core::command::{Cause, VouchedBy};
use countersign_messages::{CloudEvent, Limits};
use countersign_server::Happened;
use serde_json::Value;

#[tokio::test]
async fn requests_are_those_of_whoever_has_the_files_and_events_are_those_of_the_log() {
    let house = House::found().await;
    let server = house.embedded().await;
    let mut events = server.bus().events();
    let before = log_events(server.engine()).len();
    let message = submit("H31", "rep_js1", contract("HT-1", 1)).to_string();
    // No system of systems.yaml: access to the files is enough, and is recorded.
    let reply = server.bus().request("a-script", "submit", message.as_bytes()).await;
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    assert_eq!(reply["ok"]["case"], "C-1", "{reply}");
    let log = server.engine().log().clone();
    let frame = log.read_frame(log.durable()).expect("a frame");
    let Cause::Request(request) = frame.cause else { panic!("a request") };
    assert_eq!(request.vouched_by, VouchedBy::Local);
    let expected = log_events(server.engine()).split_off(before);
    for place in expected {
        let Some(Happened::Event(event)) = events.next().await else { panic!("an event") };
        assert_eq!(format!("{}-{}", event.sequence, event.index), place);
        assert!(event.subject.starts_with("countersign.yuanlan.evt.contract-review."), "{}", event.subject);
        let cloud = CloudEvent::from_structured(&event.body, &Limits::default()).expect("an event");
        assert_eq!((cloud.id, cloud.subject.as_deref()), (event.id.clone(), Some("C-1")));
    }
    server.stop().await.expect("a clean stop");
    assert_eq!(events.next().await, None, "it ends with its server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_is_told_how_much_it_missed() {
    let house = House::found().await;
    let server = house.embedded().await;
    let mut events = server.bus().events();
    let before = log_events(server.engine()).len() as u64;
    let mut work = Vec::new();
    for n in 0..1_200 {
        let bus = server.bus().clone();
        let message = submit("H31", "rep_js1", contract(&format!("HT-{n}"), 1)).to_string();
        work.push(tokio::spawn(async move { bus.request("a-script", "submit", message.as_bytes()).await }));
    }
    for task in work {
        task.await.expect("an answer");
    }
    let all = log_events(server.engine()).len() as u64 - before;
    server.stop().await.expect("a clean stop");
    let Some(Happened::Missed(missed)) = events.next().await else { panic!("it missed some") };
    let mut received = 0;
    while let Some(Happened::Event(_)) = events.next().await {
        received += 1;
    }
    assert_eq!(missed + received, all);
}
