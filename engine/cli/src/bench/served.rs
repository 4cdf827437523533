//! Decisions as a server gives them: JSON in and out, systems.yaml asked, views on. By the in-process bus, so that no
//! network is in the figure.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use countersign_runtime::{EngineHandle, EngineOptions, SystemClock};
use countersign_server::Server;

use super::company::{LEVELS, Names};
use super::requests::decide_by_json;
use super::{Rounds, create_with, median, pipeline, submit_all, tasks, timed};
use crate::transport;

/// Rounds of decisions and bare pipeline.
const ROUNDS: usize = 3;
/// How long the views may take to come to the end of the log.
const CATCH_UP: Duration = Duration::from_secs(300);
/// Every so many replies it is looked how far the views are behind.
const LOOK_EVERY: u64 = 64;

/// What was found.
pub(super) struct Served {
    pub(super) decisions_per_s: f64,
    pub(super) bare_per_s: f64,
    pub(super) ratio: f64,
    /// The most frames that the views were behind while decisions were made.
    pub(super) lag_max: u64,
    /// The frames of a round: what a lag without bound would come near to.
    pub(super) frames: u64,
    /// How long the views took to come to the end after the last reply, milliseconds.
    pub(super) caught_up_ms: f64,
}

/// Rounds of decisions and of the bare pipeline with the same callers and bytes, by turns.
pub(super) fn measure(
    folder: &Path,
    (callers, cases): (usize, usize),
    frame_bytes: usize,
) -> Result<Served, String> {
    let engine = create_with(EngineOptions::directory(folder.join("served")))?;
    let handle = engine.handle().clone();
    let names = Names::new();
    let handed = submit_all(&handle, &names, callers, 0..cases)?;
    let runtime = transport::runtime().map_err(|failure| failure.error.message)?;
    let server = runtime.block_on(Server::over(engine, Arc::new(SystemClock::new()), None));
    let server = server.map_err(|error| error.to_string())?;
    caught_up(&handle)?;
    let (mut rounds, mut behind_ms, lag_max) = (Rounds::default(), Vec::new(), AtomicU64::new(0));
    let chunk = handed.len().div_ceil(ROUNDS).max(1);
    for chunk in handed.chunks(chunk) {
        let operations = chunk.len() * LEVELS;
        let replies = AtomicU64::new(0);
        let ask = async |_: usize, body: Vec<u8>| {
            let reply = server.bus().request("bench", "decide", &body).await;
            if replies.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) {
                lag_max.fetch_max(lag(&handle), Ordering::Relaxed);
            }
            Ok(reply)
        };
        let took = timed(|| runtime.block_on(decide_by_json(&names, callers, chunk, ask)))?;
        behind_ms.push(caught_up(&handle)?.as_secs_f64() * 1e3);
        let bare = pipeline::run(folder, (operations, frame_bytes), |pipeline| {
            tasks::decide_against(&pipeline, &names, callers, chunk)
        })?;
        rounds.note(operations, took, bare);
    }
    runtime.block_on(server.stop()).map_err(|error| error.to_string())?;
    Ok(Served {
        decisions_per_s: median(&mut rounds.decisions),
        bare_per_s: median(&mut rounds.bare),
        ratio: median(&mut rounds.ratios),
        lag_max: lag_max.into_inner(),
        frames: (chunk * LEVELS) as u64,
        caught_up_ms: behind_ms.iter().copied().fold(0.0, f64::max),
    })
}

/// Frames that are durable and not in the views.
fn lag(handle: &EngineHandle) -> u64 {
    let applied = handle.views().map_or(0, |views| views.applied());
    handle.log().durable().saturating_sub(applied)
}

/// Waits until the views are at the end of the log; says how long that took.
fn caught_up(handle: &EngineHandle) -> Result<Duration, String> {
    let begun = Instant::now();
    let views = handle.views().ok_or("expected an engine that keeps views")?;
    views.reach_blocking(handle.log().durable(), CATCH_UP).map_err(|error| error.to_string())?;
    Ok(begun.elapsed())
}
