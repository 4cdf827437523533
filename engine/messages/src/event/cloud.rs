//! The event envelope and its structured mode.

use super::attributes::{EventType, source_company, source_of};
use super::message_id::MessageId;
use crate::decode::typed;
use crate::error::{Code, WireError};
use crate::headers::{CE_PREFIX, CLOUDEVENTS_JSON, CONTENT_TYPE};
use crate::limits::Limits;
use crate::scan::scan;
use crate::time::Timestamp;
use crate::token::Token;
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An event in the structured mode of CloudEvents 1.0, the mode that is published. Extension attributes other than
/// the three of the product are read over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent {
    /// Always `1.0`.
    #[schemars(extend("const" = "1.0"))]
    pub specversion: String,
    /// Unique within the source; of the engine's own events `<company>-<log_id>-<sequence>-<index>`.
    #[schemars(length(min = 1))]
    pub id: String,
    /// Who says so: `/countersign/<company>` for the engine.
    #[schemars(length(min = 1))]
    pub source: String,
    /// What happened: `countersign.<chain>.<event>.v1` for the engine's own events.
    #[serde(rename = "type")]
    #[schemars(length(min = 1))]
    pub event_type: String,
    /// The case, if the event belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// The media type of `data`: `application/json` or another JSON type. Absent means `application/json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// The frame that the event belongs to, as 20 decimal digits, so that it orders as text too.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "super::attributes::padded")]
    #[schemars(with = "Option<String>", extend("pattern" = "^[0-9]{1,20}$"))]
    pub sequence: Option<u64>,
    /// One id for everything that belongs to one order, from order to cash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// What must stay in order among itself, for consumers that share the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// What there is to know about it.
    #[serde(default)]
    pub data: Value,
}

impl CloudEvent {
    /// One of the engine's own events, without subject, correlation and partition.
    pub fn of_engine(id: &MessageId, event_type: &EventType, time: Timestamp, data: Value) -> Self {
        CloudEvent {
            specversion: "1.0".into(),
            id: id.to_string(),
            source: source_of(&id.company),
            event_type: event_type.to_string(),
            subject: None,
            time: Some(time),
            datacontenttype: Some("application/json".into()),
            sequence: Some(id.sequence),
            correlation: None,
            partition: None,
            data,
        }
    }

    /// Where in which log it stands, if it is one of the engine's own. `BAD_VALUE` if id and attributes disagree.
    pub fn message_id(&self) -> Result<MessageId, WireError> {
        let id: MessageId = self.id.parse()?;
        let agrees = source_company(&self.source).as_ref() == Some(&id.company);
        if !agrees || self.sequence.is_some_and(|sequence| sequence != id.sequence) {
            return Err(WireError::new(
                Code::BadValue,
                "expected an id that agrees with source and sequence",
            )
            .at_field("id"));
        }
        Ok(id)
    }

    /// The company whose engine says so.
    pub fn company(&self) -> Option<Token> {
        source_company(&self.source)
    }

    /// The body in structured mode; its media type is [`CLOUDEVENTS_JSON`].
    pub fn to_structured(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an event is made of texts and JSON")
    }

    /// Reads an event in either mode. Binary if there is a header `ce-specversion` and the content type is not that
    /// of a structured event; structured otherwise, because the released NATS binding sends no headers at all.
    pub fn decode<'h>(
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: &[u8],
        limits: &Limits,
    ) -> Result<Self, WireError> {
        let headers: Vec<(&str, &str)> = headers.into_iter().collect();
        let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        let structured = headers.iter().any(|(name, value)| is(name, CONTENT_TYPE) && is_structured(value));
        let binary = headers.iter().any(|(name, _)| is(name, &format!("{CE_PREFIX}specversion")));
        if binary && !structured {
            return Self::from_binary(&headers, body, limits);
        }
        Self::from_structured(body, limits)
    }

    /// Reads an event in structured mode.
    pub fn from_structured(body: &[u8], limits: &Limits) -> Result<Self, WireError> {
        let text = scan(body, &[], limits)?;
        if typed::<Base64Data>(text)?.data_base64.is_some() {
            return Err(WireError::new(Code::UnknownField, "expected JSON in data").at_field("data_base64"));
        }
        typed::<CloudEvent>(text)?.checked()
    }

    /// What the types do not say.
    pub(super) fn checked(self) -> Result<Self, WireError> {
        let wrong = |field: &str, message: &str| Err(WireError::new(Code::BadValue, message).at_field(field));
        if self.specversion != "1.0" {
            return wrong("specversion", "expected 1.0");
        }
        for (field, text) in [("id", &self.id), ("source", &self.source), ("type", &self.event_type)] {
            if text.is_empty() || text.chars().any(char::is_control) {
                return wrong(field, "expected a text without control characters");
            }
        }
        if self.datacontenttype.as_deref().is_some_and(|media| !is_json(media)) {
            return wrong("datacontenttype", "expected application/json or a type that ends in +json");
        }
        Ok(self)
    }
}

/// The other place where the standard lets data stand; nothing of the product is sent so.
#[derive(Deserialize)]
struct Base64Data {
    data_base64: Option<IgnoredAny>,
}

/// The media type without its parameters.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_structured(media: &str) -> bool {
    essence(media) == CLOUDEVENTS_JSON
}

fn is_json(media: &str) -> bool {
    let media = essence(media);
    media == "application/json" || media == "text/json" || media.ends_with("+json")
}
