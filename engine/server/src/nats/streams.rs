//! JetStream streams over JetStream's own requests. Plain options only: Debian's nats-server 2.9.10 is the floor,
//! and an older server leaves out silently what it does not know, so the returned configuration is compared.

use std::time::Duration;

use async_nats::RequestErrorKind;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Link;
use crate::publication::Hold;

/// How long a request to JetStream may take.
const REQUEST: Duration = Duration::from_secs(5);
/// JetStream's own code for a stream that is not there.
const STREAM_NOT_FOUND: u64 = 10_059;

/// Why a stream does not answer now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It may by itself: worth another try.
    Again(String),
    /// Somebody has to look.
    Hold(Hold),
}

/// A stream as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ensured {
    /// When it was created; another time, another stream.
    pub(crate) created: String,
    /// How many messages it has.
    pub(crate) messages: u64,
    /// The sequence of the last message that it ever had.
    pub(crate) last_seq: u64,
}

/// The state of a stream, which is created if it is not there and compared with what is wanted.
pub(crate) async fn ensure(link: &Link, name: &str, wanted: &Value) -> Result<Ensured, Trouble> {
    let found = api(link, "STREAM.INFO", name, &Value::Null).await?;
    let found = match error_of(&found) {
        Some((STREAM_NOT_FOUND, _)) => api(link, "STREAM.CREATE", name, wanted).await?,
        _ => found,
    };
    if let Some((_, why)) = error_of(&found) {
        return Err(Trouble::Again(format!("the stream {name}: {why}")));
    }
    if let Some(differs) = difference(wanted, &found["config"]) {
        let reason = format!("expected the stream {name} with {differs}; change it, or remove it");
        return Err(Trouble::Hold(Hold { code: "STREAM_CONFIG", reason }));
    }
    let number = |field: &str| found["state"][field].as_u64().unwrap_or_default();
    Ok(Ensured {
        created: found["created"].as_str().unwrap_or_default().to_owned(),
        messages: number("messages"),
        last_seq: number("last_seq"),
    })
}

async fn api(link: &Link, what: &str, name: &str, question: &Value) -> Result<Value, Trouble> {
    let body = if question.is_null() { Vec::new() } else { question.to_string().into_bytes() };
    let asked = link.client.request(format!("$JS.API.{what}.{name}"), body.into());
    let trouble = |why: String| Trouble::Again(format!("JetStream does not answer {what}: {why}"));
    match answered(link, asked).await {
        Ok(Ok(answer)) => serde_json::from_slice(&answer.payload).map_err(|error| trouble(error.to_string())),
        Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => {
            Err(trouble("it is not enabled on this server".to_owned()))
        }
        Ok(Err(error)) => Err(trouble(error.to_string())),
        Err(why) => Err(trouble(why.to_owned())),
    }
}

/// Waits for an answer, as long as there is a connection for it to come over.
pub(crate) async fn answered<T>(link: &Link, asked: impl Future<Output = T>) -> Result<T, &'static str> {
    tokio::select! {
        biased;
        answer = timeout(REQUEST, asked) => answer.map_err(|_| "no answer in time, or not permitted"),
        () = link.disconnected() => Err("the connection is gone"),
    }
}

/// Code and description of an error in an answer of JetStream.
pub(crate) fn error_of(answer: &Value) -> Option<(u64, String)> {
    let error = answer.get("error")?;
    let code = error["err_code"].as_u64().or_else(|| error["code"].as_u64()).unwrap_or_default();
    Some((code, error["description"].as_str().unwrap_or("an error without a description").to_owned()))
}

/// The first field in which a configuration is not as wanted. What a server leaves out counts as false, 0 or none.
pub(crate) fn difference(wanted: &Value, found: &Value) -> Option<String> {
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
