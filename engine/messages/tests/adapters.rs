//! Commands, answers, facts and dead letters: their frozen shapes, and the code and field of every kind of mistake.

use crate::common::{Dice, golden};
use countersign_messages::{
    AdapterAnswer, AnswerWord, Code, CommandId, DEAD_PAYLOAD_BYTES_MAX, DeadLetter, Document, Flow, Limits,
    Name, Outcome, Reason, RefusalCode, ReplyId, Timestamp, Token, WireError, adapter_consumer,
    decode_answer, decode_command, decode_dead_letter, decode_fact, schemas,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Reads a message and writes it again.
type Reader = fn(&[u8]) -> Result<Vec<u8>, WireError>;

/// The kinds of messages, each with its reader.
const KINDS: [(&str, Reader); 4] = [
    ("adapter.command", |bytes| decode_command(bytes, &Limits::default()).map(|read| read.to_json())),
    ("adapter.answer", |bytes| decode_answer(bytes, &Limits::default()).map(|read| read.to_json())),
    ("adapter.fact", |bytes| decode_fact(bytes, &Limits::default()).map(|read| read.to_json())),
    ("adapter.dead-letter", |bytes| decode_dead_letter(bytes, &Limits::default()).map(|read| read.to_json())),
];

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("written") + "\n"
}

fn told(outcome: Result<Vec<u8>, WireError>) -> String {
    match outcome {
        Ok(_) => "ok".into(),
        Err(error) => format!("{} {}", error.code, error.field.unwrap_or_default()).trim_end().into(),
    }
}

fn fields(name: &str) -> Map<String, Value> {
    serde_json::from_str(&golden(name)).expect("a golden message is an object")
}

/// A golden message with one field replaced, added, or (null) left out.
fn with(name: &str, field: &str, value: Value) -> Vec<u8> {
    let mut fields = fields(name);
    match value {
        Value::Null => fields.remove(field),
        value => fields.insert(field.into(), value),
    };
    Value::Object(fields).to_string().into_bytes()
}

fn reader(name: &str) -> Reader {
    KINDS.into_iter().find(|(kind, _)| name.starts_with(kind)).expect("a kind").1
}

#[test]
fn messages_are_written_as_they_were_read() {
    let limits = Limits::default();
    let text = golden("adapter.command");
    assert_eq!(pretty(&decode_command(text.as_bytes(), &limits).expect("read")), text);
    for name in ["", ".refused", ".unknown", ".progress"] {
        let text = golden(&format!("adapter.answer{name}"));
        let answer = decode_answer(text.as_bytes(), &limits).expect("read");
        assert_eq!(pretty(&answer), text);
        let again = AdapterAnswer::new(
            answer.command_id.clone(),
            answer.reply_id.clone(),
            answer.at.clone(),
            answer.outcome(),
        );
        assert_eq!(again, answer, "taken apart and put together again");
    }
    let text = golden("adapter.fact");
    assert_eq!(pretty(&decode_fact(text.as_bytes(), &limits).expect("read")), text);
    let text = golden("adapter.dead-letter");
    assert_eq!(pretty(&decode_dead_letter(text.as_bytes(), &limits).expect("read")), text);
}

#[test]
fn missing_unknown_and_wrongly_typed_fields_are_named() {
    for (name, read) in KINDS {
        let (_, schema) = schemas().into_iter().find(|(found, _)| *found == name).expect("a schema");
        let required = schema["required"].as_array().expect("required fields").clone();
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{name}");
        assert_eq!(told(read(&with(name, "surplus", json!(1)))), "UNKNOWN_FIELD surplus", "{name}");
        for field in fields(name).keys() {
            let expected = match required.contains(&json!(field)) {
                true => format!("MISSING_FIELD {field}"),
                false => "ok".into(),
            };
            assert_eq!(told(read(&with(name, field, Value::Null))), expected, "{name} without {field}");
            let wrong = read(&with(name, field, json!(1.5)));
            assert_eq!(told(wrong), format!("WRONG_TYPE {field}"), "{name} {field}");
            assert!(schema["properties"][field]["description"].is_string(), "{name} {field}");
        }
    }
}

#[test]
fn bad_values_are_named() {
    let (command, answer, refused) = ("adapter.command", "adapter.answer", "adapter.answer.refused");
    let long = "x".repeat(241);
    let rows = [
        (command, "command_id", json!("C-12.commanding"), "BAD_VALUE command_id"),
        (command, "command_id", json!("C-12.commanding.0"), "BAD_VALUE command_id"),
        (command, "command_id", json!("C-12.commanding.01"), "BAD_VALUE command_id"),
        (command, "command_id", json!("C-12.commanding.1.1"), "BAD_VALUE command_id"),
        (command, "command_id", json!("C-12.\n.1"), "BAD_VALUE command_id"),
        (command, "command_id", json!("C-13.commanding.1"), "BAD_VALUE command_id"),
        (command, "step", json!("reserving"), "BAD_VALUE command_id"),
        (command, "attempt", json!(0), "BAD_VALUE attempt"),
        (command, "attempt", json!(-1), "BAD_VALUE attempt"),
        (command, "deadline", json!("2025-04-21T09:30:00"), "BAD_VALUE deadline"),
        (command, "with", json!("text"), "WRONG_TYPE with"),
        (command, "undoes", json!({ "command_id": "C-1.a.1" }), "MISSING_FIELD undoes.done"),
        (command, "undoes", json!({ "command_id": "C-1", "done": {} }), "BAD_VALUE undoes.command_id"),
        (answer, "reply_id", json!("two words"), "BAD_VALUE reply_id"),
        (answer, "reply_id", json!(long), "BAD_VALUE reply_id"),
        (answer, "answer", json!("Done"), "BAD_VALUE answer"),
        (answer, "answer", json!("refused"), "MISSING_FIELD code"),
        (answer, "answer", json!("unknown"), "MISSING_FIELD message"),
        (answer, "code", json!("NO_CAPACITY"), "BAD_VALUE code"),
        (answer, "message", json!("why not"), "BAD_VALUE message"),
        (answer, "answer", json!("short"), "ok"),
        (refused, "code", json!("no-capacity"), "BAD_VALUE code"),
        (refused, "code", Value::Null, "MISSING_FIELD code"),
        (refused, "message", Value::Null, "MISSING_FIELD message"),
        (refused, "fields", json!({ "a": 1 }), "BAD_VALUE fields"),
        (refused, "fields", json!({}), "ok"),
        ("adapter.fact", "message_id", json!(""), "BAD_VALUE message_id"),
        ("adapter.fact", "key", json!(" "), "BAD_VALUE key"),
        ("adapter.fact", "data", json!(7), "WRONG_TYPE data"),
    ];
    for (name, field, value, expected) in rows {
        assert_eq!(
            told(reader(name)(&with(name, field, value.clone()))),
            expected,
            "{name} {field}: {value}"
        );
    }
}

#[test]
fn free_objects_have_a_limit_of_their_own_and_numbers_keep_their_digits() {
    let rows = [
        ("adapter.command", "with"),
        ("adapter.command", "document"),
        ("adapter.answer", "fields"),
        ("adapter.fact", "data"),
    ];
    for (name, field) in rows {
        let of_bytes = |bytes: usize| with(name, field, json!({ "a": "x".repeat(bytes - 8) }));
        assert_eq!(told(reader(name)(&of_bytes(64 << 10))), "ok", "{name} {field}");
        assert_eq!(told(reader(name)(&of_bytes((64 << 10) + 1))), format!("TOO_LARGE {field}"), "{name}");
        let text = String::from_utf8(with(name, field, json!({ "a": 1 }))).expect("text");
        let exact = text.replace("{\"a\":1}", "{\"a\":300000.10}");
        let written = reader(name)(exact.as_bytes()).expect("read");
        assert!(String::from_utf8(written).expect("text").contains("300000.10"), "{name} {field}");
    }
}

#[test]
fn an_id_tells_what_it_is_made_of() {
    let id = CommandId::of("C-12", "in-transit", 3).expect("an id");
    assert_eq!((id.case(), id.step(), id.n()), ("C-12", "in-transit", 3));
    assert_eq!(id.as_str(), "C-12.in-transit.3");
    assert!(CommandId::of("C.12", "a", 1).is_err() && CommandId::of("C-12", "a", 0).is_err());
    assert!(AnswerWord::new("accepted").expect("a word").is_stage());
    assert!(!AnswerWord::new("short").expect("a word").is_stage());
}

#[test]
fn outcomes_have_their_words() {
    let reason = || Reason::new("why").expect("a reason");
    let refused = Outcome::Refused { code: RefusalCode::new("LOCKED").expect("a code"), message: reason() };
    let rows = [
        (refused, "refused"),
        (Outcome::Unknown { message: reason() }, "unknown"),
        (Outcome::done(Document::default()), "done"),
        (Outcome::accepted(Document::default()), "accepted"),
        (Outcome::progress(Document::default()), "progress"),
    ];
    let at = Timestamp::new("2025-04-21T09:00:00Z").expect("a time");
    for (outcome, word) in rows {
        let id = CommandId::new("C-1.a.1").expect("an id");
        let answer = AdapterAnswer::new(id, ReplyId::new("r").expect("an id"), at.clone(), outcome.clone());
        assert_eq!(answer.answer.as_str(), word);
        assert_eq!(decode_answer(&answer.to_json(), &Limits::default()).expect("read").outcome(), outcome);
    }
}

#[test]
fn a_dead_letter_is_bounded_and_always_text() {
    let at = Timestamp::new("2025-04-21T09:00:00Z").expect("a time");
    let error = WireError::new(Code::Malformed, "a message is JSON\u{7} in UTF-8").at_field("x");
    for payload in [vec![0xff; 200_000], "合".repeat(50_000).into_bytes(), Vec::new()] {
        let letter = DeadLetter::new(at.clone(), &error, &"s".repeat(9_000), &payload);
        assert!(letter.payload.len() <= DEAD_PAYLOAD_BYTES_MAX && letter.subject.len() == 512);
        assert_eq!(letter.payload_bytes, payload.len() as u64);
        assert_eq!(letter.message.as_str(), "a message is JSON  in UTF-8");
        assert_eq!(decode_dead_letter(&letter.to_json(), &Limits::default()), Ok(letter));
    }
    let own = Name::new("DELIVERIES_EXHAUSTED").expect("a code");
    let why = Reason::new("tried twenty times").expect("a reason");
    assert_eq!(DeadLetter::because(at, own, why, "s", b"{}").payload, "{}");
}

#[test]
fn streams_and_consumers_have_names_of_their_own() {
    let (demo, erp) = (Token::new("demo").expect("a token"), Token::new("erp").expect("a token"));
    let named: Vec<(String, String)> =
        Flow::ALL.into_iter().map(|flow| (flow.stream(&demo), flow.subjects(&demo))).collect();
    let expected = [
        ("COUNTERSIGN_demo", "countersign.demo.evt.>"),
        ("COUNTERSIGN_demo_cmd", "countersign.demo.cmd.>"),
        ("COUNTERSIGN_demo_rpl", "countersign.demo.rpl.>"),
        ("COUNTERSIGN_demo_in", "countersign.demo.in.>"),
        ("COUNTERSIGN_demo_dead", "countersign.demo.dead.>"),
    ];
    assert_eq!(named, expected.map(|(name, subjects)| (name.to_owned(), subjects.to_owned())));
    assert_eq!(Flow::Commands.subjects_of(&demo, &erp).as_deref(), Some("countersign.demo.cmd.erp.>"));
    assert_eq!(Flow::Dead.subjects_of(&demo, &erp).as_deref(), Some("countersign.demo.dead.erp"));
    assert_eq!(Flow::Events.subjects_of(&demo, &erp), None);
    assert_eq!(adapter_consumer(&erp), "adapter-erp");
}

#[test]
fn damaged_messages_never_panic_and_what_is_read_survives_a_round_trip() {
    let seed = 0x5EED_0004;
    let mut dice = Dice(seed);
    for round in 0..20_000 {
        let (name, read) = KINDS[round % KINDS.len()];
        let mut bytes = golden(name).into_bytes();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => bytes[at] = u8::try_from(dice.below(256)).expect("a byte"),
                1 => drop(bytes.drain(at..(at + dice.below(20)).min(bytes.len()))),
                _ => bytes.insert(at, b"\"{}[],:0\\"[dice.below(9)]),
            }
        }
        if let Ok(written) = read(&bytes) {
            assert_eq!(read(&written).as_ref(), Ok(&written), "seed {seed:#x}, round {round}");
        }
    }
}
