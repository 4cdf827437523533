//! `cycle-time`: how long cases took in the period, by chain, by step, and by the level that was asked.

use std::collections::BTreeMap;

use countersign_core::calendar::Calendar;
use countersign_core::time::Timestamp;

use crate::as_of::local;
use crate::durations::Durations;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::TaskEnd;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("chain", "流程"),
    ("step", "步骤"),
    ("level", "层级"),
    ("finished", "完成数"),
    ("p50_hours", "中位小时"),
    ("p90_hours", "九成小时"),
    ("p50_working_hours", "中位工时"),
    ("p90_working_hours", "九成工时"),
];

/// Lengths by the clock, and in working time.
#[derive(Default)]
struct Times {
    clock: Durations,
    working: Durations,
}

impl Times {
    fn push(&mut self, from: Timestamp, to: Timestamp, calendar: Option<&Calendar>) {
        self.clock.push(to.0 - from.0);
        self.working.push(calendar.map_or(0, |calendar| calendar.working_between(from, to)));
    }
}

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let calendar = book.company().map(|company| &company.calendar);
    let mut rows: BTreeMap<(String, String, String), Times> = BTreeMap::new();
    let mut add = |chain: &str, step: &str, level: &str, from, to| {
        if window.has(local(to, &book.state)) {
            let times = rows.entry((chain.to_owned(), step.to_owned(), level.to_owned())).or_default();
            times.push(from, to, calendar);
        }
    };
    for case in book.track.cases.values() {
        if let Some(ended) = case.ended {
            add(&case.chain, "", "", case.submitted_at, ended);
        }
        for stay in &case.stays {
            if let Some(to) = stay.to {
                add(&case.chain, &stay.state, "", stay.from, to);
            }
        }
        for task in &case.tasks {
            if let Some((to, TaskEnd::Answered { .. })) = &task.closed {
                add(&case.chain, &task.state, &book.level(&task.position), task.opened, *to);
            }
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    for ((chain, step, level), times) in rows {
        sheet.rows.push(vec![
            Cell::text(chain),
            Cell::text(step),
            Cell::text(level),
            Cell::Count(times.clock.count()),
            times.clock.hours(50),
            times.clock.hours(90),
            times.working.hours(50),
            times.working.hours(90),
        ]);
    }
    sheet
}

impl Book {
    /// The level of a position: its kind; a position that is no more stands for itself.
    fn level(&self, position: &str) -> String {
        let post = self.organisation().and_then(|organisation| organisation.positions.get(position));
        post.map_or_else(|| position.to_owned(), |post| post.kind.to_string())
    }
}
