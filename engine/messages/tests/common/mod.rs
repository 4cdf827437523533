//! What the tests share: the golden messages.
#![allow(dead_code, reason = "each test binary uses its own part")]

use countersign_messages::{Limits, Request, Verb, WireError, decode_request};
use serde_json::{Map, Value};

/// The text of `tests/golden/<name>.json`.
pub(crate) fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The golden request of a verb, as fields.
pub(crate) fn fields(verb: Verb) -> Map<String, Value> {
    serde_json::from_str(&golden(&format!("request.{verb}"))).expect("a golden request is an object")
}

/// The golden request with one field replaced or added; `json` is the value's own text, so that nothing is tidied.
pub(crate) fn with(verb: Verb, field: &str, json: &str) -> String {
    let mut members: Vec<String> = fields(verb)
        .iter()
        .filter(|(name, _)| *name != field)
        .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
        .collect();
    members.push(format!("{}:{json}", Value::from(field)));
    format!("{{{}}}", members.join(","))
}

/// The golden request without one field.
pub(crate) fn without(verb: Verb, field: &str) -> String {
    let mut fields = fields(verb);
    fields.remove(field);
    Value::Object(fields).to_string()
}

/// Reads with the default limits.
pub(crate) fn read(verb: Verb, text: impl AsRef<[u8]>) -> Result<Request, WireError> {
    decode_request(verb.as_token(), text.as_ref(), &Limits::default())
}

/// `CODE field`, or `ok`.
pub(crate) fn told(outcome: Result<Request, WireError>) -> String {
    match outcome {
        Ok(_) => "ok".into(),
        Err(error) => format!("{} {}", error.code, error.field.unwrap_or_default()).trim_end().into(),
    }
}

/// A small generator (xorshift64*), so that every run sees the same bytes.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `limit`, which is above 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).expect("31 bits fit") % limit
    }
}
