//! Files for TLS, looked at before anything connects: a mistake is named with its file, not met at midnight.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::NatsAccessError;

/// What is believed of the server, and what is shown to it. Any of both asks for TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// The authorities whose certificates are believed, in PEM; without it those of the system.
    pub ca: Option<PathBuf>,
    /// The certificate of this side, in PEM with those between it and its authority.
    pub certificate: Option<PathBuf>,
    /// Its key, in PEM.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// Whether anything is said of TLS.
    pub(crate) fn is_wanted(&self) -> bool {
        *self != Tls::default()
    }

    /// Reads every file as the connection will.
    pub(crate) fn check(&self) -> Result<(), NatsAccessError> {
        let mut roots = RootCertStore::empty();
        if let Some(path) = &self.ca {
            let bad = |why: String| NatsAccessError::Ca { path: path.clone(), why };
            for certificate in certificates(path).map_err(bad)? {
                roots.add(certificate).map_err(|error| bad(error.to_string()))?;
            }
        }
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(()),
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(path), None) => return Err(half(path, "a certificate without its key")),
            (None, Some(path)) => return Err(half(path, "a key without its certificate")),
        };
        let bad = |path: &Path, why: String| NatsAccessError::Certificate { path: path.to_owned(), why };
        let chain = certificates(certificate).map_err(|why| bad(certificate, why))?;
        let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| bad(key, shown(&error)))?;
        crate::guarded(key);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder =
            versions.map_err(|error| bad(certificate, error.to_string()))?.with_root_certificates(roots);
        // The two must belong together.
        builder.with_client_auth_cert(chain, secret).map_err(|error| bad(key, error.to_string())).map(drop)
    }
}

fn half(path: &Path, why: &str) -> NatsAccessError {
    NatsAccessError::Certificate { path: path.to_owned(), why: format!("found {why}") }
}

/// At least one certificate.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| shown(&error))?;
    let found = read.collect::<Result<Vec<_>, _>>().map_err(|error| shown(&error))?;
    if found.is_empty() { Err("no certificate is in it".to_owned()) } else { Ok(found) }
}

/// An error of reading PEM, without what stands in the file.
fn shown(error: &rustls::pki_types::pem::Error) -> String {
    use rustls::pki_types::pem::Error;
    match error {
        Error::Io(error) => error.kind().to_string(),
        Error::NoItemsFound => "nothing of that kind is in it".to_owned(),
        _ => "it is not PEM".to_owned(),
    }
}
