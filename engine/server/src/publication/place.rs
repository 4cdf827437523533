//! How far the stream has come: a place in the log, and the small file that remembers it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use countersign_messages::{LogId, MessageId};
use serde::{Deserialize, Serialize};

/// An event of the log: its frame, and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The frame.
    pub sequence: u64,
    /// The event's place in the frame, from 0.
    pub index: u32,
}

impl Place {
    /// Before every event of a frame.
    pub(crate) fn before(sequence: u64) -> Place {
        Place { sequence: sequence.saturating_sub(1), index: u32::MAX }
    }

    pub(crate) fn of(id: &MessageId) -> Place {
        Place { sequence: id.sequence, index: id.index }
    }
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Of which log.
    pub(crate) log_id: LogId,
    /// When the stream was created; another time, another stream.
    pub(crate) created: String,
    /// The last event that the stream acknowledged.
    pub(crate) place: Place,
    /// Its sequence in the stream.
    pub(crate) stream_seq: u64,
}

/// The file of one stream.
#[derive(Clone, Debug)]
pub(crate) struct PositionFile {
    path: PathBuf,
}

impl PositionFile {
    /// In this directory, which is created.
    pub(crate) fn open(directory: &Path, stream: &str) -> io::Result<PositionFile> {
        fs::create_dir_all(directory)?;
        Ok(PositionFile { path: directory.join(format!("{stream}.json")) })
    }

    /// What was written last. A file that cannot be understood counts as none: the stream's own tail decides then.
    pub(crate) fn read(&self) -> io::Result<Option<Position>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = serde_json::from_slice(&text);
        if let Err(error) = &read {
            tracing::warn!(path = %self.path.display(), %error, "the place of the publication cannot be read");
        }
        Ok(read.ok())
    }

    /// Writes it whole or not at all, durably.
    pub(crate) fn write(&self, position: &Position) -> io::Result<()> {
        let temporary = self.path.with_extension("json.new");
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(position)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        match self.path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_in_the_order_of_the_log() {
        let place = |sequence, index| Place { sequence, index };
        assert!(place(3, 9) < place(4, 0) && place(4, 0) < place(4, 1));
        assert!(place(3, 9) < Place::before(4) && Place::before(4) < place(4, 0));
    }

    #[test]
    fn a_position_is_read_back_and_damage_counts_as_none() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = PositionFile::open(&directory.path().join("publication"), "S").expect("a file");
        assert_eq!(file.read().expect("readable"), None);
        let position = Position {
            log_id: LogId::from_bytes(&[7; 16]),
            created: "2025-04-21T01:00:00Z".into(),
            place: Place { sequence: 42, index: 3 },
            stream_seq: 99,
        };
        file.write(&position).expect("writable");
        assert_eq!(file.read().expect("readable"), Some(position));
        fs::write(&file.path, b"{").expect("writable");
        assert_eq!(file.read().expect("readable"), None);
    }
}
