//! `receivables`: what each customer owed at the end of the last day, by how long it is overdue.

use std::collections::BTreeMap;

use countersign_core::money::Currency;
use rust_decimal::Decimal;

use crate::fold::Book;
use crate::sheet::{Cell, Column, Sheet};
use crate::window::Window;

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let ages = book.definition().map_or(&[][..], |reports| &reports.ages);
    let mut rows: BTreeMap<(&str, Currency), Vec<Decimal>> = BTreeMap::new();
    for owed in &book.measures.owed {
        let left = owed.left(window.to);
        if left.is_zero() {
            continue;
        }
        let late = window.to.0 - owed.due.0;
        let older = ages.iter().filter(|days| i64::from(late) > i64::from(**days)).count();
        let place = if late <= 0 { 0 } else { 1 + older };
        let sums = rows
            .entry((&owed.customer, owed.amount.currency))
            .or_insert_with(|| vec![Decimal::ZERO; ages.len() + 2]);
        sums[place] += left;
    }
    let mut sheet = Sheet::new(&[
        ("customer", "客户"),
        ("currency", "币种"),
        ("owed", "应收余额"),
        ("not_due", "未到期"),
    ]);
    sheet.columns.extend(columns(ages));
    for ((customer, currency), sums) in rows {
        let total: Decimal = sums.iter().copied().sum();
        let mut row =
            vec![Cell::text(customer), Cell::text(currency.to_string()), Cell::text(total.to_string())];
        row.extend(sums.iter().map(|sum| Cell::text(sum.to_string())));
        sheet.rows.push(row);
    }
    sheet.notes = book.measures.problems.notes(&["receivables"]);
    sheet
}

/// `days_1_30`, `days_31_60`, `over_60`.
fn columns(ages: &[u32]) -> Vec<Column> {
    let mut from = 1;
    let mut columns = Vec::new();
    for to in ages {
        columns.push(Column::new(&format!("days_{from}_{to}"), &format!("逾期{from}-{to}天")));
        from = to + 1;
    }
    let over = from - 1;
    columns.push(Column::new(&format!("over_{over}"), &format!("逾期{over}天以上")));
    columns
}
