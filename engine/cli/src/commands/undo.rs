//! `countersign take-back`, `remove-approver`: what one has done oneself is undone.

use clap::Args;
use countersign_messages::{RemoveApprover as WireRemove, Request, TakeBack as WireTakeBack};

use super::asking::{Actor, Asking, Once, name, reason};
use super::request::needed;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

/// Take an own decision back, as long as nobody has gone on from it
#[derive(Args)]
#[command(after_help = "Examples:
  countersign take-back C-7 T-4 --data DIR --as bgm_js --reason 'the old price'")]
pub(crate) struct TakeBack {
    /// The case, such as C-7
    case: String,
    /// The task in which the decision was given, such as T-4
    task: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl TakeBack {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, task) = (name("CASE", &self.case)?, name("TASK", &self.task)?);
        let reason = reason(self.reason.as_ref())?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = WireTakeBack { request_id, sent_at, person, position, case, task, reason };
        tell::acted(output, session, &Request::TakeBack(request))
    }
}

/// Take back an approver whom one has added
#[derive(Args)]
#[command(after_help = "Examples:
  countersign remove-approver C-7 legal --data DIR --as bgm_js --reason 'seen elsewhere'")]
pub(crate) struct RemoveApprover {
    /// The case, such as C-7
    case: String,
    /// The position that was added
    approver: String,
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

impl RemoveApprover {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, approver) = (name("CASE", &self.case)?, name("POSITION", &self.approver)?);
        let reason = needed(&self.reason)?;
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } = self.actor.acts(&mut session, &self.once)?;
        let request = WireRemove { request_id, sent_at, person, position, case, approver, reason };
        tell::acted(output, session, &Request::RemoveApprover(request))
    }
}
