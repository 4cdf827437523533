//! JSON into core's untyped values. Numbers keep the text that they were sent with.

use countersign_core::value::Raw;
use serde_json::{Map, Value};

/// An object of a request.
pub(crate) fn record(fields: Map<String, Value>) -> Raw {
    Raw::Record(fields.into_iter().map(|(name, value)| (name, raw(value))).collect())
}

fn raw(value: Value) -> Raw {
    match value {
        Value::Null => Raw::Null,
        Value::Bool(flag) => Raw::Flag(flag),
        Value::Number(number) => Raw::Number(number.to_string()),
        Value::String(text) => Raw::Text(text),
        Value::Array(items) => Raw::List(items.into_iter().map(raw).collect()),
        Value::Object(fields) => record(fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_literal_text() {
        let fields = serde_json::from_str(r#"{"a":1.50,"b":[12345678901234567890123,null,true,"x"]}"#);
        let Raw::Record(fields) = record(fields.expect("an object")) else { panic!("a record") };
        assert_eq!(fields["a"], Raw::Number("1.50".into()));
        let number = Raw::Number("12345678901234567890123".into());
        let text = Raw::Text("x".into());
        assert_eq!(fields["b"], Raw::List(vec![number, Raw::Null, Raw::Flag(true), text]));
    }
}
