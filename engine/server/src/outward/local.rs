//! Adapters within the process: the same messages, without a NATS server between.
//!
//! Two ways. [`pump`](crate::Bus::pump) drives adapters step by step until nothing more happens, for demonstrations
//! and tests with a clock that is moved by hand. [`connect`](crate::Bus::connect) gives a line for an adapter that
//! works by itself, as within `serve`. Nothing is kept on the way: a command that was not answered is sent again by
//! its schedule.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Duration;

use countersign_core::time::Timestamp;
use countersign_messages::{DeadLetter, Limits, Subject, Token, decode_dead_letter};
use countersign_runtime::{Clock, EngineHandle, LogReader, ReadError, Unavailable};
use tokio::sync::{Mutex, mpsc};

use super::intake::Came;
use super::{CommandMessage, Intake, Taken, Within, Work};

/// A future that is Send.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Rounds of one pump before it is taken for a circle.
const ROUNDS_MAX: usize = 10_000;
/// Dead letters that are kept for whoever asks.
const LETTERS_MAX: usize = 1_000;
/// Frames that are looked at in one go.
const FRAMES: usize = 1_024;

/// An adapter within the process, driven by [`pump`](crate::Bus::pump).
pub trait Adapter: Send {
    /// Its name, the first token of its verbs.
    fn name(&self) -> &str;

    /// Takes a command, and says what there is to say at once.
    fn command<'a>(&'a mut self, command: &'a CommandMessage) -> BoxFuture<'a, Vec<Said>>;

    /// What there is to say by now without having been asked: later answers, facts.
    fn news(&mut self, now: Timestamp) -> BoxFuture<'_, Vec<Said>> {
        let _ = now;
        Box::pin(async { Vec::new() })
    }
}

/// Something that an adapter says: an answer under `rpl`, a fact under `in`, a dead letter under `dead`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The whole subject.
    pub subject: String,
    /// The message.
    pub payload: Vec<u8>,
}

/// What a pump did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pumped {
    /// Commands that were given to adapters.
    pub commands: usize,
    /// Answers and facts that took effect.
    pub taken: usize,
    /// Those that had come before.
    pub repeated: usize,
    /// Those that became dead letters.
    pub dead: usize,
}

/// The adapters within the process.
pub(crate) struct Locals {
    handle: EngineHandle,
    clock: Arc<dyn Clock>,
    work: Work,
    intake: Intake,
    within: Within,
    pump: Mutex<Pump>,
    letters: SyncMutex<Vec<DeadLetter>>,
    /// To the stream of dead letters, where there is one.
    out: SyncMutex<Option<mpsc::Sender<(Token, DeadLetter)>>>,
}

#[derive(Default)]
struct Pump {
    adapters: BTreeMap<String, Box<dyn Adapter>>,
    reader: Option<LogReader>,
    /// Commands that no adapter has been given yet.
    waiting: Vec<CommandMessage>,
}

impl Locals {
    pub(crate) fn new(
        handle: EngineHandle,
        clock: Arc<dyn Clock>,
        work: Work,
        intake: Intake,
        within: Within,
    ) -> Locals {
        Locals {
            handle,
            clock,
            work,
            intake,
            within,
            pump: Mutex::default(),
            letters: SyncMutex::default(),
            out: SyncMutex::default(),
        }
    }

    /// Dead letters go there from now on, too.
    pub(crate) fn letters_to(&self, out: mpsc::Sender<(Token, DeadLetter)>) {
        *self.out.lock().unwrap_or_else(PoisonError::into_inner) = Some(out);
    }

    /// The newest dead letters, the oldest first.
    pub(crate) fn letters(&self) -> Vec<DeadLetter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds an adapter that is pumped.
    pub(crate) async fn attach(&self, adapter: Box<dyn Adapter>) {
        let name = adapter.name().to_owned();
        self.within.add(&name);
        self.pump.lock().await.adapters.insert(name, adapter);
    }

    /// Lets commands, answers and facts go to and fro until nothing more happens at this time.
    pub(crate) async fn pump(&self) -> Result<Pumped, PumpError> {
        let mut pump = self.pump.lock().await;
        let mut done = Pumped::default();
        for _ in 0..ROUNDS_MAX {
            self.handle.settle().await?;
            let before = done;
            self.refill(&mut pump).await?;
            let Pump { adapters, waiting, .. } = &mut *pump;
            for command in self.work.wanted(std::mem::take(waiting)).await? {
                let Some(adapter) = adapters.get_mut(command.adapter.as_str()) else { continue };
                done.commands += 1;
                self.work.told();
                for said in adapter.command(&command).await {
                    self.said(said, &mut done).await;
                }
            }
            for adapter in adapters.values_mut() {
                for said in adapter.news(self.clock.wall()).await {
                    self.said(said, &mut done).await;
                }
            }
            if done == before {
                return Ok(done);
            }
        }
        Err(PumpError::Circle)
    }

    /// Reads on in the log; at first, what is open.
    async fn refill(&self, pump: &mut Pump) -> Result<(), PumpError> {
        let Pump { reader, waiting, adapters } = pump;
        let reader = match reader {
            Some(reader) => reader,
            None => {
                let (open, sequence) = self.work.open().await?;
                waiting.extend(open);
                reader.insert(self.handle.log().reader(sequence + 1)?)
            }
        };
        for _ in 0..FRAMES {
            let Some((_, frame)) = reader.read()? else { break };
            let commands = self.work.of_frame(&frame).into_iter();
            waiting.extend(commands.filter(|command| adapters.contains_key(command.adapter.as_str())));
        }
        Ok(())
    }

    async fn said(&self, said: Said, done: &mut Pumped) {
        match self.take(&said.subject, &said.payload).await {
            Taken::Effect => done.taken += 1,
            Taken::Repeated => done.repeated += 1,
            Taken::Dead(..) => done.dead += 1,
            Taken::Later(_) => {}
        }
    }

    /// Takes what an adapter says. Dead letters are kept.
    pub(crate) async fn take(&self, subject: &str, payload: &[u8]) -> Taken {
        let taken = match letter(subject, payload) {
            Some((adapter, letter)) => {
                self.work.buried();
                Taken::Dead(adapter, Box::new(letter))
            }
            None => self.intake.take(Came { subject, payload, deliveries: 1 }).await,
        };
        if let Taken::Dead(adapter, letter) = &taken {
            self.bury(adapter, letter);
        }
        taken
    }

    fn bury(&self, adapter: &Token, letter: &DeadLetter) {
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        if letters.len() >= LETTERS_MAX {
            letters.remove(0);
        }
        letters.push(letter.clone());
        drop(letters);
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(out) = out
            && out.try_send((adapter.clone(), letter.clone())).is_err()
        {
            tracing::warn!(%adapter, code = %letter.code, "a dead letter is kept in this process only");
        }
    }

    /// A line for an adapter that works by itself: its commands, from now on and those that are open.
    pub(crate) fn connect(
        self: &Arc<Self>,
        adapter: &Token,
        capacity: usize,
    ) -> mpsc::Receiver<CommandMessage> {
        self.within.add(adapter.as_str());
        let (to, commands) = mpsc::channel(capacity.max(1));
        let (locals, adapter) = (self.clone(), adapter.clone());
        tokio::spawn(async move {
            loop {
                match locals.feed(&adapter, &to).await {
                    Ok(()) | Err(PumpError::Unavailable(Unavailable::Stopped)) => return,
                    Err(error) => {
                        tracing::warn!(%adapter, %error, "an adapter within the process gets no commands for now");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
        });
        commands
    }

    async fn feed(&self, adapter: &Token, to: &mpsc::Sender<CommandMessage>) -> Result<(), PumpError> {
        let (open, sequence) = self.work.open().await?;
        let mut reader = self.handle.log().reader(sequence + 1)?;
        let mut next = open;
        loop {
            for command in next.into_iter().filter(|command| command.adapter == *adapter) {
                if to.send(command).await.is_err() {
                    return Ok(());
                }
                self.work.told();
            }
            let frame = tokio::select! {
                frame = reader.read_async() => frame?,
                () = to.closed() => return Ok(()),
            };
            let Some((_, frame)) = frame else { return Ok(()) };
            let own = self.work.of_frame(&frame).into_iter().filter(|command| command.adapter == *adapter);
            next = self.work.wanted(own.collect()).await?;
        }
    }
}

/// A dead letter that an adapter wrote itself.
fn letter(subject: &str, payload: &[u8]) -> Option<(Token, DeadLetter)> {
    match subject.parse() {
        Ok(Subject::Dead { adapter, .. }) => {
            Some((adapter, decode_dead_letter(payload, &Limits::default()).ok()?))
        }
        _ => None,
    }
}

/// Why a pump did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum PumpError {
    /// The engine gives no answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The adapters and the engine go round in a circle.
    #[error("expected adapters and chains to come to rest, they have gone to and fro {ROUNDS_MAX} times")]
    Circle,
}
