//! `countersign publish`: events once more, for consumers that lost messages.

use std::time::Duration;

use clap::Args;
use countersign_runtime::EngineOptions;
use countersign_server::{Config, NatsConfig, Server};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::{Access, DataDir, runtime};

const EXAMPLES: &str = "\
Examples:
  COUNTERSIGN_NATS_PASSWORD=... countersign publish --from 1200 --data /var/lib/countersign/yuanlan \\
      --nats nats://127.0.0.1:4222 --nats-user engine
  countersign log show --data DIR --from 1200             which events that will be

Everything from that frame on goes to the company's stream again, after what is there: each event under the id that it \
has, by which consumers know what they have already, as a message of its own, so that the stream takes it. New events \
follow after them, none is left out.

For a directory that nobody serves: LOCKED names the process that does. Stop it, publish, start it again; it goes on \
after what is out. Where a stream has lost its messages and the place of the publication is gone too \
(POSITION_MISSING), this says from where to go on.";

/// Publish events once more, for consumers that lost messages
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Publish {
    #[command(flatten)]
    data: DataDir,
    /// From this frame on
    #[arg(long, value_name = "SEQUENCE", value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// The NATS server: one address, or several with commas between them
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Where answers to the engine itself go; `_INBOX.USER` if absent, or `_INBOX` without a user
    #[arg(long, value_name = "PREFIX")]
    own_inbox: Option<String>,
    /// Publish even where the NATS server authenticates nobody
    #[arg(long)]
    trust_network: bool,
    /// Seconds that it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    deadline: u64,
    #[command(flatten)]
    access: Access,
}

impl Publish {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let url = self.nats.clone().ok_or_else(|| {
            Failure::usage("expected --nats URL: the server that has the company's stream").at("--nats")
        })?;
        let endpoint = self.access.endpoint(url)?;
        let nats = NatsConfig {
            inbox_prefix: self.access.own_inbox(self.own_inbox.as_ref()),
            trust_network: self.trust_network,
            tls: endpoint.tls,
            allow_cleartext: endpoint.allow_cleartext,
            ..NatsConfig::new(endpoint.url, endpoint.credentials, data.join("publication"))
        };
        let config = Config { engine: EngineOptions::directory(&data), nats: Some(nats) };
        let (stream, last) = runtime()?.block_on(async {
            let (server, _) = Server::start(config).await?;
            let published = self.publish(&server).await;
            server.stop().await?;
            published
        })?;
        if output.json {
            return output.object(&json!({ "stream": stream, "from": self.from, "to": last }));
        }
        let done = output.paint(Tone::Good, "published once more:");
        output.line(format!("{done} the events of frames {} to {last}, in {stream}", self.from))
    }

    /// Gives the stream and the last frame.
    async fn publish(&self, server: &Server) -> Result<(String, u64), Failure> {
        let last = server.engine().log().durable();
        if self.from > last {
            let message = format!("expected a frame up to {last}, the last of the log, found {}", self.from);
            return Err(Failure::new("SEQUENCE_UNKNOWN", message).at("--from"));
        }
        let out = server.republish(self.from, Duration::from_secs(self.deadline)).await;
        let publication = server.status().publication.unwrap_or_default();
        if out {
            return Ok((publication.stream, last));
        }
        let held = publication.held.map(|held| Failure::new(held.code, held.reason));
        Err(held.unwrap_or_else(|| {
            let message = format!("expected the stream to take everything within {} s", self.deadline);
            Failure::new("NO_ANSWER", message).hint("the next start goes on after what is out")
        }))
    }
}
