//! Events in bytes: `u16 kind, u32 length, postcard body`, little-endian.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::Event;
use crate::definition::Definition;

/// Why bytes are no events.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A kind that this version does not know.
    #[error(
        "expected an event kind that this version knows, found kind {0}: the log was written by a newer version"
    )]
    UnknownKind(u16),
    /// The body of a known kind does not decode.
    #[error("expected the body of an event of kind {0}, found other bytes")]
    Body(u16),
    /// The bytes end within an event.
    #[error("expected {expected} more bytes of an event, found {found}")]
    Short {
        /// How many were announced.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A definition in a compiled form that this version does not know.
    #[error("expected a definition in a compiled form that this version knows, found form {0}")]
    Form(u16),
    /// The frame's own head does not decode.
    #[error("expected the head of a frame, found other bytes")]
    Frame,
}

const HEAD: usize = 6;

/// Appends an event in its encoded form. Fails only where a value cannot be encoded, which no event of core holds.
pub fn encode_event(event: &Event, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    let head = out.len();
    out.extend_from_slice(&event.kind().to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    event.encode_body(out)?;
    let length = (out.len() - head - HEAD) as u32;
    out[head + 2..head + HEAD].copy_from_slice(&length.to_le_bytes());
    Ok(())
}

/// Reads events to the end of the bytes.
pub fn decode_events(mut bytes: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else {
            return Err(DecodeError::Short { expected: HEAD, found: bytes.len() });
        };
        let kind = u16::from_le_bytes([head[0], head[1]]);
        let length = u32::from_le_bytes([head[2], head[3], head[4], head[5]]) as usize;
        let Some((body, rest)) = rest.split_at_checked(length) else {
            return Err(DecodeError::Short { expected: length, found: rest.len() });
        };
        let event = Event::decode_body(kind, body)?;
        if let Event::DefinitionStored(e) = &event {
            Definition::decode(e.form, &e.compiled).ok_or(DecodeError::Form(e.form))?;
        }
        events.push(event);
        bytes = rest;
    }
    Ok(events)
}

/// Appends what a value is encoded as.
pub(crate) fn append<T: Serialize>(body: &T, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
    postcard::serialize_with_flavor(body, Appending(out))
}

/// Bytes go to the end of a vector that stays where it is.
struct Appending<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appending<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

pub(super) fn body<T: DeserializeOwned>(kind: u16, bytes: &[u8]) -> Result<T, DecodeError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(DecodeError::Body(kind)),
    }
}

/// The size that a body would have encoded.
pub(super) fn size<T: Serialize>(body: &T) -> usize {
    postcard::experimental::serialized_size(body).unwrap_or(usize::MAX)
}
