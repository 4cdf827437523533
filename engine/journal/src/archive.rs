//! An archive of old segments: another place, that only grows. Readers see the log as one.

use std::io;
use std::sync::Arc;

use crate::error::Error;
use crate::format::GROUP_HEADER_BYTES;
use crate::parse::read_header;
use crate::segment::{self, FIRST_GROUP, file_name};
use crate::storage::{Access, Listed, NewFile, Storage, StorageFile};
use crate::window::Window;

/// Bytes that are copied and compared at once.
const PIECE_BYTES: u64 = 1 << 20;

/// The files of a log, and those of its segments that were archived. What is archived is only read.
#[derive(Debug, Clone)]
pub struct WithArchive {
    live: Arc<dyn Storage>,
    archive: Arc<dyn Storage>,
}

impl WithArchive {
    /// The log that lies in both.
    #[must_use]
    pub fn new(live: Arc<dyn Storage>, archive: Arc<dyn Storage>) -> WithArchive {
        WithArchive { live, archive }
    }

    /// Moves the segments whose frames all lie at or before `covered` to the archive, oldest first; the newest of them
    /// that are written to stay in any case. Each is read again and compared before it is removed. Gives how many were
    /// moved.
    ///
    /// # Errors
    /// `ARCHIVE_DIFFERS`: the archive has another file of this name. `DISK_FULL`, `IO`: it is tried again later.
    pub fn archive_up_to(&self, covered: u64) -> Result<u64, Error> {
        let live = segment::list(&*self.live)?;
        let mut moved = 0;
        for pair in live.windows(2) {
            let ((number, bytes), next) = (pair[0], pair[1]);
            // Something of the next one is covered, and so durable: this one is never written to again.
            if self.first_sequence(next)?.is_none_or(|first| first > covered) {
                break;
            }
            self.shift(number, bytes)?;
            moved += 1;
        }
        Ok(moved)
    }

    fn first_sequence(&self, (number, bytes): (u64, u64)) -> Result<Option<u64>, Error> {
        let file = self.live.open(&file_name(number), Access::Read);
        let file = file.map_err(Error::io(format!("open segment {number}")))?;
        let mut window = Window::new(file, GROUP_HEADER_BYTES);
        Ok(read_header(&mut window, FIRST_GROUP, bytes).ok().map(|header| header.first_sequence))
    }

    /// One segment: copied, compared, then removed. Interrupted anywhere, it is in one place or in both.
    fn shift(&self, number: u64, bytes: u64) -> Result<(), Error> {
        let name = file_name(number);
        if !segment::list(&*self.archive)?.iter().any(|(found, _)| *found == number) {
            let copied = self.copy(&name, bytes);
            copied.map_err(|source| match source.kind() {
                io::ErrorKind::StorageFull => Error::DiskFull { bytes },
                _ => Error::io(format!("archive segment {number}"))(source),
            })?;
        }
        let same =
            self.same(&name, bytes).map_err(Error::io(format!("read the archive of segment {number}")))?;
        if !same {
            return Err(Error::ArchiveDiffers { name });
        }
        self.live.remove(&name).map_err(Error::io(format!("remove segment {number}")))
    }

    fn copy(&self, name: &str, bytes: u64) -> io::Result<()> {
        let from = self.live.open(name, Access::Read)?;
        let mut to = self.archive.begin(name)?;
        pieces(bytes).try_for_each(|(offset, length)| {
            let mut piece = vec![0; length];
            from.read_at(&mut piece, offset)?;
            to.write(&piece)
        })?;
        to.finish()
    }

    fn same(&self, name: &str, bytes: u64) -> io::Result<bool> {
        let listed = self.archive.list()?;
        if !listed.iter().any(|file| file.name == name && file.bytes == bytes) {
            return Ok(false);
        }
        let (live, archived) = (self.live.open(name, Access::Read)?, self.archive.open(name, Access::Read)?);
        for (offset, length) in pieces(bytes) {
            let (mut a, mut b) = (vec![0; length], vec![0; length]);
            live.read_at(&mut a, offset)?;
            archived.read_at(&mut b, offset)?;
            if a != b {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn pieces(bytes: u64) -> impl Iterator<Item = (u64, usize)> {
    let length = move |offset: u64| usize::try_from(PIECE_BYTES.min(bytes - offset)).unwrap_or(usize::MAX);
    (0..bytes).step_by(usize::try_from(PIECE_BYTES).unwrap_or(usize::MAX)).map(move |at| (at, length(at)))
}

impl Storage for WithArchive {
    /// The live ones first: a segment that is moved meanwhile is then in one list or in both.
    fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = self.live.list()?;
        let archived = self.archive.list()?.into_iter().filter(|file| segment::is_name(&file.name));
        let archived: Vec<_> =
            archived.filter(|file| files.iter().all(|own| own.name != file.name)).collect();
        files.extend(archived);
        Ok(files)
    }

    fn create(&self, name: &str, start: &[u8], bytes: u64) -> io::Result<()> {
        self.live.create(name, start, bytes)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        match self.live.open(name, access) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && segment::is_name(name) => {
                self.archive.open(name, Access::Read)
            }
            opened => opened,
        }
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn NewFile>> {
        self.live.begin(name)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.live.remove(name)
    }
}
