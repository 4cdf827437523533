//! The open tasks of a post.

use super::outward::WorkView;
use crate::quantity::Quantity;
use crate::text::{ContentHash, Document, Title};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `inbox`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InboxView {
    /// The open tasks, the most urgent first.
    pub items: Vec<InboxItem>,
    /// There are more: give it back as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One open task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InboxItem {
    /// The case.
    pub case: String,
    /// The task; give it back in `decide`.
    pub task: String,
    /// The chain of the case.
    pub chain: String,
    /// What the chain is called.
    pub title: Title,
    /// The state of the case that opened the task.
    pub state: String,
    /// What is asked: `approve`, `review`, `input`, `task`, `edit`, `ratify` ...
    pub duty: String,
    /// The post that has to answer.
    pub position: String,
    /// In which capacities it answers; several if one person stands at several places of the route.
    pub capacities: Vec<String>,
    /// The position that handed the document in.
    pub submitter: String,
    /// What the case is about, if the chain names an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Quantity>,
    /// The case's key among its chain: a contract number.
    pub key: String,
    /// Which handing-in of the document this is, from 1.
    pub revision: u32,
    /// The task's version; give it back in `decide`.
    pub version: u64,
    /// The hash of the content shown; give it back in `decide`.
    pub content_hash: ContentHash,
    /// When the task was opened.
    pub opened_at: Timestamp,
    /// By when an answer is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether that has passed. An overdue task stays open: time never answers it.
    pub overdue: bool,
    /// The piece of work, where the task is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkView>,
    /// What others think whom the holder has asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<OpinionView>,
    /// The question, where only an opinion is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// The fields of the document worth showing in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// An opinion that somebody was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpinionView {
    /// The task in which it is given.
    pub task: String,
    /// The post that was asked.
    pub position: String,
    /// What was asked.
    pub question: String,
    /// Who gave it; none yet if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What they would do: `approve`, `pass`, `object`, `return`, `reject`, or `done` where they only say something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// In their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
