//! Accounts: how much of each key is used up and set aside, and which case holds what.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::State;
use crate::command::{CaseNo, LotNo};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::Timestamp;
use crate::value::Value;

/// Accounts by name and key. A key that nothing was ever done with is not there.
pub(super) type Accounts = BTreeMap<Name, BTreeMap<Name, Balance>>;

/// How one key of an account stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// How much is used up.
    pub used: Decimal,
    /// How much is set aside: the sum of the lots of all cases.
    pub reserved: Decimal,
    /// The word that was last told for it.
    pub flag: Option<Name>,
    /// The word that was last told for less than nothing free.
    pub below_zero: Option<Name>,
    /// Its opening was entered.
    pub opened: bool,
    /// The lots in which something is left, so that who holds it is found without looking at every case.
    pub lots: BTreeSet<(CaseNo, LotNo)>,
}

/// What a case holds of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// Its lots, oldest first. One that is used up stays while the case is open: an undo may fill it again.
    pub lots: SmallMap<LotNo, Lot>,
    /// The number of its newest lot; 0: none.
    pub last: LotNo,
    /// The names under which something was handed on or taken by others: it is not there to be taken again.
    pub given: Vec<Name>,
    /// The case is over, or about to be, and waits for somebody to take its lots.
    pub kept: Option<Kept>,
}

/// An amount that is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The name under which it is held.
    pub name: Name,
    /// The account.
    pub account: Name,
    /// The key.
    pub key: Name,
    /// How much is left of it.
    pub amount: Decimal,
    /// The place of the state that set it aside; None: it was taken or handed on.
    pub state: Option<u16>,
    /// The lot of another case out of which it was set aside.
    pub from: Option<(CaseNo, LotNo)>,
    /// The case that had it before it was taken or handed on.
    pub taken_from: Option<CaseNo>,
    /// The chain of the required case with which it was taken.
    pub with: Option<Name>,
    /// Another case has set something aside out of it.
    pub lent: bool,
}

/// How long lots outlast the end of their case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When they lapse.
    pub until: Timestamp,
    /// The end that the case has then.
    pub end: Name,
    /// Whether that is good.
    pub good: bool,
    /// The unique values that the case gives up then, should that end be bad.
    pub claims: Vec<Name>,
}

impl State {
    /// How a key of an account stands. None: nothing was ever done with it.
    pub fn balance(&self, account: &str, key: &str) -> Option<&Balance> {
        self.accounts.get(account)?.get(key)
    }

    /// Every key of every account with which something was done.
    pub fn balances(&self) -> impl Iterator<Item = (&Name, &Name, &Balance)> {
        self.accounts.iter().flat_map(|(account, keys)| keys.iter().map(move |(key, b)| (account, key, b)))
    }

    /// The accounts of which something was done with this key.
    pub fn accounts_with(&self, key: &Name) -> impl Iterator<Item = &Name> {
        self.accounts.iter().filter(move |(_, keys)| keys.contains_key(key)).map(|(account, _)| account)
    }

    /// The keys with which something was done, from after a place on: an account and a key of it.
    pub fn balances_after(
        &self,
        (account, key): (&Name, &Name),
    ) -> impl Iterator<Item = (&Name, &Name, &Balance)> {
        self.accounts.range::<Name, _>(account..).flat_map(move |(of, keys)| {
            let from = if of == account { Bound::Excluded(key) } else { Bound::Unbounded };
            keys.range::<Name, _>((from, Bound::Unbounded)).map(move |(key, balance)| (of, key, balance))
        })
    }

    /// What a case holds, open or over. None: it never held anything, or it is no longer known.
    pub fn holds(&self, case: CaseNo) -> Option<&Holds> {
        match self.cases.get(case) {
            Some(case) => case.outward.as_ref()?.holds.as_deref(),
            None => self.closed.get(&case)?.holds.as_deref(),
        }
    }
}

/// What is held under a name, in the measure of `zero`.
pub(crate) fn held(holds: Option<&Holds>, name: &Name, zero: &Value) -> Option<Value> {
    let lots = holds.into_iter().flat_map(|holds| holds.lots.values()).filter(|lot| lot.name == *name);
    let sum = lots.map(|lot| lot.amount).try_fold(Decimal::ZERO, Decimal::checked_add)?;
    Some(match zero {
        Value::Money(money) => Value::money(sum, money.currency),
        Value::Number(_) => Value::Number(sum),
        _ => Value::Units(sum),
    })
}
