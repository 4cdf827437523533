//! systems.yaml: which back-office system may assert which persons, chains, verbs and amounts.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::name::Name;

/// The systems that may call. One that is not named may do nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Systems {
    /// By name, the token of the request subject.
    pub systems: BTreeMap<Name, SystemGrant>,
}

/// What one system may assert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemGrant {
    /// The persons it may speak for.
    pub persons: Allowed,
    /// The chains it may touch.
    pub chains: Allowed,
    /// The verbs it may use, as in messages (`submit`, `decide`, `inbox` ...).
    pub verbs: Allowed,
    /// The facts it may report (`contract.sealed`).
    pub facts: Allowed,
    /// The largest amount, in the company's currency, of a case that it may submit or decide; None: any.
    pub up_to: Option<Decimal>,
}

/// All, or these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Allowed {
    /// Every one.
    All,
    /// Only these.
    Only(Vec<Name>),
}

impl Allowed {
    /// Whether the name is among them.
    pub fn has(&self, name: &str) -> bool {
        match self {
            Allowed::All => true,
            Allowed::Only(names) => names.iter().any(|n| n == name),
        }
    }
}
