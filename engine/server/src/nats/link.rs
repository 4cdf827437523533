//! A connection to NATS, and whether it may be believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event};
use countersign_core::command::VouchedBy;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::NatsError;
use crate::config::{Credentials, NatsConfig};

/// How long to wait between two tries of the first connection.
const RETRY: Duration = Duration::from_millis(200);
/// The longest pause between two tries to connect again.
const RECONNECT_MAX: Duration = Duration::from_millis(1_000);
/// How long the test may take whether the server lets anybody in.
const PROBE: Duration = Duration::from_secs(2);
/// How long one try to connect may take.
const ONE_TRY: Duration = Duration::from_secs(2);

/// A connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) client: Client,
    connected: watch::Receiver<bool>,
    believed: Arc<Believed>,
}

/// What is believed of the server.
struct Believed {
    trust_network: bool,
    /// It authenticates every connection, as far as was seen when it was last connected to.
    authenticates: AtomicBool,
}

impl Link {
    /// How persons are vouched for who come over this connection. None: the server lets anybody in, and nobody said
    /// that this is all right.
    pub(crate) fn vouched_by(&self) -> Option<VouchedBy> {
        match (self.believed.authenticates.load(Ordering::Relaxed), self.believed.trust_network) {
            (true, false) => Some(VouchedBy::System),
            (_, true) => Some(VouchedBy::TrustedNetwork),
            (false, false) => None,
        }
    }

    /// Whether the connection stands.
    pub(crate) fn is_connected(&self) -> bool {
        *self.connected.borrow()
    }

    /// Waits until the connection is gone.
    pub(crate) async fn disconnected(&self) {
        let mut connected = self.connected.clone();
        drop(connected.wait_for(|connected| !*connected).await);
    }

    /// Waits until the connection stands, but no longer than this.
    pub(crate) async fn connected_within(&self, wait: Duration) -> bool {
        let mut connected = self.connected.clone();
        // The sender lives as long as the client, which this link holds.
        matches!(timeout(wait, connected.wait_for(|connected| *connected)).await, Ok(Ok(_)))
    }
}

/// Connects, and looks whether the server authenticates. It looks again after every reconnection: another server may
/// stand at the same address by then.
pub(crate) async fn connect(config: &NatsConfig, name: &str) -> Result<Link, NatsError> {
    // A password within the address would be shown by logs and errors.
    if config.url.contains('@') {
        return Err(NatsError::Url);
    }
    let (told, connected) = watch::channel(false);
    let changed = Arc::new(Notify::new());
    let client = first_connection(config, name, (told, changed.clone())).await?;
    let authenticates = client.server_info().auth_required && !lets_anybody_in(&config.url).await;
    let believed =
        Believed { trust_network: config.trust_network, authenticates: AtomicBool::new(authenticates) };
    let link = Link { client, connected, believed: Arc::new(believed) };
    if link.vouched_by().is_none() {
        return Err(NatsError::NotAuthenticated);
    }
    if !authenticates {
        tracing::warn!("the NATS server does not authenticate; every request is recorded as such");
    }
    tokio::spawn(watch_over(link.client.clone(), link.believed.clone(), changed, config.url.clone()));
    Ok(link)
}

type Told = (watch::Sender<bool>, Arc<Notify>);

async fn first_connection(config: &NatsConfig, name: &str, told: Told) -> Result<Client, NatsError> {
    let until = Instant::now() + config.connect_within;
    let (connected, changed) = (Arc::new(told.0), told.1);
    loop {
        let options = options(config, name, (connected.clone(), changed.clone())).await?;
        let why = match timeout(ONE_TRY, options.connect(config.url.as_str())).await {
            Ok(Ok(client)) => {
                connected.send_replace(true);
                return Ok(client);
            }
            Ok(Err(error)) => match error.kind() {
                ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                    return Err(NatsError::Refused(error.to_string()));
                }
                _ => error.to_string(),
            },
            Err(_) => "no answer in time".to_owned(),
        };
        if Instant::now() + RETRY >= until {
            return Err(NatsError::Unreachable { url: config.url.clone(), why });
        }
        sleep(RETRY).await;
    }
}

async fn options(
    config: &NatsConfig,
    name: &str,
    told: (Arc<watch::Sender<bool>>, Arc<Notify>),
) -> Result<ConnectOptions, NatsError> {
    let options = ConnectOptions::new();
    let options = match &config.credentials {
        Credentials::None => options,
        Credentials::UserPassword { user, password } => {
            options.user_and_password(user.clone(), password.reveal().to_owned())
        }
        Credentials::Token(token) => options.token(token.reveal().to_owned()),
        Credentials::NkeySeed(seed) => options.nkey(seed.reveal().to_owned()),
        Credentials::CredentialsFile(path) => {
            options.credentials_file(path).await.map_err(NatsError::Credentials)?
        }
    };
    let on_event = move |event: Event| {
        let (connected, changed) = told.clone();
        async move { noted(&event, &connected, &changed) }
    };
    Ok(options
        .name(name)
        .custom_inbox_prefix(&config.inbox_prefix)
        .connection_timeout(ONE_TRY)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|tries| {
            let tries = u32::try_from(tries).unwrap_or(u32::MAX);
            Duration::from_millis(50).saturating_mul(tries).min(RECONNECT_MAX)
        })
        .event_callback(on_event))
}

fn noted(event: &Event, connected: &watch::Sender<bool>, changed: &Notify) {
    match event {
        Event::Connected => {
            tracing::info!("connected to NATS");
            connected.send_replace(true);
            changed.notify_one();
        }
        Event::Disconnected => {
            tracing::warn!("the connection to NATS is gone; decisions go on, publication waits");
            connected.send_replace(false);
        }
        // Only the engine itself closes a connection: it stops.
        Event::Draining => tracing::info!("the connection to NATS is being closed"),
        Event::Closed => {
            tracing::info!("the connection to NATS is closed");
            connected.send_replace(false);
        }
        other => tracing::warn!(event = %other, "NATS"),
    }
}

/// After every reconnection: whether the server still authenticates.
async fn watch_over(client: Client, believed: Arc<Believed>, changed: Arc<Notify>, url: String) {
    loop {
        changed.notified().await;
        let authenticates = client.server_info().auth_required && !lets_anybody_in(&url).await;
        let before = believed.authenticates.swap(authenticates, Ordering::Relaxed);
        if before && !authenticates {
            tracing::error!(
                "the NATS server no longer authenticates; requests are refused unless the network is trusted"
            );
        }
    }
}

/// Whether a connection without credentials is taken: a server may say that it authenticates and still have a user
/// for those who do not.
async fn lets_anybody_in(url: &str) -> bool {
    let options = ConnectOptions::new().connection_timeout(PROBE).name("countersign-probe");
    matches!(timeout(PROBE, options.connect(url)).await, Ok(Ok(_)))
}
