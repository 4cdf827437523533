//! One process per data directory.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::error::Error;

/// Holds a lock file until it is dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    /// Closing the file releases the lock.
    _file: File,
}

impl Lock {
    /// Takes the lock file `path`, which is created if it is missing and never removed, and writes the id of
    /// this process into it.
    ///
    /// # Errors
    /// `LOCKED` with the id of the process that holds it; `IO`.
    pub fn acquire(path: &Path) -> Result<Lock, Error> {
        let failed = |source| Error::io(format!("lock {}", path.display()))(source);
        let mut options = OpenOptions::new();
        // Not truncated before the lock is held: the id in it may be another's.
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                let pid = read.ok().and_then(|_| text.trim().parse().ok());
                return Err(Error::Locked { path: path.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(failed)?;
        Ok(Lock { _file: file })
    }
}
