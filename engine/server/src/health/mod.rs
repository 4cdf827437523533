//! How the server is doing, over HTTP: `/livez`, `/readyz`, `/metrics`. It tells progress, not presence: a process
//! that answers while nothing is decided is not alive. It listens on loopback unless it is told otherwise, and shows
//! no document, no person and no amount.

mod looks;
mod metrics;
mod overdue;
mod status;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::error::ServerError;
use crate::server::told_to_stop;
use looks::{ALIVE, Looks};
use metrics::Metrics;
use overdue::Overdue;
pub use status::Reason;
pub(crate) use status::StatusSource;

/// Where health is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthConfig {
    /// The address; port 0: any that is free.
    pub listen: SocketAddr,
    /// Listens on an address that other machines reach. Whoever reaches it may read, nobody is asked who they are.
    pub beyond_loopback: bool,
}

/// The door. It closes when it is dropped.
pub struct Health {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// What the handlers share.
struct Shared {
    source: StatusSource,
    looks: Looks,
    metrics: Metrics,
}

/// What `/livez` says.
#[derive(Serialize)]
struct Live {
    /// `alive`, or why not.
    status: &'static str,
    /// The last frame that State contains.
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<u64>,
    /// The last frame that is on the disk.
    durable: u64,
}

/// What `/readyz` says.
#[derive(Serialize)]
struct Ready {
    /// `ready` or `not-ready`.
    status: &'static str,
    /// The last frame that State contains; absent where the core thread gave no answer in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<u64>,
    /// The last frame that is on the disk.
    durable: u64,
    /// Messages that wait for the core thread.
    queue_depth: u64,
    /// Durable frames that each follower of the log has not applied yet: views, publication, commands.
    lag: BTreeMap<String, u64>,
    /// Bytes that are free where the data is.
    #[serde(skip_serializing_if = "Option::is_none")]
    disk_free_bytes: Option<u64>,
    /// Why not; empty where it is.
    reasons: Vec<Reason>,
}

impl Health {
    /// Opens the door.
    ///
    /// # Errors
    /// `HTTP_BEYOND_LOOPBACK`, `HTTP_ADDRESS`.
    pub(crate) async fn open(source: StatusSource, config: HealthConfig) -> Result<Health, ServerError> {
        if !config.listen.ip().is_loopback() && !config.beyond_loopback {
            return Err(ServerError::BeyondLoopback(config.listen));
        }
        let refused = |error| ServerError::Address { address: config.listen, error };
        let listener = TcpListener::bind(config.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let overdue = Overdue::start(source.engine().clone()).await;
        let (metrics, looks) = (Metrics::new(source.clone(), overdue), Looks::new(source.desk.clone()));
        let shared = Arc::new(Shared { source, looks, metrics });
        let router = Router::new()
            .route("/livez", get(live))
            .route("/readyz", get(ready))
            .route("/metrics", get(metrics_text))
            .with_state(shared);
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let closing = async move { told_to_stop(&mut stopped).await };
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(closing).await {
                tracing::error!(%error, "health is told no longer");
            }
        });
        Ok(Health { address, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.task.abort();
    }
}

/// Alive: the core thread takes turns.
async fn live(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let engine = shared.source.engine();
    let durable = engine.log().durable();
    // The answer waits until what it saw is durable: a log that cannot be written is noticed, too.
    let look = timeout(ALIVE, engine.read(|state| state.head().sequence)).await;
    let (code, status, applied) = match look {
        Ok(Ok((applied, _))) => (StatusCode::OK, "alive", Some(applied)),
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, error.code(), None),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "NO_PROGRESS", None),
    };
    (code, Json(Live { status, applied, durable })).into_response()
}

/// Ready: everything works as it should.
async fn ready(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let seen = shared.looks.look().await;
    let status = shared.source.status();
    let mut reasons = status.reasons();
    if seen.applied.is_none() && !status.engine.ended && status.engine.failed.is_none() {
        reasons.push(Reason::no_progress());
    }
    let (code, word) = match reasons.is_empty() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not-ready"),
    };
    let engine = status.engine;
    let lag = engine.followers.iter();
    let ready = Ready {
        status: word,
        applied: seen.applied,
        durable: engine.durable,
        queue_depth: engine.counts.queued,
        lag: lag.map(|(name, applied)| (name.clone(), engine.durable.saturating_sub(*applied))).collect(),
        disk_free_bytes: seen.disk.map(|(free, _)| free),
        reasons,
    };
    (code, Json(ready)).into_response()
}

async fn metrics_text(Extract(shared): Extract<Arc<Shared>>) -> Response {
    let seen = shared.looks.look().await;
    match shared.metrics.text(seen) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
