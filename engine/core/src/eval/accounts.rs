//! What expressions read of accounts: limits are worked out where they are read, of the rules and rows that hold now.

use rust_decimal::Decimal;

use super::world::row_key;
use super::{COST_MAX, EvalError, Evaluator, Result, Scope, flag};
use crate::definition::{Account, AccountMeasure};
use crate::expr::BalancePart;
use crate::name::Name;
use crate::state::{Balance, State};
use crate::time::Timestamp;
use crate::value::{Type, Value};

/// No single amount is as large; sums of many such stay exact.
pub(super) const AMOUNT_MAX: i64 = 1_000_000_000_000_000_000;
/// No amount has more decimals.
const DECIMALS_MAX: u32 = 8;

/// The account whose own expressions are evaluated, at one of its keys.
#[derive(Clone, Copy)]
pub struct Own<'a> {
    /// The account.
    pub account: &'a Account,
    /// The values of the key's parts.
    pub parts: &'a [Value],
    /// The key.
    pub key: &'a Name,
}

/// How a key of an account stands.
pub(crate) struct Standing {
    /// None: unlimited.
    pub(crate) limit: Option<Decimal>,
    pub(crate) used: Decimal,
    pub(crate) reserved: Decimal,
    pub(crate) flag: Option<Name>,
}

impl Standing {
    /// What is left. None: there is no limit.
    pub(crate) fn free(&self) -> Option<Decimal> {
        self.limit.map(|limit| limit.saturating_sub(self.used).saturating_sub(self.reserved))
    }
}

/// How a key stands, with its flag where `flags` are asked for. A limit that has no value is an error: nothing may
/// be set aside where nobody knows how much there is.
pub(crate) fn standing(
    state: &State,
    at: Timestamp,
    (account, key): (&Account, &Name),
    flags: bool,
) -> Result<Standing> {
    let active = state.definitions().active().ok_or(EvalError::Type("active definitions"))?;
    let parts = parts_of(account, key).ok_or(EvalError::Type("the parts of an account's key"))?;
    let own = Own { account, parts: &parts, key };
    let scope = Scope { cases: Some(state), own: Some(&own), ..Scope::new(active, at) };
    let mut evaluator = Evaluator { scope: &scope, fuel: COST_MAX, depth: 0 };
    let limit = match &account.limit {
        None => None,
        Some(_) => {
            let limit = evaluator.own(&own, BalancePart::Limit)?.decimal();
            Some(limit.ok_or_else(|| EvalError::Missing(format!("the limit of {} of {key}", account.name)))?)
        }
    };
    let flag = match flags {
        true => evaluator.flagged(&own)?,
        false => None,
    };
    let Balance { used, reserved, .. } = state.balance(&account.name, key).cloned().unwrap_or_default();
    Ok(Standing { limit, used, reserved, flag })
}

/// The shares of an account's sales target and of its period at a key; None: it names none, or they have no value.
pub(crate) fn progress(
    state: &State,
    at: Timestamp,
    (account, key): (&Account, &Name),
) -> Option<(Decimal, Decimal)> {
    let progress = account.progress.as_ref()?;
    let parts = parts_of(account, key)?;
    let own = Own { account, parts: &parts, key };
    let scope =
        Scope { cases: Some(state), own: Some(&own), ..Scope::new(state.definitions().active()?, at) };
    let mut evaluator = Evaluator { scope: &scope, fuel: COST_MAX, depth: 0 };
    let mut share = |expr| evaluator.value(expr, None).ok()?.decimal();
    Some((share(&progress.sales)?, share(&progress.time)?))
}

/// The values of a key's parts, read from its text. None: it has another number of parts.
pub fn parts_of(account: &Account, key: &Name) -> Option<Vec<Value>> {
    let texts: Vec<&str> = match account.parts.len() {
        1 => vec![key.as_str()],
        _ => key.split('/').collect(),
    };
    if texts.len() != account.parts.len() {
        return None;
    }
    let value = |(text, (_, kind)): (&str, &(Name, Type))| match kind {
        Type::Position => Some(Value::Position(Name::from(text))),
        Type::Unit => Some(Value::Unit(Name::from(text))),
        Type::Number => text.parse().ok().map(Value::Number),
        Type::Units => text.parse().ok().map(Value::Units),
        Type::Flag => text.parse().ok().map(Value::Flag),
        _ => Some(Value::text(text)),
    };
    texts.into_iter().zip(&account.parts).map(value).collect()
}

/// How much a value is in an account's measure, exactly. Below zero it is nothing that can be moved.
pub(crate) fn amount_of(account: &Account, value: &Value) -> Result<Decimal> {
    let amount = match (&account.measure, value) {
        (AccountMeasure::Money(currency), Value::Money(money)) if money.currency == *currency => money.amount,
        (AccountMeasure::Money(currency), Value::Money(money)) => {
            return Err(EvalError::Currencies(currency.to_string(), money.currency.to_string()));
        }
        (AccountMeasure::Count(_), Value::Units(count) | Value::Number(count)) => *count,
        (_, Value::Missing) => return Err(EvalError::Missing(format!("an amount of {}", account.name))),
        _ => return Err(EvalError::Type("an amount in the measure of its account")),
    };
    let below_zero = amount.is_sign_negative() && !amount.is_zero();
    if below_zero || amount >= Decimal::from(AMOUNT_MAX) || amount.normalize().scale() > DECIMALS_MAX {
        return Err(EvalError::Amount(account.name.to_string(), amount.to_string()));
    }
    Ok(amount)
}

impl Evaluator<'_> {
    /// Something about an account, whatever the case has pinned.
    pub(super) fn balance(&mut self, account: &Name, parts: &[Value], what: BalancePart) -> Result<Value> {
        let Some(state) = self.scope.cases else { return Ok(Value::Missing) };
        if parts.contains(&Value::Missing) {
            return Ok(Value::Missing);
        }
        let active = state.definitions().active().ok_or(EvalError::Type("active definitions"))?;
        let account = active.account(account).ok_or(EvalError::Type("an account that is defined"))?;
        let key = row_key(parts);
        let own = Own { account, parts, key: &key };
        let scope = Scope { cases: Some(state), own: Some(&own), ..Scope::new(active, self.scope.at) };
        let mut nested = Evaluator { scope: &scope, fuel: self.fuel, depth: self.depth };
        let value = nested.own(&own, what);
        self.fuel = nested.fuel;
        value
    }

    /// Something about the account whose own expressions these are.
    pub(super) fn own(&mut self, own: &Own<'_>, what: BalancePart) -> Result<Value> {
        let account = own.account;
        let balance = self.scope.cases.and_then(|state| state.balance(&account.name, own.key));
        let (used, reserved) = balance.map_or_else(Default::default, |b| (b.used, b.reserved));
        let measured = |amount: Decimal| match account.measure {
            AccountMeasure::Money(currency) => Value::money(amount, currency),
            AccountMeasure::Count(_) => Value::Units(amount),
        };
        match what {
            BalancePart::Used => Ok(measured(used)),
            BalancePart::Reserved => Ok(measured(reserved)),
            BalancePart::Limit => Ok(self.limit(account)?.map_or(Value::Missing, measured)),
            BalancePart::Free => {
                let left = |limit: Decimal| limit.checked_sub(used)?.checked_sub(reserved);
                match self.limit(account)? {
                    None => Ok(Value::Missing),
                    Some(limit) => left(limit).map(measured).ok_or(EvalError::Overflow),
                }
            }
            BalancePart::Flag => {
                let flag = self.flagged(own)?;
                Ok(Value::Text(flag.unwrap_or_else(|| Name::from("none"))))
            }
        }
    }

    /// None: there is no limit, or it has no value.
    fn limit(&mut self, account: &Account) -> Result<Option<Decimal>> {
        let Some(limit) = &account.limit else { return Ok(None) };
        let value = self.value(limit, None)?;
        if let (AccountMeasure::Money(currency), Value::Money(money)) = (&account.measure, &value)
            && money.currency != *currency
        {
            return Err(EvalError::Currencies(currency.to_string(), money.currency.to_string()));
        }
        match value {
            Value::Missing => Ok(None),
            value => value.decimal().map(Some).ok_or(EvalError::Type("a limit")),
        }
    }

    fn flagged(&mut self, own: &Own<'_>) -> Result<Option<Name>> {
        for (word, when) in &own.account.flags {
            if flag(self.value(when, None)?)? {
                return Ok(Some(word.clone()));
            }
        }
        Ok(None)
    }
}
