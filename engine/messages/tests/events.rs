//! Published events in both modes, and the ids they carry.

use crate::common::golden;
use countersign_messages::{
    CloudEvent, Code, EventType, Limits, LogId, MessageId, Timestamp, Token, headers, source_company,
};
use proptest::prelude::*;
use serde_json::json;

fn event() -> CloudEvent {
    CloudEvent::from_structured(golden("event").as_bytes(), &Limits::default()).expect("the golden event")
}

fn decode(headers: &[(&str, &str)], body: &[u8]) -> Result<CloudEvent, countersign_messages::WireError> {
    CloudEvent::decode(headers.iter().copied(), body, &Limits::default())
}

fn pairs(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn an_event_of_the_engine_is_what_the_golden_file_shows() {
    let id = MessageId {
        company: Token::new("demo").expect("a token"),
        log_id: LogId::new("00112233445566778899aabbccddeeff").expect("an id"),
        sequence: 42,
        index: 1,
    };
    let event_type: EventType = "countersign.contract-review.signed.v1".parse().expect("a type");
    let time = Timestamp::new("2025-04-21T09:00:00+08:00").expect("a time");
    let data = json!({"position": "kam_js", "verdict": "pass"});
    let built = CloudEvent {
        subject: Some("contract-review-17".into()),
        correlation: Some("SO-1".into()),
        partition: Some("contract-review-17".into()),
        ..CloudEvent::of_engine(&id, &event_type, time, data)
    };
    assert_eq!(built, event());
    assert_eq!(built.message_id(), Ok(id));
    assert_eq!(built.company().map(String::from).as_deref(), Some("demo"));
}

#[test]
fn both_modes_carry_the_same_event() {
    let original = CloudEvent {
        subject: Some("合同 50% \"A\"\n".into()),
        data: json!({"price": serde_json::from_str::<serde_json::Value>("3400.00").expect("a number")}),
        ..event()
    };
    let structured = original.to_structured();
    assert_eq!(decode(&[], &structured), Ok(original.clone()));
    let content_type = [("Content-Type", "application/cloudevents+json; charset=utf-8")];
    assert_eq!(decode(&content_type, &structured), Ok(original.clone()));
    let binary = original.to_binary();
    assert!(binary.headers.iter().all(|(_, value)| value.bytes().all(|b| b.is_ascii_graphic())));
    assert_eq!(decode(&pairs(&binary.headers), &binary.body), Ok(original));
    assert_eq!(binary.body, br#"{"price":3400.00}"#);
}

#[test]
fn the_binary_headers_are_as_documented() {
    let binary = event().to_binary();
    let text: Vec<String> = binary.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!(text.join("\n"), @r"
    ce-specversion: 1.0
    ce-id: demo-00112233445566778899aabbccddeeff-42-1
    ce-source: /countersign/demo
    ce-type: countersign.contract-review.signed.v1
    ce-subject: contract-review-17
    ce-time: 2025-04-21T09:00:00+08:00
    ce-sequence: 00000000000000000042
    ce-correlation: SO-1
    ce-partition: contract-review-17
    content-type: application/json
    ");
}

#[test]
fn header_names_may_have_any_case_and_foreign_headers_are_read_over() {
    let headers = [
        ("CE-SpecVersion", "1.0"),
        ("Ce-Id", "x-1"),
        ("ce-source", "/erp"),
        ("ce-type", "erp.fact"),
        ("ce-unknown", "y"),
        ("Nats-Msg-Id", "z"),
    ];
    let read = decode(&headers, b"[1]").expect("read");
    assert_eq!((read.id.as_str(), read.data, read.sequence), ("x-1", json!([1]), None));
}

#[test]
fn bad_structured_events_are_refused_by_field() {
    let rows = [
        ("id", "null", Code::WrongType),
        ("id", "\"\"", Code::BadValue),
        ("specversion", "\"0.3\"", Code::BadValue),
        ("time", "\"2025-04-21\"", Code::BadValue),
        ("datacontenttype", "\"text/plain\"", Code::BadValue),
        ("sequence", "42", Code::WrongType),
        ("sequence", "\"-1\"", Code::BadValue),
        ("sequence", "\"99999999999999999999\"", Code::BadValue),
        ("data_base64", "\"AAAA\"", Code::UnknownField),
    ];
    for (field, value, code) in rows {
        let mut fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&golden("event")).expect("an object");
        fields.insert(field.into(), serde_json::from_str(value).expect("JSON"));
        let text = serde_json::Value::Object(fields).to_string();
        let error = decode(&[], text.as_bytes()).expect_err(field);
        assert_eq!((error.code, error.field.as_deref()), (code, Some(field)), "{field}: {value}");
    }
    for field in ["specversion", "id", "source", "type"] {
        let mut fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&golden("event")).expect("an object");
        fields.remove(field);
        let error = decode(&[], serde_json::Value::Object(fields).to_string().as_bytes()).expect_err(field);
        assert_eq!((error.code, error.field.as_deref()), (Code::MissingField, Some(field)));
    }
}

#[test]
fn bad_binary_events_are_refused_by_header() {
    let good = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/erp"), ("ce-type", "t")];
    assert!(decode(&good, b"").is_ok());
    let rows = [
        (("ce-id", "2"), Code::DuplicateField, "ce-id"),
        (("ce-time", "now"), Code::BadValue, "ce-time"),
        (("ce-sequence", "x"), Code::BadValue, "ce-sequence"),
        (("ce-subject", "%"), Code::BadValue, "ce-subject"),
        (("ce-subject", "%zz"), Code::BadValue, "ce-subject"),
        (("ce-subject", "%ff"), Code::BadValue, "ce-subject"),
        (("content-type", "text/plain"), Code::BadValue, "datacontenttype"),
    ];
    for (header, code, field) in rows {
        let error = decode(&[&good[..], &[header]].concat(), b"").expect_err(field);
        assert_eq!((error.code, error.field.as_deref()), (code, Some(field)), "{header:?}");
    }
    for left_out in ["ce-id", "ce-source", "ce-type"] {
        let headers: Vec<_> = good.into_iter().filter(|(name, _)| *name != left_out).collect();
        let error = decode(&headers, b"").expect_err(left_out);
        assert_eq!((error.code, error.field.as_deref()), (Code::MissingField, Some(left_out)));
    }
    assert_eq!(decode(&good, b"{\"a\":1,\"a\":2}").expect_err("twice").code, Code::DuplicateField);
    assert_eq!(decode(&good, b"{").expect_err("cut").code, Code::Malformed);
}

#[test]
fn an_id_that_disagrees_with_its_event_is_refused() {
    let foreign = CloudEvent { source: "/countersign/other".into(), ..event() };
    assert!(foreign.message_id().is_err());
    let moved = CloudEvent { sequence: Some(43), ..event() };
    assert!(moved.message_id().is_err());
}

#[test]
fn message_ids_have_one_spelling() {
    let log = "00112233445566778899aabbccddeeff";
    let good = format!("north-branch-2-{log}-18446744073709551615-0");
    let id: MessageId = good.parse().expect("an id");
    assert_eq!((id.company.as_str(), id.sequence, id.index), ("north-branch-2", u64::MAX, 0));
    assert_eq!(id.to_string(), good);
    let bad = [
        String::new(),
        format!("{log}-1-0"),
        format!("-{log}-1-0"),
        format!("demo-{log}-01-0"),
        format!("demo-{log}-1-00"),
        format!("demo-{log}-+1-0"),
        format!("demo-{log}--0"),
        format!("demo-{log}-1-4294967296"),
        format!("demo-{log}-18446744073709551616-0"),
        format!("demo-{}-1-0", log.to_uppercase()),
        format!("Demo-{log}-1-0"),
    ];
    for text in bad {
        assert!(text.parse::<MessageId>().is_err(), "{text}");
    }
}

#[test]
fn types_and_sources_have_one_spelling() {
    for text in [
        "countersign.a.b.v0",
        "countersign.a.b.v01",
        "countersign.a.b",
        "countersign.a.b.v1.x",
        "x.a.b.v1",
        "countersign.A.b.v1",
    ] {
        assert!(text.parse::<EventType>().is_err(), "{text}");
    }
    assert_eq!(source_company("/countersign/demo").map(String::from).as_deref(), Some("demo"));
    assert_eq!(source_company("/countersign/"), None);
    assert_eq!(source_company("/erp"), None);
}

#[test]
fn header_names_are_what_the_server_expects() {
    let names = [
        headers::NATS_MSG_ID,
        headers::NATS_EXPECTED_LAST_SEQUENCE,
        headers::COUNTERSIGN_SEQUENCE,
        headers::COUNTERSIGN_CORRELATION,
        headers::TRACEPARENT,
    ];
    let expected = [
        "Nats-Msg-Id",
        "Nats-Expected-Last-Sequence",
        "Countersign-Sequence",
        "Countersign-Correlation",
        "traceparent",
    ];
    assert_eq!(names, expected);
}

proptest! {
    #[test]
    fn any_text_survives_binary_mode(subject in ".{0,20}", correlation in ".{0,20}") {
        let original = CloudEvent { subject: Some(subject), correlation: Some(correlation), ..event() };
        let binary = original.to_binary();
        prop_assert_eq!(decode(&pairs(&binary.headers), &binary.body), Ok(original));
    }

    #[test]
    fn any_message_id_is_read_back(company in "[a-z0-9][a-z0-9-]{0,20}", log in prop::array::uniform16(any::<u8>()), sequence: u64, index: u32) {
        let id = MessageId { company: Token::new(company).expect("a token"), log_id: LogId::from_bytes(&log), sequence, index };
        prop_assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
    }
}
