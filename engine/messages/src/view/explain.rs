//! Why somebody was asked, and who would be.

use crate::quantity::Quantity;
use crate::text::Title;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `explain`: the facts that were recorded when it was decided, one line each, in the order in which
/// they led to one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The case.
    pub case: String,
    /// What is explained: the task, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// What is explained: the signature, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The reasons.
    pub lines: Vec<ExplanationLine>,
}

/// One reason. `text` says it for people, the rest for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExplanationLine {
    /// The sentence.
    pub text: Title,
    /// The rule that was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The position it led to, or passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Who held it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// In which capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
    /// How much that position may decide; absent if nothing is recorded (which is a limit of 0) or `unlimited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Quantity>,
    /// The exchange rate and its date, where the amount was converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<String>,
    /// The delegation by which a deputy stood in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<String>,
    /// The version of the organisation that was looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_version: Option<u64>,
}

/// The answer to `preview`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewView {
    /// Who would be asked, in order.
    pub steps: Vec<PreviewStep>,
    /// Messages that would be waited for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
    /// The end that it would come to if everybody agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whether somebody could decide it in the end.
    pub decidable: bool,
    /// Why it could not be handed in or decided: the code and sentence that `submit` would be refused with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<crate::reply::ErrorBody>,
}

/// One place of a route that a document would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewStep {
    /// The state that would ask.
    pub state: String,
    /// What would be asked.
    pub duty: String,
    /// The post that would have to answer.
    pub position: String,
    /// Who holds that post now.
    pub holders: Vec<String>,
    /// Why this post.
    pub why: Title,
    /// By when, if it were handed in now and everybody before answered at once.
    pub due_at: Timestamp,
}
