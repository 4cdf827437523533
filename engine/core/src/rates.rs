//! Rates of exchange: the table that holds them, the rate of a day, amounts in another currency.
//!
//! A rate is so much of the company's currency for one of another. It holds from its date on until the next one, as
//! long as it is no older than the table allows. There is no other: without a rate nothing is converted.

use rust_decimal::Decimal;

use crate::definition::{Company, RatesDef, Table};
use crate::eval::EvalError;
use crate::event::RateUsed;
use crate::money::{Currency, Money, round_half_up};
use crate::name::Name;
use crate::state::{Release, State};
use crate::time::{Date, Timestamp};
use crate::value::{Fields, Value};

/// The column of a table of rates that holds them.
pub const RATE: &str = "rate";

/// Where rates are looked up: the release that holds now, and what chains have recorded since.
#[derive(Clone, Copy)]
pub(crate) struct Rates<'a> {
    pub(crate) rules: &'a Release,
    pub(crate) state: Option<&'a State>,
    pub(crate) at: Timestamp,
}

impl<'a> Rates<'a> {
    /// The rules that hold now, where they are known.
    pub(crate) fn new(rules: &'a Release, state: Option<&'a State>, at: Timestamp) -> Rates<'a> {
        let active = state.and_then(|state| state.definitions().active());
        Rates { rules: active.map_or(rules, |active| active), state, at }
    }

    fn company(&self) -> Result<&'a Company, EvalError> {
        self.rules.company().ok_or(EvalError::Type("a company"))
    }

    fn table(&self) -> Option<(&'a Table, &'a RatesDef)> {
        self.rules.tables().find_map(|table| Some((table, table.rates.as_ref()?)))
    }

    /// So much of the company's currency for one of this. None: it is the company's own.
    pub(crate) fn of(&self, currency: Currency) -> Result<Option<RateUsed>, EvalError> {
        let company = self.company()?;
        if company.currency == currency {
            return Ok(None);
        }
        let today = company.calendar.zone.local(self.at).0;
        let none = |why: String| EvalError::NoRate(currency.to_string(), today.to_string(), why);
        let Some((table, def)) = self.table() else {
            return Err(none("no table holds rates of exchange".to_owned()));
        };
        let Some((on, row)) = self.last(table, currency, today) else {
            return Err(none(format!("add one to {}", table.name)));
        };
        if i64::from(today.0) - i64::from(on.0) > i64::from(def.max_age_days) {
            let days = def.max_age_days;
            return Err(none(format!(
                "the last one in {} is of {on}, more than {days} days old",
                table.name
            )));
        }
        match row.get(RATE) {
            Some(Value::Number(rate)) if *rate > Decimal::ZERO => {
                Ok(Some(RateUsed { currency, rate: *rate, on }))
            }
            _ => Err(none(format!("the one of {on} in {} is not above 0", table.name))),
        }
    }

    fn last(&self, table: &'a Table, currency: Currency, today: Date) -> Option<(Date, &'a Fields)> {
        let prefix = format!("{currency}/");
        let (key, row) = last_row(self.rules, self.state, table, (&prefix, &format!("{prefix}{today}")))?;
        Some((Date::parse(key.strip_prefix(&prefix)?)?, row))
    }

    /// An amount in another currency, at the rates of the day, and the rates that were used.
    pub(crate) fn converted(
        &self,
        money: Money,
        to: Currency,
    ) -> Result<(Decimal, Vec<RateUsed>), EvalError> {
        if money.currency == to {
            return Ok((money.amount, Vec::new()));
        }
        let (from, into) = (self.of(money.currency)?, self.of(to)?);
        let mut amount = money.amount;
        if let Some(used) = &from {
            amount = amount.checked_mul(used.rate).ok_or(EvalError::Overflow)?;
        }
        if let Some(used) = &into {
            amount = amount.checked_div(used.rate).ok_or(EvalError::Overflow)?;
        }
        let digits = self.company()?.currency_digits.get(&to).copied().unwrap_or(2);
        Ok((round_half_up(amount, u32::from(digits)), from.into_iter().chain(into).collect()))
    }
}

/// The last row of a table whose key lies between two keys, both of them included.
pub(crate) fn last_row<'a>(
    rules: &'a Release,
    state: Option<&'a State>,
    table: &'a Table,
    (from, to): (&str, &str),
) -> Option<(&'a Name, &'a Fields)> {
    match state {
        Some(state) => state.last_row(rules, &table.name, (from, to)),
        None => table
            .rows
            .range::<str, _>((std::ops::Bound::Included(from), std::ops::Bound::Included(to)))
            .next_back(),
    }
}
