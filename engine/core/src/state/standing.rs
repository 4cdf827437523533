//! How an open case stands, as replies tell it.

use super::State;
use super::case::{Case, Stage};
use crate::command::{CaseNo, ContentHash};
use crate::name::Name;

/// How a case stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The state that it is in, as receipts name it.
    pub state: Name,
    /// The document's revision, which is the version of the case: it changes when what its submitter saw changes.
    pub revision: u32,
    /// The hash of the document.
    pub content_hash: ContentHash,
}

impl Standing {
    /// An open case as State has it. None in the middle of a split turn, whose place only the log tells.
    pub fn of(state: &State, number: CaseNo) -> Option<Standing> {
        let case = state.case(number)?;
        let revision = case.revision();
        Some(Standing { state: place(state, case)?, revision, content_hash: *case.content_hash() })
    }
}

/// The state that an open case stands in, as receipts name it.
pub fn place(state: &State, case: &Case) -> Option<Name> {
    let number = match case.stage() {
        Stage::Draft => return Some(Name::from("draft")),
        Stage::Held { .. } => return Some(Name::from("on-hold")),
        Stage::People { step, .. } => return Some(step.state.clone()),
        Stage::Entering(_) | Stage::Leaving { .. } => return None,
        Stage::Compensating { state: None, .. } => return Some(Name::from("compensating")),
        Stage::Fact { state, .. }
        | Stage::Until { state }
        | Stage::Working { state }
        | Stage::Message { state, .. }
        | Stage::Outside { state, .. }
        | Stage::Compensating { state: Some(state), .. } => *state,
    };
    let chain = state.definitions().release(case.release())?.chain(case.chain())?;
    chain.states.get(usize::from(number)).map(|state| state.name.clone())
}
