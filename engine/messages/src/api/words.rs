//! The small vocabularies inside requests.

use crate::subject::Subject;
use crate::text::{FormError, Name, text_type};
use crate::token::Token;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// What a person answers to a task. Which of them a task offers depends on its kind; the core refuses the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The final word: yes, within one's own authority.
    Approve,
    /// Yes, and the next one decides; or a review without objection.
    Pass,
    /// A review with an objection that does not stop the case.
    Object,
    /// Back to somebody earlier, to be mended.
    Return,
    /// No: the case ends.
    Reject,
    /// A review that stops the case, where the chain grants it.
    Veto,
    /// The work of a task or an input is done.
    Done,
    /// A completed document is handed in, where the step is to edit it.
    Submit,
    /// The work of a task is refused, with a reason.
    Refuse,
    /// One of a task's choices.
    Choose,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 10] = [
        Verdict::Approve,
        Verdict::Pass,
        Verdict::Object,
        Verdict::Return,
        Verdict::Reject,
        Verdict::Veto,
        Verdict::Done,
        Verdict::Submit,
        Verdict::Refuse,
        Verdict::Choose,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::Pass => "pass",
            Verdict::Object => "object",
            Verdict::Return => "return",
            Verdict::Reject => "reject",
            Verdict::Veto => "veto",
            Verdict::Done => "done",
            Verdict::Submit => "submit",
            Verdict::Refuse => "refuse",
            Verdict::Choose => "choose",
        }
    }
}

// Read as text first: serde's own reading of an enum calls a number or list malformed, not of the wrong type.
impl<'de> Deserialize<'de> for Verdict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word).ok_or_else(|| {
            let known = Verdict::ALL.map(Verdict::as_str).join(", ");
            D::Error::custom(format!("expected one of {known}"))
        })
    }
}

/// Where a returned case goes: `draft`, `previous`, or the name of a state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("minLength" = 1, "maxLength" = 128))]
pub enum ReturnTo {
    /// To the submitter.
    Draft,
    /// To whoever signed last before.
    Previous,
    /// To this state of the chain.
    State(Name),
}

impl TryFrom<String> for ReturnTo {
    type Error = FormError;

    fn try_from(text: String) -> Result<Self, FormError> {
        match text.as_str() {
            "draft" => Ok(ReturnTo::Draft),
            "previous" => Ok(ReturnTo::Previous),
            _ => Name::new(text).map(ReturnTo::State),
        }
    }
}

impl From<ReturnTo> for String {
    fn from(to: ReturnTo) -> String {
        match to {
            ReturnTo::Draft => "draft".into(),
            ReturnTo::Previous => "previous".into(),
            ReturnTo::State(state) => state.into(),
        }
    }
}

/// Why a task is referred up: `conflict_of_interest`, or the person's own words. Only a conflict of interest is
/// a ground to refer up; the core says what becomes of the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("minLength" = 1, "maxLength" = 4000))]
pub enum ReferUpReason {
    /// The holder or a relation of theirs benefits.
    ConflictOfInterest,
    /// Anything else, in words.
    Text(crate::text::Reason),
}

impl TryFrom<String> for ReferUpReason {
    type Error = FormError;

    fn try_from(text: String) -> Result<Self, FormError> {
        match text.as_str() {
            "conflict_of_interest" => Ok(ReferUpReason::ConflictOfInterest),
            _ => crate::text::Reason::new(text).map(ReferUpReason::Text),
        }
    }
}

impl From<ReferUpReason> for String {
    fn from(reason: ReferUpReason) -> String {
        match reason {
            ReferUpReason::ConflictOfInterest => "conflict_of_interest".into(),
            ReferUpReason::Text(text) => text.into(),
        }
    }
}

text_type!(
    /// The name of a fact as adapters declare it: `<adapter>.<object>.<fact>`, for example `finance.receipt.posted`.
    FactName,
    is_fact_name,
    "<adapter>.<object>.<fact> in lower-case tokens, such as finance.receipt.posted",
    { "pattern" = "^[a-z0-9][a-z0-9-]{0,63}(\\.[a-z0-9][a-z0-9-]{0,63}){2}$" }
);

impl FactName {
    /// The subject that carries this fact for a company.
    pub fn subject(&self, company: &Token) -> Subject {
        let mut tokens = self.as_str().split('.').filter_map(|part| Token::new(part).ok());
        match (tokens.next(), tokens.next(), tokens.next()) {
            (Some(adapter), Some(object), Some(fact)) => {
                Subject::Fact { company: company.clone(), adapter, object, fact }
            }
            _ => unreachable!("a fact's name is checked to be three tokens"),
        }
    }
}

fn is_fact_name(text: &str) -> bool {
    text.len() <= 3 * 64 + 2
        && text.split('.').count() == 3
        && text.split('.').all(|part| Token::new(part).is_ok())
}
