//! Snapshots beside the log: files of pieces that mean nothing to the journal, known to be whole by their hash and to
//! belong to a place of the log. `FORMAT.md` gives every byte.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::format::{Hash, Head, LogId, array_at, u32_at, u64_at};
use crate::storage::{Access, NewFile, Storage, StorageFile, UNFINISHED};

const MAGIC: [u8; 4] = *b"CSSN";
const FORMAT: u16 = 1;
const HEADER_BYTES: usize = 84;
const HEADER_CRC_AT: usize = 80;
/// Before each piece: its length and its checksum.
const PIECE_HEADER_BYTES: usize = 8;
/// After the last piece: a length of zero, and the hash of everything before that hash.
const END_BYTES: u64 = PIECE_HEADER_BYTES as u64 + 32;
const ENDING: &str = ".snapshot";

/// What a snapshot is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotOf {
    /// Whose log.
    pub log_id: LogId,
    /// The last sequence that is in it, and the hash of the log up to it.
    pub head: Head,
    /// What the pieces mean is known to this version of their writer only.
    pub version: u64,
}

/// Why a snapshot cannot be used. The log can.
#[derive(Debug)]
pub enum Unusable {
    /// Its bytes are not those that were written.
    Damaged(String),
    /// It is of another log.
    Foreign(LogId),
    /// Another format of the file.
    Format(u16),
    /// Another version of what is in it.
    Version(u64),
    /// The storage failed.
    Io(io::Error),
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Damaged(found) => write!(out, "it is damaged: {found}"),
            Unusable::Foreign(found) => write!(out, "it is of another log, {found}"),
            Unusable::Format(found) => write!(out, "expected format {FORMAT}, found format {found}"),
            Unusable::Version(found) => {
                write!(out, "another version of the program has made it ({found:016x})")
            }
            Unusable::Io(error) => write!(out, "it cannot be read: {error}"),
        }
    }
}

/// The sequences of the snapshots there are, newest first.
///
/// # Errors
/// Whatever the storage answers.
pub fn snapshots(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let sequence = |name: &str| {
        let sequence = name.strip_suffix(ENDING)?.parse().ok()?;
        (name == snapshot_file(sequence)).then_some(sequence)
    };
    let mut found: Vec<u64> = storage.list()?.iter().filter_map(|file| sequence(&file.name)).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Removes a snapshot, durably.
///
/// # Errors
/// Whatever the storage answers.
pub fn remove_snapshot(storage: &dyn Storage, sequence: u64) -> io::Result<()> {
    storage.remove(&snapshot_file(sequence))
}

/// Removes what interrupted writing has left.
///
/// # Errors
/// Whatever the storage answers.
pub fn remove_unfinished_snapshots(storage: &dyn Storage) -> io::Result<()> {
    let ending = format!("{ENDING}{UNFINISHED}");
    let left = storage.list()?.into_iter().filter(|file| file.name.ends_with(&ending));
    left.into_iter().try_for_each(|file| storage.remove(&file.name))
}

/// The name of the snapshot at a sequence.
#[must_use]
pub fn snapshot_file(sequence: u64) -> String {
    format!("{sequence:020}{ENDING}")
}

/// Writes a snapshot. Dropped before it is finished, it is not there.
#[derive(Debug)]
pub struct SnapshotWriter {
    file: Box<dyn NewFile>,
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    bytes: u64,
}

impl SnapshotWriter {
    /// Begins a snapshot.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub fn begin(storage: &dyn Storage, of: SnapshotOf) -> io::Result<SnapshotWriter> {
        let file = storage.begin(&snapshot_file(of.head.sequence))?;
        let (hasher, buffer, bytes) = (blake3::Hasher::new(), encode(of).to_vec(), 0);
        let mut writer = SnapshotWriter { file, hasher, buffer, bytes };
        writer.write()?;
        Ok(writer)
    }

    /// Writes the next piece, which is not empty.
    ///
    /// # Errors
    /// Whatever the storage answers. The writer is then of no further use.
    pub fn piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        if length == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.buffer.extend_from_slice(&length.to_le_bytes());
        self.buffer.extend_from_slice(&checksum(length, bytes).to_le_bytes());
        self.buffer.extend_from_slice(bytes);
        self.write()
    }

    /// Makes the snapshot durable; gives its size.
    ///
    /// # Errors
    /// Whatever the storage answers.
    pub fn finish(mut self) -> io::Result<u64> {
        self.buffer.extend_from_slice(&0_u32.to_le_bytes());
        self.buffer.extend_from_slice(&checksum(0, &[]).to_le_bytes());
        self.write()?;
        self.file.write(self.hasher.finalize().as_bytes())?;
        self.file.finish()?;
        Ok(self.bytes + 32)
    }

    fn write(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.file.write(&self.buffer)?;
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Reads a snapshot. Only when [`SnapshotReader::piece`] has given None were all its pieces what was written.
#[derive(Debug)]
pub struct SnapshotReader {
    file: Arc<dyn StorageFile>,
    of: SnapshotOf,
    hasher: blake3::Hasher,
    offset: u64,
    bytes: u64,
    piece: Vec<u8>,
}

impl SnapshotReader {
    /// Opens the snapshot at a sequence, if it is of this log and version.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn open(
        storage: &dyn Storage,
        sequence: u64,
        (log_id, version): (LogId, u64),
    ) -> Result<SnapshotReader, Unusable> {
        let name = snapshot_file(sequence);
        let listed = storage.list().map_err(Unusable::Io)?;
        let bytes = listed.iter().find(|file| file.name == name).map_or(0, |file| file.bytes);
        let file = storage.open(&name, Access::Read).map_err(Unusable::Io)?;
        let mut header = [0; HEADER_BYTES];
        if bytes < HEADER_BYTES as u64 + END_BYTES {
            return Err(damaged("it is too short"));
        }
        file.read_at(&mut header, 0).map_err(Unusable::Io)?;
        let of = decode(&header)?;
        match of {
            _ if of.log_id != log_id => return Err(Unusable::Foreign(of.log_id)),
            _ if of.version != version => return Err(Unusable::Version(of.version)),
            _ if of.head.sequence != sequence => return Err(damaged("it has another sequence's name")),
            _ => {}
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&header);
        Ok(SnapshotReader { file, of, hasher, offset: HEADER_BYTES as u64, bytes, piece: Vec::new() })
    }

    /// What it is of.
    #[must_use]
    pub fn of(&self) -> SnapshotOf {
        self.of
    }

    /// The next piece. None: there is none, and everything was whole.
    ///
    /// # Errors
    /// It is not whole.
    pub fn piece(&mut self) -> Result<Option<&[u8]>, Unusable> {
        let mut header = [0; PIECE_HEADER_BYTES];
        let left = self.bytes.saturating_sub(self.offset);
        if left < END_BYTES {
            return Err(damaged("it ends too early"));
        }
        self.read(&mut header)?;
        let (length, sum) = (u32_at(&header, 0), u32_at(&header, 4));
        if u64::from(length) > left - END_BYTES {
            return Err(damaged("a piece is longer than the file"));
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.resize(length as usize, 0);
        self.read(&mut piece)?;
        self.piece = piece;
        if checksum(length, &self.piece) != sum {
            return Err(damaged("a piece is not what was written"));
        }
        if length > 0 {
            return Ok(Some(&self.piece));
        }
        let mut hash = [0; 32];
        self.file.read_at(&mut hash, self.offset).map_err(Unusable::Io)?;
        if self.offset + 32 != self.bytes {
            return Err(damaged("it goes on after its end"));
        }
        if *self.hasher.finalize().as_bytes() != hash {
            return Err(damaged("its hash is another one"));
        }
        Ok(None)
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), Unusable> {
        self.file.read_at(into, self.offset).map_err(Unusable::Io)?;
        self.hasher.update(into);
        self.offset += into.len() as u64;
        Ok(())
    }
}

fn damaged(found: &str) -> Unusable {
    Unusable::Damaged(found.to_owned())
}

fn checksum(length: u32, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length.to_le_bytes()), bytes)
}

fn encode(of: SnapshotOf) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC);
    header[4..6].copy_from_slice(&FORMAT.to_le_bytes());
    header[8..24].copy_from_slice(&of.log_id.0);
    header[24..32].copy_from_slice(&of.version.to_le_bytes());
    header[32..40].copy_from_slice(&of.head.sequence.to_le_bytes());
    header[40..72].copy_from_slice(&of.head.hash.0);
    let crc = crc32c::crc32c(&header[..HEADER_CRC_AT]);
    header[HEADER_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// Magic, format and CRC stay at their places in every later format.
fn decode(header: &[u8; HEADER_BYTES]) -> Result<SnapshotOf, Unusable> {
    let crc = crc32c::crc32c(&header[..HEADER_CRC_AT]);
    if header[..4] != MAGIC || u32_at(header, HEADER_CRC_AT) != crc {
        return Err(damaged("its header is not whole"));
    }
    let format = u16::from_le_bytes([header[4], header[5]]);
    if format != FORMAT {
        return Err(Unusable::Format(format));
    }
    let head = Head { sequence: u64_at(header, 32), hash: Hash(array_at(header, 40)) };
    Ok(SnapshotOf { log_id: LogId(array_at(header, 8)), head, version: u64_at(header, 24) })
}
