//! `countersign publish`: events once more, for consumers that lost messages.

use std::path::Path;

use clap::Args;
use countersign_runtime::EngineOptions;
use countersign_server::{AskError, Config, NatsConfig, PublishAgain, PublishedAgain, Running, Server};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::{Access, DataDir, runtime};

const EXAMPLES: &str = "\
Examples:
  countersign publish --from 1200 --data /var/lib/countersign/yuanlan
  countersign log show --data DIR --from 1200             which events that will be
  COUNTERSIGN_NATS_PASSWORD=... countersign publish --from 1200 --data DIR --nats nats://127.0.0.1:4222 \\
      --nats-user engine                                  while nobody serves the directory

Everything from that frame on goes to the company's stream again, after what is there: each event under the id that it \
has, by which consumers know what they have already, as a message of its own, so that the stream takes it. New events \
follow after them, none is left out.

The process that serves the directory does it, over the connection that it has: run this on the same machine, as the \
user that it runs as. With --nats it is for a directory that nobody serves. Where a stream has lost its messages and \
the place of the publication is gone too (POSITION_MISSING), this says from where to go on.";

/// Publish events once more, for consumers that lost messages
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Publish {
    #[command(flatten)]
    data: DataDir,
    /// From this frame on
    #[arg(long, value_name = "SEQUENCE", value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// While nobody serves the directory: the NATS server, one address, or several with commas between them
    #[arg(long, value_name = "URL")]
    nats: Option<String>,
    /// Where answers to the engine itself go; `_INBOX.USER` if absent, or `_INBOX` without a user
    #[arg(long, value_name = "PREFIX", requires = "nats")]
    own_inbox: Option<String>,
    /// Publish even where the NATS server authenticates nobody
    #[arg(long, requires = "nats")]
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
        let what = PublishAgain { from: self.from, within_seconds: self.deadline };
        let out = match self.nats.clone() {
            None => runtime()?.block_on(Running::at(&data).publish_again(&what)).map_err(|error| {
                let nobody = matches!(error, AskError::NotServed { .. });
                let failure = Failure::from(error);
                if nobody {
                    failure.hint("while nobody serves it: --nats URL, the server that has its stream")
                } else {
                    failure
                }
            })?,
            Some(url) => runtime()?.block_on(self.alone(url, &data, &what)).map_err(|failure| {
                let served = failure.error.code == "LOCKED";
                if served {
                    failure.hint("without --nats that process publishes them itself")
                } else {
                    failure
                }
            })?,
        };
        if output.json {
            return output.object(&json!({ "stream": out.stream, "from": out.from, "to": out.to }));
        }
        let done = output.paint(Tone::Good, "published once more:");
        output.line(format!("{done} the events of frames {} to {}, in {}", out.from, out.to, out.stream))
    }

    /// Serves the directory for as long as it takes.
    async fn alone(&self, url: String, data: &Path, what: &PublishAgain) -> Result<PublishedAgain, Failure> {
        let endpoint = self.access.endpoint(url)?;
        let nats = NatsConfig {
            inbox_prefix: self.access.own_inbox(self.own_inbox.as_ref()),
            trust_network: self.trust_network,
            tls: endpoint.tls,
            allow_cleartext: endpoint.allow_cleartext,
            ..NatsConfig::new(endpoint.url, endpoint.credentials, data.join("publication"))
        };
        let config = Config { engine: EngineOptions::directory(data), nats: Some(nats) };
        let (server, _) = Server::start(config).await?;
        let published = server.operator().publish_again(what).await;
        server.stop().await?;
        Ok(published?)
    }
}
