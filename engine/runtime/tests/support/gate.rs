//! A disk whose syncs wait at a gate.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use countersign_journal::{Access, Listed, NewFile, Storage, StorageFile};

/// While it is closed, every sync of a file waits.
#[derive(Clone, Debug)]
pub struct Gate {
    inner: Arc<dyn Storage>,
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    waiting: u32,
}

impl Gate {
    pub fn new(inner: Arc<dyn Storage>) -> Gate {
        Gate { inner, state: Arc::default() }
    }

    pub fn close(&self) {
        self.state.0.lock().unwrap().closed = true;
    }

    pub fn open(&self) {
        self.state.0.lock().unwrap().closed = false;
        self.state.1.notify_all();
    }

    /// Returns once a sync waits.
    pub fn wait_for_sync(&self) {
        let waiting = self.state.0.lock().unwrap();
        drop(self.state.1.wait_while(waiting, |state| state.waiting == 0).unwrap());
    }

    fn pass(&self) {
        let mut state = self.state.0.lock().unwrap();
        state.waiting += 1;
        self.state.1.notify_all();
        let mut state = self.state.1.wait_while(state, |state| state.closed).unwrap();
        state.waiting -= 1;
    }
}

impl Storage for Gate {
    fn list(&self) -> io::Result<Vec<Listed>> {
        self.inner.list()
    }

    fn create(&self, name: &str, start: &[u8], bytes: u64) -> io::Result<()> {
        self.inner.create(name, start, bytes)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        Ok(Arc::new(GatedFile { inner: self.inner.open(name, access)?, gate: self.clone() }))
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        self.inner.begin(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
}

#[derive(Debug)]
struct GatedFile {
    inner: Arc<dyn StorageFile>,
    gate: Gate,
}

impl StorageFile for GatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.inner.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.inner.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.gate.pass();
        self.inner.sync_data()
    }
}
