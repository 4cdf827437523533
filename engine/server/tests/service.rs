//! The request service over a real NATS server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::nats::{NOBODY_ASKED, Nats, PATIENCE, TWO_USERS, until};
use crate::support::{House, contract, request, submit, with};
use crate::told::tell;
use async_nats::Client;
use countersign_core::command::{Cause, VouchedBy};
use countersign_server::{Credentials, NatsConfig, RequestLimits, Server, SystemLimits};
use futures_util::StreamExt;
use serde_json::{Value, json};

async fn ask(client: &Client, system: &str, verb: &str, message: &Value) -> Value {
    let subject = format!("countersign.yuanlan.api.{system}.{verb}");
    let asked = client.request(subject, message.to_string().into());
    let reply = tokio::time::timeout(PATIENCE, asked).await.expect("an answer in time").expect("an answer");
    serde_json::from_slice(&reply.payload).expect("a reply is JSON")
}

/// How the last request that is in the log was vouched for.
fn vouched_by(server: &Server) -> VouchedBy {
    let log = server.engine().log();
    match log.read_frame(log.durable()).expect("a frame").cause {
        Cause::Request(request) => request.vouched_by,
        other => panic!("expected a request, found {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_asks_over_the_deployed_configuration() {
    let (house, nats) = (House::found().await, Nats::deployed());
    let server = house.serve(nats.config(&house)).await;
    let crm = nats.connect("crm").await;
    let message = submit("H31", "rep_js1", contract("HT-1", 1));
    let reply = ask(&crm, "crm", "submit", &message).await;
    assert_eq!(reply["ok"]["case"], "C-1", "{reply}");
    assert_eq!(vouched_by(&server), VouchedBy::System);
    assert_eq!(ask(&crm, "crm", "submit", &message).await, reply, "a repeat gets the same answer");
    let at_least = json!({ "at_least": reply["sequence"] });
    let inbox = ask(&crm, "crm", "inbox", &with(request("H29", "kam_js"), at_least)).await;
    assert_eq!(inbox["ok"]["items"][0]["case"], "C-1", "{inbox}");
    assert!(server.published(server.engine().log().durable(), PATIENCE).await, "{:?}", server.status());
    assert_eq!(server.status().nats.expect("a service").counts.answered, 3);
    server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_on_another_systems_subject_is_stopped_by_the_nats_server() {
    let (house, nats) = (House::found().await, Nats::deployed());
    let server = house.serve(nats.config(&house)).await;
    let portal = nats.connect("portal").await;
    let message = submit("H31", "rep_js1", contract("HT-1", 1));
    let own = ask(&portal, "portal", "submit", &message).await;
    assert_eq!(own["error"]["code"], "FORBIDDEN", "systems.yaml does not let it submit: {own}");
    let before = server.status().nats.expect("a service").counts;
    let asked = portal.request("countersign.yuanlan.api.crm.submit", message.to_string().into());
    let answer = tokio::time::timeout(Duration::from_millis(300), asked).await;
    assert!(!matches!(answer, Ok(Ok(_))), "nobody answers");
    ask(&portal, "portal", "inbox", &request("H29", "kam_js")).await;
    let after = server.status().nats.expect("a service").counts;
    assert_eq!(after.answered, before.answered + 1, "only its own request has come through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_that_authenticates_nobody_is_refused_unless_the_network_is_trusted() {
    let (house, nats) = (House::found().await, Nats::start(NOBODY_ASKED));
    let place = house.directory.path().join("publication");
    let open = NatsConfig::new(nats.url(), Credentials::None, place);
    let refused = house.try_serve(open.clone()).await.err().expect("it is refused");
    assert_eq!(refused.code(), "NATS_NOT_AUTHENTICATED");
    assert!(refused.to_string().contains("--trust-network"), "{refused}");
    let server = house.serve(NatsConfig { trust_network: true, ..open }).await;
    let anybody = async_nats::connect(nats.url()).await.expect("anybody may connect");
    let reply = ask(&anybody, "crm", "submit", &submit("H31", "rep_js1", contract("HT-1", 1))).await;
    assert_eq!(reply["ok"]["case"], "C-1", "{reply}");
    assert_eq!(vouched_by(&server), VouchedBy::TrustedNetwork, "it is recorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_that_has_a_user_for_everybody_else_authenticates_nobody() {
    let (house, nats) = (House::found().await, Nats::start(&format!("{TWO_USERS}\nno_auth_user: admin\n")));
    let refused = house.try_serve(nats.config(&house)).await.err().expect("it is refused");
    assert_eq!(refused.code(), "NATS_NOT_AUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_an_absent_server_and_a_password_in_the_address_are_told_apart() {
    let (house, mut nats) = (House::found().await, Nats::start(TWO_USERS));
    let quick = NatsConfig { connect_within: Duration::from_millis(300), ..nats.config(&house) };
    let password = countersign_server::Secret::new("wrong");
    let credentials = Credentials::UserPassword { user: "engine".into(), password };
    let wrong = NatsConfig { credentials, ..quick.clone() };
    assert_eq!(house.try_serve(wrong).await.err().map(|e| e.code()), Some("NATS_REFUSED"));
    let url = quick.url.replace("nats://", "nats://engine:engine-pw@");
    let told = house.try_serve(NatsConfig { url, ..quick.clone() }).await.err().expect("it is refused");
    assert!(told.code() == "NATS_URL" && !format!("{told:?}{told}").contains("engine-pw"));
    nats.kill();
    assert_eq!(house.try_serve(quick).await.err().map(|e| e.code()), Some("NATS_UNREACHABLE"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_engine_of_the_same_company_does_not_serve() {
    let (first, second, nats) = (House::found().await, House::found().await, Nats::deployed());
    let server = first.serve(nats.config(&first)).await;
    let refused = second.try_serve(nats.config(&second)).await.err().expect("it is refused");
    assert_eq!(refused.code(), "ALREADY_SERVED");
    assert!(refused.to_string().contains("yuanlan"), "{refused}");
    server.stop().await.expect("a clean stop");
    // Nobody serves any more; the stream is still the first one's.
    let server = second.serve(nats.config(&second)).await;
    let held = || server.status().publication.and_then(|publication| publication.held);
    until("the stream is foreign", || held().is_some_and(|held| held.code == "STREAM_FOREIGN")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_go_nowhere_but_under_the_inbox_prefix() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let caller = nats.connect("admin").await;
    let mut elsewhere = caller.subscribe("elsewhere.>").await.expect("a subscription");
    let message = submit("H31", "rep_js1", contract("HT-1", 1)).to_string();
    let subject = "countersign.yuanlan.api.crm.submit";
    for reply in ["elsewhere.one", "countersign.yuanlan.evt.system.fake"] {
        caller.publish_with_reply(subject, reply, message.clone().into()).await.expect("published");
    }
    caller.publish(subject, message.into()).await.expect("published");
    let before = server.engine().log().durable();
    until("they are counted", || server.status().nats.is_some_and(|nats| nats.counts.unanswerable == 3))
        .await;
    assert_eq!(server.engine().log().durable(), before, "what cannot be answered is not looked at");
    ask(&caller, "crm", "inbox", &request("H29", "kam_js")).await;
    let nothing = tokio::time::timeout(Duration::from_millis(1), elsewhere.next()).await;
    assert!(nothing.is_err(), "nothing was published elsewhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_house_turns_requests_away_and_those_it_took_get_their_answer() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let config = NatsConfig { in_flight_max: 4, ..nats.config(&house) };
    let server = house.serve(config).await;
    let caller = nats.connect("admin").await;
    let asked = (0..300).map(|n| {
        let caller = caller.clone();
        tokio::spawn(async move {
            ask(&caller, "crm", "submit", &submit("H31", "rep_js1", contract(&format!("HT-{n}"), 1))).await
        })
    });
    let (mut cases, mut turned_away) = (BTreeSet::new(), 0);
    for reply in asked.collect::<Vec<_>>() {
        let reply = reply.await.expect("an answer");
        match reply["ok"]["case"].as_str() {
            Some(case) => assert!(cases.insert(case.to_owned()), "{case} twice"),
            None => {
                assert_eq!(reply["error"]["code"], "OVERLOADED", "{reply}");
                assert!(reply["error"]["retry_after_ms"].is_u64(), "{reply}");
                turned_away += 1;
            }
        }
    }
    assert!(!cases.is_empty() && turned_away > 0, "{} taken, {turned_away} turned away", cases.len());
    assert_eq!(server.status().nats.expect("a service").counts.overloaded, turned_away);
    tell(
        11,
        "300 requests at once over NATS, 4 at a time taken",
        "OVERLOADED with retry_after_ms, or an answer; no case twice",
        &format!("{} taken, {turned_away} turned away", cases.len()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_larger_than_a_message_may_be_never_arrives_and_large_ones_are_refused() {
    let (house, nats) = (House::found().await, Nats::start("max_payload: 3MB\n"));
    let config = NatsConfig {
        trust_network: true,
        ..NatsConfig::new(nats.url(), Credentials::None, house.directory.path().join("publication"))
    };
    let server = house.serve(config).await;
    let caller = async_nats::connect(nats.url()).await.expect("a caller");
    let payload = vec![b' '; (1 << 20) + 1];
    let reply =
        caller.request("countersign.yuanlan.api.crm.submit", payload.into()).await.expect("an answer");
    let reply: Value = serde_json::from_slice(&reply.payload).expect("JSON");
    assert_eq!(reply["error"]["code"], "TOO_LARGE", "{reply}");
    let malformed =
        caller.request("countersign.yuanlan.api.crm.submit", "{".into()).await.expect("an answer");
    let malformed: Value = serde_json::from_slice(&malformed.payload).expect("JSON");
    assert_eq!(malformed["error"]["code"], "MALFORMED", "{malformed}");
    let bad = caller.request("countersign.yuanlan.api.CRM.submit", "{}".into()).await.expect("an answer");
    assert!(String::from_utf8_lossy(&bad.payload).contains("BAD_SUBJECT"));
    drop(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_have_come_in_are_answered_before_the_server_stops() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let server = house.serve(nats.config(&house)).await;
    let caller = nats.connect("admin").await;
    let asked = (0..100).map(|n| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let message = submit("H31", "rep_js1", contract(&format!("HT-{n}"), 1));
            let asked = caller.request("countersign.yuanlan.api.crm.submit", message.to_string().into());
            tokio::time::timeout(PATIENCE, asked).await.ok()?.ok()
        })
    });
    let asked: Vec<_> = asked.collect();
    until("some are taken", || server.status().nats.is_some_and(|nats| nats.counts.answered > 0)).await;
    let state = server.stop().await.expect("a clean stop");
    let mut answered = 0;
    for reply in asked {
        // Later ones find nobody, at once.
        let reply = reply.await.expect("no panic");
        answered +=
            usize::from(reply.is_some_and(|r| String::from_utf8_lossy(&r.payload).contains("\"ok\"")));
    }
    assert_eq!(answered, state.open_cases(), "every contract that was taken was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_asks_too_often_or_too_much_is_turned_away_and_the_others_are_not() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let narrow = SystemLimits {
        requests_per_second: 1,
        burst: 3,
        request_bytes_max: 2_000,
        ..SystemLimits::default()
    };
    let systems = BTreeMap::from([("portal".to_owned(), narrow)]);
    let limits = RequestLimits { systems, ..RequestLimits::default() };
    let server = house.serve(NatsConfig { limits, ..nats.config(&house) }).await;
    let caller = nats.connect("admin").await;
    let mut large = request("H29", "kam_js");
    large["case"] = json!("C".repeat(2_000));
    assert_eq!(ask(&caller, "portal", "case", &large).await["error"]["code"], "TOO_LARGE");
    let mut too_often = 0;
    for _ in 0..20 {
        let reply = ask(&caller, "portal", "inbox", &request("H29", "kam_js")).await;
        if reply["error"]["code"] == "OVERLOADED" {
            assert!(reply["error"]["retry_after_ms"].as_u64().is_some_and(|ms| ms > 0), "{reply}");
            too_often += 1;
        }
    }
    assert!(too_often > 0, "twenty questions come faster than one a second");
    let taken = ask(&caller, "crm", "submit", &submit("H31", "rep_js1", contract("HT-1", 1))).await;
    assert_eq!(taken["ok"]["case"], "C-1", "{taken}");
    let systems = server.status().nats.expect("a service").systems;
    let of = |name: &str| systems.iter().find(|of| of.system == name).expect("counted").clone();
    assert_eq!((of("portal").too_large, of("portal").too_often), (1, too_often));
    assert_eq!((of("crm").taken, of("crm").too_often), (1, 0));
    server.stop().await.expect("a clean stop");
}

/// A core thread that stands still, as behind a disk that hangs, until what this gives is dropped.
fn standing_still(server: &Server) -> std::sync::mpsc::Sender<()> {
    let (go_on, wait) = std::sync::mpsc::channel();
    let look = server.engine().send_read(move |_| wait.recv().is_ok());
    drop(look.expect("it is handed over"));
    go_on
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_engine_does_not_answer_is_told_so_and_finds_out_by_asking_again() {
    let (house, nats) = (House::found().await, Nats::start(TWO_USERS));
    let config = NatsConfig { answer_within: Duration::from_millis(100), ..nats.config(&house) };
    let server = house.serve(config).await;
    let caller = nats.connect("admin").await;
    let message = submit("H31", "rep_js1", contract("HT-1", 1));
    let go_on = standing_still(&server);
    let reply = ask(&caller, "crm", "submit", &message).await;
    assert_eq!(reply["error"]["code"], "NO_PROGRESS", "{reply}");
    assert!(reply["error"]["retry_after_ms"].is_u64(), "{reply}");
    drop(go_on);
    let start = std::time::Instant::now();
    let taken = loop {
        let reply = ask(&caller, "crm", "submit", &message).await;
        if reply["ok"].is_object() {
            break reply;
        }
        assert!(start.elapsed() < PATIENCE, "{reply}");
    };
    assert_eq!(taken["ok"]["case"], "C-1", "{taken}");
    assert_eq!(
        server.engine().read(|state| state.open_cases()).await.expect("an answer").0,
        1,
        "it took effect once"
    );
    server.stop().await.expect("a clean stop");
}
