//! Requests about who holds what: acts on the organisation, what they would do, and how it stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::envelope::person_request;
use crate::money::Decimal;
use crate::text::{Name, Reason};
use crate::time::Timestamp;

/// One act on the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum OrganisationAct {
    /// A person takes a post, beside whoever holds it.
    Hire {
        /// Who.
        person: Name,
        /// Which post.
        position: Name,
    },
    /// A person leaves the company; their open work stays with the posts.
    Leave {
        /// Who.
        person: Name,
    },
    /// A person goes to another post.
    Move {
        /// Who.
        person: Name,
        /// The post given up; all that they hold if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Name>,
        /// The new post.
        to: Name,
    },
    /// A post loses its holders.
    Vacate {
        /// Which post.
        position: Name,
        /// Only this holder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<Name>,
    },
    /// Somebody acts for a vacant post.
    Act {
        /// Which post.
        position: Name,
        /// The post whose holders act.
        by: Name,
        /// The share of the post's limit that they have, above 0 and at most 1; all of it if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Decimal>,
        /// The first instant at which they act; now if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// The first instant at which they no longer act.
        until: Timestamp,
    },
    /// A post gives authority to another for a time.
    Delegate(Delegate),
    /// A delegation, or an acting holder, ends before its time. Names one of the two.
    End {
        /// The delegation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delegation: Option<Name>,
        /// The post that somebody acts for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acting: Option<Name>,
    },
}

/// A post gives authority to another for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// The delegation's name, a new one.
    pub name: Name,
    /// Whose authority.
    pub from: Name,
    /// To whom.
    pub to: Name,
    /// For which authorities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authority: Vec<Name>,
    /// Up to how much, inclusive; never more than the post has itself.
    pub up_to: Decimal,
    /// The first instant at which it holds.
    pub start: Timestamp,
    /// The first instant at which it no longer holds.
    pub end: Timestamp,
    /// For which chains; for all if absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chains: Vec<Name>,
    /// For what: approve, review, input, edit, task; levels of the authorities if absent. With chains.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<Name>,
}

person_request!(
    /// `organise`: change who holds what, all of it or nothing. Open work moves along. For a system that systems.yaml
    /// names the verb for, and a person who decides no cases. Answered with `Organised`.
    Organise {
        /// One after another; at most 100.
        pub acts: Vec<OrganisationAct>,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `plan`: what acts on the organisation would do to open work. Records nothing. Answered with `ImpactView`.
    Plan {
        /// One after another; at most 100.
        pub acts: Vec<OrganisationAct>,
    }
);

person_request!(
    /// `organisation`: who holds what now, who acts, what is delegated. Answered with `OrganisationView`.
    Organisation {
        /// Only this post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub post: Option<Name>,
    }
);
