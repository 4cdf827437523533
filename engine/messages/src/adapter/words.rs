//! The ids and words inside commands and answers.

use crate::text::{FormError, Name, text_type};
use crate::token::Token;

text_type!(
    /// `<case>.<step>.<n>`: the n-th time (from 1) that a step of a case asks something of an adapter. It is the same
    /// on every retry, and an adapter does the work of one id at most once.
    CommandId,
    is_command_id,
    "<case>.<step>.<n>, such as C-12.registering.1",
    { "pattern" = "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[1-9][0-9]{0,8}$", "maxLength" = 200 }
);

impl CommandId {
    /// The id of the n-th command (from 1) of a step.
    pub fn of(case: &str, step: &str, n: u32) -> Result<CommandId, FormError> {
        CommandId::new(format!("{case}.{step}.{n}"))
    }

    /// The case.
    pub fn case(&self) -> &str {
        self.as_str().split('.').next().unwrap_or_default()
    }

    /// The step: the state of the case that asks.
    pub fn step(&self) -> &str {
        self.as_str().split('.').nth(1).unwrap_or_default()
    }

    /// Which command of the step, from 1.
    pub fn n(&self) -> u32 {
        self.as_str().split('.').nth(2).and_then(|n| n.parse().ok()).unwrap_or_default()
    }
}

fn is_command_id(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(case), Some(step), Some(n), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    let counts = (1..=9).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0');
    text.len() <= 200 && plain(case) && plain(step) && counts
}

text_type!(
    /// The adapter's name for an answer: 1 to 240 characters of `A-Z a-z 0-9 . _ : -`. The same answer sent again has
    /// the same id; an id is never used for another answer.
    ReplyId,
    is_reply_id,
    "1 to 240 characters of A-Z a-z 0-9 . _ : -",
    { "pattern" = "^[A-Za-z0-9._:-]{1,240}$" }
);

fn is_reply_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    (1..=240).contains(&text.len()) && text.bytes().all(allowed)
}

text_type!(
    /// What kind of answer it is: `accepted`, `progress`, `done`, `refused`, `unknown`, or another word that the
    /// company's `adapters.yaml` declares for the verb, such as `short`.
    AnswerWord,
    is_answer_word,
    "a lower-case word of a-z 0-9 and -, starting with a letter or digit, at most 64 characters",
    { "pattern" = "^[a-z0-9][a-z0-9-]{0,63}$" }
);

impl AnswerWord {
    /// Taken on; a later answer follows.
    pub const ACCEPTED: &'static str = "accepted";
    /// On its way; a later answer follows.
    pub const PROGRESS: &'static str = "progress";
    /// Done: the last answer.
    pub const DONE: &'static str = "done";
    /// Not done, with a code: the last answer.
    pub const REFUSED: &'static str = "refused";
    /// Nobody can say whether it was done: a person has to look.
    pub const UNKNOWN: &'static str = "unknown";

    /// A word that is known to be one.
    pub(super) fn known(word: &'static str) -> AnswerWord {
        AnswerWord(word.to_owned())
    }

    /// Whether the word by itself promises a later answer. Words of a company's own are for its declarations to say.
    pub fn is_stage(&self) -> bool {
        matches!(self.as_str(), AnswerWord::ACCEPTED | AnswerWord::PROGRESS)
    }
}

fn is_answer_word(text: &str) -> bool {
    Token::new(text).is_ok()
}

text_type!(
    /// Why an adapter refuses, for programs: `NO_CAPACITY`. At most 64 characters.
    RefusalCode,
    is_refusal_code,
    "a code of A-Z 0-9 and _, starting with a letter, at most 64 characters",
    { "pattern" = "^[A-Z][A-Z0-9_]{0,63}$" }
);

fn is_refusal_code(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Whether a case or step can stand in a [`CommandId`] as it is.
pub(super) fn same(part: &str, name: &Name) -> bool {
    part == name.as_str()
}
