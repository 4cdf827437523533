//! What people do with tasks beside answering them, over the message API.

use crate::support::{House, Office, request, with};
use serde_json::{Value, json};

/// 340,000.00: reviewed by credit and legal, blind to each other; beyond bgm_js.
const LARGE: u32 = 100;

/// An act with the task of a position.
async fn on_task(office: &Office, who: (&str, &str), case: &str, more: Value) -> Value {
    let task = office.task(who.0, who.1, case).await;
    let seen = json!({ "case": task["case"], "task": task["task"], "version": task["version"] });
    with(with(request(who.0, who.1), seen), more)
}

#[tokio::test]
async fn an_opinion_in_a_blind_part_is_only_for_whoever_asked() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", LARGE).await;
    let question = json!({ "to": "product_manager", "question": "Is the term usual?" });
    let consult = on_task(&crm, ("H05", "legal"), &case, question).await;
    crm.granted("consult", &consult).await;
    let asked = crm.task("H17", "product_manager", &case).await;
    assert_eq!((&asked["duty"], &asked["question"]), (&json!("input"), &json!("Is the term usual?")));
    let object =
        with(crm.answer("H17", "product_manager", &case, "object").await, json!({ "reason": "SECRET-VIEW" }));
    let reply = crm.granted("decide", &object).await;
    assert_eq!(reply["ok"]["state"], "clause-review", "an opinion moves nothing");
    let opinion = crm.task("H05", "legal", &case).await["opinions"][0].clone();
    assert_eq!((&opinion["verdict"], &opinion["reason"]), (&json!("object"), &json!("SECRET-VIEW")));
    let look =
        with(request("H19", "credit_controller"), json!({ "case": case, "at_least": reply["sequence"] }));
    let others = format!("{}{}", crm.granted("case", &look).await, crm.granted("timeline", &look).await);
    assert!(others.contains("opinion-given") && !others.contains("SECRET-VIEW"), "{others}");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn each_act_is_asked_for_by_its_verb_and_shows_in_the_views() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = crm.contract("HT-1", LARGE).await;
    let handed = json!({ "to": "service_head", "reason": "on leave" });
    let transfer = on_task(&crm, ("H05", "legal"), &case, handed).await;
    crm.granted("transfer", &transfer).await;
    assert_eq!(crm.ask("transfer", &transfer).await["ok"]["case"], case, "a repeat takes effect once");
    let add = json!({ "to": "product_manager", "place": "beside", "reason": "a new product" });
    let add = on_task(&crm, ("H12", "service_head"), &case, add).await;
    crm.granted("add-approver", &add).await;
    crm.task("H17", "product_manager", &case).await;
    let remove = json!({ "case": case, "approver": "product_manager", "reason": "seen elsewhere" });
    crm.granted("remove-approver", &with(request("H12", "service_head"), remove)).await;
    let pass = crm.answer("H12", "service_head", &case, "pass").await;
    crm.granted("decide", &pass).await;
    let back = json!({ "case": case, "task": pass["task"], "reason": "too early" });
    crm.granted("take-back", &with(request("H12", "service_head"), back.clone())).await;
    assert_eq!(crm.refused("take-back", &with(request("H12", "service_head"), back)).await, "TOO_LATE");
    let claim = on_task(&crm, ("H12", "service_head"), &case, json!({})).await;
    assert_eq!(crm.refused("claim", &claim).await, "ACT_NOT_ALLOWED");
    assert_eq!(crm.refused("release", &with(claim, request("H12", "service_head"))).await, "ACT_NOT_ALLOWED");
    let jump = json!({ "case": case, "to": "line", "reason": "agreed by telephone" });
    assert_eq!(crm.refused("jump", &with(request("H29", "kam_js"), jump.clone())).await, "FORBIDDEN");
    let reply = crm.granted("jump", &with(request("H03", "process_owner"), jump)).await;
    assert_eq!(reply["ok"]["state"], "line");
    let look = with(request("H31", "rep_js1"), json!({ "case": case, "at_least": reply["sequence"] }));
    let shown = crm.granted("case", &look).await;
    let marked = &shown["ok"]["overrides"][0];
    assert_eq!((&marked["person"], &marked["to"]), (&json!("H03"), &json!("line")));
    assert_eq!(shown["ok"]["signed"], json!([]), "what was said blind, and taken back, stays closed");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn of_several_tasks_the_stale_ones_drop_out_and_a_repeat_changes_nothing() {
    let house = House::found().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let mut items = Vec::new();
    for number in ["HT-1", "HT-2", "HT-3"] {
        let case = crm.contract(number, 1).await;
        let task = crm.task("H29", "kam_js", &case).await;
        let seen = ["case", "task", "version", "content_hash"].map(|field| (field, task[field].clone()));
        items.push(Value::from_iter(seen.map(|(field, value)| (field.to_owned(), value))));
    }
    items[1]["version"] = json!(7);
    let all = json!({ "items": items, "verdict": "approve" });
    let all = with(request("H29", "kam_js"), all);
    let reply = crm.granted("decide-all", &all).await;
    let told: Vec<(bool, &Value)> = reply["ok"]["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (item["accepted"].is_object(), &item["error"]["code"]))
        .collect();
    assert_eq!(told, [(true, &Value::Null), (false, &json!("CONFLICT")), (true, &Value::Null)]);
    let durable = server.engine().log().durable();
    assert_eq!(crm.granted("decide-all", &all).await["ok"], reply["ok"]);
    assert_eq!(server.engine().log().durable(), durable, "a repeat records nothing");
    let none = with(request("H29", "kam_js"), json!({ "items": [], "verdict": "approve" }));
    assert_eq!(crm.refused("decide-all", &none).await, "BAD_VALUE");
    server.stop().await.expect("a clean stop");
}
