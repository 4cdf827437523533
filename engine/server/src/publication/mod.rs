//! Events to a JetStream stream: each of them, once, in the order of the log, without a gap.
//!
//! Every message says which sequence the stream must have for it to be taken (`Nats-Expected-Last-Sequence`), so of a
//! window of messages under way none is taken after one that was lost. Whatever goes wrong, the way on is the same:
//! wait for what is under way, look at the stream's tail, go on after it. The log is the truth; the stream's tail
//! says how far it has come; a small file says it where the stream has lost its messages. See [`resume`] for the
//! rules.

pub(crate) mod place;
mod resume;
mod run;
mod stream;
mod window;

use countersign_messages::LogId;
use countersign_runtime::EngineHandle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use place::Place;
pub use resume::Hold;

use crate::config::PublicationConfig;
use crate::desk::Desk;
use crate::error::ServerError;
use crate::nats::Link;
use crate::render::Publisher;
use crate::source::Source;
use place::PositionFile;
use run::Run;
use stream::Stream;

/// How the publication is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicationStatus {
    /// The stream.
    pub stream: String,
    /// The last event that the stream has acknowledged; none before the first.
    pub place: Option<Place>,
    /// Everything up to this frame is out.
    pub applied: u64,
    /// Events published since the start.
    pub published: u64,
    /// How often the stream had to be looked at because something went wrong.
    pub resumed: u64,
    /// Why nothing is published for now, if so.
    pub held: Option<Hold>,
    /// The stream was looked at and is this log's: it is empty or its last message is of this log, and not beyond it.
    /// Commands bear numbers of the log and go out only then.
    pub ours: bool,
}

impl PublicationStatus {
    /// Why nothing may be dealt with adapters under the numbers of this log: another log uses them on this NATS server,
    /// or it is not known yet.
    pub(crate) fn not_ours(&self) -> Option<Hold> {
        let unknown = || Hold::new("STARTING", "the stream of events has not been looked at yet");
        (!self.ours).then(|| self.held.clone().unwrap_or_else(unknown))
    }
}

/// An order to the publication.
struct Again {
    /// Publish everything from this frame on once more.
    from: u64,
    /// Told when it is out.
    done: oneshot::Sender<()>,
}

/// Whom orders to the publication are given.
#[derive(Clone)]
pub(crate) struct Orders(mpsc::Sender<Again>);

impl Orders {
    /// Publishes everything from this frame on once more; false if the publication ends before it is out.
    pub(crate) async fn publish_again(&self, from: u64) -> bool {
        let (done, out) = oneshot::channel();
        self.0.send(Again { from, done }).await.is_ok() && out.await.is_ok()
    }
}

/// The publication of a company. It ends with its task.
pub(crate) struct Publication {
    status: watch::Receiver<PublicationStatus>,
    orders: Orders,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Publication {
    /// Starts it; whatever keeps it from publishing is told by its status.
    pub(crate) fn start(
        desk: &Desk,
        link: Link,
        config: &PublicationConfig,
    ) -> Result<Publication, ServerError> {
        let handle: EngineHandle = desk.engine().clone();
        let log_id = LogId::from_bytes(&handle.log().log_id().0);
        let stream = Stream::new(link.clone(), desk.company(), config);
        let file = PositionFile::open(&config.directory, &stream.name).map_err(ServerError::Position)?;
        let position = file.read().map_err(ServerError::Position)?;
        let publisher = Publisher::new(desk.company().clone(), log_id.clone());
        // Room for headers within what the server takes as one message.
        let body_bytes_max = link.client.max_payload().saturating_sub(4_096).max(4_096);
        let source = Source::new(handle.clone(), publisher, 1, body_bytes_max)?;
        let begun = position.as_ref().map_or(0, |position| position.place.sequence.saturating_sub(1));
        let begun = begun.min(handle.log().durable());
        let first = PublicationStatus {
            stream: stream.name.clone(),
            applied: begun,
            held: Some(Hold::new("STARTING", "the stream has not been looked at yet")),
            ..PublicationStatus::default()
        };
        let (told, status) = watch::channel(first);
        let (orders, ordered) = mpsc::channel(1);
        let parts =
            run::Parts { link, stream, handle, source, file, position, log_id, config: config.clone() };
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(Run::new(parts, begun, told).run(ordered, stopped));
        Ok(Publication { status, orders: Orders(orders), stop, task })
    }

    /// How it is doing, to be looked at or awaited.
    pub(crate) fn watch(&self) -> watch::Receiver<PublicationStatus> {
        self.status.clone()
    }

    /// Whom to order what.
    pub(crate) fn orders(&self) -> Orders {
        self.orders.clone()
    }

    /// Publishes what is durable now, if that takes no longer than a moment, and ends.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}
