//! What the tests share: commands, and the way from a command over HTTP to the sandbox and back.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

use std::sync::Arc;

use countersign_adapter::http::HttpBackOffice;
use countersign_adapter::process::{Kind, PlainHttpConfig, plain_http};
use countersign_adapter::sandbox::{Message, Office, Rules, Sandbox, Setup, serve};
use countersign_adapter::time::{ManualClock, Moment};
use countersign_adapter::{BackOffice, News, Said, Work};
use countersign_messages::{AdapterAnswer, Limits, Outcome};
use serde_json::{Value, json};

const ADAPTER: &str = "erp";

/// 09:00 in Shanghai.
pub fn start() -> Moment {
    "2025-04-21T01:00:00Z".parse().expect("a moment")
}

pub fn setup() -> Setup {
    Setup { offset: jiff::tz::Offset::constant(8), ..Setup::default() }
}

/// A command; `undoes` is the id of another and what it had come to.
pub fn work(id: &str, verb: &str, with: Value, undoes: Option<(&str, Value)>) -> Work {
    let mut parts = id.split('.');
    let (case, step) = (parts.next().expect("a case"), parts.next().expect("a step"));
    let mut body = json!({
        "command_id": id, "case": case, "step": step, "attempt": 1, "correlation": "SO-1", "with": with,
        "sent_at": "2025-04-21T09:00:00+08:00", "deadline": "2025-04-21T09:30:00+08:00",
    });
    if let Some((id, done)) = undoes {
        body["undoes"] = json!({ "command_id": id, "done": done });
    }
    let subject = format!("countersign.demo.cmd.{ADAPTER}.{verb}");
    Work::read(&subject, body.to_string().as_bytes(), &Limits::default()).expect("a command")
}

/// `done {"reg_no":"REG-1"}`, `refused DUPLICATE`.
pub fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Said { word, fields } => format!("{word} {}", serde_json::to_string(fields).expect("JSON")),
        Outcome::Refused { code, .. } => format!("refused {code}"),
        Outcome::Unknown { .. } => "unknown".to_owned(),
    }
}

pub fn answered(answers: &[AdapterAnswer]) -> Vec<String> {
    answers.iter().map(|answer| said(&answer.outcome())).collect()
}

/// What a sandbox tells by itself, with when: `10:00 done {...}`, `10:00 receipt.posted {...}`.
pub fn told<R: Rules>(sandbox: &mut Sandbox<R>, until: Moment) -> Vec<String> {
    let news = sandbox.news(until).into_iter().map(|message| match message {
        Message::Fact { object, fact, message } => {
            format!("{object}.{fact} {}", serde_json::to_string(&message.data).expect("JSON"))
        }
        Message::Answer { answer, .. } => said(&answer.outcome()),
    });
    news.collect()
}

/// Asks each row of the sandbox itself and of one behind HTTP with the adapter's own mapping; both say what is
/// expected, which is declared, and a repeat changes nothing.
pub async fn asked<R: Rules + 'static>(kind: &Kind, rules: impl Fn() -> R, rows: &[(Work, &str)]) {
    let mut sandbox = Sandbox::new(rules(), setup());
    let clock = Arc::new(ManualClock::new(start()));
    let office = Office::new(Sandbox::new(rules(), setup()), clock);
    let served = serve(office.clone(), 0).await.expect("a port");
    let plain = PlainHttpConfig { base_url: served.base_url(), headers: Default::default() };
    let mapping = plain_http(kind, &plain).expect("the adapter's own mapping");
    let http = HttpBackOffice::new(kind.declaration, mapping).expect("a back office");
    for (work, expected) in rows {
        let row = format!("{} {}", work.id(), work.name());
        for _ in 0..2 {
            assert_eq!(answered(&sandbox.answer(work, start())), [*expected], "{row}");
            let heard: Vec<Said> = http.call(work).await.unwrap_or_else(|error| panic!("{row}: {error}"));
            let heard: Vec<String> = heard.iter().map(|heard| said(&heard.outcome)).collect();
            assert_eq!(heard, [*expected], "{row} over HTTP");
        }
        let countersign_adapter::Found::Known(found) = http.find(work).await.expect("a look-up") else {
            panic!("{row}: not found")
        };
        assert_eq!(said(&found[0].outcome), *expected, "{row} looked up");
    }
    assert_eq!((sandbox.done_twice(), office.sandbox().done_twice()), (vec![], vec![]));
    // What it tells later is declared and crosses HTTP.
    let far = start() + jiff::SignedDuration::from_hours(24 * 30);
    let expected = sandbox.news(far).len();
    office.sandbox().news(far);
    let news = http.news("").await.expect("news").news;
    assert_eq!(news.len(), expected);
    assert!(news.iter().all(|item| !matches!(item, News::Unreadable { .. })), "{news:?}");
}
