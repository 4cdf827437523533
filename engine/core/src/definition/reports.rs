//! reports.yaml: what a company's documents mean to its reports. Nothing is decided by it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::expr::Expr;
use crate::name::{Name, Title};

/// What reports are made from. A report as of some day uses the definition that held on that day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reports {
    /// What counts as sold, and what takes it back.
    pub sales: Vec<SaleDef>,
    /// How often customers buy, and when that is out of the ordinary.
    pub frequency: Frequency,
    /// What customers owe.
    pub receivables: Vec<ReceivableDef>,
    /// Days after which what is overdue counts as older, ascending.
    pub ages: Vec<u32>,
    /// Lists of the cases of a chain.
    pub registers: Vec<RegisterDef>,
}

/// Something sold, or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleDef {
    /// The chain whose cases count.
    pub chain: Name,
    /// The state or end that a case must have come to; it counts once.
    pub at: Name,
    /// States and ends at which it counts no more.
    pub undone_at: Vec<Name>,
    /// It takes back what others have sold: it counts with the other sign.
    pub takes_back: bool,
    /// Its lines; None: the case is one line. [`Expr::Item`] is the line.
    pub lines: Option<Expr>,
    /// The day to which it belongs; None: the day on which the case came there.
    pub date: Option<Expr>,
    /// Who sold it.
    pub department: Option<Expr>,
    /// Who bought it.
    pub customer: Option<Expr>,
    /// What was sold.
    pub model: Option<Expr>,
    /// How much of it.
    pub units: Option<Expr>,
    /// For how much.
    pub amount: Expr,
}

/// When a customer buys unusually seldom or often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequency {
    /// The months before, whose mean is compared with.
    pub months: u32,
    /// Below this share of the mean is seldom.
    pub low: Decimal,
    /// Above this share of the mean is often.
    pub high: Decimal,
}

impl Default for Frequency {
    /// Three months, 50%, 200%.
    fn default() -> Self {
        Frequency { months: 3, low: Decimal::new(5, 1), high: Decimal::TWO }
    }
}

/// Something that customers owe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivableDef {
    /// The chain whose cases count.
    pub chain: Name,
    /// The state in which it is owed from then on; at any end nothing is owed any more.
    pub from: Name,
    /// How much is owed at first.
    pub amount: Expr,
    /// How much of it has been paid.
    pub paid: Expr,
    /// How much of it has been written off.
    pub written_off: Option<Expr>,
    /// The day to which it belongs; None: the day on which the case came there.
    pub date: Option<Expr>,
    /// When it is due; None: on its day.
    pub due: Option<Expr>,
    /// Who owes it.
    pub customer: Option<Expr>,
    /// Who has to see to it that it is paid.
    pub manager: Option<Expr>,
    /// How much of it was taken back by credit notes.
    pub credited: Option<Expr>,
    /// The day of what was paid, written off or credited last; None: the day on which that became known.
    pub moved_on: Option<Expr>,
}

/// A list of the cases of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterDef {
    /// Its name, by which it is asked for.
    pub name: Name,
    /// Its title.
    pub title: Title,
    /// The chain.
    pub chain: Name,
    /// What is shown of each case beside its number, key, submitter and place.
    pub columns: Vec<(Name, Title, Expr)>,
}
