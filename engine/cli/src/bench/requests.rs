//! Decisions as JSON requests, by callers that are tasks and wait for each reply.

use countersign_core::command::{CaseNo, ContentHash};
use countersign_core::time::Timestamp;
use serde_json::json;

use super::company::{LEVELS, Names};
use super::{Handed, now};

/// Every signature of every case; `ask` sends a request of `decide` and gives its reply.
pub(super) async fn decide_by_json(
    names: &Names,
    callers: usize,
    cases: &[Handed],
    ask: impl AsyncFn(usize, Vec<u8>) -> Result<Vec<u8>, String>,
) -> Result<(), String> {
    let caller = async |caller: usize| {
        for level in 0..LEVELS {
            for (case, hash) in cases.iter().skip(caller).step_by(callers) {
                let reply = ask(caller, request(names, (*case, hash), level, now())).await?;
                accepted(&reply)?;
            }
        }
        Ok::<(), String>(())
    };
    let ended = futures_util::future::join_all((0..callers).map(caller)).await;
    ended.into_iter().collect()
}

/// A request of `decide`, as a back office writes it.
fn request(names: &Names, (case, hash): (CaseNo, &ContentHash), level: usize, sent_at: Timestamp) -> Vec<u8> {
    let (position, person) = names.signer(level);
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let body = json!({
        "request_id": format!("decide-{case:010}-{level}-bench"),
        "sent_at": sent_at.to_string(),
        "person": person,
        "position": position,
        "case": format!("C-{case}"),
        "task": format!("T-{}", level + 1),
        "version": 1,
        "content_hash": hash,
        "verdict": if level + 1 == LEVELS { "approve" } else { "pass" },
    });
    body.to_string().into_bytes()
}

/// A reply that grants begins so.
fn accepted(reply: &[u8]) -> Result<(), String> {
    if reply.starts_with(br#"{"ok""#) { Ok(()) } else { Err(String::from_utf8_lossy(reply).into_owned()) }
}
