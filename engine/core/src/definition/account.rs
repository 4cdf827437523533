//! accounts.yaml: budgets, credit, pools and tallies, and what chains do with them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::chain::Activity;
use crate::expr::Expr;
use crate::money::Currency;
use crate::name::{Name, Title};
use crate::time::Span;
use crate::value::Type;

/// An account: for each key so much may be used up or set aside. Its definition, and the tables that it reads, are
/// those of the active release, whatever a case has pinned: the money is the company's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// What it counts.
    pub measure: AccountMeasure,
    /// The parts of its key; texts of their values are joined by `/`.
    pub parts: Vec<(Name, Type)>,
    /// How much there is; None: unlimited. Reads [`Expr::Part`], tables and other accounts.
    pub limit: Option<Expr>,
    /// The code where too little is free.
    pub short: Name,
    /// Words for how it stands: the first whose condition holds.
    pub flags: Vec<(Name, Expr)>,
    /// The word for a limit that has fallen under what is used up and set aside.
    pub below_zero: Option<Name>,
    /// What was used up before the company began with Countersign, by key; entered once.
    pub opening: BTreeMap<Name, Decimal>,
    /// What spending is held against in reports, where it is.
    pub progress: Option<Progress>,
}

/// How far the business and the period of an account have come; shares that read the parts of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The share of the sales target that is reached.
    pub sales: Expr,
    /// The share of the period that is gone.
    pub time: Expr,
}

/// What an account counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountMeasure {
    /// Money of one currency.
    Money(Currency),
    /// Things, under this word: `units`, `orders`.
    Count(Name),
}

/// Amounts that are set aside together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveDef {
    /// The names under which the case holds them, how much, and out of what.
    pub holds: Vec<(Name, Expr, HoldSource)>,
    /// By how much what is free may fall below zero: what was approved.
    pub overdraw: Option<Expr>,
    /// The code where too little is free; None: as the account says.
    pub short: Option<Name>,
}

/// Out of what something is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldSource {
    /// Out of an account.
    Account {
        /// The account.
        account: Name,
        /// The parts of the key.
        key: Vec<Expr>,
    },
    /// Out of what another case holds; what is not used goes back there.
    Hold {
        /// The case.
        case: Expr,
        /// The name under which it holds it.
        hold: Name,
    },
}

/// Something that is used up or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveDef {
    /// How much; None: all of it.
    pub amount: Option<Expr>,
    /// Of what.
    pub of: MoveOf,
}

/// Of what something is used up or given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveOf {
    /// What this case holds under a name.
    Own(Name),
    /// What another case holds.
    Of {
        /// The case.
        case: Expr,
        /// The name under which it holds it.
        hold: Name,
    },
    /// An account, without any hold. Only [`super::Activity::Consume`].
    Account {
        /// The account.
        account: Name,
        /// The parts of the key.
        key: Vec<Expr>,
    },
    /// What was taken of cases of this chain by `takes`.
    Taken(Name),
}

/// What was used up is free again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreDef {
    /// How much.
    pub amount: Expr,
    /// The account.
    pub account: Name,
    /// The parts of the key.
    pub key: Vec<Expr>,
}

/// What an end leaves behind of what the case holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandsOn {
    /// The end, by its place in [`super::Chain::ends`].
    pub end: u16,
    /// The names.
    pub holds: Vec<Name>,
    /// It stays with the case until another one takes it, or until it lapses. None: it goes to the case that started
    /// this one.
    pub lapses: Option<Lapse>,
}

/// When what a case left behind is given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapse {
    /// So long after the end.
    pub after: Option<Span>,
    /// At this date or time; the earlier of both.
    pub at: Option<Expr>,
    /// The end that the case has from then on, by its place in [`super::Chain::ends`].
    pub to: u16,
}

impl Activity {
    /// The expressions of an activity that moves amounts of accounts; none of any other.
    pub fn of_accounts(&self) -> Vec<&Expr> {
        let mut found = Vec::new();
        match self {
            Activity::Reserve(def) => {
                for (_, amount, source) in &def.holds {
                    found.push(amount);
                    match source {
                        HoldSource::Account { key, .. } => found.extend(key),
                        HoldSource::Hold { case, .. } => found.push(case),
                    }
                }
                found.extend(&def.overdraw);
            }
            Activity::Consume(moves) | Activity::Release(moves) => {
                for MoveDef { amount, of } in moves {
                    found.extend(amount);
                    match of {
                        MoveOf::Account { key, .. } => found.extend(key),
                        MoveOf::Of { case, .. } => found.push(case),
                        MoveOf::Own(_) | MoveOf::Taken(_) => {}
                    }
                }
            }
            Activity::Restore(moves) => {
                moves.iter().for_each(|def| found.extend([&def.amount].into_iter().chain(&def.key)));
            }
            _ => {}
        }
        found
    }
}
