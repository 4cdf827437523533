//! What is done with a task beside answering it: `countersign transfer`, `consult`, `add-approver`, `claim`, `release`.

use clap::Args;
use countersign_messages::{
    AddApprover as WireAdd, Claim as WireClaim, Consult as WireConsult, Inbox, InboxView, Name, Place,
    Release as WireRelease, Request, Transfer as WireTransfer,
};

use super::asking::{Actor, Asking, Once, name};
use super::request::needed;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::{Session, Where};

/// A task, and who does something with it.
#[derive(Args)]
pub(crate) struct OnTask {
    /// The case, such as C-7
    case: String,
    /// The task, such as T-3
    task: String,
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

/// The same, ready to be asked.
pub(super) struct Ready {
    session: Session,
    asking: Asking,
    case: Name,
    task: Name,
    version: u64,
}

impl OnTask {
    pub(super) fn ready(self) -> Result<Ready, Failure> {
        let (case, task) = (name("CASE", &self.case)?, name("TASK", &self.task)?);
        let mut session = self.at.open()?;
        let asking = self.actor.acts(&mut session, &self.once)?;
        let version = match self.version {
            Some(version) => version,
            None => present(&mut session, &asking, &case, &task)?,
        };
        Ok(Ready { session, asking, case, task, version })
    }
}

/// The version of a task as it stands. Of one that is not in the inbox the engine says what is wrong with it.
pub(super) fn present(
    session: &mut Session,
    asking: &Asking,
    case: &Name,
    task: &Name,
) -> Result<u64, Failure> {
    let (request_id, sent_at) = (Once::default().id()?, Once::default().time()?);
    let (person, position) = (asking.person.clone(), asking.position.clone());
    let look = Inbox { request_id, sent_at, person, position, at_least: None, after: None, limit: None };
    let inbox: InboxView = session.ask(&Request::Inbox(look))?.value;
    let mut own = inbox.items.iter().filter(|i| i.case == case.as_str() && i.task == task.as_str());
    Ok(own.next().map_or(1, |item| item.version))
}

const TRANSFER: &str = "\
Examples:
  countersign transfer C-7 T-4 --to bgm_zj --reason 'she knows the customer' --data DIR --as bgm_js

The other post decides by an authority of its own. Where its limit does not suffice it reviews, and the route goes on. \
Not to the submitter, nor to somebody whom the step asks anyway, nor up to a superior where one's own limit suffices.";

/// Hand a task to another post
#[derive(Args)]
#[command(after_help = TRANSFER)]
pub(crate) struct Transfer {
    #[command(flatten)]
    on: OnTask,
    /// The position that answers from now on
    #[arg(long, value_name = "POSITION")]
    to: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl Transfer {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (to, reason) = (name("--to", &self.to)?, needed(&self.reason)?);
        let Ready { session, asking, case, task, version } = self.on.ready()?;
        let Asking { request_id, sent_at, person, position } = asking;
        let request = WireTransfer { request_id, sent_at, person, position, case, task, version, to, reason };
        tell::acted(output, session, &Request::Transfer(request))
    }
}

const CONSULT: &str = "\
Examples:
  countersign consult C-7 T-4 --to legal --question 'Is clause 7 usual?' --data DIR --as bgm_js

The other post gets a task of its own and answers it with `decide`; whatever it says is an opinion, shown in the inbox of \
whoever asked. Nothing waits for it.";

/// Ask another post for an opinion; the task stays where it is
#[derive(Args)]
#[command(after_help = CONSULT)]
pub(crate) struct Consult {
    #[command(flatten)]
    on: OnTask,
    /// The position that is asked
    #[arg(long, value_name = "POSITION")]
    to: String,
    /// What is asked
    #[arg(long, value_name = "TEXT")]
    question: String,
}

impl Consult {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (to, question) = (name("--to", &self.to)?, needed(&self.question)?);
        let Ready { session, asking, case, task, version } = self.on.ready()?;
        let Asking { request_id, sent_at, person, position } = asking;
        let request =
            WireConsult { request_id, sent_at, person, position, case, task, version, to, question };
        tell::acted(output, session, &Request::Consult(request))
    }
}

const ADD: &str = "\
Examples:
  countersign add-approver C-7 T-4 --to legal --place before --reason 'a new customer' --data DIR --as bgm_js

Whoever is added reviews it: before (the task is asked again afterwards), after or beside. It adds scrutiny, never \
authority. `countersign remove-approver` takes an own addition back.";

/// Have another post review a document too: before, after or beside
#[derive(Args)]
#[command(after_help = ADD)]
pub(crate) struct AddApprover {
    #[command(flatten)]
    on: OnTask,
    /// The position that is added
    #[arg(long, value_name = "POSITION")]
    to: String,
    /// Where: before, after or beside whoever adds
    #[arg(long, value_name = "PLACE", value_parser = place)]
    place: Place,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn place(text: &str) -> Result<Place, String> {
    let found = Place::ALL.into_iter().find(|place| place.as_str() == text);
    found.ok_or_else(|| format!("expected one of {}", Place::ALL.map(Place::as_str).join(", ")))
}

impl AddApprover {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (to, reason, place) = (name("--to", &self.to)?, needed(&self.reason)?, self.place);
        let Ready { session, asking, case, task, version } = self.on.ready()?;
        let Asking { request_id, sent_at, person, position } = asking;
        let request =
            WireAdd { request_id, sent_at, person, position, case, task, version, to, place, reason };
        tell::acted(output, session, &Request::AddApprover(request))
    }
}

/// Take on a task that several may answer
#[derive(Args)]
#[command(after_help = "Examples:
  countersign claim C-7 T-4 --data DIR --as warehouse --person H15

Whoever else holds the post gets CONFLICT until the task is given back with `countersign release`.")]
pub(crate) struct Claim {
    #[command(flatten)]
    on: OnTask,
}

impl Claim {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let Ready { session, asking, case, task, version } = self.on.ready()?;
        let Asking { request_id, sent_at, person, position } = asking;
        let request = WireClaim { request_id, sent_at, person, position, case, task, version };
        tell::acted(output, session, &Request::Claim(request))
    }
}

/// Give a claimed task back to all who may answer it
#[derive(Args)]
#[command(after_help = "Examples:
  countersign release C-7 T-4 --data DIR --as warehouse --person H15
  countersign release C-7 T-4 --data DIR --as process_owner       where the one who has it is away")]
pub(crate) struct Release {
    #[command(flatten)]
    on: OnTask,
}

impl Release {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let Ready { session, asking, case, task, version } = self.on.ready()?;
        let Asking { request_id, sent_at, person, position } = asking;
        let request = WireRelease { request_id, sent_at, person, position, case, task, version };
        tell::acted(output, session, &Request::Release(request))
    }
}
