//! What is held against limits, where that is more than the document's own amount.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::command::{CaseNo, TaskNo};
use crate::money::Currency;
use crate::name::Name;
use crate::time::{Date, Timestamp};
use crate::value::Value;

/// A rate of exchange as a decision used it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateUsed {
    /// Of which currency.
    pub currency: Currency,
    /// So much of the company's currency for one.
    pub rate: Decimal,
    /// The date from which it holds.
    pub on: Date,
}

/// An amount was converted, or added to others, before it was held against the limits of an authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountWeighed {
    /// The case.
    pub case: CaseNo,
    /// The approval that it was weighed for; None: the route was planned.
    pub task: Option<TaskNo>,
    /// The slots of the step whose limits it is held against: the first, and the first that is none of them.
    pub slots: (u16, u16),
    /// The authority.
    pub authority: Name,
    /// The amount as the case has it.
    pub amount: Value,
    /// The rates at which it was converted; empty where it was in the authority's currency.
    pub rates: Vec<RateUsed>,
    /// The amount in the authority's measure.
    pub own: Decimal,
    /// What was added to it.
    pub added: Option<Added>,
    /// What is held against the limits.
    pub need: Decimal,
}

/// What other cases add to an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// What the cases have in common.
    pub key: Name,
    /// The case counts for those that are handed in until then.
    pub until: Timestamp,
    /// How much the others come to.
    pub sum: Decimal,
    /// How many they are.
    pub count: u32,
    /// The newest of them.
    pub cases: Vec<CaseNo>,
}
