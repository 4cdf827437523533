//! Starting: the journal says what is left of the log, and State is its fold.

use std::sync::Arc;
use std::time::Instant;

use countersign_core::state::{State, apply_frame};
use countersign_journal::{Journal, Report, Storage};

use crate::error::{EngineError, ReadError};
use crate::follow::decode;
use crate::snapshots::{Skipped, Store};
use crate::views::ViewsOpened;

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
    let (mut frames, mut events) = (0, 0);
    let state = state.get_or_insert_default();
    let snapshot = state.head().sequence;
    let mut reader = journal.log().reader(snapshot + 1).map_err(ReadError::from)?;
    while let Some(found) = reader.next(u64::MAX).map_err(ReadError::from)? {
        let frame = decode(found.sequence, found.bytes)?;
        apply_frame(state, &frame);
        frames += 1;
        events += frame.events.len() as u64;
    }
    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let state = std::mem::take(state);
    Ok((journal, report, Replayed { state, snapshot, skipped, frames, events, took_ms }))
}
