//! Why a server does not start, or does not stop cleanly.

use std::net::SocketAddr;

use countersign_runtime::{EngineError, ReadError, Unavailable};
use thiserror::Error;

use crate::nats::NatsError;

/// Why a server does not start, or does not stop cleanly.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine gives no answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The log cannot be followed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The place of the publication cannot be kept.
    #[error("expected a usable directory for the place of the publication: {0}")]
    Position(std::io::Error),
    /// Health would be told to other machines, and nobody said so.
    #[error(
        "expected a loopback address, such as 127.0.0.1:9464, found {0}: whoever reaches it may read; if that is \
         meant, say so with --http-beyond-loopback"
    )]
    BeyondLoopback(SocketAddr),
    /// Nothing can listen there.
    #[error("expected an address that is free to listen on, found {address}: {error}")]
    Address {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// A thread of the server panicked.
    #[error("a part of the server ended: {0}")]
    Ended(String),
}

impl ServerError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            ServerError::Engine(error) => error.code(),
            ServerError::Unavailable(error) => error.code(),
            ServerError::Read(error) => error.code(),
            ServerError::Nats(error) => error.code(),
            ServerError::Position(_) => "IO",
            ServerError::BeyondLoopback(_) => "HTTP_BEYOND_LOOPBACK",
            ServerError::Address { .. } => "HTTP_ADDRESS",
            ServerError::Ended(_) => "INTERNAL",
        }
    }
}
