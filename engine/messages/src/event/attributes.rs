//! What the product puts into the attributes `type` and `source`.

use crate::error::{Code, WireError};
use crate::token::Token;
use std::fmt;
use std::str::FromStr;

/// The attribute `type`: `countersign.<chain>.<event>.v<version>`. A changed meaning is a new version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType {
    /// The chain, or a reserved token.
    pub chain: Token,
    /// What happened.
    pub event: Token,
    /// The version of the event's shape, from 1.
    pub version: u16,
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "countersign.{}.{}.v{}", self.chain, self.event, self.version)
    }
}

impl FromStr for EventType {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        let parse = || {
            let mut parts = text.strip_prefix("countersign.")?.split('.');
            let chain = Token::new(parts.next()?).ok()?;
            let event = Token::new(parts.next()?).ok()?;
            let version: u16 = parts.next()?.strip_prefix('v')?.parse().ok()?;
            let read = EventType { chain, event, version };
            // Refuses `v01`, `v+1` and anything after the version.
            (version > 0 && read.to_string() == text).then_some(read)
        };
        parse().ok_or_else(|| {
            WireError::new(Code::BadValue, "expected countersign.<chain>.<event>.v<version>").at_field("type")
        })
    }
}

/// The attribute `source` of a company's events: `/countersign/<company>`.
pub fn source_of(company: &Token) -> String {
    format!("/countersign/{company}")
}

/// The company in a `source`, if it is one of the product's.
pub fn source_company(source: &str) -> Option<Token> {
    Token::new(source.strip_prefix("/countersign/")?).ok()
}

/// The extension attribute `sequence`: text on the wire, as the extension's definition has it.
pub(super) mod padded {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    /// Twenty digits hold every `u64`.
    pub(crate) fn text(sequence: u64) -> String {
        format!("{sequence:020}")
    }

    /// One to twenty decimal digits that fit a `u64`.
    pub(crate) fn number(text: &str) -> Option<u64> {
        let plain = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse().ok())?
    }

    pub(crate) fn serialize<S: Serializer>(sequence: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
        match sequence {
            Some(sequence) => serializer.collect_str(&format_args!("{sequence:020}")),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        number(&text).map(Some).ok_or_else(|| D::Error::custom("expected a sequence in decimal digits"))
    }
}
