//! Over a real NATS server: nothing is lost and nothing is done twice, whatever dies in between.

use crate::support;
use crate::told::{count, seed, tell};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::support::nats::{Nats, messages, until};
use crate::support::{Depot, House, command, depot, setup, token};
use async_nats::jetstream::Context;
use countersign_adapter::http::Secret;
use countersign_adapter::sandbox::{Fault, Faults, Office, Setup};
use countersign_adapter::transport::nats::{Credentials, NatsSettings, connect};
use countersign_adapter::{Running, Schedule, Settings};
use countersign_messages::{Flow, Limits, Subject, decode_answer, decode_dead_letter};
use serde_json::json;

/// Real time: short pauses.
fn settings() -> Settings {
    Settings {
        retry: Schedule { first: Duration::from_millis(20), most: Duration::from_millis(100) },
        call_within: Duration::from_secs(2),
        news_every: Duration::from_millis(50),
        ..Settings::default()
    }
}

async fn start(nats: &Nats, house: &House, office: &Office<Depot>, settings: Settings) -> Running {
    let transport = connect(&nats.settings(), &token("demo"), &token("depot")).await;
    let transport = transport.unwrap_or_else(|error| panic!("{}: {error}", error.code));
    house.adapter(Arc::new(office.clone()), settings).await.start(transport)
}

async fn send(context: &Context, (subject, payload): (String, Vec<u8>)) {
    context.publish(subject, payload.into()).await.expect("sent").await.expect("kept");
}

fn store(id: &str) -> (String, Vec<u8>) {
    command(id, "item.store", json!({ "name": id }))
}

/// How often each answer of each command is in the stream: `C-1.a.1 done`.
async fn answers(context: &Context) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (subject, id, body) in messages(context, Flow::Answers).await {
        assert!(matches!(subject.parse(), Ok(Subject::Answer { .. })), "{subject}");
        let answer = decode_answer(&body, &Limits::default()).expect("an answer");
        assert_eq!(answer.reply_id.as_str(), id);
        *found.entry(format!("{} {}", answer.command_id, answer.answer)).or_default() += 1;
    }
    found
}

/// Commands that the server still holds back for the adapter, and those it has not handed out.
async fn pending(context: &Context) -> (usize, u64) {
    let stream = context.get_stream(Flow::Commands.stream(&token("demo"))).await.expect("a stream");
    let mut consumer: async_nats::jetstream::consumer::PullConsumer =
        stream.get_consumer("adapter-depot").await.expect("a consumer");
    let info = consumer.info().await.expect("its state");
    (info.num_ack_pending, info.num_pending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_are_done_answered_and_acknowledged() {
    let (nats, house, office) = (Nats::start(), House::new(), depot(setup(Faults::none())));
    let context = nats.with_streams().await;
    let running = start(&nats, &house, &office, settings()).await;
    for n in 1..=20 {
        send(&context, store(&format!("C-{n}.a.1"))).await;
    }
    // Sent again, as the engine does when no answer came in time.
    for n in 1..=20 {
        send(&context, store(&format!("C-{n}.a.1"))).await;
    }
    send(&context, ("countersign.demo.cmd.depot.item.store".into(), b"{ nonsense".to_vec())).await;
    let dead = until(&context, Flow::Dead, 1).await;
    let letter = decode_dead_letter(&dead[0].2, &Limits::default()).expect("a letter");
    assert_eq!((letter.code.as_str(), letter.payload.as_str()), ("MALFORMED", "{ nonsense"));
    until(&context, Flow::Answers, 20).await;
    assert!(running.stop(Duration::from_secs(5)).await);
    assert_eq!(pending(&context).await, (0, 0));
    let answers = answers(&context).await;
    assert_eq!((answers.len(), answers.values().max()), (20, Some(&1)), "repeats are dropped by their id");
    let sandbox = office.sandbox();
    assert_eq!((sandbox.counts()["item.store"], sandbox.done_twice()), (20, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_permissions_of_the_guide_are_enough() {
    let (nats, house, office) = (Nats::guarded(), House::new(), depot(setup(Faults::none())));
    let context = nats.with_streams().await;
    let password = Secret::new("pw");
    let guarded = NatsSettings {
        credentials: Credentials::UserPassword { user: "depot".into(), password },
        inbox_prefix: "_INBOX.depot".into(),
        ..nats.settings()
    };
    let nobody = connect(&nats.settings(), &token("demo"), &token("depot")).await.err().expect("refused");
    assert_eq!(nobody.code, "NATS_REFUSED");
    let transport = connect(&guarded, &token("demo"), &token("depot")).await;
    let transport = transport.unwrap_or_else(|error| panic!("{}: {error}", error.code));
    let running = house.adapter(Arc::new(office.clone()), settings()).await.start(transport);
    send(&context, store("C-1.a.1")).await;
    send(&context, ("countersign.demo.cmd.depot.item.store".into(), b"{ nonsense".to_vec())).await;
    let data = support::fields(json!({ "no": "IT-1" }));
    assert!(office.sandbox().tell("item.moved", "F-1", data, support::start_of_time()));
    for flow in [Flow::Answers, Flow::Dead, Flow::Facts] {
        until(&context, flow, 1).await;
    }
    assert!(running.stop(Duration::from_secs(5)).await);
    assert_eq!(pending(&context).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_dies_in_a_call_finds_out_what_became_of_it() {
    // It hangs in the call, dies, and comes back: what the back office offers decides what is answered.
    let rows = [(true, false, "done"), (false, true, "done"), (false, false, "unknown")];
    for (idempotent, looks_up, expected) in rows {
        let hangs = Faults::script([Fault::Slow(Duration::from_secs(3_600))]);
        let setup = Setup { idempotent, looks_up, ..setup(hangs) };
        let (nats, house, office) = (Nats::start(), House::new(), depot(setup));
        let context = nats.with_streams().await;
        let patient = Settings { call_within: Duration::from_secs(3_600), ..settings() };
        let running = start(&nats, &house, &office, patient).await;
        send(&context, store("C-1.a.1")).await;
        while office.sandbox().counts().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(running);
        let running = start(&nats, &house, &office, settings()).await;
        until(&context, Flow::Answers, 1).await;
        assert!(running.stop(Duration::from_secs(5)).await);
        let row = format!("idempotent {idempotent}, looks up {looks_up}");
        assert_eq!(answers(&context).await, [(format!("C-1.a.1 {expected}"), 1)].into(), "{row}");
        assert_eq!(office.sandbox().done_twice(), [], "{row}");
        assert_eq!(pending(&context).await, (0, 0), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adapter_that_dies_between_the_call_and_its_answer_answers_later_and_once() {
    let (mut nats, house, office) = (Nats::start(), House::new(), depot(setup(Faults::none())));
    let context = nats.with_streams().await;
    let running = start(&nats, &house, &office, settings()).await;
    // The way out is cut: the stream of answers is gone when the call ends.
    context.delete_stream(Flow::Answers.stream(&token("demo"))).await.expect("deleted");
    send(&context, store("C-1.a.1")).await;
    while running.metrics().publish_failures.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(running);
    nats.kill();
    nats.run();
    let context = nats.with_streams().await;
    let running = start(&nats, &house, &office, settings()).await;
    until(&context, Flow::Answers, 1).await;
    assert!(running.stop(Duration::from_secs(5)).await);
    assert_eq!(answers(&context).await, [("C-1.a.1 done".to_owned(), 1)].into());
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_takes_longer_than_the_servers_pause_is_not_handed_out_again() {
    let slow = Faults::script([Fault::Slow(Duration::from_millis(1_700))]);
    let (nats, house, office) = (Nats::start(), House::new(), depot(setup(slow)));
    let context = nats.with_streams().await;
    let running = start(&nats, &house, &office, settings()).await;
    send(&context, store("C-1.a.1")).await;
    until(&context, Flow::Answers, 1).await;
    let received = running.metrics().received.load(std::sync::atomic::Ordering::Relaxed);
    assert!(running.stop(Duration::from_secs(5)).await);
    assert_eq!((received, office.sandbox().counts()["item.store"]), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_ends_the_process_every_time_is_dead_lettered() {
    let hangs = Faults::always(Fault::Slow(Duration::from_secs(3_600)));
    // A look-up would find what became of it.
    let setup = Setup { looks_up: false, ..setup(hangs) };
    let (nats, house, office) = (Nats::start(), House::new(), depot(setup));
    let context = nats.with_streams().await;
    send(&context, store("C-1.a.1")).await;
    let stubborn = Settings { call_within: Duration::from_secs(3_600), deliveries_max: 2, ..settings() };
    for _ in 0..2 {
        let running = start(&nats, &house, &office, stubborn.clone()).await;
        while running.metrics().received.load(std::sync::atomic::Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(running);
    }
    let running = start(&nats, &house, &office, stubborn).await;
    let dead = until(&context, Flow::Dead, 1).await;
    let letter = decode_dead_letter(&dead[0].2, &Limits::default()).expect("a letter");
    assert_eq!((letter.code.as_str(), letter.deliveries), ("DELIVERIES_EXHAUSTED", 3));
    assert!(running.stop(Duration::from_secs(5)).await);
    assert_eq!(pending(&context).await, (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_restarts_loses_nothing() {
    let (mut nats, house, office) = (Nats::start(), House::new(), depot(setup(Faults::none())));
    let context = nats.with_streams().await;
    let running = start(&nats, &house, &office, settings()).await;
    for n in 1..=10 {
        send(&context, store(&format!("C-{n}.a.1"))).await;
    }
    nats.kill();
    nats.run();
    let context = nats.context().await;
    for n in 11..=20 {
        send(&context, store(&format!("C-{n}.a.1"))).await;
    }
    until(&context, Flow::Answers, 20).await;
    assert!(running.stop(Duration::from_secs(10)).await);
    assert_eq!(answers(&context).await.len(), 20);
    let sandbox = office.sandbox();
    assert_eq!((sandbox.counts()["item.store"], sandbox.done_twice()), (20, vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chaos_by_seed_does_everything_once() {
    let first = seed(1);
    let seeds = first..first + count(3, 30);
    for seed in seeds.clone() {
        let offers = Setup { idempotent: seed % 2 == 0, ..setup(Faults::seeded(seed, 40)) };
        let (nats, house, office) = (Nats::start(), House::new(), depot(offers));
        let context = nats.with_streams().await;
        for n in 1..=30 {
            send(&context, store(&format!("C-{}.a.{n}", n % 7))).await;
        }
        // Killed three times on the way.
        for kill in 0..3 {
            let running = start(&nats, &house, &office, settings()).await;
            tokio::time::sleep(Duration::from_millis(60 * (kill + 1))).await;
            drop(running);
        }
        let running = start(&nats, &house, &office, settings()).await;
        let mut all = BTreeMap::new();
        for _ in 0..1_000 {
            all = answers(&context).await;
            if all.len() >= 30 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(running.stop(Duration::from_secs(10)).await, "seed {seed}");
        let expected: BTreeMap<String, usize> =
            (1..=30).map(|n| (format!("C-{}.a.{n} done", n % 7), 1)).collect();
        assert_eq!(all, expected, "seed {seed}");
        let sandbox = office.sandbox();
        assert_eq!((sandbox.counts()["item.store"], sandbox.done_twice()), (30, vec![]), "seed {seed}");
    }
    let done = format!(
        "40% of calls with a fault, the adapter killed 3 times, 30 commands over NATS, seeds {first} to {}",
        seeds.end - 1
    );
    tell(8, &done, "answers by command id, the back office's own books", "all answered once, 0 done twice");
}

#[tokio::test]
async fn what_is_missing_is_said() {
    let nats = Nats::start();
    let (demo, depot) = (token("demo"), token("depot"));
    let missing = connect(&nats.settings(), &demo, &depot).await.err().expect("no streams yet");
    assert_eq!(missing.code, "STREAM_MISSING");
    assert!(
        missing.message.contains("COUNTERSIGN_demo_cmd") && missing.message.contains("countersign serve")
    );
    let nowhere = NatsSettings {
        connect_within: Duration::from_millis(300),
        ..NatsSettings::new("nats://127.0.0.1:9", Credentials::None)
    };
    let unreachable = connect(&nowhere, &demo, &depot).await.err().expect("nobody there");
    assert_eq!(unreachable.code, "NATS_UNREACHABLE");
    let shown = NatsSettings::new("nats://user:secret@127.0.0.1:9", Credentials::None);
    assert_eq!(connect(&shown, &demo, &depot).await.err().expect("refused").code, "NATS_URL");
    // Somebody has made the consumer otherwise.
    let context = nats.with_streams().await;
    let other = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("adapter-depot".into()),
        ack_policy: async_nats::jetstream::consumer::AckPolicy::None,
        ..Default::default()
    };
    let stream = context.get_stream(Flow::Commands.stream(&demo)).await.expect("a stream");
    stream.create_consumer(other).await.expect("a consumer");
    let differs = connect(&nats.settings(), &demo, &depot).await.err().expect("another consumer");
    assert_eq!(differs.code, "CONSUMER");
}
