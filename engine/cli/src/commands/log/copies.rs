//! `countersign log backup`, `fork` and `snapshot`.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_runtime::{EngineError, EngineOptions, backup, fork, make_snapshot};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::DataDir;

const BACKUP: &str = "\
Examples:
  countersign log backup --data /var/lib/countersign/yuanlan /mnt/backup/yuanlan-2026-11-22

It reads only, and works while a server writes: the copy is the log as far as it is recorded as durable, within the \
last second or so, and is verified. An interrupted one is refused by every command. Views, snapshots and the place of \
the publication are not copied: they are built anew. The copy is the same log; to serve it beside the other one, fork it.";

const FORK: &str = "\
Examples:
  countersign log fork --data /mnt/backup/yuanlan-2026-11-22 /var/lib/countersign/yuanlan-try

The fork has the same frames under the same sequences, and an id of its own: the stream of the other log's events \
refuses it, and no consumer takes its events for the other's. Its commands bear the same numbers: give it a NATS \
server, and adapters, of its own. The file DIR/origin says what it was made from.";

const SNAPSHOT: &str = "\
Examples:
  countersign log snapshot --data /var/lib/countersign/yuanlan

The next start reads it and what came after it, instead of the whole log. `countersign serve` makes snapshots by \
itself; this is for a directory that nobody serves, such as one that was restored or forked. A snapshot that another \
version of the program has made is passed over.";

/// Copy the log while it is served, and verify the copy
#[derive(Args)]
#[command(after_help = BACKUP)]
pub(super) struct Backup {
    #[command(flatten)]
    data: DataDir,
    /// The directory of the copy, which holds no log yet
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

impl Backup {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let report = backup(&data, &self.to).map_err(|error| placed(error, &data, &self.to))?;
        let (sequence, hash) = (report.last_sequence, report.head.hash.to_string());
        if output.json {
            return output.object(&json!({
                "backup": self.to, "log_id": report.log_id.to_string(), "last_sequence": sequence, "hash": hash,
            }));
        }
        let done = output.paint(Tone::Good, "backed up:");
        output.line(format!("{done} {} up to sequence {sequence}, hash {hash}", self.to.display()))
    }
}

/// Begin another log with all frames of this one
#[derive(Args)]
#[command(after_help = FORK)]
pub(super) struct Fork {
    #[command(flatten)]
    data: DataDir,
    /// The data directory of the fork, which holds no log yet
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

impl Fork {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let (from, to) = fork(&data, &self.to).map_err(|error| placed(error, &data, &self.to))?;
        let (sequence, log_id) = (to.last_sequence, to.log_id.to_string());
        if output.json {
            return output.object(&json!({
                "fork": self.to, "log_id": log_id, "last_sequence": sequence,
                "hash": to.head.hash.to_string(), "of": from.log_id.to_string(),
            }));
        }
        let done = output.paint(Tone::Good, "forked:");
        output.line(format!(
            "{done} {} is log {log_id}, up to sequence {sequence} the same as log {}",
            self.to.display(),
            from.log_id
        ))
    }
}

/// Make a snapshot beside a log that nobody serves
#[derive(Args)]
#[command(after_help = SNAPSHOT)]
pub(super) struct Snapshot {
    #[command(flatten)]
    data: DataDir,
}

impl Snapshot {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let (sequence, bytes) = make_snapshot(&EngineOptions::directory(&data))?;
        if output.json {
            return output.object(&json!({ "snapshot": sequence, "bytes": bytes }));
        }
        let done = output.paint(Tone::Good, "snapshot:");
        output.line(format!("{done} {} at sequence {sequence}, {bytes} bytes", data.display()))
    }
}

/// Names the directory that the error is about, where it names no place.
fn placed(error: EngineError, data: &Path, to: &Path) -> Failure {
    let path = if error.code() == "LOG_EXISTS" { to } else { data };
    let failure = Failure::from(error);
    if failure.place.is_some() { failure } else { failure.at(path.display().to_string()) }
}
