//! `kill -9` of a serving engine, again and again, under 64 writers over NATS. No acknowledged decision is lost, none
//! is applied twice, the sequence has no gap, and each event is in the stream exactly once.
//!
//! 10 times; 1,000 with COUNTERSIGN_LONG=1. COUNTERSIGN_SEED and COUNTERSIGN_COUNT (kills).

#![allow(clippy::print_stdout, reason = "a run tells its seed and what it counted")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_core::command::Cause;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::time::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Dice, NatsServer, Serve, frames, init, message_ids, verify};
use crate::told::{count, seed, tell};

const WRITERS: u64 = 64;
/// An answer that does not come within this time is asked for again, under the same request_id.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let (seed, kills) = (seed(20_261_121), count(10, 1_000));
    println!("seed {seed}, {kills} kills, {WRITERS} writers");
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a data directory"));
    init(data.path());
    let plant = Plant::new(&nats).await;
    let writers: Vec<_> = (0..WRITERS).map(|w| tokio::spawn(plant.clone().write(w))).collect();
    let mut dice = Dice::new(seed);
    for _ in 0..kills {
        let engine = start(data.path(), &nats);
        plant.started();
        plant.wait_for_more(50 + dice.below(1_500)).await;
        engine.kill();
    }
    let engine = start(data.path(), &nats);
    plant.started();
    plant.stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    let (log_id, before_stop) = frames(data.path());
    let expected = message_ids("yuanlan", log_id, &before_stop);
    let published = crate::support::stream::published(&nats, expected.len()).await;
    let published: Vec<String> = published.into_iter().map(|(id, _)| id).collect();
    assert!(published == expected, "seed {seed}: {}", first_difference(&published, &expected));
    engine.stop();
    verify(data.path());
    let (_, frames) = frames(data.path());
    let checked = check(&acknowledged, &frames).unwrap_or_else(|found| panic!("seed {seed}: {found}"));
    println!(
        "{checked} acknowledged decisions and submissions, {} frames, {} events",
        frames.len(),
        expected.len()
    );
    assert!(checked > kills * 50, "seed {seed}: the load was no load");
    tell(
        1,
        &format!("kill -9 of the served engine {kills} times under {WRITERS} writers over NATS, seed {seed}"),
        "each acknowledged request once in the log, in the frame that was named; no gap; the stream against the log",
        &format!("{checked} acknowledged, 0 lost, 0 twice; {} events once each", expected.len()),
    );
}

/// S42: killed after the append and before the publication, the engine publishes once what was appended, under the same
/// ids, and stands where it stood. One byte of the log changed: verification names the first sequence that is bad.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s42_killed_between_log_and_stream_and_one_byte_changed() {
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a data directory"));
    init(data.path());
    let plant = Plant::new(&nats).await;
    let engine = start(data.path(), &nats);
    plant.started();
    let mut acknowledged = BTreeMap::new();
    let mut submit = async |number: &str| {
        let request = plant.request(number, ("H31", "rep_js1"), contract(number));
        plant.ask("submit", &request, &mut acknowledged).await
    };
    let first = submit("S42-first").await;
    let (log_id, before) = frames(data.path());
    let ids = message_ids("yuanlan", log_id, &before);
    crate::support::stream::published(&nats, ids.len()).await;

    // The stream takes no more: what is appended from now on cannot be published.
    let open = crate::support::stream::room(&nats, ids.len() as i64).await;
    let second = submit("S42-second").await;
    let stood = plant.case(&second).await;
    engine.kill();
    let (_, appended) = frames(data.path());
    let due = message_ids("yuanlan", log_id, &appended);
    assert!(due.len() > ids.len() && due.starts_with(&ids), "something was appended");
    crate::support::stream::published(&nats, ids.len()).await;

    crate::support::stream::configure(&nats, open).await;
    let engine = start(data.path(), &nats);
    plant.started();
    assert_eq!(plant.case(&second).await, stood, "the case stands where it stood");
    let (_, after) = frames(data.path());
    assert_eq!(after[..appended.len()], appended, "nothing that was appended is lost");
    let expected = message_ids("yuanlan", log_id, &after);
    let published = crate::support::stream::published(&nats, expected.len()).await;
    let published: Vec<String> = published.into_iter().map(|(id, _)| id).collect();
    assert_eq!(published, expected, "each event is published once, under its own id");
    engine.stop();
    verify(data.path());

    change_a_byte(data.path(), b"S42-first");
    let found = std::process::Command::new(crate::support::COUNTERSIGN)
        .args(["log", "verify", "--data"])
        .arg(data.path())
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&found.stderr);
    assert!(!found.status.success(), "a changed byte is found");
    let named = format!("sequence {}", first["sequence"]);
    assert!(said.contains("LOG_DAMAGED") && said.contains(&named), "expected {named}, found {said}");
    tell(
        6,
        "killed between log and stream, which took nothing; then one byte of the log changed",
        "each event once under its id; verify names the first bad sequence",
        &format!("{} events once each; {named} named", expected.len()),
    );
}

/// Changes one bit where the log first says these words.
fn change_a_byte(data: &std::path::Path, words: &[u8]) {
    for entry in std::fs::read_dir(data.join("log")).expect("the log's folder") {
        let path = entry.expect("a file").path();
        let mut bytes = std::fs::read(&path).expect("a file of the log");
        if let Some(at) = bytes.windows(words.len()).position(|window| window == words) {
            bytes[at] ^= 1;
            std::fs::write(&path, bytes).expect("a file of the log");
            return;
        }
    }
    panic!("the log says nowhere {}", String::from_utf8_lossy(words));
}

/// With snapshots every few kills: one that was being made when the engine was killed is of no use, and a start that had
/// to apply all of the log would take longer with every kill.
fn start(data: &std::path::Path, nats: &NatsServer) -> Serve {
    Serve::start_with(data, nats, &["--snapshot-every", "5000"])
}

fn first_difference(found: &[String], expected: &[String]) -> String {
    let place =
        found.iter().zip(expected).position(|(f, e)| f != e).unwrap_or(found.len().min(expected.len()));
    format!("at {place} expected {:?}, found {:?}", expected.get(place), found.get(place))
}

/// Each acknowledged request is in the log once, in the frame that its reply named.
pub(crate) fn check(acknowledged: &BTreeMap<String, u64>, frames: &[Frame]) -> Result<u64, String> {
    let mut seen = BTreeSet::new();
    let mut accepted = BTreeMap::new();
    for (i, frame) in frames.iter().enumerate() {
        let Cause::Request(request) = &frame.cause else { continue };
        if !seen.insert(request.request_id.to_string()) {
            return Err(format!("{} was applied twice", request.request_id));
        }
        if frame.outcome == Outcome::Accepted {
            accepted.insert(request.request_id.to_string(), i as u64 + 1);
        }
    }
    for (id, sequence) in acknowledged {
        match accepted.get(id) {
            Some(found) if found == sequence => {}
            Some(found) => {
                return Err(format!("{id} was acknowledged in frame {sequence}, it is in {found}"));
            }
            None => return Err(format!("{id} was acknowledged in frame {sequence}, and is not in the log")),
        }
    }
    Ok(acknowledged.len() as u64)
}

/// The writers and what they share.
pub(crate) struct Plant {
    client: async_nats::Client,
    generation: watch::Sender<u64>,
    acknowledged: AtomicU64,
    more: watch::Sender<u64>,
    pub(crate) stop: AtomicBool,
}

impl Plant {
    pub(crate) async fn new(nats: &NatsServer) -> Arc<Plant> {
        Arc::new(Plant {
            client: nats.connect("crm").await,
            generation: watch::Sender::new(0),
            acknowledged: AtomicU64::new(0),
            more: watch::Sender::new(0),
            stop: AtomicBool::new(false),
        })
    }

    /// The engine serves again.
    pub(crate) fn started(&self) {
        self.generation.send_modify(|generation| *generation += 1);
    }

    pub(crate) async fn wait_for_more(&self, count: u64) {
        let target = self.acknowledged.load(Ordering::Relaxed) + count;
        let mut more = self.more.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(120), more.wait_for(|n| *n >= target)).await;
        waited.expect("the writers make progress").expect("the writers live");
    }

    /// How the engine shows a case.
    async fn case(&self, accepted: &Value) -> Value {
        let body = json!({ "case": accepted["case"], "at_least": accepted["sequence"] });
        let request = self.request("S42-look", ("H31", "rep_js1"), body);
        let payload = serde_json::to_vec(&request).expect("a request is JSON");
        let asked = self.client.request("countersign.yuanlan.api.crm.case", payload.into());
        let reply = asked.await.expect("the engine answers").payload;
        let reply: Value = serde_json::from_slice(&reply).expect("a reply is JSON");
        assert!(reply["ok"].is_object(), "the case is shown: {reply}");
        reply["ok"].clone()
    }

    /// Submits and signs contracts until told to stop. Gives each acknowledged request and its frame.
    pub(crate) async fn write(self: Arc<Self>, writer: u64) -> BTreeMap<String, u64> {
        let mut acknowledged = BTreeMap::new();
        for round in 0_u64.. {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let id = format!("w{writer}-{round}");
            let submit = self.request(&format!("{id}-submit"), ("H31", "rep_js1"), contract(&id));
            let reply = self.ask("submit", &submit, &mut acknowledged).await;
            let decide = json!({
                "case": reply["case"], "task": "T-1", "version": 1,
                "content_hash": reply["content_hash"], "verdict": "approve",
            });
            let decide = self.request(&format!("{id}-decide"), ("H29", "kam_js"), decide);
            self.ask("decide", &decide, &mut acknowledged).await;
        }
        acknowledged
    }

    pub(crate) fn request(&self, id: &str, (person, position): (&str, &str), mut body: Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        body["request_id"] = id.into();
        body["sent_at"] = Timestamp(now as i64).to_string().into();
        body["person"] = person.into();
        body["position"] = position.into();
        body
    }

    /// Sends the same request until an answer comes, however often the engine dies meanwhile.
    pub(crate) async fn ask(
        &self,
        verb: &str,
        request: &Value,
        acknowledged: &mut BTreeMap<String, u64>,
    ) -> Value {
        let subject = format!("countersign.yuanlan.api.crm.{verb}");
        let payload = serde_json::to_vec(request).expect("a request is JSON");
        let mut generation = self.generation.subscribe();
        loop {
            let serving = *generation.borrow_and_update();
            let asked = self.client.request(subject.clone(), payload.clone().into());
            let reply = match tokio::time::timeout(ANSWER_WITHIN, asked).await {
                Ok(Ok(message)) => {
                    serde_json::from_slice::<Value>(&message.payload).expect("a reply is JSON")
                }
                Ok(Err(_)) | Err(_) => {
                    // Nobody answers: wait until the engine serves again, unless it already does.
                    if serving == *self.generation.borrow() {
                        let _ = tokio::time::timeout(ANSWER_WITHIN, generation.changed()).await;
                    }
                    continue;
                }
            };
            if let Some(ok) = reply.get("ok") {
                let id = request["request_id"].as_str().expect("a request has an id").to_owned();
                acknowledged.insert(id, ok["sequence"].as_u64().expect("a reply names its frame"));
                let total = self.acknowledged.fetch_add(1, Ordering::Relaxed) + 1;
                self.more.send_replace(total);
                return ok.clone();
            }
            let code = reply["error"]["code"].as_str().unwrap_or_default();
            assert!(matches!(code, "OVERLOADED" | "ENGINE_STOPPED"), "{verb} was refused: {reply}");
        }
    }
}

pub(crate) fn contract(number: &str) -> Value {
    json!({
        "chain": "contract-review",
        "document": {
            "contract_no": number, "customer": "CU-JS-002", "days": 60, "prepay": "0%", "deliver_in": 30,
            "lines": [{ "product": "EB-P", "qty": 1, "price": { "amount": "20000.00", "currency": "CNY" } }],
        },
    })
}
