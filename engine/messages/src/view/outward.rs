//! What a case has to do with other systems and other cases, and what a piece of work asks for.

use crate::text::{Document, Title};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A command to another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandView {
    /// Its id, the same on every retry.
    pub command_id: String,
    /// What is asked, `adapter.object.verb`.
    pub verb: String,
    /// The state that asked.
    pub state: String,
    /// How it stands: `open`, `answered`, `silent`, `conflicted`.
    pub status: String,
    /// How often it was sent.
    pub attempt: u32,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// When the case stops waiting for an answer.
    pub deadline: Timestamp,
    /// The id of the command that it undoes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<String>,
    /// The newest answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<CommandAnswer>,
}

/// What an adapter answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandAnswer {
    /// The word: `accepted`, `done`, `refused` ...
    pub answer: String,
    /// With `refused`: why, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it carried.
    #[serde(default, skip_serializing_if = "no_fields")]
    pub fields: Document,
    /// When it came.
    pub at: Timestamp,
    /// Whether the case no longer waited for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// A case that another one started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChildView {
    /// The case.
    pub case: String,
    /// Its chain.
    pub chain: String,
    /// Its end, if it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether that is a good one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<bool>,
}

/// An alarm of a case's chain whose clock runs, or that was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlarmView {
    /// Its name in the chain.
    pub name: String,
    /// When it is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it was raised last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raised_at: Option<Timestamp>,
}

/// Why a case is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldView {
    /// For programs: `SILENT`, `REPLY_CONFLICT`, `STUCK` ...
    pub code: String,
    /// For people.
    pub detail: String,
}

/// A piece of work: what a task asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkView {
    /// What is to be done.
    pub title: Title,
    /// What the answer must carry, in `fields`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<AskView>,
    /// What may be chosen, in `choice`; none: `done` and `refuse`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// What of several things it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Value>,
}

/// One value that an answer must carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AskView {
    /// Its name.
    pub name: String,
    /// Its type: `text`, `money`, `date`, `optional text` ...
    pub kind: String,
}

pub(super) fn no_fields(document: &Document) -> bool {
    document.0.is_empty()
}
