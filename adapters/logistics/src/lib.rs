//! The adapter `logistics`: reservations of stock, shipments, returns, proof of delivery.
//!
//! Start reading at [`ADAPTER`]; [`DECLARATION`] is its part of `adapters.yaml`, [`Logistics`] the rules of its sandbox.

mod declaration;
mod sandbox;

use countersign_adapter::process::Kind;

pub use declaration::DECLARATION;
pub use sandbox::{Logistics, LogisticsSettings};

/// The adapter, to be run by the kit.
pub const ADAPTER: Kind =
    Kind { declaration: &DECLARATION, plain_http: include_str!("plain_http.yaml"), sandbox: sandbox::rules };
