//! Replies to commands, rebuilt from the frame alone so that a repeat gets the same.

use countersign_core::receipt::Receipt;
use countersign_core::state::Standing;
use countersign_messages::{Accepted, ContentHash, FactAccepted, Organised, Reply};
use countersign_runtime::{Reply as EngineReply, ReplyResult};

use super::refuse::{self, Refusal};
use super::standing::{Told, as_of};
use super::{Desk, json};
use crate::ids::case_text;

impl Desk {
    /// The reply to a command.
    pub(super) async fn outcome(
        &self,
        reply: EngineReply,
        message_id: Option<String>,
    ) -> Result<Vec<u8>, Refusal> {
        let EngineReply { result, sequence, before, .. } = reply;
        let receipt = match result {
            ReplyResult::Accepted(receipt) => receipt,
            ReplyResult::Refused(rejection) => {
                return Ok(json(&Reply::<()>::error(*refuse::rejected(rejection), sequence)));
            }
        };
        if let Some(message_id) = message_id {
            let cases = receipt.case.map(case_text).into_iter().collect();
            let kept = receipt.kept;
            let told = FactAccepted { message_id, sequence, cases, duplicate: false, kept };
            return Ok(json(&Reply::ok(told, sequence)));
        }
        let Some(case) = receipt.case else {
            return Err(refuse::of("INTERNAL", "expected a command about a case"));
        };
        let standing = match (Standing::told_by(&receipt), before) {
            (Some(told), _) => told,
            (None, Some(before)) => before.after(&receipt),
            (None, None) => as_of(&self.inner.handle, case, sequence).await?,
        };
        Ok(json(&Reply::ok(accepted(&receipt, &standing, sequence), sequence)))
    }
}

/// The reply to acts on the organisation.
pub(super) fn organised(reply: EngineReply) -> Vec<u8> {
    let EngineReply { result, sequence, .. } = reply;
    match result {
        ReplyResult::Accepted(_) => json(&Reply::ok(Organised { sequence }, sequence)),
        ReplyResult::Refused(rejection) => json(&Reply::<()>::error(*refuse::rejected(rejection), sequence)),
    }
}

fn accepted(receipt: &Receipt, standing: &Standing, sequence: u64) -> Accepted {
    Accepted {
        case: receipt.case.map(case_text).unwrap_or_default(),
        sequence,
        state: standing.state.to_string(),
        revision: standing.revision,
        version: u64::from(standing.revision),
        content_hash: ContentHash::from_bytes(&standing.content_hash),
    }
}
