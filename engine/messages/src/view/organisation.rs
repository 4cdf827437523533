//! Who holds what, and what a change of it would do.

use crate::money::Decimal;
use crate::text::Title;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `organise`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Organised {
    /// The frame that recorded it, which is the organisation's version now; the same when the request is repeated.
    pub sequence: u64,
}

/// The answer to `plan`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImpactView {
    /// What would happen to the organisation, in sentences.
    pub changes: Vec<Title>,
    /// How much open work other persons would answer for at the same post.
    pub reassigned: u64,
    /// How much would go to another post.
    pub rerouted: u64,
    /// How much nobody could answer for.
    pub stranded: u64,
    /// Each of these, in order of the cases; the stranded ones first where there are more than fit.
    pub work: Vec<ImpactRow>,
    /// So many more are counted above and not shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// What would become of one piece of open work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImpactRow {
    /// The case.
    pub case: String,
    /// Its chain.
    pub chain: String,
    /// Its business key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The open task. Absent: it is still to come, or the document is with its submitter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// What is asked. Absent: the document is with its submitter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty: Option<String>,
    /// `reassigned`, `rerouted` or `stranded`.
    pub kind: String,
    /// The post that answers now, and its persons.
    pub from: Answering,
    /// The post that would, and its persons; none where it would be stranded.
    pub to: Answering,
    /// Whoever would sign may not decide the amount: the route would go on above.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beyond_limit: bool,
}

/// A post and who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Answering {
    /// The post.
    pub position: String,
    /// The persons.
    pub persons: Vec<String>,
}

/// The answer to `organisation`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrganisationView {
    /// Its version: the frame that changed it last.
    pub version: u64,
    /// The release whose organisation.yaml lies under it.
    pub release: u32,
    /// The posts, in order of their names.
    pub posts: Vec<PostView>,
    /// Delegations that are not over, in order of their names.
    pub delegations: Vec<DelegationView>,
}

/// Who holds a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PostView {
    /// The post.
    pub position: String,
    /// What it is called.
    pub title: Title,
    /// Its kind.
    pub kind: String,
    /// Its unit.
    pub unit: String,
    /// Its solid superior; absent at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solid: Option<String>,
    /// Its holders; none: it is vacant.
    pub holders: Vec<String>,
    /// Who acts for it while it is vacant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting: Option<ActingView>,
    /// Acts have changed it since its file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub changed: bool,
}

/// Who acts for a vacant post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActingView {
    /// The post whose holders act.
    pub by: String,
    /// The share of the limit.
    pub limit: Decimal,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Up to, not including.
    pub until: Timestamp,
}

/// A delegation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DelegationView {
    /// Its name.
    pub name: String,
    /// Whose authority.
    pub from: String,
    /// To whom.
    pub to: String,
    /// For which authorities.
    pub authority: Vec<String>,
    /// Up to how much.
    pub up_to: Decimal,
    /// The first instant at which it holds.
    pub start: Timestamp,
    /// The first instant at which it no longer holds.
    pub end: Timestamp,
    /// For which chains; none: for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<String>,
    /// For what; none: levels of the authorities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<String>,
    /// Whether it holds now.
    pub holds: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
