//! The stream itself; see [`crate::nats::streams`] for how it is made and compared.

use async_nats::jetstream;
use async_nats::{HeaderMap, Message};
use countersign_messages::{Token, headers};
use serde::Deserialize;
use serde_json::{Value, json};

use super::resume::{StreamState, Tail};
use super::window::Ack;
use crate::config::PublicationConfig;
use crate::nats::Link;
pub(super) use crate::nats::streams::Trouble;
use crate::nats::streams::{Ensured, answered, ensure, error_of};

/// The stream of a company.
#[derive(Clone)]
pub(super) struct Stream {
    link: Link,
    pub(super) name: String,
    wanted: Value,
}

impl Stream {
    pub(super) fn new(link: Link, company: &Token, config: &PublicationConfig) -> Stream {
        let name = stream_name(company);
        let mut wanted = json!({
            "name": name,
            "subjects": [format!("countersign.{company}.evt.>")],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "max_msgs": -1,
            "max_age": 0,
            "num_replicas": config.replicas,
            "duplicate_window": u64::try_from(config.duplicates.as_nanos()).unwrap_or(u64::MAX),
            "deny_delete": true,
            "deny_purge": true,
        });
        if let Some(bytes_max) = config.bytes_max {
            wanted["max_bytes"] = Value::from(bytes_max);
        }
        Stream { link, name, wanted }
    }

    /// The state of the stream, which is created if it is not there.
    pub(super) async fn ensure(&self) -> Result<StreamState, Trouble> {
        let Ensured { created, messages, last_seq } = ensure(&self.link, &self.name, &self.wanted).await?;
        Ok(StreamState { created, messages, last_seq })
    }

    /// The last message, from whoever leads the stream.
    pub(super) async fn tail(&self, state: &StreamState) -> Result<Option<Tail>, Trouble> {
        if state.messages == 0 {
            return Ok(None);
        }
        let read = async {
            let context = jetstream::new(self.link.client.clone());
            let stream = context.get_stream_no_info(&self.name).await.map_err(|error| error.to_string())?;
            stream.get_raw_message(state.last_seq).await.map_err(|error| error.to_string())
        };
        match answered(&self.link, read).await {
            Ok(Ok(message)) => {
                let id = message.headers.get(headers::NATS_MSG_ID).map(|id| id.as_str()).unwrap_or_default();
                Ok(Some(Tail::of_id(id)))
            }
            Ok(Err(why)) => Err(Trouble::Again(format!("the last message of {}: {why}", self.name))),
            Err(why) => Err(Trouble::Again(format!("the last message of {}: {why}", self.name))),
        }
    }
}

/// The name of a company's stream.
pub(crate) fn stream_name(company: &Token) -> String {
    format!("COUNTERSIGN_{company}")
}

/// What the stream says to a published message.
pub(super) fn read_ack(message: &Message) -> Ack {
    if message.status.is_some_and(|status| status == async_nats::StatusCode::NO_RESPONDERS) {
        return Ack::Refused("nobody takes the events: the stream is gone".to_owned());
    }
    match serde_json::from_slice::<Answer>(&message.payload) {
        Ok(Answer { error: Some(error), .. }) => {
            let (code, why) = error_of(&json!({ "error": error })).unwrap_or_default();
            Ack::Refused(format!("{why} ({code})"))
        }
        Ok(Answer { seq: Some(stream_seq), duplicate, .. }) => Ack::Stored { stream_seq, duplicate },
        Ok(_) => Ack::Refused("an acknowledgement without a sequence".to_owned()),
        Err(_) => Ack::Refused("an acknowledgement that is none".to_owned()),
    }
}

/// What matters of an acknowledgement.
#[derive(Deserialize)]
struct Answer {
    seq: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<Value>,
}

/// The headers of an event. `again`: the ending of the id of an event that is published once more.
pub(super) fn event_headers(
    event: &crate::render::Published,
    expected_last: u64,
    again: Option<u64>,
) -> HeaderMap {
    let mut map = HeaderMap::new();
    match again {
        Some(round) => map.insert(headers::NATS_MSG_ID, format!("{}-r{round}", event.id)),
        None => map.insert(headers::NATS_MSG_ID, event.id.as_str()),
    }
    map.insert(headers::NATS_EXPECTED_LAST_SEQUENCE, expected_last.to_string());
    map.insert(headers::COUNTERSIGN_SEQUENCE, event.sequence.to_string());
    if let Some(correlation) = &event.correlation {
        map.insert(headers::COUNTERSIGN_CORRELATION, correlation.as_str());
    }
    map.insert(headers::CONTENT_TYPE, headers::CLOUDEVENTS_JSON);
    map
}
