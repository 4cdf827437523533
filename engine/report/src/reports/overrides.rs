//! `overrides`: decisions of the period against a colleague's objection; the liability is the decider's.

use crate::as_of::local;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::TaskEnd;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("at", "时间"),
    ("case", "案件"),
    ("chain", "流程"),
    ("key", "编号"),
    ("step", "步骤"),
    ("position", "岗位"),
    ("person", "人员"),
    ("reason", "理由"),
    ("amount", "金额"),
];

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut rows = Vec::new();
    for (number, case) in &book.track.cases {
        for task in &case.tasks {
            let Some((at, TaskEnd::Answered { person, reason, overrides: true, .. })) = &task.closed else {
                continue;
            };
            if window.has(local(*at, &book.state)) {
                let cells = vec![
                    Cell::text(at.to_string()),
                    Cell::text(format!("C-{number}")),
                    Cell::text(case.chain.as_str()),
                    Cell::maybe(case.key.as_ref().map(|key| key.as_str())),
                    Cell::text(task.state.as_str()),
                    Cell::text(task.position.as_str()),
                    Cell::text(person.as_str()),
                    Cell::maybe(reason.as_ref().map(|reason| reason.as_str())),
                    Cell::maybe(case.amount.as_ref()),
                ];
                rows.push(((*at, *number, task.task), cells));
            }
        }
    }
    rows.sort_by_key(|(order, _)| *order);
    Sheet { rows: rows.into_iter().map(|(_, cells)| cells).collect(), ..Sheet::new(COLUMNS) }
}
