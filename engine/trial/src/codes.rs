//! Codes of the findings in case files. Those that rules have too mean the same there.

pub(crate) const BAD_SENTENCE: &str = "BAD_SENTENCE";
pub(crate) const BAD_VALUE: &str = "BAD_VALUE";
pub(crate) const MISSING_KEY: &str = "MISSING_KEY";
pub(crate) const TOO_LARGE: &str = "TOO_LARGE";
pub(crate) const UNKNOWN_FIELD: &str = "UNKNOWN_FIELD";
pub(crate) const UNKNOWN_KEY: &str = "UNKNOWN_KEY";
pub(crate) const UNKNOWN_NAME: &str = "UNKNOWN_NAME";
pub(crate) const WRONG_SHAPE: &str = "WRONG_SHAPE";

/// Codes that only case files have: the code, what it means, how to mend it.
pub const CODES: &[(&str, &str, &str)] = &[(
    BAD_SENTENCE,
    "a sentence under `when` that says nothing that can happen",
    "write one of the sentences of the manual",
)];
