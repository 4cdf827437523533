//! Limits and malformed text: refused before anything is built, and without losing a digit on the way.

use crate::common;

use crate::common::{read, told, with};
use countersign_messages::{Code, Limits, Request, Verb, WireError, decode_request};
use std::time::{Duration, Instant};

fn refused(verb: Verb, text: impl AsRef<[u8]>) -> WireError {
    read(verb, text).expect_err("expected to be refused")
}

#[test]
fn a_message_over_one_mebibyte_is_too_large() {
    let mut text = common::golden("request.who");
    text.push_str(&" ".repeat((1 << 20) - text.len()));
    assert_eq!(told(read(Verb::Who, &text)), "ok");
    text.push(' ');
    assert_eq!(refused(Verb::Who, &text).code, Code::TooLarge);
}

#[test]
fn a_document_over_64_kibibytes_is_too_large() {
    for (verb, field) in [
        (Verb::Submit, "document"),
        (Verb::Resubmit, "document"),
        (Verb::Amend, "document"),
        (Verb::Preview, "document"),
        (Verb::Decide, "fields"),
        (Verb::Fact, "data"),
    ] {
        let of_bytes = |bytes: usize| with(verb, field, &format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8)));
        assert_eq!(told(read(verb, of_bytes(64 << 10))), "ok", "{verb}");
        assert_eq!(told(read(verb, of_bytes((64 << 10) + 1))), format!("TOO_LARGE {field}"), "{verb}");
    }
}

#[test]
fn depth_is_counted_from_the_message_itself() {
    let nested = |lists: usize| {
        with(Verb::Submit, "document", &format!("{{\"a\":{}1{}}}", "[".repeat(lists), "]".repeat(lists)))
    };
    assert_eq!(told(read(Verb::Submit, nested(30))), "ok");
    let error = refused(Verb::Submit, nested(31));
    assert_eq!(error.code, Code::TooDeep);
    assert!(error.field.expect("a path").starts_with("document.a[0][0]"));
}

#[test]
fn depth_bombs_are_cheap_even_without_a_configured_limit() {
    let lists = format!("{{\"a\":{}", "[".repeat(1_000_000));
    let objects = "{\"a\":".repeat(150_000);
    let limitless = Limits { depth_max: usize::MAX, ..Limits::default() };
    for bomb in [lists, objects] {
        for limits in [Limits::default(), limitless] {
            let error = decode_request("who", bomb.as_bytes(), &limits).expect_err("too deep");
            assert_eq!(error.code, Code::TooDeep);
            assert!(error.field.expect("a path").chars().count() < 300);
        }
    }
}

#[test]
fn many_fields_and_hard_numbers_take_bounded_time() {
    let many: Vec<String> = (0..80_000).map(|n| format!("\"k{n:07}\":1")).collect();
    let many = format!("{{{}}}", many.join(","));
    let number = with(Verb::Submit, "document", &format!("{{\"a\":{}}}", "9".repeat(60_000)));
    let escapes = format!("{{\"{}\":1}}", "\\u0061".repeat(170_000));
    let start = Instant::now();
    for text in [&many, &number, &escapes] {
        read(Verb::Submit, text).expect_err("expected to be refused");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(told(read(Verb::Submit, number)), "TOO_LARGE document.a");
}

#[test]
fn numbers_in_documents_keep_their_digits() {
    for number in [
        "1.50",
        "300000.00",
        "0.1000000000000000055511151231257827",
        "123456789012345678901234567890",
        "-0.0",
    ] {
        let text = with(Verb::Submit, "document", &format!("{{\"lines\":[{{\"price\":{number}}}]}}"));
        let request = read(Verb::Submit, text).expect("read");
        let Request::Submit(submit) = &request else { panic!("expected submit") };
        assert_eq!(submit.document.0["lines"][0]["price"].to_string(), number);
        assert!(
            String::from_utf8(request.to_json()).expect("UTF-8").contains(&format!("\"price\":{number}}}"))
        );
    }
}

#[test]
fn a_field_twice_in_a_document_is_refused_however_it_is_spelt() {
    let rows = [
        (r#"{"total":1,"total":2}"#, "DUPLICATE_FIELD document.total"),
        (r#"{"total":1,"\u0074otal":2}"#, "DUPLICATE_FIELD document.total"),
        (r#"{"lines":[{"qty":1},{"qty":2,"qty":3}]}"#, "DUPLICATE_FIELD document.lines[1].qty"),
        (r#"{"a":{"b":1},"c":{"b":1}}"#, "ok"),
    ];
    for (document, expected) in rows {
        assert_eq!(
            told(read(Verb::Submit, with(Verb::Submit, "document", document))),
            expected,
            "{document}"
        );
    }
}

#[test]
fn an_object_cannot_pass_for_a_number() {
    let document = r#"{"total":{"$serde_json::private::Number":"1"}}"#;
    let expected = "BAD_VALUE document.total.$serde_json::private::Number";
    assert_eq!(told(read(Verb::Submit, with(Verb::Submit, "document", document))), expected);
}

#[test]
fn malformed_text_is_placed() {
    let rows: [(&[u8], u64, u64); 8] = [
        (b"", 1, 1),
        (b"{\n  \"request_id\" 1}", 2, 16),
        (b"{\"request_id\":\"a\",}", 1, 19),
        (b"{\"request_id\":\"a\"} {}", 1, 20),
        (b"{\"request_id\":\"a\xff\"}", 1, 17),
        (b"{\"request_id\":", 1, 15),
        (b"{\"request_id\":\"a\n\"}", 2, 0),
        (b"{'request_id':1}", 1, 2),
    ];
    for (text, line, column) in rows {
        let error = refused(Verb::Who, text);
        let shown = String::from_utf8_lossy(text);
        assert_eq!(
            (error.code, error.line, error.column),
            (Code::Malformed, Some(line), Some(column)),
            "{shown}"
        );
    }
}

#[test]
fn words_and_numbers_that_are_none_are_malformed() {
    for value in
        ["tru", "nul", "truee", "01", "1.", "-", "1e", "+1", "NaN", "\"\\x\"", "\"\\ud800\"", "[1,]", "[1 2]"]
    {
        let error = refused(Verb::Submit, with(Verb::Submit, "document", &format!("{{\"a\":{value}}}")));
        assert_eq!(error.code, Code::Malformed, "{value}");
        assert!(error.line.is_some() && error.column.is_some(), "{value}");
    }
}

#[test]
fn a_message_is_an_object() {
    for text in ["[]", "[\"r\",\"2025-04-21T09:00:00Z\"]", "\"x\"", "1", "null", "true"] {
        assert_eq!(refused(Verb::Who, text).code, Code::WrongType, "{text}");
    }
}

#[test]
fn what_the_caller_sent_is_not_sent_back_at_length() {
    let error =
        refused(Verb::Submit, with(Verb::Submit, "document", &format!("\"{}\"", "\u{4e2d}".repeat(10_000))));
    assert_eq!(error.code, Code::WrongType);
    assert!(error.message.chars().count() < 300);
    let error = refused(Verb::Submit, with(Verb::Submit, &"\u{4e2d}".repeat(10_000), "1"));
    assert_eq!(error.code, Code::UnknownField);
    assert!(error.message.chars().count() < 300 && error.field.expect("a path").chars().count() < 300);
}
