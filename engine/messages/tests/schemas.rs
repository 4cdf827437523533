//! The generated schemas: one snapshot each, so that a change of shape is seen and meant.

use countersign_messages::{Verb, schemas};
use serde_json::Value;

#[test]
fn schemas_are_as_recorded() {
    for (name, schema) in schemas() {
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&schema).expect("written"));
    }
}

#[test]
fn every_verb_has_a_request_and_a_reply() {
    let names: Vec<&str> = schemas().into_iter().map(|(name, _)| name).collect();
    for verb in Verb::ALL {
        assert!(names.contains(&format!("request.{verb}").as_str()), "{verb}");
        assert!(names.contains(&format!("reply.{verb}").as_str()), "{verb}");
    }
    assert_eq!(names.len(), 2 * Verb::ALL.len() + 5);
}

#[test]
fn requests_refuse_unknown_fields_and_every_field_is_described() {
    for (name, schema) in schemas().into_iter().filter(|(name, _)| name.starts_with("request.")) {
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{name}");
        assert!(schema["description"].is_string(), "{name}");
        for (field, described) in schema["properties"].as_object().expect("fields") {
            assert!(described["description"].is_string(), "{name} {field}");
        }
    }
}
