//! A consumer of the published events: counts them, checks that none is missing or out of order, and tells the world.

use std::time::Duration;

use async_nats::jetstream::{self, consumer};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::support::NatsServer;
use crate::world::World;

const STREAM: &str = "COUNTERSIGN_wholesaler";
/// How long nothing may come while something is still expected.
const SILENCE: Duration = Duration::from_secs(60);

/// Frame and place of every event, as they came.
pub(crate) type Order = Vec<(u64, u32)>;

/// The stream, once the engine has made it.
pub(crate) async fn stream(nats: &NatsServer) -> jetstream::stream::Stream {
    let context = jetstream::new(nats.connect("follower").await);
    for _ in 0..100 {
        if let Ok(stream) = context.get_stream(STREAM).await {
            return stream;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the engine has made no stream {STREAM}");
}

/// How many events have been published.
pub(crate) async fn published(stream: &jetstream::stream::Stream) -> u64 {
    stream.get_info().await.expect("the stream tells its size").state.messages
}

/// Waits until every command, answer and fact is acknowledged, and tells what was left over or buried, if anything.
pub(crate) async fn left_over(nats: &NatsServer) -> Vec<String> {
    let context = jetstream::new(nats.connect("follower").await);
    let mut left = Vec::new();
    for _ in 0..20 {
        left.clear();
        for flow in ["cmd", "rpl", "in", "dead"] {
            let stream =
                context.get_stream(format!("{STREAM}_{flow}")).await.expect("the engine made the stream");
            let messages = stream.cached_info().state.messages;
            if messages > 0 {
                left.push(format!("{messages} messages in {STREAM}_{flow}"));
            }
        }
        if left.is_empty() {
            break;
        }
        sleep(Duration::from_millis(250)).await;
    }
    left
}

/// Follows until as many have come as there are, which is known at the end.
pub(crate) async fn follow(
    stream: jetstream::stream::Stream,
    world: &World,
    mut total: watch::Receiver<Option<u64>>,
) -> Order {
    let config =
        consumer::pull::Config { ack_policy: consumer::AckPolicy::None, ..consumer::pull::Config::default() };
    let consumer = stream.create_consumer(config).await.expect("a consumer of its own");
    let messages = consumer.stream().max_messages_per_batch(500).messages().await;
    let mut messages = messages.expect("messages can be pulled");
    let mut order = Order::new();
    let mut stir = tokio::time::interval(Duration::from_millis(20));
    loop {
        if total.borrow().is_some_and(|total| order.len() as u64 >= total) {
            world.stir();
            return order;
        }
        tokio::select! {
            biased;
            message = messages.next() => {
                let message = message.expect("the consumer goes on").expect("a message comes");
                take(&message, world, &mut order);
            }
            _ = stir.tick() => world.stir(),
            changed = timeout(SILENCE, total.changed()) => {
                if total.borrow().is_some() && changed.is_err() {
                    panic!("{} of {:?} events came, then none", order.len(), *total.borrow());
                }
            }
        }
    }
}

fn take(message: &jetstream::Message, world: &World, order: &mut Order) {
    let place = message.info().expect("a message of a stream").stream_sequence;
    assert_eq!(place, order.len() as u64 + 1, "the stream has a gap, or came out of order");
    let id = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id"));
    let id = id.expect("an event has an id").as_str();
    let mut parts = id.rsplitn(3, '-');
    let index: u32 = parts.next().and_then(|part| part.parse().ok()).expect("an id ends with its place");
    let sequence: u64 = parts.next().and_then(|part| part.parse().ok()).expect("an id names its frame");
    let follows = match order.last() {
        Some((frame, before)) if *frame == sequence => index == before + 1,
        Some((frame, _)) => sequence > *frame && index == 0,
        None => index == 0,
    };
    assert!(follows, "{id} came after {:?}", order.last());
    order.push((sequence, index));
    let event: Value = serde_json::from_slice(&message.payload).expect("an event is JSON");
    let mut tokens = message.subject.split('.').skip(3);
    let (chain, name) = (tokens.next().unwrap_or_default(), tokens.next().unwrap_or_default());
    world.take(chain, name, event["subject"].as_str().unwrap_or_default(), &event["data"]);
}
