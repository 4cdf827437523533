//! An adapter as its author would write it without the kit: a plain NATS client.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt;
use serde_json::{Value, json};

use super::nats::{Nats, PATIENCE};

/// How long nothing must come for it to count as nothing.
const QUIET: Duration = Duration::from_millis(300);

/// A command as it came.
#[derive(Clone, Debug)]
pub struct Came {
    pub subject: String,
    pub correlation: String,
    pub message_id: String,
    pub body: Value,
}

/// A system beside the engine.
pub struct Outside {
    pub context: Context,
    name: &'static str,
    said: u32,
}

impl Outside {
    /// `erp` or `bank` of the company `mill`.
    pub async fn of(nats: &Nats, name: &'static str) -> Outside {
        Outside { context: jetstream::new(nats.connect("admin").await), name, said: 0 }
    }

    /// The next command, which is acknowledged. None where nothing comes.
    pub async fn next(&self, wait: Duration) -> Option<Came> {
        let consumer = self.consumer().await?;
        let mut batch = consumer.batch().max_messages(1).expires(wait).messages().await.ok()?;
        let message = tokio::time::timeout(wait, batch.next()).await.ok()??.ok()?;
        message.double_ack().await.ok()?;
        let headers = message.headers.clone().unwrap_or_default();
        let header = |name: &str| headers.get(name).map(|value| value.to_string()).unwrap_or_default();
        Some(Came {
            subject: message.subject.to_string(),
            correlation: header("Countersign-Correlation"),
            message_id: header("Nats-Msg-Id"),
            body: serde_json::from_slice(&message.payload).expect("a command is JSON"),
        })
    }

    pub async fn command(&self) -> Came {
        let start = std::time::Instant::now();
        loop {
            if let Some(came) = self.next(Duration::from_secs(1)).await {
                return came;
            }
            assert!(start.elapsed() < PATIENCE, "expected a command for {}", self.name);
        }
    }

    pub async fn nothing(&self) {
        let came = self.next(QUIET).await;
        assert!(came.is_none(), "expected nothing, found {came:?}");
    }

    async fn consumer(&self) -> Option<PullConsumer> {
        let name = format!("adapter-{}", self.name);
        let wanted = pull::Config {
            durable_name: Some(name),
            ack_policy: AckPolicy::Explicit,
            filter_subject: format!("countersign.mill.cmd.{}.>", self.name),
            ..pull::Config::default()
        };
        let stream = self.context.get_stream("COUNTERSIGN_mill_cmd").await.ok()?;
        stream.create_consumer(wanted).await.ok()
    }

    /// Publishes, until a stream keeps it.
    pub async fn says(&mut self, subject: String, body: Vec<u8>) {
        self.said += 1;
        let start = std::time::Instant::now();
        loop {
            let mut headers = async_nats::HeaderMap::new();
            headers.insert("Nats-Msg-Id", format!("{}-{}", self.name, self.said));
            let sent = self.context.publish_with_headers(subject.clone(), headers, body.clone().into()).await;
            let kept = match sent {
                Ok(sent) => sent.await.is_ok(),
                Err(_) => false,
            };
            if kept {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "expected a stream that keeps {subject}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Answers a command under an id of the answer.
    pub async fn answers(&mut self, command_id: &str, reply_id: &str, answer: &str, more: Value) {
        let mut body = json!({
            "command_id": command_id,
            "reply_id": reply_id,
            "at": super::NOW,
            "answer": answer,
        });
        body = super::with(body, more);
        let subject = format!("countersign.mill.rpl.{}.mo.create", self.name);
        self.says(subject, body.to_string().into_bytes()).await;
    }

    /// Tells that money has come for an order.
    pub async fn paid(&mut self, message_id: &str, order_no: &str) {
        let amount = json!({ "amount": "3400.00", "currency": "CNY" });
        let data = json!({ "order_no": order_no, "amount": amount });
        let body = json!({ "message_id": message_id, "at": super::NOW, "data": data });
        let subject = "countersign.mill.in.bank.receipt.posted".to_owned();
        self.says(subject, body.to_string().into_bytes()).await;
    }

    /// Every dead letter so far: its adapter and itself.
    pub async fn letters(&self) -> Vec<(String, Value)> {
        let Ok(stream) = self.context.get_stream("COUNTERSIGN_mill_dead").await else { return Vec::new() };
        let state = stream.cached_info().state.clone();
        let mut letters = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            if let Ok(message) = stream.get_raw_message(sequence).await {
                let adapter = message.subject.rsplit('.').next().unwrap_or_default().to_owned();
                letters.push((adapter, serde_json::from_slice(&message.payload).expect("a letter is JSON")));
            }
        }
        letters
    }

    /// Messages that a stream of the company still has.
    pub async fn left(&self, flow: &str) -> u64 {
        let stream = self.context.get_stream(format!("COUNTERSIGN_mill_{flow}")).await.expect("a stream");
        stream.cached_info().state.messages
    }
}
