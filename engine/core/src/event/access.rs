//! Who looked at what is confidential, or tried to.

use serde::{Deserialize, Serialize};

use crate::command::CaseNo;
use crate::name::Name;

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
