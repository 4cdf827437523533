//! The adapter `erp`: contracts, availability, manufacturing orders, customers.
//!
//! Start reading at [`ADAPTER`]; [`DECLARATION`] is its part of `adapters.yaml`, [`Erp`] the rules of its sandbox.

mod declaration;
mod sandbox;

use countersign_adapter::process::Kind;

pub use declaration::DECLARATION;
pub use sandbox::{Erp, ErpSettings};

/// The adapter, to be run by the kit.
pub const ADAPTER: Kind =
    Kind { declaration: &DECLARATION, plain_http: include_str!("plain_http.yaml"), sandbox: sandbox::rules };
