//! A file of the simulated disk: what reads see, what is durable, and the writes in between.

use std::collections::BTreeMap;
use std::io;

use super::random::Random;

const SECTOR_BYTES: usize = 512;

/// How much of what was not synced survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Survival {
    Nothing,
    Everything,
    /// Each sector on its own.
    Torn,
}

impl Survival {
    /// The two extremes are likely too: they are where off-by-one errors of a harness hide.
    pub(super) fn draw(random: &mut Random) -> Survival {
        match random.below(6) {
            0 => Survival::Nothing,
            1 => Survival::Everything,
            _ => Survival::Torn,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct SimFileState {
    /// What reads see.
    pub(super) seen: Vec<u8>,
    durable: Vec<u8>,
    /// Writes since the last sync, each cut at sector borders: by sector, in order.
    pending: BTreeMap<usize, Vec<(usize, Vec<u8>)>>,
}

impl SimFileState {
    pub(super) fn new(bytes: Vec<u8>) -> SimFileState {
        SimFileState { durable: bytes.clone(), seen: bytes, pending: BTreeMap::new() }
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let bytes = self.seen.get(start..start + buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
        let place = self.seen.get_mut(start..start + bytes.len()).ok_or(io::ErrorKind::InvalidInput)?;
        place.copy_from_slice(bytes);
        let mut at = start;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.len().min(SECTOR_BYTES - at % SECTOR_BYTES));
            self.pending.entry(at / SECTOR_BYTES).or_default().push((at, piece.to_vec()));
            at += piece.len();
            rest = after;
        }
        Ok(())
    }

    /// Adds room at the end, zeros until it is written; gives where it begins.
    pub(super) fn grow(&mut self, bytes: usize) -> u64 {
        let end = self.seen.len();
        self.seen.resize(end + bytes, 0);
        self.durable.resize(end + bytes, 0);
        end as u64
    }

    pub(super) fn sync(&mut self) {
        self.settle(Survival::Everything, &mut Random::new(0));
    }

    /// A sync that failed: any part of it may have reached the disk, and nothing will be written again.
    pub(super) fn fail_sync(&mut self, random: &mut Random) {
        let survival = Survival::draw(random);
        self.settle(survival, random);
    }

    /// The power is cut: only what is durable, and what happened to become so, remains.
    pub(super) fn cut(&mut self, survival: Survival, random: &mut Random) {
        self.settle(survival, random);
        self.seen.clone_from(&self.durable);
    }

    fn settle(&mut self, survival: Survival, random: &mut Random) {
        for (_, pieces) in std::mem::take(&mut self.pending) {
            let survivors = match survival {
                Survival::Nothing => 0,
                Survival::Everything => pieces.len(),
                Survival::Torn => usize::try_from(random.below(pieces.len() as u64 + 1)).unwrap_or(0),
            };
            for (at, piece) in &pieces[..survivors] {
                self.durable[*at..*at + piece.len()].copy_from_slice(piece);
            }
        }
    }
}
