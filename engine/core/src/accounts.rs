//! How the accounts stand, for people, and the proof that they balance.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::command::{CaseNo, LotNo};
use crate::eval::{progress, standing};
use crate::name::Name;
use crate::state::{Balance, Holds, Lot, State};
use crate::time::Timestamp;

/// How one key of an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// The account.
    pub account: Name,
    /// The key; parts joined by `/`.
    pub key: Name,
    /// How much there is.
    pub limit: AccountLimit,
    /// How much is used up.
    pub used: Decimal,
    /// How much is set aside.
    pub reserved: Decimal,
    /// The word of the first of the account's flags that holds.
    pub flag: Option<Name>,
    /// The account's word for less than nothing free, while that is so.
    pub below_zero: Option<Name>,
    /// The shares of the account's sales target and of its period that are reached, where it names them.
    pub progress: Option<(Decimal, Decimal)>,
    /// Which case holds how much of what is set aside, in order of their numbers.
    pub held: Vec<HeldRow>,
}

/// How much there is of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountLimit {
    /// So much.
    Of(Decimal),
    /// Whatever is asked for.
    Unlimited,
    /// It has no value now, and why: a row that is missing, an account that is no longer defined.
    Unknown(String),
}

/// What a case holds of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// The case.
    pub case: CaseNo,
    /// The lot.
    pub lot: LotNo,
    /// The name under which it holds it.
    pub name: Name,
    /// How much.
    pub amount: Decimal,
    /// When it lapses, where the case is over.
    pub until: Option<Timestamp>,
}

impl AccountRow {
    /// What is left: limit - used - reserved. None: there is no limit, or it is not known.
    pub fn free(&self) -> Option<Decimal> {
        match self.limit {
            AccountLimit::Of(limit) => Some(limit.saturating_sub(self.used).saturating_sub(self.reserved)),
            _ => None,
        }
    }
}

impl State {
    /// Every key of every account with which something was done, as it stands at an instant; of one account, or all.
    pub fn accounts(&self, only: Option<&str>, at: Timestamp) -> Vec<AccountRow> {
        let wanted = self.balances().filter(|(account, ..)| only.is_none_or(|only| **account == *only));
        wanted.map(|(account, key, balance)| self.row_of((account, key), balance, at)).collect()
    }

    /// The same one by one, from after a place on: an account and a key of it.
    pub fn accounts_after<'a>(
        &'a self,
        place: (&'a Name, &'a Name),
        at: Timestamp,
    ) -> impl Iterator<Item = AccountRow> + 'a {
        self.balances_after(place)
            .map(move |(account, key, balance)| self.row_of((account, key), balance, at))
    }

    /// How one key of an account stands, be it that nothing was ever done with it.
    pub fn account(&self, account: &Name, key: &Name, at: Timestamp) -> AccountRow {
        let nothing = Balance::default();
        self.row_of((account, key), self.balance(account, key).unwrap_or(&nothing), at)
    }

    fn row_of(&self, (account, key): (&Name, &Name), balance: &Balance, at: Timestamp) -> AccountRow {
        let lots = balance.lots.iter();
        let held = lots.filter_map(|(case, lot)| {
            let holds = self.holds(*case)?;
            Some(row(*case, *lot, (holds.lots.get(lot)?, holds)))
        });
        let held = held.collect();
        let definition = self.definitions().active().and_then(|active| active.account(account));
        let found = match definition {
            Some(definition) => standing(self, at, (definition, key), true).map_err(|why| why.to_string()),
            None => Err(format!("expected account {account} among the active definitions, found none")),
        };
        let (limit, flag) = match found {
            Ok(found) => (found.limit.map_or(AccountLimit::Unlimited, AccountLimit::Of), found.flag),
            Err(why) => (AccountLimit::Unknown(why), None),
        };
        AccountRow {
            account: account.clone(),
            key: key.clone(),
            limit,
            used: balance.used,
            reserved: balance.reserved,
            flag,
            below_zero: balance.below_zero.clone(),
            progress: definition.and_then(|definition| progress(self, at, (definition, key))),
            held,
        }
    }

    /// What is wrong with the books: an amount set aside that is not the sum of what cases hold, anything below zero.
    /// Empty: they balance.
    pub fn unbalanced(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut held = self.held();
        for (account, key, balance) in self.balances() {
            let rows = held.remove(&(account, key)).unwrap_or_default();
            let sum: Decimal = rows.iter().map(|row| row.amount).sum();
            if sum != balance.reserved {
                let found = format!("{account} {key}: {} is set aside, cases hold {sum}", balance.reserved);
                wrong.push(found);
            }
            let listed: Vec<(CaseNo, LotNo)> = rows.iter().map(|row| (row.case, row.lot)).collect();
            if !balance.lots.iter().eq(&listed) {
                let (is, should) = (&balance.lots, listed);
                wrong.push(format!("{account} {key}: listed as its lots are {is:?}, cases hold {should:?}"));
            }
            if balance.used < Decimal::ZERO || balance.reserved < Decimal::ZERO {
                wrong.push(format!("{account} {key}: {} used, {} set aside", balance.used, balance.reserved));
            }
            for row in rows.iter().filter(|row| row.amount < Decimal::ZERO) {
                wrong.push(format!("{account} {key}: case {} holds {}", row.case, row.amount));
            }
        }
        for ((account, key), rows) in held {
            wrong.push(format!("{account} {key}: {} holds of a key that is not there", rows.len()));
        }
        wrong
    }

    /// What cases hold, by account and key: by looking at every case, so that it depends on no list.
    fn held(&self) -> BTreeMap<(&Name, &Name), Vec<HeldRow>> {
        let open = self.cases().filter_map(|case| Some((case.number(), case.outward()?.holds.as_deref()?)));
        let over = self.closed_cases().filter_map(|(case, closed)| Some((case, closed.holds.as_deref()?)));
        let mut found: BTreeMap<_, Vec<HeldRow>> = BTreeMap::new();
        for (case, holds) in open.chain(over) {
            for (lot, of) in holds.lots.iter().filter(|(_, lot)| !lot.amount.is_zero()) {
                found.entry((&of.account, &of.key)).or_default().push(row(case, *lot, (of, holds)));
            }
        }
        found.values_mut().for_each(|rows| rows.sort_by_key(|row| (row.case, row.lot)));
        found
    }
}

fn row(case: CaseNo, lot: LotNo, (of, holds): (&Lot, &Holds)) -> HeldRow {
    let until = holds.kept.as_ref().map(|kept| kept.until);
    HeldRow { case, lot, name: of.name.clone(), amount: of.amount, until }
}
