//! The state of the simulated disk: files, counters and plans to fail.

use std::collections::BTreeMap;
use std::io;

use super::Failure;
use super::file::{SimFileState, Survival};
use super::random::Random;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) files: BTreeMap<String, SimFileState>,
    pub(super) calls: u64,
    pub(super) writes: u64,
    pub(super) syncs: u64,
    pub(super) ignore_sync: bool,
    pub(super) full: bool,
    random: Random,
    /// Counts power-ons and restarts.
    boot: u64,
    powered: bool,
    cut_at_call: Option<u64>,
    fail_at_write: Option<u64>,
    fail_at_sync: Option<u64>,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Disk {
        Disk {
            files: BTreeMap::new(),
            calls: 0,
            writes: 0,
            syncs: 0,
            ignore_sync: false,
            full: false,
            random: Random::new(seed),
            boot: 0,
            powered: true,
            cut_at_call: None,
            fail_at_write: None,
            fail_at_sync: None,
        }
    }

    /// Counts a call, and cuts the power in the middle of it if that is planned.
    pub(super) fn call<R>(&mut self, effect: impl FnOnce(&mut Disk) -> io::Result<R>) -> io::Result<R> {
        if !self.powered {
            return Err(no_power());
        }
        self.calls += 1;
        if self.cut_at_call != Some(self.calls) {
            return effect(self);
        }
        // Before or after the effect: a write is then torn, a sync or a creation done or not.
        if self.random.below(3) > 0 {
            let _ = effect(self);
        }
        self.cut();
        Err(no_power())
    }

    pub(super) fn plan_cut(&mut self, call: u64) {
        self.cut_at_call = Some(self.calls + call);
    }

    pub(super) fn plan_failure(&mut self, failure: Failure) {
        match failure {
            Failure::Write(nth) => self.fail_at_write = Some(self.writes + nth),
            Failure::Sync(nth) => self.fail_at_sync = Some(self.syncs + nth),
        }
    }

    pub(super) fn cut(&mut self) {
        if !self.powered {
            return;
        }
        self.powered = false;
        let survival = Survival::draw(&mut self.random);
        for file in self.files.values_mut() {
            file.cut(survival, &mut self.random);
        }
    }

    pub(super) fn power_on(&mut self) {
        self.cut();
        self.powered = true;
        self.restart_process();
    }

    pub(super) fn restart_process(&mut self) {
        self.boot += 1;
        (self.cut_at_call, self.fail_at_write, self.fail_at_sync) = (None, None, None);
    }

    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.files.remove(name).unwrap_or_default().seen;
        change(&mut bytes);
        self.files.insert(name.to_owned(), SimFileState::new(bytes));
    }

    pub(super) fn create(&mut self, name: &str, start: &[u8], bytes: u64) -> io::Result<()> {
        if self.files.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if self.full {
            return Err(io::Error::from_raw_os_error(ENOSPC));
        }
        let mut contents = start.to_vec();
        contents.resize(usize::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?, 0);
        self.files.insert(name.to_owned(), SimFileState::new(contents));
        Ok(())
    }

    /// The boot that a handle opened now belongs to.
    pub(super) fn open(&mut self, name: &str) -> io::Result<u64> {
        self.file(name, self.boot)?;
        Ok(self.boot)
    }

    pub(super) fn file(&mut self, name: &str, boot: u64) -> io::Result<&mut SimFileState> {
        if boot != self.boot {
            return Err(io::Error::other("the process that opened this file has ended"));
        }
        self.files.get_mut(name).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn write(&mut self, name: &str, boot: u64, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.writes += 1;
        if self.fail_at_write == Some(self.writes) {
            let part = usize::try_from(self.random.below(bytes.len() as u64 + 1)).unwrap_or(0);
            self.file(name, boot)?.write(&bytes[..part], offset)?;
            return Err(io::Error::from_raw_os_error(EIO));
        }
        self.file(name, boot)?.write(bytes, offset)
    }

    /// Begins a file that grows; gives the boot that its handle belongs to.
    pub(super) fn begin(&mut self, name: &str) -> io::Result<u64> {
        self.files.insert(name.to_owned(), SimFileState::default());
        Ok(self.boot)
    }

    /// Lets a file grow. What is new of it is not synced.
    pub(super) fn append(&mut self, name: &str, boot: u64, bytes: &[u8]) -> io::Result<()> {
        if self.full {
            return Err(io::Error::from_raw_os_error(ENOSPC));
        }
        let file = self.file(name, boot)?;
        let end = file.grow(bytes.len());
        self.write(name, boot, bytes, end)
    }

    /// Syncs a file and gives it its name.
    pub(super) fn finish(&mut self, (from, to): (&str, &str), boot: u64) -> io::Result<()> {
        self.sync(from, boot)?;
        let file = self.files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.files.insert(to.to_owned(), file);
        Ok(())
    }

    pub(super) fn sync(&mut self, name: &str, boot: u64) -> io::Result<()> {
        self.syncs += 1;
        let fails = self.fail_at_sync == Some(self.syncs);
        let mut random = self.random.clone();
        let ignored = self.ignore_sync;
        let file = self.file(name, boot)?;
        if fails {
            file.fail_sync(&mut random);
            self.random = random;
            return Err(io::Error::from_raw_os_error(EIO));
        }
        if !ignored {
            file.sync();
        }
        Ok(())
    }
}

fn no_power() -> io::Error {
    io::Error::other("the simulated disk has no power")
}
