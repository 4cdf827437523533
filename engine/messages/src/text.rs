//! Texts with a form: checked when they are read, plain strings on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A text that does not have the form its type asks for. The sentence says what was expected and never repeats
/// the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct FormError {
    /// What the text should have looked like.
    pub expected: &'static str,
}

/// Declares a checked text: a newtype over `String` that can only be made through its check.
macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident, $check:path, $expected:literal, { $($key:literal = $value:expr),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend($($key = $value),*))]
        pub struct $name(String);

        impl $name {
            /// The text, once its form has been checked.
            pub fn new(text: impl Into<String>) -> Result<Self, $crate::text::FormError> {
                let text = text.into();
                if $check(&text) { Ok(Self(text)) } else { Err($crate::text::FormError { expected: $expected }) }
            }

            /// The text as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text::FormError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::FormError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_type;

text_type!(
    /// The caller's own name for a request: 1 to 64 characters of `A-Z a-z 0-9 . _ : -`. Sent twice by one system,
    /// the request takes effect once.
    RequestId,
    is_request_id,
    "1 to 64 characters of A-Z a-z 0-9 . _ : -",
    { "pattern" = "^[A-Za-z0-9._:-]{1,64}$" }
);

text_type!(
    /// The name of a person, position, case, task, state or chain: 1 to 128 characters, none of them a control
    /// character, no space at either end. Whether it is known is for the core to say.
    Name,
    is_name,
    "1 to 128 characters without control characters or spaces at the ends",
    { "minLength" = 1, "maxLength" = 128 }
);

text_type!(
    /// A person's own words: 1 to 4000 characters, of which only line feeds and tabs are control characters.
    Reason,
    is_reason,
    "1 to 4000 characters, not only spaces, without control characters",
    { "minLength" = 1, "maxLength" = 4000 }
);

text_type!(
    /// The hash of the content that a person saw: 32 bytes as 64 lower-case hexadecimal digits.
    ContentHash,
    is_content_hash,
    "64 lower-case hexadecimal digits",
    { "pattern" = "^[0-9a-f]{64}$" }
);

impl ContentHash {
    /// The wire form of a hash.
    pub fn from_bytes(hash: &[u8; 32]) -> Self {
        ContentHash(lower_hex(hash))
    }

    /// The hash itself.
    pub fn to_bytes(&self) -> [u8; 32] {
        hex_bytes(&self.0)
    }
}

/// A document or other free object: fields in any shape, at most 64 KiB on the wire. Numbers keep the text they
/// were sent with (`1.50` stays `1.50`); which of them may be money, and how, is checked against the company's
/// definitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Document(pub Map<String, Value>);

impl From<Map<String, Value>> for Document {
    fn from(fields: Map<String, Value>) -> Self {
        Document(fields)
    }
}

/// A title in the languages of its readers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Title {
    /// English.
    pub en: String,
    /// Chinese, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zh: Option<String>,
}

/// Lower-case hexadecimal digits, two for each byte.
pub(crate) fn lower_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .map(|digit| char::from(b"0123456789abcdef"[digit as usize]))
        .collect()
}

/// The bytes of a text that [`is_lower_hex`] has passed with twice as many digits.
pub(crate) fn hex_bytes<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = pair.iter().fold(0, |value, digit| {
            value << 4 | if *digit < b'a' { digit - b'0' } else { digit - b'a' + 10 }
        });
    }
    bytes
}

/// Whether the text is this many lower-case hexadecimal digits.
pub(crate) fn is_lower_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_request_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_name(text: &str) -> bool {
    // Four bytes a character at most: a long text is refused without being counted.
    let short = !text.is_empty() && text.len() <= 4 * 128 && text.chars().count() <= 128;
    short && text.trim() == text && !text.chars().any(char::is_control)
}

fn is_reason(text: &str) -> bool {
    let short = text.len() <= 4 * 4000 && text.chars().count() <= 4000;
    short && !text.trim().is_empty() && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

fn is_content_hash(text: &str) -> bool {
    is_lower_hex(text, 64)
}
