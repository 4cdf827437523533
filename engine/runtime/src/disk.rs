//! Room on the disk: segments are prepared ahead, and a full disk is noticed before an append needs the room.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use countersign_journal::{Error, Geometry, Preparer, SEGMENT_HEADER_BYTES};

use crate::failure::Failure;

/// How long to wait before a full disk is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How much room the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Enough for everything.
    Enough,
    /// The next segment cannot be prepared: what is left is for decisions, timers and operators.
    Reserve,
    /// The reserve is used up.
    None,
}

/// The room of one log. Shared by the core thread, the log thread and the preparing thread.
pub(crate) struct Disk {
    preparer: Preparer,
    geometry: Geometry,
    full: AtomicBool,
    work: Mutex<Work>,
    wake: Condvar,
}

#[derive(Default)]
struct Work {
    asked: bool,
    ended: bool,
}

impl Disk {
    pub(crate) fn new(preparer: Preparer, geometry: Geometry) -> Disk {
        let work = Mutex::new(Work { asked: true, ended: false });
        Disk { preparer, geometry, full: AtomicBool::new(false), work, wake: Condvar::new() }
    }

    /// How much room there is.
    pub(crate) fn room(&self) -> Room {
        if !self.full.load(Ordering::Relaxed) {
            return Room::Enough;
        }
        // One group in flight, one filling, one lost at the end of the segment, one for the command at hand.
        let kept = 4 * u64::from(self.geometry.group_bytes_max);
        if self.preparer.prepared_bytes_left() < kept { Room::None } else { Room::Reserve }
    }

    /// After an append: has the next segment prepared once the present one is the last.
    pub(crate) fn look_ahead(&self) {
        let segment = self.geometry.segment_bytes - SEGMENT_HEADER_BYTES as u64;
        if self.preparer.prepared_bytes_left() < segment && !self.full.load(Ordering::Relaxed) {
            self.ask();
        }
    }

    /// An append found no room. Waits a little for the preparing thread; says whether to try again.
    pub(crate) fn wait_for_room(&self, failure: &Failure) -> bool {
        self.full.store(true, Ordering::Relaxed);
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.asked = true;
        self.wake.notify_all();
        let (work, _) = self.wake.wait_timeout(work, RETRY).unwrap_or_else(PoisonError::into_inner);
        !work.ended && !failure.failed()
    }

    /// Tries now, whatever the time.
    pub(crate) fn ask(&self) {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).asked = true;
        self.wake.notify_all();
    }

    /// The engine ends.
    pub(crate) fn end(&self) {
        self.work.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.wake.notify_all();
    }

    /// The preparing thread.
    pub(crate) fn run(self: &Arc<Self>, failure: &Failure) {
        while self.wait_for_work() {
            match self.preparer.prepare_next() {
                Ok(_) => {
                    if self.full.swap(false, Ordering::Relaxed) {
                        tracing::info!("there is room on the disk again");
                    }
                    self.wake.notify_all();
                }
                Err(Error::DiskFull { bytes }) => {
                    if !self.full.swap(true, Ordering::Relaxed) {
                        tracing::warn!(bytes, "the disk is full: new work is refused until there is room");
                    }
                }
                Err(error) => failure.raise(error.to_string()),
            }
        }
    }

    fn wait_for_work(&self) -> bool {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        while !work.asked && !work.ended {
            if !self.full.load(Ordering::Relaxed) {
                work = self.wake.wait(work).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (guard, result) = self.wake.wait_timeout(work, RETRY).unwrap_or_else(PoisonError::into_inner);
            work = guard;
            if result.timed_out() {
                break;
            }
        }
        work.asked = false;
        !work.ended
    }
}
