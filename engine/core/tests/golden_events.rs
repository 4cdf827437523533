//! Each kind of event has golden bytes: a published shape is frozen. A change here breaks every log ever written;
//! a change of meaning is a new kind with a number of its own.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::support::samples::every_kind;
use countersign_core::command::{Cause, Request, VouchedBy};
use countersign_core::definition::FORM;
use countersign_core::event::*;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::Value;

fn n(text: &str) -> Name {
    Name::from(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/events.txt");

fn found() -> String {
    let mut text = String::new();
    for event in every_kind() {
        let mut bytes = Vec::new();
        encode_event(&event, &mut bytes).expect("an event encodes");
        let _ = writeln!(text, "{} {} {}", event.kind(), event.name(), hex(&bytes));
    }
    let mut bytes = Vec::new();
    frame().encode(&mut bytes).expect("a frame encodes");
    let _ = writeln!(text, "frame {}", hex(&bytes));
    text
}

fn frame() -> Frame {
    let request = Request {
        system: n("crm"),
        request_id: n("7f3a"),
        fingerprint: [4; 16],
        sent_at: Timestamp(1_745_197_199_000),
        person: n("H25"),
        position: n("bgm_js"),
        vouched_by: VouchedBy::System,
    };
    let outcome = Outcome::Refused {
        code: n("SELF_APPROVAL"),
        message: "expected somebody else".into(),
        field: Some(n("task")),
    };
    let events = vec![Event::TaskLapsed(TaskLapsed { case: 1, task: 2 })];
    Frame { at: Timestamp(1_745_197_200_000), cause: Cause::Request(request), outcome, events }
}

/// COUNTERSIGN_UPDATE=1 writes them anew: only for a kind that has never been published; review the difference.
#[test]
fn the_bytes_of_every_kind_are_frozen() {
    if std::env::var_os("COUNTERSIGN_UPDATE").is_some() {
        std::fs::write(GOLDEN, found()).expect("the golden file can be written");
    }
    let golden = std::fs::read_to_string(GOLDEN).expect("the golden file");
    for (expected, found) in golden.lines().zip(found().lines()) {
        assert_eq!(expected, found, "the bytes of a published event have changed");
    }
    assert_eq!(golden.lines().count(), found().lines().count(), "found now:\n{}", found());
}

#[test]
fn every_kind_has_golden_bytes_and_a_number_of_its_own() {
    let shown: BTreeSet<(u16, &str)> = every_kind().iter().map(|e| (e.kind(), e.name())).collect();
    let declared: BTreeSet<(u16, &str)> = Event::KINDS.iter().copied().collect();
    assert_eq!(shown, declared);
    let numbers: BTreeSet<u16> = declared.iter().map(|(kind, _)| *kind).collect();
    let names: BTreeSet<&str> = declared.iter().map(|(_, name)| *name).collect();
    assert_eq!((numbers.len(), names.len()), (Event::KINDS.len(), Event::KINDS.len()));
}

#[test]
fn every_kind_is_read_back() {
    let mut bytes = Vec::new();
    for event in every_kind().iter().filter(|e| e.name() != "definition-stored") {
        encode_event(event, &mut bytes).expect("an event encodes");
    }
    let read = decode_events(&bytes).expect("events decode");
    let written: Vec<Event> = every_kind().into_iter().filter(|e| e.name() != "definition-stored").collect();
    assert_eq!(read, written);
    let mut bytes = Vec::new();
    frame().encode(&mut bytes).expect("a frame encodes");
    assert_eq!(Frame::decode(&bytes), Ok(frame()));
}

#[test]
fn unknown_kinds_forms_and_short_bytes_are_refused() {
    assert_eq!(decode_events(&[9, 9, 0, 0, 0, 0]), Err(DecodeError::UnknownKind(0x0909)));
    assert_eq!(decode_events(&[34, 0, 0]), Err(DecodeError::Short { expected: 6, found: 3 }));
    assert_eq!(decode_events(&[34, 0, 9, 0, 0, 0, 1]), Err(DecodeError::Short { expected: 9, found: 1 }));
    assert_eq!(decode_events(&[34, 0, 3, 0, 0, 0, 1, 1, 1]), Err(DecodeError::Body(34)));
    let mut bytes = Vec::new();
    let Some(Event::DefinitionStored(stored)) = every_kind().into_iter().find(|e| e.kind() == 2) else {
        panic!("kind 2 is a stored definition")
    };
    let newer = Event::DefinitionStored(DefinitionStored { form: FORM + 1, ..stored });
    encode_event(&newer, &mut bytes).expect("an event encodes");
    assert_eq!(decode_events(&bytes), Err(DecodeError::Form(FORM + 1)));
}

/// A decimal must never lose a digit: without text encoding postcard could not read it back.
#[test]
fn decimals_are_encoded_as_text() {
    for text in ["0.10", "300000.00", "-79228162514264337593543950335", "0.0000000000000000000000000001"] {
        let value = Value::Number(text.parse().expect("a decimal"));
        let bytes = postcard::to_allocvec(&value).expect("a value encodes");
        assert!(bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{text} is not in {bytes:?}");
        assert_eq!(postcard::from_bytes::<Value>(&bytes), Ok(value));
    }
}
