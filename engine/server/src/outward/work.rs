//! Commands as messages. A durable frame says all that an adapter is told; State says whether it is still wanted.

use std::sync::Arc;

use countersign_core::command::{CaseNo, CommandNo};
use countersign_core::event::{CommandIssued, CommandSentAgain, Event, Undoes};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::{CommandState, CommandStatus, State};
use countersign_core::time::Timestamp;
use countersign_core::value::Fields;
use countersign_messages::{AdapterCommand, CommandId, FormError, Subject, Token};
use countersign_messages::{Name as WireName, Undoes as WireUndoes, WireError};
use countersign_runtime::{EngineHandle, Unavailable};
use thiserror::Error;

use super::counts::{Counters, count};
use crate::ids::{case_text, command_text, correlation_text};
use crate::render::{fields, time};

/// A command on its way to an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandMessage {
    /// The adapter.
    pub adapter: Token,
    /// `countersign.<company>.cmd.<adapter>.<object>.<verb>`.
    pub subject: String,
    /// `<case>.<state>.<n>`, the same on every retry.
    pub command_id: String,
    /// Which sending this is, from 1.
    pub attempt: u32,
    /// What joins everything that belongs to one order.
    pub correlation: String,
    /// The message.
    pub payload: Vec<u8>,
    place: (CaseNo, CommandNo),
}

impl CommandMessage {
    /// The id by which repeats of one sending are dropped.
    pub fn id(&self) -> String {
        format!("{}.{}", self.command_id, self.attempt)
    }
}

/// Why a command cannot be told to an adapter: a defect, since definitions are checked.
#[derive(Debug, Error)]
enum Untold {
    #[error("expected a verb of three tokens, found {0}")]
    Verb(Name),
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// What is told of a command, from whatever says it.
struct Told<'a> {
    case: CaseNo,
    command: CommandNo,
    state_name: &'a Name,
    verb: &'a Name,
    with: &'a Fields,
    undoes: Option<&'a Undoes>,
    correlation: CaseNo,
    attempt: u32,
    sent_at: Timestamp,
    deadline: Timestamp,
}

impl<'a> Told<'a> {
    fn issued(e: &'a CommandIssued, at: Timestamp) -> Told<'a> {
        Told {
            case: e.case,
            command: e.command,
            state_name: &e.state_name,
            verb: &e.verb,
            with: &e.with,
            undoes: e.undoes.as_ref(),
            correlation: e.correlation,
            attempt: 1,
            sent_at: at,
            deadline: e.silent_at,
        }
    }

    fn again(e: &'a CommandSentAgain) -> Told<'a> {
        Told {
            case: e.case,
            command: e.command,
            state_name: &e.state_name,
            verb: &e.verb,
            with: &e.with,
            undoes: e.undoes.as_ref(),
            correlation: e.correlation,
            attempt: e.attempt,
            sent_at: e.sent_at,
            deadline: e.silent_at,
        }
    }

    fn open(
        (case, correlation): (CaseNo, CaseNo),
        command: CommandNo,
        state: &'a CommandState,
    ) -> Option<Told<'a>> {
        Some(Told {
            case,
            command,
            state_name: &state.state_name,
            verb: &state.verb,
            with: &state.with,
            undoes: state.undoes.as_deref(),
            correlation,
            attempt: state.attempt,
            sent_at: state.sent_at,
            deadline: state.silent_at?,
        })
    }
}

/// Makes messages of commands. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Work {
    handle: EngineHandle,
    company: Token,
    counters: Arc<Counters>,
}

impl Work {
    pub(crate) fn new(handle: EngineHandle, company: Token, counters: Arc<Counters>) -> Work {
        Work { handle, company, counters }
    }

    /// The commands that a frame gives or sends again.
    pub(crate) fn of_frame(&self, frame: &Frame) -> Vec<CommandMessage> {
        let told = frame.events.iter().filter_map(|event| match event {
            Event::CommandIssued(e) => Some(Told::issued(e, frame.at)),
            Event::CommandSentAgain(e) => Some(Told::again(e)),
            _ => None,
        });
        told.filter_map(|told| message(&self.company, &told)).collect()
    }

    /// Those that are still wanted: no answer has come, they were not given up, and no later sending follows. What a
    /// lame NATS server held up for hours is thereby told once.
    pub(crate) async fn wanted(
        &self,
        messages: Vec<CommandMessage>,
    ) -> Result<Vec<CommandMessage>, Unavailable> {
        if messages.is_empty() {
            return Ok(messages);
        }
        let places: Vec<_> = messages.iter().map(|message| (message.place, message.attempt)).collect();
        let look = move |state: &State| places.into_iter().map(|place| is_wanted(state, place)).collect();
        let (wanted, _): (Vec<bool>, u64) = self.handle.read(look).await?;
        let (wanted, unwanted): (Vec<_>, Vec<_>) =
            messages.into_iter().zip(wanted).partition(|(_, wanted)| *wanted);
        unwanted.iter().for_each(|_| count(&self.counters.unwanted));
        Ok(wanted.into_iter().map(|(message, _)| message).collect())
    }

    /// Counts a command that went to an adapter within the process.
    pub(crate) fn told(&self) {
        count(&self.counters.commands);
    }

    /// Counts a dead letter that an adapter within the process wrote itself.
    pub(crate) fn buried(&self) {
        count(&self.counters.dead);
    }

    /// Every command whose answer is waited for, and the sequence that says so.
    pub(crate) async fn open(&self) -> Result<(Vec<CommandMessage>, u64), Unavailable> {
        let company = self.company.clone();
        self.handle.read(move |state: &State| open(&company, state)).await
    }
}

fn is_wanted(state: &State, ((case, command), attempt): ((CaseNo, CommandNo), u32)) -> bool {
    let open = state.case(case).and_then(|case| case.outward()?.commands.get(&command));
    let found = open.or_else(|| state.closed(case)?.open_commands.get(&command));
    found.is_some_and(|found| found.status == CommandStatus::Open && found.attempt == attempt)
}

fn open(company: &Token, state: &State) -> Vec<CommandMessage> {
    let mut messages = Vec::new();
    for case in state.cases() {
        let Some(outward) = case.outward() else { continue };
        let waited = outward.commands.iter().filter(|(_, command)| command.status == CommandStatus::Open);
        messages.extend(waited.filter_map(|(number, command)| {
            message(company, &Told::open((case.number(), case.correlation()), *number, command)?)
        }));
    }
    // What was done late by a case that is over is still being undone.
    let undos = state.open_undos().filter(|(.., command)| command.status == CommandStatus::Open);
    messages.extend(undos.filter_map(|(case, closed, number, command)| {
        message(company, &Told::open((case, closed.correlation), number, command)?)
    }));
    messages
}

fn message(company: &Token, told: &Told<'_>) -> Option<CommandMessage> {
    match try_message(company, told) {
        Ok(message) => Some(message),
        Err(error) => {
            let (case, command) = (told.case, told.command);
            tracing::error!(case, command, %error, "a command cannot be told to its adapter");
            None
        }
    }
}

fn try_message(company: &Token, told: &Told<'_>) -> Result<CommandMessage, Untold> {
    let mut parts = told.verb.split('.');
    let (Some(adapter), Some(object), Some(verb), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Untold::Verb(told.verb.clone()));
    };
    let subject = Subject::command(company.as_str(), adapter, object, verb)?;
    let command_id = command_text(told.case, told.state_name, told.command);
    let correlation = correlation_text(company.as_str(), told.correlation);
    let command = AdapterCommand {
        command_id: CommandId::new(command_id.clone())?,
        case: WireName::new(case_text(told.case))?,
        step: WireName::new(told.state_name.to_string())?,
        attempt: told.attempt,
        correlation: WireName::new(correlation.clone())?,
        document: None,
        with: fields(told.with),
        undoes: told.undoes.map(undone).transpose()?,
        sent_at: time(told.sent_at),
        deadline: time(told.deadline),
    };
    Ok(CommandMessage {
        adapter: Token::new(adapter).map_err(|_| Untold::Verb(told.verb.clone()))?,
        subject: subject.to_string(),
        command_id,
        attempt: told.attempt,
        correlation,
        payload: command.to_json(),
        place: (told.case, told.command),
    })
}

fn undone(of: &Undoes) -> Result<WireUndoes, FormError> {
    Ok(WireUndoes {
        command_id: CommandId::new(command_text(of.case, &of.state_name, of.command))?,
        done: fields(&of.done),
    })
}
