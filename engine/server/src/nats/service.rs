//! The request service: `countersign.<company>.api.<system>.<verb>`, each request answered once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::{Client, Message, PublishErrorKind, Subscriber};
use countersign_core::command::VouchedBy;
use countersign_core::name::Name;
use countersign_messages::{Code, ErrorBody, Subject, Token, WireError, reply_allowed};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};

use super::gate::{Gate, SystemCounts};
use super::{Link, NatsError};
use crate::config::NatsConfig;
use crate::desk::{Caller, Desk};
use crate::server::told_to_stop;

/// When a caller may try again whom a full house turned away, in milliseconds.
const RETRY_MS: u64 = 50;
/// How long the server may take to show that it has a subscription; without JetStream it says so at once.
const ROUND_TRIP: Duration = Duration::from_secs(2);
/// When a caller may ask again whom the engine did not answer, in milliseconds.
const UNANSWERED_RETRY_MS: u64 = 5_000;
/// How long a reply may wait for a connection that is gone; the caller has given up by then.
const SEND: Duration = Duration::from_secs(5);
/// How long the requests that have come in may take when the service stops.
const DRAIN: Duration = Duration::from_secs(5);
/// Every so many of a kind, what cannot be answered is logged again.
const LOG_EVERY: u64 = 1_000;

/// What the service has done since it was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceCounts {
    /// Requests that were answered by the desk.
    pub answered: u64,
    /// Requests that were turned away because too many were under way or came too often.
    pub overloaded: u64,
    /// Requests without a reply subject, or with one that no reply may go to. They were not looked at.
    pub unanswerable: u64,
    /// Replies that could not be sent.
    pub unsent: u64,
}

#[derive(Default)]
struct Counters {
    answered: AtomicU64,
    overloaded: AtomicU64,
    unanswerable: AtomicU64,
    unsent: AtomicU64,
}

/// The service of one company. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service {
    desk: Desk,
    link: Link,
    reply_prefix: Arc<str>,
    in_flight_max: u32,
    in_flight: Arc<Semaphore>,
    gate: Arc<Gate>,
    answer_within: Duration,
    started: Instant,
    counters: Arc<Counters>,
}

impl Service {
    pub(crate) fn new(desk: Desk, link: Link, config: &NatsConfig) -> Service {
        let in_flight_max = u32::try_from(config.in_flight_max.clamp(1, 1 << 20)).unwrap_or(1 << 20);
        Service {
            desk,
            link,
            reply_prefix: Arc::from(config.reply_prefix.as_str()),
            in_flight_max,
            in_flight: Arc::new(Semaphore::new(in_flight_max as usize)),
            gate: Arc::new(Gate::new(config.limits.clone())),
            answer_within: config.answer_within,
            started: Instant::now(),
            counters: Arc::new(Counters::default()),
        }
    }

    pub(crate) fn counts(&self) -> ServiceCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ServiceCounts {
            answered: of(&self.counters.answered),
            overloaded: of(&self.counters.overloaded),
            unanswerable: of(&self.counters.unanswerable),
            unsent: of(&self.counters.unsent),
        }
    }

    /// What each system has asked.
    pub(crate) fn systems(&self) -> Vec<SystemCounts> {
        self.gate.counts()
    }

    /// Begins to listen.
    pub(crate) async fn subscribe(&self) -> Result<Subscriber, NatsError> {
        let subject = Subject::requests_of(self.desk.company());
        let failed = |why: String| NatsError::Subscribe { subject: subject.clone(), why };
        let subscriber = self.link.client.subscribe(subject.clone()).await;
        let subscriber = subscriber.map_err(|error| failed(error.to_string()))?;
        match timeout(SEND, self.link.client.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(failed(error.to_string())),
            Err(_) => return Err(failed("no answer in time".to_owned())),
        }
        // Flushed is sent. The server works off a connection in order: once it has answered anything that came after the
        // subscription, even that nobody answers that, whoever asks is heard.
        let asked = self.link.client.request("$JS.API.INFO", Vec::new().into());
        let _ = timeout(ROUND_TRIP, asked).await;
        Ok(subscriber)
    }

    /// Answers until it is told to stop, then answers what has come in before.
    pub(crate) async fn serve(self, mut requests: Subscriber, mut stop: watch::Receiver<bool>) {
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                request = requests.next() => match request {
                    Some(request) => self.take(request).await,
                    None => break,
                },
                () = told_to_stop(&mut stop), if !stopping => {
                    stopping = true;
                    // What the server has sent before it heard of the end still comes.
                    if requests.drain().await.is_err() {
                        break;
                    }
                }
            }
        }
        // All permits: nothing is under way any more.
        let _ = timeout(DRAIN, self.in_flight.acquire_many(self.in_flight_max)).await;
        let _ = timeout(SEND, self.link.client.flush()).await;
    }

    async fn take(&self, request: Message) {
        let Some(reply) = request.reply.clone().filter(|to| reply_allowed(&self.reply_prefix, to)) else {
            let so_far = self.counters.unanswerable.fetch_add(1, Ordering::Relaxed);
            if so_far.is_multiple_of(LOG_EVERY) {
                tracing::warn!(
                    so_far,
                    "a request that cannot be answered: no reply subject under the inbox prefix"
                );
            }
            return;
        };
        let permits = match self.admit(&request) {
            Ok(permits) => permits,
            Err(error) => {
                if error.code == "OVERLOADED" {
                    self.counters.overloaded.fetch_add(1, Ordering::Relaxed);
                }
                return self.answer(reply, self.desk.refuse(*error)).await;
            }
        };
        let service = self.clone();
        tokio::spawn(async move {
            let body = service.handle(&request).await;
            service.counters.answered.fetch_add(1, Ordering::Relaxed);
            service.answer(reply, body).await;
            drop(permits);
        });
    }

    /// Whether there is room for one more, of this system and at all. Nothing is decoded for it.
    fn admit(&self, request: &Message) -> Result<[OwnedSemaphorePermit; 2], Box<ErrorBody>> {
        let system = request.subject.split('.').nth(3).unwrap_or_default();
        let own = self.gate.admit(system, request.payload.len(), self.started.elapsed())?;
        let all = self.in_flight.clone().try_acquire_owned().map_err(|_| {
            let full = ErrorBody::new("OVERLOADED", "expected fewer requests under way; try again");
            Box::new(ErrorBody { retry_after_ms: Some(RETRY_MS), ..full })
        })?;
        Ok([own, all])
    }

    async fn handle(&self, request: &Message) -> Vec<u8> {
        let Some(vouched_by) = self.link.vouched_by() else {
            let message = "expected a NATS server that authenticates; it did when the engine was started";
            return self.desk.refuse(ErrorBody::new("NATS_NOT_AUTHENTICATED", message));
        };
        match caller(&request.subject, vouched_by) {
            Ok((caller, verb)) => {
                let answer = self.desk.handle(&caller, verb, &request.payload);
                timeout(self.answer_within, answer).await.unwrap_or_else(|_| self.desk.refuse(unanswered()))
            }
            Err(error) => self.desk.refuse(error),
        }
    }

    async fn answer(&self, to: async_nats::Subject, body: Vec<u8>) {
        if let Err(error) = send(&self.link.client, to.clone(), body).await {
            let body = self.desk.refuse(error);
            if send(&self.link.client, to, body).await.is_err() {
                self.counters.unsent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// The engine gives no answer. Its caller does not know what was done, and finds out by asking again.
fn unanswered() -> ErrorBody {
    let message = "expected an answer of the engine in time; whether it took effect is not known: the same request under \
                   the same id takes effect once";
    ErrorBody { retry_after_ms: Some(UNANSWERED_RETRY_MS), ..ErrorBody::new("NO_PROGRESS", message) }
}

/// Sends a reply; the error to be sent in its place if it is larger than a message may be.
async fn send(client: &Client, to: async_nats::Subject, body: Vec<u8>) -> Result<(), ErrorBody> {
    match timeout(SEND, client.publish(to, body.into())).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
            let message = "expected an answer that fits a message; ask for less, for example with `limit`";
            Err(ErrorBody::new(Code::TooLarge.as_str(), message))
        }
        _ => Err(ErrorBody::new("INTERNAL", "expected to be able to send the answer")),
    }
}

/// The system and the verb of a request's subject, `countersign.<company>.api.<system>.<verb>`.
fn caller(subject: &str, vouched_by: VouchedBy) -> Result<(Caller, &str), WireError> {
    let mut tokens = subject.split('.').skip(3);
    let (Some(system), Some(verb), None) = (tokens.next(), tokens.next(), tokens.next()) else {
        return Err(WireError::new(Code::BadSubject, "expected countersign.<company>.api.<system>.<verb>"));
    };
    let system = Token::new(system).map_err(|error| WireError::new(Code::BadSubject, error.to_string()))?;
    Ok((Caller { system: Name::from(String::from(system)), vouched_by }, verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_and_verb_come_from_the_subject() {
        let (caller, verb) =
            caller("countersign.yuanlan.api.crm.submit", VouchedBy::System).expect("a caller");
        assert_eq!((caller.system.as_str(), verb), ("crm", "submit"));
        assert_eq!(caller.vouched_by, VouchedBy::System);
    }

    #[test]
    fn other_subjects_are_refused() {
        for subject in ["countersign.yuanlan.api.CRM.submit", "countersign.yuanlan.api.crm", "a.b.c.d.e.f"] {
            let refused = caller(subject, VouchedBy::System).expect_err(subject);
            assert_eq!(refused.code, Code::BadSubject);
        }
    }
}
