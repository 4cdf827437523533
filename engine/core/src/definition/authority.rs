//! authority.yaml: who may decide how much of what.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::Currency;
use crate::name::Name;
use crate::time::{Span, Timestamp};

/// The limits of one type of decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its name, which chains climb.
    pub name: Name,
    /// What limits are counted in.
    pub measure: Measure,
    /// Who is asked, in which order.
    pub line: Line,
    /// The limits, by the instant from which they hold, ascending. Before the first nobody has any.
    pub limits: Vec<LimitSet>,
    /// R6: a signature under this authority is never merged with another.
    pub independent: bool,
    /// Whether it may be delegated.
    pub delegable: bool,
    /// R15: what the amounts of earlier cases are added for. None: each case stands alone.
    pub adds_up: Option<AddsUp>,
}

/// R15: amounts that have something in common are held against limits together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddsUp {
    /// The same type of document.
    pub document: bool,
    /// Handed in by the same person.
    pub submitter: bool,
    /// The same values of these fields; a case without one of them stands alone.
    pub fields: Vec<Vec<Name>>,
    /// Handed in at most so long before.
    pub within: Span,
    /// Cases that are open count.
    pub open: bool,
    /// Cases that ended well count.
    pub approved: bool,
}

/// What a limit is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// Money of a currency.
    Money(Currency),
    /// Countable things.
    Units,
    /// A share.
    Percent,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Line {
    /// The submitter's solid superiors one by one, then the groups that hold a limit.
    Solid,
    /// This list from the first.
    List(Vec<Name>),
    /// Nobody: whoever is asked by name.
    None,
}

/// Limits from an instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitSet {
    /// The first instant at which they hold.
    pub since: Timestamp,
    /// By position or group, else by kind. Who is not named holds 0.
    pub limits: BTreeMap<Name, Limit>,
}

/// How much one may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Inclusive; None is `unlimited`.
    pub up_to: Option<Decimal>,
    /// Who must approve beside, blind, where this level decides.
    pub beside: Vec<Name>,
}

impl Authority {
    /// The limits that hold at an instant.
    pub fn at(&self, at: Timestamp) -> Option<&LimitSet> {
        self.limits.iter().rev().find(|set| set.since <= at)
    }
}
