//! The door to NATS: a connection that authenticates, and the service that answers requests.

mod gate;
mod link;
mod service;
pub(crate) mod streams;
mod who;

use countersign_nats::NatsAccessError;
use countersign_runtime::Unavailable;
use thiserror::Error;

pub use gate::SystemCounts;
pub(crate) use link::{Link, connect};
pub(crate) use service::Service;
pub use service::ServiceCounts;
pub(crate) use who::already_served;

/// Why there is no service over NATS.
#[derive(Debug, Error)]
pub enum NatsError {
    /// The server cannot be reached as was asked.
    #[error(transparent)]
    Access(#[from] NatsAccessError),
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
            NatsError::Access(error) => error.code(),
            NatsError::NotAuthenticated => "NATS_NOT_AUTHENTICATED",
            NatsError::AlreadyServed { .. } => "ALREADY_SERVED",
            NatsError::Subscribe { .. } => "NATS_SUBSCRIBE",
            NatsError::Engine(error) => error.code(),
        }
    }
}
