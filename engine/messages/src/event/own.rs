//! One of the engine's own events on its way out: written straight into bytes, without a tree of its own.

use super::attributes::padded;
use serde::Serialize;

/// One of the engine's own events in structured mode: the members of [`super::CloudEvent`] in the same order, borrowed.
#[derive(Clone, Debug, Serialize)]
pub struct OwnEvent<'e, D> {
    specversion: &'static str,
    id: &'e str,
    source: &'e str,
    #[serde(rename = "type")]
    event_type: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'e str>,
    time: &'e str,
    datacontenttype: &'static str,
    #[serde(serialize_with = "padded::serialize")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'e str>,
    data: D,
}

/// Where an event comes from and what it is, each as its attribute has it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'e> {
    /// The text of a [`super::MessageId`].
    pub id: &'e str,
    /// Of the company, see [`super::source_of`].
    pub source: &'e str,
    /// The text of an [`super::EventType`].
    pub event_type: &'e str,
    /// When it happened, as a [`crate::Timestamp`] has it.
    pub time: &'e str,
    /// The frame.
    pub sequence: u64,
    /// The case, if it belongs to one: its subject, and what stays in order among itself.
    pub case: Option<&'e str>,
    /// What joins everything that belongs to one order.
    pub correlation: Option<&'e str>,
}

impl<'e, D: Serialize> OwnEvent<'e, D> {
    /// An event that says this.
    pub fn new(of: Origin<'e>, data: D) -> Self {
        OwnEvent {
            specversion: "1.0",
            id: of.id,
            source: of.source,
            event_type: of.event_type,
            subject: of.case,
            time: of.time,
            datacontenttype: "application/json",
            sequence: Some(of.sequence),
            correlation: of.correlation,
            partition: of.case,
            data,
        }
    }

    /// The body in structured mode, at the end of these bytes.
    pub fn write(&self, into: &mut Vec<u8>) {
        serde_json::to_writer(into, self).expect("an event is made of texts and JSON");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CloudEvent, EventType, LogId, MessageId, source_of};
    use super::*;
    use crate::{Timestamp, Token};
    use serde_json::json;

    #[test]
    fn it_is_written_as_any_event_of_the_engine_is() {
        let token = |text: &str| Token::new(text).expect("a token");
        let (company, log_id) = (token("yuanlan"), LogId::from_bytes(&[0xab; 16]));
        let id = MessageId { company: company.clone(), log_id, sequence: 42, index: 3 };
        let event_type = EventType { chain: token("orders"), event: token("case-ended"), version: 1 };
        let time = Timestamp::new("2025-04-21T01:00:00Z").expect("a time");
        let data = json!({ "end": "a \"quoted\" \u{1} 合同", "good": true });
        for case in [None, Some("C-7")] {
            let correlation = case.map(|case| format!("yuanlan-{case}"));
            let expected = CloudEvent {
                subject: case.map(str::to_owned),
                correlation: correlation.clone(),
                partition: case.map(str::to_owned),
                ..CloudEvent::of_engine(&id, &event_type, time.clone(), data.clone())
            };
            let of = Origin {
                id: &id.to_string(),
                source: &source_of(&company),
                event_type: &event_type.to_string(),
                time: time.as_str(),
                sequence: 42,
                case,
                correlation: correlation.as_deref(),
            };
            let mut found = b"before ".to_vec();
            OwnEvent::new(of, &data).write(&mut found);
            let expected = [b"before ".to_vec(), expected.to_structured()].concat();
            assert_eq!(String::from_utf8(found), String::from_utf8(expected));
        }
    }
}
