//! What the engine over NATS is held against: a publisher that sends messages that are ready made, with the same
//! headers, bytes, expectations and window; and a service that reads the same requests, publishes as many equal
//! messages and replies. Neither decides, renders or keeps anything.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::{Client, HeaderMap, Subscriber};
use countersign_messages::{Limits, Request, decode_request, headers};
use countersign_server::{PublicationConfig, Published};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long the stream may take to take a message.
const TAKEN: Duration = Duration::from_secs(30);
/// As the engine's stream.
const DUPLICATES: Duration = Duration::from_secs(120);
/// A reply as long as the engine's.
const REPLY: &[u8] = br#"{"ok":{"state":"accepted","case":"C-123456","chain":"five-levels","version":3,"content_hash":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},"sequence":1234567}"#;

/// A publisher with a stream of its own.
pub(super) struct BarePublisher {
    client: Client,
    prefix: String,
    inbox: String,
    acks: Subscriber,
    sent: u64,
    acknowledged: u64,
    window: u64,
}

impl BarePublisher {
    /// Makes its stream.
    pub(super) async fn create(client: Client, number: u64) -> Result<BarePublisher, String> {
        let prefix = format!("bare{number}.");
        let config = Config {
            name: format!("BARE_{number}"),
            subjects: vec![format!("{prefix}>")],
            discard: DiscardPolicy::New,
            duplicate_window: DUPLICATES,
            deny_delete: true,
            deny_purge: true,
            ..Config::default()
        };
        let context = async_nats::jetstream::new(client.clone());
        context.create_stream(config).await.map_err(|error| error.to_string())?;
        let inbox = client.new_inbox();
        let acks = client.subscribe(format!("{inbox}.*")).await.map_err(|error| error.to_string())?;
        let window = PublicationConfig::new(Default::default()).window as u64;
        Ok(BarePublisher { client, prefix, inbox, acks, sent: 0, acknowledged: 0, window })
    }

    /// Publishes them in order, and waits until the stream has them all.
    pub(super) async fn publish_all(mut self, messages: Vec<Published>) -> Result<(), String> {
        for message in messages {
            self.publish(message).await?;
        }
        self.finish().await
    }

    /// Publishes one, once there is room for it.
    async fn publish(&mut self, message: Published) -> Result<(), String> {
        while self.sent - self.acknowledged >= self.window {
            self.acknowledged().await?;
        }
        let mut map = HeaderMap::new();
        map.insert(headers::NATS_MSG_ID, message.id);
        map.insert(headers::NATS_EXPECTED_LAST_SEQUENCE, self.sent.to_string());
        map.insert(headers::COUNTERSIGN_SEQUENCE, message.sequence.to_string());
        if let Some(correlation) = message.correlation {
            map.insert(headers::COUNTERSIGN_CORRELATION, correlation);
        }
        map.insert(headers::CONTENT_TYPE, headers::CLOUDEVENTS_JSON);
        let (subject, reply) =
            (self.prefix.clone() + &message.subject, format!("{}.{}", self.inbox, self.sent));
        let sent = self.client.publish_with_reply_and_headers(subject, reply, map, message.body.into()).await;
        sent.map_err(|error| error.to_string())?;
        self.sent += 1;
        Ok(())
    }

    /// The next answer of the stream.
    async fn acknowledged(&mut self) -> Result<(), String> {
        let answer = timeout(TAKEN, self.acks.next()).await.ok().flatten();
        let answer = answer.ok_or("expected the stream to take the message")?;
        let answer: serde_json::Value =
            serde_json::from_slice(&answer.payload).map_err(|error| error.to_string())?;
        if answer["seq"].as_u64().is_none() {
            return Err(format!("expected the stream to take the message, it says {answer}"));
        }
        self.acknowledged += 1;
        Ok(())
    }

    async fn finish(mut self) -> Result<(), String> {
        while self.acknowledged < self.sent {
            self.acknowledged().await?;
        }
        Ok(())
    }
}

/// A service that answers requests with a reply that is ready made.
pub(super) struct BareService {
    subject: String,
    serving: JoinHandle<Result<(), String>>,
    publishing: JoinHandle<Result<(), String>>,
}

impl BareService {
    /// Listens, and publishes these for each request.
    pub(super) async fn start(
        client: Client,
        mut publisher: BarePublisher,
        messages: Vec<Vec<Published>>,
    ) -> Result<BareService, String> {
        let subject = client.new_inbox();
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let mut requests = client.subscribe(subject.clone()).await.map_err(|e| failed(&e))?;
        // A connection's words are taken in order: what is answered after the subscription says that it stands.
        client.request("$JS.API.INFO", "".into()).await.map_err(|e| failed(&e))?;
        // As many as the engine keeps for its followers: the log itself.
        let (to_publisher, mut from_service) = mpsc::channel::<Vec<Published>>(messages.len().max(1));
        let publishing = tokio::spawn(async move {
            while let Some(messages) = from_service.recv().await {
                for message in messages {
                    publisher.publish(message).await?;
                }
            }
            publisher.finish().await
        });
        let limits = Arc::new(Limits::default());
        let serving = tokio::spawn(async move {
            for messages in messages {
                let request = timeout(TAKEN, requests.next()).await.ok().flatten();
                let request = request.ok_or("expected as many requests as the engine answered")?;
                let read = decode_request("decide", &request.payload, &limits);
                if !matches!(read, Ok(Request::Decide(_))) {
                    return Err(format!("expected a decision, found {read:?}"));
                }
                let to = request.reply.ok_or("expected a request that can be answered")?;
                to_publisher.send(messages).await.map_err(|_| "the bare publisher has ended")?;
                client.publish(to, REPLY.into()).await.map_err(|error| error.to_string())?;
            }
            Ok(())
        });
        Ok(BareService { subject, serving, publishing })
    }

    /// Where it listens.
    pub(super) fn subject(&self) -> String {
        self.subject.clone()
    }

    /// Waits until all messages are in the stream.
    pub(super) async fn finish(self) -> Result<(), String> {
        self.serving.await.map_err(|error| error.to_string())??;
        self.publishing.await.map_err(|error| error.to_string())?
    }
}
