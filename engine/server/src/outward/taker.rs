//! Answers and facts over NATS: durable consumers of the engine, one for each stream. A message is acknowledged once
//! what it did is durable; one that is never acknowledged comes again.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, AckKind};
use countersign_messages::{DeadLetter, Flow, Subject, Token, headers};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::intake::{Came, Handed};
use super::{Intake, OutwardStreams, Taken};
use crate::nats::streams::Trouble;
use crate::publication::Hold;
use crate::server::told_to_stop;

/// The engine's durable consumer on each stream.
const CONSUMER: &str = "engine";
/// Messages under way in the engine at most.
const IN_FLIGHT_MAX: usize = 128;
/// Messages that one request to the server asks for, and how long it stays open.
const BATCH: usize = 64;
const OPEN: Duration = Duration::from_secs(10);
/// After this pause a message comes again that was not acknowledged.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long the server may take to keep a dead letter.
const KEPT: Duration = Duration::from_secs(5);
/// The pause after trouble.
const PAUSE: Duration = Duration::from_millis(500);
/// How long a message is given back whose dead letter could not be kept.
const AGAIN: Duration = Duration::from_secs(5);

/// Both consumers. They end with their tasks.
pub(crate) struct Takers {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Takers {
    /// Starts them.
    pub(crate) fn start(intake: &Intake, streams: &OutwardStreams) -> Takers {
        let (stop, stopped) = watch::channel(false);
        let start = |flow| {
            let taker = Taker { flow, intake: intake.clone(), streams: streams.clone() };
            tokio::spawn(taker.run(stopped.clone()))
        };
        Takers { tasks: [Flow::Answers, Flow::Facts].map(start).into(), stop }
    }

    /// Ends them: what is under way in the engine is acknowledged, what is not comes again.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

#[derive(Clone)]
struct Taker {
    flow: Flow,
    intake: Intake,
    streams: OutwardStreams,
}

impl Taker {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut said = None;
        while !*stop.borrow() {
            let Err(trouble) = self.take(&mut stop, &mut said).await else { return };
            let reason = match trouble {
                Trouble::Again(reason) | Trouble::Hold(Hold { reason, .. }) => reason,
            };
            // The same trouble once, not twice a second.
            if said.as_ref() != Some(&reason) {
                tracing::warn!(flow = self.flow.token(), %reason, "nothing is taken from adapters for now");
                said = Some(reason);
            }
            tokio::select! {
                biased;
                () = told_to_stop(&mut stop) => return,
                () = sleep(PAUSE) => {}
            }
        }
    }

    /// Takes messages until the server stops, or something is wrong.
    async fn take(&self, stop: &mut watch::Receiver<bool>, said: &mut Option<String>) -> Result<(), Trouble> {
        let link = self.streams.link();
        if !link.connected_within(Duration::from_secs(1)).await {
            return Err(Trouble::Again("there is no connection to NATS".to_owned()));
        }
        if link.vouched_by().is_none() {
            return Err(Trouble::Again("expected a NATS server that authenticates".to_owned()));
        }
        self.streams.ours()?;
        self.streams.ensure(self.flow).await?;
        let consumer = self.consumer().await?;
        *said = None;
        let mut under_way = FuturesUnordered::new();
        loop {
            self.streams.ours()?;
            let asked = consumer.batch().max_messages(BATCH).expires(OPEN).messages();
            let asked = tokio::select! {
                asked = asked => asked,
                () = link.disconnected() => return Err(Trouble::Again("the connection is gone".to_owned())),
            };
            let mut batch = asked.map_err(again)?;
            loop {
                let message = tokio::select! {
                    biased;
                    Some(()) = under_way.next(), if !under_way.is_empty() => continue,
                    () = told_to_stop(stop) => {
                        while under_way.next().await.is_some() {}
                        return Ok(());
                    }
                    () = link.disconnected() => return Err(Trouble::Again("the connection is gone".to_owned())),
                    message = batch.next(), if under_way.len() < IN_FLIGHT_MAX => message,
                };
                match message {
                    Some(Ok(message)) => under_way.push(self.through(message).boxed()),
                    Some(Err(error)) => return Err(again(error)),
                    None => break,
                }
            }
        }
    }

    /// Hands a message over now, in the order in which it came; the rest is awaited.
    fn through(&self, message: jetstream::Message) -> impl Future<Output = ()> + Send + 'static {
        let deliveries = message.info().ok().and_then(|info| u64::try_from(info.delivered).ok()).unwrap_or(1);
        let (intake, taker) = (self.intake.clone(), self.clone());
        let handed = intake.post(Came { subject: &message.subject, payload: &message.payload, deliveries });
        async move {
            let taken = match handed {
                Handed::Over(taken) => taken,
                Handed::Posted(posted) => {
                    let came = Came { subject: &message.subject, payload: &message.payload, deliveries };
                    intake.judged(came, posted).await
                }
            };
            taker.acknowledge(&message, taken).await;
        }
    }

    async fn acknowledge(&self, message: &jetstream::Message, taken: Taken) {
        let kind = match taken {
            Taken::Effect | Taken::Repeated => AckKind::Ack,
            Taken::Later(pause) => AckKind::Nak(Some(pause)),
            Taken::Dead(adapter, letter) => {
                let place = message.info().map(|info| info.stream_sequence).unwrap_or_default();
                let id = format!("dead-{}-{place}", self.flow.stream(self.streams.company()));
                match self.bury(&adapter, &letter, id).await {
                    Ok(()) => AckKind::Ack,
                    Err(why) => {
                        tracing::warn!(%adapter, why, "a dead letter is not kept; its message comes again");
                        AckKind::Nak(Some(AGAIN))
                    }
                }
            }
        };
        // A connection that takes no more would let it wait for ever.
        let why = match timeout(KEPT, message.ack_with(kind)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the connection takes no more".to_owned(),
        };
        tracing::warn!(why, "a message is not acknowledged; it comes again and is counted then");
    }

    async fn bury(&self, adapter: &Token, letter: &DeadLetter, id: String) -> Result<(), String> {
        let subject = Subject::dead(self.streams.company().as_str(), adapter.as_str());
        let subject = subject.map_err(|error| error.to_string())?.to_string();
        let mut map = HeaderMap::new();
        map.insert(headers::NATS_MSG_ID, id);
        map.insert(headers::CONTENT_TYPE, "application/json");
        let context = jetstream::new(self.streams.link().client.clone());
        let sent = timeout(KEPT, context.publish_with_headers(subject, map, letter.to_json().into())).await;
        let sent = sent.map_err(|_| "the connection takes no more")?.map_err(|error| error.to_string())?;
        match timeout(KEPT, sent.into_future()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no acknowledgement in time".to_owned()),
        }
    }

    async fn consumer(&self) -> Result<PullConsumer, Trouble> {
        let wanted = pull::Config {
            durable_name: Some(CONSUMER.to_owned()),
            name: Some(CONSUMER.to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_deliver: -1,
            filter_subject: self.flow.subjects(self.streams.company()),
            max_ack_pending: 1_000,
            ..pull::Config::default()
        };
        let context = jetstream::new(self.streams.link().client.clone());
        let stream = context.get_stream_no_info(self.flow.stream(self.streams.company())).await;
        let consumer = stream.map_err(again)?.create_consumer(wanted.clone()).await.map_err(again)?;
        let found = &consumer.cached_info().config;
        let same = found.filter_subject == wanted.filter_subject
            && found.ack_policy == wanted.ack_policy
            && found.max_deliver == wanted.max_deliver;
        if same {
            return Ok(consumer);
        }
        let reason = format!("expected the consumer {CONSUMER} as the engine makes it; remove it");
        Err(Trouble::Hold(Hold { code: "CONSUMER_CONFIG", reason }))
    }
}

fn again(error: impl std::fmt::Display) -> Trouble {
    Trouble::Again(error.to_string())
}
