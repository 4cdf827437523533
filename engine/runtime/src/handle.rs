//! What callers hold: commands in, replies out, reads of State, and how the engine is doing.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::task::{Context, Poll};

use countersign_core::command::{Body, CaseNo, Cause};
use countersign_core::state::{RequestKey, State};
use countersign_journal::LogId;
use tokio::sync::oneshot;

use crate::counts::EngineCounts;
use crate::disk::{Disk, Room};
use crate::error::Unavailable;
use crate::failure::Failure;
use crate::follow::LogView;
use crate::message::Message;
use crate::release::Asked;
use crate::reply::{Incoming, Reply};
use crate::snapshots::{Progress, SnapshotCounts};
use crate::views::Views;
use crate::writer::Flags;

/// When a caller may try again whom a full queue turned away: the queue is worked off in less.
const QUEUE_RETRY_MS: u64 = 50;
/// When a caller may try again whom a follower's lag turned away.
const FOLLOWER_RETRY_MS: u64 = 1_000;

/// A running engine, as callers see it. Cheap to clone; callers may be threads or tasks.
#[derive(Clone)]
pub struct EngineHandle {
    pub(crate) queue: SyncSender<Message>,
    pub(crate) log: LogView,
    pub(crate) disk: Arc<Disk>,
    pub(crate) failure: Arc<Failure>,
    pub(crate) flags: Arc<Flags>,
    pub(crate) views: Option<Views>,
    pub(crate) snapshots: Progress,
    pub(crate) data: Option<Arc<Path>>,
}

impl EngineHandle {
    /// Runs a command and awaits its reply, which is released once all that it rests on is durable.
    ///
    /// # Errors
    /// `OVERLOADED`, `DISK_FULL`, `CLOCK_JUMP`: nothing was done. `ENGINE_STOPPED`: the same request, repeated after
    /// a restart, tells what was done.
    pub async fn command(&self, incoming: Incoming) -> Result<Reply, Unavailable> {
        self.send(incoming)?.await
    }

    /// The same for a caller that is a thread of its own. Not to be called from a task.
    ///
    /// # Errors
    /// Those of [`EngineHandle::command`].
    pub fn command_blocking(&self, incoming: Incoming) -> Result<Reply, Unavailable> {
        self.send(incoming)?.wait()
    }

    /// Hands a command over without awaiting its reply: several of one caller may be under way.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`.
    pub fn send(&self, incoming: Incoming) -> Result<Pending<Reply>, Unavailable> {
        self.send_telling(incoming, None)
    }

    /// The same; the reply tells how this case stood before.
    ///
    /// # Errors
    /// Those of [`EngineHandle::send`].
    pub fn send_telling(
        &self,
        incoming: Incoming,
        case: Option<CaseNo>,
    ) -> Result<Pending<Reply>, Unavailable> {
        if matches!(incoming.cause, Cause::Timer { .. })
            || matches!(incoming.body, Body::Timer { .. } | Body::Sweep)
        {
            return Err(Unavailable::Misuse("a command of a caller, found one that is the engine's own"));
        }
        let is_new_work =
            matches!(incoming.body, Body::Submit { .. } | Body::Resubmit { .. } | Body::Amend { .. });
        if is_new_work && self.log.followers_behind() {
            let refused = Unavailable::Overloaded { retry_after_ms: FOLLOWER_RETRY_MS };
            self.flags.counts.refused(refused.code());
            return Err(refused);
        }
        let (to, from) = oneshot::channel();
        let key = RequestKey::of_cause(&incoming.cause);
        self.post(Message::Command(incoming, key, Asked { to, case }))?;
        Ok(Pending(from))
    }

    /// Looks at State, on the core thread: it must be quick, and sees no half-done turn. The answer comes with
    /// the sequence it saw, once that is durable.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`; `INTERNAL` if the look panicked.
    pub async fn read<T, F>(&self, look: F) -> Result<(T, u64), Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&State) -> T + Send + 'static,
    {
        self.send_read(look)?.await
    }

    /// The same for a caller that is a thread of its own. Not to be called from a task.
    ///
    /// # Errors
    /// Those of [`EngineHandle::read`].
    pub fn read_blocking<T, F>(&self, look: F) -> Result<(T, u64), Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&State) -> T + Send + 'static,
    {
        self.send_read(look)?.wait()
    }

    /// Hands a look at State over without awaiting its answer.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`.
    pub fn send_read<T, F>(&self, look: F) -> Result<Pending<(T, u64)>, Unavailable>
    where
        T: Send + 'static,
        F: FnOnce(&State) -> T + Send + 'static,
    {
        let (to, from) = oneshot::channel();
        self.post(Message::Read(Box::new(move |state| {
            // A look changes nothing, so a panic in it leaves nothing in doubt.
            let found = catch_unwind(AssertUnwindSafe(|| look(state)));
            let sequence = state.head().sequence;
            let answer = match found {
                Ok(found) => Ok((found, sequence)),
                Err(_) => Err(Unavailable::Misuse("a look at State that does not panic")),
            };
            Box::new(move || drop(to.send(answer)))
        })))?;
        Ok(Pending(from))
    }

    /// Waits until nothing is due any more, and names the last sequence, which is durable. With a clock that is
    /// moved by hand: until all that the move set off is done.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`.
    pub async fn settle(&self) -> Result<u64, Unavailable> {
        let (to, from) = oneshot::channel();
        self.post(Message::Settle(to))?;
        from.await.map_err(|_| Unavailable::Stopped)
    }

    /// The same for a caller that is a thread of its own. Not to be called from a task.
    ///
    /// # Errors
    /// Those of [`EngineHandle::settle`].
    pub fn settle_blocking(&self) -> Result<u64, Unavailable> {
        let (to, from) = oneshot::channel();
        self.post(Message::Settle(to))?;
        from.blocking_recv().map_err(|_| Unavailable::Stopped)
    }

    /// An operator says that the time that the machine's clock shows is right; see `CLOCK_JUMP`. Commands sent
    /// after it are judged again.
    ///
    /// # Errors
    /// `OVERLOADED`, `ENGINE_STOPPED`.
    pub fn confirm_clock(&self) -> Result<(), Unavailable> {
        self.post(Message::ConfirmClock)
    }

    /// The durable log, for followers.
    pub fn log(&self) -> &LogView {
        &self.log
    }

    /// The data directory, where the company lives in one.
    pub fn data(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// The views, if the engine keeps them.
    pub fn views(&self) -> Option<&Views> {
        self.views.as_ref()
    }

    /// How the engine is doing. Asks no thread, and so answers whatever they do.
    pub fn status(&self) -> Status {
        Status {
            log_id: self.log.log_id(),
            durable: self.log.durable(),
            room: self.disk.room(),
            clock_jumped: self.flags.clock_jumped.load(Ordering::Relaxed),
            timers_stuck: self.flags.timers_stuck.load(Ordering::Relaxed),
            counts: self.flags.counts.read(),
            snapshots: self.snapshots.counts(),
            followers: self.log.positions(),
            followers_behind: self.log.followers_behind(),
            views_failed: self.views.as_ref().and_then(Views::failure),
            failed: self.failure.reason(),
            ended: self.log.ended(),
        }
    }

    fn post(&self, message: Message) -> Result<(), Unavailable> {
        let sent = self.queue.try_send(message).map_err(|refused| match refused {
            TrySendError::Full(_) => Unavailable::Overloaded { retry_after_ms: QUEUE_RETRY_MS },
            TrySendError::Disconnected(_) => Unavailable::Stopped,
        });
        match &sent {
            Ok(()) => self.flags.counts.sent(),
            Err(refused) => self.flags.counts.refused(refused.code()),
        }
        sent
    }
}

/// How an engine is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The id of the log.
    pub log_id: LogId,
    /// The last durable sequence.
    pub durable: u64,
    /// Room on the disk.
    pub room: Room,
    /// The clock jumped and nobody has confirmed the time: timers hold, commands are refused.
    pub clock_jumped: bool,
    /// A timer that is due does nothing: a defect.
    pub timers_stuck: bool,
    /// What was counted since the start.
    pub counts: EngineCounts,
    /// How snapshots stand.
    pub snapshots: SnapshotCounts,
    /// Followers and the last sequence that each has applied.
    pub followers: Vec<(String, u64)>,
    /// A follower is so far behind that new work is refused.
    pub followers_behind: bool,
    /// Why the views stand still, if they do.
    pub views_failed: Option<String>,
    /// Why the engine failed, if it did.
    pub failed: Option<String>,
    /// The engine has ended.
    pub ended: bool,
}

impl Status {
    /// Whether everything works as it should.
    pub fn is_well(&self) -> bool {
        self.room == Room::Enough
            && !(self.clock_jumped || self.timers_stuck || self.followers_behind || self.ended)
            && self.views_failed.is_none()
            && self.failed.is_none()
    }
}

/// An answer that is on its way: a future, or to be waited for.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, Unavailable>>);

impl<T> Pending<T> {
    /// Waits for it, for a caller that is a thread of its own. Not to be called from a task.
    ///
    /// # Errors
    /// Those of the call that gave it, `ENGINE_STOPPED` among them.
    pub fn wait(self) -> Result<T, Unavailable> {
        self.0.blocking_recv().unwrap_or(Err(Unavailable::Stopped))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(Unavailable::Stopped)))
    }
}
