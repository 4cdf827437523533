//! A system beside the engine, played by the sandbox of its adapter. It gets commands and says answers and facts as
//! the messages that go over NATS otherwise.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_adapter::Work;
use countersign_adapter::sandbox::{Rules, Sandbox, Setup};
use countersign_adapter::time::Moment;
use countersign_core::time::Timestamp;
use countersign_messages::{Limits, Token};
use countersign_runtime::{Clock, ManualClock};
use countersign_server::{Adapter, BoxFuture, CommandMessage, Said};
use jiff::tz::Offset;

/// An adapter and the system behind it. Clones share one system.
pub(super) struct Office<R> {
    company: Token,
    name: Token,
    sandbox: Arc<Mutex<Sandbox<R>>>,
    clock: ManualClock,
    said: Arc<Mutex<SaidBefore>>,
}

/// What was said before, and what of it was said again.
#[derive(Debug, Default)]
struct SaidBefore {
    all: BTreeSet<Vec<u8>>,
    again: Vec<String>,
}

impl<R> Clone for Office<R> {
    fn clone(&self) -> Office<R> {
        let Office { company, name, sandbox, clock, said } = self;
        let (company, name, clock) = (company.clone(), name.clone(), clock.clone());
        Office { company, name, sandbox: sandbox.clone(), clock, said: said.clone() }
    }
}

impl<R: Rules> Office<R> {
    pub(super) fn new(company: &Token, rules: R, clock: &ManualClock) -> Result<Office<R>, String> {
        let name = Token::new(rules.declaration().adapter).map_err(|error| error.to_string())?;
        // The company's own zone tells what day it is.
        let setup = Setup { offset: Offset::constant(8), ..Setup::default() };
        let sandbox = Arc::new(Mutex::new(Sandbox::new(rules, setup)));
        Ok(Office { company: company.clone(), name, sandbox, clock: clock.clone(), said: Arc::default() })
    }

    /// The system itself: to set what it finds in the world, and to look at its books.
    pub(super) fn system(&self) -> MutexGuard<'_, Sandbox<R>> {
        self.sandbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it has something to say next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.system().next_due().map(|due| Timestamp(due.as_millisecond()))
    }

    /// What it has said a second time since it was asked last: the names of verbs and facts.
    pub(super) fn said_again(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner).again)
    }

    /// A message on its way out.
    fn says(&self, subject: String, payload: Vec<u8>) -> Said {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.all.insert(payload.clone()) {
            // countersign.<company>.<rpl or in>.<adapter>.<object>.<what>
            let name: Vec<&str> = subject.split('.').skip(3).collect();
            said.again.push(name.join("."));
        }
        Said { subject, payload }
    }
}

impl<R: Rules> Adapter for Office<R> {
    fn name(&self) -> &str {
        self.name.as_str()
    }

    fn command<'a>(&'a mut self, command: &'a CommandMessage) -> BoxFuture<'a, Vec<Said>> {
        let now = moment(self.clock.wall());
        // A command that it cannot read is one that it leaves unanswered; the case waits, and says so.
        let said = Work::read(&command.subject, &command.payload, &Limits::default()).map(|work| {
            let subject = work.answer_subject().to_string();
            let answers = self.system().answer(&work, now);
            answers.iter().map(|answer| self.says(subject.clone(), answer.to_json())).collect()
        });
        Box::pin(async { said.unwrap_or_default() })
    }

    fn news(&mut self, now: Timestamp) -> BoxFuture<'_, Vec<Said>> {
        let messages = self.system().news(moment(now));
        let said = messages.iter().map(|message| {
            self.says(message.subject(&self.company, &self.name).to_string(), message.payload())
        });
        let said = said.collect();
        Box::pin(async { said })
    }
}

/// The same instant, as adapters tell it.
pub(super) fn moment(at: Timestamp) -> Moment {
    Moment::from_millisecond(at.0).unwrap_or(Moment::MAX)
}
