//! What could not be processed.

use crate::decode::decode;
use crate::error::WireError;
use crate::limits::Limits;
use crate::text::{FormError, Name, Reason};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a payload that a dead letter keeps at most: 64 KiB.
pub const DEAD_PAYLOAD_BYTES_MAX: usize = 64 << 10;

/// Characters of a subject that a dead letter keeps at most.
const SUBJECT_CHARS_MAX: usize = 512;

/// `countersign.<company>.dead.<adapter>`: a message that could not be processed, with the reason. Nothing is thrown
/// away silently; a person decides what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// When it was given up.
    pub at: Timestamp,
    /// Why, for programs: `MALFORMED`, `UNKNOWN_VERB`, `DELIVERIES_EXHAUSTED` ...
    pub code: Name,
    /// Why, in a sentence.
    pub message: Reason,
    /// The field that is to blame, as a path from the top of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The subject that the message came under, at most 512 characters of it.
    pub subject: String,
    /// The message as text; what is no UTF-8 is replaced. At most 64 KiB.
    pub payload: String,
    /// Bytes of the message as it came.
    pub payload_bytes: u64,
    /// How often it had been delivered.
    pub deliveries: u64,
}

impl DeadLetter {
    /// A letter about a message, cut to what a letter may hold.
    pub fn new(at: Timestamp, error: &WireError, subject: &str, payload: &[u8]) -> DeadLetter {
        let code = Name::new(error.code.as_str()).expect("a code is a name");
        let message = sentence(&error.message);
        DeadLetter { field: error.field.clone(), ..DeadLetter::because(at, code, message, subject, payload) }
    }

    /// A letter for a reason of the sender's own.
    pub fn because(at: Timestamp, code: Name, message: Reason, subject: &str, payload: &[u8]) -> DeadLetter {
        DeadLetter {
            at,
            code,
            message,
            field: None,
            subject: subject.chars().take(SUBJECT_CHARS_MAX).collect(),
            payload: bounded(payload),
            payload_bytes: payload.len() as u64,
            deliveries: 1,
        }
    }

    /// The letter as it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a letter is made of texts and numbers")
    }
}

impl Reason {
    /// Any text as a reason: control characters become spaces, and what is too long is cut. An error if nothing is
    /// left.
    pub fn lossy(text: &str) -> Result<Reason, FormError> {
        let plain = |c: char| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c };
        Reason::new(text.chars().take(4000).map(plain).collect::<String>())
    }
}

fn sentence(text: &str) -> Reason {
    let fallback = || Reason::new("the message cannot be read").expect("a sentence is a reason");
    Reason::lossy(text).unwrap_or_else(|_| fallback())
}

/// The text of at most so many bytes, cut between characters.
fn bounded(payload: &[u8]) -> String {
    let head = &payload[..payload.len().min(DEAD_PAYLOAD_BYTES_MAX)];
    let mut text = String::from_utf8_lossy(head).into_owned();
    let mut end = text.len().min(DEAD_PAYLOAD_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// Reads a dead letter. Errors as in [`decode`].
pub fn decode_dead_letter(bytes: &[u8], limits: &Limits) -> Result<DeadLetter, WireError> {
    decode(bytes, limits)
}
