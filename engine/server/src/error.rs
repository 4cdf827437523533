//! Why a server does not start, or does not stop cleanly.

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
            ServerError::Ended(_) => "INTERNAL",
        }
    }
}
