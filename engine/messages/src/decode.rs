//! From bytes to a typed message, with an error that names the field.

use crate::error::{Code, WireError};
use crate::limits::Limits;
use crate::scan::scan;
use serde::de::DeserializeOwned;

/// Reads any message of this crate that is an object: a reply, a view, an adapter's payload. Size, depth, repeated
/// fields and numbers are checked before anything is built. Requests have [`decode_request`](crate::decode_request).
pub fn decode<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, WireError> {
    typed(scan(bytes, &[], limits)?)
}

/// Reads a text that has passed [`scan`].
pub(crate) fn typed<T: DeserializeOwned>(text: &str) -> Result<T, WireError> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        // To follow the path costs as much as reading does: only what is wrong is read so, for the place of it.
        Err(_) => placed(text),
    }
}

/// Reads a text, and says where it is wrong.
fn placed<T: DeserializeOwned>(text: &str) -> Result<T, WireError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        explained(error.inner(), if path == "." { "" } else { &path })
    })?;
    reader.end().map_err(|error| explained(&error, ""))?;
    Ok(value)
}

/// Gives serde's sentence a code and a whole field path. serde has no kinds of errors, only sentences; the tables
/// of `tests/requests.rs` hold them still.
fn explained(error: &serde_json::Error, path: &str) -> WireError {
    let (line, column) = (error.line() as u64, error.column() as u64);
    let sentence = error.to_string();
    let sentence = sentence.rsplit_once(" at line ").map_or(sentence.as_str(), |(before, _)| before);
    if !error.is_data() {
        return WireError::new(Code::Malformed, sentence).at_field(path).at_line(line, column);
    }
    let (code, field) = if let Some(rest) = sentence.strip_prefix("missing field `") {
        (Code::MissingField, joined(path, rest.split('`').next().unwrap_or_default()))
    } else if sentence.starts_with("unknown field `") {
        (Code::UnknownField, path.to_string())
    } else if sentence.starts_with("duplicate field `") {
        (Code::DuplicateField, path.to_string())
    } else if sentence.starts_with("invalid type: ") {
        (Code::WrongType, path.to_string())
    } else {
        (Code::BadValue, path.to_string())
    };
    let located = WireError::new(code, sentence).at_field(field);
    if line == 0 { located } else { located.at_line(line, column) }
}

fn joined(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_string() } else { format!("{path}.{field}") }
}
