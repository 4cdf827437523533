//! `collection`: what each manager had to collect in the period, and which share of it came.

use std::collections::BTreeMap;

use countersign_core::money::Currency;
use rust_decimal::Decimal;

use crate::fold::Book;
use crate::measure::MoveKind;
use crate::sheet::{Cell, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("manager", "负责人"),
    ("currency", "币种"),
    ("opening", "期初应收"),
    ("invoiced", "本期新增"),
    ("collected", "本期回款"),
    ("written_off", "核销坏账"),
    ("otherwise", "其他结清"),
    ("closing", "期末应收"),
    ("rate", "回款率"),
];

#[derive(Default)]
struct Sums {
    opening: Decimal,
    invoiced: Decimal,
    collected: Decimal,
    written_off: Decimal,
    otherwise: Decimal,
    closing: Decimal,
}

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut rows: BTreeMap<(&str, Currency), Sums> = BTreeMap::new();
    for owed in book.measures.owed.iter().filter(|owed| owed.date <= window.to) {
        let before = window.from.plus_days(-1).unwrap_or(window.from);
        let opening = owed.left(before);
        let new = window.has(owed.date);
        let moves = owed.moves.iter().filter(|m| window.has(m.date));
        if opening.is_zero() && !new && moves.clone().next().is_none() {
            continue;
        }
        let sums = rows.entry((&owed.manager, owed.amount.currency)).or_default();
        sums.opening += opening;
        sums.closing += owed.left(window.to);
        if new {
            sums.invoiced += owed.amount.amount;
        }
        for m in moves {
            match m.kind {
                MoveKind::Paid => sums.collected += m.amount,
                MoveKind::WrittenOff => sums.written_off += m.amount,
                MoveKind::Otherwise => sums.otherwise += m.amount,
            }
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    for ((manager, currency), sums) in rows {
        let amounts =
            [sums.opening, sums.invoiced, sums.collected, sums.written_off, sums.otherwise, sums.closing];
        let mut row = vec![Cell::text(manager), Cell::text(currency.to_string())];
        row.extend(amounts.iter().map(|amount| Cell::text(amount.to_string())));
        row.push(Cell::share(sums.collected, sums.opening + sums.invoiced));
        sheet.rows.push(row);
    }
    sheet.notes = book.measures.problems.notes(&["receivables"]);
    sheet
}
