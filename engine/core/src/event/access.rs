//! Who looked at what is confidential, or tried to.

use serde::{Deserialize, Serialize};

use crate::command::CaseNo;
use crate::name::Name;
use crate::secret::KeyId;

/// Somebody wanted to see a confidential case, or a secret of one, and may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessDenied {
    /// The case.
    pub case: CaseNo,
    /// Who.
    pub person: Name,
    /// In which post.
    pub position: Name,
    /// What they asked for: a verb of messages.
    pub verb: Name,
    /// The field, where it was a secret.
    pub field: Option<Name>,
}

/// Somebody read a secret of a case. It is in the log before they do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRevealed {
    /// The case.
    pub case: CaseNo,
    /// The field.
    pub field: Name,
    /// Who.
    pub person: Name,
    /// In which post.
    pub position: Name,
}

/// The keys of a case are destroyed, and its secrets with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretsErased {
    /// The case.
    pub case: CaseNo,
    /// The keys.
    pub keys: Vec<KeyId>,
    /// Who had it done.
    pub person: Name,
    /// In which post; empty: the operating system's user.
    pub position: Name,
    /// Why.
    pub reason: Name,
}
