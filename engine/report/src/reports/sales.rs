//! `daily-sales`: by day, department and model; what it comes to since the first day, and which share that is.

use std::collections::BTreeMap;

use countersign_core::money::Currency;
use countersign_core::time::Date;
use rust_decimal::Decimal;

use crate::fold::Book;
use crate::measure::{Line, Sale};
use crate::sheet::{Cell, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("date", "日期"),
    ("department", "部门"),
    ("model", "型号"),
    ("currency", "币种"),
    ("units", "数量"),
    ("amount", "金额"),
    ("units_so_far", "累计数量"),
    ("amount_so_far", "累计金额"),
    ("share_so_far", "累计占比"),
];

/// Units, where there are any, and amount.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub(super) units: Option<Decimal>,
    pub(super) amount: Decimal,
}

impl Sum {
    pub(super) fn add(&mut self, line: &Line, sign: Decimal) {
        self.amount += line.amount.amount * sign;
        if let Some(units) = line.units {
            self.units = Some(self.units.unwrap_or_default() + units * sign);
        }
    }

    fn join(&mut self, other: &Sum) {
        self.amount += other.amount;
        if let Some(units) = other.units {
            self.units = Some(self.units.unwrap_or_default() + units);
        }
    }
}

/// The days on which a sale counts, and with which sign.
pub(super) fn days(sale: &Sale) -> impl Iterator<Item = (Date, Decimal)> {
    let sign = if sale.takes_back { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let undone = sale.undone.map(|day| (day.max(sale.date), -sign));
    std::iter::once((sale.date, sign)).chain(undone)
}

type Group = (Currency, String, String);

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut by_day: BTreeMap<Date, BTreeMap<Group, Sum>> = BTreeMap::new();
    for sale in &book.measures.sales {
        for (day, sign) in days(sale).filter(|(day, _)| window.has(*day)) {
            let of_day = by_day.entry(day).or_default();
            for line in &sale.lines {
                let group = (line.amount.currency, line.department.clone(), line.model.clone());
                of_day.entry(group).or_default().add(line, sign);
            }
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    let mut so_far: BTreeMap<Group, Sum> = BTreeMap::new();
    let mut all: BTreeMap<Currency, Decimal> = BTreeMap::new();
    for (day, groups) in by_day {
        for (group, sum) in &groups {
            so_far.entry(group.clone()).or_default().join(sum);
            *all.entry(group.0).or_default() += sum.amount;
        }
        for (group, sum) in groups {
            let total = so_far.get(&group).copied().unwrap_or_default();
            let (currency, department, model) = group;
            let whole = all.get(&currency).copied().unwrap_or_default();
            sheet.rows.push(vec![
                Cell::text(day.to_string()),
                Cell::text(department),
                Cell::text(model),
                Cell::text(currency.to_string()),
                Cell::maybe(sum.units),
                Cell::text(sum.amount.to_string()),
                Cell::maybe(total.units),
                Cell::text(total.amount.to_string()),
                Cell::share(total.amount, whole),
            ]);
        }
    }
    sheet.notes = book.measures.problems.notes(&["sales"]);
    sheet
}
