//! What the tests share: a small geometry, frames to tell apart, and a workload with an oracle.
#![allow(dead_code, reason = "each test file uses its own part of this module")]

use std::sync::Arc;

use countersign_journal::sim::SimDisk;
use countersign_journal::{Error, Geometry, Journal, Log, LogId, Storage};

/// The id of the logs in tests.
pub(crate) const LOG_ID: LogId = LogId(*b"journal test log");

/// Small enough that a few hundred groups fill many segments.
pub(crate) const SMALL: Geometry = Geometry { segment_bytes: 16 * 1024, group_bytes_max: 3 * 1024 };

/// The same seed, the same numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A frame of up to `bytes_max` bytes that differs from all others.
    pub(crate) fn frame(&mut self, name: u64, bytes_max: u64) -> Vec<u8> {
        let bytes = 8 + self.below(bytes_max - 8);
        let mut frame = name.to_le_bytes().to_vec();
        // Zeros too: a sector that was never written must not pass for one that was.
        let fill = if self.below(4) == 0 { 0 } else { self.below(256) };
        frame.extend((8..bytes).map(|at| if fill == 0 { 0 } else { (fill + at) as u8 }));
        frame
    }
}

/// What a workload was promised.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) created: bool,
    /// The last sequence that a head record was written for.
    pub(crate) head_record: u64,
    /// Frames of groups that were acknowledged, in order.
    pub(crate) acknowledged: Vec<Vec<u8>>,
    /// Frames of the group whose append failed.
    pub(crate) in_flight: Vec<Vec<u8>>,
}

impl Oracle {
    /// Whether `frames` is what a log may hold after this workload.
    pub(crate) fn check(&self, frames: &[Vec<u8>]) -> Result<(), String> {
        let kept = self.acknowledged.len();
        if frames.len() < kept {
            return Err(format!("{kept} frames were acknowledged, {} are left", frames.len()));
        }
        if frames[..kept] != self.acknowledged[..] {
            return Err("an acknowledged frame has changed".to_owned());
        }
        if frames.len() > kept && frames[kept..] != self.in_flight[..] {
            return Err(format!("{} frames too many", frames.len() - kept));
        }
        Ok(())
    }
}

/// Creates a log and appends `groups` groups to it, up to the first error.
pub(crate) fn run_workload(
    disk: &SimDisk,
    seed: u64,
    groups: u64,
) -> (Oracle, Result<Journal, (Error, Option<Journal>)>) {
    let mut oracle = Oracle::default();
    let mut random = Random::new(seed);
    let mut journal = match Journal::create(disk.storage(), LOG_ID, 1, SMALL) {
        Ok(journal) => journal,
        Err(error) => return (oracle, Err((error, None))),
    };
    oracle.created = true;
    let preparer = journal.preparer();
    for number in 0..groups {
        let count = 1 + random.below(4);
        let frames: Vec<_> = (0..count).map(|index| random.frame(number * 8 + index, 600)).collect();
        oracle.in_flight.clone_from(&frames);
        if let Err(error) = journal.append_frames(frames.iter().map(Vec::as_slice)) {
            return (oracle, Err((error, Some(journal))));
        }
        oracle.acknowledged.extend(frames);
        oracle.in_flight.clear();
        let extra = match random.below(16) {
            0..2 => preparer.prepare_next().map(|_| ()),
            2..4 => journal.write_head().map(|()| oracle.head_record = journal.head().sequence),
            _ => Ok(()),
        };
        if let Err(error) = extra {
            return (oracle, Err((error, Some(journal))));
        }
    }
    (oracle, Ok(journal))
}

/// All frames, in order, with their sequence checked.
pub(crate) fn read_all(log: &Log) -> Result<Vec<Vec<u8>>, Error> {
    let mut reader = log.reader(1)?;
    let mut frames = Vec::new();
    while let Some(frame) = reader.next(u64::MAX)? {
        assert_eq!(frame.sequence, frames.len() as u64 + 1);
        frames.push(frame.bytes.to_vec());
    }
    assert_eq!(log.durable(), frames.len() as u64);
    assert_eq!(reader.head(), log.head());
    Ok(frames)
}

/// A new log on a new simulated disk.
pub(crate) fn new_log(geometry: Geometry) -> (SimDisk, Journal) {
    let disk = SimDisk::new(1);
    let journal = Journal::create(disk.storage(), LOG_ID, 1, geometry).expect("a new log");
    (disk, journal)
}

/// Opens a log and reads all of it.
pub(crate) fn reopen(storage: Arc<dyn Storage>) -> Result<Vec<Vec<u8>>, Error> {
    let (journal, report) = Journal::open(storage, None)?;
    let frames = read_all(&journal.log())?;
    assert_eq!(report.last_sequence, frames.len() as u64);
    assert_eq!(report.frames, report.last_sequence);
    Ok(frames)
}
