//! The adapter `finance`: invoices, payments, receivables, differences and write-offs, and what the bank tells.
//!
//! Start reading at [`ADAPTER`]; [`DECLARATION`] is its part of `adapters.yaml`, [`Finance`] the rules of its sandbox.

mod declaration;
mod sandbox;

use countersign_adapter::process::Kind;

pub use declaration::DECLARATION;
pub use sandbox::{Finance, FinanceSettings, Pays};

/// The adapter, to be run by the kit.
pub const ADAPTER: Kind =
    Kind { declaration: &DECLARATION, plain_http: include_str!("plain_http.yaml"), sandbox: sandbox::rules };
