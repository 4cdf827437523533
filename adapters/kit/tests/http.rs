//! The way from a command over HTTP to a sandbox and back: every status, lost and garbled replies, look-ups, news.

use crate::support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{DECLARATION, Depot, House, command, depot, setup, told};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use countersign_adapter::http::{ConfigError, HttpBackOffice, HttpConfig};
use countersign_adapter::process::{Kind, PlainHttpConfig, plain_http};
use countersign_adapter::sandbox::{Fault, Faults, Office, Served, Setup, serve};
use countersign_adapter::{BackOffice, Found, News, Said, Trouble, Work};
use countersign_messages::{Limits, Outcome};
use serde_json::{Value, json};

const PLAIN: &str = r#"
answer_within: PT1S
idempotency_header: Idempotency-Key
look_up: { path: "/commands/{command_id}", each: answers }
news: { path: "/news?after={cursor}", more: more }
reply: { word: status, code: code, message: message }
refusals: [{ status: 422 }]
verbs:
  item.store: { path: /item/store }
  item.remove: { path: /item/remove }
  item.count: { path: /item/count }
  item.build: { path: /item/build }
"#;

const KIND: Kind =
    Kind { declaration: &DECLARATION, plain_http: PLAIN, sandbox: |_| Ok(Box::new(Depot::default())) };

fn config(text: &str) -> Result<HttpConfig, String> {
    let yaml = format!("company: demo\nledger: l\nback_office:\n  http:\n{}", indented(text));
    let config =
        countersign_adapter::process::ProcessConfig::read(&yaml).map_err(|error| error.to_string())?;
    match config.back_office {
        countersign_adapter::process::OfficeConfig::Http(http) => Ok(*http),
        _ => Err("expected http".into()),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// An HTTP back office in front of a served sandbox.
async fn served(office: &Office<Depot>) -> (Served, Arc<HttpBackOffice>) {
    let served = serve(office.clone(), 0).await.expect("a port");
    let plain = PlainHttpConfig { base_url: served.base_url(), headers: Default::default() };
    let http = HttpBackOffice::new(&DECLARATION, plain_http(&KIND, &plain).expect("a mapping"));
    (served, Arc::new(http.expect("a back office")))
}

fn work(id: &str, verb: &str, with: Value) -> Work {
    let (subject, payload) = command(id, verb, with);
    Work::read(&subject, &payload, &Limits::default()).expect("a command")
}

fn quick() -> countersign_adapter::Settings {
    let retry =
        countersign_adapter::Schedule { first: Duration::from_millis(20), most: Duration::from_millis(50) };
    countersign_adapter::Settings { retry, news_every: Duration::from_millis(50), ..support::settings() }
}

#[tokio::test]
async fn each_fault_over_http_has_its_end_and_the_work_is_never_done_twice() {
    let late = Fault::Late(Duration::from_millis(300));
    let too_slow = Fault::Slow(Duration::from_millis(1_500));
    let rows: &[(&[Fault], &str)] = &[
        (&[], "done IT-1"),
        (&[Fault::Down, Fault::Down], "done IT-1"),
        (&[Fault::Slow(Duration::from_millis(200))], "done IT-1"),
        (&[too_slow], "done IT-1"),
        (&[Fault::Lost], "done IT-1"),
        (&[Fault::Garbage], "done IT-1"),
        (&[late], "done IT-1"),
    ];
    for (faults, expected) in rows {
        for (idempotent, looks_up) in [(true, true), (false, true), (true, false)] {
            let offers = Setup { idempotent, looks_up, ..setup(Faults::script(faults.iter().copied())) };
            let (house, office) = (House::new(), depot(offers));
            let (served, http) = served(&office).await;
            // The look-up of a system that cannot be asked is left out of the configuration.
            let http: Arc<dyn BackOffice> = match looks_up {
                true => http,
                false => Arc::new(without_look_up(&served)),
            };
            let mut harness = house.start(http, quick()).await;
            harness.send(command("C-1.a.1", "item.store", json!({ "name": "a" }))).await;
            let row = format!("{faults:?} idempotent {idempotent} looks up {looks_up}");
            assert_eq!(told(&harness.answer().await), *expected, "{row}");
            assert_eq!(office.sandbox().done_twice(), [], "{row}");
        }
    }
}

fn without_look_up(served: &Served) -> HttpBackOffice {
    let plain = PlainHttpConfig { base_url: served.base_url(), headers: Default::default() };
    let config = HttpConfig { look_up: None, ..plain_http(&KIND, &plain).expect("a mapping") };
    HttpBackOffice::new(&DECLARATION, config).expect("a back office")
}

#[tokio::test]
async fn refusals_stages_undos_and_news_cross_http() {
    let (house, office) = (House::new(), depot(setup(Faults::none())));
    let (_served, http) = served(&office).await;
    let mut harness = house.start(http.clone(), quick()).await;
    harness.send(command("C-1.a.1", "item.store", json!({ "name": "too much" }))).await;
    let refused = harness.answer().await;
    assert_eq!(told(&refused), "refused FULL");
    assert_eq!(refused.message.expect("a sentence").as_str(), "there is no room");
    harness.send(command("C-2.a.1", "item.build", json!({}))).await;
    assert_eq!(told(&harness.answer().await), "accepted B-1");
    // News that are due by a clock that is far ahead.
    office.sandbox().news(support::start_of_time() + Duration::from_secs(600));
    assert_eq!(told(&harness.answer().await), "progress 50%");
    assert_eq!(told(&harness.answer().await), "done 3");
    // An undo takes what the other command had come to along.
    office.sandbox().rules_mut().items.push("b".into());
    let (subject, payload) = command("C-3.a.1", "item.remove", json!({}));
    let mut body: Value = serde_json::from_slice(&payload).expect("JSON");
    body["undoes"] = json!({ "command_id": "C-3.b.1", "done": { "name": "b" } });
    harness.send((subject, body.to_string().into_bytes())).await;
    assert_eq!(told(&harness.answer().await), "done");
    assert!(office.sandbox().rules().items.is_empty());
    // Facts.
    let moved = json!({ "no": "IT-9" });
    let at = support::start_of_time();
    assert!(office.sandbox().tell("item.moved", "F-1", support::fields(moved), at));
    let fact = harness.next().await;
    assert_eq!(
        (fact.subject.as_str(), fact.id.as_str()),
        ("countersign.demo.in.depot.item.moved", "depot:F-1")
    );
}

/// A server that replies one thing to everything, and remembers what it was asked.
#[derive(Clone, Default)]
struct Fixed {
    reply: Arc<Mutex<(u16, String)>>,
    asked: Arc<Mutex<Vec<(String, HeaderMap, String)>>>,
}

impl Fixed {
    async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = Router::new().fallback(fixed).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    fn says(&self, status: u16, body: &str) {
        *self.reply.lock().expect("a reply") = (status, body.to_owned());
    }

    fn asked(&self) -> (String, HeaderMap, String) {
        self.asked.lock().expect("questions").last().cloned().expect("a question")
    }
}

async fn fixed(
    State(fixed): State<Fixed>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    fixed.asked.lock().expect("questions").push((format!("{method} {uri}"), headers, body));
    let (status, body) = fixed.reply.lock().expect("a reply").clone();
    (StatusCode::from_u16(status).expect("a status"), body).into_response()
}

fn kind_of(outcome: &Result<Vec<Said>, Trouble>) -> String {
    match outcome {
        Err(Trouble::NotTaken(_)) => "not taken".into(),
        Err(Trouble::InDoubt(_)) => "in doubt".into(),
        Err(Trouble::NotUnderstood(_)) => "not understood".into(),
        Ok(said) => match said.first().map(|said| &said.outcome) {
            None => "taken".into(),
            Some(Outcome::Refused { code, .. }) => format!("refused {code}"),
            Some(other) => other.word().to_owned(),
        },
    }
}

#[tokio::test]
async fn each_status_and_body_means_one_thing() {
    let fixed = Fixed::default();
    let url = fixed.serve().await;
    let text =
        format!("base_url: {url}\n{}", PLAIN.replace(
        "item.store: { path: /item/store }",
        "item.store: { path: /item/store, refusals: [{ status: 409, when: { why: room }, code: FULL }] }",
    ));
    let office = HttpBackOffice::new(&DECLARATION, config(&text).expect("read")).expect("a back office");
    let huge = format!("{{\"status\": \"done\", \"no\": \"{}\"}}", "x".repeat(2 << 20));
    let deep = format!("{{\"status\": \"done\", \"no\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    let rows = [
        (200, r#"{"status": "done", "no": "IT-1", "surplus": 1}"#, "done"),
        (201, r#"{"status": "done", "no": 17}"#, "done"),
        (202, r#"{"status": "taken"}"#, "taken"),
        (200, r#"{"status": "unknown", "message": "who knows"}"#, "unknown"),
        (200, r#"{"status": "done"}"#, "in doubt"),
        (200, r#"{"status": "done", "no": {}}"#, "in doubt"),
        (200, r#"{"status": "later", "no": "IT-1"}"#, "in doubt"),
        (200, r#"{"no": "IT-1"}"#, "in doubt"),
        (200, r#"{"status": 7}"#, "in doubt"),
        (200, "", "in doubt"),
        (200, "<html>", "in doubt"),
        (200, "[1]", "in doubt"),
        (200, "{\"status\": ", "in doubt"),
        (200, huge.as_str(), "in doubt"),
        (200, deep.as_str(), "in doubt"),
        (422, r#"{"code": "FULL", "message": "no room"}"#, "refused FULL"),
        (422, r#"{"message": "no code"}"#, "not understood"),
        (422, "<html>", "not understood"),
        (409, r#"{"why": "room"}"#, "refused FULL"),
        (409, r#"{"why": "lock"}"#, "not taken"),
        (400, "{}", "not understood"),
        (401, "{}", "not taken"),
        (404, "{}", "not taken"),
        (423, "{}", "not taken"),
        (429, "{}", "not taken"),
        (500, "{}", "in doubt"),
        (502, "", "in doubt"),
        (503, "busy", "not taken"),
        (504, "", "in doubt"),
        (302, "", "not understood"),
    ];
    for (status, body, expected) in rows {
        fixed.says(status, body);
        let outcome = office.call(&work("C-1.a.1", "item.store", json!({ "name": "a" }))).await;
        assert_eq!(kind_of(&outcome), expected, "{status} {}: {outcome:?}", &body[..body.len().min(80)]);
    }
    let (asked, headers, body) = fixed.asked();
    assert_eq!((asked.as_str(), body.as_str()), ("POST /item/store", r#"{"name":"a"}"#));
    assert_eq!(headers["idempotency-key"], "C-1.a.1");
    // Nobody listens there any more.
    let gone = format!("base_url: http://127.0.0.1:9\n{PLAIN}");
    let office = HttpBackOffice::new(&DECLARATION, config(&gone).expect("read")).expect("a back office");
    let outcome = office.call(&work("C-1.a.1", "item.store", json!({}))).await;
    assert_eq!(kind_of(&outcome), "not taken");
}

#[tokio::test]
async fn a_mapping_moves_fields_both_ways_and_keeps_secrets() {
    let fixed = Fixed::default();
    let url = fixed.serve().await;
    let secret = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(secret.path(), "Bearer hunter2\n").expect("written");
    let text = format!(
        r#"base_url: {url}/api/
headers: {{ Authorization: "file:{}", X-Tenant: yuanlan }}
look_up: {{ path: "/orders?reference={{command_id}}" }}
reply: {{ word: state, words: {{ filed: done }} }}
news:
  path: "/outbox/{{cursor}}"
  each: page.items
  cursor: page.next
  fact: kind
  facts: {{ moved: {{ name: item.moved, fields: {{ no: payload.number }} }} }}
  message_id: seq
  at: when
verbs:
  item.store:
    method: PUT
    path: "/items/{{with.name}}"
    request: {{ title: with.name, meta: {{ order: correlation, kind: =item, rank: 1 }}, none: with.nothing }}
    fields: {{ done: {{ no: result.number }} }}
  item.remove: {{ method: DELETE, path: "/items/{{undoes.done.no}}" }}
  item.count: {{ method: GET, path: "/count" }}
  item.build: {{ path: "/build" }}
"#,
        secret.path().display()
    );
    let office = HttpBackOffice::new(&DECLARATION, config(&text).expect("read")).expect("a back office");
    fixed.says(200, r#"{"state": "filed", "result": {"number": "IT-1"}}"#);
    let task = work("C-1.a.1", "item.store", json!({ "name": "a/b" }));
    let said = office.call(&task).await.expect("said");
    assert_eq!(said, [Said::done(support::fields(json!({ "no": "IT-1" })))]);
    let (asked, headers, body) = fixed.asked();
    assert_eq!(asked, "PUT /api/items/a%2Fb");
    assert_eq!(body, r#"{"meta":{"kind":"item","order":"SO-1","rank":1},"title":"a/b"}"#);
    assert_eq!(headers["authorization"], "Bearer hunter2");
    assert_eq!(headers["x-tenant"], "yuanlan");
    assert!(!headers.contains_key("idempotency-key") && !office.repeats_safely(&task));
    let found = office.find(&task).await.expect("found");
    assert_eq!(found, Found::Known(said));
    assert_eq!(fixed.asked().0, "GET /api/orders?reference=C-1.a.1");
    fixed.says(404, "");
    assert_eq!(office.find(&task).await, Ok(Found::NotFound));
    let items = r#"[{"kind": "moved", "seq": 7, "when": "2025-04-21T09:00:00+08:00", "payload": {"number": 5}},
        {"kind": "moved", "seq": 8, "when": "yesterday", "payload": {"number": 5}}, {"kind": "burnt"}, {}]"#;
    fixed.says(200, &format!(r#"{{"page": {{"items": {items}, "next": 9}}}}"#));
    let batch = office.news("x y").await.expect("news");
    assert_eq!((fixed.asked().0.as_str(), batch.cursor.as_str()), ("GET /api/outbox/x%20y", "9"));
    let News::Fact { message, .. } = &batch.news[0] else { panic!("a fact: {batch:?}") };
    assert_eq!((message.message_id.as_str(), message.at.as_str()), ("7", "2025-04-21T01:00:00Z"));
    assert_eq!(message.data.0["no"], json!("5"));
    assert_eq!(batch.news.iter().filter(|item| matches!(item, News::Unreadable { .. })).count(), 3);
}

#[test]
fn what_is_wrong_with_a_configuration_has_a_place_and_a_mending_sentence() {
    let good = format!("base_url: http://127.0.0.1:9\n{PLAIN}");
    let rows = [
        ("base_url: http://127.0.0.1:9", "base_url: ftp://x", "base_url: expected http://"),
        ("base_url: http://127.0.0.1:9", "base_url: http://a:b@x", "base_url: expected http://"),
        ("answer_within: PT1S", "answer_within: soon", "line"),
        ("answer_within: PT1S", "answer_in: PT1S", "line"),
        (
            "answer_within: PT1S",
            "headers: { Authorization: hunter2 }",
            "headers.Authorization: expected file:",
        ),
        (
            "answer_within: PT1S",
            "headers: { X: env:COUNTERSIGN_NO_SUCH }",
            "headers.X: expected the variable",
        ),
        ("  item.count: { path: /item/count }\n", "", "verbs: expected an entry for item.count"),
        ("  item.count:", "  item.burn: { path: /x }\n  item.count:", "verbs.item.burn: expected one of"),
        ("/item/count", "item/count", "verbs.item.count.path: expected a path"),
        ("/item/count", "\"/item/{count\"", "verbs.item.count.path: expected a path"),
        ("/item/count", "\"/item/{secret}\"", "verbs.item.count.path: expected a path that begins with with"),
        ("/item/count", "/c, method: FETCH", "verbs.item.count.method: expected GET"),
        ("/item/count", "/c, request: { a: [1] }", "verbs.item.count.request.a: expected a path"),
        ("/item/count", "/c, request: { a: { b: env.x } }", "verbs.item.count.request.a.b: expected a path"),
        ("/item/count", "/c, fields: { over: {} }", "verbs.item.count.fields.over: expected a word"),
        (
            "/item/count",
            "/c, fields: { done: {} }",
            "verbs.item.count.fields.done: expected the path of `units`",
        ),
        (
            "/item/count",
            "/c, fields: { done: { units: n, x: y } }",
            "verbs.item.count.fields.done.x: expected",
        ),
        ("/item/count", "/c, refusals: [{ status: 200 }]", "verbs.item.count.refusals[0]: expected a status"),
        (", code: code", "", "expected a code here"),
        ("/news?after={cursor}", "/news", "news.path: expected {cursor}"),
        ("more: more", "facts: { a: { name: item.sold } }", "news.facts.a: expected a declared fact"),
        ("/commands/{command_id}", "/commands/{id}", "look_up.path: expected a path"),
    ];
    for (before, after, expected) in rows {
        let text = good.replacen(before, after, 1);
        assert_ne!(text, good, "{before}");
        let told = match config(&text) {
            Err(told) => told,
            Ok(config) => match HttpBackOffice::new(&DECLARATION, config) {
                Err(ConfigError { place, message }) => format!("{place}: {message}"),
                Ok(_) => "accepted".to_owned(),
            },
        };
        assert!(told.contains(expected), "{after}: {told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert!(HttpBackOffice::new(&DECLARATION, config(&good).expect("read")).is_ok());
}
