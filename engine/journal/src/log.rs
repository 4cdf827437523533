//! What readers share with the writer: where groups start and how far the log is durable.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::format::{Geometry, Head, LogId};
use crate::index::{Index, Position};
use crate::reader::Reader;
use crate::storage::Storage;
use crate::window::SEQUENTIAL_BYTES;

/// The log as readers see it, up to what is durable. Cheap to clone and to send to other threads.
#[derive(Debug, Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    storage: Arc<dyn Storage>,
    log_id: LogId,
    geometry: Geometry,
    index: Mutex<Index>,
    end: Mutex<DurableEnd>,
    /// The sequence of `end`, for those who ask often.
    durable: AtomicU64,
}

/// How far the log is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DurableEnd {
    pub(crate) head: Head,
    /// Where the last durable group ends.
    pub(crate) at: Position,
}

impl Log {
    pub(crate) fn new(
        storage: Arc<dyn Storage>,
        log_id: LogId,
        geometry: Geometry,
        index: Index,
        end: DurableEnd,
    ) -> Log {
        let durable = AtomicU64::new(end.head.sequence);
        let (index, end) = (Mutex::new(index), Mutex::new(end));
        Log { shared: Arc::new(Shared { storage, log_id, geometry, index, end, durable }) }
    }

    /// The id of the log.
    #[must_use]
    pub fn log_id(&self) -> LogId {
        self.shared.log_id
    }

    /// The sizes of the log.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        self.shared.geometry
    }

    /// The last durable sequence, 0 for an empty log.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// The last durable sequence and its hash.
    #[must_use]
    pub fn head(&self) -> Head {
        self.end().head
    }

    /// A reader whose first frame is that of `sequence`, at most one beyond the last durable.
    ///
    /// # Errors
    /// `SEQUENCE_UNKNOWN`, `LOG_DAMAGED`, `IO`.
    pub fn reader(&self, sequence: u64) -> Result<Reader, Error> {
        Reader::new(self.clone(), sequence, SEQUENTIAL_BYTES)
    }

    /// One durable frame. Reads and checks at most the 64 KiB before it and its group; for many frames in
    /// order, a [`Reader`] is far cheaper.
    ///
    /// # Errors
    /// `SEQUENCE_UNKNOWN`, `LOG_DAMAGED`, `IO`.
    pub fn read_frame(&self, sequence: u64) -> Result<Vec<u8>, Error> {
        let last = self.durable();
        let unknown = || Error::SequenceUnknown { asked: sequence, first: 1, last };
        if sequence > last {
            return Err(unknown());
        }
        let ahead_bytes = usize::try_from(crate::index::STRIDE_BYTES).unwrap_or(SEQUENTIAL_BYTES);
        let mut reader = Reader::new(self.clone(), sequence, ahead_bytes)?;
        let frame = reader.next(sequence)?.ok_or_else(unknown)?;
        Ok(frame.bytes.to_vec())
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.shared.storage
    }

    pub(crate) fn end(&self) -> DurableEnd {
        *lock(&self.shared.end)
    }

    pub(crate) fn index(&self) -> MutexGuard<'_, Index> {
        lock(&self.shared.index)
    }

    /// Lets readers go up to `end`. The writer calls this once it is durable, never before.
    pub(crate) fn publish(&self, end: DurableEnd) {
        *lock(&self.shared.end) = end;
        self.shared.durable.store(end.head.sequence, Ordering::Release);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
