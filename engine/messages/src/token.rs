//! One token of a subject.

use crate::text::text_type;

text_type!(
    /// One part of a subject: lower-case kebab, a letter or digit first, then letters, digits and `-`; at most 64
    /// characters. It can hold no wildcard, point or space, so a subject built from tokens means what it says.
    Token,
    is_token,
    "a lower-case token of a-z 0-9 and -, starting with a letter or digit, at most 64 characters",
    { "pattern" = "^[a-z0-9][a-z0-9-]{0,63}$" }
);

fn is_token(text: &str) -> bool {
    let lower_or_digit = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(lower_or_digit)
        && text.bytes().all(|b| lower_or_digit(b) || b == b'-')
}
