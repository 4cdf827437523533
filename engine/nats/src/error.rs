//! Why a NATS server cannot be reached, each with a stable code.

use std::path::PathBuf;

use thiserror::Error;

/// Why a NATS server cannot be reached. Never shows a secret, nor what a file with one holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NatsAccessError {
    /// An address is none, or holds a password, which logs would show.
    #[error(
        "expected nats://HOST:PORT or tls://HOST:PORT, several with commas between them, without a password: {0}"
    )]
    Url(String),
    /// A password or token would cross a network in the clear.
    #[error(
        "expected TLS to {0}: a password or token must not cross a network in the clear; use tls://, name the CA of \
         the server's certificate, or use an nkey or a credentials file, which never leave this machine"
    )]
    Cleartext(String),
    /// The file with the authorities whose certificates are believed.
    #[error("expected a file with the certificates of authorities (PEM) at {path}: {why}")]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The certificate and the key of this side.
    #[error("expected a client certificate with its key (PEM) at {path}: {why}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A credentials file, or the seed of an nkey.
    #[error("expected {what}: {why}")]
    Credentials {
        /// What was expected, and where.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is a server, but no TLS with it.
    #[error("expected TLS with {url}: {why}; is its authority the one that was named, and the host its own?")]
    Tls {
        /// Where.
        url: String,
        /// What came instead.
        why: String,
    },
    /// The server does not let this side in.
    #[error("expected a NATS server that lets this user in, it refused: {0}")]
    Refused(String),
    /// The server cannot be reached.
    #[error("expected a NATS server at {url}: {why}")]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What came instead.
        why: String,
    },
}

impl NatsAccessError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            NatsAccessError::Url(_) => "NATS_URL",
            NatsAccessError::Cleartext(_) => "NATS_CLEARTEXT",
            NatsAccessError::Ca { .. } => "NATS_CA",
            NatsAccessError::Certificate { .. } => "NATS_CERTIFICATE",
            NatsAccessError::Credentials { .. } => "NATS_CREDENTIALS",
            NatsAccessError::Tls { .. } => "NATS_TLS",
            NatsAccessError::Refused(_) => "NATS_REFUSED",
            NatsAccessError::Unreachable { .. } => "NATS_UNREACHABLE",
        }
    }
}
