//! Requests of people who are asked and do something else than answering.

use super::envelope::person_request;
use crate::text::{Name, Reason};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

person_request!(
    /// `transfer`: the holder of a task hands it to another post, which answers it with an authority of its own: never
    /// to the submitter or somebody else who may not sign there. Where the limit of that post does not suffice it
    /// reviews, and the route goes on. Answered with `Accepted`.
    Transfer {
        /// The case.
        pub case: Name,
        /// The task of that case.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
        /// The position that answers from now on.
        pub to: Name,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `consult`: the holder of a task asks another post for an opinion. That post gets a task of its own, which it
    /// answers with `decide`; whatever it says is an opinion, and nothing waits for it. Answered with `Accepted`.
    Consult {
        /// The case.
        pub case: Name,
        /// The task of that case whose holder asks.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
        /// The position that is asked.
        pub to: Name,
        /// What is asked.
        pub question: Reason,
    }
);

/// Where an approver is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Before whoever adds, who is asked again afterwards.
    Before,
    /// After whoever adds.
    After,
    /// Beside whoever adds, at the same time.
    Beside,
}

impl Place {
    /// Every place.
    pub const ALL: [Place; 3] = [Place::Before, Place::After, Place::Beside];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Before => "before",
            Place::After => "after",
            Place::Beside => "beside",
        }
    }
}

// Read as text first: serde's own reading of an enum calls a number or list malformed, not of the wrong type.
impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Place::ALL.into_iter().find(|place| place.as_str() == word).ok_or_else(|| {
            let known = Place::ALL.map(Place::as_str).join(", ");
            D::Error::custom(format!("expected one of {known}"))
        })
    }
}

person_request!(
    /// `add-approver`: the holder of a task has another post review the document too. It adds scrutiny, never
    /// authority. Answered with `Accepted`.
    AddApprover {
        /// The case.
        pub case: Name,
        /// The task of that case whose holder adds.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
        /// The position that is added.
        pub to: Name,
        /// Where.
        pub place: Place,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `remove-approver`: whoever added an approver to the present step takes the addition back, while it is not
    /// answered; the last one who is asked cannot be removed. Answered with `Accepted`.
    RemoveApprover {
        /// The case.
        pub case: Name,
        /// The position that was added.
        pub approver: Name,
        /// Why.
        pub reason: Reason,
    }
);

person_request!(
    /// `claim`: one of several holders of a post takes a task on. Whoever else tries gets `CONFLICT`. Answered with
    /// `Accepted`.
    Claim {
        /// The case.
        pub case: Name,
        /// The task of that case.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
    }
);

person_request!(
    /// `release`: a claimed task is everybody's again; by whoever has it, who drives the chain, or a process owner.
    /// Answered with `Accepted`.
    Release {
        /// The case.
        pub case: Name,
        /// The task of that case.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
    }
);

person_request!(
    /// `take-back`: a signer takes an own decision back, as long as nobody has gone on from it. Answered with
    /// `Accepted`.
    TakeBack {
        /// The case.
        pub case: Name,
        /// The task in which the decision was given.
        pub task: Name,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
    }
);
