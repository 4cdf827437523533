//! Starting: the journal says what is left of the log, and State is its fold.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use countersign_core::frame::Frame;
use countersign_core::state::{RequestKey, State, apply_frame_keyed};
use countersign_journal::{Journal, Reader, Report, Storage};

use crate::error::{EngineError, ReadError};
use crate::follow::decode;
use crate::snapshots::{Skipped, Store};
use crate::views::ViewsOpened;

/// Frames that are handed over together while the log is folded, and how many such batches wait at most.
const BATCH: usize = 256;
const BATCHES: usize = 4;

/// What a start found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// What the journal found, a torn last group that was cut among it.
    pub journal: Report,
    /// The snapshot that State began with, by its last sequence; 0: none, State is the fold of the whole log.
    pub snapshot: u64,
    /// Snapshots that were of no use.
    pub skipped: Vec<Skipped>,
    /// Frames that were applied: those after the snapshot.
    pub frames: u64,
    /// Events in them.
    pub events: u64,
    /// How long reading the snapshot, reading and applying them took.
    pub replay_ms: u64,
    /// How far the machine's clock is behind the last stamp of the log; 0 if it is not. Until it has caught up
    /// everything is stamped alike.
    pub clock_behind_ms: i64,
    /// How the views were found, if they are kept.
    pub views: Option<ViewsOpened>,
}

/// State as the log has it.
pub(crate) struct Replayed {
    pub(crate) state: State,
    pub(crate) snapshot: u64,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) frames: u64,
    pub(crate) events: u64,
    pub(crate) took_ms: u64,
}

/// Opens the log, from the newest snapshot that can be used, and applies every frame after it. A frame that this
/// version does not know is an error: a State that lacks it would decide wrongly.
///
/// A snapshot vouches for the log: one that is of no group of it means that the log was cut.
pub(crate) fn recover(storage: Arc<dyn Storage>) -> Result<(Journal, Report, Replayed), EngineError> {
    let start = Instant::now();
    let log_id = countersign_journal::log_id(&*storage);
    let found = log_id.map(|log_id| Store { storage: storage.clone(), log_id }.newest());
    // Why the head record cannot be read is told by opening the log.
    let (loaded, skipped) = found.unwrap_or_default();
    let (from, mut state) = loaded.map(|loaded| (loaded.head, loaded.state)).unzip();
    let (journal, report) = Journal::open(storage, from)?;
    let state = state.get_or_insert_default();
    let snapshot = state.head().sequence;
    let reader = journal.log().reader(snapshot + 1).map_err(ReadError::from)?;
    let (frames, events) = fold(state, reader)?;
    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let state = std::mem::take(state);
    Ok((journal, report, Replayed { state, snapshot, skipped, frames, events, took_ms }))
}

/// A frame, and the digest of its request.
type Decoded = (Frame, Option<RequestKey>);

/// Applies every frame from here on. One thread reads, checks and decodes ahead while this one applies. Gives how many
/// frames and events there were.
fn fold(state: &mut State, reader: Reader) -> Result<(u64, u64), EngineError> {
    let (mut frames, mut events) = (0, 0);
    thread::scope(|scope| {
        let (away, decoded) = sync_channel(BATCHES);
        let reads = thread::Builder::new().name("countersign-replay".to_owned());
        let reads = reads.spawn_scoped(scope, move || read_ahead(reader, &away));
        let reads = reads.map_err(|source| EngineError::System { doing: "start a thread", source })?;
        for (frame, key) in decoded.into_iter().flatten() {
            apply_frame_keyed(state, &frame, key);
            frames += 1;
            events += frame.events.len() as u64;
        }
        match reads.join() {
            Ok(read) => read.map_err(EngineError::from),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    Ok((frames, events))
}

/// Hands decoded frames over, until there are no more.
fn read_ahead(mut reader: Reader, away: &SyncSender<Vec<Decoded>>) -> Result<(), ReadError> {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let Some(found) = reader.next(u64::MAX)? else { break };
            let frame = decode(found.sequence, found.bytes)?;
            let key = RequestKey::of_cause(&frame.cause);
            batch.push((frame, key));
        }
        if batch.is_empty() || away.send(batch).is_err() {
            return Ok(());
        }
    }
}
