//! `refusals`: every no of the period that the log holds, by its reason.
//!
//! A request that is refused leaves a frame only where auditors need it; the others are told to the caller alone.

use std::collections::BTreeMap;

use countersign_core::time::Timestamp;

use crate::as_of::local;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::TaskEnd;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("kind", "类别"),
    ("chain", "流程"),
    ("step", "步骤"),
    ("by", "拒绝方"),
    ("reason", "原因"),
    ("count", "次数"),
    ("last", "最近一次"),
];

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut rows: BTreeMap<[&str; 5], (u64, Timestamp)> = BTreeMap::new();
    let mut add = |row, at: Timestamp| {
        if window.has(local(at, &book.state)) {
            let found = rows.entry(row).or_insert((0, at));
            *found = (found.0 + 1, found.1.max(at));
        }
    };
    for refusal in &book.track.refusals {
        let row: [&str; 5] = [refusal.kind, &refusal.chain, &refusal.step, &refusal.by, &refusal.reason];
        add(row, refusal.at);
    }
    for case in book.track.cases.values() {
        for task in &case.tasks {
            let Some((at, TaskEnd::Answered { verdict, reason, open: true, .. })) = &task.closed else {
                continue;
            };
            if !verdict.agrees() {
                let reason = reason.as_deref().unwrap_or_default();
                add([verdict.word(), &case.chain, &task.state, &task.position, reason], *at);
            }
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    for (row, (count, last)) in rows {
        let mut cells: Vec<Cell> = row.iter().map(|text| Cell::text(*text)).collect();
        cells.push(Cell::Count(count));
        cells.push(Cell::text(last.to_string()));
        sheet.rows.push(cells);
    }
    sheet
}
