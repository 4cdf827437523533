//! The follower that turns durable frames into work for adapters.
//!
//! How far it has come stands in a small file. Where the file is missing or the stream is another one than before,
//! every command whose answer is waited for goes out again, and it goes on from there: an adapter does the work of one
//! id once. A message id stops repeats within the server's window.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::{self, context::PublishAckFuture};
use countersign_core::event::{Event, FactGivenUp};
use countersign_core::frame::Frame;
use countersign_messages::{AdapterFact, DeadLetter, Flow, LogId, Name as WireName, Subject, Token, headers};
use countersign_runtime::{EngineHandle, Follower, LogReader, ReadError, Unavailable};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::counts::{Counters, count};
use super::{CommandMessage, Intake, OutwardCounts, OutwardStatus, OutwardStreams, Within, Work};
use crate::nats::streams::Trouble;
use crate::publication::Hold;
use crate::publication::place::{Place, Position, PositionFile};
use crate::render::{fields, time};
use crate::server::told_to_stop;

/// Commands of one round, and frames that are looked at for them.
const ROUND_COMMANDS: usize = 128;
const ROUND_FRAMES: usize = 1_024;
/// How often the file is written while there is something to write.
const SAVE_EVERY: Duration = Duration::from_millis(500);
/// How often the streams are looked at while nothing goes out.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How often what was counted is logged, where it has changed.
const COUNTS_EVERY: Duration = Duration::from_secs(60);
/// The first and the longest pause after trouble.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(2_000);

/// What the follower is made from.
pub(crate) struct SenderParts {
    pub(crate) handle: EngineHandle,
    pub(crate) work: Work,
    pub(crate) intake: Intake,
    pub(crate) streams: OutwardStreams,
    pub(crate) within: Within,
    pub(crate) counters: Arc<Counters>,
    pub(crate) directory: PathBuf,
    /// How long an acknowledgement may take.
    pub(crate) acknowledged_within: Duration,
    /// Dead letters of adapters within the process.
    pub(crate) letters: mpsc::Receiver<(Token, DeadLetter)>,
}

/// The follower.
pub(crate) struct Sender {
    parts: SenderParts,
    /// Counts as a follower once it has something to follow.
    follower: Option<Follower>,
    file: PositionFile,
    position: Option<Position>,
    log_id: LogId,
    status: watch::Sender<OutwardStatus>,
    dirty: bool,
    saved: Instant,
    logged: Instant,
    counts: OutwardCounts,
}

/// Why following ended for now.
enum End {
    /// The server stops, or the engine has ended.
    Stop,
    /// The streams have to be looked at.
    Trouble(Trouble),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> End {
        End::Trouble(trouble)
    }
}

impl From<ReadError> for End {
    fn from(error: ReadError) -> End {
        End::Trouble(Trouble::Again(format!("the log cannot be read: {error}")))
    }
}

impl From<Unavailable> for End {
    fn from(error: Unavailable) -> End {
        match error {
            Unavailable::Stopped => End::Stop,
            error => End::Trouble(Trouble::Again(error.to_string())),
        }
    }
}

/// What is to go out for a frame.
struct Outgoing {
    subject: String,
    id: String,
    correlation: Option<String>,
    payload: Vec<u8>,
}

impl Outgoing {
    fn command(message: CommandMessage) -> Outgoing {
        let id = message.id();
        let CommandMessage { subject, correlation, payload, .. } = message;
        Outgoing { subject, id, correlation: Some(correlation), payload }
    }

    fn letter(company: &Token, (adapter, letter): &(Token, DeadLetter), id: String) -> Option<Outgoing> {
        let subject = Subject::dead(company.as_str(), adapter.as_str()).ok()?.to_string();
        Some(Outgoing { subject, id, correlation: None, payload: letter.to_json() })
    }

    fn headers(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        map.insert(headers::NATS_MSG_ID, self.id.as_str());
        map.insert(headers::CONTENT_TYPE, "application/json");
        if let Some(correlation) = &self.correlation {
            map.insert(headers::COUNTERSIGN_CORRELATION, correlation.as_str());
        }
        map
    }
}

impl Sender {
    /// Ready to run; whatever keeps commands from going out is told by its status.
    pub(crate) fn new(parts: SenderParts, status: watch::Sender<OutwardStatus>) -> std::io::Result<Sender> {
        let name = Flow::Commands.stream(parts.streams.company());
        let file = PositionFile::open(&parts.directory, &name)?;
        let position = file.read()?;
        let log_id = LogId::from_bytes(&parts.handle.log().log_id().0);
        let now = Instant::now();
        let counts = OutwardCounts::default();
        Ok(Sender {
            parts,
            follower: None,
            file,
            position,
            log_id,
            status,
            dirty: false,
            saved: now,
            logged: now,
            counts,
        })
    }

    /// Sends until the server stops or the engine ends.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSE;
        loop {
            let trouble = match self.follow(&mut stop, &mut pause).await {
                Ok(never) => match never {},
                Err(End::Stop) => break,
                Err(End::Trouble(trouble)) => trouble,
            };
            let hold = match trouble {
                Trouble::Hold(hold) => hold,
                Trouble::Again(reason) => Hold { code: "STREAM_UNAVAILABLE", reason },
            };
            tracing::warn!(code = hold.code, reason = %hold.reason, "no commands go out for now");
            self.status.send_modify(|status| status.held = Some(hold));
            tokio::select! {
                biased;
                () = told_to_stop(&mut stop) => break,
                () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            }
            if self.parts.handle.log().ended() {
                break;
            }
        }
        self.save().await;
    }

    /// Follows the log from where it stands.
    async fn follow(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        pause: &mut Duration,
    ) -> Result<std::convert::Infallible, End> {
        if !self.parts.streams.link().connected_within(Duration::from_secs(1)).await {
            return Err(Trouble::Again("there is no connection to NATS".to_owned()).into());
        }
        let from = self.begin().await?;
        let mut reader = self.parts.handle.log().reader(from)?;
        *pause = PAUSE;
        self.status.send_modify(|status| status.held = None);
        tracing::info!(from, "commands go out");
        let mut looked = Instant::now();
        loop {
            self.parts.streams.ours()?;
            self.letters().await?;
            if !self.round(&mut reader).await? {
                self.idle(&reader, stop).await?;
            }
            if self.dirty && self.saved.elapsed() >= SAVE_EVERY {
                self.save().await;
            }
            if looked.elapsed() >= LOOK_EVERY {
                self.look().await?;
                looked = Instant::now();
            }
            self.tell_counts();
            if *stop.borrow() {
                return Err(End::Stop);
            }
        }
    }

    /// Where to go on; before that, what has to go out once more does.
    async fn begin(&mut self) -> Result<u64, End> {
        self.parts.streams.ours()?;
        let created = self.parts.streams.ensure(Flow::Commands).await?.created;
        self.parts.streams.ensure_all().await?;
        let durable = self.parts.handle.log().durable();
        if let Some(position) = &self.position {
            if position.log_id != self.log_id {
                let reason = format!(
                    "expected the place of log {}, the file has that of log {}",
                    self.log_id, position.log_id
                );
                return Err(Trouble::Hold(Hold { code: "POSITION_FOREIGN", reason }).into());
            }
            let sequence = position.place.sequence;
            if sequence > durable {
                let reason = format!(
                    "expected a log that reaches to sequence {sequence}, as commands did that went out, found one up to {durable}: an older copy of the log was restored; adapters know ids of commands that it does not"
                );
                return Err(Trouble::Hold(Hold { code: "STREAM_AHEAD", reason }).into());
            }
            if position.created == created {
                self.keep(created, sequence);
                return Ok(sequence + 1);
            }
        }
        let (open, sequence) = self.parts.work.open().await?;
        // Letters are of frames, not of State: those before this start would be told by nobody.
        let told = self.position.as_ref().map_or(0, |position| position.place.sequence);
        self.letters_between(told + 1, sequence).await?;
        tracing::info!(commands = open.len(), "every command whose answer is waited for goes out");
        self.send(open.into_iter().map(Outgoing::command).collect()).await?;
        self.keep(created, sequence);
        self.save().await;
        Ok(sequence + 1)
    }

    /// Shows what was counted, and logs it now and then where it has changed.
    fn tell_counts(&mut self) {
        let counts = self.parts.counters.read();
        self.status.send_if_modified(|status| {
            let changed = status.counts != counts;
            status.counts = counts;
            changed
        });
        if counts != self.counts && self.logged.elapsed() >= COUNTS_EVERY {
            counts.log();
            (self.counts, self.logged) = (counts, Instant::now());
        }
    }

    /// Notices a stream that was made anew while nothing goes out.
    async fn look(&self) -> Result<(), End> {
        let created = self.parts.streams.ensure(Flow::Commands).await?.created;
        if self.position.as_ref().is_some_and(|position| position.created != created) {
            return Err(Trouble::Again("the stream was made anew".to_owned()).into());
        }
        Ok(self.parts.streams.ensure_all().await?)
    }

    /// Sends what the next frames ask for. False: nothing more is durable.
    async fn round(&mut self, reader: &mut LogReader) -> Result<bool, End> {
        let (mut commands, mut letters, mut last) = (Vec::new(), Vec::new(), None);
        for _ in 0..ROUND_FRAMES {
            let Some((sequence, frame)) = reader.read()? else { break };
            last = Some(sequence);
            let own = self.parts.work.of_frame(&frame).into_iter();
            commands.extend(own.filter(|command| !self.parts.within.has(command.adapter.as_str())));
            letters.extend(self.given_up(sequence, &frame));
            if commands.len() + letters.len() >= ROUND_COMMANDS {
                break;
            }
        }
        let Some(last) = last else { return Ok(false) };
        let wanted = self.parts.work.wanted(commands).await?;
        let outgoing = wanted.into_iter().map(Outgoing::command).chain(letters);
        self.send(outgoing.collect()).await?;
        if let Some(created) = self.position.as_ref().map(|position| position.created.clone()) {
            self.keep(created, last);
        }
        Ok(true)
    }

    /// Letters of frames whose commands State knows.
    async fn letters_between(&self, first: u64, last: u64) -> Result<(), End> {
        if first > last {
            return Ok(());
        }
        let mut reader = self.parts.handle.log().reader(first)?;
        let mut more = true;
        while more {
            let mut letters = Vec::new();
            for _ in 0..ROUND_FRAMES {
                let Some((sequence, frame)) = reader.read()?.filter(|(sequence, _)| *sequence <= last) else {
                    more = false;
                    break;
                };
                letters.extend(self.given_up(sequence, &frame));
            }
            self.send(letters).await?;
            // A long log is read beside everything else.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Letters about facts that nobody wanted.
    fn given_up(&self, sequence: u64, frame: &Frame) -> Vec<Outgoing> {
        let given_up = frame.events.iter().enumerate().filter_map(|(index, event)| match event {
            Event::FactGivenUp(e) => Some((index, e)),
            _ => None,
        });
        let letter = |(index, e): (usize, &FactGivenUp)| {
            let adapter = Token::new(e.sender.as_str()).ok()?;
            let fact = AdapterFact {
                message_id: WireName::new(e.message_id.as_str()).ok()?,
                at: time(frame.at),
                key: None,
                data: fields(&e.data),
            };
            let letter = self.parts.intake.given_up(adapter, &fact, &e.fact);
            Outgoing::letter(self.parts.streams.company(), &letter, format!("given-up-{sequence}-{index}"))
        };
        given_up.filter_map(letter).collect()
    }

    /// Letters of adapters within the process.
    async fn letters(&mut self) -> Result<(), End> {
        while let Ok(letter) = self.parts.letters.try_recv() {
            let id = format!("within-{}", blake3::hash(&letter.1.to_json()).to_hex());
            let outgoing = Outgoing::letter(self.parts.streams.company(), &letter, id);
            self.send(outgoing.into_iter().collect()).await?;
        }
        Ok(())
    }

    /// Publishes, in order, and waits until all of it is kept.
    async fn send(&self, messages: Vec<Outgoing>) -> Result<(), End> {
        if !self.parts.streams.link().is_connected() {
            // The client would keep it and send it later, when it may no longer be wanted.
            return Err(Trouble::Again("the connection is gone".to_owned()).into());
        }
        let context = jetstream::new(self.parts.streams.link().client.clone());
        let mut under_way: VecDeque<PublishAckFuture> = VecDeque::new();
        let lost = |why: String| End::from(Trouble::Again(format!("a command is not kept: {why}")));
        let commands = messages.iter().filter(|message| message.correlation.is_some()).count();
        for message in messages {
            let (headers, subject) = (message.headers(), message.subject);
            let sent = context.publish_with_headers(subject, headers, message.payload.into());
            // A connection that takes no more would let it wait for ever.
            let sent = timeout(self.parts.acknowledged_within, sent).await;
            let sent = sent.map_err(|_| lost("the connection takes no more".to_owned()))?;
            under_way.push_back(sent.map_err(|error| lost(error.to_string()))?);
        }
        for sent in under_way {
            tokio::select! {
                biased;
                kept = timeout(self.parts.acknowledged_within, sent.into_future()) => {
                    let kept = kept.map_err(|_| lost("no acknowledgement in time".to_owned()))?;
                    kept.map_err(|error| lost(error.to_string()))?;
                }
                () = self.parts.streams.link().disconnected() => {
                    return Err(lost("the connection is gone".to_owned()));
                }
            }
        }
        (0..commands).for_each(|_| count(&self.parts.counters.commands));
        Ok(())
    }

    fn keep(&mut self, created: String, sequence: u64) {
        let place = Place { sequence, index: u32::MAX };
        self.position = Some(Position { log_id: self.log_id.clone(), created, place, stream_seq: 0 });
        self.dirty = true;
        let log = self.parts.handle.log();
        self.follower.get_or_insert_with(|| log.follow("commands", sequence)).applied(sequence);
        self.status.send_modify(|status| status.applied = sequence);
    }

    /// Waits for more to be durable, or something else to do.
    async fn idle(&self, reader: &LogReader, stop: &mut watch::Receiver<bool>) -> Result<(), End> {
        let next = reader.next_sequence();
        let mut durable = self.parts.handle.log().watch();
        let more = tokio::select! {
            biased;
            () = told_to_stop(stop) => return Err(End::Stop),
            more = durable.wait_for(|durable| *durable >= next) => more.is_ok(),
            () = sleep(SAVE_EVERY) => true,
        };
        let ended = !more && self.parts.handle.log().durable() < next;
        if ended { Err(End::Stop) } else { Ok(()) }
    }

    async fn save(&mut self) {
        let Some(position) = self.position.clone().filter(|_| self.dirty) else { return };
        let file = self.file.clone();
        let written = tokio::task::spawn_blocking(move || file.write(&position)).await;
        match written {
            Ok(Ok(())) => self.dirty = false,
            Ok(Err(error)) => tracing::warn!(%error, "how far commands have gone out cannot be written"),
            Err(error) => tracing::warn!(%error, "how far commands have gone out cannot be written"),
        }
        self.saved = Instant::now();
    }
}
