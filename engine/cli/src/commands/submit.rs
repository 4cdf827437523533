//! `countersign submit`: a document is handed in.

use clap::Args;
use countersign_messages::{Request, Submit as Wire};

use super::asking::{Actor, Asking, Once, name, reason};
use crate::document::DocumentArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign submit --data DIR --chain contract-review --as rep_js1 --document contract.json
  countersign submit --data DIR --chain market-intel --as rep_js1 --set intel_no=MI-1 \\
      --set about=price --set unit=js --set seen_on=2025-04-21 --set text='EB-S for 2,499'
  countersign submit --nats nats://127.0.0.1:4222 --company yuanlan --system crm --nats-user crm \\
      --as rep_js1 --person H31 --chain contract-review --document - < contract.json

`countersign preview` tells who would have to sign, without handing anything in.";

/// Hand in a document: a case begins
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Submit {
    /// The chain that the document goes through
    #[arg(long, value_name = "CHAIN")]
    chain: String,
    /// The superior it is addressed to, where the chain lets one choose
    #[arg(long, value_name = "POSITION")]
    to: Option<String>,
    /// Why it is handed in
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Submit {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (chain, reason) = (name("--chain", &self.chain)?, reason(self.reason.as_ref())?);
        let addressee = self.to.as_deref().map(|to| name("--to", to)).transpose()?;
        let document = self.document.read()?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = Request::Submit(Wire {
            request_id,
            sent_at,
            person,
            position,
            chain,
            document,
            addressee,
            reason,
        });
        tell::acted(output, session, &request)
    }
}
