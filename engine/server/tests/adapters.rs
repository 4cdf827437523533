//! Commands, answers and facts over a real NATS server: each takes effect once, whatever is repeated, late, contrary
//! or unreadable.

use crate::support;
use crate::told::tell;

use crate::support::adapter::Outside;
use crate::support::nats::{Nats, PATIENCE, TWO_USERS, until};
use crate::support::{House, Office, request, with};
use async_nats::jetstream::{self, consumer::pull};
use countersign_core::time::{DAY, MINUTE};
use countersign_server::Server;
use futures_util::StreamExt;
use serde_json::{Value, json};

/// A served mill, the desk that its clerk sits at, and the systems beside it.
struct Mill {
    nats: Nats,
    house: House,
    server: Server,
    desk: Office,
    erp: Outside,
    bank: Outside,
}

impl Mill {
    async fn open() -> Mill {
        let (nats, house) = (Nats::start(TWO_USERS), House::mill().await);
        let server = house.serve(nats.config(&house)).await;
        let desk = Office::of(&server, "desk");
        let (erp, bank) = (Outside::of(&nats, "erp").await, Outside::of(&nats, "bank").await);
        Mill { nats, house, server, desk, erp, bank }
    }

    /// Hands an order in.
    async fn order(&self, number: &str) -> String {
        order(&self.desk, number).await
    }

    async fn case(&self, case: &str) -> Value {
        let at_least = self.server.engine().log().durable();
        let seen = with(request("P03", "clerk"), json!({ "case": case, "at_least": at_least }));
        self.desk.granted("case", &seen).await["ok"].clone()
    }

    async fn comes_to(&self, case: &str, state: &str) -> Value {
        let start = std::time::Instant::now();
        loop {
            let found = self.case(case).await;
            if found["state"] == state {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "expected {case} in {state}, found {found}");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// Lets time pass, and everything happen that it sets off.
    async fn wait(&self, ms: i64) {
        self.house.clock.advance(u64::try_from(ms).expect("time goes on"));
        for _ in 0..2 {
            self.server.engine().settle().await.expect("settled");
        }
    }

    async fn letters(&self, count: usize) -> Vec<(String, Value)> {
        let start = std::time::Instant::now();
        loop {
            let letters = self.erp.letters().await;
            if letters.len() >= count {
                return letters;
            }
            assert!(start.elapsed() < PATIENCE, "expected {count} dead letters, found {letters:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    fn counts(&self) -> countersign_server::OutwardCounts {
        self.server.outward_counts()
    }
}

async fn order(desk: &Office, number: &str) -> String {
    let document = json!({ "order_no": number, "units": 5 });
    let message = with(request("P03", "clerk"), json!({ "chain": "order", "document": document }));
    let reply = desk.granted("submit", &message).await;
    reply["ok"]["case"].as_str().expect("a case").to_owned()
}

fn counted(units: u32) -> Value {
    json!({ "fields": { "units": units } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_goes_out_answers_and_facts_come_in() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    let came = mill.erp.command().await;
    assert_eq!(came.subject, "countersign.mill.cmd.erp.mo.create");
    assert_eq!((came.correlation.as_str(), came.message_id.as_str()), ("mill-C-1", "C-1.making.1.1"));
    assert_eq!(came.body["with"], json!({ "order_no": "O-1", "units": 5 }));
    assert_eq!((&came.body["attempt"], &came.body["deadline"]), (&json!(1), &json!("2025-04-21T01:30:00Z")));
    let handler = mill.desk.granted("handler", &with(request("P03", "clerk"), json!({ "case": case }))).await;
    assert_eq!(handler["ok"]["waits_on"], "the answer to C-1.making.1 (erp.mo.create)");

    mill.erp.answers("C-1.making.1", "a", "accepted", json!({ "fields": { "mo": "MO-7" } })).await;
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    let found = mill.comes_to(&case, "counting").await;
    assert_eq!(found["facts"], json!({ "mo": "MO-7", "made": 5 }));
    let command = &found["commands"][0];
    assert_eq!((&command["status"], &command["answer"]["answer"]), (&json!("answered"), &json!("done")));

    let task = mill.desk.task("P04", "checker", &case).await;
    assert_eq!(task["work"]["title"]["en"], "Count what was made");
    assert_eq!(task["work"]["asks"], json!([{ "name": "counted", "kind": "units" }]));
    let mut answer = support::decide("P04", "checker", &task, "done");
    answer["fields"] = json!({ "counted": 4 });
    assert_eq!(mill.desk.granted("decide", &answer).await["ok"]["state"], "paying");
    mill.bank.paid("R-1", "O-1").await;
    let found = mill.comes_to(&case, "paid").await;
    assert_eq!(found["facts"]["made"], 4);
    assert_eq!(found["signed"][0]["fields"], json!({ "counted": 4 }));
    until("the fact is counted, which is seen before", || mill.counts().facts == 1).await;
    let counts = mill.counts();
    assert_eq!((counts.commands, counts.answers, counts.facts), (1, 2, 1));
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_answer_or_fact_counts_once() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    mill.erp.command().await;
    for _ in 0..3 {
        mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    }
    mill.bank.paid("R-1", "O-1").await;
    mill.bank.paid("R-1", "O-1").await;
    mill.comes_to(&case, "counting").await;
    until("the repeats are counted", || mill.counts().duplicates == 3).await;
    let counts = mill.counts();
    assert_eq!((counts.answers, counts.facts, counts.conflicts, counts.dead), (1, 1, 0, 0));
    until("they are acknowledged", || true).await;
    let found = mill.case(&case).await;
    assert_eq!(found["commands"].as_array().map(Vec::len), Some(1));
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_different_last_answer_holds_the_case() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    mill.erp.command().await;
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    mill.comes_to(&case, "counting").await;
    mill.erp.answers("C-1.making.1", "c", "done", counted(6)).await;
    let found = mill.comes_to(&case, "on-hold").await;
    assert_eq!(found["held"]["code"], "REPLY_CONFLICT");
    assert_eq!(found["commands"][0]["status"], "conflicted");
    until("it is counted", || mill.counts().conflicts == 1).await;
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_command_is_sent_again_under_its_id_and_a_late_answer_is_adopted() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    assert_eq!(mill.erp.command().await.body["attempt"], 1);
    for (minutes, attempt) in [(5, 2), (10, 3)] {
        mill.wait(minutes * MINUTE).await;
        let again = mill.erp.command().await;
        assert_eq!(
            (&again.body["command_id"], &again.body["attempt"]),
            (&json!("C-1.making.1"), &json!(attempt))
        );
        assert_eq!(again.body["with"], json!({ "order_no": "O-1", "units": 5 }));
    }
    mill.wait(15 * MINUTE).await;
    let found = mill.comes_to(&case, "on-hold").await;
    assert_eq!(found["held"]["code"], "SILENT");
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    let found = mill.comes_to(&case, "counting").await;
    assert_eq!(found["commands"][0]["answer"]["late"], true);
    until("it is counted", || mill.counts().late == 1).await;
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_holds_retries_and_resumes() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    mill.erp.command().await;
    mill.wait(30 * MINUTE).await;
    mill.comes_to(&case, "on-hold").await;
    let step_in = |who: (&str, &str), case: &str| {
        with(request(who.0, who.1), json!({ "case": case, "reason": "the ERP is back" }))
    };
    assert_eq!(mill.desk.refused("retry", &step_in(("P03", "clerk"), &case)).await, "FORBIDDEN");
    mill.desk.granted("retry", &step_in(("P02", "process_owner"), &case)).await;
    let again = mill.erp.command().await;
    assert_eq!(again.body["command_id"], "C-1.making.1");
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    mill.comes_to(&case, "counting").await;
    let held = mill.desk.granted("hold", &step_in(("P02", "process_owner"), &case)).await;
    assert_eq!(held["ok"]["state"], "on-hold");
    assert_eq!(mill.desk.refused("hold", &step_in(("P02", "process_owner"), &case)).await, "CASE_HELD");
    let resumed = mill.desk.granted("resume", &step_in(("P02", "process_owner"), &case)).await;
    assert_eq!(resumed["ok"]["state"], "counting");
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_is_undone_by_a_command_that_says_what() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    mill.erp.command().await;
    mill.erp.answers("C-1.making.1", "a", "accepted", json!({ "fields": { "mo": "MO-7" } })).await;
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    mill.comes_to(&case, "counting").await;
    let cancel = json!({ "case": case, "request": "cancel", "reason": "the customer has gone" });
    let reply = mill.desk.granted("request", &with(request("P03", "clerk"), cancel)).await;
    assert_eq!(reply["ok"]["state"], "cancelling");
    let undo = mill.erp.command().await;
    assert_eq!(undo.subject, "countersign.mill.cmd.erp.mo.cancel");
    assert_eq!(
        undo.body["undoes"],
        json!({ "command_id": "C-1.making.1", "done": { "mo": "MO-7", "units": 5 } })
    );
    let id = undo.body["command_id"].as_str().expect("an id").to_owned();
    mill.erp.answers(&id, "u", "done", json!({})).await;
    mill.comes_to(&case, "cancelled").await;
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_processed_becomes_a_dead_letter_with_its_reason() {
    let mut mill = Mill::open().await;
    mill.order("O-1").await;
    mill.erp.command().await;
    mill.erp.says("countersign.mill.rpl.erp.mo.create".into(), b"{\"command_id\": 7".to_vec()).await;
    mill.erp.answers("C-1.making.1", "x", "finished", counted(5)).await;
    mill.erp.answers("C-1.making.1", "y", "done", json!({ "fields": { "units": "many" } })).await;
    mill.erp.answers("C-9.making.1", "z", "done", counted(5)).await;
    mill.bank.answers("C-1.making.1", "b", "done", counted(5)).await;
    mill.bank.says("countersign.mill.in.bank.loan.granted".into(), told("L-1").into_bytes()).await;
    let letters = mill.letters(6).await;
    let mut found: Vec<(&str, &str)> = letters
        .iter()
        .map(|(adapter, letter)| (adapter.as_str(), letter["code"].as_str().unwrap_or("")))
        .collect();
    found.sort_unstable();
    let expected = [
        ("bank", "FORBIDDEN"),
        ("bank", "REPLY_UNDECLARED"),
        ("erp", "COMMAND_UNKNOWN"),
        ("erp", "MALFORMED"),
        ("erp", "REPLY_UNDECLARED"),
        ("erp", "REPLY_UNDECLARED"),
    ];
    assert_eq!(found, expected, "{letters:?}");
    assert!(letters.iter().all(|(_, letter)| letter["message"].as_str().is_some_and(|text| text.len() > 10)));
    assert_eq!(mill.counts().dead, 6);
    // What came before and behind it is not held up.
    mill.erp.answers("C-1.making.1", "ok", "done", counted(5)).await;
    mill.comes_to("C-1", "counting").await;
    let start = std::time::Instant::now();
    while mill.erp.left("rpl").await + mill.erp.left("in").await > 0 {
        assert!(start.elapsed() < PATIENCE, "everything is acknowledged");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    mill.server.stop().await.expect("a clean stop");
}

fn told(id: &str) -> String {
    json!({ "message_id": id, "at": support::NOW, "data": {} }).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fact_that_nobody_wants_is_kept_and_then_a_dead_letter() {
    let mut mill = Mill::open().await;
    // From the first command on, what is given up has a way out.
    mill.order("O-1").await;
    mill.erp.command().await;
    mill.bank.paid("R-1", "O-9").await;
    until("it is kept", || mill.counts().facts == 1).await;
    mill.wait(31 * DAY).await;
    let letters = mill.letters(1).await;
    let (adapter, letter) = &letters[0];
    assert_eq!((adapter.as_str(), &letter["code"]), ("bank", &json!("NO_WAITING_CASE")));
    assert_eq!(letter["subject"], "countersign.mill.in.bank.receipt.posted");
    assert!(letter["payload"].as_str().is_some_and(|text| text.contains("O-9") && text.contains("R-1")));
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_was_durable_before_the_server_died_goes_out_once() {
    let (nats, house) = (Nats::start(TWO_USERS), House::mill().await);
    let server = house.embedded().await;
    order(&Office::of(&server, "desk"), "O-1").await;
    server.stop().await.expect("a clean stop");
    let server = house.serve(nats.config(&house)).await;
    let erp = Outside::of(&nats, "erp").await;
    assert_eq!(erp.command().await.message_id, "C-1.making.1.1");
    order(&Office::of(&server, "desk"), "O-2").await;
    assert_eq!(erp.command().await.message_id, "C-2.making.1.1");
    server.stop().await.expect("a clean stop");
    let server = house.serve(nats.config(&house)).await;
    let durable = server.engine().log().durable();
    assert!(server.commanded(durable, PATIENCE).await);
    erp.nothing().await;
    server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_removed_is_made_anew_and_open_commands_go_out_again() {
    let mill = Mill::open().await;
    mill.order("O-1").await;
    assert_eq!(mill.erp.command().await.body["command_id"], "C-1.making.1");
    mill.erp.context.delete_stream("COUNTERSIGN_mill_cmd").await.expect("deleted");
    mill.order("O-2").await;
    let mut found = Vec::new();
    while found.len() < 2 {
        found.push(mill.erp.command().await.body["command_id"].as_str().expect("an id").to_owned());
    }
    found.sort_unstable();
    assert_eq!(found, ["C-1.making.1", "C-2.making.1"]);
    mill.server.stop().await.expect("a clean stop");
    tell(
        7,
        "the stream of commands removed",
        "open commands go out again under their ids",
        &format!("{} open commands again", found.len()),
    );
}

/// What was done late by a case that is over is still being undone: that goes out again as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_undos_of_closed_cases_go_out_again_once_the_stream_is_made_anew() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    assert_eq!(mill.erp.command().await.body["command_id"], "C-1.making.1");
    let cancel = json!({ "case": case, "request": "cancel", "reason": "the customer has gone" });
    mill.desk.granted("request", &with(request("P03", "clerk"), cancel)).await;
    mill.comes_to(&case, "cancelled").await;
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    let undo = mill.erp.command().await;
    assert_eq!(undo.subject, "countersign.mill.cmd.erp.mo.cancel");
    until("it is counted", || mill.counts().late == 1).await;
    mill.erp.context.delete_stream("COUNTERSIGN_mill_cmd").await.expect("deleted");
    mill.order("O-2").await;
    let mut found = Vec::new();
    while found.len() < 2 {
        let came = mill.erp.command().await;
        let undoes = came.body["undoes"]["command_id"].as_str().unwrap_or_default().to_owned();
        found.push((came.body["command_id"].as_str().expect("an id").to_owned(), undoes));
    }
    found.sort_unstable();
    let undo = (undo.body["command_id"].as_str().expect("an id").to_owned(), "C-1.making.1".to_owned());
    assert_eq!(found, [undo, ("C-2.making.1".to_owned(), String::new())]);
    mill.server.stop().await.expect("a clean stop");
}

/// An undo that is refused holds the case; who has mended it by hand says so, and it goes on for ever marked so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_settled_by_hand_is_marked_so() {
    let mut mill = Mill::open().await;
    let case = mill.order("O-1").await;
    mill.erp.command().await;
    mill.erp.answers("C-1.making.1", "b", "done", counted(5)).await;
    mill.comes_to(&case, "counting").await;
    let settle = json!({ "case": case, "reason": "the works has scrapped it" });
    let settles = |person: &str, position: &str| with(request(person, position), settle.clone());
    assert_eq!(mill.desk.refused("settle", &settles("P02", "process_owner")).await, "NOT_HELD");
    let cancel = json!({ "case": case, "request": "cancel", "reason": "the customer has gone" });
    mill.desk.granted("request", &with(request("P03", "clerk"), cancel)).await;
    let undo = mill.erp.command().await.body["command_id"].as_str().expect("an id").to_owned();
    mill.erp
        .answers(&undo, "u", "refused", json!({ "code": "FINISHED", "message": "it is on the lorry" }))
        .await;
    assert_eq!(mill.comes_to(&case, "on-hold").await["held"]["code"], "STUCK");
    assert_eq!(mill.desk.refused("settle", &settles("P04", "checker")).await, "FORBIDDEN");
    mill.desk.granted("settle", &settles("P02", "process_owner")).await;
    mill.comes_to(&case, "cancelled").await;
    let timeline =
        mill.desk.granted("timeline", &with(request("P03", "clerk"), json!({ "case": case }))).await;
    let told = timeline.to_string();
    for part in
        ["erp.mo.create (C-1.making.1) was settled by hand", "the works has scrapped it", "effect-settled"]
    {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    mill.server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nats_is_away_decisions_go_on_and_each_command_comes_once_it_is_back() {
    let mut mill = Mill::open().await;
    mill.order("O-1").await;
    mill.erp.command().await;
    mill.nats.kill();
    let gone = || mill.server.status().outward.is_some_and(|outward| outward.held.is_some());
    mill.order("O-2").await;
    until("it is noticed", gone).await;
    // It is sent again by its schedule meanwhile; only the newest sending goes out.
    mill.wait(6 * MINUTE).await;
    mill.nats.run();
    let mut found = Vec::new();
    while found.len() < 2 {
        let came = mill.erp.command().await;
        found.push((
            came.body["command_id"].as_str().expect("an id").to_owned(),
            came.body["attempt"].clone(),
        ));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, [("C-1.making.1".to_owned(), json!(2)), ("C-2.making.1".to_owned(), json!(2))]);
    mill.server.stop().await.expect("a clean stop");
    tell(
        7,
        "NATS away for six minutes of virtual time, with open commands",
        "decisions go on; sent again by schedule, only the newest sending goes out",
        "each command once",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_deployed_configuration_an_adapter_reaches_its_own_work_and_nothing_else() {
    let (house, nats) = (House::demo().await, Nats::deployed());
    let server = house.serve(nats.config(&house)).await;
    let durable = server.engine().log().durable();
    assert!(server.commanded(durable, PATIENCE).await, "{:?}", server.status().outward);
    let context = jetstream::new(nats.connect("erp").await);
    let stream = context.get_stream("COUNTERSIGN_yuanlan_cmd").await.expect("its user may look");
    let consumer = |name: &str, adapter: &str| pull::Config {
        durable_name: Some(name.to_owned()),
        name: Some(name.to_owned()),
        filter_subject: format!("countersign.yuanlan.cmd.{adapter}.>"),
        ..pull::Config::default()
    };
    let short = std::time::Duration::from_millis(500);
    let foreign = [("adapter-finance", "finance"), ("adapter-erp", "finance"), ("adapter-erp2", "erp")];
    for (name, adapter) in foreign {
        let refused = tokio::time::timeout(short, stream.create_consumer(consumer(name, adapter))).await;
        assert!(!matches!(refused, Ok(Ok(_))), "{name} over the work of {adapter}");
    }
    let own = stream.create_consumer(consumer("adapter-erp", "erp")).await.expect("its own consumer");
    let mut batch = own.fetch().max_messages(1).expires(short).messages().await.expect("it may ask");
    assert!(batch.next().await.is_none(), "there is no work yet");
    for (subject, may) in [("rpl.erp.contract.register", true), ("rpl.finance.invoice.issue", false)] {
        let subject = format!("countersign.yuanlan.{subject}");
        let sent = context.publish(subject.clone(), "{}".into()).await.expect("sent");
        let kept = tokio::time::timeout(short, sent.into_future()).await;
        assert_eq!(matches!(kept, Ok(Ok(_))), may, "{subject}");
    }
    until("the engine reads it", || server.outward_counts().dead == 1).await;
    server.stop().await.expect("a clean stop");
}

/// Both give their commands the same ids: what adapters were told by the one must not be told again by the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_on_the_same_nats_server_deals_with_no_adapter() {
    let Mill { nats, house, server, desk, mut erp, .. } = Mill::open().await;
    order(&desk, "O-1").await;
    assert_eq!(erp.command().await.body["command_id"], "C-1.making.1");
    support::nats::all_published(&server).await;
    server.stop().await.expect("a clean stop");
    drop(desk);

    let fork = House { directory: tempfile::tempdir().expect("a folder"), clock: house.clock.clone() };
    let (from, to) = (house.directory.path().to_owned(), fork.directory.path().to_owned());
    let forked = tokio::task::spawn_blocking(move || countersign_runtime::fork(&from, &to)).await;
    forked.expect("no panic").expect("a fork");
    let server = fork.serve(nats.config(&fork)).await;
    let held = || server.status().outward.and_then(|outward| outward.held);
    until("the fork holds", || held().is_some_and(|hold| hold.code == "STREAM_FOREIGN")).await;
    order(&Office::of(&server, "desk"), "O-2").await;
    erp.answers("C-1.making.1", "a", "done", counted(5)).await;
    erp.nothing().await;
    assert_eq!(erp.left("rpl").await, 1, "the answer is left to the log that asked");
    server.stop().await.expect("a clean stop");

    let server = house.serve(nats.config(&house)).await;
    let start = std::time::Instant::now();
    while erp.left("rpl").await > 0 {
        assert!(start.elapsed() < PATIENCE, "expected the answer to be taken: {:?}", server.status());
    }
    assert_eq!(server.outward_counts().answers, 1);
    server.stop().await.expect("a clean stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_that_were_given_up_before_nats_was_first_reached_become_dead_letters() {
    let house = House::mill().await;
    let server = house.embedded().await;
    let amount = json!({ "amount": "3400.00", "currency": "CNY" });
    let fact =
        json!({ "message_id": "R-9", "at": support::NOW, "data": { "order_no": "O-9", "amount": amount } });
    let taken =
        server.bus().take("countersign.mill.in.bank.receipt.posted", fact.to_string().as_bytes()).await;
    assert_eq!(taken, countersign_server::Taken::Effect);
    house.clock.advance(u64::try_from(31 * DAY).expect("time goes on"));
    server.engine().settle().await.expect("settled");
    server.stop().await.expect("a clean stop");

    let nats = Nats::start(TWO_USERS);
    let bank = Outside::of(&nats, "bank").await;
    for start in 0..2 {
        let server = house.serve(nats.config(&house)).await;
        let durable = server.engine().log().durable();
        assert!(server.commanded(durable, PATIENCE).await, "{:?}", server.status().outward);
        let letters = bank.letters().await;
        let told = letters.iter().filter(|(_, letter)| letter.to_string().contains("R-9")).count();
        assert_eq!(told, 1, "start {start}: {letters:?}");
        server.stop().await.expect("a clean stop");
    }
}
