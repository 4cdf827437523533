//! The in-process bus: the same messages as over NATS, within one process. What a demonstration, a test and local
//! commands use; nothing is listened to from outside.

use std::sync::Arc;

use countersign_core::command::VouchedBy;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::desk::{Caller, Desk};
use crate::render::Published;
use crate::source::{Shared, Source};

/// Events that a slow receiver may be behind before it misses some.
const EVENTS_KEPT: usize = 4_096;

/// Requests in, events out. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    desk: Desk,
    events: broadcast::Sender<Shared>,
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
    pub(crate) fn new(desk: Desk) -> Bus {
        Bus { desk, events: broadcast::Sender::new(EVENTS_KEPT) }
    }

    /// Answers a request of whoever has access to the files of the company.
    pub async fn request(&self, system: &str, verb: &str, payload: &[u8]) -> Vec<u8> {
        self.desk.handle(&Caller::new(system, VouchedBy::Local), verb, payload).await
    }

    /// The desk behind the bus, for a caller of another kind.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What happens from now on.
    pub fn events(&self) -> Events {
        Events(self.events.subscribe())
    }

    /// Feeds the bus until the engine ends.
    pub(crate) async fn feed(self, mut source: Source) {
        loop {
            match source.next().await {
                // Without a receiver there is nobody to tell.
                Ok(Some((_, events))) => events.into_iter().for_each(|event| {
                    let _ = self.events.send(Arc::new(event));
                }),
                Ok(None) => return,
                Err(error) => {
                    tracing::error!(%error, "the in-process bus stands still: the log cannot be read");
                    return;
                }
            }
        }
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
