//! Who may see which case, by messages: every way of asking denies alike, and a denied look is in the log by then.

use countersign_core::command::VouchedBy;
use countersign_server::Caller;
use serde_json::{Value, json};

use crate::support::{House, Office, request, with};

/// A customer file of Jiangsu, handed in by H29 of kam_js.
async fn file(crm: &Office) -> String {
    let document =
        json!({ "customer": "CU-JS-001", "name": "Suzhou Bikes", "branch": "js", "contact": "Zhang San" });
    let message = with(request("H29", "kam_js"), json!({ "chain": "customer-file", "document": document }));
    let reply = crm.granted("submit", &message).await;
    let case = reply["ok"]["case"].as_str().expect("a case").to_owned();
    // What follows asks the views without waiting for them.
    let seen = with(about("H29", "kam_js", &case), json!({ "at_least": reply["sequence"] }));
    crm.granted("case", &seen).await;
    case
}

fn about(person: &str, position: &str, case: &str) -> Value {
    with(request(person, position), json!({ "case": case }))
}

/// How often somebody was denied, as the custodian's timeline tells it.
async fn denials(crm: &Office, case: &str) -> Vec<String> {
    let at_least = crm.desk.engine().log().durable();
    let message = with(about("H13", "file_custodian", case), json!({ "at_least": at_least }));
    let told = crm.granted("timeline", &message).await;
    let entries = told["ok"]["entries"].as_array().cloned().unwrap_or_default();
    let denied = entries.into_iter().filter(|entry| entry["event"] == "access-denied");
    denied.map(|entry| format!("{} {}", entry["position"], entry["data"]["verb"]).replace('"', "")).collect()
}

#[tokio::test]
async fn a_file_of_another_province_is_shut_whatever_is_asked() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = file(&crm).await;
    for verb in ["case", "timeline", "explain", "handler"] {
        crm.granted(verb, &about("H29", "kam_js", &case)).await;
        crm.granted(verb, &about("H13", "file_custodian", &case)).await;
        assert_eq!(crm.refused(verb, &about("H36", "kam_sd", &case)).await, "CONFIDENTIAL", "{verb}");
        // A post that somebody does not hold is no post: nothing is recorded of it.
        assert_eq!(crm.refused(verb, &about("H36", "file_custodian", &case)).await, "NOT_HOLDER", "{verb}");
    }
    // Whoever has the files acts in a post too.
    let local = Office { desk: crm.desk.clone(), caller: Caller::new("local:root", VouchedBy::Local) };
    assert_eq!(local.refused("case", &about("H05", "legal", &case)).await, "CONFIDENTIAL");
    let expected = ["kam_sd case", "kam_sd timeline", "kam_sd explain", "kam_sd handler", "legal case"];
    assert_eq!(denials(&crm, &case).await, expected);
    // The same message again is another look.
    let again = about("H36", "kam_sd", &case);
    crm.refused("case", &again).await;
    crm.refused("case", &again).await;
    assert_eq!(denials(&crm, &case).await.len(), expected.len() + 2);
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn it_stays_shut_when_it_is_over_and_goes_with_the_post() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let case = file(&crm).await;
    crm.granted("decide", &crm.answer("H25", "bgm_js", &case, "pass").await).await;
    let filed = with(
        crm.answer("H13", "file_custodian", &case, "done").await,
        json!({ "fields": { "shelf": "A-17" } }),
    );
    crm.granted("decide", &filed).await;
    let close = json!({ "case": case, "request": "close", "reason": "gone" });
    let closed = crm.granted("request", &with(request("H13", "file_custodian"), close)).await;
    assert_eq!(closed["ok"]["state"], "closed");
    let seen = |person: &str, position: &str| {
        with(about(person, position, &case), json!({ "at_least": closed["sequence"] }))
    };
    assert_eq!(crm.refused("case", &seen("H36", "kam_sd")).await, "CONFIDENTIAL");
    assert_eq!(crm.refused("handler", &about("H36", "kam_sd", &case)).await, "CONFIDENTIAL");
    crm.granted("case", &seen("H29", "kam_js")).await;
    let hr = Office::of(&server, "hr");
    let acts = json!([{ "vacate": { "position": "file_custodian" } }, { "hire": { "person": "H50", "position": "file_custodian" } }]);
    let organise =
        with(request("H03", "process_owner"), json!({ "acts": acts, "reason": "a new custodian" }));
    hr.granted("organise", &organise).await;
    crm.granted("case", &seen("H50", "file_custodian")).await;
    assert_eq!(crm.refused("case", &seen("H13", "file_custodian")).await, "NOT_HOLDER");
    server.stop().await.expect("a clean stop");
}
