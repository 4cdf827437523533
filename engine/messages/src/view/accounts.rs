//! How accounts stand.

use crate::money::Decimal;
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `accounts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountsView {
    /// Every key with which something was done, in the order of accounts and keys.
    pub accounts: Vec<AccountView>,
    /// There are more: give it back as `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How one key of an account stands. Amounts are decimal strings in the account's measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    /// The account.
    pub account: String,
    /// The key; its parts are joined by `/`.
    pub key: String,
    /// What is counted: a currency, or a word such as `units`. Absent where the account is no longer defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<String>,
    /// How much there is; `unlimited`; `unknown` where it has no value now.
    pub limit: String,
    /// Why the limit has no value now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    /// How much is used up.
    pub used: Decimal,
    /// How much is set aside.
    pub reserved: Decimal,
    /// What is left: limit - used - reserved. Absent where there is no limit, or it has no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<Decimal>,
    /// The word of the first of the account's flags that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// The account's word for less than nothing free, while that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below_zero: Option<String>,
    /// Which case holds how much of what is set aside, oldest case first.
    pub held: Vec<HeldAmount>,
    /// So many more cases hold some of it; `countersign accounts` beside the log shows them all.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_more: u64,
}

/// What a case holds of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeldAmount {
    /// The case.
    pub case: String,
    /// The lot, counted within the case.
    pub lot: u32,
    /// The name under which it holds it.
    pub name: String,
    /// How much.
    pub amount: Decimal,
    /// When it lapses, where the case is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
