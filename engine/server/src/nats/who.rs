//! One company, one engine: before serving, whoever serves already is asked to say so.

use std::time::Duration;

use async_nats::{Client, RequestErrorKind};
use countersign_core::time::Timestamp;
use countersign_messages::{Subject, Token};
use tokio::time::timeout;

use super::NatsError;
use crate::desk::ENGINE_SYSTEM;
use crate::render::time;

/// How long another engine has to answer.
const ANSWER: Duration = Duration::from_millis(750);

/// Fails with `ALREADY_SERVED` if an engine answers for the company. Silence, or nobody listening, means that none
/// serves.
pub(crate) async fn already_served(
    client: &Client,
    company: &Token,
    now: Timestamp,
) -> Result<(), NatsError> {
    let subject = Subject::request(company.as_str(), ENGINE_SYSTEM, "who").map_err(|error| {
        NatsError::Subscribe { subject: format!("the requests of {company}"), why: error.to_string() }
    })?;
    let question = serde_json::json!({ "request_id": format!("start-{}", now.0), "sent_at": time(now) });
    let asked = client.request(subject.to_string(), question.to_string().into());
    match timeout(ANSWER, asked).await {
        Ok(Ok(answer)) => {
            let found = String::from_utf8_lossy(&answer.payload).chars().take(300).collect();
            Err(NatsError::AlreadyServed { company: company.to_string(), found })
        }
        Ok(Err(error)) if error.kind() != RequestErrorKind::NoResponders => {
            tracing::warn!(%error, "whether another engine serves the company could not be asked");
            Ok(())
        }
        _ => Ok(()),
    }
}
