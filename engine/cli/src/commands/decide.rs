//! `countersign decide`: a task is answered.

use clap::Args;
use countersign_messages::{
    Case, CaseView, ContentHash, Decide as Wire, Inbox, InboxView, Name, Request, ReturnTo, Verdict,
};

use super::asking::{Actor, Asking, Once, name, reason};
use crate::document::{DocumentArgs, answers};
use crate::exit::{Failure, form};
use crate::output::Output;
use crate::tell;
use crate::transport::{Session, Where};

const EXAMPLES: &str = "\
Examples:
  countersign inbox --data DIR --as kam_js                           the tasks of a post
  countersign decide C-7 T-3 pass --data DIR --as kam_js
  countersign decide C-7 T-5 return --data DIR --as region_east_head --reason 'old price'
  countersign decide C-7 T-5 return --to previous --data DIR --as region_east_head --reason 'clause 7'
  countersign decide C-7 T-5 approve --data DIR --as bgm_js --version 1 --content-hash 5b1c...
  countersign decide C-7 T-6 done --data DIR --as stock_clerk --answer counted=3 --answer place=A-7
  countersign decide C-7 T-6 done --data DIR --as stock_clerk --answer count.json
  countersign decide C-7 T-8 --choose repair --data DIR --as quality_head

VERDICT: approve, pass, object, return, reject, veto, done, refuse, choose, submit. Which of them a task takes depends on what it \
asks; the engine refuses the others. Without --version and --content-hash the document as it stands now is answered; \
give those that were shown where it must be the one that was read.";

/// Answer a task: approve, pass, return, reject ...
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Decide {
    /// The case, such as C-7
    case: String,
    /// The task, such as T-3
    task: String,
    /// The answer
    #[arg(value_parser = verdict, value_name = "VERDICT", required_unless_present = "choose")]
    verdict: Option<Verdict>,
    /// What is chosen, where a task gives a choice
    #[arg(long, value_name = "CHOICE")]
    choose: Option<String>,
    /// What the task asks for: a value, or a JSON file with all of them
    #[arg(long, value_name = "FIELD=VALUE|FILE")]
    answer: Vec<String>,
    /// Why; needed for everything but agreement
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Where to, with the verdict return: draft, previous, or a state; the chain's own arrow if absent
    #[arg(long, value_name = "STATE")]
    to: Option<String>,
    /// Override an objection: recorded as such for ever, and needs a reason
    #[arg(long = "override")]
    overrides: bool,
    /// The version of the task that was seen
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    /// The hash of the content that was seen
    #[arg(long, value_name = "HASH")]
    content_hash: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    document: DocumentArgs,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

pub(super) fn verdict(text: &str) -> Result<Verdict, String> {
    Verdict::ALL
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
        .ok_or_else(|| format!("expected one of {}", Verdict::ALL.map(Verdict::as_str).join(", ")))
}

impl Decide {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (case, task) = (name("CASE", &self.case)?, name("TASK", &self.task)?);
        let reason = reason(self.reason.as_ref())?;
        let to = self.to.map(ReturnTo::try_from).transpose().map_err(form("--to"))?;
        let given =
            self.content_hash.as_deref().map(ContentHash::new).transpose().map_err(form("--content-hash"))?;
        let mut session = self.at.open()?;
        let asking = self.actor.acts(&mut session, &self.once)?;
        let seen = match (self.version, given) {
            (Some(version), Some(content_hash)) => Seen { version, content_hash, document: None },
            (version, given) => {
                let seen = look(&mut session, &asking, &case, &task)?;
                Seen {
                    version: version.unwrap_or(seen.version),
                    content_hash: given.unwrap_or(seen.content_hash),
                    ..seen
                }
            }
        };
        let verdict = self.verdict.unwrap_or(Verdict::Choose);
        let choice = self.choose.as_deref().map(|choice| name("--choose", choice)).transpose()?;
        let fields = match (verdict, self.document.is_given()) {
            (_, true) if !self.answer.is_empty() => {
                return Err(Failure::usage("expected --answer, or --document and --set, not both"));
            }
            (Verdict::Submit, true) => Some(self.document.over(seen.document)?),
            (_, true) => Some(self.document.read()?),
            (_, false) if self.answer.is_empty() => None,
            (_, false) => Some(answers(&self.answer)?),
        };
        let Asking { request_id, sent_at, person, position } = asking;
        let (version, content_hash) = (seen.version, seen.content_hash);
        let overrides = self.overrides;
        let request = Request::Decide(Wire {
            request_id,
            sent_at,
            person,
            position,
            case,
            task,
            version,
            content_hash,
            verdict,
            reason,
            to,
            choice,
            fields,
            overrides,
        });
        tell::acted(output, session, &request)
    }
}

/// What a person would have seen.
struct Seen {
    version: u64,
    content_hash: ContentHash,
    document: Option<countersign_messages::Document>,
}

/// The task as it stands. Where it is not in the inbox, the engine says why it cannot be answered.
fn look(session: &mut Session, asking: &Asking, case: &Name, task: &Name) -> Result<Seen, Failure> {
    let envelope = || Ok::<_, Failure>((Once::default().id()?, Once::default().time()?));
    let (person, position) = (asking.person.clone(), asking.position.clone());
    let (request_id, sent_at) = envelope()?;
    let inbox = Inbox {
        request_id,
        sent_at,
        person: person.clone(),
        position: position.clone(),
        at_least: None,
        after: None,
        limit: None,
    };
    let inbox: InboxView = session.ask(&Request::Inbox(inbox))?.value;
    let item = inbox.items.into_iter().find(|item| item.case == case.as_str() && item.task == task.as_str());
    let (request_id, sent_at) = envelope()?;
    let look = Case { request_id, sent_at, person, position, case: case.clone(), at_least: None };
    let found: CaseView = session.ask(&Request::Case(look))?.value;
    let version = item.map_or(1, |item| item.version);
    Ok(Seen { version, content_hash: found.content_hash, document: Some(found.document) })
}
