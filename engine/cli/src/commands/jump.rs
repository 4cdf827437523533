//! `countersign case jump`: an administrator puts a case elsewhere, past what its chain says.

use clap::Args;
use countersign_messages::{Jump as Wire, Request};

use super::asking::{Actor, Asking, Once, name};
use super::request::needed;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign case jump C-1 sealing --data DIR --reason 'the president has agreed by telephone'
  countersign case jump C-1 draft --nats URL --company yuanlan --system portal --as process_owner --person H03 --reason '...'

With --data it is recorded under the name of the operating system's user; over NATS it is for process owners alone. It is \
marked as an override for ever, and never counts as an approval.";

/// Where an administrator puts a case.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Jump {
    /// The case
    case: String,
    /// Where to: `draft`, or a state or an end of its chain
    to: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Jump {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, to, reason) = (name("CASE", &self.case)?, name("TO", &self.to)?, needed(&self.reason)?);
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } =
            self.actor.operates(&mut session, &self.once)?;
        let request = Wire { request_id, sent_at, person, position, case, to, reason };
        tell::acted(output, session, &Request::Jump(request))
    }
}
