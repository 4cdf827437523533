//! Starting: the journal says what is left of the log, and State is its fold.

use std::time::Instant;

use countersign_core::state::{State, apply_frame};
use countersign_journal::{Log, Report};

use crate::error::ReadError;
use crate::follow::decode;
use crate::views::ViewsOpened;

/// What a start found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// What the journal found, a torn last group that was cut among it.
    pub journal: Report,
    /// Frames that were applied.
    pub frames: u64,
    /// Events in them.
    pub events: u64,
    /// How long reading and applying them took.
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
    pub(crate) frames: u64,
    pub(crate) events: u64,
    pub(crate) took_ms: u64,
}

/// Applies every frame of the log. A frame that this version does not know is an error: a State that lacks it
/// would decide wrongly.
pub(crate) fn replay(log: &Log) -> Result<Replayed, ReadError> {
    let start = Instant::now();
    let mut reader = log.reader(1)?;
    let mut state = State::default();
    let (mut frames, mut events) = (0, 0);
    while let Some(found) = reader.next(u64::MAX)? {
        let frame = decode(found.sequence, found.bytes)?;
        apply_frame(&mut state, &frame);
        frames += 1;
        events += frame.events.len() as u64;
    }
    let took_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Replayed { state, frames, events, took_ms })
}
