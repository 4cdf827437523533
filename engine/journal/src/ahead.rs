//! Segments prepared ahead, so that an append never waits for space to be allocated.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::format::SegmentHeader;
use crate::segment::{FIRST_GROUP, Segment, file_name};
use crate::storage::{Access, Storage};

/// Prepares segments away from the log thread. Cheap to clone and to send to another thread.
#[derive(Debug, Clone)]
pub struct Preparer {
    ahead: Arc<Ahead>,
}

impl Preparer {
    pub(crate) fn new(ahead: Arc<Ahead>) -> Preparer {
        Preparer { ahead }
    }

    /// Prepares the next segment unless one is ready; says whether it had to. Takes as long as writing and
    /// syncing a whole segment does; an append that needs this very segment meanwhile waits for it.
    ///
    /// # Errors
    /// `DISK_FULL`: nothing is lost, try again when there is space. `IO`: as fatal as a failed append.
    pub fn prepare_next(&self) -> Result<bool, Error> {
        let mut queue = self.ahead.lock();
        if !queue.ready.is_empty() {
            return Ok(false);
        }
        let segment = self.ahead.prepare(&mut queue)?;
        self.ahead.push(&mut queue, segment);
        Ok(true)
    }

    /// Bytes that appends can use without another segment: what is left of the current one and of those
    /// prepared. Never waits. Groups do not span segments, so up to one group of the current segment's rest
    /// may stay unused.
    #[must_use]
    pub fn prepared_bytes_left(&self) -> u64 {
        self.ahead.current_left.load(Ordering::Relaxed) + self.ahead.ready_left.load(Ordering::Relaxed)
    }
}

/// The segments prepared ahead of one journal.
#[derive(Debug)]
pub(crate) struct Ahead {
    storage: Arc<dyn Storage>,
    /// The header of the segments to come, but for the number.
    header: SegmentHeader,
    queue: Mutex<Queue>,
    current_left: AtomicU64,
    ready_left: AtomicU64,
}

#[derive(Debug)]
struct Queue {
    ready: VecDeque<Segment>,
    /// Number of the segment to be prepared next.
    next: u64,
    /// A segment could not be made durable for another reason than space: no append may rely on one.
    failed: bool,
}

impl Ahead {
    /// `header` is that of the last segment there is.
    pub(crate) fn new(storage: Arc<dyn Storage>, header: SegmentHeader, ready: Vec<Segment>) -> Ahead {
        let next = ready.last().map_or(header.number, Segment::number) + 1;
        let queue = Queue { ready: ready.into(), next, failed: false };
        let (current_left, ready_left) = (AtomicU64::new(0), AtomicU64::new(0));
        let ahead = Ahead { storage, header, queue: Mutex::new(queue), current_left, ready_left };
        ahead.count(&ahead.lock());
        ahead
    }

    /// The next segment to write to: a prepared one, or one prepared now.
    pub(crate) fn take(&self) -> Result<Segment, Error> {
        let mut queue = self.lock();
        let segment = match queue.ready.pop_front() {
            Some(segment) => segment,
            None => self.prepare(&mut queue)?,
        };
        self.count(&queue);
        Ok(segment)
    }

    /// Tells how much is left of the segment that is being written.
    pub(crate) fn set_current_left(&self, bytes: u64) {
        self.current_left.store(bytes, Ordering::Relaxed);
    }

    fn prepare(&self, queue: &mut Queue) -> Result<Segment, Error> {
        if queue.failed {
            return Err(Error::Stopped);
        }
        let number = queue.next;
        let header = SegmentHeader { number, ..self.header };
        let bytes = header.geometry.segment_bytes;
        if let Err(source) = self.storage.create(&file_name(number), &header.encode(), bytes) {
            if source.kind() == ErrorKind::StorageFull {
                return Err(Error::DiskFull { bytes });
            }
            queue.failed = true;
            return Err(Error::io(format!("prepare segment {number}"))(source));
        }
        queue.next += 1;
        let file = self.storage.open(&file_name(number), Access::Write);
        let file = file.map_err(|source| {
            queue.failed = true;
            Error::io(format!("open segment {number}"))(source)
        })?;
        Ok(Segment { file, header, bytes })
    }

    fn push(&self, queue: &mut Queue, segment: Segment) {
        queue.ready.push_back(segment);
        self.count(queue);
    }

    fn count(&self, queue: &Queue) {
        let each = self.header.geometry.segment_bytes - FIRST_GROUP;
        self.ready_left.store(queue.ready.len() as u64 * each, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
