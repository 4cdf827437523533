//! `countersign inbox`, `case`, `timeline`, `explain`, `handler`: questions about what is.

use clap::{Args, Subcommand};
use countersign_messages::{
    Case as WireCase, CaseView, Explain as WireExplain, Explanation, Handler as WireHandler, HandlerView,
    Inbox as WireInbox, InboxView, Request, Timeline as WireTimeline, TimelineView,
};

use super::asking::{Actor, Asking, name};
use super::jump::Jump;
use super::operate::Operate;
use crate::exit::Failure;
use crate::output::Output;
use crate::tell;
use crate::transport::{Answer, Session, Where};

/// Entries of a timeline that are asked for at once.
const PAGE: u32 = 500;

/// Show the open tasks of a post, the most urgent first
#[derive(Args)]
#[command(after_help = "Examples:
  countersign inbox --data DIR --as kam_js
  countersign inbox --data DIR --person H11 --as nka_head      a person with several posts names one
  countersign inbox --data DIR --as kam_js --json")]
pub(crate) struct Inbox {
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

impl Inbox {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let mut session = self.at.open()?;
        let Asking { request_id, sent_at, person, position } =
            self.actor.acts(&mut session, &Default::default())?;
        let post = position.to_string();
        let request = Request::Inbox(WireInbox {
            request_id,
            sent_at,
            person,
            position,
            at_least: None,
            after: None,
            limit: None,
        });
        let answer: Answer<InboxView> = ask(session, &request)?;
        if output.json {
            return output.object(&answer.raw);
        }
        tell::inbox(output, &post, &answer.value).into_iter().try_for_each(|line| output.line(line))
    }
}

/// Asks once, and ends the session whatever comes.
fn ask<T: serde::de::DeserializeOwned>(
    mut session: Session,
    request: &Request,
) -> Result<Answer<T>, Failure> {
    let answer = session.ask(request);
    session.close()?;
    answer
}

/// A question about one case.
#[derive(Args)]
pub(crate) struct AboutCase {
    /// The case, such as C-7
    case: String,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

impl AboutCase {
    fn open(&self) -> Result<(Session, Asking, countersign_messages::Name), Failure> {
        let case = name("CASE", &self.case)?;
        let mut session = self.at.open()?;
        let asking = self.actor.asks(&mut session)?;
        Ok((session, asking, case))
    }
}

/// Show a case as it stands: state, route, signatures, document; or step in: hold, resume, retry, compensate, settle, jump
#[derive(Args)]
#[command(after_help = "Examples:
  countersign case C-7 --data DIR
  countersign case C-7 --data DIR --json
  countersign case hold C-7 --data DIR --reason 'the customer is being audited'
  countersign case C-7 --nats URL --company yuanlan --system portal --as kam_js --person H29")]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Case {
    #[command(subcommand)]
    act: Option<Act>,
    /// The case, such as C-7
    case: Option<String>,
    #[command(flatten)]
    actor: Actor,
    #[command(flatten)]
    at: Where,
}

/// What an operator may do to a case.
#[derive(Subcommand)]
enum Act {
    /// Let a case wait until it is resumed
    Hold(Operate),
    /// Let a held case go on
    Resume(Operate),
    /// Send the commands that a held case waits for again
    Retry(Operate),
    /// Undo what a held case did, last first
    Compensate(Operate),
    /// Say that what a held case could not undo was settled outside; the compensation goes on
    Settle(Operate),
    /// Put a case elsewhere, past what its chain says; marked as an override for ever
    Jump(Jump),
}

impl Case {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.act {
            Some(Act::Hold(act)) => return act.run(output, Request::Hold),
            Some(Act::Resume(act)) => return act.run(output, Request::Resume),
            Some(Act::Retry(act)) => return act.run(output, Request::Retry),
            Some(Act::Compensate(act)) => return act.run(output, Request::Compensate),
            Some(Act::Settle(act)) => return act.run(output, Request::Settle),
            Some(Act::Jump(act)) => return act.run(output),
            None => {}
        }
        let Case { case, actor, at, .. } = self;
        let case = case.ok_or_else(|| Failure::usage("expected a case, such as C-7"))?;
        let about = AboutCase { case, actor, at };
        let (session, Asking { request_id, sent_at, person, position }, case) = about.open()?;
        let request = Request::Case(WireCase { request_id, sent_at, person, position, case, at_least: None });
        let answer: Answer<CaseView> = ask(session, &request)?;
        if output.json {
            return output.object(&answer.raw);
        }
        tell::case(output, &answer.value).into_iter().try_for_each(|line| output.line(line))
    }
}

/// Tell what happened to a case, sentence by sentence
#[derive(Args)]
#[command(after_help = "Examples:
  countersign timeline C-7 --data DIR
  countersign timeline C-7 --data DIR --lang zh
  countersign timeline C-7 --data DIR --all                  of the whole order
  countersign timeline C-7 --data DIR --json --from 120      one page, from a sequence on")]
pub(crate) struct Timeline {
    #[command(flatten)]
    about: AboutCase,
    /// Begin at this sequence
    #[arg(long, value_name = "SEQUENCE")]
    from: Option<u64>,
    /// Of the whole order: the cases that started this one, and those that they started
    #[arg(long)]
    all: bool,
}

impl Timeline {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (mut session, asking, case) = self.about.open()?;
        let mut from = self.from;
        let told = loop {
            let request = Request::Timeline(WireTimeline {
                request_id: asking.request_id.clone(),
                sent_at: asking.sent_at.clone(),
                person: asking.person.clone(),
                position: asking.position.clone(),
                case: case.clone(),
                at_least: None,
                all: self.all,
                from,
                limit: Some(PAGE),
            });
            let answer: Answer<TimelineView> = match session.ask(&request) {
                Ok(answer) => answer,
                Err(failure) => break Err(failure),
            };
            if output.json {
                break output.object(&answer.raw);
            }
            let told =
                tell::timeline(output, &answer.value).into_iter().try_for_each(|line| output.line(line));
            from = answer.value.next;
            if told.is_err() || from.is_none() {
                break told;
            }
        };
        session.close()?;
        told
    }
}

/// Explain why somebody is asked, or why somebody else is not
#[derive(Args)]
#[command(after_help = "Examples:
  countersign explain C-7 --data DIR                             who is asked now, and why
  countersign explain C-7 --task T-5 --data DIR                  a signature, as it was when it was given
  countersign explain C-7 --why-not sales_director --data DIR    why not her?")]
pub(crate) struct Explain {
    #[command(flatten)]
    about: AboutCase,
    /// A task, or the signature given in it
    #[arg(long, value_name = "TASK", conflicts_with = "why_not")]
    task: Option<String>,
    /// The position that one expected instead
    #[arg(long, value_name = "POSITION")]
    why_not: Option<String>,
}

impl Explain {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let task = self.task.as_deref().map(|task| name("--task", task)).transpose()?;
        let who = self.why_not.as_deref().map(|who| name("--why-not", who)).transpose()?;
        let (session, Asking { request_id, sent_at, person, position }, case) = self.about.open()?;
        let signature = None;
        let request = Request::Explain(WireExplain {
            request_id,
            sent_at,
            person,
            position,
            case,
            task,
            signature,
            who,
        });
        let answer: Answer<Explanation> = ask(session, &request)?;
        if output.json {
            return output.object(&answer.raw);
        }
        tell::explanation(output, &answer.value).into_iter().try_for_each(|line| output.line(line))
    }
}

/// Tell who has a case now
#[derive(Args)]
#[command(after_help = "Examples:
  countersign handler C-7 --data DIR")]
pub(crate) struct Handler {
    #[command(flatten)]
    about: AboutCase,
}

impl Handler {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (session, Asking { request_id, sent_at, person, position }, case) = self.about.open()?;
        let request = Request::Handler(WireHandler { request_id, sent_at, person, position, case });
        let answer: Answer<HandlerView> = ask(session, &request)?;
        if output.json {
            return output.object(&answer.raw);
        }
        tell::handler(output, &answer.value).into_iter().try_for_each(|line| output.line(line))
    }
}
