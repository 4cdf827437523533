//! A folder that goes when it is no longer needed.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A new folder; it is removed, with what is in it, when this is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes a folder of this prefix that was not there before.
    pub(crate) fn new(parent: &Path, prefix: &str) -> io::Result<Folder> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let path = parent.join(format!("{prefix}-{}-{:08x}", std::process::id(), now.subsec_nanos()));
        std::fs::create_dir(&path)?;
        Ok(Folder(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is the user's to see; nothing in it is needed any more.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
