//! Storage in a real directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::storage::{Access, Listed, NewFile, Storage, StorageFile, UNFINISHED};

/// Bytes written and synced at once while a file is filled with zeros. Little, because the log's own sync
/// waits behind them: with 8 MiB some appends took 25 ms, with 1 MiB none took over 3 ms.
const FILL_BYTES: usize = 1 << 20;

/// A directory of the file system as [`Storage`].
#[derive(Debug, Clone)]
pub struct DirStorage {
    path: PathBuf,
}

impl DirStorage {
    /// Uses the directory `path`; creates it, durably, if it is missing.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn open_or_create(path: impl Into<PathBuf>) -> io::Result<DirStorage> {
        let path = path.into();
        if !path.is_dir() {
            fs::create_dir_all(&path)?;
            let absolute = path.canonicalize()?;
            absolute.parent().map_or(Ok(()), sync_directory)?;
        }
        // A process killed between a rename and its sync leaves a name that a power cut would still take.
        sync_directory(&path)?;
        Ok(DirStorage { path })
    }

    /// Uses the directory `path`, which must be there: for reading a log.
    ///
    /// # Errors
    /// `NotADirectory` if it is not there or is a file.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<DirStorage> {
        let path = path.into();
        if path.is_dir() { Ok(DirStorage { path }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// The same as the shared storage that [`crate::Journal`] takes.
    #[must_use]
    pub fn storage(self) -> Arc<dyn Storage> {
        Arc::new(self)
    }

    fn fill(path: &Path, start: &[u8], bytes: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
        file.write_all(start)?;
        let zeros = vec![0; FILL_BYTES];
        let mut left = bytes.saturating_sub(start.len() as u64);
        while left > 0 {
            let now = left.min(FILL_BYTES as u64);
            file.write_all(&zeros[..usize::try_from(now).unwrap_or(FILL_BYTES)])?;
            file.sync_data()?;
            left -= now;
        }
        file.sync_all()
    }
}

impl Storage for DirStorage {
    fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if let (true, Ok(name)) = (metadata.is_file(), entry.file_name().into_string()) {
                files.push(Listed { name, bytes: metadata.len() });
            }
        }
        Ok(files)
    }

    fn create(&self, name: &str, start: &[u8], bytes: u64) -> io::Result<()> {
        let path = self.path.join(name);
        if path.try_exists()? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // A crash while filling leaves only the unfinished name, which the next attempt overwrites.
        let unfinished = self.path.join(format!("{name}{UNFINISHED}"));
        let filled =
            DirStorage::fill(&unfinished, start, bytes).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = filled {
            // Gives the space back; that the first error is reported matters more than this one.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        sync_directory(&self.path)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let file = OpenOptions::new().read(true).write(access == Access::Write).open(self.path.join(name))?;
        Ok(Arc::new(DirFile { file }))
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        let unfinished = self.path.join(format!("{name}{UNFINISHED}"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&unfinished)?;
        let (folder, name) = (self.path.clone(), name.to_owned());
        Ok(Box::new(DirNewFile { file, unfinished, folder, name, unsynced: 0, finished: false }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_directory(&self.path),
        }
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

#[derive(Debug)]
struct DirFile {
    file: File,
}

impl StorageFile for DirFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[derive(Debug)]
struct DirNewFile {
    file: File,
    unfinished: PathBuf,
    folder: PathBuf,
    name: String,
    /// Bytes since the last sync: little at a time, as when a segment is filled.
    unsynced: usize,
    finished: bool,
}

impl NewFile for DirNewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.unsynced += bytes.len();
        if self.unsynced >= FILL_BYTES {
            self.unsynced = 0;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.unfinished, self.folder.join(&self.name))?;
        self.finished = true;
        sync_directory(&self.folder)
    }
}

impl Drop for DirNewFile {
    fn drop(&mut self) {
        if !self.finished {
            // Gives the space back; that it is no part of anything is clear from its name.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}
