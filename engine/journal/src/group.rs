//! Building a group in memory, in the bytes it will have on disk.

use crate::error::Error;
use crate::format::{FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, Geometry, GroupHeader, Hash, frame_crc};

/// Frames on their way to the disk. One thread fills a builder while another appends the one before; both
/// are used again and again, so that in steady state a group costs no allocation.
#[derive(Debug)]
pub struct GroupBuilder {
    /// Room for the header, then the frames as on disk.
    buffer: Vec<u8>,
    count: u32,
    group_bytes_max: usize,
    frame_bytes_max: usize,
}

impl GroupBuilder {
    /// An empty group for a log of these sizes.
    #[must_use]
    pub fn new(geometry: Geometry) -> GroupBuilder {
        GroupBuilder {
            buffer: vec![0; GROUP_HEADER_BYTES],
            count: 0,
            group_bytes_max: usize::try_from(geometry.group_bytes_max).unwrap_or(usize::MAX),
            frame_bytes_max: geometry.frame_bytes_max(),
        }
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// `GROUP_FULL`, `FRAME_TOO_LARGE`, `FRAME_EMPTY`; the group is then as before.
    pub fn push(&mut self, frame: &[u8]) -> Result<(), Error> {
        self.check(self.buffer.len(), frame.len())?;
        self.push_with(|sink| sink.extend_from_slice(frame))
    }

    /// Adds a frame that `encode` writes straight into the group, and returns what `encode` returns.
    ///
    /// # Errors
    /// `GROUP_FULL`, `FRAME_TOO_LARGE`, `FRAME_EMPTY`; the group is then as before.
    pub fn push_with<R>(&mut self, encode: impl FnOnce(&mut FrameSink<'_>) -> R) -> Result<R, Error> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(&[0; FRAME_HEADER_BYTES]);
        let result = encode(&mut FrameSink { buffer: &mut self.buffer });
        let bytes = self.buffer.len() - start - FRAME_HEADER_BYTES;
        if let Err(error) = self.check(start, bytes) {
            self.buffer.truncate(start);
            return Err(error);
        }
        let (header, frame) = self.buffer[start..].split_at_mut(FRAME_HEADER_BYTES);
        // `check` has bounded the length far below what fits into 32 bits.
        let length = (bytes as u32).to_le_bytes();
        header[..4].copy_from_slice(&length);
        header[4..].copy_from_slice(&frame_crc(length, frame).to_le_bytes());
        self.count += 1;
        Ok(result)
    }

    /// Whether a frame of `bytes` bytes can be added.
    #[must_use]
    pub fn fits(&self, bytes: usize) -> bool {
        self.check(self.buffer.len(), bytes).is_ok()
    }

    /// Frames in the group.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether the group has no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes the group has on disk, its header included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffer.len()
    }

    /// Forgets the frames and keeps the memory.
    pub fn clear(&mut self) {
        self.buffer.truncate(GROUP_HEADER_BYTES);
        self.count = 0;
    }

    /// Whether a frame of `bytes` bytes may start at `start`.
    fn check(&self, start: usize, bytes: usize) -> Result<(), Error> {
        if bytes == 0 {
            return Err(Error::FrameEmpty);
        }
        if bytes > self.frame_bytes_max {
            return Err(Error::FrameTooLarge { bytes, bytes_max: self.frame_bytes_max });
        }
        let (left, needed) = (self.group_bytes_max - start, FRAME_HEADER_BYTES + bytes);
        if needed > left {
            return Err(Error::GroupFull { bytes: left, needed });
        }
        Ok(())
    }

    /// Whether the group can be a group of a log of these sizes.
    pub(crate) fn matches(&self, geometry: Geometry) -> bool {
        self.group_bytes_max as u64 <= u64::from(geometry.group_bytes_max)
    }

    /// Writes the header, which only the log thread knows, and returns the bytes and their hash. The count
    /// and the size come from here, the rest from `header`.
    pub(crate) fn seal(&mut self, header: GroupHeader) -> (&[u8], GroupHeader, Hash) {
        let bytes = (self.buffer.len() - GROUP_HEADER_BYTES) as u32;
        let header = GroupHeader { count: self.count, bytes, ..header };
        self.buffer[..GROUP_HEADER_BYTES].copy_from_slice(&header.encode());
        let hash = Hash(*blake3::hash(&self.buffer).as_bytes());
        (&self.buffer, header, hash)
    }
}

/// Where a frame is encoded to: it can only be appended to.
#[derive(Debug)]
pub struct FrameSink<'a> {
    buffer: &'a mut Vec<u8>,
}

impl FrameSink<'_> {
    /// Appends bytes to the frame.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
}

/// For encoders that take an `Extend<u8>` by value, such as postcard's.
impl Extend<u8> for &mut FrameSink<'_> {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        self.buffer.extend(bytes);
    }
}

impl std::io::Write for FrameSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
