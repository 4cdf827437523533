//! Where the status of a server comes from, and in words why it is not ready.

use std::sync::Arc;

use countersign_runtime::{EngineHandle, Room};
use serde::Serialize;
use tokio::sync::watch;

use crate::desk::Desk;
use crate::nats::{Link, Service};
use crate::outward::{Counters, OutwardCounts, OutwardStatus};
use crate::publication::PublicationStatus;
use crate::server::{NatsStatus, ServerStatus};

/// Everything that a status is read off. Asks no thread, and so answers whatever they do.
#[derive(Clone)]
pub(crate) struct StatusSource {
    pub(crate) desk: Desk,
    pub(crate) nats: Option<(Link, Service)>,
    pub(crate) publication: Option<watch::Receiver<PublicationStatus>>,
    pub(crate) outward: Option<watch::Receiver<OutwardStatus>>,
    pub(crate) counters: Arc<Counters>,
}

impl StatusSource {
    pub(crate) fn engine(&self) -> &EngineHandle {
        self.desk.engine()
    }

    pub(crate) fn outward_counts(&self) -> OutwardCounts {
        self.counters.read()
    }

    pub(crate) fn status(&self) -> ServerStatus {
        ServerStatus {
            company: self.desk.company().to_string(),
            engine: self.engine().status(),
            nats: self.nats.as_ref().map(|(link, service)| NatsStatus {
                connected: link.is_connected(),
                believed: link.vouched_by().is_some(),
                counts: service.counts(),
                systems: service.systems(),
            }),
            publication: self.publication.as_ref().map(|status| status.borrow().clone()),
            outward: self.outward.as_ref().map(|status| status.borrow().clone()),
        }
    }
}

/// Why a server is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// What an operator has to know.
    pub detail: String,
}

impl Reason {
    /// The core thread takes no turns.
    pub(super) fn no_progress() -> Reason {
        let detail = "the core thread gave no answer in time, or nothing becomes durable";
        Reason { code: "NO_PROGRESS".to_owned(), detail: detail.to_owned() }
    }
}

impl ServerStatus {
    /// Why it is not ready; empty where everything works as it should.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut add = |code: &str, detail: &str| {
            reasons.push(Reason { code: code.to_owned(), detail: detail.to_owned() });
        };
        let engine = &self.engine;
        if let Some(why) = &engine.failed {
            add("ENGINE_STOPPED", why);
        } else if engine.ended {
            add("ENGINE_STOPPED", "the engine has ended");
        }
        match engine.room {
            Room::Enough => {}
            Room::Reserve => add("DISK_FULL", "new work is refused; decisions and operators use the reserve"),
            Room::None => add("DISK_FULL", "nothing is written until there is room"),
        }
        if engine.clock_jumped {
            let detail = "commands are refused and timers hold until `countersign clock confirm` says that the time is right";
            add("CLOCK_JUMP", detail);
        }
        if engine.timers_stuck {
            add("TIMERS_STUCK", "a timer that is due does nothing; it is tried again every second");
        }
        if engine.followers_behind {
            add(
                "OVERLOADED",
                "a follower of the log is too far behind: new work is refused until it catches up",
            );
        }
        if let Some(why) = &engine.views_failed {
            add("VIEWS_FAILED", why);
        }
        if let Some(nats) = &self.nats {
            if !nats.connected {
                add("NATS_UNREACHABLE", "there is no connection to the NATS server");
            } else if !nats.believed {
                add("NATS_NOT_AUTHENTICATED", "the NATS server authenticates nobody");
            }
        }
        let held = self.publication.as_ref().and_then(|publication| publication.held.as_ref());
        let commands = self.outward.as_ref().and_then(|outward| outward.held.as_ref());
        for (what, hold) in [("publication", held), ("commands", commands)] {
            if let Some(hold) = hold {
                add(hold.code, &format!("{what}: {}", hold.reason));
            }
        }
        reasons
    }

    /// Whether everything works as it should.
    pub fn is_ready(&self) -> bool {
        self.reasons().is_empty()
    }
}
