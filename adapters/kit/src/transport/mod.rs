//! How commands come in and answers go out. The rest of the kit does not know which way that is.

pub mod in_process;
pub mod nats;

use std::time::Duration;

use async_trait::async_trait;

/// Both directions of one adapter.
pub struct Transport {
    /// Where commands come in.
    pub intake: Box<dyn Intake>,
    /// Where everything else goes out.
    pub outlet: std::sync::Arc<dyn Outlet>,
}

/// A command as it comes in.
pub struct Delivery {
    /// The whole subject.
    pub subject: String,
    /// The message.
    pub payload: Vec<u8>,
    /// Which delivery of it this is, from 1.
    pub deliveries: u64,
    /// The transport's own name for the message, the same in every delivery.
    pub id: String,
    /// Tells the transport what became of it.
    pub receipt: Box<dyn Receipt>,
}

/// Where commands come in.
#[async_trait]
pub trait Intake: Send {
    /// The next command. None: nothing comes any more.
    async fn next(&mut self) -> Option<Delivery>;
}

/// Tells the transport what became of a command. Until then it knows that the command is being worked on; a receipt
/// that is dropped is as good as a process that died: the command comes again.
#[async_trait]
pub trait Receipt: Send + Sync {
    /// It is done with, for ever.
    async fn done(self: Box<Self>) -> Result<(), TransportError>;
    /// It will never be done; a dead letter has been kept.
    async fn terminate(self: Box<Self>) -> Result<(), TransportError>;
    /// It shall come again, after this pause.
    async fn again(self: Box<Self>, pause: Duration);
}

/// Where answers, facts and dead letters go out.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Publishes; it is kept when this returns. Published again under the same id it counts once.
    async fn publish(&self, message: &Publication) -> Result<(), TransportError>;
}

/// Something to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The whole subject.
    pub subject: String,
    /// By which repeats are dropped.
    pub id: String,
    /// The header that ties an order together, where it is known.
    pub correlation: Option<String>,
    /// The message.
    pub payload: Vec<u8>,
}

impl Publication {
    /// The headers: names and values.
    pub fn headers(&self) -> Vec<(&'static str, &str)> {
        use countersign_messages::headers::{CONTENT_TYPE, COUNTERSIGN_CORRELATION, NATS_MSG_ID};
        let mut headers = vec![(NATS_MSG_ID, self.id.as_str()), (CONTENT_TYPE, "application/json")];
        headers.extend(self.correlation.as_deref().map(|of| (COUNTERSIGN_CORRELATION, of)));
        headers
    }
}

/// Why a transport cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// Stable, for programs: `NATS_UNREACHABLE`, `STREAM_MISSING` ...
    pub code: &'static str,
    /// What was expected, and what to do.
    pub message: String,
}

impl TransportError {
    /// An error with a code and a sentence.
    pub fn new(code: &'static str, message: impl Into<String>) -> TransportError {
        TransportError { code, message: message.into() }
    }
}
