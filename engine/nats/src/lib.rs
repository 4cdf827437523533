//! How a NATS server is reached: its addresses, TLS, and who this side is to it. The engine, its commands and the
//! adapters reach it the same way.
//!
//! Files are read and held against each other before anything connects; what is wrong is named with a code and the
//! file. A password or token does not cross a network in the clear unless that was said in so many words.

mod credentials;
mod error;
mod secret;
mod tls;

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, ServerAddr};
use tokio::time::{Instant, sleep, timeout};

pub use credentials::Credentials;
pub use error::NatsAccessError;
pub use secret::Secret;
pub use tls::Tls;

/// How long one try to connect may take.
pub const ONE_TRY: Duration = Duration::from_secs(2);
/// The pause between two tries of the first connection.
const RETRY: Duration = Duration::from_millis(200);

/// A NATS server, and who this side is to it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// One address or several, separated by commas: `nats://127.0.0.1:4222`, `tls://nats.example:4222`.
    pub url: String,
    /// Who this side is.
    pub credentials: Credentials,
    /// What is believed of the server, and what is shown to it.
    pub tls: Tls,
    /// Sends a password or token even where others on the network could read it.
    pub allow_cleartext: bool,
}

impl Endpoint {
    /// Options for a connection; everything was looked at.
    ///
    /// # Errors
    /// `NATS_URL`, `NATS_CLEARTEXT`, `NATS_CA`, `NATS_CERTIFICATE`, `NATS_CREDENTIALS`.
    pub fn options(&self) -> Result<ConnectOptions, NatsAccessError> {
        let options = self.credentials.apply(self.secured()?)?;
        // What another server of the cluster is called, only TLS can vouch for: a password that stays on this machine
        // must not follow an address that a server names.
        let ignore = self.credentials.crosses_in_clear() && !self.is_tls()? && !self.allow_cleartext;
        Ok(if ignore { options.ignore_discovered_servers() } else { options })
    }

    /// Options to find out whether the server lets anybody in: no credentials, but the certificate where there are
    /// credentials beside it.
    ///
    /// # Errors
    /// As [`Endpoint::options`].
    pub fn probe(&self) -> Result<ConnectOptions, NatsAccessError> {
        let certificate_is_who = matches!(self.credentials, Credentials::None);
        let tls = if certificate_is_who {
            Tls { ca: self.tls.ca.clone(), ..Tls::default() }
        } else {
            self.tls.clone()
        };
        let anybody = Endpoint { credentials: Credentials::None, tls, ..self.clone() };
        Ok(anybody.secured()?.require_tls(self.is_tls()?).ignore_discovered_servers())
    }

    fn secured(&self) -> Result<ConnectOptions, NatsAccessError> {
        let tls = self.is_tls()?;
        let clear = self.addresses()?.into_iter().find(|address| !tls && !is_loopback(address));
        if let Some(address) = clear {
            let (address, sent) = (address.as_url_str(), self.credentials.crosses_in_clear());
            if sent && !self.allow_cleartext {
                return Err(NatsAccessError::Cleartext(address.to_owned()));
            }
            let what = if sent { "a password or token" } else { "what is asked and answered" };
            tracing::warn!(address, "{what} crosses the network in the clear");
        }
        self.tls.check()?;
        let mut options = ConnectOptions::new().connection_timeout(ONE_TRY).require_tls(tls);
        if let Some(ca) = &self.tls.ca {
            options = options.add_root_certificates(ca.clone());
        }
        if let (Some(certificate), Some(key)) = (&self.tls.certificate, &self.tls.key) {
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        Ok(options)
    }

    /// Whether every connection is one over TLS: one address that asks for it asks for all, since a client goes on to
    /// the next one where the first does not answer.
    fn is_tls(&self) -> Result<bool, NatsAccessError> {
        Ok(self.tls.is_wanted() || self.addresses()?.iter().any(ServerAddr::tls_required))
    }

    fn addresses(&self) -> Result<Vec<ServerAddr>, NatsAccessError> {
        // Before anything is shown.
        if self.url.contains('@') {
            return Err(NatsAccessError::Url("credentials have a place of their own".to_owned()));
        }
        let each = self.url.split(',').map(|text| {
            let address: ServerAddr =
                text.trim().parse().map_err(|error: std::io::Error| bad_url(text, error))?;
            if address.is_websocket() || address.host().is_empty() {
                return Err(bad_url(text, "another scheme, or no host"));
            }
            Ok(address)
        });
        each.collect()
    }
}

fn bad_url(text: &str, why: impl std::fmt::Display) -> NatsAccessError {
    NatsAccessError::Url(format!("{text} is none ({why})"))
}

fn is_loopback(address: &ServerAddr) -> bool {
    let host = address.host();
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Warns of a secret file that others on this machine may read.
fn guarded(path: &Path) {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others on this machine may read a secret file; chmod 600 it");
    }
}

/// Connects for the first time, and tries again until this time has passed. `configure` adds what a caller wants beside.
///
/// # Errors
/// Those of [`Endpoint::options`], at once; `NATS_REFUSED` and `NATS_TLS`, at once; `NATS_UNREACHABLE` after the time.
pub async fn connect(
    endpoint: &Endpoint,
    within: Duration,
    configure: impl Fn(ConnectOptions) -> ConnectOptions,
) -> Result<Client, NatsAccessError> {
    let until = Instant::now() + within;
    loop {
        let options = configure(endpoint.options()?);
        let why = match timeout(ONE_TRY, options.connect(endpoint.url.as_str())).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => transient(endpoint, &error)?,
            Err(_) => "no answer in time".to_owned(),
        };
        if Instant::now() + RETRY >= until {
            return Err(NatsAccessError::Unreachable { url: endpoint.url.clone(), why });
        }
        sleep(RETRY).await;
    }
}

/// Why a try failed that may succeed later; the others are errors at once.
fn transient(endpoint: &Endpoint, error: &ConnectError) -> Result<String, NatsAccessError> {
    let tls = |why: String| NatsAccessError::Tls { url: endpoint.url.clone(), why };
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            Err(NatsAccessError::Refused(error.to_string()))
        }
        ConnectErrorKind::Tls => Err(tls(error.to_string())),
        _ => match handshake(error) {
            Some(why) => Err(tls(why)),
            None => Ok(error.to_string()),
        },
    }
}

/// What TLS has against the other side, somewhere below an error.
fn handshake(error: &ConnectError) -> Option<String> {
    let mut below = error.source();
    while let Some(error) = below {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(found.to_string());
        }
        below = error.source();
    }
    None
}
