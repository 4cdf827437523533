//! What happened to a case, in order.

use crate::text::{Document, Title};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `timeline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineView {
    /// The case.
    pub case: String,
    /// What happened, the oldest first.
    pub entries: Vec<TimelineEntry>,
    /// Where to go on: give it back as `from`. Absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// One event of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// The frame it belongs to.
    pub sequence: u64,
    /// Its place in that frame, from 0.
    pub index: u32,
    /// The case it belongs to, where that is another one than was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What kind of event: `task-opened`, `signed`, `returned` ...
    pub event: String,
    /// One sentence that tells it.
    pub text: Title,
    /// Who did it, if a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The post they acted in, or the post it happened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// In which capacities they acted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capacities: Vec<String>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What else the event says, by its kind.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub data: Document,
}

fn is_empty(document: &Document) -> bool {
    document.0.is_empty()
}
