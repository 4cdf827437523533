//! What was handed in or decided is changed: another revision of a document under way, another end of a case.

use serde::{Deserialize, Serialize};

use super::body::CaseResubmitted;
use crate::command::CaseNo;
use crate::name::Name;

/// The submitter handed in another revision of a document that was under way: it goes over its course again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAmended {
    /// The revision, as of a document that is handed in again.
    pub again: CaseResubmitted,
    /// Approvals given before stand as opinions only: the amount is higher now.
    pub as_opinions: bool,
    /// Why.
    pub reason: Name,
}

/// A case that is over ended otherwise after all: another case, which its chain lets do so, decided it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReversed {
    /// The case.
    pub case: CaseNo,
    /// The case that decided so.
    pub by_case: CaseNo,
    /// As which request of the chain.
    pub entry: Name,
    /// Its end until now.
    pub was: Name,
    /// Its end from now on.
    pub end: Name,
    /// Whether that is a good one.
    pub good: bool,
}
