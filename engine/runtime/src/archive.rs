//! Where a data directory keeps old segments: a place that is named once and written down beside the log.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_journal::{DirStorage, Error, Storage, WithArchive};

use crate::engine::directory;
use crate::error::EngineError;
use crate::options::log_directory;

/// The file of a data directory that names the archive.
const NAMED: &str = "archive";

/// The log of a data directory as readers see it: with what was archived of it.
///
/// # Errors
/// `LOG_MISSING`, `IO`: its archive is not there.
pub fn log_storage(data: &Path) -> Result<Arc<dyn Storage>, EngineError> {
    let log = log_directory(data);
    if !log.is_dir() {
        return Err(Error::Missing.into());
    }
    let live = DirStorage::open(&log).map_err(directory(&log))?.storage();
    Ok(match archive_of(data, &live)? {
        Some(archived) => Arc::new(archived),
        None => live,
    })
}

/// The archive of a data directory, if it has one.
pub(crate) fn archive_of(data: &Path, live: &Arc<dyn Storage>) -> Result<Option<WithArchive>, EngineError> {
    let named = data.join(NAMED);
    let path = match fs::read_to_string(&named) {
        Ok(text) => PathBuf::from(text.trim_end()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(directory(&named)(error)),
    };
    let archive = DirStorage::open(&path).map_err(directory(&path))?;
    Ok(Some(WithArchive::new(live.clone(), archive.storage())))
}

/// Names the archive of a data directory, durably, before anything goes there. Naming another place means that what was
/// archived has been taken there.
pub(crate) fn name_archive(data: &Path, archive: &Path) -> Result<(), EngineError> {
    DirStorage::open_or_create(archive).map_err(directory(archive))?;
    let path = archive.canonicalize().map_err(directory(archive))?;
    let text = format!("{}\n", path.display());
    let (named, new) = (data.join(NAMED), data.join("archive.new"));
    if fs::read_to_string(&named).is_ok_and(|before| before == text) {
        return Ok(());
    }
    let written = || {
        let mut file = fs::File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &named)?;
        fs::File::open(data)?.sync_all()
    };
    written().map_err(directory(&named))
}
