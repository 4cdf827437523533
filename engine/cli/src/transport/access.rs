//! Who this program is to a NATS server. Secrets come from the environment or from files, never from arguments,
//! which every user of the machine can read.

use std::path::PathBuf;

use clap::Args;
use countersign_server::{Credentials, Secret};

use super::variable;
use crate::exit::Failure;

/// Who this program is to the NATS server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Access to NATS")]
pub(crate) struct Access {
    /// User; the password is taken from COUNTERSIGN_NATS_PASSWORD [env: COUNTERSIGN_NATS_USER]
    #[arg(long, value_name = "USER", conflicts_with_all = ["nats_credentials", "nats_nkey"])]
    nats_user: Option<String>,
    /// Credentials file (.creds); without any of these, a token from COUNTERSIGN_NATS_TOKEN is used if it is set
    #[arg(long, value_name = "FILE", conflicts_with = "nats_nkey")]
    pub(super) nats_credentials: Option<PathBuf>,
    /// File with the seed of an nkey
    #[arg(long, value_name = "FILE")]
    nats_nkey: Option<PathBuf>,
}

/// A secret as it was given.
pub(super) enum Given {
    User { user: String, password: String },
    Token(String),
    Seed(String),
}

impl Access {
    /// Where answers to this program go: under the name of its user, which is what permissions usually allow.
    pub(crate) fn own_inbox(&self, given: Option<&String>) -> String {
        let user = self.nats_user.clone().or_else(|| variable("COUNTERSIGN_NATS_USER"));
        match (given, user) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(user)) => format!("_INBOX.{user}"),
            (None, None) => "_INBOX".to_owned(),
        }
    }

    /// For the server: the credentials that the options and the environment name.
    pub(crate) fn credentials(&self) -> Result<Credentials, Failure> {
        if let Some(path) = &self.nats_credentials {
            return Ok(Credentials::CredentialsFile(path.clone()));
        }
        Ok(match self.secret()? {
            None => Credentials::None,
            Some(Given::User { user, password }) => {
                Credentials::UserPassword { user, password: Secret::new(password) }
            }
            Some(Given::Token(token)) => Credentials::Token(Secret::new(token)),
            Some(Given::Seed(seed)) => Credentials::NkeySeed(Secret::new(seed)),
        })
    }

    /// What is no credentials file.
    pub(super) fn secret(&self) -> Result<Option<Given>, Failure> {
        if let Some(path) = &self.nats_nkey {
            let seed = std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(error.to_string()).at(path.display().to_string()))?;
            return Ok(Some(Given::Seed(seed.trim().to_owned())));
        }
        if let Some(user) = self.nats_user.clone().or_else(|| variable("COUNTERSIGN_NATS_USER")) {
            let password = variable("COUNTERSIGN_NATS_PASSWORD").ok_or_else(|| {
                Failure::usage(
                    "expected the password of the NATS user in the variable COUNTERSIGN_NATS_PASSWORD",
                )
            })?;
            return Ok(Some(Given::User { user, password }));
        }
        Ok(variable("COUNTERSIGN_NATS_TOKEN").map(Given::Token))
    }
}
