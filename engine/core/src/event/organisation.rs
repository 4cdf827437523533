//! Who holds what changed: acts on the organisation, whole and resolved, with who did them and why.

use serde::{Deserialize, Serialize};

use super::plan::CapacityWhy;
use crate::command::{CaseNo, TaskNo};
use crate::definition::{Acting, Delegation};
use crate::name::Name;

/// Who changed the organisation, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The person, or the system's user who has the files.
    pub person: Name,
    /// The post acted in; empty for who has the files.
    pub position: Name,
    /// Why.
    pub reason: Name,
    /// The case whose decision it carries out.
    pub case: Option<CaseNo>,
}

/// Who holds a post from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostHeld {
    /// The post.
    pub position: Name,
    /// All its holders; empty: it is vacant.
    pub holders: Vec<Name>,
}

/// Somebody took a post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonHired {
    /// Who.
    pub person: Name,
    /// The post as it is held now.
    pub post: PostHeld,
    /// By whom and why.
    pub change: Change,
}

/// Somebody left the company. Their work stays with the posts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLeft {
    /// Who.
    pub person: Name,
    /// The posts that they held, as they are held now.
    pub posts: Vec<PostHeld>,
    /// By whom and why.
    pub change: Change,
}

/// Somebody went from one post, or several, to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMoved {
    /// Who.
    pub person: Name,
    /// The posts given up, as they are held now.
    pub from: Vec<PostHeld>,
    /// The new post as it is held now.
    pub to: PostHeld,
    /// By whom and why.
    pub change: Change,
}

/// A post lost holders, who stay with the company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostVacated {
    /// The post as it is held now.
    pub post: PostHeld,
    /// Who held it.
    pub persons: Vec<Name>,
    /// By whom and why.
    pub change: Change,
}

/// Somebody acts for a vacant post, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActingAppointed {
    /// The post.
    pub position: Name,
    /// Who acts, for how long and with which share of the limit; None: nobody any more.
    pub acting: Option<Acting>,
    /// By whom and why.
    pub change: Change,
}

/// A post gave authority to another for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationGranted {
    /// Its name.
    pub name: Name,
    /// From whom to whom, of what, how long.
    pub delegation: Delegation,
    /// By whom and why.
    pub change: Change,
}

/// A delegation ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegationEnded {
    /// Its name.
    pub name: Name,
    /// The post whose new holder ended it; None: it was taken back.
    pub new_holder_of: Option<Name>,
    /// By whom and why.
    pub change: Change,
}

/// A new organisation.yaml says otherwise than acts did; the file holds there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActsSuperseded {
    /// Posts whose holders or acting holder the file gives anew.
    pub posts: Vec<Name>,
    /// Delegations that the file gives anew.
    pub delegations: Vec<Name>,
}

/// A signature is given in the name of a post by somebody who does not hold it. The answer follows in the same frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoodIn {
    /// The case.
    pub case: CaseNo,
    /// The task.
    pub task: TaskNo,
    /// Who signs.
    pub person: Name,
    /// For which post.
    pub position: Name,
    /// As acting holder, or by delegation.
    pub why: CapacityWhy,
    /// The delegation.
    pub delegation: Option<Name>,
}

/// Somebody began or ceased to stand in for a post because its time came: open work is looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowTurned {
    /// Posts that are answered for by others than before.
    pub posts: Vec<Name>,
}

impl super::Event {
    /// Who changed the organisation by it, and why; None: it is no act on the organisation.
    pub fn change(&self) -> Option<&Change> {
        Some(match self {
            super::Event::PersonHired(e) => &e.change,
            super::Event::PersonLeft(e) => &e.change,
            super::Event::PersonMoved(e) => &e.change,
            super::Event::PostVacated(e) => &e.change,
            super::Event::ActingAppointed(e) => &e.change,
            super::Event::DelegationGranted(e) => &e.change,
            super::Event::DelegationEnded(e) => &e.change,
            _ => return None,
        })
    }
}
