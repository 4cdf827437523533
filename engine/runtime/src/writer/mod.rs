//! The core thread: the only one that has State. It stamps, runs turns, encodes frames and holds replies.

mod guard;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use countersign_core::command::{Body, Command};
use countersign_core::frame::Frame;
use countersign_core::state::{AHEAD, RequestKey, Standing, State};
use countersign_core::time::Timestamp;
use countersign_core::turn::{TurnResult, Turned, touched};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::counts::Counters;
use crate::disk::{Disk, Room};
use crate::error::Unavailable;
use crate::failure::Failure;
use crate::follow::LogView;
use crate::message::Message;
use crate::pipe::{Batch, Pipe};
use crate::release::{Answers, Asked, Held};
use crate::reply::Incoming;
use guard::Guard;
use timers::Timers;

/// The turn of core, or a test's.
pub(crate) type TurnFn = fn(&mut State, Command, Option<RequestKey>) -> Turned;

/// Messages of one run, before what it did is handed over.
const RUN_MAX: usize = 128;
/// Messages of a run while the log thread waits for work.
const RUN_WHILE_LOG_WAITS_MAX: usize = 64;
/// The longest sleep: a failing disk, a full one and a jumping clock are noticed after it at the latest.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// What the core thread shares with the handle.
#[derive(Default)]
pub(crate) struct Flags {
    pub(crate) clock_jumped: AtomicBool,
    pub(crate) timers_stuck: AtomicBool,
    pub(crate) counts: Counters,
}

/// What the core thread needs.
pub(crate) struct WriterParts {
    pub(crate) state: State,
    pub(crate) turn: TurnFn,
    pub(crate) queue: Receiver<Message>,
    pub(crate) pipe: Arc<Pipe>,
    pub(crate) log: Arc<LogView>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) failure: Arc<Failure>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) flags: Arc<Flags>,
}

/// The core thread.
pub(crate) struct Writer {
    parts: WriterParts,
    guard: Guard,
    timers: Timers,
    /// The stamp of this run.
    at: Timestamp,
    monotonic: Duration,
    room: Room,
    settling: Vec<oneshot::Sender<u64>>,
    stopping: bool,
    /// Taken from the queue, in its order: what they are about is fetched together.
    ahead: VecDeque<Message>,
}

/// The engine has failed: nothing more is done.
pub(crate) struct Broken;

impl Writer {
    pub(crate) fn new(parts: WriterParts) -> Writer {
        let guard = Guard::new(&*parts.clock);
        Writer {
            guard,
            timers: Timers::default(),
            at: parts.state.head().at,
            monotonic: Duration::ZERO,
            room: Room::Enough,
            settling: Vec::new(),
            stopping: false,
            ahead: VecDeque::with_capacity(AHEAD),
            parts,
        }
    }

    /// Runs until it is told to stop, or something fails. Gives back State where it stopped cleanly.
    pub(crate) fn run(mut self) -> Option<State> {
        while !self.stopping {
            let first = self.wait();
            self.look();
            if first.is_none() && !self.has_due() && self.settling.is_empty() {
                continue;
            }
            let batch = self.parts.pipe.take()?;
            let batch = self.turns(first, batch).ok()?;
            self.parts.pipe.put(batch);
            if self.parts.failure.failed() {
                return None;
            }
        }
        self.parts.pipe.close();
        Some(self.parts.state)
    }

    /// The next message, waiting for it until something is due.
    fn wait(&mut self) -> Option<Message> {
        if let Some(message) = self.ahead.pop_front() {
            return Some(message);
        }
        let sleep = self.sleep();
        if sleep.is_zero() {
            return match self.parts.queue.try_recv() {
                Ok(message) => Some(message),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => Some(Message::Stop),
            };
        }
        match self.parts.queue.recv_timeout(sleep) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
        }
    }

    /// Looks at clock and disk, once for a run.
    fn look(&mut self) {
        let (wall, monotonic) = self.guard.look(&*self.parts.clock);
        self.at = wall.max(self.parts.state.head().at);
        self.monotonic = monotonic;
        self.room = self.parts.disk.room();
        self.parts.flags.clock_jumped.store(self.guard.jumped(), Ordering::Relaxed);
    }

    /// One run: what is due, then what waits in the queue.
    fn turns(&mut self, first: Option<Message>, batch: Batch) -> Result<Batch, Broken> {
        let mut batch = self.fire_due(batch)?;
        if let Some(first) = first {
            self.ahead.push_front(first);
        }
        self.fetch();
        let mut count = 0;
        while let Some(message) = self.next() {
            batch = self.take(message, batch)?;
            count += 1;
            let enough = if self.parts.pipe.log_waits() { RUN_WHILE_LOG_WAITS_MAX } else { RUN_MAX };
            if count >= enough || self.stopping {
                break;
            }
        }
        self.settle(batch)
    }

    fn next(&mut self) -> Option<Message> {
        if self.ahead.is_empty() {
            self.fetch();
        }
        self.ahead.pop_front()
    }

    /// Takes what waits in the queue, a few messages at a time, and has what they are about fetched at once.
    fn fetch(&mut self) {
        while self.ahead.len() < AHEAD {
            let Ok(message) = self.parts.queue.try_recv() else { break };
            self.ahead.push_back(message);
        }
        let commands = || {
            self.ahead.iter().filter_map(|message| match message {
                Message::Command(incoming, key, _) => Some((incoming, key)),
                _ => None,
            })
        };
        let cases = commands().filter_map(|(incoming, _)| touched(&incoming.body));
        self.parts.state.fetch(cases, commands().filter_map(|(_, key)| *key));
    }

    fn take(&mut self, message: Message, batch: Batch) -> Result<Batch, Broken> {
        self.parts.flags.counts.taken();
        match message {
            Message::Command(incoming, key, asked) => return self.command(incoming, key, asked, batch),
            Message::Read(look) => return self.hold(Held::Read(look(&self.parts.state)), batch),
            Message::ConfirmClock => {
                self.guard.confirm(&*self.parts.clock);
                self.look();
            }
            Message::Settle(to) => self.settling.push(to),
            Message::Wake => {}
            Message::Stop => self.stopping = true,
        }
        Ok(batch)
    }

    fn command(
        &mut self,
        incoming: Incoming,
        key: Option<RequestKey>,
        Asked { to, case }: Asked,
        batch: Batch,
    ) -> Result<Batch, Broken> {
        let counts = &self.parts.flags.counts;
        if let Err(unavailable) = self.admit(&incoming.body) {
            counts.refused(unavailable.code());
            drop(to.send(Err(unavailable)));
            return Ok(batch);
        }
        let command = Command { at: self.at, cause: incoming.cause, body: incoming.body };
        let before = case.and_then(|case| Standing::of(&self.parts.state, case));
        let Turned { frames, result } = (self.parts.turn)(&mut self.parts.state, command, key);
        let sequence = self.parts.state.head().sequence;
        match result {
            TurnResult::Done if frames.is_empty() => {
                self.parts.failure.raise("a command took effect without a frame".to_owned());
                Err(Broken)
            }
            TurnResult::Done => {
                counts.accepted();
                let before = before.filter(|_| frames.len() == 1);
                self.write(frames, Some(Answers { to, before }), batch)
            }
            TurnResult::Repeat(before) => {
                counts.repeated();
                let batch = self.write(frames, None, batch)?;
                self.hold(Held::Repeat(to, before), batch)
            }
            TurnResult::Refused(rejection) => {
                counts.refused(rejection.code.as_str());
                let batch = self.write(frames, None, batch)?;
                self.hold(Held::Refused(to, rejection, sequence), batch)
            }
        }
    }

    /// Whether a command may be judged at all now.
    fn admit(&self, body: &Body) -> Result<(), Unavailable> {
        if self.guard.jumped() {
            return Err(Unavailable::ClockJump);
        }
        let is_new_work =
            matches!(body, Body::Submit { .. } | Body::Resubmit { .. } | Body::Amend { .. } | Body::Store(_));
        match self.room {
            Room::Enough => Ok(()),
            Room::Reserve if !is_new_work => Ok(()),
            Room::Reserve | Room::None => Err(Unavailable::DiskFull),
        }
    }

    /// Puts frames that State already contains on their way to the disk. The last of them answers `to`.
    fn write(
        &mut self,
        frames: Vec<Frame>,
        mut to: Option<Answers>,
        mut batch: Batch,
    ) -> Result<Batch, Broken> {
        let mut after = frames.len() as u64;
        let last = self.parts.state.head().sequence;
        for frame in frames {
            after -= 1;
            let to = if after == 0 { to.take() } else { None };
            batch = self.push(Held::Frame(frame, last - after, to), batch)?;
        }
        Ok(batch)
    }

    /// Keeps a reply until all that State holds now is durable; it goes at once where that is so already.
    fn hold(&mut self, held: Held, batch: Batch) -> Result<Batch, Broken> {
        let durable = self.parts.log.durable() >= self.parts.state.head().sequence;
        if durable && !matches!(held, Held::Repeat(..)) {
            held.release(&self.parts.log);
            return Ok(batch);
        }
        self.push(held, batch)
    }

    fn push(&mut self, held: Held, mut batch: Batch) -> Result<Batch, Broken> {
        batch.push(held);
        if batch.is_full() { self.parts.pipe.exchange(batch).ok_or(Broken) } else { Ok(batch) }
    }

    /// Answers those who wait for everything due to be done.
    fn settle(&mut self, mut batch: Batch) -> Result<Batch, Broken> {
        if self.settling.is_empty() || self.has_due() {
            return Ok(batch);
        }
        let sequence = self.parts.state.head().sequence;
        for to in std::mem::take(&mut self.settling) {
            let send = Box::new(move || {
                // A caller that no longer waits is no concern of ours.
                let _ = to.send(sequence);
            });
            batch = self.hold(Held::Read(send), batch)?;
        }
        Ok(batch)
    }
}
