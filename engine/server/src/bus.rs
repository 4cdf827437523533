//! The in-process bus: the same messages as over NATS, within one process. What a demonstration, a test and local
//! commands use; nothing is listened to from outside.

use std::sync::Arc;

use countersign_core::command::VouchedBy;
use countersign_messages::{DeadLetter, Token};
use countersign_runtime::ReadError;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};

use crate::desk::{Caller, Desk};
use crate::outward::{Adapter, CommandMessage, Locals, PumpError, Pumped, Taken};
use crate::render::{Published, Publisher};
use crate::source::{Shared, Source};

/// An event within the process is never shortened.
const UNBOUNDED: usize = usize::MAX;
/// Events that a slow receiver may be behind before it misses some.
const EVENTS_KEPT: usize = 4_096;

/// Requests in, events out. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    desk: Desk,
    locals: Arc<Locals>,
    events: broadcast::Sender<Shared>,
    /// From which frame on events are told; none while nobody has asked for any.
    from: Arc<watch::Sender<Option<u64>>>,
}

/// What comes out of the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// An event, as it would be published.
    Event(Arc<Published>),
    /// The receiver was too slow and has missed so many. The log has them all.
    Missed(u64),
}

/// Receives events from the moment of subscription on.
pub struct Events(broadcast::Receiver<Shared>);

impl Bus {
    pub(crate) fn new(desk: Desk, locals: Arc<Locals>) -> Bus {
        let from = Arc::new(watch::Sender::new(None));
        Bus { desk, locals, events: broadcast::Sender::new(EVENTS_KEPT), from }
    }

    /// Answers a request of whoever has access to the files of the company.
    pub async fn request(&self, system: &str, verb: &str, payload: &[u8]) -> Vec<u8> {
        self.desk.handle(&Caller::new(system, VouchedBy::Local), verb, payload).await
    }

    /// The desk behind the bus, for a caller of another kind.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Adds an adapter that [`Bus::pump`] drives. Its commands do not go over NATS.
    pub async fn attach(&self, adapter: Box<dyn Adapter>) {
        self.locals.attach(adapter).await;
    }

    /// Lets commands, answers and facts go to and fro between the engine and the adapters that were attached, until
    /// nothing more happens at the time that it is.
    ///
    /// # Errors
    /// Whatever keeps the engine from answering; `Circle` where it never ends.
    pub async fn pump(&self) -> Result<Pumped, PumpError> {
        self.locals.pump().await
    }

    /// A line for an adapter that works by itself: commands whose answers are waited for, then new ones. What it says
    /// goes to [`Bus::take`]. Its commands do not go over NATS any more.
    pub fn connect(&self, adapter: &Token, capacity: usize) -> mpsc::Receiver<CommandMessage> {
        self.locals.connect(adapter, capacity)
    }

    /// Takes what an adapter says, an answer, a fact or a dead letter, under its whole subject, and tells what became
    /// of it once that is durable.
    pub async fn take(&self, subject: &str, payload: &[u8]) -> Taken {
        self.locals.take(subject, payload).await
    }

    /// The newest dead letters of adapters within the process, the oldest first.
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.locals.letters()
    }

    /// What happens from now on.
    pub fn events(&self) -> Events {
        let events = Events(self.events.subscribe());
        let next = self.desk.engine().log().durable() + 1;
        self.from.send_if_modified(|from| {
            let first = from.is_none();
            from.get_or_insert(next);
            first
        });
        events
    }

    /// Whether nobody has asked for events so far.
    pub(crate) fn is_silent(&self) -> bool {
        self.from.borrow().is_none()
    }

    /// Feeds the bus from the first subscription on, until the engine ends.
    pub(crate) async fn feed(self, publisher: Publisher) {
        let mut asked = self.from.subscribe();
        let first = asked.wait_for(Option::is_some).await.ok().and_then(|from| *from);
        let Some(from) = first else { return };
        if let Err(error) = self.tell_from(from, publisher).await {
            tracing::error!(%error, "the in-process bus stands still: the log cannot be read");
        }
    }

    async fn tell_from(&self, from: u64, publisher: Publisher) -> Result<(), ReadError> {
        let mut source = Source::new(self.desk.engine().clone(), publisher, from, UNBOUNDED)?;
        while let Some((_, events)) = source.next().await? {
            for event in events {
                // An error means that nobody receives any more; somebody may again.
                let _ = self.events.send(Arc::new(event));
            }
        }
        Ok(())
    }
}

impl Events {
    /// The next thing that happens. None: the server has stopped.
    pub async fn next(&mut self) -> Option<Happened> {
        match self.0.recv().await {
            Ok(event) => Some(Happened::Event(event)),
            Err(RecvError::Lagged(missed)) => Some(Happened::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}
