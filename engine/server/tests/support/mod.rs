//! The demo company under test: founded in a directory of its own, asked by messages.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod adapter;
pub mod nats;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::command::VouchedBy;
use countersign_core::time::Timestamp;
use countersign_runtime::{EngineOptions, ManualClock, OnFatal};
use countersign_server::{Caller, Config, Desk, Server, setup};
use serde_json::{Value, json};

/// A Monday morning in Nanjing.
pub const NOW: &str = "2025-04-21T09:00:00+08:00";

/// The demo company's files.
pub fn workflows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/contracts")
}

/// A founded company in a directory of its own, in a time that stands still.
pub struct House {
    pub directory: tempfile::TempDir,
    pub clock: ManualClock,
}

impl House {
    /// Founds it.
    pub async fn found() -> House {
        House::found_with(workflows(), "yuanlan").await
    }

    /// Founds the company whose chain asks other systems.
    pub async fn mill() -> House {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/companies/outward");
        House::found_with(files, "mill").await
    }

    /// Founds the demo company, which has adapters.
    pub async fn demo() -> House {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan");
        House::found_with(files, "yuanlan").await
    }

    async fn found_with(files: PathBuf, company: &str) -> House {
        House::found_at(files, company, tempfile::tempdir().expect("a directory")).await
    }

    /// Founds the contracts' company in a directory whose path is too long for a socket.
    pub async fn deep() -> House {
        let directory = tempfile::Builder::new().prefix(&"d".repeat(120)).tempdir();
        House::found_at(workflows(), "yuanlan", directory.expect("a directory")).await
    }

    async fn found_at(files: PathBuf, company: &str, directory: tempfile::TempDir) -> House {
        let clock = ManualClock::new(Timestamp::parse(NOW).expect("a time"));
        let house = House { directory, clock };
        let options = house.options();
        let founded = tokio::task::spawn_blocking(move || {
            let compiled = setup::read(&files).expect("the company compiles");
            setup::init_with(options, &compiled, "H03", "root")
        });
        let report = founded.await.expect("no panic").expect("a company is founded");
        assert_eq!((report.company.as_str(), report.release), (company, 1));
        house
    }

    pub fn options(&self) -> EngineOptions {
        let clock = Arc::new(self.clock.clone());
        EngineOptions { on_fatal: OnFatal::Stop, clock, ..EngineOptions::directory(self.directory.path()) }
    }

    /// A server without NATS.
    pub async fn embedded(&self) -> Server {
        Server::start(Config::embedded(self.options())).await.expect("a server starts").0
    }
}

/// A back office that speaks for persons.
#[derive(Clone)]
pub struct Office {
    pub desk: Desk,
    pub caller: Caller,
}

impl Office {
    /// A system that the network vouches for.
    pub fn of(server: &Server, system: &str) -> Office {
        Office { desk: server.desk().clone(), caller: Caller::new(system, VouchedBy::System) }
    }

    /// Asks, and gives the reply in bytes.
    pub async fn send(&self, verb: &str, message: &Value) -> Vec<u8> {
        self.desk.handle(&self.caller, verb, message.to_string().as_bytes()).await
    }

    /// Asks, and gives the reply.
    pub async fn ask(&self, verb: &str, message: &Value) -> Value {
        serde_json::from_slice(&self.send(verb, message).await).expect("a reply is JSON")
    }

    /// Asks for something that is granted.
    pub async fn granted(&self, verb: &str, message: &Value) -> Value {
        let reply = self.ask(verb, message).await;
        assert!(reply["ok"].is_object(), "{verb} of {message} was refused: {reply}");
        reply
    }

    /// Asks for something that is refused, and gives the code.
    pub async fn refused(&self, verb: &str, message: &Value) -> String {
        let reply = self.ask(verb, message).await;
        let error = &reply["error"];
        let sentence = error["message"].as_str().unwrap_or_default();
        assert!(sentence.len() > 10, "a refusal has a sentence: {reply}");
        assert!(reply["sequence"].is_u64(), "a refusal names a sequence: {reply}");
        error["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Hands a contract in as H31 of rep_js1, and gives its case.
    pub async fn contract(&self, number: &str, qty: u32) -> String {
        let reply = self.granted("submit", &submit("H31", "rep_js1", contract(number, qty))).await;
        reply["ok"]["case"].as_str().expect("a case").to_owned()
    }

    /// The open task of a position, as its inbox shows it.
    pub async fn task(&self, person: &str, position: &str, case: &str) -> Value {
        let at_least = self.desk.engine().log().durable();
        let message = with(request(person, position), json!({ "at_least": at_least }));
        let inbox = self.granted("inbox", &message).await;
        let items = inbox["ok"]["items"].as_array().cloned().unwrap_or_default();
        let own = items.into_iter().find(|item| item["case"] == case);
        own.unwrap_or_else(|| panic!("{position} has no task of {case}"))
    }

    /// The answer of a position to its open task.
    pub async fn answer(&self, person: &str, position: &str, case: &str, verdict: &str) -> Value {
        let task = self.task(person, position, case).await;
        decide(person, position, &task, verdict)
    }
}

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// The envelope of a new request.
pub fn request(person: &str, position: &str) -> Value {
    let id = format!("r-{}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    json!({ "request_id": id, "sent_at": NOW, "person": person, "position": position })
}

/// An object with more fields.
pub fn with(mut object: Value, more: Value) -> Value {
    let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) else {
        panic!("two objects are joined")
    };
    fields.extend(more);
    object
}

pub fn submit(person: &str, position: &str, document: Value) -> Value {
    with(request(person, position), json!({ "chain": "contract-review", "document": document }))
}

/// A contract of one line at 3,400.00 each; its terms are its customer's.
pub fn contract(number: &str, qty: u32) -> Value {
    json!({
        "contract_no": number,
        "order_no": "SO-1",
        "customer": "CU-JS-002",
        "lines": [{ "product": "EB-P", "qty": qty, "price": { "amount": "3400.00", "currency": "CNY" } }],
        "days": 60,
        "prepay": "0%",
        "deliver_in": 30,
    })
}

/// The answer to a task as an inbox shows it; a reason where one is needed.
pub fn decide(person: &str, position: &str, task: &Value, verdict: &str) -> Value {
    let reason = (!matches!(verdict, "approve" | "pass" | "done")).then_some("clause 7 is missing");
    let mut message = with(
        request(person, position),
        json!({
            "case": task["case"],
            "task": task["task"],
            "version": task["version"],
            "content_hash": task["content_hash"],
            "verdict": verdict,
        }),
    );
    if let Some(reason) = reason {
        message["reason"] = json!(reason);
    }
    message
}

/// The fact that both seals are on a contract, as the seal desk tells it.
pub fn sealed(contract: &str) -> Value {
    let id = format!("seal-{}", REQUESTS.fetch_add(1, Ordering::Relaxed));
    json!({
        "request_id": id,
        "sent_at": NOW,
        "fact": "seal-desk.contract.sealed",
        "message_id": id,
        "data": { "contract_no": contract },
    })
}
