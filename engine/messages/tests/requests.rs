//! Requests: what is accepted, and the code and field of every kind of mistake.

use crate::common;

use crate::common::{fields, read, told, with, without};
use countersign_messages::{Code, Limits, Request, Verb, decode_request, schemas};

/// The fields that the schema of a request says it must have.
fn required(verb: Verb) -> Vec<String> {
    let name = format!("request.{verb}");
    let (_, schema) =
        schemas().into_iter().find(|(found, _)| *found == name).expect("each request has a schema");
    let names = schema["required"].as_array().expect("each request has required fields");
    names.iter().map(|name| name.as_str().expect("a name").to_string()).collect()
}

#[test]
fn every_golden_request_is_read_as_its_verb() {
    for verb in Verb::ALL {
        let request =
            read(verb, common::golden(&format!("request.{verb}"))).unwrap_or_else(|e| panic!("{verb}: {e}"));
        assert_eq!(request.verb(), verb);
        assert_eq!(request.envelope().request_id.as_str(), "crm-7f3a:1");
        assert_eq!(request.envelope().sent_at.as_str(), "2025-04-21T09:00:00+08:00");
        assert!(request.envelope().person.is_some() && request.envelope().position.is_some());
    }
}

#[test]
fn a_missing_field_is_named_and_an_optional_one_may_be_missing() {
    for verb in Verb::ALL {
        let required = required(verb);
        for field in fields(verb).keys() {
            let expected = match required.contains(field) {
                true => format!("MISSING_FIELD {field}"),
                false => "ok".to_string(),
            };
            assert_eq!(told(read(verb, without(verb, field))), expected, "{verb} without {field}");
        }
        assert!(required.contains(&"request_id".to_string()) && required.contains(&"sent_at".to_string()));
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    for verb in Verb::ALL {
        // A list of tasks is one of its own; what stands in it has a test of its own.
        for (field, own) in fields(verb).iter().filter(|(field, _)| *field != "items") {
            for value in ["[]", "[1]", "1.5"] {
                // A list of acts may be one of none; what an act is, is told at its place.
                if own.is_array() && value != "1.5" {
                    continue;
                }
                let expected = format!("WRONG_TYPE {field}");
                assert_eq!(told(read(verb, with(verb, field, value))), expected, "{verb} {field}: {value}");
            }
        }
    }
}

#[test]
fn a_list_of_tasks_is_checked_item_by_item() {
    let told_of = |items: &str| told(read(Verb::DecideAll, with(Verb::DecideAll, "items", items)));
    assert_eq!(told_of("[]"), "BAD_VALUE items");
    assert_eq!(told_of("7"), "WRONG_TYPE items");
    let many = vec!["{}"; 101].join(",");
    assert_ne!(told_of(&format!("[{many}]")), "ok");
    assert_ne!(told_of("[1]"), "ok");
}

#[test]
fn an_unknown_field_is_named() {
    for verb in Verb::ALL {
        assert_eq!(told(read(verb, with(verb, "surplus", "1"))), "UNKNOWN_FIELD surplus", "{verb}");
    }
}

#[test]
fn a_field_twice_is_named() {
    for verb in Verb::ALL {
        let text = without(verb, "sent_at");
        let twice = format!("{},\"request_id\":\"other\"}}", &text[..text.len() - 1]);
        assert_eq!(told(read(verb, twice)), "DUPLICATE_FIELD request_id", "{verb}");
    }
}

#[test]
fn bad_values_are_named() {
    let long = format!("\"{}\"", "x".repeat(129));
    let rows = [
        (Verb::Submit, "request_id", "\"\""),
        (Verb::Submit, "request_id", "\"two words\""),
        (Verb::Submit, "request_id", long.as_str()),
        (Verb::Submit, "sent_at", "\"2025-04-21T09:00:00\""),
        (Verb::Submit, "sent_at", "\"yesterday\""),
        (Verb::Submit, "person", "\"\""),
        (Verb::Submit, "person", "\" li.na\""),
        (Verb::Submit, "position", "\"a\\u0007b\""),
        (Verb::Submit, "chain", long.as_str()),
        (Verb::Submit, "reason", "\"  \""),
        (Verb::Resubmit, "case", "\"\""),
        (Verb::Decide, "content_hash", "\"ABCDEF\""),
        (Verb::Decide, "verdict", "\"maybe\""),
        (Verb::Decide, "verdict", "\"Approve\""),
        (Verb::Decide, "to", "\"\""),
        (Verb::ReferUp, "reason", "\"\""),
        (Verb::Fact, "fact", "\"receipt.posted\""),
        (Verb::Fact, "fact", "\"finance.receipt.*\""),
        (Verb::Fact, "message_id", "\"\""),
        (Verb::Explain, "signature", "\"2\""),
    ];
    for (verb, field, value) in rows {
        assert_eq!(
            told(read(verb, with(verb, field, value))),
            format!("BAD_VALUE {field}"),
            "{verb} {field}: {value}"
        );
    }
}

#[test]
fn numbers_must_be_whole_and_fit() {
    let rows = [
        ("-1", "BAD_VALUE version"),
        ("1.0", "WRONG_TYPE version"),
        ("1e3", "WRONG_TYPE version"),
        ("18446744073709551616", "WRONG_TYPE version"),
        ("\"2\"", "WRONG_TYPE version"),
        ("18446744073709551615", "ok"),
    ];
    for (value, expected) in rows {
        assert_eq!(told(read(Verb::Decide, with(Verb::Decide, "version", value))), expected, "{value}");
    }
}

#[test]
fn only_a_return_goes_somewhere() {
    for verdict in ["approve", "pass", "object", "reject", "veto", "done", "submit"] {
        let text = with(Verb::Decide, "verdict", &format!("\"{verdict}\""));
        assert_eq!(told(read(Verb::Decide, text)), "BAD_VALUE to", "{verdict}");
    }
    assert_eq!(told(read(Verb::Decide, with(Verb::Decide, "to", "\"credit\""))), "ok");
}

#[test]
fn a_choice_goes_with_the_verdict_choose() {
    let chosen = |verdict: &str, choice: Option<&str>| {
        let mut fields = fields(Verb::Decide);
        fields.remove("to");
        fields["verdict"] = verdict.into();
        if let Some(choice) = choice {
            fields.insert("choice".into(), choice.into());
        }
        told(read(Verb::Decide, serde_json::Value::Object(fields).to_string()))
    };
    assert_eq!(chosen("choose", Some("repair")), "ok");
    assert_eq!(chosen("choose", None), "MISSING_FIELD choice");
    assert_eq!(chosen("done", Some("repair")), "BAD_VALUE choice");
    assert_eq!((chosen("done", None), chosen("refuse", None)), ("ok".into(), "ok".into()));
}

#[test]
fn null_is_the_same_as_absent_for_an_optional_field() {
    let Ok(Request::Submit(submit)) = read(Verb::Submit, with(Verb::Submit, "addressee", "null")) else {
        panic!("expected to be read")
    };
    assert_eq!(submit.addressee, None);
    assert_eq!(told(read(Verb::Submit, with(Verb::Submit, "chain", "null"))), "WRONG_TYPE chain");
}

#[test]
fn a_system_may_tell_a_fact_without_a_person() {
    for field in ["person", "position"] {
        assert_eq!(told(read(Verb::Fact, without(Verb::Fact, field))), "ok");
        assert_eq!(told(read(Verb::Who, without(Verb::Who, field))), "ok");
        assert_eq!(told(read(Verb::Inbox, without(Verb::Inbox, field))), format!("MISSING_FIELD {field}"));
    }
}

#[test]
fn an_unknown_verb_is_refused_before_its_body_is_looked_at() {
    for verb in ["approve", "Submit", "refer_up", "", "submit "] {
        let error = decode_request(verb, b"\xff not json", &Limits::default()).expect_err("no such verb");
        assert_eq!(error.code, Code::UnknownVerb, "{verb}");
    }
}

#[test]
fn the_canonical_spelling_ignores_order_space_and_escapes() {
    let tidy = read(Verb::Submit, with(Verb::Submit, "document", r#"{"a":1.50,"b":"x"}"#)).expect("read");
    let untidy = with(Verb::Submit, "document", "{ \"b\" : \"\\u0078\",\n\t\"\\u0061\":1.50 }");
    let untidy = read(Verb::Submit, untidy).expect("read");
    assert_eq!(tidy.to_json(), untidy.to_json());
    assert_eq!(read(Verb::Submit, tidy.to_json()).expect("its own spelling is read"), tidy);
}
