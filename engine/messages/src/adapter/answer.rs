//! What an adapter answers.

use super::DOCUMENTS;
use super::words::{AnswerWord, CommandId, RefusalCode, ReplyId};
use crate::decode::typed;
use crate::error::{Code, WireError};
use crate::limits::Limits;
use crate::scan::scan;
use crate::text::{Document, Reason};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `countersign.<company>.rpl.<adapter>.<object>.<verb>`: an answer to a command. One form for all of them: the word
/// in `answer`, and beside it `code` and `message` (refused), `message` (unknown) or `fields` (every other word).
///
/// ```json
/// {"command_id": "C-12.commanding.1", "reply_id": "C-12.commanding.1:2", "at": "2025-04-21T09:00:00+08:00",
///  "answer": "progress", "fields": {"pct": "35%"}}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterAnswer {
    /// The command that is answered.
    pub command_id: CommandId,
    /// The same whenever this answer is sent again; then it counts once.
    pub reply_id: ReplyId,
    /// When the adapter knew it.
    pub at: Timestamp,
    /// `accepted`, `progress`, `done`, `refused`, `unknown`, or another word that `adapters.yaml` declares.
    pub answer: AnswerWord,
    /// What the verb's declaration lists for this word, typed as documents are; at most 64 KiB. None with `refused`
    /// and `unknown`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub fields: Document,
    /// Why it is refused, for programs. With `refused` only, and always then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalCode>,
    /// The same in a sentence. With `refused` and `unknown` only, and always then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Reason>,
}

fn is_empty(fields: &Document) -> bool {
    fields.0.is_empty()
}

/// What an answer says, taken apart: exactly one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `refused`: it was not done and will not be.
    Refused {
        /// Why, for programs.
        code: RefusalCode,
        /// Why, for people.
        message: Reason,
    },
    /// `unknown`: nobody can say whether it was done.
    Unknown {
        /// Why not.
        message: Reason,
    },
    /// Any other word with its fields: `accepted`, `progress`, `done`, `short` ...
    Said {
        /// The word; never `refused` or `unknown`, which would not be read back.
        word: AnswerWord,
        /// What it comes with.
        fields: Document,
    },
}

impl Outcome {
    /// `done` with these fields.
    pub fn done(fields: Document) -> Outcome {
        Outcome::Said { word: AnswerWord::known(AnswerWord::DONE), fields }
    }

    /// `accepted` with these fields.
    pub fn accepted(fields: Document) -> Outcome {
        Outcome::Said { word: AnswerWord::known(AnswerWord::ACCEPTED), fields }
    }

    /// `progress` with these fields.
    pub fn progress(fields: Document) -> Outcome {
        Outcome::Said { word: AnswerWord::known(AnswerWord::PROGRESS), fields }
    }

    /// The word on the wire.
    pub fn word(&self) -> &str {
        match self {
            Outcome::Refused { .. } => AnswerWord::REFUSED,
            Outcome::Unknown { .. } => AnswerWord::UNKNOWN,
            Outcome::Said { word, .. } => word.as_str(),
        }
    }
}

impl AdapterAnswer {
    /// An answer that says this.
    pub fn new(command_id: CommandId, reply_id: ReplyId, at: Timestamp, outcome: Outcome) -> AdapterAnswer {
        let answer = AnswerWord::new(outcome.word()).expect("a word is taken from a word");
        let (fields, code, message) = match outcome {
            Outcome::Refused { code, message } => (Document::default(), Some(code), Some(message)),
            Outcome::Unknown { message } => (Document::default(), None, Some(message)),
            Outcome::Said { fields, .. } => (fields, None, None),
        };
        AdapterAnswer { command_id, reply_id, at, answer, fields, code, message }
    }

    /// What it says. An answer that was read is whole; in one put together by hand a missing code or message is an
    /// `unknown`.
    pub fn outcome(&self) -> Outcome {
        let nameless = || Reason::new("the answer does not say why").expect("a sentence is a reason");
        match (self.answer.as_str(), &self.code) {
            (AnswerWord::REFUSED, Some(code)) => Outcome::Refused {
                code: code.clone(),
                message: self.message.clone().unwrap_or_else(nameless),
            },
            (AnswerWord::REFUSED | AnswerWord::UNKNOWN, _) => {
                Outcome::Unknown { message: self.message.clone().unwrap_or_else(nameless) }
            }
            _ => Outcome::Said { word: self.answer.clone(), fields: self.fields.clone() },
        }
    }

    /// The answer as it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an answer is made of texts, numbers and objects with text keys")
    }

    fn check(&self) -> Result<(), WireError> {
        let (refused, unknown) =
            (self.answer.as_str() == AnswerWord::REFUSED, self.answer.as_str() == AnswerWord::UNKNOWN);
        let told = |field: &str, is: bool, may: bool| match (is, may) {
            (true, false) => {
                let message = format!("expected no `{field}` with the answer {}", self.answer);
                Err(WireError::new(Code::BadValue, message).at_field(field))
            }
            (false, true) => {
                let message = format!("expected `{field}` with the answer {}", self.answer);
                Err(WireError::new(Code::MissingField, message).at_field(field))
            }
            _ => Ok(()),
        };
        told("code", self.code.is_some(), refused)?;
        told("message", self.message.is_some(), refused || unknown)?;
        let (has_fields, may_have) = (!is_empty(&self.fields), !refused && !unknown);
        told("fields", has_fields, has_fields && may_have)
    }
}

/// Reads an answer. Errors as in [`decode_request`](crate::decode_request), without `UNKNOWN_VERB`; `code`, `message`
/// and `fields` that do not go with the word are `BAD_VALUE`, missing ones `MISSING_FIELD`.
pub fn decode_answer(bytes: &[u8], limits: &Limits) -> Result<AdapterAnswer, WireError> {
    let answer: AdapterAnswer = typed(scan(bytes, &DOCUMENTS, limits)?)?;
    answer.check()?;
    Ok(answer)
}
