//! What the tests share: a small adapter with a sandbox, and a harness that drives it within the process.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]

pub mod nats;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign_adapter::declare::{Effect, Field, Refuses, Type, Verb, Word};
use countersign_adapter::sandbox::{Desk, Faults, Office, Rules, Sandbox, Setup, nothing_there, text};
use countersign_adapter::time::{Clock, Moment, TokioClock};
use countersign_adapter::transport::in_process::{InProcess, pair};
use countersign_adapter::transport::{Publication, Transport};
use countersign_adapter::{
    Adapter, BackOffice, Declaration, Ledger, Running, Said, Schedule, Settings, Work,
};
use countersign_messages::{
    AdapterAnswer, DeadLetter, Document, Limits, Subject, Token, decode_answer, decode_dead_letter,
};
use serde_json::{Value, json};

/// Something of each kind: a verb that can be undone, one that only reads, one with stages, a fact.
pub static DECLARATION: Declaration = Declaration {
    adapter: "depot",
    verbs: &[
        Verb {
            name: "item.store",
            stages: &[],
            finals: &[Word { word: "done", fields: &[Field::new("no", Type::Text)] }],
            refuses: Refuses::With(&["FULL", "LOCKED"]),
            effect: Effect::UndoneBy("item.remove"),
        },
        Verb {
            name: "item.remove",
            stages: &[],
            finals: &[Word { word: "done", fields: &[] }],
            refuses: Refuses::With(&["GONE"]),
            effect: Effect::IsUndo,
        },
        Verb {
            name: "item.count",
            stages: &[],
            finals: &[Word { word: "done", fields: &[Field::new("units", Type::Units)] }],
            refuses: Refuses::Never,
            effect: Effect::ReadsOnly,
        },
        Verb {
            name: "item.build",
            stages: &[
                Word { word: "accepted", fields: &[Field::new("no", Type::Text)] },
                Word { word: "progress", fields: &[Field::new("pct", Type::Percent)] },
            ],
            finals: &[Word { word: "done", fields: &[Field::new("units", Type::Units)] }],
            refuses: Refuses::Never,
            effect: Effect::Lasting,
        },
    ],
    facts: &[Word { word: "item.moved", fields: &[Field::new("no", Type::Text)] }],
};

/// A depot that stores items by name.
#[derive(Debug, Default)]
pub struct Depot {
    pub items: Vec<String>,
    pub order: Vec<String>,
}

impl Rules for Depot {
    fn declaration(&self) -> &'static Declaration {
        &DECLARATION
    }

    fn perform(&mut self, work: &Work, desk: &mut Desk) -> Vec<Said> {
        self.order.push(work.id().to_string());
        let name = text(work, "name").unwrap_or_default();
        let said = match work.name().as_str() {
            "item.store" if name == "too much" => Said::refused("FULL", "there is no room"),
            "item.store" => {
                self.items.push(name.clone());
                desk.fact_after(Duration::from_secs(60), "item.moved", fields(json!({ "no": name })));
                Said::done(fields(json!({ "no": desk.number("IT") })))
            }
            "item.remove" => match self.items.iter().position(|item| *item == name) {
                Some(at) => {
                    self.items.remove(at);
                    Said::done(Document::default())
                }
                None => nothing_there(&DECLARATION, work, "expected an item that is there"),
            },
            "item.count" => Said::done(fields(json!({ "units": self.items.len() }))),
            "item.build" => {
                desk.answer_after(Duration::from_secs(30), Said::progress(fields(json!({ "pct": "50%" }))));
                desk.answer_after(Duration::from_secs(60), Said::done(fields(json!({ "units": 3 }))));
                Said::accepted(fields(json!({ "no": desk.number("B") })))
            }
            other => Said::unknown(other),
        };
        vec![said]
    }
}

pub fn fields(value: Value) -> Document {
    match value {
        Value::Object(members) => Document(members),
        other => panic!("an object, not {other}"),
    }
}

pub fn token(text: &str) -> Token {
    Token::new(text).expect("a token")
}

pub fn start_of_time() -> Moment {
    "2025-04-21T01:00:00Z".parse().expect("a moment")
}

/// A command: `("C-1.storing.1", "item.store", {"name": "a"})`.
pub fn command(id: &str, verb: &str, with: Value) -> (String, Vec<u8>) {
    let (case, rest) = id.split_once('.').expect("an id");
    let (step, _) = rest.split_once('.').expect("an id");
    let body = json!({
        "command_id": id, "case": case, "step": step, "attempt": 1, "correlation": "SO-1", "with": with,
        "sent_at": "2025-04-21T09:00:00+08:00", "deadline": "2025-04-22T09:00:00+08:00",
    });
    (format!("countersign.demo.cmd.depot.{verb}"), body.to_string().into_bytes())
}

/// Short pauses and few tries.
pub fn settings() -> Settings {
    Settings {
        retry: Schedule { first: Duration::from_secs(1), most: Duration::from_secs(8) },
        tries_max: 6,
        call_within: Duration::from_secs(10),
        news_every: Duration::from_secs(1),
        ..Settings::default()
    }
}

pub fn setup(faults: Faults) -> Setup {
    Setup { faults, ..Setup::default() }
}

/// A sandbox by tokio's clock.
pub fn depot(setup: Setup) -> Office<Depot> {
    let clock: Arc<dyn Clock> = Arc::new(TokioClock::starting(start_of_time()));
    Office::new(Sandbox::new(Depot::default(), setup), clock)
}

/// The ledger of an adapter that may be killed and started again.
pub struct House {
    directory: tempfile::TempDir,
}

impl House {
    pub fn new() -> House {
        House { directory: tempfile::tempdir().expect("a directory") }
    }

    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ledger.redb")
    }

    /// Opens the ledger; the one before may still be closing on a thread.
    pub async fn ledger(&self) -> Ledger {
        for _ in 0..200 {
            match Ledger::open(&self.file()) {
                Ok(ledger) => return ledger,
                Err(error) => assert!(error.to_string().contains("already open"), "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the ledger stays open");
    }

    pub async fn adapter(&self, office: Arc<dyn BackOffice>, settings: Settings) -> Adapter {
        Adapter {
            declaration: &DECLARATION,
            company: token("demo"),
            office,
            ledger: self.ledger().await,
            clock: Arc::new(TokioClock::starting(start_of_time())),
            settings,
        }
    }

    pub async fn start(&self, office: Arc<dyn BackOffice>, settings: Settings) -> Harness {
        let (transport, bus) = pair(64);
        self.start_on(transport, bus, office, settings).await
    }

    pub async fn start_on(
        &self,
        transport: Transport,
        bus: InProcess,
        office: Arc<dyn BackOffice>,
        settings: Settings,
    ) -> Harness {
        let running = self.adapter(office, settings).await.start(transport);
        Harness { running, bus }
    }
}

/// A running adapter and the other end of its transport.
pub struct Harness {
    pub running: Running,
    pub bus: InProcess,
}

impl Harness {
    pub async fn send(&self, (subject, payload): (String, Vec<u8>)) {
        assert!(self.bus.deliver(&subject, payload).await, "the adapter is at work");
    }

    /// The next publication.
    pub async fn next(&mut self) -> Publication {
        let next = tokio::time::timeout(Duration::from_secs(3_600), self.bus.publications.recv());
        next.await.expect("published in time").expect("at work").taken()
    }

    /// The next publication, which is an answer.
    pub async fn answer(&mut self) -> AdapterAnswer {
        let published = self.next().await;
        read_answer(&published)
    }

    /// The next publication, which is a dead letter.
    pub async fn dead(&mut self) -> DeadLetter {
        let published = self.next().await;
        assert_eq!(published.subject, "countersign.demo.dead.depot");
        decode_dead_letter(&published.payload, &Limits::default()).expect("a dead letter")
    }
}

/// An answer that goes where answers go and has its id as the transport's.
pub fn read_answer(published: &Publication) -> AdapterAnswer {
    let subject: Subject = published.subject.parse().expect("a subject");
    assert!(
        matches!(subject, Subject::Answer { .. }),
        "{subject}: {}",
        String::from_utf8_lossy(&published.payload)
    );
    let answer = decode_answer(&published.payload, &Limits::default()).expect("an answer");
    assert_eq!(answer.reply_id.as_str(), published.id);
    answer
}

/// Word and the first field, or the code: `done IT-1`.
pub fn told(answer: &AdapterAnswer) -> String {
    let first = answer.fields.0.values().next().map(|value| value.to_string().replace('"', ""));
    let first = first.or(answer.code.as_ref().map(ToString::to_string)).unwrap_or_default();
    format!("{} {first}", answer.answer).trim_end().to_owned()
}

/// A depot that says something of its own, and panics where it has nothing to say.
pub struct Odd {
    pub office: Office<Depot>,
    pub said: Vec<Said>,
}

#[async_trait::async_trait]
impl BackOffice for Odd {
    async fn call(&self, work: &Work) -> Result<Vec<Said>, countersign_adapter::Trouble> {
        self.office.call(work).await?;
        assert!(!self.said.is_empty(), "a mistake in the code of a back office");
        Ok(self.said.clone())
    }

    async fn find(&self, work: &Work) -> Result<countersign_adapter::Found, countersign_adapter::Trouble> {
        self.office.find(work).await
    }

    fn repeats_safely(&self, work: &Work) -> bool {
        self.office.repeats_safely(work)
    }
}
