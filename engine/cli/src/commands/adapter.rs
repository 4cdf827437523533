//! `countersign adapter`: one adapter as a process of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use countersign_adapter::process::{Kind, NatsConfig, ProcessConfig, ProcessError, start};

use super::serve::{LogFormat, Stop, start_log};
use crate::exit::Failure;
use crate::output::Output;
use crate::transport::runtime;

const EXAMPLES: &str = "\
Examples:
  COUNTERSIGN_ERP_PASSWORD=... countersign adapter erp --config erp.yaml
  countersign adapter finance --config finance.yaml --nats nats://127.0.0.1:4222

The file says for which company, where answers are remembered, how NATS is reached and which system does the work: one \
that speaks HTTP and JSON, or a sandbox, which is none. adapters/README.md has it all. One line on standard output says \
when it works: `ready erp of yuanlan`. SIGTERM and SIGINT stop it: what was begun comes to its end, or comes again.";

/// How long what is under way may take when it is told to stop.
pub(super) const END: Duration = Duration::from_secs(15);

/// Run an adapter: commands to another system, its answers and facts
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Adapter {
    /// Which one
    #[arg(value_enum)]
    name: Which,
    /// Its configuration, a YAML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The NATS server, over what the file says
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// How the log on standard error is written
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
}

/// The adapters that come with the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Which {
    /// Contracts, availability, manufacturing orders, customers
    Erp,
    /// Invoices, receipts, payments
    Finance,
    /// Stock, shipments, deliveries
    Logistics,
}

impl Which {
    pub(super) const ALL: [Which; 3] = [Which::Erp, Which::Finance, Which::Logistics];

    pub(super) fn kind(self) -> &'static Kind {
        match self {
            Which::Erp => &countersign_adapter_erp::ADAPTER,
            Which::Finance => &countersign_adapter_finance::ADAPTER,
            Which::Logistics => &countersign_adapter_logistics::ADAPTER,
        }
    }
}

impl Adapter {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let mut config = read(&self.config)?;
        if let Some(url) = self.nats {
            config.nats = Some(NatsConfig { url, ..config.nats.unwrap_or_default() });
        }
        start_log(self.log_format)?;
        let (kind, file) = (self.name.kind(), self.config);
        runtime()?.block_on(async {
            let mut stop = Stop::new()?;
            let running = tokio::select! {
                running = start(kind, &config) => running.map_err(|error| wrong(&error, &file))?,
                name = stop.told() => {
                    tracing::info!(signal = name, "stopping");
                    return Ok(());
                }
            };
            let _ = output.line(format!("ready {} of {}", kind.declaration.adapter, config.company));
            tracing::info!(signal = stop.told().await, "stopping");
            if !running.stop(END).await {
                tracing::warn!("what was under way was cut off; it comes again");
            }
            Ok(())
        })
    }
}

/// The configuration of an adapter.
pub(super) fn read(file: &Path) -> Result<ProcessConfig, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let message = format!("expected a readable configuration: {error}");
        Failure::usage(message).at(file.display().to_string())
    })?;
    ProcessConfig::read(&text).map_err(|error| wrong(&error.into(), file))
}

/// What is wrong with it, and in which file.
pub(super) fn wrong(error: &ProcessError, file: &Path) -> Failure {
    Failure::new(error.code(), error.to_string()).at(file.display().to_string())
}
