//! `countersign serve`: a company is served over NATS until it is told to stop.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign_runtime::{EngineOptions, RecoveryReport, SNAPSHOT_EVERY};
use countersign_server::{Config, Health, HealthConfig, NatsConfig, Server};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::limits;
use super::within::{Adapters, configured};
use crate::exit::Failure;
use crate::output::{Output, wants_colour};
use crate::transport::{Access, DataDir, runtime};

const EXAMPLES: &str = "\
Examples:
  COUNTERSIGN_NATS_PASSWORD=... countersign serve --data /var/lib/countersign/yuanlan \\
      --nats nats://127.0.0.1:4222 --nats-user engine
  countersign serve --data DIR --nats tls://nats.example.com --nats-ca ca.pem --nats-credentials engine.creds
  countersign serve --data DIR --nats URL --nats-user engine --adapters /etc/countersign/adapters
  countersign serve --data DIR --nats URL --nats-user engine --http 127.0.0.1:9464
  RUST_LOG=debug countersign serve --data DIR --nats nats://127.0.0.1:4222 --log-format json

One line on standard output says when it serves: `ready yuanlan at sequence 42`. Its log goes to standard error. \
SIGTERM and SIGINT stop it: what has come in is answered, then it ends with code 0. kill -9 loses nothing that was \
answered. A damaged log is refused in the words of `countersign log verify`; LOCKED names the process that has the \
data; ALREADY_SERVED means that another engine answers for the company.

Every system authenticates to the NATS server, whose permissions let it reach its own subjects only; systems.yaml \
bounds what it may say. A NATS server that lets anybody in is refused unless --trust-network is given, which is \
recorded with every request.";

/// Serve a company over NATS
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    #[command(flatten)]
    data: DataDir,
    /// The NATS server: one address, or several with commas between them
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Replies go only to subjects under this prefix
    #[arg(long, value_name = "PREFIX", default_value = "_INBOX")]
    inbox_prefix: String,
    /// Where answers to the engine itself go; `_INBOX.USER` if absent, or `_INBOX` without a user
    #[arg(long, value_name = "PREFIX")]
    own_inbox: Option<String>,
    /// Serve even where the NATS server authenticates nobody; recorded with every request
    #[arg(long)]
    trust_network: bool,
    /// Adapters that run within the process: a folder with erp.yaml, finance.yaml, logistics.yaml, or one such file
    #[arg(long, value_name = "PATH")]
    adapters: Option<PathBuf>,
    /// Tell health on this address: /livez, /readyz and /metrics (OpenMetrics), to whoever asks on this machine
    #[arg(long, value_name = "ADDRESS:PORT")]
    http: Option<SocketAddr>,
    /// Let --http listen on an address that other machines reach
    #[arg(long, requires = "http")]
    http_beyond_loopback: bool,
    /// How often, how much and how many at a time each system may ask: a YAML file; see deploy/README.md
    #[arg(long, value_name = "FILE")]
    limits: Option<PathBuf>,
    /// Move old segments of the log there once snapshots no longer need them; every command goes on to read them there
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Make a snapshot after so many frames, so that a start need not read the whole log; 0: none
    #[arg(long, value_name = "FRAMES", default_value_t = SNAPSHOT_EVERY)]
    snapshot_every: u64,
    /// How the log on standard error is written
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

impl Serve {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let config = self.config(&data)?;
        let adapters = self.adapters.as_deref().map(configured).transpose()?.unwrap_or_default();
        start_log(self.log_format)?;
        // Before anything is opened: a signal that comes early stops it, too.
        let runtime = runtime()?;
        runtime.block_on(async {
            let mut stop = Stop::new()?;
            let (server, report) = Server::start(config).await.map_err(|error| at(error, &data))?;
            tell_start(&report);
            let health = self.health(&server).await?;
            if let Some(health) = &health {
                tracing::info!(address = %health.address(), "health is told");
            }
            let control = server.control().unwrap_or_else(|error| {
                tracing::warn!(%error, "operators cannot reach this process: no `clock confirm`, no `publish` while it runs");
                None
            });
            let adapters = Adapters::start(&server, adapters)?;
            let (company, sequence) = (server.status().company, server.engine().log().durable());
            // Whoever waits for this line has it, or has gone: it serves in either case.
            let _ = output.line(format!("ready {company} at sequence {sequence}"));
            tokio::select! {
                name = stop.told() => tracing::info!(signal = name, "stopping"),
                () = server.ended() => tracing::error!("the engine has ended"),
            }
            adapters.stop().await;
            drop((health, control));
            let state = server.stop().await?;
            tracing::info!(sequence = state.head().sequence, "stopped");
            Ok(())
        })
    }

    async fn health(&self, server: &Server) -> Result<Option<Health>, Failure> {
        let Some(listen) = self.http else { return Ok(None) };
        let config = HealthConfig { listen, beyond_loopback: self.http_beyond_loopback };
        Ok(Some(server.health(config).await?))
    }

    fn config(&self, data: &Path) -> Result<Config, Failure> {
        let url = self.nats.clone().ok_or_else(|| {
            Failure::usage("expected --nats URL: a company is served over NATS").hint(
                "without a NATS server, `countersign submit`, `decide` and the others work with --data DIR",
            )
        })?;
        let prefix = self.inbox_prefix.trim_end_matches('.');
        if prefix.is_empty() {
            return Err(Failure::usage("expected a prefix, such as _INBOX").at("--inbox-prefix"));
        }
        let endpoint = self.access.endpoint(url)?;
        let nats = NatsConfig {
            inbox_prefix: self.access.own_inbox(self.own_inbox.as_ref()),
            // A whole token: replies to `_INBOXES.x` are none.
            reply_prefix: format!("{prefix}."),
            trust_network: self.trust_network,
            tls: endpoint.tls,
            allow_cleartext: endpoint.allow_cleartext,
            limits: self.limits.as_deref().map(limits::read).transpose()?.unwrap_or_default(),
            ..NatsConfig::new(endpoint.url, endpoint.credentials, data.join("publication"))
        };
        let engine = EngineOptions {
            snapshot_every: self.snapshot_every,
            archive: self.archive.clone(),
            ..EngineOptions::directory(data)
        };
        Ok(Config { engine, nats: Some(nats) })
    }
}

/// Names the data directory where the error names no place.
fn at(error: countersign_server::ServerError, data: &Path) -> Failure {
    let from_engine = matches!(error, countersign_server::ServerError::Engine(_));
    let failure = Failure::from(error);
    if from_engine && failure.place.is_none() { failure.at(data.display().to_string()) } else { failure }
}

fn tell_start(report: &RecoveryReport) {
    if let Some(cut) = report.journal.cut {
        let (segment, offset, bytes) = (cut.segment, cut.offset, cut.bytes);
        let last_sequence = cut.last_sequence;
        tracing::warn!(
            segment,
            offset,
            bytes,
            last_sequence,
            "a torn last write, never answered for, was removed"
        );
    }
    let (frames, events, replay_ms) = (report.frames, report.events, report.replay_ms);
    let snapshot = report.snapshot;
    tracing::info!(snapshot, frames, events, replay_ms, "the log is whole and applied");
}

pub(super) fn start_log(format: LogFormat) -> Result<(), Failure> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => {
            EnvFilter::try_new(text).map_err(|error| Failure::usage(error.to_string()).at("RUST_LOG"))?
        }
        // What the connection goes through is told by the server itself, in its own words.
        _ => EnvFilter::new("info,async_nats=off"),
    };
    let colour = wants_colour(std::io::stderr().is_terminal());
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour);
    let started = match format {
        LogFormat::Text => log.finish().with(filter_fn(is_discreet)).try_init(),
        LogFormat::Json => log.json().flatten_event(true).finish().with(filter_fn(is_discreet)).try_init(),
    };
    started.map_err(|error| Failure::internal(format!("expected a log: {error}")))
}

/// Whatever RUST_LOG says: at the level of traces only this program's own code speaks. That of others shows there what
/// goes over its connections, passwords and documents among it.
fn is_discreet(of: &Metadata<'_>) -> bool {
    *of.level() != Level::TRACE || of.target().starts_with("countersign")
}

/// The signals that end a server.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(super) fn new() -> Result<Stop, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::new("IO", format!("expected to be told of signals: {error}")))
        };
        Ok(Stop { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    pub(super) async fn told(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
