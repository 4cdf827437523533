//! Over a real NATS server on this machine: requests and replies, and the publication of events, each against a bare
//! program that does no more with the same server than it must.

mod bare;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_nats::Client;
use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_messages::LogId;
use countersign_runtime::{EngineHandle, EngineOptions, SystemClock};
use countersign_server::render::{Belongs, Publisher};
use countersign_server::{
    Credentials, NatsConfig, PublishAgain, Published, RequestLimits, Server, SystemLimits,
};

use super::company::{LEVELS, Names};
use super::requests::decide_by_json;
use super::{Handed, Rounds, create_with, median, submit_all};
use crate::transport;
use bare::{BarePublisher, BareService};
use server::NatsServer;

/// Rounds in which the engine and the bare program take turns.
const ROUNDS: usize = 3;
/// Connections that the callers share.
const CONNECTIONS: usize = 4;
/// How long the publication may take to come to the end of the log.
const PUBLISHED: Duration = Duration::from_secs(600);

/// Fails where there is no such NATS server.
pub(super) fn present(program: &str) -> Result<(), String> {
    server::present(program)
}

/// What was found.
pub(super) struct OverNats {
    /// Decisions per second until the last is answered and its events are in the stream.
    pub(super) decisions_per_s: f64,
    pub(super) bare_per_s: f64,
    pub(super) ratio: f64,
    /// Until the last reply alone.
    pub(super) replies_per_s: f64,
    pub(super) bare_replies_per_s: f64,
    /// Events per second of a log that is published from its beginning.
    pub(super) published_per_s: f64,
    pub(super) bare_published_per_s: f64,
    pub(super) published_ratio: f64,
}

/// The company that is served, and who measures it.
struct Served {
    server: Server,
    handle: EngineHandle,
    names: Names,
    connections: Vec<Client>,
    callers: usize,
    /// The next publication of a bare program has a stream of its own.
    streams: AtomicU64,
}

/// Measures a company of its own. The NATS server is started, and ends with this.
pub(super) fn measure(
    folder: &Path,
    program: &str,
    (callers, cases): (usize, usize),
) -> Result<OverNats, String> {
    let data = folder.join("over-nats");
    let engine = create_with(EngineOptions::directory(&data))?;
    let names = Names::new();
    let handed = submit_all(engine.handle(), &names, callers, 0..cases)?;
    let runtime = transport::runtime().map_err(|failure| failure.error.message)?;
    runtime.block_on(async {
        let nats = NatsServer::start(program, &folder.join("streams"))?;
        let handle = engine.handle().clone();
        let until = handle.log().durable();
        // What is measured is the service, not how it slows a noisy system.
        let all = SystemLimits {
            requests_per_second: 10_000_000,
            burst: 10_000_000,
            under_way_max: 65_536,
            ..SystemLimits::default()
        };
        let config = NatsConfig {
            trust_network: true,
            limits: RequestLimits { each: all, ..RequestLimits::default() },
            ..NatsConfig::new(nats.url(), Credentials::None, data.join("publication"))
        };
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(connect(nats.url()).await?);
        }
        let begun = Instant::now();
        let clock = Arc::new(SystemClock::new());
        let server = Server::over(engine, clock, Some(&config)).await.map_err(|error| error.to_string())?;
        let served = Served { server, handle, names, connections, callers, streams: AtomicU64::new(0) };
        let publication = served.publication(until, begun).await?;
        let requests = served.requests(&handed).await?;
        served.server.stop().await.map_err(|error| error.to_string())?;
        Ok(OverNats {
            published_per_s: publication.0,
            bare_published_per_s: publication.1,
            published_ratio: publication.2,
            ..requests
        })
    })
}

impl Served {
    /// What is in the log already goes out: once by itself, then again in every further round.
    async fn publication(&self, until: u64, begun: Instant) -> Result<(f64, f64, f64), String> {
        self.wait_published(until).await?;
        let mut own = begun.elapsed();
        let events = self.rendered(1, until)?;
        let mut rounds = Rounds::default();
        for round in 0..ROUNDS {
            if round > 0 {
                let begun = Instant::now();
                let all = PublishAgain { from: 1, within_seconds: PUBLISHED.as_secs() };
                self.server.operator().publish_again(&all).await.map_err(|error| error.message)?;
                own = begun.elapsed();
            }
            let (publisher, events) = (self.bare_publisher().await?, events.clone());
            let (count, begun) = (events.len(), Instant::now());
            publisher.publish_all(events).await?;
            rounds.note(count, own, begun.elapsed());
        }
        Ok((median(&mut rounds.decisions), median(&mut rounds.bare), median(&mut rounds.ratios)))
    }

    /// Callers decide, by turns with callers of a bare service that publishes the very same messages.
    async fn requests(&self, cases: &[Handed]) -> Result<OverNats, String> {
        let (mut rounds, mut replies) = (Rounds::default(), Rounds::default());
        for chunk in cases.chunks(cases.len().div_ceil(ROUNDS).max(1)) {
            let operations = chunk.len() * LEVELS;
            let before = self.handle.log().durable();
            let begun = Instant::now();
            self.decide("countersign.bench.api.bench.decide", chunk).await?;
            let replied = begun.elapsed();
            let until = self.handle.log().durable();
            self.wait_published(until).await?;
            let published = begun.elapsed();
            // Every decision is answered by as many messages as it was, whichever comes first.
            let messages = self.rendered_for(operations, before + 1, until)?;
            let service =
                BareService::start(self.connection(), self.bare_publisher().await?, messages).await?;
            let begun = Instant::now();
            self.decide(&service.subject(), chunk).await?;
            let bare_replied = begun.elapsed();
            service.finish().await?;
            rounds.note(operations, published, begun.elapsed());
            replies.note(operations, replied, bare_replied);
        }
        Ok(OverNats {
            decisions_per_s: median(&mut rounds.decisions),
            bare_per_s: median(&mut rounds.bare),
            ratio: median(&mut rounds.ratios),
            replies_per_s: median(&mut replies.decisions),
            bare_replies_per_s: median(&mut replies.bare),
            published_per_s: 0.0,
            bare_published_per_s: 0.0,
            published_ratio: 0.0,
        })
    }

    async fn decide(&self, subject: &str, cases: &[Handed]) -> Result<(), String> {
        let ask = async |caller: usize, body: Vec<u8>| {
            let client = &self.connections[caller % self.connections.len()];
            let reply = client.request(subject.to_owned(), body.into()).await;
            reply.map(|reply| reply.payload.to_vec()).map_err(|error| error.to_string())
        };
        decide_by_json(&self.names, self.callers, cases, ask).await
    }

    async fn wait_published(&self, sequence: u64) -> Result<(), String> {
        if self.server.published(sequence, PUBLISHED).await {
            return Ok(());
        }
        Err(format!("expected everything up to {sequence} to be published, found {:?}", self.server.status()))
    }

    fn connection(&self) -> Client {
        self.connections[0].clone()
    }

    async fn bare_publisher(&self) -> Result<BarePublisher, String> {
        let number = self.streams.fetch_add(1, Ordering::Relaxed);
        BarePublisher::create(self.connection(), number).await
    }

    /// The events of frames as the engine publishes them.
    fn rendered(&self, from: u64, until: u64) -> Result<Vec<Published>, String> {
        Ok(self.rendered_by_frame(from, until)?.into_iter().flatten().collect())
    }

    /// The same, for so many requests. A frame of a timer that came between goes with the last of them.
    fn rendered_for(&self, requests: usize, from: u64, until: u64) -> Result<Vec<Vec<Published>>, String> {
        let mut frames = self.rendered_by_frame(from, until)?;
        let beyond = frames.split_off(requests.min(frames.len()));
        match frames.last_mut() {
            Some(last) if until + 1 - from >= requests as u64 => last.extend(beyond.into_iter().flatten()),
            _ => return Err(format!("expected at least {requests} frames, found {}", until + 1 - from)),
        }
        Ok(frames)
    }

    fn rendered_by_frame(&self, from: u64, until: u64) -> Result<Vec<Vec<Published>>, String> {
        let log = self.handle.log();
        let publisher =
            Publisher::new(self.server.desk().company().clone(), LogId::from_bytes(&log.log_id().0));
        let mut reader = log.reader(from).map_err(|error| error.to_string())?;
        let mut frames = Vec::new();
        while let Some((sequence, frame)) = reader.read().map_err(|error| error.to_string())? {
            if sequence > until {
                break;
            }
            let of =
                |event: &Event| event.case().map(|root| Belongs { chain: Name::from("five-levels"), root });
            let each = frame.events.iter().enumerate();
            frames.push(
                each.filter_map(|(i, event)| publisher.event(sequence, &frame, i, of(event).as_ref()))
                    .collect(),
            );
        }
        Ok(frames)
    }
}

async fn connect(url: &str) -> Result<Client, String> {
    async_nats::connect(url).await.map_err(|error| format!("{url}: {error}"))
}
