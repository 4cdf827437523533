//! The fields that every request has.

use crate::text::{Name, RequestId};
use crate::time::Timestamp;

/// Who asks, when, and under which id: the same four fields stand in every request beside its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Sent again with the same id, a request takes effect once and gets the same answer.
    pub request_id: &'a RequestId,
    /// When the caller first sent it; the same on every retry.
    pub sent_at: &'a Timestamp,
    /// Who asks. Absent only where a system speaks for itself (`fact`, `who`).
    pub person: Option<&'a Name>,
    /// The post in which they ask; a person may have several.
    pub position: Option<&'a Name>,
}

/// Declares a request that a person makes, acting in a post: the envelope, then the fields given.
macro_rules! person_request {
    ($(#[$meta:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The caller's name for this request; sent again, it takes effect once and gets the same answer.
            pub request_id: $crate::text::RequestId,
            /// When the caller first sent it; the same on every retry.
            pub sent_at: $crate::time::Timestamp,
            /// Who asks.
            pub person: $crate::text::Name,
            /// The post in which they ask.
            pub position: $crate::text::Name,
            $($fields)*
        }

        impl $name {
            /// The fields that every request has.
            pub fn envelope(&self) -> $crate::api::Envelope<'_> {
                $crate::api::Envelope {
                    request_id: &self.request_id,
                    sent_at: &self.sent_at,
                    person: Some(&self.person),
                    position: Some(&self.position),
                }
            }
        }
    };
}
pub(crate) use person_request;

/// Declares a request that a system makes for itself; a person may still be named.
macro_rules! system_request {
    ($(#[$meta:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// The caller's name for this request; sent again, it takes effect once and gets the same answer.
            pub request_id: $crate::text::RequestId,
            /// When the caller first sent it; the same on every retry.
            pub sent_at: $crate::time::Timestamp,
            /// Who asks, if it is a person.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub person: Option<$crate::text::Name>,
            /// The post in which they ask, if it is a person.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub position: Option<$crate::text::Name>,
            $($fields)*
        }

        impl $name {
            /// The fields that every request has.
            pub fn envelope(&self) -> $crate::api::Envelope<'_> {
                $crate::api::Envelope {
                    request_id: &self.request_id,
                    sent_at: &self.sent_at,
                    person: self.person.as_ref(),
                    position: self.position.as_ref(),
                }
            }
        }
    };
}
pub(crate) use system_request;
