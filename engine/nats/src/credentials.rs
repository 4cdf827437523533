//! Who this side is to a NATS server.

use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use nkeys::{KeyPair, KeyPairType};

use crate::{NatsAccessError, Secret};

/// The longest file that is taken for credentials: 64 KiB.
const CREDENTIALS_MAX: u64 = 64 << 10;

/// Who this side is to a NATS server.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nobody: for a server that authenticates nobody, or one that goes by certificates.
    None,
    /// A user with a password.
    UserPassword {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token.
    Token(Secret),
    /// A credentials file (`.creds`): a JWT and its seed.
    CredentialsFile(PathBuf),
    /// The seed of an nkey of a user, `SU...`.
    NkeySeed(Secret),
    /// A file with one.
    NkeyFile(PathBuf),
}

impl Credentials {
    /// Whether the secret itself goes to the server. With the others it stays here and signs.
    pub(crate) fn crosses_in_clear(&self) -> bool {
        matches!(self, Credentials::UserPassword { .. } | Credentials::Token(_))
    }

    pub(crate) fn apply(&self, options: ConnectOptions) -> Result<ConnectOptions, NatsAccessError> {
        Ok(match self {
            Credentials::None => options,
            Credentials::UserPassword { user, password } => {
                options.user_and_password(user.clone(), password.reveal().to_owned())
            }
            Credentials::Token(token) => options.token(token.reveal().to_owned()),
            Credentials::NkeySeed(seed) => options.nkey(user_seed(seed.reveal(), "the seed of an nkey")?),
            Credentials::NkeyFile(path) => {
                let what = format!("the seed of an nkey (SU...) in {}", path.display());
                options.nkey(user_seed(read(path, &what)?.reveal(), &what)?)
            }
            Credentials::CredentialsFile(path) => {
                let what = format!("a credentials file (.creds) at {}", path.display());
                let text = read(path, &what)?;
                let bad =
                    |why: &str| NatsAccessError::Credentials { what: what.clone(), why: why.to_owned() };
                options
                    .credentials(text.reveal())
                    .map_err(|_| bad("expected a JWT and a seed between their marks"))?
            }
        })
    }
}

/// A seed that signs for a user. What is wrong is said without what was found.
fn user_seed(text: &str, what: &str) -> Result<String, NatsAccessError> {
    let bad = |why: &str| NatsAccessError::Credentials { what: what.to_owned(), why: why.to_owned() };
    let seed = text.trim();
    let pair = KeyPair::from_seed(seed).map_err(|_| bad("it is none, or a letter of it is wrong"))?;
    if pair.key_pair_type() != KeyPairType::User {
        return Err(bad("it is not a user's, which begins with SU"));
    }
    Ok(seed.to_owned())
}

fn read(path: &Path, what: &str) -> Result<Secret, NatsAccessError> {
    let bad = |why: String| NatsAccessError::Credentials { what: what.to_owned(), why };
    let length = std::fs::metadata(path).map_err(|error| bad(error.kind().to_string()))?.len();
    if length > CREDENTIALS_MAX {
        return Err(bad(format!("it has {length} bytes, expected at most {CREDENTIALS_MAX}")));
    }
    crate::guarded(path);
    let text = std::fs::read_to_string(path).map_err(|error| bad(error.kind().to_string()))?;
    Ok(Secret::new(text))
}
