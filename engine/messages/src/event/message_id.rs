//! The id of a published event, by which a stream drops repeats.

use crate::error::{Code, WireError};
use crate::text::{hex_bytes, is_lower_hex, lower_hex, text_type};
use crate::token::Token;
use std::fmt;
use std::str::FromStr;

text_type!(
    /// The identity of a log: 16 bytes as 32 lower-case hexadecimal digits.
    LogId,
    is_log_id,
    "32 lower-case hexadecimal digits",
    { "pattern" = "^[0-9a-f]{32}$" }
);

impl LogId {
    /// The wire form of an identity.
    pub fn from_bytes(id: &[u8; 16]) -> Self {
        LogId(lower_hex(id))
    }

    /// The identity itself.
    pub fn to_bytes(&self) -> [u8; 16] {
        hex_bytes(&self.0)
    }
}

fn is_log_id(text: &str) -> bool {
    is_lower_hex(text, 32)
}

/// `<company>-<log_id>-<sequence>-<index>`: where in which log an event stands. Printing and parsing are inverse.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The company; its token may hold `-`.
    pub company: Token,
    /// Its log.
    pub log_id: LogId,
    /// The frame.
    pub sequence: u64,
    /// The event's place in the frame, from 0.
    pub index: u32,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.company, self.log_id, self.sequence, self.index)
    }
}

impl FromStr for MessageId {
    type Err = WireError;

    fn from_str(text: &str) -> Result<Self, WireError> {
        parse(text).ok_or_else(|| {
            WireError::new(Code::BadValue, "expected <company>-<log_id>-<sequence>-<index>").at_field("id")
        })
    }
}

fn parse(text: &str) -> Option<MessageId> {
    let mut parts = text.rsplitn(4, '-');
    let index = canonical(parts.next()?)?.try_into().ok()?;
    let sequence = canonical(parts.next()?)?;
    let log_id = LogId::new(parts.next()?).ok()?;
    let company = Token::new(parts.next()?).ok()?;
    Some(MessageId { company, log_id, sequence, index })
}

/// Decimal digits without sign or leading zeros, so that each place has one spelling.
fn canonical(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    plain.then(|| digits.parse().ok())?
}
