//! `monthly-customers`: what each customer bought in a month, how often, and whether that is out of the ordinary.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::money::Currency;
use rust_decimal::Decimal;

use super::sales::{Sum, days};
use crate::fold::Book;
use crate::sheet::{Cell, Sheet, rounded};
use crate::window::{Month, Window};

const COLUMNS: &[(&str, &str)] = &[
    ("month", "月份"),
    ("customer", "客户"),
    ("purchases", "购货次数"),
    ("mean_before", "前期月均"),
    ("of_mean", "与均值之比"),
    ("alarm", "预警"),
    ("currency", "币种"),
    ("units", "数量"),
    ("amount", "金额"),
];

/// What one customer did.
#[derive(Default)]
pub(super) struct Customer {
    pub(super) purchases: BTreeMap<Month, u64>,
    pub(super) sums: BTreeMap<(Month, Currency), Sum>,
}

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let customers = customers(book, window);
    let mut sheet = Sheet::new(COLUMNS);
    let (mut month, last) = (Month::of(window.from), Month::of(window.to));
    while month <= last {
        for (name, customer) in &customers {
            rows(name, customer, month, book, window, &mut sheet);
        }
        month = month.plus(1);
    }
    sheet.notes = book.measures.problems.notes(&["sales"]);
    sheet
}

/// What each customer bought until the last day.
pub(super) fn customers(book: &Book, window: &Window) -> BTreeMap<String, Customer> {
    let mut found: BTreeMap<String, Customer> = BTreeMap::new();
    for sale in &book.measures.sales {
        for (day, sign) in days(sale).filter(|(day, _)| *day <= window.to) {
            for line in &sale.lines {
                let customer = found.entry(line.customer.clone()).or_default();
                customer.sums.entry((Month::of(day), line.amount.currency)).or_default().add(line, sign);
            }
        }
        // A purchase is what was sold and stayed so.
        let stays = sale.date <= window.to && sale.undone.is_none_or(|day| day > window.to);
        if !sale.takes_back && stays {
            let buyers: BTreeSet<&String> = sale.lines.iter().map(|line| &line.customer).collect();
            for buyer in buyers {
                let customer = found.entry(buyer.clone()).or_default();
                *customer.purchases.entry(Month::of(sale.date)).or_default() += 1;
            }
        }
    }
    found
}

fn rows(name: &str, customer: &Customer, month: Month, book: &Book, window: &Window, sheet: &mut Sheet) {
    let purchases = customer.purchases.get(&month).copied().unwrap_or_default();
    let frequency = book.definition().map(|reports| reports.frequency).unwrap_or_default();
    let months = i32::try_from(frequency.months).unwrap_or(i32::MAX);
    let before: u64 = customer.purchases.range(month.plus(-months)..month).map(|(_, count)| count).sum();
    let sums: Vec<_> = customer.sums.iter().filter(|((of, _), _)| *of == month).collect();
    if purchases == 0 && before == 0 && sums.is_empty() {
        return;
    }
    // Who began to buy within the months before has no mean of them yet.
    let first = customer.purchases.keys().next();
    let mean = (before > 0 && first.is_some_and(|first| *first <= month.plus(-months)))
        .then(|| Decimal::from(before) / Decimal::from(frequency.months));
    // Before its end a month cannot be called a poor one.
    let over = month.last() <= window.to.min(window.today);
    let alarm = mean.map_or("", |mean| {
        let count = Decimal::from(purchases);
        match () {
            () if over && count < mean * frequency.low => "low",
            () if count > mean * frequency.high => "high",
            () => "",
        }
    });
    let head = [
        Cell::Count(purchases),
        Cell::maybe(mean.map(|mean| rounded(mean, 2))),
        mean.map_or(Cell::None, |mean| Cell::share(Decimal::from(purchases), mean)),
        Cell::text(alarm),
    ];
    let mut lines =
        sums.into_iter().map(|((_, currency), sum)| (Some(*currency), Some(*sum))).collect::<Vec<_>>();
    if lines.is_empty() {
        lines.push((None, None));
    }
    // A customer who pays in several currencies has a line for each; the counts stand in the first.
    for (at, (currency, sum)) in lines.into_iter().enumerate() {
        let mut row = vec![Cell::text(month.to_string()), Cell::text(name)];
        row.extend(head.iter().map(|cell| if at == 0 { cell.clone() } else { Cell::None }));
        row.push(Cell::maybe(currency));
        row.push(Cell::maybe(sum.and_then(|sum| sum.units)));
        row.push(Cell::maybe(sum.map(|sum| sum.amount)));
        sheet.rows.push(row);
    }
}
