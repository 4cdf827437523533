//! `countersign refer-up`: a task is handed to the superior.

use clap::Args;
use countersign_messages::{ReferUp as Wire, ReferUpReason, Request};

use super::asking::{Actor, Asking, Once, name};
use super::on_task::present;
use crate::exit::{Failure, form};
use crate::output::Output;
use crate::tell;
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign refer-up C-7 T-4 --data DIR --as bgm_js

What is within one's own limit is not pushed up: a conflict of interest is the only ground (R22).";

/// Hand a task to the superior for a conflict of interest
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReferUp {
    /// The case
    case: String,
    /// The task
    task: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "conflict_of_interest")]
    reason: String,
    /// The version of the task that was seen; the present one if absent
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl ReferUp {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, task) = (name("CASE", &self.case)?, name("TASK", &self.task)?);
        let reason = ReferUpReason::try_from(self.reason).map_err(form("--reason"))?;
        let mut session = self.at.open()?;
        let asking = self.actor.acts(&mut session, &self.once)?;
        let version = match self.version {
            Some(version) => version,
            None => present(&mut session, &asking, &case, &task)?,
        };
        let Asking { request_id, sent_at, person, position } = asking;
        let request =
            Request::ReferUp(Wire { request_id, sent_at, person, position, case, task, version, reason });
        tell::acted(output, session, &request)
    }
}
