//! `countersign withdraw`: the submitter takes a case back.

use clap::Args;
use countersign_messages::{Request, Withdraw as Wire};

use super::asking::{Actor, Asking, Once, name, reason};
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign withdraw C-7 --data DIR --as rep_js1 --reason 'the customer waits until autumn'

Whoever has signed already is told.";

/// Take a case back, before the final decision
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Withdraw {
    /// The case
    case: String,
    /// Why; whoever has signed is told
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Withdraw {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, reason) = (name("CASE", &self.case)?, reason(self.reason.as_ref())?);
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = Request::Withdraw(Wire { request_id, sent_at, person, position, case, reason });
        tell::acted(output, session, &request)
    }
}
