//! An adapter at work, within the process and in virtual time: what is done once, what is tried again, what is given up.

use crate::support;

use std::sync::Arc;
use std::time::Duration;

use crate::support::{House, command, depot, fields, settings, setup, told};
use crate::told::tell;
use countersign_adapter::sandbox::{Fault, Faults, Setup};
use countersign_adapter::transport::in_process::pair;
use countersign_messages::CommandId;
use serde_json::json;

fn store(id: &str, name: &str) -> (String, Vec<u8>) {
    command(id, "item.store", json!({ "name": name }))
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_end_and_the_work_is_never_done_twice() {
    const IDEMPOTENT: u8 = 1;
    const LOOKS_UP: u8 = 2;
    let slow = Fault::Slow(Duration::from_secs(5));
    let too_slow = Fault::Slow(Duration::from_secs(50));
    let late = Fault::Late(Duration::from_secs(20));
    // The faults of the calls, what the back office offers, what is answered, how often the work was done.
    let rows: &[(&[Fault], u8, &str, u32)] = &[
        (&[], 0, "done IT-1", 1),
        (&[Fault::Down], 0, "done IT-1", 1),
        (&[Fault::Down, Fault::Down, Fault::Down, Fault::Down], 0, "done IT-1", 1),
        (&[slow], 0, "done IT-1", 1),
        (&[too_slow], LOOKS_UP, "done IT-1", 1),
        (&[too_slow], IDEMPOTENT, "done IT-1", 1),
        (&[too_slow], 0, "unknown", 1),
        (&[Fault::Lost], LOOKS_UP, "done IT-1", 1),
        (&[Fault::Lost], IDEMPOTENT, "done IT-1", 1),
        (&[Fault::Lost], 0, "unknown", 1),
        (&[Fault::Garbage], LOOKS_UP, "done IT-1", 1),
        (&[Fault::Garbage, Fault::Garbage], IDEMPOTENT, "done IT-1", 1),
        (&[Fault::Garbage], 0, "unknown", 1),
        (&[late], LOOKS_UP, "done IT-1", 1),
        (&[late], IDEMPOTENT, "done IT-1", 1),
        (&[Fault::Lost, Fault::Down, Fault::Down], IDEMPOTENT, "done IT-1", 1),
        (&[Fault::Down, Fault::Lost], LOOKS_UP, "done IT-1", 1),
    ];
    for (faults, offers, expected, times) in rows {
        let setup = Setup {
            idempotent: offers & IDEMPOTENT > 0,
            looks_up: offers & LOOKS_UP > 0,
            ..setup(Faults::script(faults.iter().copied()))
        };
        let (house, office) = (House::new(), depot(setup));
        let mut harness = house.start(Arc::new(office.clone()), settings()).await;
        harness.send(store("C-1.storing.1", "a")).await;
        let row = format!("{faults:?} {offers}");
        assert_eq!(told(&harness.answer().await), *expected, "{row}");
        let sandbox = office.sandbox();
        assert_eq!(sandbox.times(&CommandId::new("C-1.storing.1").expect("an id")), *times, "{row}");
        assert_eq!(sandbox.done_twice(), [], "{row}");
    }
    tell(
        8,
        &format!("down, slow, late, lost, garbage: {} sequences of faults, in virtual time", rows.len()),
        "what is answered, and how often the back office did the work",
        "each has its end, 0 done twice",
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_command_gets_the_same_answer_under_the_same_id() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        harness.send(store("C-1.storing.1", "a")).await;
        answers.push(harness.answer().await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    // Also after the process was started again.
    drop(harness);
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    assert_eq!(harness.answer().await, answers[0]);
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_given_twice_has_one_id_and_a_contradiction_another() {
    let (house, office) = (House::new(), depot(setup(Faults::script([Fault::Twice, Fault::Conflict]))));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    let (first, second) = (harness.answer().await, harness.answer().await);
    assert_eq!(first, second);
    harness.send(store("C-2.storing.1", "b")).await;
    let (first, second) = (harness.answer().await, harness.answer().await);
    assert_eq!((told(&first), told(&second)), ("done IT-2".into(), "done IT-2-OTHER".into()));
    assert_eq!(first.command_id, second.command_id);
    assert_ne!(first.reply_id, second.reply_id);
    tell(
        8,
        "an answer given twice, and two that contradict one another",
        "ids of the answers",
        "one id for the same, two for a contradiction",
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_and_is_not_tried_again() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "too much")).await;
    let answer = harness.answer().await;
    assert_eq!(told(&answer), "refused FULL");
    assert_eq!(answer.message.expect("a sentence").as_str(), "there is no room");
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn later_answers_and_facts_come_as_news_once() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(command("C-1.building.1", "item.build", json!({}))).await;
    harness.send(store("C-2.storing.1", "a")).await;
    let mut said = Vec::new();
    for _ in 0..5 {
        let published = harness.next().await;
        said.push(match published.subject.contains(".in.") {
            true => format!("{} {}", published.subject, published.id),
            false => told(&support::read_answer(&published)),
        });
    }
    said.sort();
    let fact = "countersign.demo.in.depot.item.moved depot:C-2.storing.1.item.moved";
    assert_eq!(said, ["accepted B-1", fact, "done 3", "done IT-1", "progress 50%"]);
    // Killed and started again: if that was before the cursor was kept, the fact comes again, under the id it had.
    drop(harness);
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(command("C-1.building.1", "item.build", json!({}))).await;
    let mut again = Vec::new();
    while again.len() < 3 {
        let published = harness.next().await;
        match published.subject.contains(".in.") {
            true => assert_eq!(format!("{} {}", published.subject, published.id), fact),
            false => again.push(told(&support::read_answer(&published))),
        }
    }
    assert_eq!(again, ["accepted B-1", "progress 50%", "done 3"]);
    assert_eq!(office.sandbox().counts()["item.build"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_processed_is_a_dead_letter_with_the_reason() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    let good = store("C-1.storing.1", "a");
    let text = String::from_utf8(good.1.clone()).expect("text");
    let without = |field: &str| text.replacen(&format!("\"{field}\""), "\"surplus\"", 1).into_bytes();
    let other_company = good.0.replace("demo", "other");
    let rows = [
        (good.0.clone(), b"\xff\x00 nonsense".to_vec(), "MALFORMED", None),
        (good.0.clone(), b"{\"command_id\": ".to_vec(), "MALFORMED", Some("command_id")),
        (good.0.clone(), without("deadline"), "UNKNOWN_FIELD", Some("surplus")),
        (
            good.0.clone(),
            text.replace("C-1.storing.1", "C-1.storing.0").into_bytes(),
            "BAD_VALUE",
            Some("command_id"),
        ),
        ("countersign.demo.cmd.depot.item.burn".into(), good.1.clone(), "UNKNOWN_VERB", None),
        ("countersign.demo.cmd.erp.item.store".into(), good.1.clone(), "BAD_SUBJECT", None),
        (other_company, good.1.clone(), "BAD_SUBJECT", None),
        ("countersign.demo.in.depot.item.store".into(), good.1.clone(), "BAD_SUBJECT", None),
    ];
    for (subject, payload, code, field) in rows {
        harness.send((subject.clone(), payload.clone())).await;
        let letter = harness.dead().await;
        assert_eq!((letter.code.as_str(), letter.field.as_deref()), (code, field), "{letter:?}");
        assert_eq!((letter.subject, letter.payload_bytes), (subject, payload.len() as u64));
        assert_eq!(letter.payload, String::from_utf8_lossy(&payload));
    }
    assert!(office.sandbox().counts().is_empty());
    harness.send(good).await;
    assert_eq!(told(&harness.answer().await), "done IT-1", "the adapter goes on");
    tell(
        8,
        "nonsense to an adapter",
        "a dead letter with code and place; the adapter goes on",
        "as expected",
    );
}

#[tokio::test(start_paused = true)]
async fn another_command_under_a_known_id_is_a_dead_letter() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    harness.answer().await;
    harness.send(store("C-1.storing.1", "b")).await;
    assert_eq!(harness.dead().await.code.as_str(), "COMMAND_CHANGED");
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_not_begun_before_its_deadline_is_not_begun() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    let answered = harness.answer().await;
    tokio::time::advance(Duration::from_secs(2 * 86_400)).await;
    harness.next().await;
    harness.send(store("C-2.storing.1", "b")).await;
    assert_eq!(harness.dead().await.code.as_str(), "DEADLINE_PASSED");
    harness.send(store("C-1.storing.1", "a")).await;
    assert_eq!(harness.answer().await, answered, "what was begun in time is still answered");
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_back_office_that_stays_down_is_given_up_after_the_last_try() {
    let (house, office) = (House::new(), depot(setup(Faults::always(Fault::Down))));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    let letter = harness.dead().await;
    assert_eq!(letter.code.as_str(), "TRIES_EXHAUSTED");
    assert!(letter.message.as_str().contains("tried 6 times"), "{}", letter.message);
    let health = harness.running.health();
    assert!(!health.ready && health.consecutive_failures >= 3, "{health:?}");
    // Certainly nothing was done: sent again, it is done.
    office.sandbox().set_faults(Faults::none());
    harness.send(store("C-1.storing.1", "a")).await;
    assert_eq!(told(&harness.answer().await), "done IT-1");
    assert!(harness.running.health().ready);
    assert!(
        harness
            .running
            .exposition()
            .contains("countersign_adapter_dead_letters_total{adapter=\"depot\"} 1\n")
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_is_looked_up_again_when_the_command_is_sent_again() {
    let silent = Setup { idempotent: false, looks_up: false, ..setup(Faults::script([Fault::Lost])) };
    let (house, office) = (House::new(), depot(silent));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    let first = harness.answer().await;
    harness.send(store("C-1.storing.1", "a")).await;
    assert_eq!(harness.answer().await, first, "the same unknown under the same id");
    drop(harness);
    // The system learnt to be asked.
    let asked = depot(setup(Faults::none()));
    let work = countersign_adapter::Work::read(
        &store("C-1.storing.1", "a").0,
        &store("C-1.storing.1", "a").1,
        &countersign_messages::Limits::default(),
    );
    asked.sandbox().answer(&work.expect("a command"), support::start_of_time());
    let mut harness = house.start(Arc::new(asked.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    assert_eq!(told(&harness.answer().await), "done IT-1");
    assert_eq!(asked.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn commands_of_one_case_keep_their_order_and_others_do_not_wait() {
    let slow = Fault::Slow(Duration::from_secs(5));
    let (house, office) = (House::new(), depot(setup(Faults::script([slow, Fault::None, Fault::None]))));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.a.1", "C-1.a.1")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    for id in ["C-1.b.1", "C-1.c.1", "C-2.a.1"] {
        harness.send(store(id, id)).await;
    }
    let mut answered = Vec::new();
    for _ in 0..4 {
        answered.push(harness.answer().await.command_id.to_string());
    }
    assert_eq!(answered, ["C-2.a.1", "C-1.a.1", "C-1.b.1", "C-1.c.1"]);
    let of_case: Vec<String> =
        office.sandbox().rules().order.iter().filter(|id| id.starts_with("C-1")).cloned().collect();
    assert_eq!(of_case, ["C-1.a.1", "C-1.b.1", "C-1.c.1"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_published_and_not_kept_is_published_again() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let mut harness = house.start(Arc::new(office.clone()), settings()).await;
    harness.send(store("C-1.storing.1", "a")).await;
    let lost = harness.bus.publications.recv().await.expect("published");
    let id = lost.message.id.clone();
    drop(lost);
    assert_eq!(harness.next().await.id, id);
    assert_eq!(office.sandbox().counts()["item.store"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_calls_end_and_gives_back_what_has_not_begun() {
    let slow = Fault::Slow(Duration::from_secs(5));
    let (house, office) = (House::new(), depot(setup(Faults::script([slow]))));
    let (transport, mut bus) = pair(8);
    let running = house.adapter(Arc::new(office.clone()), settings()).await.start(transport);
    for id in ["C-1.a.1", "C-1.b.1"] {
        let (subject, payload) = store(id, id);
        assert!(bus.deliver(&subject, payload).await);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.health().in_flight, 1);
    let stopped = tokio::spawn(running.stop(Duration::from_secs(60)));
    let answered = bus.publications.recv().await.expect("the call under way comes to its end").taken();
    assert_eq!(support::read_answer(&answered).command_id.as_str(), "C-1.a.1");
    assert!(stopped.await.expect("stopped"));
    assert_eq!(office.sandbox().counts()["item.store"], 1, "the second was not begun");
    assert!(!bus.deliver("countersign.demo.cmd.depot.item.store", Vec::new()).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_does_not_hold_up_a_stop_for_ever() {
    let forever = Fault::Slow(Duration::from_secs(1_000_000));
    let (house, office) = (House::new(), depot(setup(Faults::script([forever]))));
    let unbounded =
        countersign_adapter::Settings { call_within: Duration::from_secs(2_000_000), ..settings() };
    let harness = house.start(Arc::new(office.clone()), unbounded).await;
    harness.send(store("C-1.a.1", "a")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!harness.running.stop(Duration::from_secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_as_declared_is_unknown() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let odd =
        support::Odd { office, said: vec![countersign_adapter::Said::done(fields(json!({ "no": {} })))] };
    let mut harness = house.start(Arc::new(odd), settings()).await;
    harness.send(store("C-1.a.1", "a")).await;
    let answer = harness.answer().await;
    assert_eq!(told(&answer), "unknown");
    assert!(answer.message.expect("why").as_str().contains("`no`"));
}
