//! The seam between the journal and what it is stored on: a handful of calls, so that a test can fail each.

use std::fmt;
use std::io;
use std::sync::Arc;

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading only: works on a read-only copy of a log.
    Read,
    /// Reading and writing.
    Write,
}

/// A file as a listing names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without a folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// A flat folder of files of fixed size.
pub trait Storage: fmt::Debug + Send + Sync {
    /// The files, in any order.
    ///
    /// # Errors
    /// Whatever the storage answers.
    fn list(&self) -> io::Result<Vec<Listed>>;

    /// Creates the file `name` of `bytes` bytes: `start`, then zeros that occupy real space. When this
    /// returns, the file and its name are durable. After a crash it is there whole or not at all.
    ///
    /// # Errors
    /// `AlreadyExists` if there is such a file; `StorageFull` if it does not fit, and then nothing remains.
    fn create(&self, name: &str, start: &[u8], bytes: u64) -> io::Result<()>;

    /// Opens a file with a handle of its own.
    ///
    /// # Errors
    /// Whatever the storage answers, `NotFound` among them.
    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>>;

    /// Begins the file `name`, which grows as it is written and is there once it is finished, in place of
    /// any file of this name.
    ///
    /// # Errors
    /// Whatever the storage answers.
    fn begin(&self, name: &str) -> io::Result<Box<dyn NewFile>>;

    /// Removes a file, durably. One that is not there is removed already.
    ///
    /// # Errors
    /// Whatever the storage answers.
    fn remove(&self, name: &str) -> io::Result<()>;
}

/// A file that is being written from its beginning. Dropped, or after a crash, it is not there; of what was
/// written, nothing remains but perhaps a file whose name ends in [`UNFINISHED`].
pub trait NewFile: fmt::Debug + Send {
    /// Writes what comes next.
    ///
    /// # Errors
    /// `StorageFull`, or whatever the storage answers. The file is then of no further use.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes the file and its name durable. After a crash meanwhile it is there whole or not at all.
    ///
    /// # Errors
    /// Whatever the storage answers.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Ending of a file that is still being written. Such a file is no part of anything.
pub const UNFINISHED: &str = ".new";

/// An open file. Its size never changes.
pub trait StorageFile: fmt::Debug + Send + Sync {
    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file is shorter, or whatever the storage answers.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`. Durable only after [`StorageFile::sync_data`].
    ///
    /// # Errors
    /// Whatever the storage answers; any part of the bytes may then have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes everything written through any handle of this file durable.
    ///
    /// # Errors
    /// Whatever the storage answers. Never tried again: after a failure, a success means nothing.
    fn sync_data(&self) -> io::Result<()>;
}
