//! `countersign reveal`, `countersign erase`: secrets are read by whoever may, and erased for ever.

use clap::Args;
use countersign_messages::{Request, Reveal as Wire, Revealed};

use super::asking::{Actor, Asking, Once, name};
use super::operate::Operate;
use crate::exit::Failure;
use crate::output::Output;
use crate::transport::Where;

const REVEAL: &str = "\
Examples:
  countersign reveal C-1 contact --data DIR --as file_custodian
  countersign reveal C-1 contact --nats URL --company yuanlan --system crm --as file_custodian --person H13

Every look is recorded before it is granted, and so is one that is denied.";

const ERASE: &str = "\
Examples:
  countersign erase C-1 --data DIR --reason 'the customer has asked for it'
  countersign erase C-1 --nats URL --company yuanlan --system crm --as file_custodian --person H13 --reason '...'

The key of the case's secrets is destroyed: nobody can read them any more, the log still holds together. With --data it \
is recorded under the name of the operating system's user. Back-ups of keys/ must forget the key as well.";

/// Read a secret of a case: recorded, whether it is granted or denied
#[derive(Args)]
#[command(after_help = REVEAL)]
pub(crate) struct Reveal {
    /// The case
    case: String,
    /// The field of its document
    field: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl Reveal {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, field) = (name("CASE", &self.case)?, name("FIELD", &self.field)?);
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = Request::Reveal(Wire { request_id, sent_at, person, position, case, field });
        let answer = session.ask::<Revealed>(&request);
        session.close()?;
        let answer = answer?;
        if output.json {
            return output.object(&answer.raw);
        }
        output.line(answer.value.value.as_deref().unwrap_or("-"))
    }
}

/// Erase the secrets of a case for ever
#[derive(Args)]
#[command(after_help = ERASE)]
pub(crate) struct Erase {
    #[command(flatten)]
    act: Operate,
}

impl Erase {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        self.act.run(output, Request::Erase)
    }
}
