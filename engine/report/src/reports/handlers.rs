//! `handlers`: who has each open case in hand now.

use crate::durations::hours;
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("case", "案件"),
    ("chain", "流程"),
    ("key", "编号"),
    ("step", "步骤"),
    ("since", "起始时间"),
    ("hours", "已等小时"),
    ("handler", "处理岗位"),
    ("persons", "处理人"),
    ("due", "期限"),
    ("owner", "归属岗位"),
];

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut sheet = Sheet::new(COLUMNS);
    let asked = |number: &u64| window.case.is_none_or(|case| case == *number);
    for (number, case) in book.track.cases.iter().filter(|(number, _)| asked(number)) {
        let Some(stay) = case.stay() else { continue };
        for who in book.waits_for(*number, case) {
            let task = case.open_tasks().find(|task| task.position == *who.as_str());
            let open = book.state.case(*number);
            let holders =
                task.and_then(|task| open?.tasks().get(&task.task)).map(|task| task.holders.join(" "));
            sheet.rows.push(vec![
                Cell::text(format!("C-{number}")),
                Cell::text(case.chain.as_str()),
                Cell::maybe(case.key.as_ref().map(|key| key.as_str())),
                Cell::text(stay.state.as_str()),
                Cell::text(stay.from.to_string()),
                hours(window.now.0 - stay.from.0),
                Cell::text(who),
                Cell::maybe(holders),
                Cell::maybe(task.map(|task| task.due)),
                Cell::text(case.owner.as_str()),
            ]);
        }
    }
    sheet
}
