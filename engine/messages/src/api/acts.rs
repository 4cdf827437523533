//! Requests that change something.

use super::envelope::{person_request, system_request};
use super::words::{FactName, ReferUpReason, ReturnTo, Verdict};
use crate::error::{Code, WireError};
use crate::text::{ContentHash, Document, Name, Reason};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

person_request!(
    /// `submit`: hand in a document; a case of the chain begins. Answered with `Accepted`.
    Submit {
        /// The chain that the document goes through.
        pub chain: Name,
        /// The document, by the chain's schema; at most 64 KiB.
        pub document: Document,
        /// The superior it is addressed to; the core refuses one who is not the next. The next one if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub addressee: Option<Name>,
        /// Why it is handed in, in the submitter's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
    }
);

person_request!(
    /// `resubmit`: hand in a returned document again, as the next revision. Answered with `Accepted`.
    Resubmit {
        /// The case.
        pub case: Name,
        /// The version of the case that the submitter saw; another one is `CONFLICT`.
        pub version: u64,
        /// The whole document, not only what changed; at most 64 KiB.
        pub document: Document,
        /// What was changed, in the submitter's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
    }
);

person_request!(
    /// `amend`: hand in another revision of a document that is under way. Answered with `Accepted`. `FROZEN` where
    /// others rest on what was approved.
    Amend {
        /// The case.
        pub case: Name,
        /// The version of the case that the submitter saw; another one is `CONFLICT`.
        pub version: u64,
        /// The whole document, not only what changed; at most 64 KiB.
        pub document: Document,
        /// What was changed and why, in the submitter's words.
        pub reason: Reason,
    }
);

person_request!(
    /// `decide`: answer a task. Answered with `Accepted`.
    Decide {
        /// The case.
        pub case: Name,
        /// The task of that case.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
        /// The hash of the content that the person saw.
        pub content_hash: ContentHash,
        /// The answer.
        pub verdict: Verdict,
        /// Why. Which verdicts need one is for the chain to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
        /// Where to, if the verdict is `return`; the chain's own arrow otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub to: Option<ReturnTo>,
        /// What is chosen, with the verdict `choose`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub choice: Option<Name>,
        /// What the task asks for, or the completed fields of an edit; at most 64 KiB.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub fields: Option<Document>,
        /// The decider overrides an objection: recorded as such for ever, and refused by the core without a reason.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub overrides: bool,
    }
);

impl Decide {
    /// What one field demands of another.
    pub(super) fn check(&self) -> Result<(), WireError> {
        if self.to.is_some() && self.verdict != Verdict::Return {
            let message = "expected no `to`: only the verdict return goes somewhere";
            return Err(WireError::new(Code::BadValue, message).at_field("to"));
        }
        match (self.verdict, &self.choice) {
            (Verdict::Choose, None) => {
                let message = "expected `choice` with the verdict choose";
                return Err(WireError::new(Code::MissingField, message).at_field("choice"));
            }
            (Verdict::Choose, Some(_)) | (_, None) => {}
            (_, Some(_)) => {
                let message = "expected no `choice`: it goes with the verdict choose";
                return Err(WireError::new(Code::BadValue, message).at_field("choice"));
            }
        }
        Ok(())
    }
}

/// One task of a `decide-all`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideItem {
    /// The case.
    pub case: Name,
    /// The task of that case.
    pub task: Name,
    /// The task's version that the person saw.
    pub version: u64,
    /// The hash of the content that the person saw.
    pub content_hash: ContentHash,
}

/// So many tasks are answered at once.
pub const DECIDE_ALL_MAX: usize = 100;

person_request!(
    /// `decide-all`: answer several tasks alike, each as it was seen. What is stale, or beyond the limit of whoever
    /// approves, drops out by itself; the others are answered. It needs the verb `decide`. Answered with `DecidedAll`.
    DecideAll {
        /// The tasks; at most 100.
        pub items: Vec<DecideItem>,
        /// The answer.
        pub verdict: Verdict,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
    }
);

impl DecideAll {
    /// What one field demands of another.
    pub(super) fn check(&self) -> Result<(), WireError> {
        if self.items.is_empty() || self.items.len() > DECIDE_ALL_MAX {
            let message = format!("expected 1 to {DECIDE_ALL_MAX} tasks, found {}", self.items.len());
            return Err(WireError::new(Code::BadValue, message).at_field("items"));
        }
        if matches!(self.verdict, Verdict::Choose | Verdict::Submit) {
            let message = "expected an answer that carries nothing: what is completed or chosen differs from task to task";
            return Err(WireError::new(Code::BadValue, message).at_field("verdict"));
        }
        Ok(())
    }
}

person_request!(
    /// `withdraw`: the submitter takes the whole case back, before the final decision. Answered with `Accepted`.
    Withdraw {
        /// The case.
        pub case: Name,
        /// Why; earlier signers are told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<Reason>,
    }
);

person_request!(
    /// `refer-up`: the holder of a task hands it to the superior. Answered with `Accepted`.
    ReferUp {
        /// The case.
        pub case: Name,
        /// The task of that case.
        pub task: Name,
        /// The task's version that the person saw; another one is `CONFLICT` and changes nothing.
        pub version: u64,
        /// Why.
        pub reason: ReferUpReason,
    }
);

system_request!(
    /// `fact`: something happened that a case may be waiting for. Answered with `FactAccepted`.
    Fact {
        /// What happened.
        pub fact: FactName,
        /// The sender's id for it: told twice, it counts once.
        pub message_id: Name,
        /// What it belongs to, where the sender knows: compared with what the waiting case expects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub key: Option<Name>,
        /// The fact itself, as the adapter's declaration types it; at most 64 KiB.
        pub data: Document,
    }
);
