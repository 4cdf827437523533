//! What a server is started with. Secrets are never shown.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use countersign_messages::DEFAULT_REPLY_PREFIX;
use countersign_nats::{Credentials, Endpoint, Tls};
use countersign_runtime::EngineOptions;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// The engine behind it.
    pub engine: EngineOptions,
    /// The NATS server; without one, messages go over the in-process bus alone.
    pub nats: Option<NatsConfig>,
}

impl Config {
    /// An engine with the in-process bus.
    pub fn embedded(engine: EngineOptions) -> Config {
        Config { engine, nats: None }
    }
}

/// How the NATS server is reached and what is believed of it.
#[derive(Clone, Debug)]
pub struct NatsConfig {
    /// One address or several, separated by commas: `nats://127.0.0.1:4222`.
    pub url: String,
    /// Who the engine is there.
    pub credentials: Credentials,
    /// Which certificates are believed, and which one is shown.
    pub tls: Tls,
    /// Sends a password or token over a network in the clear.
    pub allow_cleartext: bool,
    /// Where the engine gets its own answers: `_INBOX`, or what the server's permissions allow, such as
    /// `_INBOX.engine`.
    pub inbox_prefix: String,
    /// Replies go only to subjects that begin so.
    pub reply_prefix: String,
    /// Serves even where the server authenticates nobody. Recorded with every request.
    pub trust_network: bool,
    /// Requests under way at most, of all systems; beyond it `OVERLOADED`.
    pub in_flight_max: usize,
    /// How long the engine may take to answer a request before its caller is told that it does not (`NO_PROGRESS`): 60 s,
    /// far beyond anything but a disk that hangs.
    pub answer_within: Duration,
    /// What each system may ask.
    pub limits: RequestLimits,
    /// How long to wait for the first connection.
    pub connect_within: Duration,
    /// Where the position of the publication is kept.
    pub publication: Option<PublicationConfig>,
}

impl NatsConfig {
    /// A server at this address, with publication kept in this directory, and usual bounds.
    pub fn new(url: impl Into<String>, credentials: Credentials, publication: PathBuf) -> NatsConfig {
        NatsConfig {
            url: url.into(),
            credentials,
            tls: Tls::default(),
            allow_cleartext: false,
            inbox_prefix: "_INBOX".to_owned(),
            reply_prefix: DEFAULT_REPLY_PREFIX.to_owned(),
            trust_network: false,
            in_flight_max: 1_024,
            answer_within: Duration::from_secs(60),
            limits: RequestLimits::default(),
            connect_within: Duration::from_secs(5),
            publication: Some(PublicationConfig::new(publication)),
        }
    }

    /// The server, and who the engine is to it.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint {
            url: self.url.clone(),
            credentials: self.credentials.clone(),
            tls: self.tls.clone(),
            allow_cleartext: self.allow_cleartext,
        }
    }
}

/// What each system may ask of the service over NATS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestLimits {
    /// A system that is not named.
    pub each: SystemLimits,
    /// Those that are, by name.
    pub systems: BTreeMap<String, SystemLimits>,
}

/// What one system may ask of the service over NATS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemLimits {
    /// Requests a second; beyond it `OVERLOADED`. 10,000 unless said otherwise.
    pub requests_per_second: u32,
    /// Requests at once after a pause: 10,000.
    pub burst: u32,
    /// Bytes of a request; beyond it `TOO_LARGE`: 1 MiB.
    pub request_bytes_max: usize,
    /// Requests under way; beyond it `OVERLOADED`: 256, a quarter of what the service takes.
    pub under_way_max: u32,
}

impl Default for SystemLimits {
    fn default() -> SystemLimits {
        SystemLimits {
            requests_per_second: 10_000,
            burst: 10_000,
            request_bytes_max: 1 << 20,
            under_way_max: 256,
        }
    }
}

/// How events are published.
#[derive(Clone, Debug)]
pub struct PublicationConfig {
    /// The directory of the small file that remembers how far the stream has come.
    pub directory: PathBuf,
    /// Events under way without an acknowledgement, at most.
    pub window: usize,
    /// How many servers of a cluster keep the stream.
    pub replicas: u32,
    /// Bytes that the stream may have; none: as many as the server allows.
    pub bytes_max: Option<u64>,
    /// How long an acknowledgement may take before the stream is looked at again.
    pub acknowledged_within: Duration,
    /// How long the stream knows message ids; nothing relies on it.
    pub duplicates: Duration,
}

impl PublicationConfig {
    /// With usual bounds.
    pub fn new(directory: PathBuf) -> PublicationConfig {
        PublicationConfig {
            directory,
            window: 256,
            replicas: 1,
            bytes_max: None,
            acknowledged_within: Duration::from_secs(3),
            duplicates: Duration::from_secs(120),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_nats::Secret;

    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let password = Secret::new("hunter2");
        let credentials = Credentials::UserPassword { user: "engine".into(), password };
        let config = NatsConfig::new("nats://127.0.0.1:4222", credentials, PathBuf::from("p"));
        let shown = format!("{config:?}");
        assert!(shown.contains("engine") && !shown.contains("hunter2"), "{shown}");
        assert!(!format!("{:?}", Credentials::Token(Secret::new("hunter2"))).contains("hunter2"));
    }
}
