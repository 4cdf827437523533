//! `countersign decide-all`: several tasks of a post are answered alike, each as it was shown.

use clap::Args;
use countersign_messages::{
    ContentHash, DECIDE_ALL_MAX, DecideAll as Wire, DecideItem, DecidedAll, Inbox, InboxView, Request,
    Verdict,
};

use super::asking::{Actor, Asking, Once, name, reason};
use super::decide::verdict;
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::Where;

const EXAMPLES: &str = "\
Examples:
  countersign decide-all approve C-7:T-3 C-9:T-1 --data DIR --as bgm_js
  countersign decide-all pass --all --data DIR --as legal                everything in the inbox, as it stands

Each task is answered as the inbox shows it now. What has changed meanwhile, or would not be decided within the limit of \
whoever approves, drops out by itself and is left in the inbox; the others are answered. At most 100 at once.";

/// Answer several tasks alike; what is stale or beyond one's limit drops out
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DecideAll {
    /// The answer
    #[arg(value_parser = verdict, value_name = "VERDICT")]
    verdict: Verdict,
    /// Tasks, as CASE:TASK
    #[arg(value_name = "CASE:TASK", required_unless_present = "all")]
    tasks: Vec<String>,
    /// All tasks of the inbox
    #[arg(long, conflicts_with = "tasks")]
    all: bool,
    /// Why; needed for everything but agreement
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    once: Once,
}

impl DecideAll {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let reason = reason(self.reason.as_ref())?;
        let mut session = self.at.open()?;
        let asking = self.actor.acts(&mut session, &self.once)?;
        let inbox = Inbox {
            request_id: Once::default().id()?,
            sent_at: Once::default().time()?,
            person: asking.person.clone(),
            position: asking.position.clone(),
            at_least: None,
            after: None,
            limit: None,
        };
        let shown: InboxView = session.ask(&Request::Inbox(inbox))?.value;
        let items = if self.all { every(&shown)? } else { named(&self.tasks, &shown)? };
        let Asking { request_id, sent_at, person, position } = asking;
        let verdict = self.verdict;
        let request =
            Request::DecideAll(Wire { request_id, sent_at, person, position, items, verdict, reason });
        let answer = session.ask::<DecidedAll>(&request);
        session.close()?;
        let answer = answer?;
        if output.json {
            return output.object(&answer.raw);
        }
        for item in &answer.value.items {
            let what = format!("{} {}", item.case, item.task);
            match (&item.accepted, &item.error) {
                (_, Some(error)) => {
                    let code = output.paint(Tone::Bad, &error.code);
                    output.line(format!("{what} drops out: {code}: {}", error.message))?;
                }
                (Some(now), None) => {
                    let state = output.paint(Tone::Good, &now.state);
                    output.line(format!("{what} is answered; the case is in state {state}"))?;
                }
                (None, None) => output.line(what)?,
            }
        }
        Ok(())
    }
}

/// Everything that an inbox shows.
fn every(shown: &InboxView) -> Result<Vec<DecideItem>, Failure> {
    let items = shown.items.iter().take(DECIDE_ALL_MAX);
    let item = |item: &countersign_messages::InboxItem| {
        Ok(DecideItem {
            case: name("CASE", &item.case)?,
            task: name("TASK", &item.task)?,
            version: item.version,
            content_hash: item.content_hash.clone(),
        })
    };
    let items: Vec<DecideItem> = items.map(item).collect::<Result<_, Failure>>()?;
    if items.is_empty() {
        return Err(Failure::usage("expected an inbox with tasks, nothing waits for an answer"));
    }
    Ok(items)
}

/// Tasks by name, as the inbox shows them. Of one that is not there the engine says what is wrong with it.
fn named(tasks: &[String], shown: &InboxView) -> Result<Vec<DecideItem>, Failure> {
    let one = |text: &String| {
        let Some((case, task)) = text.split_once(':') else {
            return Err(Failure::usage(format!("expected CASE:TASK, such as C-7:T-3, found {text}")));
        };
        let item = shown.items.iter().find(|item| item.case == case && item.task == task);
        Ok(DecideItem {
            case: name("CASE", case)?,
            task: name("TASK", task)?,
            version: item.map_or(1, |item| item.version),
            content_hash: item.map_or_else(|| ContentHash::from_bytes(&[0; 32]), |i| i.content_hash.clone()),
        })
    };
    tasks.iter().map(one).collect()
}
