//! What expressions read beyond the document: rows of tables, other cases, posts, currencies.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::accounts::AMOUNT_MAX;
use super::{EvalError, Evaluator, Result};
use crate::command::CaseNo;
use crate::decide::limit_of;
use crate::definition::{Authority, Delegation, Measure, Organisation, Table};
use crate::event::RateUsed;
use crate::expr::{Attribute, CasePart, Expr};
use crate::money::{Currency, round_half_up};
use crate::name::Name;
use crate::rates::{Rates, last_row};
use crate::state::{Release, held};
use crate::time::{Span, SpanUnit};
use crate::value::{Fields, Value};

impl Evaluator<'_> {
    /// What stands outside the case's own document and facts.
    pub(super) fn world(&mut self, expr: &Expr, it: Option<&Value>) -> Result<Value> {
        match expr {
            Expr::CaseOf(chain, key) => {
                let key = self.value(key, it)?;
                Ok(self.case_of(chain, &key))
            }
            Expr::OfCase(case, part) => match self.value(case, it)? {
                Value::Missing => Ok(Value::Missing),
                Value::Case(number) => Ok(self.of_case(number, part)),
                _ => Err(EvalError::Type("a case")),
            },
            Expr::Child(part) => {
                Ok(self.scope.child.map_or(Value::Missing, |child| self.of_case(child, part)))
            }
            Expr::Submitter(attribute) => self.submitter(*attribute),
            Expr::Owner(attribute) => self.owner(*attribute),
            Expr::Driver(attribute) => match self.driver() {
                Some(name) => self.post(&name, *attribute),
                None => Err(EvalError::Missing("the driver".into())),
            },
            Expr::Post(of, attribute) => match self.value(of, it)? {
                Value::Missing => Ok(Value::Missing),
                value => {
                    let name = value.as_name().ok_or(EvalError::Type("a position"))?;
                    self.post(name, *attribute)
                }
            },
            Expr::Province(of) => {
                let unit = self.value(of, it)?;
                self.province(&unit)
            }
            Expr::CurrencyOf(of) => match self.value(of, it)? {
                Value::Missing => Ok(Value::Missing),
                Value::Money(money) => Ok(Value::text(&money.currency.to_string())),
                _ => Err(EvalError::Type("an amount of money")),
            },
            Expr::Convert(amount, rate) => {
                let (amount, rate) = (self.value(amount, it)?, self.value(rate, it)?);
                self.converted(&amount, &rate)
            }
            Expr::Days(of) => days(&self.value(of, it)?),
            Expr::Rate(of) => {
                let rate = self.rate(of, it)?;
                Ok(rate.map_or(Value::Missing, |used| {
                    Value::Number(used.map_or(Decimal::ONE, |used| used.rate))
                }))
            }
            Expr::RateOn(of) => {
                let today = self.company()?.calendar.zone.local(self.scope.at).0;
                let rate = self.rate(of, it)?;
                Ok(rate.map_or(Value::Missing, |used| Value::Date(used.map_or(today, |used| used.on))))
            }
            Expr::LimitOf(..) | Expr::LimitUnder(..) | Expr::Delegable(_) | Expr::Delegated(..) => {
                self.authorities(expr, it)
            }
            Expr::Hold { name, zero } => self.hold(name, zero),
            Expr::Balance { account, key, what } => {
                let parts = self.values(key, it)?;
                self.balance(account, &parts, *what)
            }
            Expr::Part(number) => {
                let own = self.scope.own.ok_or(EvalError::Type("a part of an account's key"))?;
                own.parts.get(usize::from(*number)).cloned().ok_or(EvalError::Type("a part of the key"))
            }
            Expr::Own(what) => {
                let own = self.scope.own.ok_or(EvalError::Type("an account's own expression"))?;
                self.own(own, *what)
            }
            _ => Err(EvalError::Type("a known function")),
        }
    }

    /// What posts may decide.
    fn authorities(&mut self, expr: &Expr, it: Option<&Value>) -> Result<Value> {
        match expr {
            Expr::LimitOf(of, authority) => match self.value(of, it)? {
                Value::Missing => Ok(Value::Missing),
                value => self.limit_of(value.as_name().ok_or(EvalError::Type("a position"))?, authority),
            },
            Expr::LimitUnder(of, authority) => match (self.value(of, it)?, self.value(authority, it)?) {
                (Value::Missing, _) | (_, Value::Missing) => Ok(Value::Missing),
                (post, authority) => self.limit_of(named(&post)?, named(&authority)?),
            },
            Expr::Delegable(authority) => match self.value(authority, it)? {
                Value::Missing => Ok(Value::Missing),
                authority => Ok(Value::Flag(self.authority(named(&authority)?)?.delegable)),
            },
            Expr::Delegated(to, authority) => match (self.value(to, it)?, self.value(authority, it)?) {
                (Value::Missing, _) | (_, Value::Missing) => Ok(Value::Missing),
                (to, authority) => self.delegated(named(&to)?, named(&authority)?),
            },
            _ => Err(EvalError::Type("a function of authorities")),
        }
    }

    fn case_of(&self, chain: &Name, key: &Value) -> Value {
        if *key == Value::Missing {
            return Value::Missing;
        }
        let key = Name::from(key.to_string());
        let found = self.scope.cases.and_then(|cases| cases.by_key(chain, &key));
        found.map_or(Value::Missing, Value::Case)
    }

    fn of_case(&self, number: CaseNo, part: &CasePart) -> Value {
        let found = self.scope.cases.and_then(|cases| cases.case_part(number, part));
        found.unwrap_or(Value::Missing)
    }

    fn hold(&self, name: &Name, zero: &Value) -> Result<Value> {
        let holds = self.scope.case.and_then(|case| case.outward()?.holds.as_deref());
        held(holds, name, zero).ok_or(EvalError::Overflow)
    }

    fn submitter(&self, attribute: Attribute) -> Result<Value> {
        let party = self.scope.submitter.ok_or(EvalError::Type("a submitter"))?;
        Ok(match attribute {
            Attribute::Position => Value::Position(party.position.clone()),
            Attribute::Unit => Value::Unit(party.unit.clone()),
            Attribute::Kind => Value::Text(party.kind.clone()),
        })
    }

    fn owner(&self, attribute: Attribute) -> Result<Value> {
        match self.scope.case {
            Some(case) if *case.owner() != case.submitter().position => self.post(case.owner(), attribute),
            _ => self.submitter(attribute),
        }
    }

    fn driver(&self) -> Option<Name> {
        let of_case = || self.scope.rules.chain(self.scope.case?.chain());
        let chain = self.scope.chain.or_else(of_case);
        chain.and_then(|chain| chain.driver.clone()).or_else(|| self.scope.rules.company()?.driver.clone())
    }

    /// Posts are as the organisation has them now.
    fn organisation(&self) -> Option<&Organisation> {
        let active = self.scope.cases.and_then(|cases| cases.definitions().active());
        active.map_or(self.scope.rules, |active| active).organisation()
    }

    /// The rules that hold now.
    fn active(&self) -> &Release {
        let active = self.scope.cases.and_then(|cases| cases.definitions().active());
        active.map_or(self.scope.rules, |active| active)
    }

    fn authority(&self, name: &Name) -> Result<&Authority> {
        self.active().authority(name).ok_or_else(|| EvalError::Missing(format!("an authority {name}")))
    }

    /// Whether another post has given its authority to this one, and that holds now.
    fn delegated(&self, to: &Name, authority: &Name) -> Result<Value> {
        let organisation = self.active().organisation().ok_or(EvalError::Type("an organisation"))?;
        let at = self.scope.at;
        let given =
            |d: &Delegation| d.to == *to && d.authority.contains(authority) && d.start <= at && at < d.end;
        Ok(Value::Flag(organisation.delegations.values().any(given)))
    }

    /// What a post may decide alone, by the rules that hold now.
    fn limit_of(&self, post: &Name, authority: &Name) -> Result<Value> {
        let authority = self.authority(authority)?;
        let organisation = self.active().organisation().ok_or(EvalError::Type("an organisation"))?;
        let limit = match limit_of(organisation, authority, post, self.scope.at) {
            None => Decimal::ZERO,
            Some(limit) => limit.up_to.unwrap_or(Decimal::from(AMOUNT_MAX)),
        };
        Ok(match authority.measure {
            Measure::Money(currency) => Value::money(limit, currency),
            Measure::Units => Value::Units(limit),
            Measure::Percent => Value::Percent(limit),
        })
    }

    fn post(&self, name: &Name, attribute: Attribute) -> Result<Value> {
        let post = self.organisation().and_then(|organisation| organisation.positions.get(name));
        let post = post.ok_or_else(|| EvalError::Missing(format!("position {name}")));
        Ok(match attribute {
            Attribute::Position => Value::Position(name.clone()),
            Attribute::Unit => Value::Unit(post?.unit.clone()),
            Attribute::Kind => Value::Text(post?.kind.clone()),
        })
    }

    fn province(&self, unit: &Value) -> Result<Value> {
        if *unit == Value::Missing {
            return Ok(Value::Missing);
        }
        let name = unit.as_name().ok_or(EvalError::Type("a unit"))?;
        let province = self.organisation().and_then(|organisation| organisation.province(name));
        Ok(province.map_or(Value::Missing, |province| Value::Text(province.clone())))
    }

    /// An amount at so much of the company's currency for one.
    fn converted(&self, amount: &Value, rate: &Value) -> Result<Value> {
        let (money, rate) = match (amount, rate) {
            (Value::Missing, _) | (_, Value::Missing) => return Ok(Value::Missing),
            (Value::Money(money), rate) => (money, rate.decimal().ok_or(EvalError::Type("a rate"))?),
            _ => return Err(EvalError::Type("an amount of money")),
        };
        let company = self.company()?;
        let digits = company.currency_digits.get(&company.currency).copied().unwrap_or(2);
        let amount = money.amount.checked_mul(rate).ok_or(EvalError::Overflow)?;
        Ok(Value::money(round_half_up(amount, u32::from(digits)), company.currency))
    }

    /// The rate of a currency; None within: it is the company's own. None: which currency is not known.
    fn rate(&mut self, of: &Expr, it: Option<&Value>) -> Result<Option<Option<RateUsed>>> {
        let currency = match self.value(of, it)? {
            Value::Missing => return Ok(None),
            value => value.as_name().and_then(|code| Currency::parse(code)),
        };
        let currency = currency.ok_or(EvalError::Type("a currency"))?;
        Rates::new(self.scope.rules, self.scope.cases, self.scope.at).of(currency).map(Some)
    }

    pub(super) fn row(&mut self, table: &Name, parts: &[Expr], it: Option<&Value>) -> Result<Value> {
        let values = self.values(parts, it)?;
        if values.contains(&Value::Missing) {
            return Ok(Value::Missing);
        }
        let key = row_key(&values);
        let no_row = || EvalError::NoRow(table.clone(), key.to_string());
        if self.table(table)?.from {
            return self.reached(table, &values)?.map(Value::Text).ok_or_else(no_row);
        }
        match self.fields_of(table, &key)? {
            Some(_) => Ok(Value::Text(key)),
            // A row that a chain writes may not be there yet.
            None if !self.table(table)?.written_by.is_empty() => Ok(Value::Missing),
            None => Err(no_row()),
        }
    }

    /// The key of the last row whose threshold is reached, of those whose other parts are these.
    fn reached(&mut self, name: &Name, values: &[Value]) -> Result<Option<Name>> {
        let Some((threshold, others)) = values.split_last() else { return Ok(None) };
        let prefix: String = others.iter().map(|part| format!("{part}/")).collect();
        if let Value::Date(date) = threshold {
            let (table, state) = (self.table(name)?, self.scope.cases);
            // Dates are in the order of their texts, so that only the row itself is looked at.
            let last = last_row(self.scope.rules, state, table, (&prefix, &format!("{prefix}{date}")));
            return Ok(last.map(|(key, _)| key.clone()));
        }
        let wanted = threshold.decimal().ok_or(EvalError::Type("a number as key"))?;
        let keys = self.keys(name)?;
        let reached =
            keys.into_iter().filter_map(|k| Some((k.strip_prefix(&prefix)?.parse::<Decimal>().ok()?, k)));
        let last = reached.filter(|(from, _)| *from <= wanted).max_by_key(|(from, _)| *from);
        Ok(last.map(|(_, key)| key))
    }

    pub(super) fn column(
        &mut self,
        table: &Name,
        key: &Expr,
        column: &Name,
        it: Option<&Value>,
    ) -> Result<Value> {
        let key = match self.value(key, it)? {
            Value::Missing => return Ok(Value::Missing),
            Value::Text(key) => key,
            _ => return Err(EvalError::Type("a row")),
        };
        let row = self.fields_of(table, &key)?;
        let row = row.ok_or_else(|| EvalError::NoRow(table.clone(), key.to_string()))?;
        match row.get(column) {
            Some(value) => Ok(value.clone()),
            // A row that a chain wrote before its table had this column.
            None if self.table(table)?.columns.iter().any(|c| c.name == *column) => Ok(Value::Missing),
            None => Err(EvalError::Type("a column of the table")),
        }
    }

    fn table(&self, name: &Name) -> Result<&Table> {
        self.scope.rules.table(name).ok_or(EvalError::Type("a table"))
    }

    fn fields_of(&self, table: &Name, key: &str) -> Result<Option<&Fields>> {
        match self.scope.cases {
            Some(state) => Ok(state.row(self.scope.rules, table, key)),
            None => Ok(self.table(table)?.rows.get(key)),
        }
    }

    fn keys(&mut self, table: &Name) -> Result<Vec<Name>> {
        let keys: Vec<Name> = match self.scope.cases {
            Some(state) => state.row_keys(self.scope.rules, table).into_iter().cloned().collect(),
            None => self.table(table)?.rows.keys().cloned().collect(),
        };
        // A threshold is looked for among all rows.
        self.fuel = self.fuel.checked_sub(keys.len() as u32).ok_or(EvalError::TooCostly)?;
        Ok(keys)
    }
}

/// The key of a row: its parts, joined by `/`.
pub(crate) fn row_key(parts: &[Value]) -> Name {
    Name::from(parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"))
}

fn named(value: &Value) -> Result<&Name> {
    value.as_name().ok_or(EvalError::Type("a name"))
}

fn days(count: &Value) -> Result<Value> {
    let count = match count {
        Value::Missing => return Ok(Value::Missing),
        Value::Number(count) => *count,
        _ => return Err(EvalError::Type("a number of days")),
    };
    let whole = Some(count).filter(|count| count.fract().is_zero()).and_then(|count| count.to_u32());
    let count = whole.ok_or_else(|| EvalError::Days(count.normalize().to_string()))?;
    Ok(Value::Span(Span { count, unit: SpanUnit::Day }))
}
