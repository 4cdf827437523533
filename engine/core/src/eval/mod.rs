//! Evaluation of expressions: exact, of bounded cost, without any effect.

mod accounts;
mod world;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::command::CaseNo;
use crate::definition::{Chain, Company};
use crate::event::Party;
use crate::expr::{Arithmetic, Comparison, Expr, Fold};
use crate::money::{Money, round_half_up};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Release, State};
use crate::time::{DAY, HOUR, MINUTE, Span, SpanUnit, Timestamp};
use crate::value::{Fields, Value};

/// An expression may visit so many nodes, items of lists included.
pub const COST_MAX: u32 = 100_000;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// More nodes than [`COST_MAX`].
    #[error("expected a condition that needs at most {COST_MAX} steps; shorten the lists it goes over")]
    TooCostly,
    /// A number beyond 28 digits, a date beyond the calendar.
    #[error("expected a result within 28 digits and the calendar")]
    Overflow,
    /// A row that a table does not have.
    #[error("expected table {0} to have a row {1:?}; add it, or mend the key")]
    NoRow(Name, String),
    /// A value that is missing where it is needed.
    #[error("expected a value for {0}, found none; give it one, or an `else`")]
    Missing(String),
    /// Two currencies in one calculation.
    #[error("expected amounts of one currency, found {0} and {1}")]
    Currencies(String, String),
    /// No rate of exchange that is good today.
    #[error("expected a rate of {0} for {1}: {2}")]
    NoRate(String, String, String),
    /// An amount that an account cannot count exactly.
    #[error("expected an amount of {0} from 0 to below {max}, with at most 8 decimals, found {1}", max = accounts::AMOUNT_MAX)]
    Amount(String, String),
    /// A length of time that is none.
    #[error("expected a whole number of days from 0, found {0}")]
    Days(String),
    /// A type that loading should have refused.
    #[error("expected {0}; the definition was not type-checked")]
    Type(&'static str),
}

impl From<EvalError> for Rejection {
    fn from(error: EvalError) -> Rejection {
        let code = match error {
            EvalError::Currencies(..) | EvalError::NoRate(..) => Code::CurrencyMismatch,
            EvalError::Type(_) => Code::Internal,
            _ => Code::Unevaluable,
        };
        Rejection::new(code, error.to_string())
    }
}

pub use accounts::{Own, parts_of};
pub(crate) use accounts::{amount_of, progress, standing};
pub(crate) use world::row_key;

type Result<T> = std::result::Result<T, EvalError>;

/// What an expression can read.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The company and the tables.
    pub rules: &'a Release,
    /// The document's fields.
    pub document: &'a Fields,
    /// The chain, once that is known.
    pub chain: Option<&'a Chain>,
    /// The chain's defines.
    pub defines: &'a [(Name, Expr)],
    /// Who submitted.
    pub submitter: Option<&'a Party>,
    /// The message that a wait looks at.
    pub message: Option<&'a Fields>,
    /// What the case has learnt.
    pub facts: &'a Fields,
    /// The reply, answer or request that `learns` reads.
    pub reply: Option<&'a Fields>,
    /// The item of the activity's `for_each`.
    pub item: Option<&'a Value>,
    /// The child whose end is being learnt from.
    pub child: Option<CaseNo>,
    /// The case itself, once there is one.
    pub case: Option<&'a Case>,
    /// Other cases, and rows that chains have changed.
    pub cases: Option<&'a State>,
    /// The account whose own expressions are evaluated.
    pub own: Option<&'a Own<'a>>,
    /// The command's stamp.
    pub at: Timestamp,
}

impl<'a> Scope<'a> {
    /// Nothing but the rules and the stamp.
    pub fn new(rules: &'a Release, at: Timestamp) -> Scope<'a> {
        const NONE: &Fields = &Fields::new();
        Scope {
            rules,
            document: NONE,
            chain: None,
            defines: &[],
            submitter: None,
            message: None,
            facts: NONE,
            reply: None,
            item: None,
            child: None,
            case: None,
            cases: None,
            own: None,
            at,
        }
    }
}

/// Evaluates an expression.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>) -> Result<Value> {
    Evaluator { scope, fuel: COST_MAX, depth: 0 }.value(expr, None)
}

/// Evaluates a condition.
pub fn holds(expr: &Expr, scope: &Scope<'_>) -> Result<bool> {
    flag(evaluate(expr, scope)?)
}

/// Whether an optional condition holds; none always does.
pub fn holds_or_absent(expr: Option<&Expr>, scope: &Scope<'_>) -> Result<bool> {
    expr.map_or(Ok(true), |expr| holds(expr, scope))
}

struct Evaluator<'a> {
    scope: &'a Scope<'a>,
    fuel: u32,
    depth: u32,
}

/// Deeper than any expression that loading lets through, defines included.
const DEPTH_MAX: u32 = 256;

impl Evaluator<'_> {
    fn value(&mut self, expr: &Expr, it: Option<&Value>) -> Result<Value> {
        self.fuel = self.fuel.checked_sub(1).ok_or(EvalError::TooCostly)?;
        if self.depth >= DEPTH_MAX {
            return Err(EvalError::TooCostly);
        }
        self.depth += 1;
        let value = self.value_within(expr, it);
        self.depth -= 1;
        if let (Ok(value), true) = (&value, copies(expr)) {
            // What is read is copied, so a list costs its items.
            self.fuel = self.fuel.checked_sub(items(value)).ok_or(EvalError::TooCostly)?;
        }
        value
    }

    fn value_within(&mut self, expr: &Expr, it: Option<&Value>) -> Result<Value> {
        match expr {
            Expr::Const(value) => Ok(value.clone()),
            Expr::Doc(path) => Ok(path_in(self.scope.document, path)),
            Expr::Message(path) => Ok(self.scope.message.map_or(Value::Missing, |m| path_in(m, path))),
            Expr::It(path) => Ok(it.map_or(Value::Missing, |item| descend(item, path))),
            Expr::Field(of, name) => Ok(descend(&self.value(of, it)?, std::slice::from_ref(name))),
            Expr::Define(number) => match self.scope.defines.get(usize::from(*number)) {
                Some((_, define)) => self.value(define, None),
                None => Err(EvalError::Type("a define of the chain")),
            },
            Expr::Fact(path) => Ok(path_in(self.scope.facts, path)),
            Expr::Reply(path) => Ok(self.scope.reply.map_or(Value::Missing, |r| path_in(r, path))),
            Expr::Item(path) => Ok(self.scope.item.map_or(Value::Missing, |item| descend(item, path))),
            Expr::Now => Ok(Value::Time(self.scope.at)),
            Expr::Today => Ok(Value::Date(self.company()?.calendar.zone.local(self.scope.at).0)),
            Expr::Row(table, parts) => self.row(table, parts, it),
            Expr::Column { table, key, column } => self.column(table, key, column, it),
            Expr::Else(first, second) => match self.value(first, it)? {
                Value::Missing => self.value(second, it),
                value => Ok(value),
            },
            Expr::Pick(condition, then, otherwise) => {
                let branch = if self.flag(condition, it)? { then } else { otherwise };
                self.value(branch, it)
            }
            Expr::Known(of) => Ok(Value::Flag(self.value(of, it)? != Value::Missing)),
            Expr::List(parts) => Ok(Value::List(self.values(parts, it)?)),
            Expr::Not(_) | Expr::And(_) | Expr::Or(_) | Expr::Compare(..) | Expr::Contains(..) => {
                self.condition(expr, it).map(Value::Flag)
            }
            Expr::Arith(operation, left, right) => {
                let (left, right) = (self.value(left, it)?, self.value(right, it)?);
                self.arithmetic(*operation, left, right)
            }
            _ => self.aggregate(expr, it),
        }
    }

    fn values(&mut self, parts: &[Expr], it: Option<&Value>) -> Result<Vec<Value>> {
        parts.iter().map(|part| self.value(part, it)).collect()
    }

    fn flag(&mut self, expr: &Expr, it: Option<&Value>) -> Result<bool> {
        flag(self.value(expr, it)?)
    }

    fn company(&self) -> Result<&Company> {
        self.scope.rules.company().ok_or(EvalError::Type("a company"))
    }

    fn condition(&mut self, expr: &Expr, it: Option<&Value>) -> Result<bool> {
        match expr {
            Expr::Not(of) => Ok(!self.flag(of, it)?),
            Expr::And(parts) => {
                for part in parts {
                    if !self.flag(part, it)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Expr::Or(parts) => {
                for part in parts {
                    if self.flag(part, it)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Expr::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left, it)?, self.value(right, it)?);
                compare(*comparison, &left, &right)
            }
            Expr::Contains(list, item) => match (self.value(list, it)?, self.value(item, it)?) {
                (Value::List(items), item) => Ok(items.contains(&item)),
                (Value::Missing, _) => Ok(false),
                _ => Err(EvalError::Type("a list")),
            },
            _ => Err(EvalError::Type("a condition")),
        }
    }

    fn aggregate(&mut self, expr: &Expr, it: Option<&Value>) -> Result<Value> {
        match expr {
            Expr::Sum(over, body, zero) => {
                let mut sum = zero.clone();
                for item in &self.list(over, it)? {
                    let value = self.value(body, Some(item))?;
                    sum = self.arithmetic(Arithmetic::Add, sum, value)?;
                }
                Ok(sum)
            }
            Expr::Fold(fold, over, body) => {
                let mut held = Vec::new();
                let items = self.list(over, it)?;
                let all = items.len();
                for item in items {
                    if self.flag(body, Some(&item))? {
                        held.push(item);
                    }
                }
                Ok(match fold {
                    Fold::Every => Value::Flag(held.len() == all),
                    Fold::Some => Value::Flag(!held.is_empty()),
                    Fold::Count => Value::Number(Decimal::from(held.len() as u64)),
                    Fold::Where => Value::List(held),
                })
            }
            Expr::First(over) => Ok(self.list(over, it)?.into_iter().next().unwrap_or(Value::Missing)),
            Expr::Min(parts) => self.extreme(parts, it, Comparison::Less),
            Expr::Max(parts) => self.extreme(parts, it, Comparison::More),
            Expr::Abs(of) => map_decimal(self.value(of, it)?, |n| n.abs()),
            Expr::Floor(of) => map_decimal(self.value(of, it)?, |n| n.floor()),
            _ => self.world(expr, it),
        }
    }

    fn list(&mut self, over: &Expr, it: Option<&Value>) -> Result<Vec<Value>> {
        match self.value(over, it)? {
            Value::List(items) => Ok(items),
            Value::Missing => Ok(Vec::new()),
            _ => Err(EvalError::Type("a list")),
        }
    }

    fn extreme(&mut self, parts: &[Expr], it: Option<&Value>, wanted: Comparison) -> Result<Value> {
        let mut best: Option<Value> = None;
        for value in self.values(parts, it)? {
            best = match best {
                Some(best) if !compare(wanted, &value, &best)? => Some(best),
                _ => Some(value),
            };
        }
        best.ok_or(EvalError::Type("at least one value"))
    }

    fn arithmetic(&self, operation: Arithmetic, left: Value, right: Value) -> Result<Value> {
        use Arithmetic::{Add, Divide, Multiply, Subtract};
        let value = match (operation, left, right) {
            (_, Value::Missing, _) | (_, _, Value::Missing) => Value::Missing,
            (Add | Subtract, Value::Money(a), Value::Money(b)) => {
                one_currency(&a, &b)?;
                Value::money(number(operation, a.amount, b.amount)?, a.currency)
            }
            (Divide, Value::Money(a), Value::Money(b)) => {
                one_currency(&a, &b)?;
                return divide(a.amount, b.amount, Value::Number);
            }
            (Multiply, Value::Money(money), factor) | (Multiply, factor, Value::Money(money)) => {
                let factor = factor.decimal().ok_or(EvalError::Type("a number"))?;
                self.rounded(number(Multiply, money.amount, factor)?, money)?
            }
            (Divide, Value::Money(money), divisor) => {
                let divisor = divisor.decimal().ok_or(EvalError::Type("a number"))?;
                if divisor.is_zero() {
                    return Ok(Value::Missing);
                }
                self.rounded(number(Divide, money.amount, divisor)?, money)?
            }
            (_, Value::Date(date), other) => return self.date_arithmetic(operation, date, &other),
            (Add | Subtract, Value::Time(at), Value::Span(span)) => {
                Value::Time(self.shifted(at, span, operation == Subtract)?)
            }
            (Divide, a, b) => {
                let (a, b) = pair(&a, &b)?;
                return divide(a, b, Value::Number);
            }
            (_, Value::Percent(a), Value::Percent(b)) => Value::Percent(number(operation, a, b)?),
            (Add | Subtract, Value::Units(a), Value::Units(b)) => Value::Units(number(operation, a, b)?),
            (Multiply, Value::Units(a), Value::Number(b)) | (Multiply, Value::Number(a), Value::Units(b)) => {
                Value::Units(number(Multiply, a, b)?)
            }
            (_, a, b) => {
                let (a, b) = pair(&a, &b)?;
                Value::Number(number(operation, a, b)?)
            }
        };
        Ok(value)
    }

    fn rounded(&self, amount: Decimal, like: Money) -> Result<Value> {
        let digits = self.company()?.currency_digits.get(&like.currency).copied().unwrap_or(2);
        Ok(Value::money(round_half_up(amount, u32::from(digits)), like.currency))
    }

    fn date_arithmetic(
        &self,
        operation: Arithmetic,
        date: crate::time::Date,
        other: &Value,
    ) -> Result<Value> {
        match (operation, other) {
            (Arithmetic::Subtract, Value::Date(earlier)) => {
                Ok(Value::Number(Decimal::from(i64::from(date.0) - i64::from(earlier.0))))
            }
            (Arithmetic::Add | Arithmetic::Subtract, Value::Span(span)) => {
                let zone = &self.company()?.calendar.zone;
                let moved = self.shifted(zone.instant(date, 0), *span, operation == Arithmetic::Subtract)?;
                Ok(Value::Date(zone.local(moved).0))
            }
            _ => Err(EvalError::Type("a date or a duration")),
        }
    }

    fn shifted(&self, at: Timestamp, span: Span, back: bool) -> Result<Timestamp> {
        if !back {
            return self.company()?.calendar.add(at, span).ok_or(EvalError::Overflow);
        }
        let count = i64::from(span.count);
        let ms = match span.unit {
            SpanUnit::Minute => count * MINUTE,
            SpanUnit::Hour => count * HOUR,
            SpanUnit::Day => {
                // As forwards: the same time of day, however long the days between were.
                let zone = &self.company()?.calendar.zone;
                let (date, ms) = zone.local(at);
                let days = i32::try_from(count).map_err(|_| EvalError::Overflow)?;
                return Ok(zone.instant(date.plus_days(-days).ok_or(EvalError::Overflow)?, ms));
            }
            // Months and working time are counted forwards only; loading refuses them here.
            SpanUnit::Month | SpanUnit::WorkHour | SpanUnit::WorkDay => {
                return Err(EvalError::Type("minutes, hours or days after a minus"));
            }
        };
        Ok(at.plus(-ms))
    }
}

fn copies(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Const(_)
            | Expr::Doc(_)
            | Expr::It(_)
            | Expr::Message(_)
            | Expr::Field(..)
            | Expr::Fact(_)
            | Expr::Reply(_)
            | Expr::Item(_)
            | Expr::OfCase(..)
            | Expr::Child(_)
    )
}

fn flag(value: Value) -> Result<bool> {
    match value {
        Value::Flag(flag) => Ok(flag),
        Value::Missing => Err(EvalError::Missing("a condition".into())),
        _ => Err(EvalError::Type("a condition")),
    }
}

fn pair(a: &Value, b: &Value) -> Result<(Decimal, Decimal)> {
    match (a.decimal(), b.decimal()) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(EvalError::Type("numbers")),
    }
}

fn number(operation: Arithmetic, a: Decimal, b: Decimal) -> Result<Decimal> {
    let result = match operation {
        Arithmetic::Add => a.checked_add(b),
        Arithmetic::Subtract => a.checked_sub(b),
        Arithmetic::Multiply => a.checked_mul(b),
        Arithmetic::Divide => a.checked_div(b),
    };
    result.ok_or(EvalError::Overflow)
}

fn divide(a: Decimal, b: Decimal, wrap: fn(Decimal) -> Value) -> Result<Value> {
    if b.is_zero() {
        return Ok(Value::Missing);
    }
    a.checked_div(b).map(wrap).ok_or(EvalError::Overflow)
}

fn one_currency(a: &Money, b: &Money) -> Result<()> {
    if a.currency == b.currency {
        return Ok(());
    }
    Err(EvalError::Currencies(a.currency.to_string(), b.currency.to_string()))
}

fn map_decimal(value: Value, change: impl Fn(Decimal) -> Decimal) -> Result<Value> {
    Ok(match value {
        Value::Number(n) => Value::Number(change(n)),
        Value::Percent(n) => Value::Percent(change(n)),
        Value::Units(n) => Value::Units(change(n)),
        Value::Money(m) => Value::money(change(m.amount), m.currency),
        Value::Missing => Value::Missing,
        _ => return Err(EvalError::Type("a number")),
    })
}

fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool> {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let order = match (left, right) {
        (Value::Missing, _) | (_, Value::Missing) => {
            return Err(EvalError::Missing("both sides of a comparison".into()));
        }
        (Value::Money(a), Value::Money(b)) => {
            one_currency(a, b)?;
            a.amount.cmp(&b.amount)
        }
        (Value::Date(a), Value::Date(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Span(a), Value::Span(b)) => spans(*a, *b)?,
        (a, b) => match (a.decimal(), b.decimal(), a.as_name(), b.as_name()) {
            (Some(a), Some(b), ..) => a.cmp(&b),
            (_, _, Some(a), Some(b)) => a.cmp(b),
            _ if a == b => Equal,
            _ => Less,
        },
    };
    Ok(match comparison {
        Comparison::Equal => order == Equal,
        Comparison::Unequal => order != Equal,
        Comparison::Less => order == Less,
        Comparison::AtMost => order != Greater,
        Comparison::More => order == Greater,
        Comparison::AtLeast => order != Less,
    })
}

/// Durations of one unit, or both of the clock; a day counts as 24 hours. A month and a working hour have no order.
fn spans(a: Span, b: Span) -> Result<std::cmp::Ordering> {
    let clock = |span: Span| match span.unit {
        SpanUnit::Minute => Some(i64::from(span.count) * MINUTE),
        SpanUnit::Hour => Some(i64::from(span.count) * HOUR),
        SpanUnit::Day => Some(i64::from(span.count) * DAY),
        SpanUnit::Month | SpanUnit::WorkHour | SpanUnit::WorkDay => None,
    };
    match (clock(a), clock(b)) {
        (Some(a), Some(b)) => Ok(a.cmp(&b)),
        _ if a.unit == b.unit => Ok(a.count.cmp(&b.count)),
        _ => Err(EvalError::Type("durations of one unit, or both of the clock")),
    }
}

/// The items of a value's lists, whatever their depth.
fn items(value: &Value) -> u32 {
    match value {
        Value::List(list) => list.len() as u32 + list.iter().map(items).sum::<u32>(),
        Value::Record(fields) => fields.values().map(items).sum(),
        _ => 0,
    }
}

fn path_in(fields: &Fields, path: &[Name]) -> Value {
    match path.split_first() {
        Some((first, rest)) => fields.get(first).map_or(Value::Missing, |value| descend(value, rest)),
        None => Value::Missing,
    }
}

fn descend(value: &Value, path: &[Name]) -> Value {
    match (path.split_first(), value) {
        (None, value) => value.clone(),
        (Some(_), Value::Record(fields)) => path_in(fields, path),
        (Some(_), _) => Value::Missing,
    }
}
