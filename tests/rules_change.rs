//! A chain is changed and applied while 1,000 cases are open at different steps: each finishes under the rules that it
//! began with, signer by signer, also after restarts; 100 new ones take the new rules.

#![allow(clippy::print_stdout, reason = "a run tells what it counted")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::command::VouchedBy;
use countersign_core::definition::Duty;
use countersign_core::state::{Stage, State};
use countersign_core::time::Timestamp;
use countersign_runtime::{EngineOptions, OnFatal, ViewsAt};
use countersign_server::{Caller, Config, Server};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::support::{COUNTERSIGN, init, repository, verify};

const OLD: u64 = 1_000;
const NEW: u64 = 100;
const UNDER_WAY: usize = 64;

/// Two signers more, a lower limit above which credit is reviewed and the branch decides, and a task behind the seal.
const CHANGES: [(&str, &str); 4] = [
    ("when: doc.total > 50000 or off_grade_terms", "when: doc.total > 10000 or off_grade_terms"),
    (
        "when: doc.total >= 300000 or not doc.standard_text",
        "when: doc.total >= 15000 or not doc.standard_text",
    ),
    ("    at_least:\n", "    at_least:\n      - { level: bgm, when: doc.total > 15000 }\n"),
    (
        "    next: { received: effective }\n",
        "    next: { received: filing }\n\n  filing:\n    task: file_custodian\n    do: { en: File the contract, zh: 归档 }\n    \
         next: { done: effective, refused: rejected }\n",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_cases_keep_the_rules_that_they_began_with_and_new_ones_take_the_new() {
    let data = tempfile::tempdir().expect("a data directory");
    init(data.path());
    let folder = changed();
    let mut house = House::open(data.path()).await;
    house.submit(1..=OLD).await;
    // A quarter each stands at its first step, its second, its third ..., as far as it has so many.
    for depth in 1..4 {
        house.answer_each(|case| case / 2 % 4 >= depth).await;
    }
    let stood = house.steps().await;
    println!("open: {stood:?}");
    assert!(["clause-review", "line", "sealing"].iter().all(|state| stood.contains_key(*state)), "{stood:?}");
    house.stop().await;

    let dry = apply(data.path(), folder.path(), "--dry-run");
    for told in [
        "changed chain contract-review",
        "-        when: doc.total > 50000 or off_grade_terms",
        "+        when: doc.total > 10000 or off_grade_terms",
        "+    task: file_custodian",
        "1000 cases are open and keep the rules that they began with:",
        "contract-review: 1000 on release 1",
    ] {
        assert!(dry.contains(told), "expected {told:?} in\n{dry}");
    }
    assert!(dry.ends_with("nothing was changed (--dry-run)\n"), "{dry}");
    let applied = apply(data.path(), folder.path(), "--yes");
    assert!(applied.ends_with("release 2 holds, by H03 as process_owner\n"), "{applied}");

    house.reopen().await;
    assert_eq!(house.steps().await, stood, "nobody is asked anew");
    house.submit(OLD + 1..=OLD + NEW).await;
    // Old and new go on side by side, and the log is replayed in between.
    house.answer_each(|_| true).await;
    house.stop().await;
    house.reopen().await;
    house.finish().await;
    house.check().await;
    house.stop().await;
    verify(data.path());
}

/// The company's files with the changed chain.
fn changed() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&repository().join("tests/companies/contracts"), folder.path());
    let path = folder.path().join("chains/contract-review.yaml");
    let mut chain = std::fs::read_to_string(&path).expect("the chain");
    for (from, to) in CHANGES {
        assert_eq!(chain.matches(from).count(), 1, "{from}");
        chain = chain.replacen(from, to, 1);
    }
    std::fs::write(path, chain).expect("a file");
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a file");
        }
    }
}

fn apply(data: &Path, folder: &Path, how: &str) -> String {
    let mut command = Command::new(COUNTERSIGN);
    command.arg("apply").arg(folder).arg("--data").arg(data).args(["--as", "process_owner", how]);
    let output = command.output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "apply {how}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// An open task: its case and what answers it.
struct Asked {
    case: u64,
    position: String,
    person: String,
    body: Value,
}

/// The served company, and who has signed what so far.
struct House {
    options: EngineOptions,
    server: Option<Server>,
    signers: BTreeMap<u64, Vec<String>>,
}

impl House {
    async fn open(data: &Path) -> House {
        let options =
            EngineOptions { on_fatal: OnFatal::Stop, views: ViewsAt::Off, ..EngineOptions::directory(data) };
        let mut house = House { options, server: None, signers: BTreeMap::new() };
        house.reopen().await;
        house
    }

    async fn reopen(&mut self) {
        let started = Server::start(Config::embedded(self.options.clone())).await;
        self.server = Some(started.expect("the server starts").0);
    }

    async fn stop(&mut self) {
        self.server.take().expect("a server").stop().await.expect("a clean stop");
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("a server")
    }

    async fn read<T: Send + 'static>(&self, look: impl FnOnce(&State) -> T + Send + 'static) -> T {
        self.server().engine().read(look).await.expect("the engine lives").0
    }

    async fn ask(&self, system: &str, verb: &str, id: &str, mut body: Value) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        body["request_id"] = id.into();
        body["sent_at"] = Timestamp(now as i64).to_string().into();
        let caller = Caller::new(system, VouchedBy::System);
        let reply = self.server().desk().handle(&caller, verb, body.to_string().as_bytes()).await;
        let reply: Value = serde_json::from_slice(&reply).expect("a reply is JSON");
        assert!(reply["ok"].is_object(), "{verb} {body}: {reply}");
        reply["ok"].clone()
    }

    /// Hands contracts in, in turn one of 20,000.00 and one of 60,000.00. Their cases have these numbers.
    async fn submit(&self, numbers: std::ops::RangeInclusive<u64>) {
        for number in numbers {
            let price = if is_large(number) { "60000.00" } else { "20000.00" };
            let body = json!({
                "chain": "contract-review", "person": "H31", "position": "rep_js1",
                "document": {
                    "contract_no": contract(number), "customer": "CU-JS-002", "days": 60, "prepay": "0%", "deliver_in": 30,
                    "lines": [{ "product": "EB-P", "qty": 1, "price": { "amount": price, "currency": "CNY" } }],
                },
            });
            let taken = self.ask("crm", "submit", &format!("submit-{number}"), body).await;
            assert_eq!(taken["case"], format!("C-{number}"));
        }
    }

    /// Answers one open task of each of these cases, whoever is asked.
    async fn answer_each(&mut self, of: impl Fn(u64) -> bool) -> usize {
        let mut asked = self.read(asked).await;
        asked.retain(|task| of(task.case));
        let house = &*self;
        let answered = asked.into_iter().map(|Asked { case, position, person, mut body }| async move {
            let id = format!("{case}-{}", body["task"].as_str().unwrap_or_default());
            (body["person"], body["position"]) = (person.into(), position.clone().into());
            house.ask("crm", "decide", &id, body).await;
            (case, position)
        });
        let answered: Vec<_> = stream::iter(answered).buffer_unordered(UNDER_WAY).collect().await;
        let count = answered.len();
        for (case, position) in answered {
            self.signers.entry(case).or_default().push(position);
        }
        count
    }

    /// The seal desk tells that both seals are on every contract that waits for them.
    async fn seal(&self) -> usize {
        let sealing = self.read(|state| {
            let waiting = |stage: &Stage| matches!(stage, Stage::Fact { .. } | Stage::Message { .. });
            state.cases().filter(|case| waiting(case.stage())).map(|case| case.number()).collect::<Vec<_>>()
        });
        let sealing = sealing.await;
        let count = sealing.len();
        let told = sealing.into_iter().map(|case| {
            let id = format!("seal-{case}");
            let body = json!({
                "fact": "seal-desk.contract.sealed", "message_id": id, "data": { "contract_no": contract(case) },
            });
            async move { self.ask("seal-desk", "fact", &id, body).await }
        });
        stream::iter(told).buffer_unordered(UNDER_WAY).collect::<Vec<_>>().await;
        count
    }

    async fn finish(&mut self) {
        while self.answer_each(|_| true).await + self.seal().await > 0 {}
    }

    /// How many open cases stand in which state, by its name.
    async fn steps(&self) -> BTreeMap<String, usize> {
        self.read(|state| {
            let mut counts = BTreeMap::new();
            for case in state.cases() {
                let name =
                    state.stands_in(case.number()).map_or_else(String::new, |(name, _)| name.to_string());
                *counts.entry(name).or_default() += 1;
            }
            counts
        })
        .await
    }

    async fn check(&self) {
        let ends = self.read(|state| {
            (1..state.next_case())
                .map(|case| (case, state.closed(case).map(|closed| closed.end.to_string())))
                .collect()
        });
        let ends: BTreeMap<u64, Option<String>> = ends.await;
        assert_eq!(ends.len() as u64, OLD + NEW);
        let mut routes: BTreeMap<(bool, Vec<String>), usize> = BTreeMap::new();
        for (case, end) in ends {
            assert_eq!(end.as_deref(), Some("effective"), "C-{case}");
            let mut signers = self.signers[&case].clone();
            // Those of one step sign in any order.
            signers.sort_unstable();
            assert_eq!(signers, expected(case), "C-{case}");
            *routes.entry((case > OLD, signers)).or_default() += 1;
        }
        for ((new, signers), count) in &routes {
            println!("{count} {}: {}", if *new { "new" } else { "old" }, signers.join(", "));
        }
        assert_eq!(routes.len(), 3, "two old routes and one new");
    }
}

fn is_large(number: u64) -> bool {
    number.is_multiple_of(2)
}

fn contract(number: u64) -> String {
    format!("CT-{number}")
}

/// Who signs, under the rules that held when the case began.
fn expected(case: u64) -> &'static [&'static str] {
    match (case > OLD, is_large(case)) {
        (false, false) => &["kam_js"],
        (false, true) => &["bgm_js", "credit_controller", "kam_js"],
        (true, _) => &["bgm_js", "credit_controller", "file_custodian", "kam_js", "legal"],
    }
}

/// The first open task of each case, with the answer that lets the case go on. New cases keep the new release, old ones
/// the old.
fn asked(state: &State) -> Vec<Asked> {
    let open = state.cases().filter_map(|case| {
        assert_eq!(case.release(), if case.number() > OLD { 2 } else { 1 }, "C-{}", case.number());
        let (number, task) = case.tasks().iter().next()?;
        let verdict = match task.duty {
            Duty::Approve => "approve",
            Duty::Review => "pass",
            _ => "done",
        };
        let hash: String = case.content_hash().iter().map(|byte| format!("{byte:02x}")).collect();
        let body = json!({
            "case": format!("C-{}", case.number()), "task": format!("T-{number}"), "version": task.version,
            "content_hash": hash, "verdict": verdict,
        });
        let (position, person) = (task.position.to_string(), task.holders[0].to_string());
        Some(Asked { case: case.number(), position, person, body })
    });
    open.collect()
}
