//! How accounts stand, asked by messages: by whom, of what, page by page, and never behind what was acknowledged.

use crate::support::{House, Office, request, submit, with};
use serde_json::{Value, json};

/// A promotion plan on Jiangsu's budget, of which 30,000 are free at first.
fn plan(number: &str, line: &str, amount: &str) -> Value {
    json!({
        "plan_no": number, "branch": "js", "budget_line": line, "ends_on": "2025-05-31", "evidence": ["photo"],
        "lines": [{ "dealer": "CU-JS-001", "what": "display", "amount": amount }],
    })
}

/// A question about accounts.
fn asks(more: Value) -> Value {
    with(request("H19", "credit_controller"), more)
}

async fn planned(crm: &Office, number: &str, line: &str, amount: &str) -> Value {
    let mut message = submit("H30", "chrep_js", plan(number, line, amount));
    message["chain"] = json!("promo-plan");
    crm.granted("submit", &message).await
}

#[tokio::test]
async fn an_answer_contains_what_was_acknowledged_before() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    let reply = planned(&crm, "PP-1", "promo_js_2025q2", "20000.00").await;
    let key = json!({ "account": "promo_budget", "key": "promo_js_2025q2" });
    let found = crm.granted("accounts", &asks(key)).await;
    assert!(found["sequence"].as_u64() >= reply["sequence"].as_u64(), "{found}");
    let rows = found["ok"]["accounts"].as_array().expect("rows");
    let [budget] = rows.as_slice() else { panic!("one key is asked for: {found}") };
    assert_eq!((&budget["limit"], &budget["used"]), (&json!("600000"), &json!("570000")));
    assert_eq!((&budget["reserved"], &budget["free"]), (&json!("20000.00"), &json!("10000.00")));
    assert_eq!(budget["measure"], "CNY");
    let held = json!([{ "case": "C-1", "lot": 1, "name": "budget", "amount": "20000.00" }]);
    assert_eq!(budget["held"], held);
    // Of a key with which nothing was done there is all that its limit says; of all accounts at once it is not there.
    let nothing = json!({ "account": "promo_budget", "key": "promo_zj_2025q2" });
    let found = crm.granted("accounts", &asks(nothing)).await;
    assert_eq!(found["ok"]["accounts"][0]["free"], "600000");
    let found = crm.granted("accounts", &asks(json!({ "key": "promo_zj_2025q2" }))).await;
    assert_eq!(found["ok"]["accounts"], json!([]));
    let found = crm.granted("accounts", &asks(json!({ "key": "CU-JS-001" }))).await;
    let of: Vec<&Value> =
        found["ok"]["accounts"].as_array().expect("rows").iter().map(|row| &row["account"]).collect();
    assert_eq!(of, ["credit", "orders_placed"]);
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn pages_join_to_the_whole_and_none_is_longer_than_asked() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let crm = Office::of(&server, "crm");
    planned(&crm, "PP-1", "promo_sd_2025q2", "20000.00").await;
    let whole = crm.granted("accounts", &asks(json!({}))).await;
    let whole = whole["ok"]["accounts"].as_array().expect("rows");
    for limit in 1..=whole.len() {
        let (mut pages, mut after, mut rounds) = (Vec::new(), Value::Null, 0);
        loop {
            let mut message = asks(json!({ "limit": limit }));
            if !after.is_null() {
                message["after"] = after;
            }
            let page = crm.granted("accounts", &message).await;
            let rows = page["ok"]["accounts"].as_array().cloned().unwrap_or_default();
            assert!(!rows.is_empty() && rows.len() <= limit, "{page}");
            pages.extend(rows);
            (after, rounds) = (page["ok"]["next"].clone(), rounds + 1);
            if after.is_null() {
                break;
            }
        }
        assert_eq!((&pages, rounds), (whole, whole.len().div_ceil(limit)), "pages of {limit}");
    }
    // Within one account a page begins and ends with that account.
    let one = json!({ "account": "orders_placed", "limit": 2, "after": "credit/CU-JS-001" });
    let one = crm.granted("accounts", &asks(one)).await;
    let keys: Vec<&Value> =
        one["ok"]["accounts"].as_array().expect("rows").iter().map(|row| &row["key"]).collect();
    assert_eq!(keys, ["CU-AH-004", "CU-JS-001"]);
    assert_eq!(one["ok"]["next"], "orders_placed/CU-JS-001");
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn who_may_not_ask_is_refused() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let (crm, seals) = (Office::of(&server, "crm"), Office::of(&server, "seal-desk"));
    assert_eq!(seals.refused("accounts", &asks(json!({}))).await, "FORBIDDEN");
    assert_eq!(Office::of(&server, "nobody").refused("accounts", &asks(json!({}))).await, "FORBIDDEN");
    let stranger = with(request("H30", "credit_controller"), json!({}));
    assert_eq!(crm.refused("accounts", &stranger).await, "NOT_HOLDER");
    assert_eq!(crm.refused("accounts", &asks(json!({ "account": "credits" }))).await, "ACCOUNT_UNKNOWN");
    assert_eq!(crm.refused("accounts", &asks(json!({ "after": "credit" }))).await, "BAD_VALUE");
    server.stop().await.expect("a clean stop");
}
