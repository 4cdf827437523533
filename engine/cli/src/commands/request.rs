//! `countersign request`: a case is asked for something that its chain offers at any time.

use clap::Args;
use countersign_messages::{Ask, Document, Request as Wire};

use super::asking::{Actor, Asking, Once, name, reason};
use crate::document::DocumentArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign request C-1 cancel --data DIR --as rep_js1 --reason 'the customer has gone'
  countersign request C-1 change --data DIR --as rep_js1 --reason 'less is needed' --set qty=3

What may be asked, and by whom, stands under `anytime` of the case's chain.";

/// Ask a case for something, such as to cancel or to change it
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Request {
    /// The case
    case: String,
    /// What is asked: an entry under `anytime` of its chain
    request: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    with: DocumentArgs,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Request {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, request) = (name("CASE", &self.case)?, name("REQUEST", &self.request)?);
        let reason = needed(&self.reason)?;
        let with = if self.with.is_given() { self.with.read()? } else { Document::default() };
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let asked = Ask { request_id, sent_at, person, position, case, request, with, reason };
        tell::acted(output, session, &Wire::Ask(asked))
    }
}

/// A reason that must be given.
pub(super) fn needed(text: &String) -> Result<countersign_messages::Reason, Failure> {
    reason(Some(text))?.ok_or_else(|| Failure::usage("expected --reason TEXT"))
}
