//! Over NATS JetStream: a durable pull consumer for commands, acknowledged publications for the rest. Plain options
//! only: Debian's nats-server 2.9.10 is the floor, and an older server leaves out silently what it does not know, so
//! the returned configuration is compared.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::context::{GetStreamErrorKind, PublishErrorKind};
use async_nats::jetstream::message::Acker;
use async_nats::jetstream::{self, AckKind, Context};
use async_nats::{Client, ConnectOptions, HeaderMap};
use async_trait::async_trait;
use countersign_messages::{Flow, Token, adapter_consumer};
use countersign_nats::Endpoint;
pub use countersign_nats::{Credentials, Tls};
use futures_util::StreamExt;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::{Delivery, Intake, Outlet, Publication, Receipt, Transport, TransportError};

/// The pause between two looks for something that is not there yet.
const RETRY: Duration = Duration::from_millis(200);
/// Commands that one request to the server asks for.
const BATCH: usize = 16;
/// How long such a request stays open. A server that was restarted does not know it any more, and nobody says so.
const OPEN: Duration = Duration::from_secs(5);

/// How the NATS server is reached.
#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// `nats://127.0.0.1:4222`, or several, separated by commas. No password in it.
    pub url: String,
    /// Who the adapter is there.
    pub credentials: Credentials,
    /// Which certificates are believed, and which one is shown.
    pub tls: Tls,
    /// Sends a password over a network in the clear.
    pub allow_cleartext: bool,
    /// Where the adapter gets its own answers: `_INBOX`, or what the server's permissions allow.
    pub inbox_prefix: String,
    /// How long to wait for the connection: 10 s.
    pub connect_within: Duration,
    /// How long to wait for the streams, which `countersign serve` makes: 30 s.
    pub streams_within: Duration,
    /// After this pause a command comes again whose adapter has died: 30 s. While one is worked on, the server is told
    /// three times in it.
    pub ack_wait: Duration,
    /// How long the server may take to keep a publication: 5 s.
    pub kept_within: Duration,
    /// Commands that the server hands out without an acknowledgement, at most: 256.
    pub max_ack_pending: u32,
}

impl NatsSettings {
    /// A server at this address, with usual bounds.
    pub fn new(url: impl Into<String>, credentials: Credentials) -> NatsSettings {
        NatsSettings {
            url: url.into(),
            credentials,
            tls: Tls::default(),
            allow_cleartext: false,
            inbox_prefix: "_INBOX".to_owned(),
            connect_within: Duration::from_secs(10),
            streams_within: Duration::from_secs(30),
            ack_wait: Duration::from_secs(30),
            kept_within: Duration::from_secs(5),
            max_ack_pending: 256,
        }
    }
}

/// Connects an adapter of a company: waits for the streams, makes the adapter's consumer, and compares it with what was
/// asked for.
pub async fn connect(
    settings: &NatsSettings,
    company: &Token,
    adapter: &Token,
) -> Result<Transport, TransportError> {
    let client = first_connection(settings, adapter).await?;
    let mut context = jetstream::new(client.clone());
    context.set_timeout(settings.kept_within);
    for flow in [Flow::Commands, Flow::Answers, Flow::Facts, Flow::Dead] {
        stream_within(&context, &flow.stream(company), settings.streams_within).await?;
    }
    let consumer = consumer(&context, settings, company, adapter).await?;
    let intake =
        Commands { consumer, batch: None, keep: settings.ack_wait / 3, client, context: context.clone() };
    Ok(Transport { intake: Box::new(intake), outlet: Arc::new(Publications { context }) })
}

async fn first_connection(settings: &NatsSettings, adapter: &Token) -> Result<Client, TransportError> {
    let endpoint = Endpoint {
        url: settings.url.clone(),
        credentials: settings.credentials.clone(),
        tls: settings.tls.clone(),
        allow_cleartext: settings.allow_cleartext,
    };
    let configure = |options: ConnectOptions| {
        options
            .name(format!("countersign-adapter-{adapter}"))
            .custom_inbox_prefix(&settings.inbox_prefix)
            .event_callback(|event| async move { tracing::info!(%event, "NATS") })
    };
    let connected = countersign_nats::connect(&endpoint, settings.connect_within, configure).await;
    connected.map_err(|error| TransportError::new(error.code(), error.to_string()))
}

async fn stream_within(context: &Context, name: &str, within: Duration) -> Result<(), TransportError> {
    let until = Instant::now() + within;
    loop {
        let why = match context.get_stream(name).await {
            Ok(_) => return Ok(()),
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) => error.to_string(),
                _ => error.to_string(),
            },
        };
        if Instant::now() + RETRY >= until {
            let message = format!(
                "expected the stream {name}, which `countersign serve` makes for its company: {why}; start the \
                 engine, or look whether the adapter's user may ask for the stream"
            );
            return Err(TransportError::new("STREAM_MISSING", message));
        }
        sleep(RETRY).await;
    }
}

async fn consumer(
    context: &Context,
    settings: &NatsSettings,
    company: &Token,
    adapter: &Token,
) -> Result<PullConsumer, TransportError> {
    let failed = |why: String| TransportError::new("CONSUMER", why);
    let name = adapter_consumer(adapter);
    let wanted = pull::Config {
        durable_name: Some(name.clone()),
        name: Some(name.clone()),
        description: Some("work for a Countersign adapter".to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: settings.ack_wait,
        // Never given up by the server, which would do so in silence; the kit counts and writes a dead letter.
        max_deliver: -1,
        // One subject: several are new in 2.10.
        filter_subject: Flow::Commands.subjects_of(company, adapter).unwrap_or_default(),
        max_ack_pending: i64::from(settings.max_ack_pending),
        ..pull::Config::default()
    };
    let stream = context.get_stream_no_info(Flow::Commands.stream(company)).await;
    let stream = stream.map_err(|error| failed(error.to_string()))?;
    let consumer = stream.create_consumer(wanted.clone()).await.map_err(|error| {
        failed(format!(
            "expected to be able to make the consumer {name}: {error}; remove the one that is there"
        ))
    })?;
    let found = &consumer.cached_info().config;
    let same = [
        ("filter_subject", found.filter_subject == wanted.filter_subject),
        ("ack_policy", found.ack_policy == wanted.ack_policy),
        ("ack_wait", found.ack_wait == wanted.ack_wait),
        ("max_deliver", found.max_deliver == wanted.max_deliver),
        ("max_ack_pending", found.max_ack_pending == wanted.max_ack_pending),
        ("deliver_policy", found.deliver_policy == wanted.deliver_policy),
    ];
    if let Some((field, _)) = same.iter().find(|(_, same)| !same) {
        return Err(failed(format!(
            "expected the consumer {name} with our {field}; remove it, or change it"
        )));
    }
    Ok(consumer)
}

struct Commands {
    consumer: PullConsumer,
    batch: Option<pull::Batch>,
    keep: Duration,
    /// Kept so that the connection lives as long as the intake.
    client: Client,
    context: Context,
}

#[async_trait]
impl Intake for Commands {
    async fn next(&mut self) -> Option<Delivery> {
        let mut failures: u32 = 0;
        loop {
            let Some(batch) = &mut self.batch else {
                let asked = self.consumer.batch().max_messages(BATCH).expires(OPEN).messages().await;
                match asked {
                    Ok(batch) => self.batch = Some(batch),
                    Err(error) => {
                        failures = failures.saturating_add(1);
                        let connection = self.client.connection_state();
                        tracing::warn!(%error, %connection, failures, "no commands; asking again");
                        sleep((RETRY * failures).min(Duration::from_secs(5))).await;
                    }
                }
                continue;
            };
            match batch.next().await {
                Some(Ok(message)) => return Some(delivery(message, &self.context, self.keep)),
                Some(Err(error)) => {
                    failures = failures.saturating_add(1);
                    tracing::warn!(%error, failures, "no commands; asking again");
                    self.batch = None;
                    sleep((RETRY * failures).min(Duration::from_secs(5))).await;
                }
                // The request has run its time.
                None => self.batch = None,
            }
        }
    }
}

fn delivery(message: jetstream::Message, context: &Context, keep: Duration) -> Delivery {
    let (deliveries, id) = match message.info() {
        Ok(info) => {
            (u64::try_from(info.delivered).unwrap_or(1), format!("{}-{}", info.stream, info.stream_sequence))
        }
        Err(_) => (1, "unnumbered".to_owned()),
    };
    let acker = Acker::new(context.clone(), message.reply.clone());
    let reply = message.reply.clone();
    let context = context.clone();
    let alive = tokio::spawn(async move {
        let acker = Acker::new(context, reply);
        loop {
            sleep(keep).await;
            if let Err(error) = acker.ack_with(AckKind::Progress).await {
                tracing::warn!(%error, "the server could not be told that a command is being worked on");
            }
        }
    });
    Delivery {
        subject: message.subject.to_string(),
        payload: message.payload.to_vec(),
        deliveries,
        id,
        receipt: Box::new(Slip { acker, alive }),
    }
}

/// While it is there, the server is told that the command is being worked on.
struct Slip {
    acker: Acker,
    alive: JoinHandle<()>,
}

impl Drop for Slip {
    fn drop(&mut self) {
        self.alive.abort();
    }
}

impl Slip {
    async fn told(&self, kind: AckKind) -> Result<(), TransportError> {
        self.alive.abort();
        self.acker.double_ack_with(kind).await.map_err(|error| {
            TransportError::new(
                "NOT_ACKNOWLEDGED",
                format!("expected the server to hear of the end: {error}"),
            )
        })
    }
}

#[async_trait]
impl Receipt for Slip {
    async fn done(self: Box<Self>) -> Result<(), TransportError> {
        self.told(AckKind::Ack).await
    }

    async fn terminate(self: Box<Self>) -> Result<(), TransportError> {
        self.told(AckKind::Term).await
    }

    async fn again(self: Box<Self>, pause: Duration) {
        self.alive.abort();
        let pause = (!pause.is_zero()).then_some(pause);
        if let Err(error) = self.acker.ack_with(AckKind::Nak(pause)).await {
            tracing::warn!(%error, "a command could not be given back; it comes again after the server's pause");
        }
    }
}

struct Publications {
    context: Context,
}

#[async_trait]
impl Outlet for Publications {
    async fn publish(&self, message: &Publication) -> Result<(), TransportError> {
        let failed = |error: async_nats::jetstream::context::PublishError| {
            let (code, what) = match error.kind() {
                PublishErrorKind::StreamNotFound => ("STREAM_MISSING", "a stream that keeps it"),
                PublishErrorKind::TimedOut => ("NOT_ACKNOWLEDGED", "an acknowledgement in time"),
                _ => ("NOT_PUBLISHED", "the server to keep it"),
            };
            TransportError::new(code, format!("expected {what} for {}: {error}", message.subject))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in message.headers() {
            headers.insert(name, value);
        }
        let subject = message.subject.clone();
        let payload = message.payload.clone().into();
        let sent = self.context.publish_with_headers(subject, headers, payload).await.map_err(failed)?;
        sent.await.map(|_| ()).map_err(failed)
    }
}
