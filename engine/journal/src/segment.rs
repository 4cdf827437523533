//! Segment files: their names, and what must hold before one is read.

use std::sync::Arc;

use crate::error::{Error, Place};
use crate::format::{Geometry, LogId, NoHeader, SEGMENT_HEADER_BYTES, SegmentHeader};
use crate::storage::{Access, Storage, StorageFile};

/// Where the first group of a segment starts.
pub(crate) const FIRST_GROUP: u64 = SEGMENT_HEADER_BYTES as u64;

/// An open segment whose header is whole.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) file: Arc<dyn StorageFile>,
    pub(crate) header: SegmentHeader,
    /// Bytes the file has, which a truncation makes fewer than the header says.
    pub(crate) bytes: u64,
}

impl Segment {
    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }
}

/// What all segments of a log have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    pub(crate) log_id: LogId,
    /// Unknown until the first segment has been read.
    pub(crate) geometry: Option<Geometry>,
}

/// The name of the segment `number`.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:010}.log")
}

/// Whether this is the name of a segment.
pub(crate) fn is_name(name: &str) -> bool {
    number(name).is_some()
}

fn number(name: &str) -> Option<u64> {
    let number = name.strip_suffix(".log")?.parse().ok()?;
    (name == file_name(number)).then_some(number)
}

/// The segment files there are: number and size, by number.
pub(crate) fn list(storage: &dyn Storage) -> Result<Vec<(u64, u64)>, Error> {
    let files = storage.list().map_err(Error::io("list the files of the log"))?;
    let numbered = files.into_iter().filter_map(|file| Some((number(&file.name)?, file.bytes)));
    let mut numbered: Vec<_> = numbered.collect();
    numbered.sort_unstable();
    Ok(numbered)
}

/// Opens the segment `number` of `bytes` bytes and checks its header. `sequence` is the one expected to
/// follow, for the sentence of an error.
pub(crate) fn open(
    storage: &dyn Storage,
    access: Access,
    (number, bytes): (u64, u64),
    family: Family,
    sequence: u64,
) -> Result<Segment, Error> {
    let place = Place { segment: number, offset: 0, sequence };
    let damaged = |found: &str| Error::Damaged {
        place,
        expected: "the header of the segment".to_owned(),
        found: found.to_owned(),
    };
    if bytes < FIRST_GROUP {
        return Err(damaged(&format!("a file of {bytes} bytes")));
    }
    let file =
        storage.open(&file_name(number), access).map_err(Error::io(format!("open segment {number}")))?;
    let mut sector = [0; SEGMENT_HEADER_BYTES];
    file.read_at(&mut sector, 0).map_err(Error::io(format!("read segment {number}")))?;
    let header = SegmentHeader::decode(&sector).map_err(|fault| match fault {
        NoHeader::NotWhole => damaged("other bytes"),
        NoHeader::Format(found) => Error::FormatUnknown { place, found },
    })?;
    if header.log_id != family.log_id {
        return Err(Error::Foreign { place, expected: family.log_id, found: header.log_id });
    }
    if header.number != number {
        return Err(damaged(&format!("the header of segment {}", header.number)));
    }
    if family.geometry.is_some_and(|geometry| geometry != header.geometry) {
        return Err(damaged("the header of a segment of other sizes"));
    }
    Ok(Segment { file, header, bytes })
}
