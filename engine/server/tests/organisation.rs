//! Who holds what, by messages: told, planned, changed once, by a system that the verb is named for.

use crate::support::{House, Office, request, submit, with};
use serde_json::{Value, json};

fn asks(more: Value) -> Value {
    with(request("H03", "process_owner"), more)
}

#[tokio::test]
async fn a_plan_tells_what_an_act_then_does_once() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let (crm, hr) = (Office::of(&server, "crm"), Office::of(&server, "hr"));
    let plan = json!({
        "plan_no": "PP-1", "branch": "js", "budget_line": "promo_js_2025q2", "ends_on": "2025-05-31",
        "evidence": ["photo"], "lines": [{ "dealer": "CU-JS-001", "what": "display", "amount": "20000.00" }],
    });
    let mut message = submit("H30", "chrep_js", plan);
    message["chain"] = json!("promo-plan");
    crm.granted("submit", &message).await;

    let acts = json!([{ "leave": { "person": "H18" } }, { "hire": { "person": "H60", "position": "promo_manager" } }]);
    let planned = hr.granted("plan", &asks(json!({ "acts": acts }))).await;
    let work = planned["ok"]["work"].as_array().expect("open work");
    assert_eq!(planned["ok"]["changes"].as_array().map(Vec::len), Some(2), "{planned}");
    let of = |row: &Value| row["from"]["position"] == json!("promo_manager");
    let moved: Vec<&Value> = work.iter().filter(|row| of(row)).collect();
    assert!(!moved.is_empty(), "{planned}");
    assert!(moved.iter().all(|row| row["kind"] == "reassigned" && row["to"]["persons"] == json!(["H60"])));

    let message = asks(json!({ "acts": acts, "reason": "H18 retires" }));
    let done = hr.granted("organise", &message).await;
    let again = hr.granted("organise", &message).await;
    assert_eq!(done["ok"], again["ok"]);
    let told = hr.granted("organisation", &asks(json!({ "post": "promo_manager" }))).await;
    assert_eq!(told["ok"]["posts"][0]["holders"], json!(["H60"]));
    assert_eq!(told["ok"]["posts"][0]["changed"], json!(true));
    assert_eq!(told["ok"]["version"], done["ok"]["sequence"]);
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn it_needs_the_verb_by_name_and_somebody_who_decides_nothing() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let (crm, hr) = (Office::of(&server, "crm"), Office::of(&server, "hr"));
    let hire = json!({ "acts": [{ "hire": { "person": "H60", "position": "bgm_ah" } }], "reason": "filled" });
    // `verbs: all` does not contain it.
    assert_eq!(crm.refused("organise", &asks(hire.clone())).await, "FORBIDDEN");
    let director = with(request("H06", "sales_director"), hire.clone());
    assert_eq!(hr.refused("organise", &director).await, "FORBIDDEN");
    let own = json!({ "acts": [{ "hire": { "person": "H03", "position": "bgm_ah" } }], "reason": "filled" });
    assert_eq!(hr.refused("organise", &asks(own)).await, "SELF_APPROVAL");
    let nowhere = json!({ "acts": [{ "hire": { "person": "H60", "position": "nowhere" } }], "reason": "x" });
    assert_eq!(hr.refused("organise", &asks(nowhere)).await, "NOT_IN_ORGANISATION");
    let both = json!({ "acts": [{ "end": {} }] });
    assert_eq!(hr.refused("plan", &asks(both)).await, "BAD_VALUE");
    assert_eq!(hr.refused("organisation", &asks(json!({ "post": "nowhere" }))).await, "NOT_IN_ORGANISATION");
    hr.granted("organise", &asks(hire)).await;
    server.stop().await.expect("a clean stop");
}
