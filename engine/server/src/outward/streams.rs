//! The streams between the engine and adapters: work, answers, facts, dead letters. Each is compared with what was
//! asked for when it is made or found, as the stream of events is.

use countersign_messages::{Flow, Token};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::nats::Link;
use crate::nats::streams::{Ensured, Trouble, ensure};
use crate::publication::PublicationStatus;

/// How long the server drops repeats of one message: 2 minutes, in nanoseconds.
const DUPLICATES_NS: u64 = 120_000_000_000;
/// How long a message waits for whoever takes it: 90 days, in nanoseconds.
const KEPT_NS: u64 = 90 * 24 * 3_600 * 1_000_000_000;
/// How long a dead letter is kept for a person to look at: 400 days, in nanoseconds.
const DEAD_NS: u64 = 400 * 24 * 3_600 * 1_000_000_000;
/// How much may wait in one of them.
const BYTES_MAX: u64 = 1 << 30;

/// The streams of a company, besides that of its events.
#[derive(Clone)]
pub(crate) struct OutwardStreams {
    link: Link,
    company: Token,
    replicas: u32,
    events: watch::Receiver<PublicationStatus>,
}

impl OutwardStreams {
    /// `events` says whose log's the stream of events is.
    pub(crate) fn new(
        link: Link,
        company: Token,
        replicas: u32,
        events: watch::Receiver<PublicationStatus>,
    ) -> OutwardStreams {
        OutwardStreams { link, company, replicas, events }
    }

    /// Nothing is dealt where the stream of events is another log's, a fork's or its original's: both give their
    /// commands the same ids, and adapters would take the one's work for the other's.
    pub(crate) fn ours(&self) -> Result<(), Trouble> {
        match self.events.borrow().not_ours() {
            Some(hold) => Err(Trouble::Hold(hold)),
            None => Ok(()),
        }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn company(&self) -> &Token {
        &self.company
    }

    /// One of them as it stands; it is made if it is not there.
    pub(crate) async fn ensure(&self, flow: Flow) -> Result<Ensured, Trouble> {
        ensure(&self.link, &flow.stream(&self.company), &self.wanted(flow)).await
    }

    /// All of them.
    pub(crate) async fn ensure_all(&self) -> Result<(), Trouble> {
        for flow in [Flow::Commands, Flow::Answers, Flow::Facts, Flow::Dead] {
            self.ensure(flow).await?;
        }
        Ok(())
    }

    /// Work is gone once it is done with; so is what was taken. Dead letters stay until a person has looked, or they
    /// are very old.
    fn wanted(&self, flow: Flow) -> Value {
        let (retention, kept) = match flow {
            Flow::Dead => ("limits", DEAD_NS),
            _ => ("workqueue", KEPT_NS),
        };
        json!({
            "name": flow.stream(&self.company),
            "subjects": [flow.subjects(&self.company)],
            "retention": retention,
            "storage": "file",
            "discard": "new",
            "max_msgs": -1,
            "max_bytes": BYTES_MAX,
            "max_age": kept,
            "num_replicas": self.replicas,
            "duplicate_window": DUPLICATES_NS,
        })
    }
}
