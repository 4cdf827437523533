//! The log thread: one write and one sync for each group, then the replies that waited for it.

use std::sync::Arc;
use std::time::Duration;

use countersign_journal::{Error, GroupBuilder, Journal};
use tokio::sync::watch;

use super::pipe::{Next, Pipe};
use super::release::{Held, Releaser};
use crate::clock::Clock;
use crate::disk::Disk;
use crate::failure::Failure;
use crate::follow::LogView;

/// How often the head record is written.
const HEAD_EVERY: Duration = Duration::from_secs(1);

/// What the log thread owns.
pub(crate) struct LogThread {
    pub(crate) journal: Journal,
    /// Filled with the frames of a batch.
    pub(crate) group: GroupBuilder,
    /// A frame on its way into the group.
    pub(crate) scratch: Vec<u8>,
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) log: Arc<LogView>,
    pub(crate) durable: watch::Sender<u64>,
    pub(crate) releaser: Releaser,
    pub(crate) disk: Arc<Disk>,
    pub(crate) failure: Arc<Failure>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) head_written: Duration,
}

impl LogThread {
    /// Runs until the core thread has handed over its last batch, or something fails.
    pub(crate) fn run(mut self) {
        let mut done = None;
        loop {
            match self.pipe.next(done.take(), HEAD_EVERY) {
                Next::Batch(mut batch) => {
                    if !self.write(batch.held()) {
                        break;
                    }
                    self.releaser.release(&mut batch, self.pipe.more_waits());
                    done = Some(batch);
                }
                Next::Idle => {}
                Next::Closed => {
                    self.write_head(Duration::ZERO);
                    break;
                }
            }
            if !self.write_head(HEAD_EVERY) {
                break;
            }
        }
        self.log.end();
    }

    /// Encodes the frames and makes them durable: as one group, but where they are too large for it. False: the
    /// engine has failed, nothing is answered.
    fn write(&mut self, held: &[Held]) -> bool {
        for frame in held.iter().filter_map(Held::frame) {
            self.scratch.clear();
            if let Err(error) = frame.encode(&mut self.scratch) {
                self.failure.raise(format!("a frame cannot be encoded: {error}"));
                return false;
            }
            if !self.group.fits(self.scratch.len()) && !self.group.is_empty() && !self.append() {
                return false;
            }
            if let Err(error) = self.group.push(&self.scratch) {
                self.failure.raise(format!("a frame cannot be written: {error}"));
                return false;
            }
        }
        self.group.is_empty() || self.append()
    }

    /// Makes the group durable and says so to whoever follows.
    fn append(&mut self) -> bool {
        loop {
            match self.journal.append(&mut self.group) {
                Ok(appended) => {
                    self.durable.send_replace(appended.last_sequence);
                    self.log.advanced();
                    self.disk.look_ahead();
                    return true;
                }
                Err(Error::DiskFull { bytes }) => {
                    tracing::warn!(bytes, "no room for the next group: what is decided waits for it");
                    if !self.disk.wait_for_room(&self.failure) {
                        self.failure.give_up("the disk is full".to_owned());
                        return false;
                    }
                }
                Err(error) => {
                    self.failure.raise(error.to_string());
                    return false;
                }
            }
        }
    }

    /// Writes the head record if the last time is so long ago. False: the engine has failed.
    fn write_head(&mut self, every: Duration) -> bool {
        if self.failure.failed() {
            return false;
        }
        let now = self.clock.monotonic();
        if now.saturating_sub(self.head_written) < every {
            return true;
        }
        self.head_written = now;
        match self.journal.write_head() {
            Ok(()) => true,
            Err(error) => {
                self.failure.raise(error.to_string());
                false
            }
        }
    }
}
