//! What has to be asked for: whether the core thread takes turns, room on the disk, the age of the newest snapshot.
//! Asked when somebody reads health; each look has a deadline.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_core::time::Timestamp;
use countersign_runtime::EngineHandle;
use tokio::time::{Instant, timeout};

use crate::desk::Desk;

/// How long the core thread may take to answer a look at it before it does not count as alive.
pub(super) const ALIVE: Duration = Duration::from_secs(2);

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// The last frame that State contains, durable by then; none: the core thread gave no answer in time.
    pub(super) applied: Option<u64>,
    /// How long it took to answer, in milliseconds.
    pub(super) answered_ms: u64,
    /// Bytes that are free for this user where the data is, and how many there are.
    pub(super) disk: Option<(u64, u64)>,
    /// Seconds since the newest frame of the newest snapshot; none: there is no snapshot.
    pub(super) snapshot_age_s: Option<u64>,
}

/// Looks at one server.
pub(super) struct Looks {
    desk: Desk,
    /// The newest snapshot that was asked about, and the time of its newest frame.
    snapshot: Mutex<Option<(u64, Timestamp)>>,
}

impl Looks {
    pub(super) fn new(desk: Desk) -> Looks {
        Looks { desk, snapshot: Mutex::default() }
    }

    /// Takes all of them.
    pub(super) async fn look(&self) -> Seen {
        let (engine, begun) = (self.desk.engine(), Instant::now());
        // The answer waits until what it saw is durable: a log that cannot be written is noticed, too.
        let look = timeout(ALIVE, engine.read(|state| state.head().sequence)).await;
        let answered_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let applied = look.ok().and_then(Result::ok).map(|(applied, _)| applied);
        Seen { applied, answered_ms, disk: room(engine).await, snapshot_age_s: self.snapshot_age().await }
    }

    async fn snapshot_age(&self) -> Option<u64> {
        let engine = self.desk.engine();
        let sequence = engine.status().snapshots.sequence;
        if sequence == 0 {
            return None;
        }
        let known = *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match known.filter(|(of, _)| *of == sequence) {
            Some((_, at)) => at,
            None => {
                let log = engine.log().clone();
                let read = tokio::task::spawn_blocking(move || log.read_frame(sequence));
                let at = read.await.ok()?.ok()?.at;
                *self.snapshot.lock().unwrap_or_else(PoisonError::into_inner) = Some((sequence, at));
                at
            }
        };
        u64::try_from(self.desk.now().0.saturating_sub(at.0) / 1_000).ok()
    }
}

/// Free bytes and all bytes of the file system of the data. A disk that hangs has a deadline, too.
async fn room(engine: &EngineHandle) -> Option<(u64, u64)> {
    let data = engine.data()?.to_owned();
    let asked = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&data));
    let found = timeout(ALIVE, asked).await.ok()?.ok()?.ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some((bytes(found.f_bavail), bytes(found.f_blocks)))
}
