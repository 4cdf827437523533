//! A case looked at once more, event by event: why each signature was given by whom it was, as `countersign explain`
//! says it at that moment, and which rows of tables its conditions read.

use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::explain::{Given, signature};
use countersign_core::state::{State, watch_frame};
use countersign_core::time::Timestamp;

use crate::case::Trial;
use crate::company::Company;
use crate::cover::rows::{self, Rows};
use crate::run::{Outcome, kept};

/// Why a signature was given by whom it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The case, by its business key where it has one.
    pub case: String,
    /// Its chain.
    pub chain: String,
    /// The position that signed.
    pub position: String,
    /// The rules and facts, one sentence each.
    pub because: Vec<String>,
}

/// What was seen of a case.
#[derive(Clone, Debug, Default)]
pub struct Watched {
    /// Its signatures, in the order in which they were given.
    pub signatures: Vec<Explained>,
    pub(crate) rows: Rows,
}

/// Runs a case and looks at every event of it.
pub fn watch(company: &Company, trial: &Trial) -> (Outcome, Watched) {
    let (outcome, log) = kept(company, trial);
    let mut watched = Watched::default();
    let Some((mut state, frames)) = log else { return (outcome, watched) };
    for frame in &frames {
        let mut given = Given::default();
        watch_frame(&mut state, frame, |state, event| {
            watched.explain(state, given.before(event), frame.at);
            rows::note(company.reads(), state, (event, frame.at), &mut watched.rows);
        });
        watched.explain(&state, given.last(), frame.at);
    }
    (outcome, watched)
}

impl Watched {
    fn explain(&mut self, state: &State, given: Option<(CaseNo, TaskNo)>, at: Timestamp) {
        let Some((number, task)) = given else { return };
        let Some(case) = state.case(number) else { return };
        let Some(reason) = signature(state, case, task, at) else { return };
        let key = case.key().map_or_else(|| format!("C-{number}"), ToString::to_string);
        self.signatures.push(Explained {
            case: key,
            chain: case.chain().to_string(),
            position: reason.position.to_string(),
            because: reason.because,
        });
    }
}
