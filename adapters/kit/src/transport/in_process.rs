//! Within one process: two bounded channels. What `serve` uses for adapters that run inside it, and tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::{Delivery, Intake, Outlet, Publication, Receipt, Transport, TransportError};

/// The other end: whoever drives it puts commands in and takes publications out.
pub struct InProcess {
    commands: mpsc::Sender<Delivery>,
    /// Handed out in order. A publication is kept once [`Outgoing::taken`] is said to it; until then whoever publishes
    /// waits.
    pub publications: mpsc::Receiver<Outgoing>,
    next: Arc<AtomicU64>,
}

/// A publication on its way out.
pub struct Outgoing {
    /// The message.
    pub message: Publication,
    taken: oneshot::Sender<()>,
}

impl Outgoing {
    /// It is kept now. Dropped instead, it is published again.
    pub fn taken(self) -> Publication {
        // An error means that the adapter was stopped meanwhile; it will publish again.
        let _ = self.taken.send(());
        self.message
    }
}

/// A transport and its other end. So many commands and so many publications may wait; whoever adds more waits.
pub fn pair(capacity: usize) -> (Transport, InProcess) {
    let (commands, intake) = mpsc::channel(capacity.max(1));
    let (outlet, publications) = mpsc::channel(capacity.max(1));
    let transport = Transport { intake: Box::new(Commands(intake)), outlet: Arc::new(Publications(outlet)) };
    (transport, InProcess { commands, publications, next: Arc::default() })
}

impl InProcess {
    /// Hands a command to the adapter. Waits while it has enough to do. False: it has stopped.
    pub async fn deliver(&self, subject: &str, payload: Vec<u8>) -> bool {
        self.commands.send(self.delivery(subject, payload)).await.is_ok()
    }

    /// The same without waiting; false also where it has enough to do.
    pub fn try_deliver(&self, subject: &str, payload: Vec<u8>) -> bool {
        self.commands.try_send(self.delivery(subject, payload)).is_ok()
    }

    fn delivery(&self, subject: &str, payload: Vec<u8>) -> Delivery {
        let id = format!("in-process-{}", self.next.fetch_add(1, Ordering::Relaxed) + 1);
        delivery(self.commands.downgrade(), (subject.to_owned(), payload, id), 1)
    }
}

type Message = (String, Vec<u8>, String);

fn delivery(back: mpsc::WeakSender<Delivery>, message: Message, deliveries: u64) -> Delivery {
    let (subject, payload, id) = message.clone();
    Delivery { subject, payload, id, deliveries, receipt: Box::new(Slip { back, message, deliveries }) }
}

/// Within a process nothing is kept: a command that was not done with comes again only while the process lives.
struct Slip {
    back: mpsc::WeakSender<Delivery>,
    message: Message,
    deliveries: u64,
}

#[async_trait]
impl Receipt for Slip {
    async fn done(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }

    async fn terminate(self: Box<Self>) -> Result<(), TransportError> {
        Ok(())
    }

    async fn again(self: Box<Self>, pause: Duration) {
        tokio::spawn(async move {
            sleep(pause).await;
            if let Some(commands) = self.back.upgrade() {
                let again = delivery(self.back.clone(), self.message, self.deliveries + 1);
                // An error means that the adapter has stopped; the engine sends again what is not answered.
                let _ = commands.send(again).await;
            }
        });
    }
}

struct Commands(mpsc::Receiver<Delivery>);

#[async_trait]
impl Intake for Commands {
    async fn next(&mut self) -> Option<Delivery> {
        self.0.recv().await
    }
}

struct Publications(mpsc::Sender<Outgoing>);

#[async_trait]
impl Outlet for Publications {
    async fn publish(&self, message: &Publication) -> Result<(), TransportError> {
        let lost = || TransportError::new("NOT_TAKEN", "expected somebody to take the publication");
        let (taken, kept) = oneshot::channel();
        let outgoing = Outgoing { message: message.clone(), taken };
        self.0.send(outgoing).await.map_err(|_| lost())?;
        kept.await.map_err(|_| lost())
    }
}
