//! The front desk over an embedded engine with the demo company.

use crate::support;

use crate::support::{House, Office, contract, decide, request, sealed, submit, with};
use serde_json::{Value, json};

/// A contract of 3,400.00: within the limit of kam_js, without a review.
const SMALL: u32 = 1;
/// 340,000.00: reviewed by credit and legal, blind to each other; beyond bgm_js, so region_east_head decides.
const LARGE: u32 = 100;

#[tokio::test]
async fn a_contract_goes_from_submission_to_its_end() {
    let house = House::found().await;
    let server = house.embedded().await;
    let (crm, seals) = (Office::of(&server, "crm"), Office::of(&server, "seal-desk"));
    let reply = crm.granted("submit", &submit("H31", "rep_js1", contract("HT-1", SMALL))).await;
    assert_eq!(reply["ok"]["case"], "C-1");
    assert_eq!((&reply["ok"]["state"], &reply["ok"]["revision"]), (&json!("line"), &json!(1)));
    assert_eq!(reply["ok"]["sequence"], reply["sequence"]);
    let approve = crm.answer("H29", "kam_js", "C-1", "approve").await;
    let reply = crm.granted("decide", &approve).await;
    assert_eq!(reply["ok"]["state"], "sealing");
    let handler = crm.granted("handler", &with(request("H31", "rep_js1"), json!({ "case": "C-1" }))).await;
    assert_eq!(handler["ok"]["waits_on"], "contract.sealed");
    let reply = seals.granted("fact", &sealed("HT-1")).await;
    assert_eq!((&reply["ok"]["cases"], &reply["ok"]["duplicate"]), (&json!(["C-1"]), &json!(false)));
    let seen = with(request("H31", "rep_js1"), json!({ "case": "C-1", "at_least": reply["sequence"] }));
    let case = crm.granted("case", &seen).await;
    assert_eq!(case["ok"]["ended"]["end"], "effective");
    assert_eq!(case["ok"]["document"]["total"], json!({ "amount": "3400.00", "currency": "CNY" }));
    assert_eq!(case["ok"]["correlation"], "yuanlan-C-1");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn a_repeat_gets_the_bytes_of_the_first_reply_however_much_has_happened_since() {
    let house = House::found().await;
    let server = house.embedded().await;
    let (crm, seals) = (Office::of(&server, "crm"), Office::of(&server, "seal-desk"));
    let mut sent: Vec<(Office, &str, Value, Vec<u8>)> = Vec::new();
    let mut send = async |office: &Office, verb: &'static str, message: Value| {
        let reply = office.send(verb, &message).await;
        sent.push((office.clone(), verb, message, reply));
    };
    send(&crm, "submit", submit("H31", "rep_js1", contract("HT-1", LARGE))).await;
    // The first of two blind reviews closes nothing; the second moves the case.
    send(&crm, "decide", crm.answer("H19", "credit_controller", "C-1", "pass").await).await;
    send(&crm, "decide", crm.answer("H05", "legal", "C-1", "return").await).await;
    let again = json!({ "case": "C-1", "version": 1, "document": contract("HT-1", LARGE + 1) });
    send(&crm, "resubmit", with(request("H31", "rep_js1"), again)).await;
    send(&crm, "submit", submit("H31", "rep_js1", contract("HT-2", SMALL))).await;
    send(&crm, "decide", crm.answer("H29", "kam_js", "C-2", "approve").await).await;
    send(&seals, "fact", sealed("HT-2")).await;
    send(&crm, "submit", submit("H31", "rep_js1", contract("HT-3", SMALL))).await;
    let upwards = crm.task("H29", "kam_js", "C-3").await;
    let refer =
        json!({ "case": "C-3", "task": upwards["task"], "version": 1, "reason": "conflict_of_interest" });
    send(&crm, "refer-up", with(request("H29", "kam_js"), refer)).await;
    send(&crm, "withdraw", with(request("H31", "rep_js1"), json!({ "case": "C-3", "reason": "mistake" })))
        .await;
    // Refusals that auditors know of are remembered, with the field they are about.
    let addressed =
        with(submit("H31", "rep_js1", contract("HT-4", SMALL)), json!({ "addressee": "president" }));
    send(&crm, "submit", addressed).await;
    crm.contract("HT-5", SMALL).await;
    let before = server.engine().log().durable();
    for (office, verb, message, reply) in &sent {
        let repeated = office.send(verb, message).await;
        let shown = |reply: &[u8]| String::from_utf8_lossy(reply).into_owned();
        assert_eq!(shown(&repeated), shown(reply), "{verb} {message}");
    }
    assert_eq!(server.engine().log().durable(), before, "a repeat records nothing");
    let refusals =
        sent.iter().filter(|(.., reply)| !String::from_utf8_lossy(reply).contains("\"ok\"")).count();
    assert_eq!(refusals, 1, "only the skip-level attempt was refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_under_load_are_those_of_a_repeat() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let work = (0..40).map(|n| {
        let crm = crm.clone();
        tokio::spawn(async move {
            let case = crm.contract(&format!("HT-{n}"), LARGE).await;
            let mut sent = Vec::new();
            for (person, position) in [("H19", "credit_controller"), ("H05", "legal"), ("H29", "kam_js")] {
                let message = crm.answer(person, position, &case, "pass").await;
                let reply = crm.send("decide", &message).await;
                sent.push((message, reply));
            }
            sent
        })
    });
    for task in work.collect::<Vec<_>>() {
        for (message, reply) in task.await.expect("no panic") {
            assert!(
                String::from_utf8_lossy(&reply).contains("\"ok\""),
                "{}",
                String::from_utf8_lossy(&reply)
            );
            assert_eq!(crm.send("decide", &message).await, reply);
        }
    }
}

#[tokio::test]
async fn refusals_have_a_code_a_sentence_and_a_sequence() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", SMALL).await;
    let task = crm.task("H29", "kam_js", &case).await;
    let answer = |verdict: &str| decide("H29", "kam_js", &task, verdict);
    let stale = with(answer("approve"), json!({ "version": 9 }));
    assert_eq!(crm.refused("decide", &stale).await, "CONFLICT");
    let other_content = with(answer("approve"), json!({ "content_hash": "0".repeat(64) }));
    assert_eq!(crm.refused("decide", &other_content).await, "CONFLICT");
    let own = decide("H31", "rep_js1", &task, "approve");
    assert_eq!(crm.refused("decide", &own).await, "SELF_APPROVAL");
    let addressed = with(submit("H31", "rep_js1", contract("HT-2", SMALL)), json!({ "addressee": "bgm_js" }));
    let reply = crm.ask("submit", &addressed).await;
    assert_eq!(
        (&reply["error"]["code"], &reply["error"]["field"]),
        (&json!("SKIP_LEVEL"), &json!("addressee"))
    );
    let first = submit("H31", "rep_js1", contract("HT-3", SMALL));
    crm.granted("submit", &first).await;
    let reused = with(first, json!({ "document": contract("HT-4", SMALL) }));
    assert_eq!(crm.refused("submit", &reused).await, "REQUEST_ID_REUSED");
    let table = [
        (decide("H25", "bgm_js", &task, "approve"), "NOT_ASSIGNEE"),
        (decide("H25", "kam_js", &task, "approve"), "NOT_ASSIGNEE"),
        (answer("pass"), "VERDICT_NOT_ALLOWED"),
        (with(answer("approve"), json!({ "case": "C-77" })), "CASE_UNKNOWN"),
        (with(answer("approve"), json!({ "case": "contract-1" })), "CASE_UNKNOWN"),
        (with(answer("approve"), json!({ "task": "T-77" })), "TASK_UNKNOWN"),
        (with(answer("return"), json!({ "to": "nowhere" })), "FIELD_TYPE"),
        (with(answer("approve"), json!({ "fields": {} })), "BAD_VALUE"),
        (with(answer("approve"), json!({ "sent_at": "2025-04-19T09:00:00+08:00" })), "REQUEST_EXPIRED"),
        (with(answer("approve"), json!({ "sent_at": "2025-04-21T10:00:00+08:00" })), "SENT_AT_AHEAD"),
    ];
    for (message, code) in &table {
        assert_eq!(crm.refused("decide", message).await, *code, "{message}");
    }
    let stale = json!({ "case": case, "version": 7, "document": contract("HT-1", SMALL) });
    assert_eq!(crm.refused("resubmit", &with(request("H31", "rep_js1"), stale)).await, "CONFLICT");
    let seals = Office::of(&server, "seal-desk");
    let kept = seals.granted("fact", &sealed("HT-99")).await;
    assert_eq!((&kept["ok"]["cases"], &kept["ok"]["kept"]), (&json!([]), &json!(true)), "for a case to come");
}

#[tokio::test]
async fn what_is_no_message_is_refused_with_its_place() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let code = async |verb: &str, payload: &[u8]| {
        let reply = crm.desk.handle(&crm.caller, verb, payload).await;
        let reply: Value = serde_json::from_slice(&reply).expect("JSON");
        assert!(reply["error"]["message"].as_str().is_some_and(|m| m.len() > 5), "{reply}");
        (reply["error"]["code"].as_str().unwrap_or_default().to_owned(), reply["error"].clone())
    };
    let (malformed, error) = code("submit", b"{\"request_id\":\n nonsense").await;
    assert_eq!((malformed.as_str(), &error["line"]), ("MALFORMED", &json!(2)));
    assert_eq!(code("submit", b"").await.0, "MALFORMED");
    assert_eq!(code("submit", &[0xff, 0xfe]).await.0, "MALFORMED");
    assert_eq!(code("submit", &vec![b' '; (1 << 20) + 1]).await.0, "TOO_LARGE");
    let deep = format!("{{\"document\":{}", "[".repeat(5_000));
    assert_eq!(code("submit", deep.as_bytes()).await.0, "TOO_DEEP");
    assert_eq!(code("promote", b"{}").await.0, "UNKNOWN_VERB");
    let (missing, error) = code("submit", b"{}").await;
    assert_eq!((missing.as_str(), &error["field"]), ("MISSING_FIELD", &json!("request_id")));
    let more = with(submit("H31", "rep_js1", contract("HT-1", SMALL)), json!({ "colour": "red" }));
    assert_eq!(code("submit", more.to_string().as_bytes()).await.0, "UNKNOWN_FIELD");
    let large = json!({ "contract_no": "x".repeat(70_000) });
    let large = submit("H31", "rep_js1", large).to_string();
    assert_eq!(code("submit", large.as_bytes()).await.0, "TOO_LARGE");
    let float = contract("HT-1", SMALL).to_string().replace("\"3400.00\"", "3400.00");
    let float = submit("H31", "rep_js1", serde_json::from_str(&float).expect("JSON"));
    let (kind, error) = code("submit", float.to_string().as_bytes()).await;
    assert_eq!((kind.as_str(), &error["field"]), ("FIELD_TYPE", &json!("document.lines[0].price")));
}

#[tokio::test]
async fn systems_yaml_bounds_what_a_system_asserts() {
    let house = House::found().await;
    let server = house.embedded().await;
    let office = |system: &str| Office::of(&server, system);
    let handed_in = submit("H31", "rep_js1", contract("HT-1", SMALL));
    assert_eq!(office("portal").refused("submit", &handed_in).await, "FORBIDDEN");
    assert_eq!(office("seal-desk").refused("submit", &handed_in).await, "FORBIDDEN");
    assert_eq!(office("stranger").refused("submit", &handed_in).await, "FORBIDDEN");
    let inbox = request("H29", "kam_js");
    assert_eq!(office("seal-desk").refused("inbox", &inbox).await, "FORBIDDEN");
    assert_eq!(office("crm").refused("inbox", &request("H29", "president")).await, "NOT_HOLDER");
    office("portal").granted("inbox", &inbox).await;
    assert_eq!(office("crm").refused("fact", &sealed("HT-1")).await, "FORBIDDEN");
    let other = with(sealed("HT-1"), json!({ "fact": "erp.contract.sealed" }));
    assert_eq!(office("seal-desk").refused("fact", &other).await, "FORBIDDEN");
    // 1,360,000.00 is more than the portal may assert.
    let case = office("crm").contract("HT-9", 400).await;
    let answer = office("crm").answer("H19", "credit_controller", &case, "pass").await;
    assert_eq!(office("portal").refused("decide", &answer).await, "FORBIDDEN");
    office("crm").granted("decide", &answer).await;
    let who = json!({ "request_id": "w", "sent_at": support::NOW });
    assert_eq!(office("engine").granted("who", &who).await["ok"]["company"], "yuanlan");
    assert_eq!(office("portal").granted("who", &who).await["ok"]["company"], "yuanlan");
    assert_eq!(office("seal-desk").refused("who", &who).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_case_is_shown_to_whom_it_concerns_also_when_it_is_over() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", SMALL).await;
    for _ in 0..2 {
        let at_least = server.engine().log().durable();
        let asks = |person: &str, position: &str| {
            with(request(person, position), json!({ "case": case, "at_least": at_least }))
        };
        let concerned = [("H31", "rep_js1"), ("H29", "kam_js"), ("H25", "bgm_js"), ("H01", "president")];
        for (person, position) in concerned {
            crm.granted("case", &asks(person, position)).await;
        }
        for verb in ["case", "timeline"] {
            assert_eq!(crm.refused(verb, &asks("H37", "chrep_sd")).await, "FORBIDDEN");
        }
        let plain = with(request("H37", "chrep_sd"), json!({ "case": case }));
        for verb in ["explain", "handler"] {
            assert_eq!(crm.refused(verb, &plain).await, "FORBIDDEN");
        }
        // The second time the case is over.
        crm.ask("withdraw", &with(request("H31", "rep_js1"), json!({ "case": case }))).await;
    }
    let unknown = with(request("H31", "rep_js1"), json!({ "case": "C-99" }));
    for verb in ["case", "timeline", "explain", "handler"] {
        assert_eq!(crm.refused(verb, &unknown).await, "CASE_UNKNOWN");
    }
    let over = with(request("H31", "rep_js1"), json!({ "case": case }));
    assert_eq!(crm.granted("handler", &over).await["ok"]["state"], "withdrawn");
    let lines = crm.granted("explain", &over).await["ok"]["lines"].clone();
    assert!(lines.to_string().contains("ended as withdrawn"), "{lines}");
}

#[tokio::test]
async fn a_query_waits_for_the_views_and_says_when_they_are_behind() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let ahead = with(request("H29", "kam_js"), json!({ "at_least": 1_000_000 }));
    let reply = crm.ask("inbox", &ahead).await;
    assert_eq!(reply["error"]["code"], "VIEW_BEHIND");
    assert!(reply["error"]["retry_after_ms"].is_u64(), "{reply}");
}

#[tokio::test]
async fn questions_are_answered_from_the_recorded_facts() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", SMALL).await;
    let item = crm.task("H29", "kam_js", &case).await;
    assert_eq!(item["title"], json!({ "en": "Contract review", "zh": "合同评审" }));
    assert_eq!((&item["duty"], &item["key"]), (&json!("approve"), &json!("HT-1")));
    assert_eq!(item["amount"], json!({ "amount": "3400.00", "currency": "CNY" }));
    let ask = |more: Value| with(request("H31", "rep_js1"), with(json!({ "case": case }), more));
    let explained = crm.granted("explain", &ask(json!({ "task": item["task"] }))).await;
    assert!(explained["ok"]["lines"].to_string().contains("R1"), "{explained}");
    let not_her = crm.granted("explain", &ask(json!({ "who": "finance_director" }))).await;
    assert!(not_her["ok"]["lines"].to_string().contains("finance_director"), "{not_her}");
    let preview = with(
        request("H31", "rep_js1"),
        json!({ "chain": "contract-review", "document": contract("HT-2", LARGE) }),
    );
    let previewed = crm.granted("preview", &preview).await;
    let steps = previewed["ok"]["steps"].as_array().cloned().unwrap_or_default();
    assert_eq!(previewed["ok"]["decidable"], true, "{previewed}");
    assert!(steps.iter().any(|step| step["position"] == "region_east_head"), "{previewed}");
    let wrong = with(preview, json!({ "document": { "contract_no": "HT-2" } }));
    let problem = crm.granted("preview", &wrong).await["ok"]["problem"].clone();
    assert_eq!((&problem["code"], &problem["field"]), (&json!("FIELD_MISSING"), &json!("document.customer")));
    let durable = server.engine().log().durable();
    let first = crm.granted("timeline", &ask(json!({ "at_least": durable, "limit": 1 }))).await;
    assert_eq!(first["ok"]["entries"][0]["event"], "case-submitted");
    assert_eq!(first["ok"]["entries"][0]["person"], "H31");
    crm.granted("decide", &decide("H29", "kam_js", &item, "approve")).await;
    let durable = server.engine().log().durable();
    let next = crm.granted("timeline", &ask(json!({ "at_least": durable, "from": durable }))).await;
    let decided = &next["ok"]["entries"][0];
    assert_eq!((&decided["event"], &decided["position"]), (&json!("task-decided"), &json!("kam_js")));
    assert_eq!((&decided["data"]["verdict"], &next["ok"]["next"]), (&json!("approve"), &Value::Null));
}

#[tokio::test]
async fn without_views_commands_and_their_repeats_are_answered_and_queries_are_refused() {
    let house = House::found().await;
    let mut config = countersign_server::Config::embedded(house.options());
    config.engine.views = countersign_runtime::ViewsAt::Off;
    let server = countersign_server::Server::start(config).await.expect("a server").0;
    let crm = Office::of(&server, "crm");
    crm.contract("HT-1", SMALL).await;
    let message = with(request("H31", "rep_js1"), json!({ "case": "C-1" }));
    let first = crm.send("withdraw", &message).await;
    assert!(String::from_utf8_lossy(&first).contains("\"state\":\"withdrawn\""));
    assert_eq!(crm.send("withdraw", &message).await, first, "read from the log alone");
    assert_eq!(crm.refused("inbox", &request("H29", "kam_js")).await, "VIEW_FAILED");
    assert_eq!(crm.refused("case", &message).await, "VIEW_FAILED");
}

#[tokio::test]
async fn an_engine_that_cannot_answer_says_why() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let message = submit("H31", "rep_js1", contract("HT-1", SMALL));
    let jumped = countersign_core::time::Timestamp::parse("2025-04-22T09:00:00+08:00").expect("a time");
    // It has looked at the clock before that one jumps.
    server.engine().settle().await.expect("settled");
    house.clock.set_wall(jumped);
    assert_eq!(crm.refused("submit", &message).await, "CLOCK_JUMP");
    server.engine().confirm_clock().expect("an operator confirms");
    crm.granted("submit", &message).await;
    server.stop().await.expect("a clean stop");
    assert_eq!(crm.refused("submit", &message).await, "ENGINE_STOPPED");
    assert_eq!(
        crm.refused("handler", &with(request("H31", "rep_js1"), json!({ "case": "C-1" }))).await,
        "ENGINE_STOPPED"
    );
}

#[tokio::test]
async fn an_inbox_is_told_in_pages_that_stand_while_it_is_worked_on() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let mut cases = Vec::new();
    for number in 0..5 {
        cases.push(json!(crm.contract(&format!("HT-{number}"), SMALL).await));
    }
    let look = async |limit: u32, after: Option<&Value>| {
        let asked = json!({ "limit": limit, "at_least": server.engine().log().durable() });
        let asked = after.map_or(asked.clone(), |after| with(asked, json!({ "after": after })));
        let reply = crm.granted("inbox", &with(request("H29", "kam_js"), asked)).await["ok"].clone();
        let items = reply["items"].as_array().expect("items").iter().map(|item| item["case"].clone());
        (items.collect::<Vec<_>>(), reply.get("next").cloned())
    };
    let (first, next) = look(2, None).await;
    assert_eq!(first, cases[..2]);
    let next = next.expect("there are more");
    // The task at which the next page begins is answered meanwhile; the page is the same.
    let last = first[1].as_str().expect("a case").to_owned();
    let answer = crm.answer("H29", "kam_js", &last, "approve").await;
    crm.granted("decide", &answer).await;
    let (second, next) = look(2, Some(&next)).await;
    assert_eq!(second, cases[2..4]);
    let (third, end) = look(2, next.as_ref()).await;
    assert_eq!((third, end), (cases[4..].to_vec(), None));
    let (all, end) = look(10_000, None).await;
    assert_eq!((all.len(), end), (4, None), "a limit beyond what there is asks for all");
    let bad = with(request("H29", "kam_js"), json!({ "after": "tomorrow" }));
    let reply = crm.ask("inbox", &bad).await;
    assert_eq!((&reply["error"]["code"], &reply["error"]["field"]), (&json!("BAD_VALUE"), &json!("after")));
}

/// Two years later an auditor reads of a signature what stood behind it when it was given.
#[tokio::test]
async fn a_signature_is_explained_alike_when_the_case_is_long_over() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", SMALL).await;
    let item = crm.task("H29", "kam_js", &case).await;
    let ask = |more: Value| with(request("H31", "rep_js1"), with(json!({ "case": case }), more));
    let task = json!({ "task": item["task"] });
    let answer = crm.answer("H29", "kam_js", &case, "return").await;
    crm.granted("decide", &with(answer, json!({ "reason": "the price is missing" }))).await;
    let explained = crm.granted("explain", &ask(task.clone())).await["ok"]["lines"].to_string();
    for part in
        ["R1: level 1 of authority", "its limit is CNY", "H29 returned it for kam_js as holder at", "+08:00"]
    {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    crm.granted("withdraw", &ask(json!({}))).await;
    let over = crm.granted("explain", &ask(task)).await["ok"]["lines"].to_string();
    assert_eq!(over, explained);
    let all = crm.granted("explain", &ask(json!({}))).await["ok"]["lines"].to_string();
    assert!(all.contains("its limit is CNY") && all.contains("ended as withdrawn"), "{all}");
    let not_her =
        crm.granted("explain", &ask(json!({ "who": "finance_director" }))).await["ok"]["lines"].to_string();
    assert!(
        not_her.contains("when kam_js answered T-1:") && not_her.contains("finance_director"),
        "{not_her}"
    );
}
