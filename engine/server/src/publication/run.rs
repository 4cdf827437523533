//! The task that publishes.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::Subscriber;
use countersign_messages::LogId;
use countersign_runtime::{EngineHandle, Follower};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::place::{Place, Position, PositionFile};
use super::resume::{Hold, OwnLog, StreamState, judge};
use super::stream::{Stream, Trouble, event_headers, read_ack};
use super::window::{Settled, Window};
use super::{Again, PublicationStatus};
use crate::config::PublicationConfig;
use crate::nats::Link;
use crate::render::Published;
use crate::server::told_to_stop;
use crate::source::Source;

/// How often the file is written while events go out, and how soon after the last of them.
const SAVE_EVERY: Duration = Duration::from_millis(500);
/// How long to wait before a stream that is held is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(1_000);
/// The first and the longest pause after trouble.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_millis(2_000);
/// How long the rest may take when the server stops.
const FINISH: Duration = Duration::from_secs(2);

/// What the task is made from.
pub(super) struct Parts {
    pub(super) link: Link,
    pub(super) stream: Stream,
    pub(super) handle: EngineHandle,
    pub(super) source: Source,
    pub(super) file: PositionFile,
    pub(super) position: Option<Position>,
    pub(super) log_id: LogId,
    pub(super) config: PublicationConfig,
}

/// The task's state.
pub(super) struct Run {
    parts: Parts,
    follower: Follower,
    /// Everything up to this frame is out.
    applied: u64,
    inbox: String,
    acks: Option<Subscriber>,
    window: Window,
    /// Events that were read and are not under way yet; the last of a frame says that it completes it.
    pending: VecDeque<(Published, Option<u64>)>,
    /// Events up to here are out.
    skip: Option<Place>,
    /// The sequence that the stream has once everything under way is stored.
    stream_seq: u64,
    created: String,
    /// The position is what this process has seen acknowledged, not only what a file said.
    own_position: bool,
    again: Option<Round>,
    dirty: bool,
    saved: Instant,
    pause: Duration,
    stop_by: Option<Instant>,
    status: watch::Sender<PublicationStatus>,
}

/// Holds that say that numbers of this log are another one's on this NATS server, or may be.
const FOREIGN: [&str; 4] = ["STREAM_FOREIGN", "STREAM_AHEAD", "POSITION_FOREIGN", "POSITION_MISSING"];

/// Events that are published once more: those up to a frame.
struct Round {
    until: u64,
    /// The ending of their message ids.
    number: u64,
    done: oneshot::Sender<()>,
}

/// Why publishing ended for now.
enum End {
    /// The server stops, or the engine has ended.
    Stop,
    /// Something has to be published once more.
    Again(Again),
    /// The stream has to be looked at.
    Trouble(Trouble),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> End {
        End::Trouble(trouble)
    }
}

impl Run {
    pub(super) fn new(parts: Parts, applied: u64, status: watch::Sender<PublicationStatus>) -> Run {
        Run {
            follower: parts.handle.log().follow("publication", applied),
            applied,
            inbox: parts.link.client.new_inbox(),
            acks: None,
            window: Window::default(),
            pending: VecDeque::new(),
            skip: None,
            stream_seq: 0,
            created: String::new(),
            own_position: false,
            again: None,
            dirty: false,
            saved: Instant::now(),
            pause: PAUSE,
            stop_by: None,
            status,
            parts,
        }
    }

    /// Publishes until the server stops or the engine ends.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Again>, mut stop: watch::Receiver<bool>) {
        loop {
            let end = match self.resume().await {
                Ok(()) => self.publish(&mut orders, &mut stop).await,
                Err(trouble) => End::Trouble(trouble),
            };
            self.drain().await;
            match end {
                End::Stop => break,
                End::Again(order) => self.rewind(order),
                End::Trouble(trouble) => {
                    if self.wait_out(trouble, &mut orders, &mut stop).await {
                        break;
                    }
                }
            }
        }
        self.save().await;
    }

    /// Notes trouble and waits before the next look at the stream; true: the server stops.
    async fn wait_out(
        &mut self,
        trouble: Trouble,
        orders: &mut mpsc::Receiver<Again>,
        stop: &mut watch::Receiver<bool>,
    ) -> bool {
        let (hold, pause) = match trouble {
            Trouble::Hold(hold) => (hold, LOOK_AGAIN),
            Trouble::Again(why) => {
                let pause = self.pause;
                self.pause = (pause * 2).min(PAUSE_MAX);
                (Hold::new("STREAM_UNAVAILABLE", why), pause)
            }
        };
        tracing::warn!(code = hold.code, reason = %hold.reason, "the publication looks at its stream again");
        let foreign = FOREIGN.contains(&hold.code);
        self.status.send_modify(|status| {
            status.held = Some(hold);
            status.ours &= !foreign;
            status.resumed += 1;
        });
        tokio::select! {
            biased;
            () = told_to_stop(stop) => return true,
            Some(order) = orders.recv() => self.rewind(order),
            () = sleep(pause) => {}
        }
        self.parts.handle.log().ended()
    }

    /// Looks at the stream, and goes to the place in the log from which it has to go on.
    async fn resume(&mut self) -> Result<(), Trouble> {
        if !self.parts.link.connected_within(LOOK_AGAIN).await {
            return Err(Trouble::Again("there is no connection to NATS".to_owned()));
        }
        self.listen().await?;
        let state = self.parts.stream.ensure().await?;
        let after = match self.unchanged(&state) {
            Some(place) => Some(place),
            None => {
                let tail = self.parts.stream.tail(&state).await?;
                let own = OwnLog { log_id: &self.parts.log_id, durable: self.parts.handle.log().durable() };
                judge(&own, &state, tail.as_ref(), self.parts.position.as_ref()).map_err(Trouble::Hold)?
            }
        };
        self.go_on(after, state)
    }

    /// Where the stream is as this process left it, nothing has to be asked of it; events that are published once
    /// more are then not mistaken for the end.
    fn unchanged(&self, state: &StreamState) -> Option<Place> {
        let position = self.parts.position.as_ref().filter(|_| self.own_position)?;
        let same = position.created == state.created && position.stream_seq == state.last_seq;
        same.then_some(position.place)
    }

    async fn listen(&mut self) -> Result<(), Trouble> {
        if self.acks.is_none() {
            let subject = format!("{}.*", self.inbox);
            let acks = timeout(LOOK_AGAIN, self.parts.link.client.subscribe(subject)).await;
            let acks = acks.map_err(|_| lost("the connection takes no subscription"))?;
            self.acks = Some(acks.map_err(|error| lost(&error.to_string()))?);
        }
        Ok(())
    }

    fn go_on(&mut self, after: Option<Place>, state: StreamState) -> Result<(), Trouble> {
        let from = after.map_or(1, |place| place.sequence.max(1));
        self.parts.source.seek(from).map_err(|error| unreadable(&error))?;
        self.window.clear();
        self.pending.clear();
        self.skip = after;
        self.stream_seq = state.last_seq;
        self.created = state.created;
        self.own_position = true;
        if let Some(place) = after {
            self.keep(place, state.last_seq);
        }
        self.complete(from - 1);
        tracing::info!(stream = %self.parts.stream.name, ?after, stream_seq = state.last_seq, "publishing");
        self.status.send_modify(|status| {
            status.held = None;
            status.ours = true;
            status.place = after;
        });
        Ok(())
    }

    /// Publishes from here on.
    async fn publish(&mut self, orders: &mut mpsc::Receiver<Again>, stop: &mut watch::Receiver<bool>) -> End {
        loop {
            if let Err(trouble) = self.fill().await {
                return trouble.into();
            }
            if self.stop_by.is_some_and(|by| self.window.is_empty() || Instant::now() >= by) {
                return End::Stop;
            }
            let went_on = if self.window.is_empty() {
                self.idle(orders, stop).await
            } else {
                self.acknowledged(stop).await
            };
            if let Err(end) = went_on {
                return end;
            }
            if self.dirty && self.saved.elapsed() >= SAVE_EVERY {
                self.save().await;
            }
        }
    }

    /// Everything that is durable is out: waits for more.
    async fn idle(
        &mut self,
        orders: &mut mpsc::Receiver<Again>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<(), End> {
        tokio::select! {
            biased;
            () = told_to_stop(stop), if self.stop_by.is_none() => self.stop_by = Some(Instant::now() + FINISH),
            Some(order) = orders.recv() => return Err(End::Again(order)),
            more = self.parts.source.wait() => if !more {
                return Err(End::Stop);
            },
            () = sleep_until(self.saved + SAVE_EVERY), if self.dirty => {}
        }
        Ok(())
    }

    /// Waits for the next answers of the stream.
    async fn acknowledged(&mut self, stop: &mut watch::Receiver<bool>) -> Result<(), End> {
        let within = self.parts.config.acknowledged_within;
        let Some(acks) = &mut self.acks else { return Err(lost("no subscription").into()) };
        let first = tokio::select! {
            biased;
            ack = timeout(within, acks.next()) => ack,
            // Answers that were on their way are lost; the stream's tail will tell.
            () = self.parts.link.disconnected() => return Err(lost("the connection is gone").into()),
            () = told_to_stop(stop), if self.stop_by.is_none() => {
                self.stop_by = Some(Instant::now() + FINISH);
                return Ok(());
            }
        };
        let mut next = match first {
            Ok(Some(ack)) => Some(ack),
            Ok(None) => {
                self.acks = None;
                return Err(lost("the subscription has ended").into());
            }
            Err(_) => return Err(lost("no acknowledgement in time").into()),
        };
        let mut broken = None;
        while let Some(ack) = next {
            if let Err(why) = self.answer(&ack) {
                broken = Some(why);
                break;
            }
            next = self.acks.as_mut().and_then(|acks| acks.next().now_or_never()).flatten();
        }
        self.settle();
        broken.map_or(Ok(()), |why| Err(lost(&why).into()))
    }

    fn answer(&mut self, message: &async_nats::Message) -> Result<(), String> {
        let number = message.subject.rsplit('.').next().and_then(|number| number.parse().ok());
        match number {
            Some(number) => self.window.answer(number, read_ack(message)),
            None => Ok(()),
        }
    }

    /// Takes note of what is out.
    fn settle(&mut self) {
        let before = self.window.len();
        let Some(Settled { place, stream_seq, completed }) = self.window.settle() else { return };
        let count = (before - self.window.len()) as u64;
        self.keep(place, stream_seq);
        self.pause = PAUSE;
        if let Some(sequence) = completed {
            self.frame_is_out(sequence);
        }
        self.status.send_modify(|status| {
            status.place = Some(place);
            status.published += count;
        });
    }

    fn keep(&mut self, place: Place, stream_seq: u64) {
        let position =
            Position { log_id: self.parts.log_id.clone(), created: self.created.clone(), place, stream_seq };
        if self.parts.position.as_ref() != Some(&position) {
            self.parts.position = Some(position);
            self.dirty = true;
        }
    }

    fn frame_is_out(&mut self, sequence: u64) {
        self.complete(sequence);
        if let Some(round) = self.again.take_if(|round| sequence >= round.until) {
            // Whoever gave the order may no longer wait.
            let _ = round.done.send(());
        }
    }

    /// Everything up to this frame is out. What is published once more does not take that back.
    fn complete(&mut self, sequence: u64) {
        if sequence > self.applied {
            self.applied = sequence;
            self.follower.applied(sequence);
            self.status.send_modify(|status| status.applied = sequence);
        }
    }

    /// Brings as many events on their way as the window takes.
    async fn fill(&mut self) -> Result<(), Trouble> {
        while self.window.len() < self.parts.config.window.max(1) {
            if let Some((event, completes)) = self.pending.pop_front() {
                self.send(event, completes).await?;
                continue;
            }
            match self.parts.source.ready().await {
                Ok(Some((sequence, events))) => self.queue(sequence, events),
                Ok(None) => break,
                Err(error) => return Err(unreadable(&error)),
            }
        }
        Ok(())
    }

    /// The events of a frame that are not out yet.
    fn queue(&mut self, sequence: u64, events: Vec<Published>) {
        let skip = self.skip;
        let due = |event: &Published| {
            let place = Place { sequence: event.sequence, index: event.index };
            skip.is_none_or(|skip| place > skip)
        };
        self.pending.extend(events.into_iter().filter(due).map(|event| (event, None)));
        match self.pending.back_mut() {
            Some((_, completes)) => *completes = Some(sequence),
            // Nothing of it is to be published: it is out with what is before it.
            None => {
                if !self.window.completes(sequence) {
                    self.frame_is_out(sequence);
                }
            }
        }
    }

    async fn send(&mut self, event: Published, completes: Option<u64>) -> Result<(), Trouble> {
        let round =
            self.again.as_ref().filter(|round| event.sequence <= round.until).map(|round| round.number);
        let headers = event_headers(&event, self.stream_seq, round);
        let place = Place { sequence: event.sequence, index: event.index };
        let number = self.window.push(place, completes, self.stream_seq + 1);
        let reply = format!("{}.{number}", self.inbox);
        let client = &self.parts.link.client;
        let sent = client.publish_with_reply_and_headers(event.subject, reply, headers, event.body.into());
        match timeout(self.parts.config.acknowledged_within, sent).await {
            Ok(Ok(())) => {
                self.stream_seq += 1;
                Ok(())
            }
            Ok(Err(error)) => Err(lost(&error.to_string())),
            Err(_) => Err(lost("the connection takes no more")),
        }
    }

    /// Waits for the answers to what is under way. Afterwards nothing of it is, or the stream's tail tells.
    async fn drain(&mut self) {
        let until = Instant::now() + self.parts.config.acknowledged_within;
        while self.window.awaits() && self.parts.link.is_connected() {
            let Some(acks) = &mut self.acks else { break };
            let left = until.saturating_duration_since(Instant::now());
            match timeout(left, acks.next()).await {
                Ok(Some(ack)) => {
                    // What breaks the run was noted before; this only looks for what is out.
                    let _ = self.answer(&ack);
                    self.settle();
                }
                _ => break,
            }
        }
        self.window.clear();
    }

    /// Goes back: everything from this frame on is published once more, each under its own event id and with
    /// another message id, so that the stream does not take it for a repeat.
    fn rewind(&mut self, Again { from, done }: Again) {
        let until = self.parts.handle.log().durable();
        if from > until {
            let _ = done.send(());
            return;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let number = u64::try_from(since.as_millis()).unwrap_or(until);
        tracing::warn!(from, until, "events are published once more");
        self.again = Some(Round { until, number, done });
        let stream_seq = self.parts.position.as_ref().map_or(self.stream_seq, |position| position.stream_seq);
        self.keep(Place::before(from.max(1)), stream_seq);
    }

    /// Writes the file. A disk that takes it not is no reason to stop: the stream's tail tells more than the file.
    async fn save(&mut self) {
        self.saved = Instant::now();
        let (Some(position), true) = (self.parts.position.clone(), self.dirty) else { return };
        let file = self.parts.file.clone();
        match tokio::task::spawn_blocking(move || file.write(&position)).await {
            Ok(Ok(())) => self.dirty = false,
            Ok(Err(error)) => tracing::error!(%error, "the place of the publication cannot be kept"),
            Err(error) => tracing::error!(%error, "the place of the publication cannot be kept"),
        }
    }
}

fn lost(why: &str) -> Trouble {
    Trouble::Again(why.to_owned())
}

fn unreadable(error: &countersign_runtime::ReadError) -> Trouble {
    Trouble::Hold(Hold::new(error.code(), error.to_string()))
}
