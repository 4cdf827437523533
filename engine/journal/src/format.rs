//! The bytes of the headers. Integers are little-endian. `FORMAT.md` is the same in words.

use std::fmt;

use crate::error::Error;

/// The format this crate writes and the only one it reads.
pub const FORMAT: u16 = 1;
/// Bytes of the header of a segment: one sector of its own, never shared with a group.
pub const SEGMENT_HEADER_BYTES: usize = 512;
/// Bytes of the header of a group.
pub const GROUP_HEADER_BYTES: usize = 84;
/// Bytes before each frame: its length and its checksum.
pub const FRAME_HEADER_BYTES: usize = 8;
/// Bytes a frame may have, its header not counted.
pub const FRAME_BYTES_MAX: usize = 256 * 1024;

const SEGMENT_MAGIC: [u8; 4] = *b"CSSG";
pub(crate) const GROUP_MAGIC: [u8; 4] = *b"CSGR";
const HEAD_MAGIC: [u8; 4] = *b"CSHD";
/// Sector-sized records keep their checksum in the last four bytes.
const SECTOR_CRC_AT: usize = 508;
const GROUP_CRC_AT: usize = 80;

/// The identity of a log: sixteen bytes that the caller chooses at random when the log is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub [u8; 16]);

/// A BLAKE3 hash: of a group, and so of everything before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What the first group of a log names as the hash before it: BLAKE3 of the log's id.
    #[must_use]
    pub fn genesis(log_id: LogId) -> Hash {
        Hash(*blake3::hash(&log_id.0).as_bytes())
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, out)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, out)
    }
}

fn hex(bytes: &[u8], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
}

/// How far a log reaches: the last sequence of a group and the hash of that group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last sequence, 0 for an empty log.
    pub sequence: u64,
    /// The hash of the group that ends with it, [`Hash::genesis`] for an empty log.
    pub hash: Hash,
}

/// The sizes of a log, chosen when it is created and the same in all its segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a segment file, a multiple of 512.
    pub segment_bytes: u64,
    /// Bytes a group may have, its header included; at most a quarter of a segment.
    pub group_bytes_max: u32,
}

impl Default for Geometry {
    /// Segments of 64 MiB, groups of at most 1 MiB.
    fn default() -> Self {
        Geometry { segment_bytes: 64 << 20, group_bytes_max: 1 << 20 }
    }
}

impl Geometry {
    pub(crate) fn check(self) -> Result<Self, Error> {
        let group = u64::from(self.group_bytes_max);
        if !self.segment_bytes.is_multiple_of(512) {
            let expected = "a segment size that is a multiple of 512";
            return Err(Error::Geometry { expected, found: self.segment_bytes });
        }
        if group > self.segment_bytes / 4 {
            let expected = "a group size of at most a quarter of a segment";
            return Err(Error::Geometry { expected, found: group });
        }
        if group < 256 {
            return Err(Error::Geometry { expected: "a group size of at least 256", found: group });
        }
        Ok(self)
    }

    /// Bytes a frame may have in a log of these sizes.
    #[must_use]
    pub fn frame_bytes_max(self) -> usize {
        let group = usize::try_from(self.group_bytes_max).unwrap_or(usize::MAX);
        FRAME_BYTES_MAX.min(group.saturating_sub(GROUP_HEADER_BYTES + FRAME_HEADER_BYTES))
    }
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// The magic or the checksum is wrong.
    NotWhole,
    /// A whole header of a format that this crate does not know.
    Format(u16),
}

/// The first sector of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) log_id: LogId,
    /// The epoch in which the segment was prepared.
    pub(crate) epoch: u64,
    pub(crate) number: u64,
    pub(crate) geometry: Geometry,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = sector(SEGMENT_MAGIC, self.log_id);
        bytes[24..32].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.number.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.geometry.segment_bytes.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.geometry.group_bytes_max.to_le_bytes());
        seal_sector(&mut bytes);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; SEGMENT_HEADER_BYTES]) -> Result<Self, NoHeader> {
        check_sector(bytes, SEGMENT_MAGIC)?;
        let geometry = Geometry { segment_bytes: u64_at(bytes, 40), group_bytes_max: u32_at(bytes, 48) };
        Ok(SegmentHeader {
            log_id: LogId(array_at(bytes, 8)),
            epoch: u64_at(bytes, 24),
            number: u64_at(bytes, 32),
            geometry: geometry.check().map_err(|_| NoHeader::NotWhole)?,
        })
    }
}

/// One slot of the head record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeadSlot {
    pub(crate) log_id: LogId,
    /// Counts the writes of the head record: the slot with the higher one is the newer.
    pub(crate) generation: u64,
    pub(crate) head: Head,
}

impl HeadSlot {
    pub(crate) fn encode(&self) -> [u8; 512] {
        let mut bytes = sector(HEAD_MAGIC, self.log_id);
        bytes[24..32].copy_from_slice(&self.generation.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.head.sequence.to_le_bytes());
        bytes[40..72].copy_from_slice(&self.head.hash.0);
        seal_sector(&mut bytes);
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; 512]) -> Result<Self, NoHeader> {
        check_sector(bytes, HEAD_MAGIC)?;
        let head = Head { sequence: u64_at(bytes, 32), hash: Hash(array_at(bytes, 40)) };
        Ok(HeadSlot { log_id: LogId(array_at(bytes, 8)), generation: u64_at(bytes, 24), head })
    }
}

/// The header of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupHeader {
    pub(crate) log_id: LogId,
    pub(crate) epoch: u64,
    pub(crate) first_sequence: u64,
    /// Frames in the group.
    pub(crate) count: u32,
    /// Bytes of the frames with their headers, this header not counted.
    pub(crate) bytes: u32,
    pub(crate) previous_hash: Hash,
}

impl GroupHeader {
    pub(crate) fn encode(&self) -> [u8; GROUP_HEADER_BYTES] {
        let mut bytes = [0; GROUP_HEADER_BYTES];
        bytes[..4].copy_from_slice(&GROUP_MAGIC);
        bytes[4..6].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.log_id.0);
        bytes[24..32].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.first_sequence.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.count.to_le_bytes());
        bytes[44..48].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[48..80].copy_from_slice(&self.previous_hash.0);
        let crc = crc32c::crc32c(&bytes[..GROUP_CRC_AT]);
        bytes[GROUP_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; GROUP_HEADER_BYTES]) -> Result<Self, NoHeader> {
        if bytes[..4] != GROUP_MAGIC || u32_at(bytes, GROUP_CRC_AT) != crc32c::crc32c(&bytes[..GROUP_CRC_AT])
        {
            return Err(NoHeader::NotWhole);
        }
        check_format(bytes)?;
        Ok(GroupHeader {
            log_id: LogId(array_at(bytes, 8)),
            epoch: u64_at(bytes, 24),
            first_sequence: u64_at(bytes, 32),
            count: u32_at(bytes, 40),
            bytes: u32_at(bytes, 44),
            previous_hash: Hash(array_at(bytes, 48)),
        })
    }

    /// Bytes of the whole group.
    pub(crate) fn group_bytes(&self) -> u64 {
        GROUP_HEADER_BYTES as u64 + u64::from(self.bytes)
    }

    /// The last sequence of the group; 0 frames were refused before.
    pub(crate) fn last_sequence(&self) -> u64 {
        self.first_sequence.saturating_add(u64::from(self.count)).saturating_sub(1)
    }
}

/// The checksum of a frame covers its length too: a changed length must not be believed.
pub(crate) fn frame_crc(length: [u8; 4], frame: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), frame)
}

fn sector(magic: [u8; 4], log_id: LogId) -> [u8; 512] {
    let mut bytes = [0; 512];
    bytes[..4].copy_from_slice(&magic);
    bytes[4..6].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[8..24].copy_from_slice(&log_id.0);
    bytes
}

fn seal_sector(bytes: &mut [u8; 512]) {
    let crc = crc32c::crc32c(&bytes[..SECTOR_CRC_AT]);
    bytes[SECTOR_CRC_AT..].copy_from_slice(&crc.to_le_bytes());
}

fn check_sector(bytes: &[u8; 512], magic: [u8; 4]) -> Result<(), NoHeader> {
    if bytes[..4] != magic || u32_at(bytes, SECTOR_CRC_AT) != crc32c::crc32c(&bytes[..SECTOR_CRC_AT]) {
        return Err(NoHeader::NotWhole);
    }
    check_format(bytes)
}

fn check_format(bytes: &[u8]) -> Result<(), NoHeader> {
    match u16::from_le_bytes(array_at(bytes, 4)) {
        FORMAT => Ok(()),
        other => Err(NoHeader::Format(other)),
    }
}

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}
