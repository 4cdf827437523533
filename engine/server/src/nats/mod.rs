//! The door to NATS: a connection that authenticates, and the service that answers requests.

mod link;
mod service;
pub(crate) mod streams;
mod who;

use countersign_runtime::Unavailable;
use thiserror::Error;

pub(crate) use link::{Link, connect};
pub(crate) use service::Service;
pub use service::ServiceCounts;
pub(crate) use who::already_served;

/// Why there is no service over NATS.
#[derive(Debug, Error)]
pub enum NatsError {
    /// The address holds a password, which logs would show.
    #[error("expected credentials apart from the address of the NATS server")]
    Url,
    /// Credentials cannot be read.
    #[error("expected readable credentials: {0}")]
    Credentials(std::io::Error),
    /// The server refuses the engine.
    #[error("expected a NATS server that lets the engine in, it refused: {0}")]
    Refused(String),
    /// The server cannot be reached.
    #[error("expected a NATS server at {url}: {why}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What came instead.
        why: String,
    },
    /// The server lets anybody in, so that nobody could be believed.
    #[error(
        "expected a NATS server that authenticates every connection: without it any caller could speak as any system; configure its authorization, or accept the risk with --trust-network, which is recorded with every request"
    )]
    NotAuthenticated,
    /// Another engine answers for the company.
    #[error("expected nobody to serve {company} yet, found an engine that does: {found}")]
    AlreadyServed {
        /// The company.
        company: String,
        /// What the other engine says of itself.
        found: String,
    },
    /// The connection does not take a subscription.
    #[error("expected to be able to subscribe to {subject}: {why}")]
    Subscribe {
        /// To what.
        subject: String,
        /// Why not.
        why: String,
    },
    /// The engine gives no answer.
    #[error(transparent)]
    Engine(#[from] Unavailable),
}

impl NatsError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            NatsError::Url => "NATS_URL",
            NatsError::Credentials(_) => "NATS_CREDENTIALS",
            NatsError::Refused(_) => "NATS_REFUSED",
            NatsError::Unreachable { .. } => "NATS_UNREACHABLE",
            NatsError::NotAuthenticated => "NATS_NOT_AUTHENTICATED",
            NatsError::AlreadyServed { .. } => "ALREADY_SERVED",
            NatsError::Subscribe { .. } => "NATS_SUBSCRIBE",
            NatsError::Engine(error) => error.code(),
        }
    }
}
