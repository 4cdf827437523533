//! Front doors: requests in, replies and events out.
//!
//! ```text
//! NATS --> nats::service --+
//!                          +--> desk --> runtime          (systems.yaml, in the log, bounds what a system may assert)
//! in-process bus ----------+
//!
//! log --> source --> publication --> JetStream            (each event once, in order, no gap)
//!               \--> bus
//!
//! operator, by a socket in the data directory --> control --> runtime, publication
//!
//! log --> outward --> commands for adapters;  answers and facts --> outward --> runtime
//! ```
//!
//! [`Server`] ties them together, [`setup`] founds a company. Without NATS the same messages go over the in-process
//! [`Bus`].

pub mod apply;
mod bus;
mod config;
mod control;
mod desk;
mod error;
mod health;
pub mod ids;
mod keys;
mod nats;
mod outward;
mod publication;
pub mod render;
mod seal;
mod server;
pub mod setup;
mod source;

pub use bus::{Bus, Events, Happened};
pub use config::{Config, NatsConfig, PublicationConfig, RequestLimits, SystemLimits};
pub use control::{
    AskError, ClockSeen, ClockShown, Control, Operator, PublishAgain, PublishedAgain, Running,
};
pub use countersign_nats::{Credentials, Endpoint, NatsAccessError, Secret, Tls};
pub use desk::{Caller, Desk, ENGINE_SYSTEM};
pub use error::ServerError;
pub use health::{Health, HealthConfig, Reason};
pub use nats::{NatsError, ServiceCounts, SystemCounts};
pub use outward::{
    Adapter, BoxFuture, CommandMessage, OutwardCounts, OutwardStatus, PumpError, Pumped, Said, Taken,
};
pub use publication::{Hold, Place, PublicationStatus};
pub use render::Published;
pub use server::{NatsStatus, Server, ServerStatus};
