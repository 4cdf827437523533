//! `countersign fact`: something happened that a case may be waiting for.

use clap::Args;
use countersign_messages::{Document, Fact as Wire, FactAccepted, FactName, Request};

use super::asking::{Once, name};
use crate::document::DocumentArgs;
use crate::exit::{Failure, form};
use crate::output::{Output, Tone};
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign fact seal-desk.contract.sealed --data DIR --message-id S-17 --set contract_no=HT-1

Told twice under one --message-id, a fact counts once. Over NATS a system tells only its own facts: seal-desk tells \
seal-desk.contract.sealed.";

/// Tell a fact that a case may be waiting for
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fact {
    /// What happened: ADAPTER.OBJECT.FACT
    fact: String,
    /// The sender's id for it
    #[arg(long, value_name = "ID")]
    message_id: String,
    /// What it belongs to
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Fact {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let fact = FactName::new(self.fact).map_err(form("FACT"))?;
        let message_id = name("--message-id", &self.message_id)?;
        let key = self.key.as_deref().map(|key| name("--key", key)).transpose()?;
        let data = if self.document.is_given() { self.document.read()? } else { Document::default() };
        let mut session = self.at.open()?;
        let (request_id, sent_at) = (self.once.id()?, self.once.time()?);
        let (person, position) = (None, None);
        let request =
            Request::Fact(Wire { request_id, sent_at, person, position, fact, message_id, key, data });
        let answer = session.ask::<FactAccepted>(&request);
        session.close()?;
        let answer = answer?;
        if output.json {
            return output.object(&answer.raw);
        }
        let FactAccepted { message_id, cases, sequence, kept, .. } = answer.value;
        let recorded = output.paint(Tone::Good, if kept { "kept" } else { "recorded" });
        let waited = match (kept, cases.is_empty()) {
            (true, _) => "no case waits for it yet".to_owned(),
            (false, true) => "no case had waited for it".to_owned(),
            (false, false) => format!("{} had waited for it", cases.join(", ")),
        };
        output.line(format!("{message_id} is {recorded} at sequence {sequence}; {waited}"))
    }
}
