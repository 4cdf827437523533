//! How this program reaches a NATS server, and who it is there. Secrets come from the environment or from files, never
//! from arguments, which every user of the machine can read.

use std::path::PathBuf;

use clap::Args;
use countersign_nats::{Credentials, Endpoint, Secret, Tls};

use super::variable;
use crate::exit::Failure;

/// How the NATS server is reached, and who this program is there. Each also comes from the environment.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access to NATS")]
pub(crate) struct Access {
    /// User; the password is taken from COUNTERSIGN_NATS_PASSWORD [env: COUNTERSIGN_NATS_USER]
    #[arg(long, value_name = "USER", conflicts_with_all = ["nats_credentials", "nats_nkey"])]
    nats_user: Option<String>,
    /// Credentials file (.creds): a JWT and its seed [env: COUNTERSIGN_NATS_CREDENTIALS]
    #[arg(long, value_name = "FILE", conflicts_with = "nats_nkey")]
    nats_credentials: Option<PathBuf>,
    /// File with the seed of an nkey; or the seed in COUNTERSIGN_NATS_NKEY_SEED, a token in COUNTERSIGN_NATS_TOKEN
    #[arg(long, value_name = "FILE")]
    nats_nkey: Option<PathBuf>,
    /// The authorities (PEM) whose certificates are believed, in place of the system's; asks for TLS
    /// [env: COUNTERSIGN_NATS_CA]
    #[arg(long, value_name = "FILE")]
    nats_ca: Option<PathBuf>,
    /// The certificate (PEM) that is shown to the server; asks for TLS [env: COUNTERSIGN_NATS_CERT]
    #[arg(long, value_name = "FILE")]
    nats_cert: Option<PathBuf>,
    /// Its key (PEM) [env: COUNTERSIGN_NATS_KEY]
    #[arg(long, value_name = "FILE")]
    nats_key: Option<PathBuf>,
    /// Send a password or token without TLS to another machine; for a network that is protected otherwise
    #[arg(long)]
    nats_allow_cleartext: bool,
}

/// Variables that say who this program is; one of them at most.
const WHO: [&str; 4] = [
    "COUNTERSIGN_NATS_CREDENTIALS",
    "COUNTERSIGN_NATS_NKEY_SEED",
    "COUNTERSIGN_NATS_USER",
    "COUNTERSIGN_NATS_TOKEN",
];

impl Access {
    /// Where answers to this program go: under the name of its user, which is what permissions usually allow.
    pub(crate) fn own_inbox(&self, given: Option<&String>) -> String {
        let other = self.nats_credentials.is_some() || self.nats_nkey.is_some();
        let user = self.nats_user.clone().or_else(|| variable(WHO[2]).filter(|_| !other));
        match (given, user) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(user)) => format!("_INBOX.{user}"),
            (None, None) => "_INBOX".to_owned(),
        }
    }

    /// The server at this address, as options and environment say that it is reached.
    pub(crate) fn endpoint(&self, url: String) -> Result<Endpoint, Failure> {
        let (credentials, tls) = (self.credentials()?, self.tls());
        Ok(Endpoint { url, credentials, tls, allow_cleartext: self.nats_allow_cleartext })
    }

    fn tls(&self) -> Tls {
        let file =
            |given: &Option<PathBuf>, name| given.clone().or_else(|| variable(name).map(PathBuf::from));
        Tls {
            ca: file(&self.nats_ca, "COUNTERSIGN_NATS_CA"),
            certificate: file(&self.nats_cert, "COUNTERSIGN_NATS_CERT"),
            key: file(&self.nats_key, "COUNTERSIGN_NATS_KEY"),
        }
    }

    /// What the command line names goes before what the environment does.
    fn credentials(&self) -> Result<Credentials, Failure> {
        if let Some(path) = &self.nats_credentials {
            return Ok(Credentials::CredentialsFile(path.clone()));
        }
        if let Some(path) = &self.nats_nkey {
            return Ok(Credentials::NkeyFile(path.clone()));
        }
        if let Some(user) = &self.nats_user {
            return with_password(user.clone());
        }
        let found: Vec<_> = WHO.into_iter().filter(|name| variable(name).is_some()).collect();
        let [name] = found[..] else {
            return match found.is_empty() {
                true => Ok(Credentials::None),
                false => {
                    let message = format!("expected one of them, found {}", found.join(" and "));
                    Err(Failure::usage(message).at("the environment"))
                }
            };
        };
        let value = variable(name).unwrap_or_default();
        match name {
            "COUNTERSIGN_NATS_CREDENTIALS" => Ok(Credentials::CredentialsFile(PathBuf::from(value))),
            "COUNTERSIGN_NATS_NKEY_SEED" => Ok(Credentials::NkeySeed(Secret::new(value))),
            "COUNTERSIGN_NATS_USER" => with_password(value),
            _ => Ok(Credentials::Token(Secret::new(value))),
        }
    }
}

fn with_password(user: String) -> Result<Credentials, Failure> {
    let password = variable("COUNTERSIGN_NATS_PASSWORD").ok_or_else(|| {
        Failure::usage("expected the password of the NATS user in the variable COUNTERSIGN_NATS_PASSWORD")
    })?;
    Ok(Credentials::UserPassword { user, password: Secret::new(password) })
}
