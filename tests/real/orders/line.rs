//! A back-office system's connection: requests and their replies.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use countersign_core::time::Timestamp;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::support::NatsServer;

/// How long a reply may take before the same request is sent again.
const REPLY_WITHIN: Duration = Duration::from_secs(20);
/// How often a request is sent before the run fails.
const SENDINGS: usize = 6;

/// Who asks: a person in a post.
pub(crate) type Who<'a> = (&'a str, &'a str);

/// A refusal.
pub(crate) struct Refused {
    pub(crate) code: String,
    message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// A system's connection. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Line {
    client: async_nats::Client,
    system: &'static str,
}

impl Line {
    pub(crate) async fn connect(nats: &NatsServer, system: &'static str) -> Line {
        Line { client: nats.connect(system).await, system }
    }

    /// Asks, again under the same id where the engine has too much to do. The answer has the sequence that it saw.
    pub(crate) async fn ask(
        &self,
        verb: &str,
        id: &str,
        (person, position): Who<'_>,
        mut body: Value,
    ) -> Result<(Value, u64), Refused> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        body["request_id"] = id.into();
        body["sent_at"] = Timestamp(now as i64).to_string().into();
        body["person"] = person.into();
        body["position"] = position.into();
        let subject = format!("countersign.wholesaler.api.{}.{verb}", self.system);
        let payload = serde_json::to_vec(&body).expect("a request is JSON");
        let mut last = String::new();
        for _ in 0..SENDINGS {
            let asked = self.client.request(subject.clone(), payload.clone().into());
            let mut reply: Value = match timeout(REPLY_WITHIN, asked).await {
                Ok(Ok(message)) => serde_json::from_slice(&message.payload).expect("a reply is JSON"),
                trouble => {
                    last = format!("{trouble:?}");
                    continue;
                }
            };
            let sequence = reply["sequence"].as_u64().unwrap_or_default();
            if let Some(ok) = reply.get_mut("ok") {
                return Ok((ok.take(), sequence));
            }
            let text = |field: &str| reply["error"][field].as_str().unwrap_or_default().to_owned();
            let (code, message) = (text("code"), text("message"));
            if !matches!(code.as_str(), "OVERLOADED" | "VIEW_BEHIND") {
                return Err(Refused { code, message });
            }
            last = format!("{code}: {message}");
            sleep(Duration::from_millis(reply["error"]["retry_after_ms"].as_u64().unwrap_or(50))).await;
        }
        panic!("{verb} {id} was sent {SENDINGS} times, found {last}");
    }
}
