//! A frame: what one command did, whole or not at all.

use serde::{Deserialize, Serialize};

use crate::command::Cause;
use crate::event::codec::append;
use crate::event::{DecodeError, Event, decode_events, encode_event};
use crate::name::Name;
use crate::time::Timestamp;

/// At most so many events in a frame.
pub const FRAME_EVENTS_MAX: usize = 256;
/// From so many on, the rest of the turn becomes a timer due now.
pub const FRAME_EVENTS_SPLIT: usize = 200;
/// At most so many bytes in a frame.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

/// What one command did. `sequence` counts frames from 1; an event is (sequence, index).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The command's stamp.
    pub at: Timestamp,
    /// Why it came.
    pub cause: Cause,
    /// What became of it.
    pub outcome: Outcome,
    /// What happened.
    pub events: Vec<Event>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It took effect.
    Accepted,
    /// It was refused with this code; what auditors need to know of it is in the events.
    Refused {
        /// The stable code.
        code: Name,
        /// The sentence that went with it.
        message: String,
        /// The field it was about.
        field: Option<Name>,
    },
}

impl Frame {
    /// Appends the frame in its encoded form: the postcard of (at, cause, outcome), then the events.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), postcard::Error> {
        append(&(&self.at, &self.cause, &self.outcome), out)?;
        self.events.iter().try_for_each(|event| encode_event(event, out))
    }

    /// Reads a frame.
    pub fn decode(bytes: &[u8]) -> Result<Frame, DecodeError> {
        let head = postcard::take_from_bytes::<(Timestamp, Cause, Outcome)>(bytes);
        let ((at, cause, outcome), rest) = head.map_err(|_| DecodeError::Frame)?;
        Ok(Frame { at, cause, outcome, events: decode_events(rest)? })
    }
}
