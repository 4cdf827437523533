//! Replies: accepted or refused, and always the sequence that the answer saw.

use crate::error::WireError;
use crate::event::LogId;
use crate::quantity::Quantity;
use crate::text::ContentHash;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// A reply: `{"ok": {...}, "sequence": 42}` or `{"error": {...}, "sequence": 42}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<T> {
    /// What was asked for, or why not.
    pub outcome: Result<T, ErrorBody>,
    /// The highest sequence that the answer saw, durable by the time the reply leaves. Give it as `at_least` to a
    /// query that must include it.
    pub sequence: u64,
}

impl<T> Reply<T> {
    /// A reply that grants.
    pub fn ok(value: T, sequence: u64) -> Self {
        Reply { outcome: Ok(value), sequence }
    }

    /// A reply that refuses.
    pub fn error(error: impl Into<ErrorBody>, sequence: u64) -> Self {
        Reply { outcome: Err(error.into()), sequence }
    }
}

impl<T: Serialize> Reply<T> {
    /// The reply as it is sent.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

impl<T: Serialize> Serialize for Reply<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reply = serializer.serialize_struct("Reply", 2)?;
        match &self.outcome {
            Ok(value) => reply.serialize_field("ok", value)?,
            Err(error) => reply.serialize_field("error", error)?,
        }
        reply.serialize_field("sequence", &self.sequence)?;
        reply.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Reply<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "T: Deserialize<'de>")]
        struct Fields<T> {
            ok: Option<T>,
            error: Option<ErrorBody>,
            sequence: u64,
        }
        let fields = Fields::deserialize(deserializer)?;
        let outcome = match (fields.ok, fields.error) {
            (Some(value), None) => Ok(value),
            (None, Some(error)) => Err(error),
            _ => return Err(D::Error::custom("expected either ok or error")),
        };
        Ok(Reply { outcome, sequence: fields.sequence })
    }
}

/// The shape of a reply for its schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum ReplyShape<T> {
    /// Granted.
    Granted {
        /// What was asked for.
        ok: T,
        /// The highest sequence that the answer saw.
        sequence: u64,
    },
    /// Refused.
    Refused {
        /// Why not.
        error: ErrorBody,
        /// The highest sequence that the answer saw.
        sequence: u64,
    },
}

impl<T: JsonSchema> JsonSchema for Reply<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("ReplyOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ReplyShape::<T>::json_schema(generator)
    }
}

/// Why a request was refused. Nothing has changed, unless the code says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// Stable, for programs: `MALFORMED`, `CONFLICT`, `SELF_APPROVAL`, `OVERLOADED` ...
    pub code: String,
    /// A sentence for people: what was expected and what to do.
    pub message: String,
    /// The field it is about, as a path from the top of the message: `document.lines[3].qty`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Line in the message, from 1, if its form is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte in that line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// By how much an account or limit was exceeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<Quantity>,
    /// When it is worth trying again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ErrorBody {
    /// An error with a code and a sentence.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        ErrorBody { code: code.into(), message: message.into(), ..ErrorBody::default() }
    }
}

impl From<WireError> for ErrorBody {
    fn from(error: WireError) -> Self {
        ErrorBody {
            field: error.field,
            line: error.line,
            column: error.column,
            ..ErrorBody::new(error.code.as_str(), error.message)
        }
    }
}

/// The answer to `submit`, `resubmit`, `decide`, `withdraw` and `refer-up`: how the case stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// The case.
    pub case: String,
    /// The frame that recorded this request; the same when the request is repeated.
    pub sequence: u64,
    /// The state the case is in.
    pub state: String,
    /// How often the document has been handed in, from 1.
    pub revision: u32,
    /// The version of the case.
    pub version: u64,
    /// The hash of the content as it stands.
    pub content_hash: ContentHash,
}

/// The answer to `decide-all`: what became of each task, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecidedAll {
    /// One for each task.
    pub items: Vec<DecidedItem>,
}

/// What became of one task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecidedItem {
    /// The case.
    pub case: String,
    /// The task.
    pub task: String,
    /// How the case stands now, where the task was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// Why it dropped out, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorBody>,
}

/// The answer to `fact`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FactAccepted {
    /// The sender's id for the fact.
    pub message_id: String,
    /// The frame that recorded it; the same when the fact is told again.
    pub sequence: u64,
    /// The cases that had waited for it. None yet: the fact is kept for one that will.
    pub cases: Vec<String>,
    /// Whether it had been told before.
    pub duplicate: bool,
    /// Whether it is kept, because no case waits for it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

/// The answer to `who`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhoReply {
    /// The company served here.
    pub company: String,
    /// The identity of its log: a restored copy keeps it, a new company gets another.
    pub log_id: LogId,
    /// The version of the engine.
    pub version: String,
}

/// The reply to `reveal`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Revealed {
    /// The case.
    pub case: String,
    /// The field.
    pub field: String,
    /// The clear text, which stands nowhere else; absent where the document has none there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
