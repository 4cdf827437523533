//! A simulated disk for tests: it keeps only what was synced, and fails where it is told to.
//!
//! Not for production: everything is in memory. The disk is deterministic: the same seed and the same calls
//! give the same outcome, so that a failed test can be run again.
//!
//! What it models, and what the journal therefore is tested against:
//!
//! - Reads see what was written. A power cut keeps what was synced; of what was not, each sector of 512 bytes
//!   has taken in any number of the writes to it, in order, independent of all other sectors.
//! - A failed sync leaves unsynced sectors in the same uncertainty, still shows them to reads, and counts them
//!   as clean: a later sync does not write them. That is how common file systems behave.
//! - A failed write has written a part of its bytes.
//! - A file is created whole or, when the power is cut meanwhile, perhaps not at all.
//! - A file that is begun grows under a name of its own. A power cut leaves of it what it leaves of any file that
//!   was not synced, or nothing; finished, it is there whole, under its name.

mod disk;
mod file;
mod random;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::storage::{Access, Listed, NewFile, Storage, StorageFile, UNFINISHED};
use disk::Disk;

/// A call that is to fail once with EIO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The n-th write from now on, counted from 1.
    Write(u64),
    /// The n-th sync from now on, counted from 1.
    Sync(u64),
}

/// A simulated disk. Clones are the same disk; [`SimDisk::fork`] copies it.
#[derive(Clone)]
pub struct SimDisk {
    disk: Arc<Mutex<Disk>>,
}

impl SimDisk {
    /// An empty disk. The seed decides what a power cut and a failure leave behind.
    #[must_use]
    pub fn new(seed: u64) -> SimDisk {
        SimDisk { disk: Arc::new(Mutex::new(Disk::new(seed))) }
    }

    /// The disk as the journal takes it.
    #[must_use]
    pub fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    /// An independent copy, faults and plans included. Open handles stay with the original.
    #[must_use]
    pub fn fork(&self) -> SimDisk {
        SimDisk { disk: Arc::new(Mutex::new(self.lock().clone())) }
    }

    /// Cuts the power during the n-th call of any kind from now on, counted from 1: that call may have had any
    /// part of its effect, and it and every later one fail.
    pub fn cut_power_at(&self, call: u64) {
        self.lock().plan_cut(call);
    }

    /// Cuts the power now.
    pub fn cut_power(&self) {
        self.lock().cut();
    }

    /// Turns the power on again: what survived can be read. Handles from before stay dead, and plans to fail
    /// are forgotten.
    pub fn power_on(&self) {
        self.lock().power_on();
    }

    /// Ends the process that used the disk, power staying on: the same as [`SimDisk::power_on`] but that
    /// unsynced writes stay visible.
    pub fn restart_process(&self) {
        self.lock().restart_process();
    }

    /// Fails one call with EIO.
    pub fn fail(&self, failure: Failure) {
        self.lock().plan_failure(failure);
    }

    /// Lets `sync_data` do nothing and succeed: durability removed on purpose, so that a test can prove that
    /// it would notice.
    pub fn ignore_sync(&self, ignore: bool) {
        self.lock().ignore_sync = ignore;
    }

    /// Lets the creation of files fail with ENOSPC.
    pub fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// Calls so far, of any kind.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Writes so far.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.lock().writes
    }

    /// Syncs so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// The names of the files.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.lock().files.keys().cloned().collect()
    }

    /// The bytes of a file as reads see them. No storage call.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().files.get(name).map(|file| file.seen.clone())
    }

    /// Changes the bytes of a file, durably, behind the back of whoever uses it; its size may change too.
    /// Creates the file if there is none. No storage call.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        self.lock().edit(name, change);
    }

    /// Removes a file, durably. No storage call.
    pub fn remove(&self, name: &str) {
        self.lock().files.remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not the bytes: they are large and say nothing.
impl fmt::Debug for SimDisk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let disk = self.lock();
        out.debug_struct("SimDisk").field("files", &disk.files.len()).field("calls", &disk.calls).finish()
    }
}

impl Storage for SimDisk {
    fn list(&self) -> io::Result<Vec<Listed>> {
        let mut disk = self.lock();
        disk.call(|disk| {
            let listed = disk
                .files
                .iter()
                .map(|(name, file)| Listed { name: name.clone(), bytes: file.seen.len() as u64 });
            Ok(listed.collect())
        })
    }

    fn create(&self, name: &str, start: &[u8], bytes: u64) -> io::Result<()> {
        self.lock().call(|disk| disk.create(name, start, bytes))
    }

    fn open(&self, name: &str, _access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let boot = self.lock().call(|disk| disk.open(name))?;
        Ok(Arc::new(SimFile { disk: self.clone(), name: name.to_owned(), boot }))
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let unfinished = format!("{name}{UNFINISHED}");
        let boot = self.lock().call(|disk| disk.begin(&unfinished))?;
        Ok(Box::new(SimNewFile { disk: self.clone(), unfinished, name: name.to_owned(), boot }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.lock().call(|disk| {
            disk.files.remove(name);
            Ok(())
        })
    }
}

/// A file of a [`SimDisk`] that is being written.
#[derive(Debug)]
struct SimNewFile {
    disk: SimDisk,
    unfinished: String,
    name: String,
    boot: u64,
}

impl NewFile for SimNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.lock().call(|disk| disk.append(&self.unfinished, self.boot, bytes))
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.disk.lock().call(|disk| disk.finish((&self.unfinished, &self.name), self.boot))
    }
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    name: String,
    /// The process that opened it: a handle does not outlive its process.
    boot: u64,
}

impl StorageFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.disk.lock().call(|disk| disk.file(&self.name, self.boot)?.read(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.lock().call(|disk| disk.write(&self.name, self.boot, bytes, offset))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.lock().call(|disk| disk.sync(&self.name, self.boot))
    }
}
