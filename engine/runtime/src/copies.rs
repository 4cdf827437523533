//! Copies of a data directory: a back-up, taken while it is served, and a fork, which is a company's log under an id
//! of its own.

use std::fs;
use std::io::Write;
use std::path::Path;

use countersign_journal::{DirStorage, Error, Report};

use crate::archive::log_storage;
use crate::engine::{directory, random_log_id};
use crate::error::EngineError;
use crate::options::log_directory;

/// Where a fork is made, until it is whole.
const FORKING: &str = "log.forking";
/// What a fork was made from.
const ORIGIN: &str = "origin";

/// Copies the log of a data directory into another one, as far as it is recorded as durable, and verifies the copy.
/// Nothing is locked and nobody waits: the directory may be served meanwhile.
///
/// # Errors
/// Those of verifying the log; `LOG_EXISTS`: the target has a log; `DISK_FULL`, `IO`.
pub fn backup(data: &Path, target: &Path) -> Result<Report, EngineError> {
    let source = log_storage(data)?;
    let log = log_directory(target);
    let target = DirStorage::open_or_create(&log).map_err(directory(&log))?;
    Ok(countersign_journal::backup(&*source, &target)?)
}

/// Makes another log of all frames of a data directory that nobody serves, with an id of its own: nothing that knows
/// the one, its events or its place in a stream takes the other for it. Gives what both hold, source first.
///
/// # Errors
/// Those of verifying the log; `LOG_EXISTS`: the target has a log; `DISK_FULL`, `IO`.
pub fn fork(data: &Path, target: &Path) -> Result<(Report, Report), EngineError> {
    let source = log_storage(data)?;
    let (log, forking) = (log_directory(target), target.join(FORKING));
    if log.exists() {
        return Err(Error::Exists.into());
    }
    // One that was interrupted, and never had its name.
    match fs::remove_dir_all(&forking) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(directory(&forking)(error)),
        _ => {}
    }
    let storage = DirStorage::open_or_create(&forking).map_err(directory(&forking))?;
    let (from, to) = countersign_journal::fork(source, storage.storage(), random_log_id()?)?;
    let origin = format!(
        "log {} is a fork of log {} as it was at sequence {}, hash {}\n",
        to.log_id, from.log_id, from.last_sequence, from.head.hash
    );
    give_name(target, &forking, &log, &origin).map_err(directory(target))?;
    Ok((from, to))
}

/// The fork is whole: it gets its name, durably, after what it was made from.
fn give_name(target: &Path, forking: &Path, log: &Path, origin: &str) -> std::io::Result<()> {
    let mut file = fs::File::create(target.join(ORIGIN))?;
    file.write_all(origin.as_bytes())?;
    file.sync_all()?;
    fs::rename(forking, log)?;
    fs::File::open(target)?.sync_all()
}
