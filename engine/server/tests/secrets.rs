//! Secrets at the desk: sealed before the log, opened after the look is in it, gone when they are erased.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{House, Office, request, with};

const CONTACT: &str = "Zhang San 13800000000";
const BANK: &str = "6222 0200 1234 5678";

fn submit(contact: Value) -> Value {
    let document =
        json!({ "customer": "CU-JS-001", "name": "Suzhou Bikes", "branch": "js", "contact": contact });
    with(request("H29", "kam_js"), json!({ "chain": "customer-file", "document": document }))
}

fn about(person: &str, position: &str, more: Value) -> Value {
    with(with(request(person, position), json!({ "case": "C-1" })), more)
}

fn reveal(person: &str, position: &str, field: &str) -> Value {
    about(person, position, json!({ "field": field }))
}

async fn case(office: &Office) -> Value {
    let at_least = office.desk.engine().log().durable();
    let reply =
        office.granted("case", &about("H13", "file_custodian", json!({ "at_least": at_least }))).await;
    reply["ok"].clone()
}

/// The files under a folder that hold any of these texts.
fn holding(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, texts));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let has = |text: &&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found.extend(texts.iter().any(has).then(|| path.display().to_string()));
        }
    }
    found
}

fn keys(house: &House) -> usize {
    std::fs::read_dir(house.directory.path().join("keys")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_secret_is_nowhere_in_the_clear_and_read_by_whom_it_is_confided_to() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let office = Office::of(&server, "records");
    let message = submit(json!(CONTACT));
    let submitted = office.send("submit", &message).await;
    assert_eq!(keys(&house), 1);
    // A repeat is known by what is not secret, and leaves no key behind.
    assert_eq!(office.send("submit", &message).await, submitted);
    assert_eq!(keys(&house), 1);
    let shown = case(&office).await;
    assert!(shown["document"]["contact"]["sealed"].as_str().is_some_and(|text| text.len() > 64), "{shown}");
    let told = office.granted("reveal", &reveal("H13", "file_custodian", "contact")).await;
    assert_eq!(told["ok"], json!({ "case": "C-1", "field": "contact", "value": CONTACT }));
    assert_eq!(office.refused("reveal", &reveal("H29", "kam_js", "contact")).await, "CONFIDENTIAL");
    assert_eq!(office.refused("reveal", &reveal("H36", "kam_sd", "contact")).await, "CONFIDENTIAL");
    assert_eq!(office.refused("reveal", &reveal("H13", "file_custodian", "name")).await, "FIELD_UNKNOWN");
    // Sent again it is one more look.
    let again = reveal("H13", "file_custodian", "contact");
    office.granted("reveal", &again).await;
    office.granted("reveal", &again).await;
    // `verbs: all` does not contain it.
    let crm = Office::of(&server, "crm");
    assert_eq!(crm.refused("reveal", &reveal("H13", "file_custodian", "contact")).await, "FORBIDDEN");
    let at_least = office.desk.engine().log().durable();
    let timeline =
        office.granted("timeline", &about("H13", "file_custodian", json!({ "at_least": at_least }))).await;
    let count = |event: &str| {
        let entries = timeline["ok"]["entries"].as_array().cloned().unwrap_or_default();
        entries.iter().filter(|entry| entry["event"] == event).count()
    };
    assert_eq!((count("secret-revealed"), count("access-denied")), (3, 2), "{timeline}");
    assert!(!timeline.to_string().contains("13800000000"));
    server.stop().await.expect("a clean stop");
    assert_eq!(holding(house.directory.path(), &[CONTACT, "13800000000"]), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_handed_back_sealed_stays_and_nothing_else_sealed_is_taken() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let office = Office::of(&server, "records");
    office.granted("submit", &submit(json!(CONTACT))).await;
    let before = case(&office).await;
    let contact = before["document"]["contact"].clone();
    // Of another case, made up, or of another field: refused, and no key is left behind.
    for other in [contact.clone(), json!({ "sealed": "00.00" }), json!({ "sealed": 7 })] {
        assert_eq!(office.refused("submit", &submit(other)).await, "FIELD_TYPE");
    }
    let long = "x".repeat(4_001);
    assert_eq!(office.refused("submit", &submit(json!(long))).await, "FIELD_TYPE");
    assert_eq!(office.refused("submit", &submit(json!(13_800_000_000_u64))).await, "FIELD_TYPE");
    assert_eq!(keys(&house), 1);
    office.granted("decide", &office.answer("H25", "bgm_js", "C-1", "return").await).await;
    let again = |more: Value| {
        let document = with(before["document"].clone(), more);
        about("H29", "kam_js", json!({ "version": 1, "document": document }))
    };
    assert_eq!(office.refused("resubmit", &again(json!({ "bank": contact }))).await, "FIELD_TYPE");
    office.granted("resubmit", &again(json!({ "terms": "30 days", "bank": BANK }))).await;
    let after = case(&office).await;
    assert_eq!(after["document"]["contact"], contact, "it stays as it was");
    assert_eq!(keys(&house), 1, "one key a case");
    for (field, clear) in [("contact", CONTACT), ("bank", BANK)] {
        let told = office.granted("reveal", &reveal("H13", "file_custodian", field)).await;
        assert_eq!(told["ok"]["value"], clear);
    }
    // A preview keeps nothing, and needs nothing sealed.
    let preview = office.granted("preview", &submit(json!(CONTACT))).await;
    assert_eq!(preview["ok"]["steps"][0]["position"], "bgm_js", "{preview}");
    assert_eq!(keys(&house), 1);
    server.stop().await.expect("a clean stop");
    assert_eq!(holding(house.directory.path(), &[CONTACT, BANK, &long]), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_erased_is_gone_even_where_the_process_ended_in_between() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let office = Office::of(&server, "records");
    office.granted("submit", &submit(json!(CONTACT))).await;
    let key = std::fs::read_dir(house.directory.path().join("keys")).expect("keys").flatten().next();
    let key = key.expect("a key").path();
    let bytes = std::fs::read(&key).expect("a key");
    let erase = |person: &str, position: &str| about(person, position, json!({ "reason": "asked for" }));
    assert_eq!(office.refused("erase", &erase("H29", "kam_js")).await, "CONFIDENTIAL");
    assert!(key.is_file());
    let message = erase("H13", "file_custodian");
    office.granted("erase", &message).await;
    office.granted("erase", &message).await;
    assert!(!key.exists(), "it is gone before it is answered");
    assert_eq!(office.refused("reveal", &reveal("H13", "file_custodian", "contact")).await, "ERASED");
    server.stop().await.expect("a clean stop");
    // As if the process had ended between the frame and the key.
    std::fs::write(&key, bytes).expect("written");
    let server = house.embedded().await;
    assert!(!key.exists(), "a start does what was left to do");
    let office = Office::of(&server, "records");
    assert_eq!(office.refused("reveal", &reveal("H13", "file_custodian", "contact")).await, "ERASED");
    assert!(case(&office).await["document"]["contact"]["sealed"].is_string());
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn without_its_key_a_secret_says_so() {
    let house = House::demo().await;
    let server = house.embedded().await;
    let office = Office::of(&server, "records");
    office.granted("submit", &submit(json!(CONTACT))).await;
    std::fs::remove_dir_all(house.directory.path().join("keys")).expect("lost");
    assert_eq!(office.refused("reveal", &reveal("H13", "file_custodian", "contact")).await, "KEY_MISSING");
    server.stop().await.expect("a clean stop");
}
