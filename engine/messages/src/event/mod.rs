//! Published events: CloudEvents 1.0 in JSON.

mod attributes;
mod binary;
mod cloud;
mod message_id;
mod own;
mod percent;

pub use attributes::{EventType, source_company, source_of};
pub use binary::BinaryMessage;
pub use cloud::CloudEvent;
pub use message_id::{LogId, MessageId};
pub use own::{Origin, OwnEvent};
