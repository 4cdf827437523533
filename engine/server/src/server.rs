//! A server: an engine with its doors.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::state::State;
use countersign_messages::LogId;
use countersign_runtime::{Clock, Engine, EngineHandle, RecoveryReport, Status};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::bus::Bus;
use crate::config::{Config, NatsConfig};
use crate::control::{Control, Operator};
use crate::desk::Desk;
use crate::error::ServerError;
use crate::health::{Health, HealthConfig, StatusSource};
use crate::nats::{Link, Service, ServiceCounts, SystemCounts, already_served, connect};
use crate::outward::{
    Counters, Intake, Locals, OutwardCounts, OutwardDoor, OutwardStatus, Shared, Within, Work,
};
use crate::publication::{Publication, PublicationStatus};
use crate::render::Publisher;

/// How long a part of the server may take to end.
const STOP: Duration = Duration::from_secs(15);

/// A running server. Stop it with [`Server::stop`]; dropped, its engine stops without answering what is under way.
pub struct Server {
    engine: Option<Engine>,
    desk: Desk,
    bus: Bus,
    feed: JoinHandle<()>,
    counters: Arc<Counters>,
    clock: Arc<dyn Clock>,
    nats: Option<Door>,
    stop: watch::Sender<bool>,
}

/// What stands behind a NATS connection.
struct Door {
    link: Link,
    service: Service,
    serving: JoinHandle<()>,
    publication: Option<Publication>,
    outward: Option<OutwardDoor>,
}

/// How a server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStatus {
    /// The company.
    pub company: String,
    /// The engine.
    pub engine: Status,
    /// The NATS service, if there is one.
    pub nats: Option<NatsStatus>,
    /// The publication, if there is one.
    pub publication: Option<PublicationStatus>,
    /// The dealings with adapters over NATS, if there is a connection.
    pub outward: Option<OutwardStatus>,
}

/// How the NATS service is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsStatus {
    /// The connection stands.
    pub connected: bool,
    /// The server authenticates, or the network is trusted.
    pub believed: bool,
    /// What the service has done.
    pub counts: ServiceCounts,
    /// What each system has asked.
    pub systems: Vec<SystemCounts>,
}

impl ServerStatus {
    /// Frames that are durable and not published yet.
    pub fn publication_lag(&self) -> Option<u64> {
        self.publication.as_ref().map(|publication| self.engine.durable.saturating_sub(publication.applied))
    }
}

impl Server {
    /// Opens the engine, then its doors. What a start found is in the report.
    ///
    /// # Errors
    /// Those of the engine (`LOG_MISSING`, `LOCKED`, `LOG_DAMAGED` ...), and with NATS `NATS_UNREACHABLE`,
    /// `NATS_REFUSED`, `NATS_NOT_AUTHENTICATED`, `ALREADY_SERVED`.
    pub async fn start(config: Config) -> Result<(Server, RecoveryReport), ServerError> {
        let clock = config.engine.clock.clone();
        let options = config.engine.clone();
        let opened = tokio::task::spawn_blocking(move || Engine::open(options)).await;
        let (engine, report) = opened.map_err(|error| ServerError::Ended(error.to_string()))??;
        let server = Server::over(engine, clock, config.nats.as_ref()).await?;
        Ok((server, report))
    }

    /// The doors of an engine that runs already.
    ///
    /// # Errors
    /// Those of [`Server::start`], without the engine's.
    pub async fn over(
        engine: Engine,
        clock: Arc<dyn Clock>,
        nats: Option<&NatsConfig>,
    ) -> Result<Server, ServerError> {
        let handle = engine.handle().clone();
        let desk = Desk::open(handle.clone(), clock.clone()).await?;
        let publisher = Publisher::new(desk.company().clone(), LogId::from_bytes(&handle.log().log_id().0));
        let shared = shared(&desk, clock.clone());
        let Shared { work, intake, within, counters } = shared.clone();
        let locals = Locals::new(handle.clone(), clock.clone(), work, intake, within);
        let locals = Arc::new(locals);
        let bus = Bus::new(desk.clone(), locals.clone());
        let (stop, stopped) = watch::channel(false);
        let door = match nats {
            Some(config) => Some(Door::open(&desk, &*clock, config, stopped, (shared, &locals)).await?),
            None => None,
        };
        let feed = tokio::spawn(bus.clone().feed(publisher));
        Ok(Server { engine: Some(engine), desk, bus, feed, counters, clock, nats: door, stop })
    }

    /// Where requests are answered, whatever brings them.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Requests and events within this process.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The engine.
    pub fn engine(&self) -> &EngineHandle {
        self.desk.engine()
    }

    /// How the server is doing. Asks no thread, and so answers whatever they do.
    pub fn status(&self) -> ServerStatus {
        self.source().status()
    }

    /// Tells how it is doing over HTTP, as long as what this gives is kept.
    ///
    /// # Errors
    /// `HTTP_BEYOND_LOOPBACK`, `HTTP_ADDRESS`.
    pub async fn health(&self, config: HealthConfig) -> Result<Health, ServerError> {
        Health::open(self.source(), config).await
    }

    fn source(&self) -> StatusSource {
        StatusSource {
            desk: self.desk.clone(),
            nats: self.nats.as_ref().map(|door| (door.link.clone(), door.service.clone())),
            publication: self.publication().map(Publication::watch),
            outward: self.outward().map(OutwardDoor::watch),
            counters: self.counters.clone(),
        }
    }

    /// What its operator may have it do.
    pub fn operator(&self) -> Operator {
        let publication = self.publication().map(|publication| (publication.orders(), publication.watch()));
        Operator { engine: self.engine().clone(), clock: self.clock.clone(), publication }
    }

    /// Hears its operator by a socket in the data directory, as long as what this gives is kept. None: it has none.
    ///
    /// # Errors
    /// Those of the operating system: the path is too long for a socket, the directory cannot be written.
    pub fn control(&self) -> std::io::Result<Option<Control>> {
        self.engine().data().map(|data| Control::open(self.operator(), data)).transpose()
    }

    /// Waits until everything up to this frame is published, but no longer than this; says whether it is.
    pub async fn published(&self, sequence: u64, wait: Duration) -> bool {
        let Some(publication) = self.publication() else { return false };
        let mut status = publication.watch();
        matches!(timeout(wait, status.wait_for(|status| status.applied >= sequence)).await, Ok(Ok(_)))
    }

    /// Waits until commands of everything up to this frame are out, but no longer than this; says whether they are.
    pub async fn commanded(&self, sequence: u64, wait: Duration) -> bool {
        let Some(outward) = self.outward() else { return false };
        let mut status = outward.watch();
        matches!(timeout(wait, status.wait_for(|status| status.applied >= sequence)).await, Ok(Ok(_)))
    }

    /// What was counted of the dealings with adapters, over NATS and within the process.
    pub fn outward_counts(&self) -> OutwardCounts {
        self.counters.read()
    }

    fn outward(&self) -> Option<&OutwardDoor> {
        self.nats.as_ref().and_then(|door| door.outward.as_ref())
    }

    fn publication(&self) -> Option<&Publication> {
        self.nats.as_ref().and_then(|door| door.publication.as_ref())
    }

    /// Waits until the engine has ended by itself, which it does only where something failed.
    pub async fn ended(&self) {
        let mut durable = self.engine().log().watch();
        while durable.changed().await.is_ok() {}
    }

    /// Stops: requests that have come in are answered, then the doors close, then the engine. Gives State as it
    /// stands at the end.
    ///
    /// # Errors
    /// `ENGINE_STOPPED` with the reason, if the engine had failed.
    pub async fn stop(mut self) -> Result<State, ServerError> {
        self.stop.send_replace(true);
        if let Some(door) = self.nats.take() {
            door.close().await;
        }
        let Some(engine) = self.engine.take() else { return Err(ServerError::Ended("the engine".into())) };
        let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
        let state = stopped.map_err(|error| ServerError::Ended(error.to_string()))??;
        // The bus tells everything up to the end of the log, and ends with it; one that nobody listens to waits.
        if !self.bus.is_silent() {
            let _ = timeout(STOP, &mut self.feed).await;
        }
        Ok(state)
    }
}

/// What the doors to adapters share.
fn shared(desk: &Desk, clock: Arc<dyn Clock>) -> Shared {
    let (handle, company) = (desk.engine().clone(), desk.company().clone());
    let counters = Arc::new(Counters::default());
    let work = Work::new(handle.clone(), company.clone(), counters.clone());
    let intake = Intake::new(handle, clock, company, counters.clone());
    Shared { work, intake, within: Within::default(), counters }
}

/// Waits until a part of the server is told to stop, or nobody is left to tell it.
pub(crate) async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.feed.abort();
    }
}

impl Door {
    async fn open(
        desk: &Desk,
        clock: &dyn Clock,
        config: &NatsConfig,
        stopped: watch::Receiver<bool>,
        (shared, locals): (Shared, &Locals),
    ) -> Result<Door, ServerError> {
        let link = connect(config, "countersign-service").await?;
        already_served(&link.client, desk.company(), clock.wall()).await?;
        let service = Service::new(desk.clone(), link.clone(), config);
        // A connection of its own: replies do not wait for events to be stored.
        // Connections of their own: replies do not wait for events to be stored.
        let (publication, outward) = match &config.publication {
            Some(kept) => {
                let link = connect(config, "countersign-publication").await?;
                let publication = Publication::start(desk, link, kept)?;
                let link = connect(config, "countersign-adapters").await?;
                let outward = OutwardDoor::start(desk, link, (kept, publication.watch()), shared, locals)?;
                (Some(publication), Some(outward))
            }
            None => (None, None),
        };
        let requests = service.subscribe().await?;
        let serving = tokio::spawn(service.clone().serve(requests, stopped));
        Ok(Door { link, service, serving, publication, outward })
    }

    async fn close(self) {
        if timeout(STOP, self.serving).await.is_err() {
            tracing::warn!("requests were still under way when the service stopped");
        }
        if let Some(stopped) = self.outward.map(OutwardDoor::stop) {
            let _ = timeout(STOP, stopped).await;
        }
        let publication = self.publication.map(Publication::stop);
        if let Some(stopped) = publication {
            let _ = timeout(STOP, stopped).await;
        }
        // The connection ends with its last handle; what was sent has been flushed.
        let _ = timeout(STOP, self.link.client.drain()).await;
    }
}
