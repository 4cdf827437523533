//! Work for adapters, and what they say: the same messages over NATS and within the process.
//!
//! ```text
//! durable frames --> work  --> countersign.<company>.cmd.<adapter>.<object>.<verb>
//! countersign.<company>.rpl.<adapter>...  --> intake --> engine, acknowledged once durable
//! countersign.<company>.in.<adapter>...   --> intake --> engine, or kept, or a dead letter
//! ```
//!
//! Nothing here decides anything: a command goes out because a frame says so, and what an adapter says is judged by
//! core. What core will never take is kept as a dead letter, with the reason, before it is acknowledged.

mod counts;
mod door;
mod intake;
mod local;
mod sender;
mod streams;
mod taker;
mod work;

use std::sync::Arc;

use countersign_core::name::Name;

pub(crate) use counts::Counters;
pub use counts::OutwardCounts;
pub use door::OutwardStatus;
pub(crate) use door::{OutwardDoor, Shared};
pub(crate) use intake::Intake;
pub use intake::Taken;
pub(crate) use local::Locals;
pub use local::{Adapter, BoxFuture, PumpError, Pumped, Said};
pub(crate) use streams::OutwardStreams;
pub(crate) use taker::Takers;
pub use work::CommandMessage;
pub(crate) use work::Work;

/// Adapters that run within the process: their commands do not go over NATS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Within(Arc<std::sync::RwLock<std::collections::BTreeSet<Name>>>);

impl Within {
    /// One more.
    pub(crate) fn add(&self, adapter: &str) {
        self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner).insert(Name::from(adapter));
    }

    /// Whether this one does.
    pub(crate) fn has(&self, adapter: &str) -> bool {
        self.0.read().unwrap_or_else(std::sync::PoisonError::into_inner).contains(adapter)
    }
}
