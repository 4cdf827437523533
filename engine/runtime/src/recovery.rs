//! Starting: the journal says what is left of the log, and State is its fold.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use countersign_core::frame::Frame;
use countersign_core::state::{RequestKey, State, apply_frame_keyed};
use countersign_journal::{Head, Journal, Report, Storage};

use crate::error::{EngineError, ReadError};
use crate::follow::decode;
use crate::snapshots::{Skipped, Store};
use crate::views::ViewsOpened;

/// Frames that are handed over together while the log is folded, and how many such batches wait at most.
const BATCH: usize = 64;
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
    let state = state.get_or_insert_default();
    let snapshot = state.head().sequence;
    let (journal, report, (frames, events)) = fold(state, storage, from)?;
    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let state = std::mem::take(state);
    Ok((journal, report, Replayed { state, snapshot, skipped, frames, events, took_ms }))
}

/// A frame, and the digest of its request.
type Decoded = (Frame, Option<RequestKey>);

/// Frames and events that were applied.
type Counts = (u64, u64);

/// Opens the log and applies every frame beyond State. One thread reads, checks and decodes, once, while this one
/// applies.
fn fold(
    state: &mut State,
    storage: Arc<dyn Storage>,
    from: Option<Head>,
) -> Result<(Journal, Report, Counts), EngineError> {
    let beyond = state.head().sequence;
    thread::scope(|scope| {
        let (away, decoded) = sync_channel::<Vec<Decoded>>(BATCHES);
        let (back, applied) = sync_channel(BATCHES);
        let reads = thread::Builder::new().name("countersign-replay".to_owned());
        let reads = reads.spawn_scoped(scope, move || open(storage, from, Ahead::new(beyond, away, applied)));
        let reads = reads.map_err(|source| EngineError::System { doing: "start a thread", source })?;
        let (mut frames, mut events) = (0, 0);
        for batch in decoded {
            for (frame, key) in &batch {
                apply_frame_keyed(state, frame, *key);
                events += frame.events.len() as u64;
            }
            frames += batch.len() as u64;
            // Whoever made the frames lets go of them. Where it does not come to that, this thread does.
            drop(back.try_send(batch));
        }
        match reads.join() {
            Ok(opened) => opened.map(|(journal, report)| (journal, report, (frames, events))),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Opens the log and hands its frames over. What is wrong with the log itself is told before what its frames hold.
fn open(
    storage: Arc<dyn Storage>,
    from: Option<Head>,
    mut ahead: Ahead,
) -> Result<(Journal, Report), EngineError> {
    let opened = Journal::open_reading(storage, from, |frame| ahead.take(frame))?;
    ahead.finish()?;
    Ok(opened)
}

/// Decodes frames and hands them over in batches.
struct Ahead {
    /// State has what is up to here.
    beyond: u64,
    batch: Vec<Decoded>,
    away: SyncSender<Vec<Decoded>>,
    /// Batches that were applied. The thread that allocated their frames lets go of them: their memory is used again at
    /// once, instead of new pages being asked of the system for every batch.
    applied: Receiver<Vec<Decoded>>,
    /// The first frame that does not decode; none after it is looked at.
    wrong: Result<(), ReadError>,
}

impl Ahead {
    fn new(beyond: u64, away: SyncSender<Vec<Decoded>>, applied: Receiver<Vec<Decoded>>) -> Ahead {
        Ahead { beyond, batch: Vec::with_capacity(BATCH), away, applied, wrong: Ok(()) }
    }

    fn take(&mut self, found: countersign_journal::Frame<'_>) {
        if found.sequence <= self.beyond || self.wrong.is_err() {
            return;
        }
        match decode(found.sequence, found.bytes) {
            Ok(frame) => {
                let key = RequestKey::of_cause(&frame.cause);
                self.batch.push((frame, key));
            }
            Err(wrong) => self.wrong = Err(wrong),
        }
        if self.batch.len() == BATCH {
            self.send();
        }
    }

    fn send(&mut self) {
        let mut next = Vec::new();
        while let Ok(applied) = self.applied.try_recv() {
            next = applied;
            next.clear();
        }
        next.reserve(BATCH);
        let batch = std::mem::replace(&mut self.batch, next);
        // Whoever applies ends only after this does.
        let _ = self.away.send(batch);
    }

    fn finish(mut self) -> Result<(), ReadError> {
        self.send();
        self.wrong
    }
}
