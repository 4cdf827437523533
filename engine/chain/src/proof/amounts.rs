//! Amounts fall into finitely many classes: between two neighbouring thresholds the same people are asked.

use std::collections::BTreeSet;

use countersign_core::decide::Supposed;
use countersign_core::definition::{Authority, Measure};
use countersign_core::value::Value;
use rust_decimal::Decimal;

use crate::world::World;

/// The classes of an amount, ascending: each begins with its sample and ends just below the next one's.
pub(super) struct Classes {
    pub(super) samples: Vec<Value>,
    unit: Decimal,
    digits: u32,
}

/// What an amount is counted in, as a value of that measure.
#[derive(Clone, Copy)]
enum Like {
    Money(countersign_core::money::Currency),
    Units,
    Percent,
    Number,
}

impl Like {
    fn value(self, amount: Decimal) -> Value {
        match self {
            Like::Money(currency) => Value::money(amount, currency),
            Like::Units => Value::Units(amount),
            Like::Percent => Value::Percent(amount),
            Like::Number => Value::Number(amount),
        }
    }

    fn of(value: &Value) -> Option<Like> {
        match value {
            Value::Money(money) => Some(Like::Money(money.currency)),
            Value::Units(_) => Some(Like::Units),
            Value::Percent(_) => Some(Like::Percent),
            Value::Number(_) => Some(Like::Number),
            _ => None,
        }
    }
}

impl Classes {
    /// The classes of what is held against the limits of these authorities and compared with these constants. None:
    /// the amount makes no difference.
    pub(super) fn of(
        authorities: &[&Authority],
        compared: &[Value],
        supposed: &Supposed,
        world: &World<'_>,
    ) -> Option<Classes> {
        let like = match authorities.first().map(|authority| authority.measure) {
            Some(Measure::Money(currency)) => Like::Money(currency),
            Some(Measure::Units) => Like::Units,
            Some(Measure::Percent) => Like::Percent,
            None => compared.iter().find_map(Like::of)?,
        };
        let (unit, digits) = match like {
            Like::Money(currency) => {
                let digits = u32::from(world.digits(currency).unwrap_or(2));
                (Decimal::new(1, digits), digits)
            }
            Like::Units => (Decimal::ONE, 0),
            Like::Percent => (Decimal::new(1, 4), 4),
            Like::Number => (Decimal::new(1, 2), 2),
        };
        let mut points = BTreeSet::from([Decimal::ZERO, unit]);
        // A limit is inclusive, so the next class begins just above it.
        let above = limits(authorities, supposed).into_iter();
        points.extend(above.filter_map(|limit| limit.checked_add(unit)));
        for constant in compared.iter().filter_map(Value::decimal) {
            points.insert(constant);
            points.extend(constant.checked_add(unit));
        }
        let samples = points.into_iter().filter(|point| *point >= Decimal::ZERO);
        Some(Classes { samples: samples.map(|point| like.value(point)).collect(), unit, digits })
    }

    /// A run of classes in words, from one to another of them.
    pub(super) fn range(&self, first: usize, last: usize) -> String {
        let (Some(from), next) = (self.samples.get(first), self.samples.get(last + 1)) else {
            return String::new();
        };
        let until = next.and_then(|next| next.decimal()?.checked_sub(self.unit));
        let lowest = from.decimal().unwrap_or_default();
        match until {
            None if first == 0 => "any amount".to_owned(),
            None => format!("{} and more", self.shown(from, lowest)),
            Some(until) if until == lowest => self.shown(from, lowest),
            Some(until) => format!("{} to {}", self.shown(from, lowest), self.number(from, until)),
        }
    }

    fn shown(&self, like: &Value, amount: Decimal) -> String {
        match like {
            Value::Money(money) => format!("{} {}", money.currency, self.number(like, amount)),
            Value::Units(_) => format!("{} units", self.number(like, amount)),
            _ => self.number(like, amount),
        }
    }

    fn number(&self, like: &Value, amount: Decimal) -> String {
        if let Value::Percent(_) = like {
            return Value::Percent(amount).to_string();
        }
        let mut amount = amount;
        amount.rescale(self.digits);
        grouped(&amount.to_string())
    }
}

/// Digits in threes: 5,000,000.01.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_once('.').map_or((number, None), |(whole, rest)| (whole, Some(rest)));
    let mut shown = String::new();
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    rest.map_or(shown.clone(), |rest| format!("{shown}.{rest}"))
}

/// Every amount up to which somebody may decide: limits, shares of them, caps, and where the floor of R3 begins.
fn limits(authorities: &[&Authority], supposed: &Supposed) -> BTreeSet<Decimal> {
    let mut found = BTreeSet::new();
    let rules = supposed.rules();
    let organisation = rules.organisation();
    let shares: BTreeSet<Decimal> = organisation
        .into_iter()
        .flat_map(|o| o.positions.values())
        .filter(|post| post.holders.is_empty())
        .filter_map(|post| post.acting.as_ref().filter(|acting| acting.holds(supposed.at())))
        .map(|acting| acting.share)
        .collect();
    for authority in authorities {
        let limits = authority.at(supposed.at()).map(|set| &set.limits);
        for limit in limits.into_iter().flatten().filter_map(|(_, limit)| limit.up_to) {
            found.insert(limit);
            found.extend(shares.iter().filter_map(|share| limit.checked_mul(*share)));
        }
        let delegated = organisation.into_iter().flat_map(|o| o.delegations.values());
        found.extend(delegated.filter(|d| d.authority.contains(&authority.name)).map(|d| d.up_to));
        if matches!(authority.measure, Measure::Money(_)) {
            found.extend(rules.company().map(|company| company.policies.same_person.above));
        }
    }
    found
}
