//! What a consumer of the published events sees.

use std::time::Duration;

use async_nats::jetstream;
use futures_util::StreamExt;

use super::NatsServer;

/// Reads the stream of the demo company from its beginning until so many messages have come. Gives their ids.
pub async fn published(nats: &NatsServer, count: usize) -> Vec<(String, Vec<u8>)> {
    let client = nats.connect("follower").await;
    let stream = jetstream::new(client).get_stream("COUNTERSIGN_yuanlan").await.expect("the stream exists");
    let config = jetstream::consumer::pull::Config {
        ack_policy: jetstream::consumer::AckPolicy::None,
        ..jetstream::consumer::pull::Config::default()
    };
    let consumer = stream.create_consumer(config).await.expect("a consumer of its own");
    let mut messages = consumer.messages().await.expect("messages can be pulled");
    let mut found = Vec::new();
    while found.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(60), messages.next()).await;
        let message = match next {
            Ok(Some(Ok(message))) => message,
            other => panic!("{} of {count} messages came, then {other:?}", found.len()),
        };
        let id = message.headers.as_ref().and_then(|h| h.get("Nats-Msg-Id")).expect("a message has an id");
        found.push((id.to_string(), message.payload.to_vec()));
    }
    let total = stream.get_info().await.expect("the stream tells its size").state.messages;
    assert_eq!(total, count as u64, "the stream holds more than the log");
    found
}

/// Lets the stream of the demo company take so many messages in all and refuse the next. Gives how it was before.
pub async fn room(nats: &NatsServer, messages: i64) -> jetstream::stream::Config {
    let context = jetstream::new(nats.connect("engine").await);
    let stream = context.get_stream("COUNTERSIGN_yuanlan").await.expect("the stream exists");
    let before = stream.cached_info().config.clone();
    let discard = jetstream::stream::DiscardPolicy::New;
    let config = jetstream::stream::Config { max_messages: messages, discard, ..before.clone() };
    configure(nats, config).await;
    before
}

/// Sets the stream up so.
pub async fn configure(nats: &NatsServer, config: jetstream::stream::Config) {
    let context = jetstream::new(nats.connect("engine").await);
    context.update_stream(config).await.expect("the stream can be changed");
}
