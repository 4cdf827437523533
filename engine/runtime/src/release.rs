//! Replies that wait until what they rest on is durable.

use std::fmt;
use std::sync::Arc;

use countersign_core::command::CaseNo;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::rejection::Rejection;
use countersign_core::state::Standing;
use tokio::sync::oneshot;

use super::pipe::Batch;
use super::sync::mpsc::{Receiver, SyncSender, TrySendError};
use crate::error::Unavailable;
use crate::follow::LogView;
use crate::reply::{Reply, ReplyResult, result_of};

/// What a frame holds besides its events, about.
const HEAD_BYTES: usize = 256;

/// Where the answer to a command goes.
pub(crate) type ReplyTo = oneshot::Sender<Result<Reply, Unavailable>>;

/// Who waits for the answer to a command, and the case that it is to tell how it stood before.
pub(crate) struct Asked {
    pub(crate) to: ReplyTo,
    pub(crate) case: Option<CaseNo>,
}

/// Who waits for the answer that a frame gives, and how its case stood before, if that is to be told.
pub(crate) struct Answers {
    pub(crate) to: ReplyTo,
    pub(crate) before: Option<Standing>,
}

/// A frame that waits for the disk, or a reply that waits for frames. Dropped unreleased, its caller learns that the
/// engine has stopped.
#[allow(clippy::large_enum_variant, reason = "most are frames; a box each would be one more allocation")]
pub(crate) enum Held {
    /// A frame, its sequence, and who waits for the answer that it gives; nobody where a timer caused it.
    Frame(Frame, u64, Option<Answers>),
    /// A refusal that left no frame, and the last sequence that it rests on.
    Refused(ReplyTo, Rejection, u64),
    /// The answer that the frame of this sequence gives again.
    Repeat(ReplyTo, u64),
    /// What a read found; the call sends it.
    Read(Box<dyn FnOnce() + Send>),
}

impl Held {
    /// Lets it go. A caller that no longer waits is no concern of ours.
    pub(crate) fn release(self, log: &LogView) {
        match self {
            Held::Frame(frame, sequence, to) => {
                if let Some(Answers { to, before }) = to {
                    drop(to.send(Ok(Reply { before, ..answer(&frame, sequence, false) })));
                }
            }
            Held::Refused(to, rejection, sequence) => {
                let result = ReplyResult::Refused(rejection);
                drop(to.send(Ok(Reply { result, sequence, repeated: false, before: None })));
            }
            Held::Read(send) => send(),
            Held::Repeat(to, sequence) => match log.read_frame(sequence) {
                Ok(frame) => drop(to.send(Ok(answer(&frame, sequence, true)))),
                Err(error) => {
                    tracing::error!(%error, sequence, "a repeated request cannot be answered from the log");
                }
            },
        }
    }

    /// The frame that is to be written, if it is one.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        match self {
            Held::Frame(frame, ..) => Some(frame),
            _ => None,
        }
    }

    /// About as many bytes as it adds to the log.
    pub(crate) fn size(&self) -> usize {
        let events = self.frame().map_or(&[][..], |frame| &frame.events);
        HEAD_BYTES + events.iter().map(Event::size_at_most).sum::<usize>()
    }

    fn reads_the_log(&self) -> bool {
        matches!(self, Held::Repeat(..))
    }
}

fn answer(frame: &Frame, sequence: u64, repeated: bool) -> Reply {
    Reply { result: result_of(frame), sequence, repeated, before: None }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Frame(_, sequence, _) => f.debug_tuple("Frame").field(sequence).finish(),
            Held::Refused(_, rejection, _) => f.debug_tuple("Refused").field(rejection).finish(),
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
    pub(crate) fn release(&self, batch: &mut Batch, busy: bool) {
        if !busy && !batch.held().iter().any(Held::reads_the_log) {
            batch.drain().for_each(|held| held.release(&self.log));
            return;
        }
        match self.away.try_send(batch.take()) {
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
