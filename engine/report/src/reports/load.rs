//! `load`: what each approver was asked in the period, what became of it, and how small the smallest of it was.

use std::collections::BTreeMap;

use countersign_core::value::Value;
use rust_decimal::Decimal;

use crate::as_of::local;
use crate::durations::Durations;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::TaskEnd;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("position", "岗位"),
    ("person", "人员"),
    ("answered", "已处理"),
    ("agreed", "同意"),
    ("against", "反对"),
    ("late", "逾期处理"),
    ("p50_hours", "中位小时"),
    ("p90_hours", "九成小时"),
    ("smallest_amount", "最小金额"),
    ("open", "待处理"),
    ("lapsed", "未答"),
];

#[derive(Default)]
struct Load {
    agreed: u64,
    against: u64,
    late: u64,
    times: Durations,
    smallest: Option<Decimal>,
    open: u64,
    lapsed: u64,
}

/// Work by position and person; what nobody has answered stands under the position alone.
pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let currency = book.company().map(|company| company.currency);
    let mut rows: BTreeMap<(&str, &str), Load> = BTreeMap::new();
    for case in book.track.cases.values() {
        for task in &case.tasks {
            let Some((at, end)) = &task.closed else {
                rows.entry((&task.position, "")).or_default().open += 1;
                continue;
            };
            if !window.has(local(*at, &book.state)) {
                continue;
            }
            match end {
                TaskEnd::Withdrawn => {}
                TaskEnd::Lapsed => rows.entry((&task.position, "")).or_default().lapsed += 1,
                TaskEnd::Answered { person, verdict, open, .. } => {
                    let load = rows.entry((&task.position, person)).or_default();
                    load.times.push(at.0 - task.opened.0);
                    load.late += u64::from(*at > task.due);
                    // A blind answer counts as one; which it was is told once its part has closed.
                    load.agreed += u64::from(*open && verdict.agrees());
                    load.against += u64::from(*open && !verdict.agrees());
                    if let Some(Value::Money(money)) = &case.amount
                        && Some(money.currency) == currency
                    {
                        load.smallest = Some(load.smallest.map_or(money.amount, |s| s.min(money.amount)));
                    }
                }
            }
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    for ((position, person), load) in rows {
        sheet.rows.push(vec![
            Cell::text(position),
            Cell::text(person),
            Cell::Count(load.times.count()),
            Cell::Count(load.agreed),
            Cell::Count(load.against),
            Cell::Count(load.late),
            load.times.hours(50),
            load.times.hours(90),
            Cell::maybe(load.smallest),
            Cell::Count(load.open),
            Cell::Count(load.lapsed),
        ]);
    }
    sheet
}
