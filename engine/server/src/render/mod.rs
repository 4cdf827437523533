//! Events and values as JSON: names, not tags; money as text with its currency; times in RFC 3339; hashes in hex.
//!
//! Every kind of event is told in three forms: its data ([`data`]), a sentence in two languages ([`tell`]), and
//! a published event ([`Publisher`]). The answers of a blind part are left out until they are open.

mod access;
mod account;
mod accounts;
mod actions;
mod cloud;
mod data;
mod dealings;
#[cfg(test)]
mod golden;
mod json;
mod organisation;
mod outward;
mod plan;
mod posts;
// The samples that core's golden bytes are made of.
#[cfg(test)]
#[path = "../../../core/tests/support/samples.rs"]
mod samples;
mod sentence;
mod value;
mod words;

pub use accounts::account_view;
pub(crate) use actions::{opinion, overridden};
pub use cloud::{Belongs, Published, Publisher};
pub use data::{Opinions, data};
pub(crate) use dealings::{alarm, child, command, work_view};
pub(crate) use posts::impact_view;
pub use posts::organisation_view;
pub(crate) use sentence::{tell, tell_sealed};
pub use value::{fields, quantity, time};
pub(crate) use words::{capacity_names, route_step, title, verdict, waiting, why};
