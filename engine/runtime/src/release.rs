//! Replies that wait until what they rest on is durable.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};

use countersign_core::frame::Frame;
use tokio::sync::oneshot;

use crate::error::Unavailable;
use crate::follow::LogView;
use crate::reply::{Reply, result_of};

/// Where the answer to a command goes.
pub(crate) type ReplyTo = oneshot::Sender<Result<Reply, Unavailable>>;

/// A reply that waits. Dropped unreleased, its caller learns that the engine has stopped.
pub(crate) enum Held {
    /// The answer to a command.
    Reply(ReplyTo, Reply),
    /// The answer that the frame of this sequence gives again.
    Repeat(ReplyTo, u64),
    /// What a read found; the call sends it.
    Read(Box<dyn FnOnce() + Send>),
}

impl Held {
    /// Lets it go. A caller that no longer waits is no concern of ours.
    pub(crate) fn release(self, log: &LogView) {
        match self {
            Held::Reply(to, reply) => drop(to.send(Ok(reply))),
            Held::Read(send) => send(),
            Held::Repeat(to, sequence) => match log.read_frame(sequence) {
                Ok(frame) => drop(to.send(Ok(repeat(&frame, sequence)))),
                Err(error) => {
                    tracing::error!(%error, sequence, "a repeated request cannot be answered from the log");
                }
            },
        }
    }

    fn reads_the_log(&self) -> bool {
        matches!(self, Held::Repeat(..))
    }
}

fn repeat(frame: &Frame, sequence: u64) -> Reply {
    Reply { result: result_of(frame), sequence, repeated: true }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Reply(_, reply) => f.debug_tuple("Reply").field(reply).finish(),
            Held::Repeat(_, sequence) => f.debug_tuple("Repeat").field(sequence).finish(),
            Held::Read(_) => f.write_str("Read"),
        }
    }
}

/// Releases replies for the log thread: itself while it has nothing else to do, or through a thread of its own.
pub(crate) struct Releaser {
    pub(crate) log: Arc<LogView>,
    pub(crate) away: SyncSender<Vec<Held>>,
}

impl Releaser {
    /// Lets replies go. `busy`: the log thread has its next group to write.
    pub(crate) fn release(&self, held: Vec<Held>, busy: bool) {
        if held.is_empty() {
            return;
        }
        if !busy && !held.iter().any(Held::reads_the_log) {
            held.into_iter().for_each(|held| held.release(&self.log));
            return;
        }
        match self.away.try_send(held) {
            Ok(()) => {}
            Err(TrySendError::Full(held) | TrySendError::Disconnected(held)) => {
                held.into_iter().for_each(|held| held.release(&self.log));
            }
        }
    }
}

/// The release thread: ends when the log thread does.
pub(crate) fn run(log: &LogView, work: &Receiver<Vec<Held>>) {
    while let Ok(held) = work.recv() {
        held.into_iter().for_each(|held| held.release(log));
    }
}
