//! `countersign log`: reading, exporting, checking and copying a log, without locking or changing it; and snapshots,
//! which lie beside it.

mod copies;
mod export;
mod show;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
use countersign_core::frame::Frame;
use countersign_journal::{Log as Journal, Report, inspect};
use countersign_runtime::{ReadError, log_directory, log_storage};

pub(crate) use verify::verify;

use crate::exit::Failure;
use crate::output::Output;

/// Read, export, check or copy a log, without changing it
#[derive(Args)]
#[command(
    after_help = "Examples:\n  countersign log show --data DIR\n  countersign log verify --data DIR\n  countersign log export --data DIR --format xes --out log.xes\n  countersign log backup --data DIR /mnt/backup/yuanlan"
)]
pub(crate) struct Log {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Subcommand)]
enum LogCommand {
    Show(show::Show),
    Verify(verify::Verify),
    Export(export::Export),
    Backup(copies::Backup),
    Fork(copies::Fork),
    Snapshot(copies::Snapshot),
}

impl Log {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.command {
            LogCommand::Show(show) => show.run(output),
            LogCommand::Verify(verify) => verify.run(output),
            LogCommand::Export(export) => export.run(output),
            LogCommand::Backup(backup) => backup.run(output),
            LogCommand::Fork(fork) => fork.run(output),
            LogCommand::Snapshot(snapshot) => snapshot.run(output),
        }
    }
}

/// Opens a log for reading. A log that is being written to can look damaged where a write is under way: what is
/// found twice alike is so.
pub(crate) fn open(data: &Path) -> Result<(Journal, Report), Failure> {
    let storage = log_storage(data).map_err(|error| {
        let directory = log_directory(data).display().to_string();
        let missing = error.code() == "LOG_MISSING";
        if missing { Failure::from(error).at(directory) } else { Failure::from(error) }
    })?;
    let mut before = String::new();
    loop {
        match inspect(storage.clone()) {
            Ok(found) => return Ok(found),
            Err(error) if error.to_string() == before => return Err(error.into()),
            Err(error) => before = error.to_string(),
        }
    }
}

/// Every frame from a sequence on.
pub(crate) fn each(
    log: &Journal,
    from: u64,
    mut with: impl FnMut(u64, Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_while(log, from, |sequence, frame| with(sequence, frame).map(|()| true))
}

/// Every frame from a sequence on, until one is not wanted.
pub(super) fn each_while(
    log: &Journal,
    from: u64,
    mut with: impl FnMut(u64, Frame) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut reader = log.reader(from)?;
    while let Some(found) = reader.next(u64::MAX)? {
        let sequence = found.sequence;
        let frame = Frame::decode(found.bytes).map_err(|source| ReadError::Frame { sequence, source })?;
        if !with(sequence, frame)? {
            break;
        }
    }
    Ok(())
}
