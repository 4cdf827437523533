//! `countersign resubmit` and `amend`: the next revision of a document, returned or under way.

use clap::Args;
use countersign_messages::{Amend as WireAmend, Case, CaseView, Document, Request, Resubmit as Wire};

use super::asking::{Actor, Asking, Once, name, reason};
use super::request::needed;
use crate::document::DocumentArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::{Session, Where};

const EXAMPLES: &str = "\
Examples:
  countersign resubmit C-7 --data DIR --as rep_js1 --set days=30      one field changed
  countersign resubmit C-7 --data DIR --as rep_js1 --document contract.json

A change of a commercial field voids the signatures given; any other change keeps them.";

const AMEND_EXAMPLES: &str = "\
Examples:
  countersign amend C-7 --data DIR --as rep_js1 --set total=9800000.00 --reason 'the customer takes less'

The document goes over its course again. A smaller amount keeps the signatures given, a larger one keeps approvals as
opinions, any other change of a commercial field voids them all. What is being carried out is FROZEN.";

/// Hand in a returned document again
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Resubmit {
    #[command(flatten)]
    revision: Revision,
    /// What was changed
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Hand in another revision of a document that is under way
#[derive(Args)]
#[command(after_help = AMEND_EXAMPLES)]
pub(crate) struct Amend {
    #[command(flatten)]
    revision: Revision,
    /// What is changed, and why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args)]
struct Revision {
    /// The case
    case: String,
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

/// The next revision, and what it is handed in with.
struct Next {
    asking: Asking,
    case: countersign_messages::Name,
    version: u64,
    document: Document,
}

impl Revision {
    fn next(&self, session: &mut Session) -> Result<Next, Failure> {
        let case = name("CASE", &self.case)?;
        let asking = self.actor.acts(session, &self.once)?;
        let whole = self.document.document.is_some().then_some(self.version).flatten();
        let seen: Option<CaseView> = match whole {
            Some(_) => None,
            None => {
                let (request_id, sent_at) = (Once::default().id()?, Once::default().time()?);
                let (person, position, case) = (asking.person.clone(), asking.position.clone(), case.clone());
                let look = Case { request_id, sent_at, person, position, case, at_least: None };
                Some(session.ask(&Request::Case(look))?.value)
            }
        };
        let version = self.version.or(seen.as_ref().map(|seen| seen.version)).unwrap_or_default();
        let document = self.document.over(seen.map(|seen| seen.document))?;
        Ok(Next { asking, case, version, document })
    }
}

impl Resubmit {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let reason = reason(self.reason.as_ref())?;
        let mut session = self.revision.at.open()?;
        let Next { asking, case, version, document } = self.revision.next(&mut session)?;
        let Asking { request_id, sent_at, person, position } = asking;
        let wire = Wire { request_id, sent_at, person, position, case, version, document, reason };
        tell::acted(output, session, &Request::Resubmit(wire))
    }
}

impl Amend {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let reason = needed(&self.reason)?;
        let mut session = self.revision.at.open()?;
        let Next { asking, case, version, document } = self.revision.next(&mut session)?;
        let Asking { request_id, sent_at, person, position } = asking;
        let wire = WireAmend { request_id, sent_at, person, position, case, version, document, reason };
        tell::acted(output, session, &Request::Amend(wire))
    }
}
