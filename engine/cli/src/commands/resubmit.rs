//! `countersign resubmit`: a returned document is handed in again.

use clap::Args;
use countersign_messages::{Case, CaseView, Request, Resubmit as Wire};

use super::asking::{Actor, Asking, Once, name, reason};
use crate::document::DocumentArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign resubmit C-7 --data DIR --as rep_js1 --set days=30      one field changed
  countersign resubmit C-7 --data DIR --as rep_js1 --document contract.json

A change of a commercial field voids the signatures given; any other change keeps them.";

/// Hand in a returned document again
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Resubmit {
    /// The case
    case: String,
    /// What was changed
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The version of the case that was seen; the present one if absent
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Resubmit {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, reason) = (name("CASE", &self.case)?, reason(self.reason.as_ref())?);
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let whole = self.document.document.is_some().then_some(self.version).flatten();
        let seen: Option<CaseView> = match whole {
            Some(_) => None,
            None => {
                let (id, sent_at) = (Once::default().id()?, Once::default().time()?);
                let (person, position, case) = (person.clone(), position.clone(), case.clone());
                let look = Case { request_id: id, sent_at, person, position, case, at_least: None };
                Some(session.ask(&Request::Case(look))?.value)
            }
        };
        let version = self.version.or(seen.as_ref().map(|seen| seen.version)).unwrap_or_default();
        let document = self.document.over(seen.map(|seen| seen.document))?;
        let request = Request::Resubmit(Wire {
            request_id,
            sent_at,
            person,
            position,
            case,
            version,
            document,
            reason,
        });
        tell::acted(output, session, &request)
    }
}
