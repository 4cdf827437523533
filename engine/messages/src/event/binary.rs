//! The binary mode: attributes in headers, the data as body.

use super::attributes::padded;
use super::cloud::CloudEvent;
use super::percent;
use crate::error::{Code, WireError};
use crate::headers::{CE_PREFIX, CONTENT_TYPE};
use crate::limits::Limits;
use crate::scan::scan_any;
use crate::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// An event in binary mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryMessage {
    /// Headers to set: `content-type` and one `ce-` header for each attribute.
    pub headers: Vec<(String, String)>,
    /// The data in JSON; empty if there is none.
    pub body: Vec<u8>,
}

impl CloudEvent {
    /// The event in binary mode.
    pub fn to_binary(&self) -> BinaryMessage {
        let mut headers = Vec::new();
        let mut attribute = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                headers.push((format!("{CE_PREFIX}{name}"), percent::encode(value)));
            }
        };
        attribute("specversion", Some(&self.specversion));
        attribute("id", Some(&self.id));
        attribute("source", Some(&self.source));
        attribute("type", Some(&self.event_type));
        attribute("subject", self.subject.as_deref());
        attribute("time", self.time.as_ref().map(Timestamp::as_str));
        attribute("sequence", self.sequence.map(padded::text).as_deref());
        attribute("correlation", self.correlation.as_deref());
        attribute("partition", self.partition.as_deref());
        headers.extend(self.datacontenttype.iter().map(|media| (CONTENT_TYPE.to_string(), media.clone())));
        let body = if self.data.is_null() { Vec::new() } else { self.data.to_string().into_bytes() };
        BinaryMessage { headers, body }
    }

    /// Reads an event in binary mode. Names of headers are compared without regard to case; other headers and
    /// unknown attributes are read over; an attribute twice is refused.
    pub fn from_binary(headers: &[(&str, &str)], body: &[u8], limits: &Limits) -> Result<Self, WireError> {
        let mut attributes = collect(headers)?;
        let mut take = |name: &str| attributes.remove(name);
        let missing = |name: &str| {
            WireError::new(Code::MissingField, "expected this attribute")
                .at_field(format!("{CE_PREFIX}{name}"))
        };
        let event = CloudEvent {
            specversion: take("specversion").ok_or_else(|| missing("specversion"))?,
            id: take("id").ok_or_else(|| missing("id"))?,
            source: take("source").ok_or_else(|| missing("source"))?,
            event_type: take("type").ok_or_else(|| missing("type"))?,
            subject: take("subject"),
            time: take("time").map(Timestamp::new).transpose().map_err(|e| bad("time", &e.to_string()))?,
            datacontenttype: take(CONTENT_TYPE),
            sequence: match take("sequence") {
                Some(text) => {
                    Some(padded::number(&text).ok_or_else(|| bad("sequence", "expected decimal digits"))?)
                }
                None => None,
            },
            correlation: take("correlation"),
            partition: take("partition"),
            data: Value::Null,
        }
        .checked()?;
        Ok(CloudEvent { data: read_data(body, limits)?, ..event })
    }
}

/// The attributes by their names without prefix, and the content type.
fn collect(headers: &[(&str, &str)]) -> Result<BTreeMap<String, String>, WireError> {
    let mut attributes = BTreeMap::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let (key, value) = if name == CONTENT_TYPE {
            (name.clone(), value.to_string())
        } else if let Some(attribute) = name.strip_prefix(CE_PREFIX) {
            let value =
                percent::decode(value).ok_or_else(|| bad(attribute, "expected percent-encoded UTF-8"))?;
            (attribute.to_string(), value)
        } else {
            continue;
        };
        if attributes.insert(key, value).is_some() {
            return Err(WireError::new(Code::DuplicateField, "expected each header once").at_field(name));
        }
    }
    Ok(attributes)
}

fn read_data(body: &[u8], limits: &Limits) -> Result<Value, WireError> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    crate::decode::typed(scan_any(body, limits)?)
}

fn bad(attribute: &str, message: &str) -> WireError {
    WireError::new(Code::BadValue, message).at_field(format!("{CE_PREFIX}{attribute}"))
}
