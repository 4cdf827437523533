//! `attempts`: what somebody tried against the rules in the period. Penalties are proposed on it, never taken.

use crate::as_of::local;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("at", "时间"),
    ("what", "违规"),
    ("case", "案件"),
    ("chain", "流程"),
    ("person", "人员"),
    ("position", "岗位"),
    ("addressee", "呈送对象"),
    ("superior", "被越过上级"),
];

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut sheet = Sheet::new(COLUMNS);
    for attempt in book.track.attempts.iter().filter(|a| window.has(local(a.at, &book.state))) {
        sheet.rows.push(vec![
            Cell::text(attempt.at.to_string()),
            Cell::text(attempt.code),
            Cell::maybe(attempt.case.map(|case| format!("C-{case}"))),
            Cell::text(attempt.chain.as_str()),
            Cell::text(attempt.person.as_str()),
            Cell::text(attempt.position.as_str()),
            Cell::text(attempt.addressee.as_str()),
            Cell::text(attempt.superior.as_str()),
        ]);
    }
    sheet
}
