//! `monthly-summary`: each month in one view. What each customer bought and how often, what came in, what is owed at its
//! end; and a line without a customer for all of them together.

use std::collections::BTreeMap;

use countersign_core::money::Currency;
use countersign_core::time::Date;
use rust_decimal::Decimal;

use super::customers::customers;
use crate::fold::Book;
use crate::measure::MoveKind;
use crate::sheet::{Cell, Sheet};
use crate::window::{Month, Window};

const COLUMNS: &[(&str, &str)] = &[
    ("month", "月份"),
    ("customer", "客户"),
    ("purchases", "购货次数"),
    ("currency", "币种"),
    ("units", "数量"),
    ("sales", "销售额"),
    ("collected", "本月回款"),
    ("owed", "月末应收"),
];

/// What a month came to, of one customer or of all.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    purchases: u64,
    units: Option<Decimal>,
    sales: Decimal,
    collected: Decimal,
    owed: Decimal,
}

impl Sums {
    fn join(&mut self, other: &Sums) {
        self.purchases += other.purchases;
        if let Some(units) = other.units {
            self.units = Some(self.units.unwrap_or_default() + units);
        }
        self.sales += other.sales;
        self.collected += other.collected;
        self.owed += other.owed;
    }
}

type Rows = BTreeMap<(String, Currency), Sums>;

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut months: BTreeMap<Month, Rows> = BTreeMap::new();
    sold(book, window, &mut months);
    let (mut month, last) = (Month::of(window.from), Month::of(window.to));
    while month <= last {
        let end = month.last().min(window.to);
        owed(book, (month.first(), end), months.entry(month).or_default());
        month = month.plus(1);
    }
    let mut sheet = Sheet::new(COLUMNS);
    for (month, rows) in months {
        let mut all: BTreeMap<Currency, Sums> = BTreeMap::new();
        for ((customer, currency), sums) in rows {
            all.entry(currency).or_default().join(&sums);
            sheet.rows.push(row(month, Cell::text(customer), currency, &sums));
        }
        sheet.rows.extend(all.iter().map(|(currency, sums)| row(month, Cell::None, *currency, sums)));
    }
    sheet.notes = book.measures.problems.notes(&["sales", "receivables"]);
    sheet
}

fn row(month: Month, customer: Cell, currency: Currency, sums: &Sums) -> Vec<Cell> {
    let amounts = [sums.sales, sums.collected, sums.owed];
    let mut row = vec![
        Cell::text(month.to_string()),
        customer,
        Cell::Count(sums.purchases),
        Cell::text(currency.to_string()),
        Cell::maybe(sums.units),
    ];
    row.extend(amounts.map(|amount| Cell::text(amount.to_string())));
    row
}

fn sold(book: &Book, window: &Window, months: &mut BTreeMap<Month, Rows>) {
    let asked = Month::of(window.from)..=Month::of(window.to);
    for (name, customer) in customers(book, window) {
        // A customer who pays in several currencies has a line for each; the count stands in the first.
        let mut counted = None;
        for ((month, currency), sum) in customer.sums.iter().filter(|((month, _), _)| asked.contains(month)) {
            let sums = months.entry(*month).or_default().entry((name.clone(), *currency)).or_default();
            sums.units = sum.units;
            sums.sales = sum.amount;
            if counted != Some(*month) {
                sums.purchases = customer.purchases.get(month).copied().unwrap_or_default();
                counted = Some(*month);
            }
        }
    }
}

/// What came in between two days, and what is owed at the end of the second.
fn owed(book: &Book, (from, to): (Date, Date), rows: &mut Rows) {
    for owed in book.measures.owed.iter().filter(|owed| owed.date <= to) {
        let paid = owed.moves.iter().filter(|m| m.kind == MoveKind::Paid && from <= m.date && m.date <= to);
        let (collected, left): (Decimal, Decimal) = (paid.map(|m| m.amount).sum(), owed.left(to));
        if !collected.is_zero() || !left.is_zero() {
            let sums = rows.entry((owed.customer.clone(), owed.amount.currency)).or_default();
            sums.collected += collected;
            sums.owed += left;
        }
    }
}
