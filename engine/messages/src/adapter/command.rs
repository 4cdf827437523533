//! Work for an adapter.

use super::DOCUMENTS;
use super::words::{CommandId, same};
use crate::decode::typed;
use crate::error::{Code, WireError};
use crate::limits::Limits;
use crate::scan::scan;
use crate::text::{Document, Name};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `countersign.<company>.cmd.<adapter>.<object>.<verb>`: work for an adapter. Sent again with the same `command_id`
/// until an answer comes; it must be done at most once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterCommand {
    /// The same on every retry; `<case>.<step>.<n>`.
    pub command_id: CommandId,
    /// The case that asks. Commands of one case are done in the order in which they were sent.
    pub case: Name,
    /// The state of the case that asks.
    pub step: Name,
    /// Which sending this is, from 1.
    pub attempt: u32,
    /// One id for everything that belongs to one order, from order to cash.
    pub correlation: Name,
    /// The case's document, where the verb's declaration asks for it; at most 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
    /// What the verb needs, as the chain's `with:` has it; at most 64 KiB.
    pub with: Document,
    /// What is to be undone, if this is the undo of an earlier command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undoes>,
    /// When it was first sent; the same on every retry.
    pub sent_at: Timestamp,
    /// When the case stops waiting for an answer and goes on hold.
    pub deadline: Timestamp,
}

/// The command that is to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undoes {
    /// Its id.
    pub command_id: CommandId,
    /// What its last answer said, with what its stages said before: `{"mo": "MO-777", ...}`.
    pub done: Document,
}

impl AdapterCommand {
    /// The command as it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a command is made of texts, numbers and objects with text keys")
    }

    fn check(&self) -> Result<(), WireError> {
        let bad = |field: &str, message: &str| {
            Err(WireError::new(Code::BadValue, message.to_owned()).at_field(field.to_owned()))
        };
        if !same(self.command_id.case(), &self.case) || !same(self.command_id.step(), &self.step) {
            return bad("command_id", "expected <case>.<step>.<n> of the case and step of this command");
        }
        if self.attempt == 0 {
            return bad("attempt", "expected a number from 1");
        }
        Ok(())
    }
}

/// Reads a command. Errors as in [`decode_request`](crate::decode_request), without `UNKNOWN_VERB`.
pub fn decode_command(bytes: &[u8], limits: &Limits) -> Result<AdapterCommand, WireError> {
    let command: AdapterCommand = typed(scan(bytes, &DOCUMENTS, limits)?)?;
    command.check()?;
    Ok(command)
}
