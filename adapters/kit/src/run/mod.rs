//! A running adapter: takes commands, keeps the order within each case, watches for news, stops cleanly.

mod job;
mod news;
mod publish;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use countersign_messages::{Limits, Token};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tracing::Instrument;

use crate::breaker::Breaker;
use crate::declare::Declaration;
use crate::health::{Health, Metrics, Pulse, count};
use crate::ledger::Ledger;
use crate::office::BackOffice;
use crate::settings::Settings;
use crate::time::Clock;
use crate::transport::{Delivery, Intake, Outlet, Transport};
use crate::work::Work;

/// An adapter that can be started.
pub struct Adapter {
    /// What it can be asked.
    pub declaration: &'static Declaration,
    /// For which company.
    pub company: Token,
    /// The system that does the work.
    pub office: Arc<dyn BackOffice>,
    /// What was begun and answered.
    pub ledger: Ledger,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Its bounds.
    pub settings: Settings,
}

/// What the tasks of one adapter share.
pub(crate) struct Inner {
    pub(crate) declaration: &'static Declaration,
    pub(crate) company: Token,
    pub(crate) office: Arc<dyn BackOffice>,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    pub(crate) outlet: Arc<dyn Outlet>,
    pub(crate) breaker: Breaker,
    pub(crate) pulse: Pulse,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    /// True once it is to stop: nothing new is begun.
    pub(crate) stop: watch::Receiver<bool>,
}

/// An adapter at work. Dropped, it is cut off as if the process had died.
pub struct Running {
    inner: Arc<Inner>,
    stop: watch::Sender<bool>,
    dispatch: JoinHandle<()>,
    news: JoinHandle<()>,
}

impl Adapter {
    /// Begins to work.
    pub fn start(self, transport: Transport) -> Running {
        let (stop, told) = watch::channel(false);
        let breaker = Breaker::new(self.settings.calls_at_once, self.settings.retry);
        let inner = Arc::new(Inner {
            declaration: self.declaration,
            company: self.company,
            office: self.office,
            ledger: self.ledger,
            clock: self.clock,
            settings: self.settings,
            outlet: transport.outlet,
            breaker,
            pulse: Pulse::default(),
            metrics: Metrics::default(),
            limits: Limits::default(),
            stop: told,
        });
        let span = tracing::info_span!("adapter", name = inner.declaration.adapter);
        let dispatch = tokio::spawn(dispatch(inner.clone(), transport.intake).instrument(span.clone()));
        let news = tokio::spawn(news::watch(inner.clone()).instrument(span));
        Running { inner, stop, dispatch, news }
    }
}

impl Running {
    /// How it is doing.
    pub fn health(&self) -> Health {
        self.inner.pulse.health()
    }

    /// What it has done.
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Health and counters in the text format of Prometheus.
    pub fn exposition(&self) -> String {
        self.metrics().exposition(self.inner.declaration.adapter, &self.health())
    }

    /// Stops: takes nothing new, lets calls under way come to their end, gives back what has not been begun. What is
    /// not done within this time is cut off. Returns whether everything came to its end.
    pub async fn stop(mut self, within: Duration) -> bool {
        let _ = self.stop.send(true);
        let both = async {
            let _ = (&mut self.dispatch).await;
            let _ = (&mut self.news).await;
        };
        timeout(within, both).await.is_ok()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.dispatch.abort();
        self.news.abort();
    }
}

impl Inner {
    /// Waits until it is to stop.
    pub(crate) async fn stopping(&self) {
        let mut stop = self.stop.clone();
        // An error means that whoever would have said so is gone: as good as said.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Sleeps; false if it is to stop meanwhile.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        timeout(pause, self.stopping()).await.is_err()
    }
}

/// The commands of each case that wait for the one before them.
type Lanes = HashMap<String, VecDeque<(Work, Delivery)>>;

/// Hands commands to tasks of their own, one at a time for each case.
async fn dispatch(inner: Arc<Inner>, intake: Box<dyn Intake>) {
    let (sender, mut deliveries) = mpsc::channel(1);
    // Apart, because to be interrupted in the middle of `next` could lose a command until it comes again.
    let taking = tokio::spawn(take(inner.clone(), intake, sender));
    let mut lanes = Lanes::new();
    let mut jobs: JoinSet<Option<String>> = JoinSet::new();
    let mut cases = HashMap::new();
    let mut in_hand = 0;
    loop {
        tokio::select! {
            biased;
            Some(ended) = jobs.join_next_with_id() => {
                in_hand -= 1;
                // A task that panicked says nothing; its case is known all the same.
                let id = match &ended { Ok((id, _)) => *id, Err(error) => error.id() };
                if let Some(case) = cases.remove(&id)
                    && let Some((case, work, delivery)) = next_of(&mut lanes, case)
                {
                    let job = jobs.spawn(job::run(inner.clone(), work, delivery)
                        .in_current_span());
                    cases.insert(job.id(), case);
                }
            }
            delivery = deliveries.recv(), if in_hand < inner.settings.in_hand_max => {
                let Some(delivery) = delivery else { break };
                in_hand += 1;
                count(&inner.metrics.received);
                match Work::read(&delivery.subject, &delivery.payload, &inner.limits) {
                    Ok(work) => {
                        let case = work.command.case.to_string();
                        if let Some(waiting) = lanes.get_mut(&case) {
                            waiting.push_back((work, delivery));
                            continue;
                        }
                        lanes.insert(case.clone(), VecDeque::new());
                        let job = jobs.spawn(job::run(inner.clone(), work, delivery).in_current_span());
                        cases.insert(job.id(), case);
                    }
                    Err(error) => {
                        jobs.spawn(job::bury_unread(inner.clone(), error, delivery).in_current_span());
                    }
                }
            }
        }
    }
    // Stopping: what waits in a lane was not begun and comes again.
    for (_, delivery) in lanes.into_values().flatten() {
        delivery.receipt.again(Duration::ZERO).await;
    }
    while jobs.join_next().await.is_some() {}
    let _ = taking.await;
}

/// The next command of a case, or the end of its lane.
fn next_of(lanes: &mut Lanes, case: String) -> Option<(String, Work, Delivery)> {
    match lanes.get_mut(&case).and_then(VecDeque::pop_front) {
        Some((work, delivery)) => Some((case, work, delivery)),
        None => {
            lanes.remove(&case);
            None
        }
    }
}

/// Takes deliveries until it is to stop; one that nobody takes any more comes again.
async fn take(inner: Arc<Inner>, mut intake: Box<dyn Intake>, to: mpsc::Sender<Delivery>) {
    loop {
        let delivery = tokio::select! {
            biased;
            () = inner.stopping() => return,
            delivery = intake.next() => delivery,
        };
        let Some(delivery) = delivery else { return };
        tokio::select! {
            biased;
            () = inner.stopping() => return delivery.receipt.again(Duration::ZERO).await,
            permit = to.reserve() => match permit {
                Ok(permit) => permit.send(delivery),
                Err(_) => return,
            }
        }
    }
}
