//! `countersign preview`: who would have to sign a document, before it is handed in.

use clap::Args;
use countersign_messages::{Preview as Wire, PreviewView, Request};

use super::asking::{Actor, Asking, Once, name};
use crate::document::DocumentArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::{Answer, Where};

const EXAMPLES: &str = "\
Examples:
  countersign preview --data DIR --chain contract-review --as rep_js1 --document contract.json
  countersign preview --data DIR --chain contract-review --as bgm_js --document contract.json

Nothing is recorded. Exit code 1 where the document would be refused, or nobody could decide it.";

/// Tell who would have to sign a document, without handing it in
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Preview {
    /// The chain
    #[arg(long, value_name = "CHAIN")]
    chain: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    at: Where,
}

impl Preview {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let chain = name("--chain", &self.chain)?;
        let document = self.document.read()?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } =
            self.actor.acts(&mut session, &Once::default())?;
        let request = Request::Preview(Wire { request_id, sent_at, person, position, chain, document });
        let answer = session.ask(&request);
        session.close()?;
        let Answer { raw, value, .. }: Answer<PreviewView> = answer?;
        if output.json {
            output.object(&raw)?;
        } else {
            tell::preview(output, &value).into_iter().try_for_each(|line| output.line(line))?;
        }
        match value.problem {
            Some(problem) if output.json => Err(Failure { silent: true, ..problem.into() }),
            Some(problem) => Err(problem.into()),
            None if !value.decidable => Err(Failure::told()),
            None => Ok(()),
        }
    }
}
