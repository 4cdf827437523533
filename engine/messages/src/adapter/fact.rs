//! What another system tells without having been asked.

use super::DOCUMENTS;
use crate::decode::typed;
use crate::error::WireError;
use crate::limits::Limits;
use crate::scan::scan;
use crate::text::{Document, Name};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `countersign.<company>.in.<adapter>.<object>.<fact>`: something happened that a case may be waiting for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdapterFact {
    /// The sender's id for it: told twice, it counts once.
    pub message_id: Name,
    /// When it happened.
    pub at: Timestamp,
    /// What it belongs to, where the sender knows: compared with what the waiting case expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Name>,
    /// The fact itself, as the adapter's declaration types it; at most 64 KiB.
    pub data: Document,
}

impl AdapterFact {
    /// The fact as it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a fact is made of texts, numbers and objects with text keys")
    }
}

/// Reads a fact. Errors as in [`decode_request`](crate::decode_request), without `UNKNOWN_VERB`.
pub fn decode_fact(bytes: &[u8], limits: &Limits) -> Result<AdapterFact, WireError> {
    typed(scan(bytes, &DOCUMENTS, limits)?)
}
