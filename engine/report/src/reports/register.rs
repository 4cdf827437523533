//! A register of the company's own: the cases of a chain that were submitted in the period.

use crate::as_of::local;
use crate::fold::Book;
use crate::sheet::{Cell, Column, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("case", "案件"),
    ("key", "编号"),
    ("submitted", "提交时间"),
    ("submitter", "提交岗位"),
    ("place", "所在步骤"),
];

pub(super) fn make(book: &Book, window: &Window, at: usize) -> Sheet {
    let mut sheet = Sheet::new(COLUMNS);
    let Some(register) = book.definition().and_then(|reports| reports.registers.get(at)) else {
        return sheet;
    };
    let own = register
        .columns
        .iter()
        .map(|(name, title, _)| Column { key: name.to_string(), title: title.clone() });
    sheet.columns.extend(own);
    for entry in book.measures.entries.iter().filter(|entry| entry.register == register.name) {
        let Some(case) = book.track.cases.get(&entry.case) else { continue };
        if !window.has(local(case.submitted_at, &book.state)) {
            continue;
        }
        let mut row = vec![
            Cell::text(format!("C-{}", entry.case)),
            Cell::maybe(case.key.as_ref().map(|key| key.as_str())),
            Cell::text(case.submitted_at.to_string()),
            Cell::text(case.submitter.position.as_str()),
            Cell::text(entry.place.as_str()),
        ];
        row.extend(entry.values.iter().map(Cell::text));
        sheet.rows.push(row);
    }
    sheet.notes = book.measures.problems.notes(&["register"]);
    sheet
}
