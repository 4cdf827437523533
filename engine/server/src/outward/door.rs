//! The door to adapters over NATS. It opens once the company has rules about adapters: a company that asks no other
//! system for anything needs no streams for it.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::state::State;
use countersign_runtime::{EngineHandle, Unavailable};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::counts::Counters;
use super::sender::{Sender, SenderParts};
use super::{Intake, Locals, OutwardCounts, OutwardStreams, Takers, Within, Work};
use crate::config::PublicationConfig;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::nats::Link;
use crate::publication::{Hold, PublicationStatus};
use crate::server::told_to_stop;

/// How often a company without adapters is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Dead letters of adapters within the process that may wait.
const LETTERS: usize = 256;

/// How the dealings with adapters are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutwardStatus {
    /// Whether the company has rules about adapters, and the door is open.
    pub open: bool,
    /// Commands up to this frame are out.
    pub applied: u64,
    /// Why no commands go out for now, if so.
    pub held: Option<Hold>,
    /// What was counted.
    pub counts: OutwardCounts,
}

/// What is shared by the door and the adapters within the process.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) work: Work,
    pub(crate) intake: Intake,
    pub(crate) within: Within,
    pub(crate) counters: Arc<Counters>,
}

/// The door. It ends with its task.
pub(crate) struct OutwardDoor {
    status: watch::Receiver<OutwardStatus>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl OutwardDoor {
    /// Opens it as soon as there are rules about adapters.
    pub(crate) fn start(
        desk: &Desk,
        link: Link,
        (config, events): (&PublicationConfig, watch::Receiver<PublicationStatus>),
        shared: Shared,
        locals: &Locals,
    ) -> Result<OutwardDoor, ServerError> {
        let (out, letters) = mpsc::channel(LETTERS);
        locals.letters_to(out);
        let streams = OutwardStreams::new(link, desk.company().clone(), config.replicas, events);
        let (told, status) = watch::channel(OutwardStatus::default());
        let Shared { work, intake, within, counters } = shared;
        let parts = SenderParts {
            handle: desk.engine().clone(),
            work,
            intake: intake.clone(),
            streams: streams.clone(),
            within,
            counters,
            directory: config.directory.clone(),
            acknowledged_within: config.acknowledged_within,
            letters,
        };
        let handle = desk.engine().clone();
        let sender = Sender::new(parts, told.clone()).map_err(ServerError::Position)?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            if !has_adapters(&handle, stopped.clone()).await {
                return;
            }
            told.send_modify(|status| status.open = true);
            let takers = Takers::start(&intake, &streams);
            sender.run(stopped).await;
            takers.stop().await;
        });
        Ok(OutwardDoor { status, stop, task })
    }

    /// How it is doing, to be looked at or awaited.
    pub(crate) fn watch(&self) -> watch::Receiver<OutwardStatus> {
        self.status.clone()
    }

    /// Closes it: what is under way in the engine is acknowledged.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

/// Waits for rules about adapters. False: the server stops before there are any.
async fn has_adapters(handle: &EngineHandle, mut stop: watch::Receiver<bool>) -> bool {
    let look = |state: &State| {
        let release = state.definitions().active();
        let adapters = release.and_then(|release| release.adapters());
        adapters.is_some_and(|adapters| !adapters.verbs.is_empty() || !adapters.facts.is_empty())
    };
    loop {
        match handle.read(look).await {
            Ok((true, _)) => return true,
            Err(Unavailable::Stopped) => return false,
            _ => {}
        }
        tokio::select! {
            biased;
            () = told_to_stop(&mut stop) => return false,
            () = sleep(LOOK_AGAIN) => {}
        }
    }
}
