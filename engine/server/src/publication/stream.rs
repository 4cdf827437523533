//! The stream itself, over JetStream's own requests. Plain options only: Debian's nats-server 2.9.10 is the floor,
//! and an older server leaves out silently what it does not know, so the returned configuration is compared.

use std::time::Duration;

use async_nats::jetstream;
use async_nats::{HeaderMap, Message, RequestErrorKind};
use countersign_messages::{Token, headers};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::resume::{Hold, StreamState, Tail};
use super::window::Ack;
use crate::config::PublicationConfig;
use crate::nats::Link;

/// How long a request to JetStream may take.
const REQUEST: Duration = Duration::from_secs(5);
/// How long the stream knows message ids.
const DUPLICATES_NS: u64 = 120_000_000_000;
/// JetStream's own code for a stream that is not there.
const STREAM_NOT_FOUND: u64 = 10_059;

/// Why the stream does not answer now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may by itself: worth another try.
    Again(String),
    /// Somebody has to look.
    Hold(Hold),
}

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
            "duplicate_window": DUPLICATES_NS,
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
        let found = self.api("STREAM.INFO", &Value::Null).await?;
        let found = match error_of(&found) {
            Some((STREAM_NOT_FOUND, _)) => self.api("STREAM.CREATE", &self.wanted).await?,
            _ => found,
        };
        if let Some((_, why)) = error_of(&found) {
            return Err(Trouble::Again(format!("the stream {}: {why}", self.name)));
        }
        if let Some(differs) = difference(&self.wanted, &found["config"]) {
            let reason = format!("expected the stream {} with {differs}; change it, or remove it", self.name);
            return Err(Trouble::Hold(Hold::new("STREAM_CONFIG", reason)));
        }
        let number = |name: &str| found["state"][name].as_u64().unwrap_or_default();
        Ok(StreamState {
            created: found["created"].as_str().unwrap_or_default().to_owned(),
            messages: number("messages"),
            last_seq: number("last_seq"),
        })
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
        match self.answered(read).await {
            Ok(Ok(message)) => {
                let id = message.headers.get(headers::NATS_MSG_ID).map(|id| id.as_str()).unwrap_or_default();
                Ok(Some(Tail::of_id(id)))
            }
            Ok(Err(why)) => Err(Trouble::Again(format!("the last message of {}: {why}", self.name))),
            Err(why) => Err(Trouble::Again(format!("the last message of {}: {why}", self.name))),
        }
    }

    async fn api(&self, what: &str, question: &Value) -> Result<Value, Trouble> {
        let body = if question.is_null() { Vec::new() } else { question.to_string().into_bytes() };
        let asked = self.link.client.request(format!("$JS.API.{what}.{}", self.name), body.into());
        let trouble = |why: String| Trouble::Again(format!("JetStream does not answer {what}: {why}"));
        match self.answered(asked).await {
            Ok(Ok(answer)) => {
                serde_json::from_slice(&answer.payload).map_err(|error| trouble(error.to_string()))
            }
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
                Err(trouble("it is not enabled on this server".to_owned()))
            }
            Ok(Err(error)) => Err(trouble(error.to_string())),
            Err(why) => Err(trouble(why.to_owned())),
        }
    }

    /// Waits for an answer, as long as there is a connection for it to come over.
    async fn answered<T>(&self, asked: impl Future<Output = T>) -> Result<T, &'static str> {
        tokio::select! {
            biased;
            answer = timeout(REQUEST, asked) => answer.map_err(|_| "no answer in time, or not permitted"),
            () = self.link.disconnected() => Err("the connection is gone"),
        }
    }
}

/// The name of a company's stream.
pub(crate) fn stream_name(company: &Token) -> String {
    format!("COUNTERSIGN_{company}")
}

/// Code and description of an error in an answer of JetStream.
fn error_of(answer: &Value) -> Option<(u64, String)> {
    let error = answer.get("error")?;
    let code = error["err_code"].as_u64().or_else(|| error["code"].as_u64()).unwrap_or_default();
    Some((code, error["description"].as_str().unwrap_or("an error without a description").to_owned()))
}

/// The first field in which a configuration is not as wanted. What a server leaves out counts as false, 0 or none.
fn difference(wanted: &Value, found: &Value) -> Option<String> {
    let wanted = wanted.as_object()?;
    let absent = |value: &Value| *value == json!(false) || *value == json!(0) || value.is_null();
    wanted.iter().find_map(|(field, value)| {
        let same = match found.get(field) {
            Some(found) => found == value,
            None => absent(value),
        };
        let shown = found.get(field).map_or_else(|| "nothing".to_owned(), Value::to_string);
        (!same).then(|| format!("{field} = {value}, found {shown}"))
    })
}

/// What the stream says to a published message.
pub(super) fn read_ack(message: &Message) -> Ack {
    if message.status.is_some_and(|status| status == async_nats::StatusCode::NO_RESPONDERS) {
        return Ack::Refused("nobody takes the events: the stream is gone".to_owned());
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&message.payload) else {
        return Ack::Refused("an acknowledgement that is none".to_owned());
    };
    if let Some((code, why)) = error_of(&answer) {
        return Ack::Refused(format!("{why} ({code})"));
    }
    match answer["seq"].as_u64() {
        Some(stream_seq) => Ack::Stored { stream_seq, duplicate: answer["duplicate"] == json!(true) },
        None => Ack::Refused("an acknowledgement without a sequence".to_owned()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_that_differs_is_named() {
        let wanted = json!({ "name": "S", "deny_purge": true, "max_age": 0 });
        assert_eq!(difference(&wanted, &json!({ "name": "S", "deny_purge": true })), None);
        let found = json!({ "name": "S", "max_age": 0, "more": 1 });
        assert_eq!(difference(&wanted, &found), Some("deny_purge = true, found nothing".into()));
        let found = json!({ "name": "S", "deny_purge": true, "max_age": 5 });
        assert_eq!(difference(&wanted, &found), Some("max_age = 0, found 5".into()));
    }
}
