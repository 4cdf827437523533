//! Callers that are tasks of one thread, against the engine and against the bare pipeline.

use countersign_runtime::{EngineHandle, Incoming, Reply};

use super::company::{LEVELS, Names};
use super::pipeline::Pipeline;
use super::{Handed, now};
use crate::embedded::accepted;

/// Every signature of every case, by tasks that wait for each.
pub(super) fn decide_on(
    handle: &EngineHandle,
    names: &Names,
    callers: usize,
    cases: &[Handed],
) -> Result<(), String> {
    decide_all(names, callers, cases, async |incoming| {
        handle.command(incoming).await.map_err(|e| e.to_string())
    })
}

/// The same, against a pipeline that decides nothing.
pub(super) fn decide_against(
    pipeline: &Pipeline,
    names: &Names,
    callers: usize,
    cases: &[Handed],
) -> Result<(), String> {
    decide_all(names, callers, cases, async |incoming| pipeline.command_async(incoming).await)
}

fn decide_all(
    names: &Names,
    callers: usize,
    cases: &[Handed],
    command: impl AsyncFn(Incoming) -> Result<Reply, String>,
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
    let caller = async |caller: usize| {
        for level in 0..LEVELS {
            for (case, hash) in cases.iter().skip(caller).step_by(callers) {
                let (cause, body) = names.decide(*case, *hash, level, now());
                accepted(command(Incoming { cause, body }).await?)?;
            }
        }
        Ok::<(), String>(())
    };
    let ended = runtime.block_on(futures_util::future::join_all((0..callers).map(caller)));
    ended.into_iter().collect()
}
