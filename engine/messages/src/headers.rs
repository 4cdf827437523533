//! Names of the message headers that the product sets or reads.

/// The message id by which JetStream drops repeats: the text of a [`MessageId`](crate::MessageId).
pub const NATS_MSG_ID: &str = "Nats-Msg-Id";
/// The last sequence the stream must have for a publication to be taken, so that a gap is impossible.
pub const NATS_EXPECTED_LAST_SEQUENCE: &str = "Nats-Expected-Last-Sequence";
/// The sequence of the frame that an event belongs to, in decimal digits.
pub const COUNTERSIGN_SEQUENCE: &str = "Countersign-Sequence";
/// One id for everything that belongs to one order, from order to cash.
pub const COUNTERSIGN_CORRELATION: &str = "Countersign-Correlation";
/// W3C trace context, where tracing is on.
pub const TRACEPARENT: &str = "traceparent";
/// The media type of the body; [`CLOUDEVENTS_JSON`] for a structured event.
pub const CONTENT_TYPE: &str = "content-type";
/// What every attribute of an event in binary mode starts with.
pub const CE_PREFIX: &str = "ce-";

/// The media type of an event in structured mode.
pub const CLOUDEVENTS_JSON: &str = "application/cloudevents+json";
