//! Adapters inside `countersign serve`: the kit's, on a line within the process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_adapter::Running;
use countersign_adapter::process::{ProcessConfig, adapter};
use countersign_adapter::time::SystemClock;
use countersign_adapter::transport::in_process::{InProcess, Outgoing, pair};
use countersign_messages::Token;
use countersign_server::{Bus, CommandMessage, Server, Taken};
use tokio::sync::mpsc;

use super::adapter::{END, Which, read, wrong};
use crate::exit::Failure;

/// Commands and answers that may wait on a line.
const LINE: usize = 256;

/// An adapter with its configuration.
pub(super) struct Configured {
    which: Which,
    file: PathBuf,
    config: ProcessConfig,
}

/// Adapters at work.
#[derive(Default)]
pub(super) struct Adapters(Vec<Running>);

/// The adapters that a path names: one file, called as its adapter is, or those of a folder.
pub(super) fn configured(path: &Path) -> Result<Vec<Configured>, Failure> {
    let named = |file: &Path| {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        Which::ALL.into_iter().find(|which| which.kind().declaration.adapter == stem)
    };
    let files: Vec<(Which, PathBuf)> = if path.is_dir() {
        let file = |which: Which| (which, path.join(format!("{}.yaml", which.kind().declaration.adapter)));
        Which::ALL.into_iter().map(file).filter(|(_, file)| file.is_file()).collect()
    } else {
        named(path).map(|which| (which, path.to_owned())).into_iter().collect()
    };
    if files.is_empty() {
        let message =
            "expected erp.yaml, finance.yaml or logistics.yaml, or a folder that holds some of them";
        return Err(Failure::usage(message).at(path.display().to_string()));
    }
    let each = files.into_iter().map(|(which, file)| {
        let config = read(&file)?;
        Ok(Configured { which, file, config })
    });
    each.collect()
}

impl Adapters {
    /// Starts them on lines of the server.
    pub(super) fn start(server: &Server, configured: Vec<Configured>) -> Result<Adapters, Failure> {
        let mut running = Vec::new();
        for Configured { which, file, config } in configured {
            let (kind, company) = (which.kind(), server.desk().company());
            if config.company != *company {
                let message = format!("expected an adapter of {company}, found one of {}", config.company);
                return Err(Failure::usage(message).at(file.display().to_string()));
            }
            let name = Token::new(kind.declaration.adapter).map_err(Failure::internal)?;
            let adapter =
                adapter(kind, &config, Arc::new(SystemClock)).map_err(|error| wrong(&error, &file))?;
            let (transport, line) = pair(LINE);
            carry(server.bus().clone(), server.bus().connect(&name, LINE), line);
            running.push(adapter.start(transport));
            tracing::info!(adapter = kind.declaration.adapter, "an adapter works within the process");
        }
        Ok(Adapters(running))
    }

    /// Stops them: what was begun comes to its end.
    pub(super) async fn stop(self) {
        for running in self.0 {
            if !running.stop(END).await {
                tracing::warn!("what was under way in an adapter was cut off; it comes again");
            }
        }
    }
}

/// Carries commands to an adapter and what it says back.
fn carry(bus: Bus, mut commands: mpsc::Receiver<CommandMessage>, mut line: InProcess) {
    // Apart, so that neither way waits for the other.
    let mut said = std::mem::replace(&mut line.publications, mpsc::channel(1).1);
    tokio::spawn(async move {
        while let Some(command) = commands.recv().await {
            if !line.deliver(&command.subject, command.payload).await {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(outgoing) = said.recv().await {
            take(&bus, outgoing).await;
        }
    });
}

/// Hands something over, until the engine has taken it.
async fn take(bus: &Bus, outgoing: Outgoing) {
    while let Taken::Later(pause) = bus.take(&outgoing.message.subject, &outgoing.message.payload).await {
        tokio::time::sleep(pause).await;
    }
    outgoing.taken();
}
