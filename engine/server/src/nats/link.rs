//! A connection to NATS, and whether it may be believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use countersign_core::command::VouchedBy;
use countersign_nats::Endpoint;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::NatsError;
use crate::config::NatsConfig;

/// Messages that may wait within this process before they are looked at. Looking is quick, since whoever asks too much
/// is turned away unread; what still does not fit is dropped, and its caller asks again.
const INCOMING_MAX: usize = 4_096;
/// The longest pause between two tries to connect again.
const RECONNECT_MAX: Duration = Duration::from_millis(1_000);
/// How long the test may take whether the server lets anybody in.
const PROBE: Duration = Duration::from_secs(2);

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
    let endpoint = config.endpoint();
    let (told, connected) = watch::channel(false);
    let (told, changed) = (Arc::new(told), Arc::new(Notify::new()));
    let configure =
        |options| configured(options, name, &config.inbox_prefix, (told.clone(), changed.clone()));
    let client = countersign_nats::connect(&endpoint, config.connect_within, configure).await?;
    told.send_replace(true);
    let authenticates = client.server_info().auth_required && !lets_anybody_in(&endpoint).await;
    let believed =
        Believed { trust_network: config.trust_network, authenticates: AtomicBool::new(authenticates) };
    let link = Link { client, connected, believed: Arc::new(believed) };
    if link.vouched_by().is_none() {
        return Err(NatsError::NotAuthenticated);
    }
    if !authenticates {
        tracing::warn!("the NATS server does not authenticate; every request is recorded as such");
    }
    tokio::spawn(watch_over(link.client.clone(), link.believed.clone(), changed, endpoint));
    Ok(link)
}

type Told = (Arc<watch::Sender<bool>>, Arc<Notify>);

fn configured(options: ConnectOptions, name: &str, inbox: &str, told: Told) -> ConnectOptions {
    let on_event = move |event: Event| {
        let (connected, changed) = told.clone();
        async move { noted(&event, &connected, &changed) }
    };
    options
        .name(name)
        .custom_inbox_prefix(inbox)
        .subscription_capacity(INCOMING_MAX)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|tries| {
            let tries = u32::try_from(tries).unwrap_or(u32::MAX);
            Duration::from_millis(50).saturating_mul(tries).min(RECONNECT_MAX)
        })
        .event_callback(on_event)
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
async fn watch_over(client: Client, believed: Arc<Believed>, changed: Arc<Notify>, endpoint: Endpoint) {
    loop {
        changed.notified().await;
        let authenticates = client.server_info().auth_required && !lets_anybody_in(&endpoint).await;
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
async fn lets_anybody_in(endpoint: &Endpoint) -> bool {
    // Files that were readable at the start and are not now keep nobody out: what is not known counts as let in.
    let Ok(options) = endpoint.probe() else { return true };
    let options = options.connection_timeout(PROBE).name("countersign-probe");
    matches!(timeout(PROBE, options.connect(endpoint.url.as_str())).await, Ok(Ok(_)))
}
