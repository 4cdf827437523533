//! The head record: a second witness of how far the log reached, so that a cut tail is noticed.
//!
//! Two slots are written in turn, each in a sector of its own 4096 bytes apart, so that a torn write of one
//! cannot touch the other even on disks whose sectors are of 4096 bytes.

use std::sync::Arc;

use crate::error::Error;
use crate::format::{Hash, Head, HeadSlot, LogId, NoHeader};
use crate::storage::{Access, Storage, StorageFile};

const FILE: &str = "head";
const FILE_BYTES: usize = 2 * SLOT_BYTES;
const SLOT_BYTES: usize = 4096;

/// The head record as found.
#[derive(Debug)]
pub(crate) struct HeadRecord {
    file: Arc<dyn StorageFile>,
    log_id: LogId,
    generation: u64,
    /// The slot that is newest and whole: never the next one to be written.
    newest: usize,
    /// Whether the newest slot is known to be durable: what was read may be only in a cache.
    durable: bool,
    /// What the newest slot says.
    pub(crate) head: Head,
    /// Slots that are not whole: 0 or 1.
    pub(crate) slots_damaged: u32,
}

impl HeadRecord {
    /// Creates the record of an empty log. An interrupted creation may have left one before, of a log that
    /// never had a segment; it is overwritten.
    pub(crate) fn create(storage: &dyn Storage, log_id: LogId) -> Result<(), Error> {
        let head = Head { sequence: 0, hash: Hash::genesis(log_id) };
        let mut bytes = vec![0; FILE_BYTES];
        bytes[..512].copy_from_slice(&HeadSlot { log_id, generation: 1, head }.encode());
        bytes[SLOT_BYTES..][..512].copy_from_slice(&HeadSlot { log_id, generation: 2, head }.encode());
        match Self::listed_bytes(storage)? {
            None => storage.create(FILE, &bytes, FILE_BYTES as u64).map_err(|error| match error.kind() {
                std::io::ErrorKind::StorageFull => Error::DiskFull { bytes: FILE_BYTES as u64 },
                _ => Error::io("create the head record")(error),
            }),
            Some(_) => {
                let before = Self::open(storage, Access::Write)?;
                if before.head.sequence != 0 {
                    return Err(Error::Exists);
                }
                let written = before.file.write_at(&bytes, 0).and_then(|()| before.file.sync_data());
                written.map_err(Error::io("write the head record"))
            }
        }
    }

    pub(crate) fn open(storage: &dyn Storage, access: Access) -> Result<HeadRecord, Error> {
        let damaged = |found: String| Error::HeadDamaged { found };
        match Self::listed_bytes(storage)? {
            None => return Err(damaged("no such file".to_owned())),
            Some(bytes) if bytes != FILE_BYTES as u64 => {
                return Err(damaged(format!("a file of {bytes} bytes, not {FILE_BYTES}")));
            }
            Some(_) => {}
        }
        let file = storage.open(FILE, access).map_err(Error::io("open the head record"))?;
        let mut bytes = vec![0; FILE_BYTES];
        file.read_at(&mut bytes, 0).map_err(Error::io("read the head record"))?;
        let slots = [decode(&bytes[..SLOT_BYTES]), decode(&bytes[SLOT_BYTES..])];
        if let Some(found) = slots.iter().find_map(|slot| format_of(*slot)) {
            return Err(damaged(format!("a slot of format {found}")));
        }
        let newest = (0..2).filter_map(|index| Some((slots[index].ok()?, index)));
        let Some((slot, newest)) = newest.max_by_key(|(slot, _)| slot.generation) else {
            return Err(damaged("two damaged slots".to_owned()));
        };
        let slots_damaged = slots.iter().filter(|slot| slot.is_err()).count() as u32;
        let HeadSlot { log_id, generation, head } = slot;
        Ok(HeadRecord { file, log_id, generation, newest, durable: false, head, slots_damaged })
    }

    /// Whether there is a head record, whole or not.
    pub(crate) fn exists(storage: &dyn Storage) -> Result<bool, Error> {
        Ok(Self::listed_bytes(storage)?.is_some())
    }

    /// Whose log the record is about.
    pub(crate) fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Writes `head` into the older slot and syncs it. Costs nothing when nothing has changed.
    pub(crate) fn write(&mut self, head: Head) -> std::io::Result<()> {
        if head == self.head && self.durable && self.slots_damaged == 0 {
            return Ok(());
        }
        let (slot, generation) = (1 - self.newest, self.generation + 1);
        let bytes = HeadSlot { log_id: self.log_id, generation, head }.encode();
        self.file.write_at(&bytes, (slot * SLOT_BYTES) as u64)?;
        self.file.sync_data()?;
        (self.newest, self.generation, self.head) = (slot, generation, head);
        (self.durable, self.slots_damaged) = (true, 0);
        Ok(())
    }

    fn listed_bytes(storage: &dyn Storage) -> Result<Option<u64>, Error> {
        let files = storage.list().map_err(Error::io("list the files of the log"))?;
        Ok(files.into_iter().find(|file| file.name == FILE).map(|file| file.bytes))
    }
}

/// A slot is its first sector; the rest of its bytes stay zero.
fn decode(slot: &[u8]) -> Result<HeadSlot, NoHeader> {
    let (sector, rest) = slot.split_first_chunk().ok_or(NoHeader::NotWhole)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(NoHeader::NotWhole);
    }
    HeadSlot::decode(sector)
}

fn format_of(slot: Result<HeadSlot, NoHeader>) -> Option<u16> {
    match slot {
        Err(NoHeader::Format(found)) => Some(found),
        _ => None,
    }
}
