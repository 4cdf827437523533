//! `countersign case hold|resume|retry|compensate|settle`: an operator steps in.

use clap::Args;
use countersign_messages::{Operate as Wire, Request};

use super::asking::{Actor, Asking, Once, name};
use super::request::needed;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign case hold C-1 --data DIR --as process_owner --reason 'the customer is being audited'
  countersign case resume C-1 --data DIR --as process_owner --reason 'the audit is over'
  countersign case retry C-1 --data DIR --as process_owner --reason 'the ERP is back'
  countersign case compensate C-1 --data DIR --as process_owner --reason 'it will not be delivered'
  countersign case settle C-1 --data DIR --as process_owner --reason 'the works order was cancelled by telephone'

With --data it is recorded under the name of the operating system's user. Over NATS it is for process owners and \
whoever drives the chain.";

/// What an operator does to a case.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Operate {
    /// The case
    case: String,
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

impl Operate {
    pub(super) fn run(self, output: &Output, request: fn(Wire) -> Request) -> Result<(), Failure> {
        let (case, reason) = (name("CASE", &self.case)?, needed(&self.reason)?);
        let mut session = self.at.open()?;
        // Whoever has the files needs no post; over NATS one is needed.
        let Asking { request_id, sent_at, person, position } =
            self.actor.operates(&mut session, &self.once)?;
        let act = Wire { request_id, sent_at, person, position, case, reason };
        tell::acted(output, session, &request(act))
    }
}
