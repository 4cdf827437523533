//! What an approval is about or a refusal is short of: money, or a number of something else.

use crate::money::{Decimal, Money};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Money, or an amount of another unit: `{"amount": "12", "unit": "pallet"}`, percent as `{"amount": "3.5",
/// "unit": "%"}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Quantity {
    /// An amount of money.
    Money(Money),
    /// An amount of anything that is not money.
    Units {
        /// How many, as a decimal string.
        amount: Decimal,
        /// Of what: the unit's name in the company's definitions, or `%`.
        unit: String,
    },
}

impl From<Money> for Quantity {
    fn from(money: Money) -> Self {
        Quantity::Money(money)
    }
}
