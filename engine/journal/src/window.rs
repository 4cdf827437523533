//! A window onto a file: large sequential reads, small requests.

use std::io;
use std::sync::Arc;

use crate::storage::StorageFile;

/// Bytes read ahead when a log is read from one end to the other.
pub(crate) const SEQUENTIAL_BYTES: usize = 256 * 1024;

/// Bytes of a file, read ahead in large pieces.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn StorageFile>,
    buffer: Vec<u8>,
    /// Offset in the file of the first byte of the buffer.
    start: u64,
    /// Bytes of the buffer that hold the file.
    filled: usize,
    ahead_bytes: usize,
}

impl Window {
    pub(crate) fn new(file: Arc<dyn StorageFile>, ahead_bytes: usize) -> Window {
        Window { file, buffer: Vec::new(), start: 0, filled: 0, ahead_bytes }
    }

    /// Goes on with another file and keeps the memory.
    pub(crate) fn switch(&mut self, file: Arc<dyn StorageFile>) {
        self.file = file;
        self.filled = 0;
    }

    /// The `bytes` bytes at `offset`. Nothing at or beyond `end` is read: it may not be written yet. The
    /// caller sees to `offset + bytes <= end`.
    pub(crate) fn get(&mut self, offset: u64, bytes: usize, end: u64) -> io::Result<&[u8]> {
        let held = offset >= self.start && offset + bytes as u64 <= self.start + self.filled as u64;
        if !held {
            let room = usize::try_from(end - offset).unwrap_or(usize::MAX);
            let wanted = bytes.max(self.ahead_bytes.min(room));
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
            self.filled = 0;
            self.file.read_at(&mut self.buffer[..wanted], offset)?;
            self.start = offset;
            self.filled = wanted;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(&self.buffer[from..from + bytes])
    }
}

/// The first and the last offset of a byte that is not zero, from `from` up to `end`.
pub(crate) fn written_span(file: &dyn StorageFile, from: u64, end: u64) -> io::Result<Option<(u64, u64)>> {
    let mut buffer = vec![0; SEQUENTIAL_BYTES];
    let (mut offset, mut span) = (from, None);
    while offset < end {
        let bytes = usize::try_from(end - offset).unwrap_or(usize::MAX).min(buffer.len());
        let piece = &mut buffer[..bytes];
        file.read_at(piece, offset)?;
        // Nearly always all zero: an OR over the whole piece is faster than a search.
        if piece.iter().fold(0, |all, byte| all | byte) != 0 {
            let first = piece.iter().position(|byte| *byte != 0).unwrap_or(0) as u64;
            let last = piece.iter().rposition(|byte| *byte != 0).unwrap_or(0) as u64;
            span = Some((span.map_or(offset + first, |(first, _)| first), offset + last));
        }
        offset += bytes as u64;
    }
    Ok(span)
}
