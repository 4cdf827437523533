//! A client that takes and gives back as its dice fall.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::time::Timestamp;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::Dice;

/// What everybody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    Budget,
    Pool,
    Credit,
}

/// Something that was granted and not given back.
struct Held {
    what: What,
    branch: &'static str,
    case: String,
    content_hash: String,
    /// How many tasks of it were answered: a sale is billed, then paid.
    answered: u32,
}

/// What clients were told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) granted: u64,
    pub(crate) refused: u64,
    pub(crate) given_back: u64,
    pub(crate) repeated: u64,
    /// How many are held at the end; of the pool by branch too.
    pub(crate) held: BTreeMap<What, u64>,
    pub(crate) pools: BTreeMap<&'static str, u64>,
    /// How long submissions took, in microseconds.
    micros: Vec<u64>,
}

impl Told {
    pub(crate) fn add(&mut self, other: Told) {
        self.granted += other.granted;
        self.refused += other.refused;
        self.given_back += other.given_back;
        self.repeated += other.repeated;
        other.held.into_iter().for_each(|(what, count)| *self.held.entry(what).or_default() += count);
        other.pools.into_iter().for_each(|(branch, count)| *self.pools.entry(branch).or_default() += count);
        self.micros.extend(other.micros);
        self.micros.sort_unstable();
    }

    /// So many milliseconds are not passed by this share of the submissions.
    pub(crate) fn percentile(&self, percent: usize) -> u64 {
        let place = (self.micros.len() * percent / 100).min(self.micros.len().saturating_sub(1));
        self.micros.get(place).copied().unwrap_or_default() / 1_000
    }
}

/// One of many.
pub(crate) struct Client {
    number: usize,
    nats: async_nats::Client,
    dice: Dice,
    serial: u64,
    held: Vec<Held>,
    pub(crate) told: Told,
}

impl Client {
    pub(crate) fn new(number: usize, nats: async_nats::Client, seed: u64) -> Client {
        let dice = Dice::new(seed ^ ((number as u64) << 32));
        Client { number, nats, dice, serial: 0, held: Vec::new(), told: Told::default() }
    }

    /// Takes something, or gives something back.
    pub(crate) async fn act(&mut self) {
        if !self.held.is_empty() && (self.held.len() > 2 || self.dice.below(2) == 0) {
            let place = self.dice.below(self.held.len() as u64) as usize;
            return self.give_back(place).await;
        }
        let what = [What::Budget, What::Pool, What::Credit][self.dice.below(3) as usize];
        let branch = ["js", "sd"][self.dice.below(2) as usize];
        self.take(what, branch).await;
    }

    /// Asks for everything until it is refused.
    pub(crate) async fn take_what_is_left(&mut self) {
        for (what, branch) in [(What::Pool, "js"), (What::Budget, ""), (What::Credit, ""), (What::Pool, "sd")]
        {
            while self.take(what, branch).await {}
        }
        for held in &self.held {
            *self.told.held.entry(held.what).or_default() += 1;
            if held.what == What::Pool {
                *self.told.pools.entry(held.branch).or_default() += 1;
            }
        }
    }

    /// What is free of every key, as the engine tells it.
    pub(crate) async fn ask_accounts(&mut self) -> BTreeMap<String, String> {
        let reply = self.ask("accounts", json!({})).await;
        let rows = reply["accounts"].as_array().expect("rows");
        let row = |row: &Value| {
            let text = |field: &str| row[field].as_str().expect("a text").to_owned();
            (format!("{}/{}", text("account"), text("key")), text("free"))
        };
        rows.iter().map(row).collect()
    }

    async fn take(&mut self, what: What, branch: &'static str) -> bool {
        let number = format!("{}-{}", self.number, self.serial);
        let (chain, document) = match what {
            What::Budget => ("plan", json!({ "plan_no": number, "line": "promo", "amount": "1234.56" })),
            What::Pool => {
                ("grant", json!({ "grant_no": number, "branch": branch, "campaign": "spring", "units": 7 }))
            }
            What::Credit => ("sale", json!({ "sale_no": number, "customer": "CU-1", "total": "19999.99" })),
        };
        let began = Instant::now();
        let body = json!({ "chain": chain, "document": document });
        let reply = self.ask("submit", body).await;
        self.told.micros.push(began.elapsed().as_micros() as u64);
        let text = |field: &str| reply[field].as_str().expect("a text").to_owned();
        if text("state") == "refused" {
            self.told.refused += 1;
            return false;
        }
        self.told.granted += 1;
        let (case, content_hash) = (text("case"), text("content_hash"));
        self.held.push(Held { what, branch, case, content_hash, answered: 0 });
        true
    }

    /// By withdrawing, or by going on to where it is given back. What is owed is given back only by being paid.
    async fn give_back(&mut self, place: usize) {
        let withdraws = self.held[place].answered == 0 && self.dice.below(3) == 0;
        let held = &mut self.held[place];
        if withdraws {
            let body = json!({ "case": held.case, "reason": "not needed" });
            self.ask("withdraw", body).await;
        } else {
            held.answered += 1;
            let (task, bills) = (held.answered, held.what == What::Credit && held.answered == 1);
            let body = json!({
                "case": held.case, "task": format!("T-{task}"), "version": 1,
                "content_hash": held.content_hash, "verdict": "done",
            });
            self.ask("decide", body).await;
            if bills {
                return;
            }
        }
        self.held.swap_remove(place);
        self.told.given_back += 1;
    }

    /// Asks for something that is granted; now and then twice, as one does who got no answer in time.
    async fn ask(&mut self, verb: &str, mut body: Value) -> Value {
        self.serial += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        body["request_id"] = format!("c{}-{}", self.number, self.serial).into();
        body["sent_at"] = Timestamp(now as i64).to_string().into();
        body["person"] = format!("P0{}", 3 + self.number % 5).into();
        body["position"] = "clerk".into();
        let twice = verb != "accounts" && self.dice.below(20) == 0;
        if !twice {
            return self.send(verb, &body).await;
        }
        self.told.repeated += 1;
        let (one, other) = tokio::join!(self.send(verb, &body), self.send(verb, &body));
        assert_eq!(one, other, "a repeat of {verb} {body}");
        one
    }

    async fn send(&self, verb: &str, body: &Value) -> Value {
        let subject = format!("countersign.yuanlan.api.crm.{verb}");
        let payload = serde_json::to_vec(body).expect("a request is JSON");
        loop {
            let reply = self.nats.request(subject.clone(), payload.clone().into()).await;
            let reply = reply.unwrap_or_else(|error| panic!("{verb} {body}: {error}"));
            let mut reply: Value = serde_json::from_slice(&reply.payload).expect("a reply is JSON");
            if let Some(ok) = reply.get_mut("ok") {
                return ok.take();
            }
            assert_eq!(reply["error"]["code"], "OVERLOADED", "{verb} {body}: {reply}");
            let wait = reply["error"]["retry_after_ms"].as_u64().unwrap_or(20);
            sleep(Duration::from_millis(wait)).await;
        }
    }
}
