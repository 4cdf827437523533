//! One case as it stands, and who has it.

use super::outward::{AlarmView, ChildView, CommandView, HeldView, WorkView, no_fields};
use crate::quantity::Quantity;
use crate::text::{ContentHash, Document};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `case`. Secret fields are left out, and so are the outcomes of a blind step that is still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    /// The case.
    pub case: String,
    /// Its chain.
    pub chain: String,
    /// Its key among its chain: a contract number.
    pub key: String,
    /// The state it is in.
    pub state: String,
    /// How often the document has been handed in, from 1.
    pub revision: u32,
    /// The version of the case; give it back in `resubmit`.
    pub version: u64,
    /// The position that handed the document in.
    pub submitter: String,
    /// What the case is about, if the chain names an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Quantity>,
    /// The open tasks.
    pub waiting_for: Vec<Waiting>,
    /// Everybody whose answer the case has needed or will need, in order.
    pub route: Vec<RouteStep>,
    /// The signatures given, in order, with those that no longer stand.
    pub signed: Vec<Signature>,
    /// The position that decides, or has decided, last.
    #[serde(rename = "final", default, skip_serializing_if = "Option::is_none")]
    pub final_position: Option<String>,
    /// How it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// When the document was first handed in.
    pub opened_at: Timestamp,
    /// The document as it stands.
    pub document: Document,
    /// The hash of the content as it stands.
    pub content_hash: ContentHash,
    /// One id for everything that belongs to one order, from order to cash.
    pub correlation: String,
    /// Why it is held, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldView>,
    /// The post that owns it, where it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The case that started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The cases that it started, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<ChildView>,
    /// What it has learnt.
    #[serde(default, skip_serializing_if = "no_fields")]
    pub facts: Document,
    /// What it asked of other systems, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandView>,
    /// Where an administrator has put it elsewhere, past what its chain says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<OverrideView>,
    /// Alarms whose clocks run, and those that were raised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmView>,
}

/// A case that was put elsewhere by an administrator. It stays marked so for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverrideView {
    /// Who.
    pub person: String,
    /// Where it stood.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// An open task of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The task.
    pub task: String,
    /// The state that opened it.
    pub state: String,
    /// What is asked.
    pub duty: String,
    /// The post that has to answer.
    pub position: String,
    /// Who holds that post, or stands in for its holder.
    pub holders: Vec<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By when an answer is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// The piece of work, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkView>,
}

/// One place of a case's route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteStep {
    /// The state that asks.
    pub state: String,
    /// What is asked.
    pub duty: String,
    /// The post that has to answer.
    pub position: String,
    /// How far it is: `ahead`, `open`, `signed`, `skipped`, `withdrawn` ...
    pub status: String,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// Its name in this case, for `explain`.
    pub signature: String,
    /// The state that asked.
    pub state: String,
    /// The post that answered.
    pub position: String,
    /// The person who answered in that post.
    pub person: String,
    /// In which capacities: several if one person stood at several places of the route.
    pub capacities: Vec<String>,
    /// The answer: `approve`, `pass`, `return` ...
    pub verdict: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// What the task asked for.
    #[serde(default, skip_serializing_if = "no_fields")]
    pub fields: Document,
    /// When.
    pub at: Timestamp,
    /// The revision that was signed.
    pub revision: u32,
    /// Whether it still counts: a change of what was signed voids it.
    pub standing: bool,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ended {
    /// The end's name in its chain: `passed`, `rejected`, `withdrawn` ...
    pub end: String,
    /// Whether the chain calls it a good end.
    pub good: bool,
    /// When.
    pub at: Timestamp,
}

/// The answer to `handler`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandlerView {
    /// The case.
    pub case: String,
    /// The state it is in.
    pub state: String,
    /// The open tasks; none if the case has ended or waits for another system.
    pub waiting_for: Vec<Waiting>,
    /// What it waits for, if not for people: a command's answer, a fact, a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_on: Option<String>,
}
