//! Reading one group: is it whole, and is it the one that follows?

use crate::error::Error;
use crate::format::{
    FRAME_HEADER_BYTES, GROUP_HEADER_BYTES, Geometry, GroupHeader, Hash, Head, LogId, NoHeader, frame_crc,
    u32_at,
};
use crate::window::Window;

/// Where the chain stands: what the next group must name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tip {
    pub(crate) log_id: LogId,
    pub(crate) geometry: Geometry,
    pub(crate) head: Head,
    pub(crate) epoch: u64,
}

impl Tip {
    pub(crate) fn next_sequence(&self) -> u64 {
        self.head.sequence + 1
    }

    /// The same log, with the chain trusted up to the group that starts with `header`.
    pub(crate) fn before(self, header: &GroupHeader) -> Tip {
        let sequence = header.first_sequence.saturating_sub(1);
        Tip { head: Head { sequence, hash: header.previous_hash }, epoch: header.epoch, ..self }
    }

    fn after(self, header: &GroupHeader, hash: Hash) -> Tip {
        Tip { head: Head { sequence: header.last_sequence(), hash }, epoch: header.epoch, ..self }
    }
}

/// A whole group that follows the tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) header: GroupHeader,
    /// The tip once this group counts.
    pub(crate) tip: Tip,
}

/// Why there is no group here that follows the tip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No whole header: the end of the log, a torn header, or damage.
    NoHeader,
    /// The header is whole and follows the tip, but a frame is not whole: torn or damaged.
    Frame {
        /// Bytes of the whole group.
        group_bytes: u64,
        /// Offset in the file of the first frame that is not whole.
        offset: u64,
        /// The sequence of that frame.
        sequence: u64,
    },
    /// A whole header of another log.
    Foreign(LogId),
    /// A whole header of a format that is not known.
    Format(u16),
    /// A whole header of this log whose sequence is not the next.
    Sequence(u64),
    /// A whole header that cannot stand here. No torn write looks like this.
    Misplaced(String),
}

/// Either the storage failed or there is no such group.
pub(crate) enum Unread {
    Storage(std::io::Error),
    Fault(Fault),
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Unread::Storage(error)
    }
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Unread::Fault(fault)
    }
}

impl Unread {
    /// The fault, or the storage's error as the journal's.
    pub(crate) fn fault(self, segment: u64) -> Result<Fault, Error> {
        match self {
            Unread::Storage(source) => Err(Error::io(format!("read segment {segment}"))(source)),
            Unread::Fault(fault) => Ok(fault),
        }
    }
}

/// The header at `offset`, if it is whole. Nothing at or beyond `end` is looked at.
pub(crate) fn read_header(window: &mut Window, offset: u64, end: u64) -> Result<GroupHeader, Unread> {
    if offset + GROUP_HEADER_BYTES as u64 > end {
        return Err(Fault::NoHeader.into());
    }
    let bytes = window.get(offset, GROUP_HEADER_BYTES, end)?;
    let Some(bytes) = bytes.first_chunk() else { return Err(Fault::NoHeader.into()) };
    GroupHeader::decode(bytes).map_err(|fault| match fault {
        NoHeader::NotWhole => Fault::NoHeader.into(),
        NoHeader::Format(found) => Fault::Format(found).into(),
    })
}

/// The group at `offset`, checked in full: header, place in the chain, every frame. Its bytes are then in
/// the window.
pub(crate) fn read_group(window: &mut Window, offset: u64, end: u64, tip: &Tip) -> Result<Group, Unread> {
    let header = read_header(window, offset, end)?;
    check_place(&header, offset, end, tip)?;
    let bytes = usize::try_from(header.group_bytes()).unwrap_or(usize::MAX);
    let group = window.get(offset, bytes, end)?;
    check_frames(group, offset, &header)?;
    let hash = Hash(*blake3::hash(group).as_bytes());
    Ok(Group { header, tip: tip.after(&header, hash) })
}

fn check_place(header: &GroupHeader, offset: u64, end: u64, tip: &Tip) -> Result<(), Fault> {
    if header.log_id != tip.log_id {
        return Err(Fault::Foreign(header.log_id));
    }
    if header.first_sequence != tip.next_sequence() {
        return Err(Fault::Sequence(header.first_sequence));
    }
    if header.previous_hash != tip.head.hash {
        let found = header.previous_hash;
        return Err(Fault::Misplaced(format!(
            "a group that follows the hash {found}, not {}",
            tip.head.hash
        )));
    }
    if header.epoch < tip.epoch {
        return Err(Fault::Misplaced(format!("a group of epoch {} after epoch {}", header.epoch, tip.epoch)));
    }
    let bytes = header.group_bytes();
    if header.count == 0 || bytes > u64::from(tip.geometry.group_bytes_max) || offset + bytes > end {
        return Err(Fault::Misplaced(format!("a group of {} frames in {bytes} bytes", header.count)));
    }
    Ok(())
}

fn check_frames(group: &[u8], offset: u64, header: &GroupHeader) -> Result<(), Fault> {
    let mut at = GROUP_HEADER_BYTES;
    for index in 0..u64::from(header.count) {
        let next = frame_at(group, at).filter(|frame| {
            let length = (frame.len() as u32).to_le_bytes();
            !frame.is_empty() && u32_at(group, at + 4) == frame_crc(length, frame)
        });
        let Some(frame) = next else {
            let (group_bytes, sequence) = (header.group_bytes(), header.first_sequence + index);
            return Err(Fault::Frame { group_bytes, offset: offset + at as u64, sequence });
        };
        at += FRAME_HEADER_BYTES + frame.len();
    }
    if at != group.len() {
        let found = format!("a group of {} frames in {at} bytes, not {}", header.count, group.len());
        return Err(Fault::Misplaced(found));
    }
    Ok(())
}

/// The frames of a group that was checked, in order.
pub(crate) fn frames_of(group: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = GROUP_HEADER_BYTES;
    std::iter::from_fn(move || {
        let frame = frame_at(group, at)?;
        at += FRAME_HEADER_BYTES + frame.len();
        Some(frame)
    })
}

/// The frame whose header is at `at`, if its length stays within `group`. Its checksum is not looked at.
fn frame_at(group: &[u8], at: usize) -> Option<&[u8]> {
    let header = group.get(at..at + FRAME_HEADER_BYTES)?;
    let start = at + FRAME_HEADER_BYTES;
    group.get(start..start.checked_add(u32_at(header, 0) as usize)?)
}
