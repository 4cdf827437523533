//! `waiting`: where open cases wait and for whom, against how long cases usually stay there.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::CaseNo;
use countersign_core::state::Stage;

use crate::durations::{Durations, hours};
use crate::fold::Book;
use crate::sheet::{Cell, Sheet};
use crate::track::CaseTrack;
use crate::window::Window;

const COLUMNS: &[(&str, &str)] = &[
    ("chain", "流程"),
    ("step", "步骤"),
    ("waits_for", "等待对象"),
    ("cases", "在途数"),
    ("longest_hours", "最长小时"),
    ("p50_hours", "中位小时"),
    ("usual_hours", "通常小时"),
    ("slow", "超两倍数"),
];

#[derive(Default)]
struct Queue {
    waits: Durations,
    slow: u64,
}

pub(super) fn make(book: &Book, window: &Window) -> Sheet {
    let mut usual: BTreeMap<(&str, &str), Durations> = BTreeMap::new();
    for case in book.track.cases.values() {
        for stay in &case.stays {
            if let Some(to) = stay.to {
                usual.entry((&case.chain, &stay.state)).or_default().push(to.0 - stay.from.0);
            }
        }
    }
    let medians: BTreeMap<_, i64> =
        usual.into_iter().filter_map(|(place, times)| Some((place, times.percentile(50)?))).collect();
    let mut queues: BTreeMap<(&str, &str, String), Queue> = BTreeMap::new();
    for (number, case) in &book.track.cases {
        let Some(stay) = case.stay() else { continue };
        let waited = window.now.0 - stay.from.0;
        let median = medians.get(&(case.chain.as_str(), stay.state.as_str()));
        // More than twice as long as half of the others took.
        let slow = median.is_some_and(|median| waited > 2 * median);
        for who in book.waits_for(*number, case) {
            let queue = queues.entry((&case.chain, &stay.state, who)).or_default();
            queue.waits.push(waited);
            queue.slow += u64::from(slow);
        }
    }
    let mut sheet = Sheet::new(COLUMNS);
    for ((chain, step, who), queue) in queues {
        sheet.rows.push(vec![
            Cell::text(chain),
            Cell::text(step),
            Cell::text(who),
            Cell::Count(queue.waits.count()),
            queue.waits.longest(),
            queue.waits.hours(50),
            medians.get(&(chain, step)).map_or(Cell::None, |median| hours(*median)),
            Cell::Count(queue.slow),
        ]);
    }
    sheet
}

impl Book {
    /// Whom or what an open case waits for: positions, a message, a time, other systems, the operator.
    pub(super) fn waits_for(&self, number: CaseNo, case: &CaseTrack) -> BTreeSet<String> {
        let asked: BTreeSet<String> = case.open_tasks().map(|task| task.position.to_string()).collect();
        if !asked.is_empty() {
            return asked;
        }
        let Some(open) = self.state.case(number) else { return BTreeSet::new() };
        let commands = open.outward().into_iter().flat_map(|outward| outward.commands.values());
        let unanswered = commands.filter(|command| command.silent_at.is_some());
        let others: BTreeSet<String> = match open.stage() {
            Stage::Draft => [case.submitter.position.to_string()].into(),
            Stage::Fact { fact, .. } | Stage::Message { fact, .. } => [format!("message {fact}")].into(),
            Stage::Until { .. } => ["time".to_owned()].into(),
            Stage::Held { .. } => ["operator".to_owned()].into(),
            Stage::Outside { .. } | Stage::Compensating { .. } => {
                unanswered.map(|command| format!("system {}", command.verb)).collect()
            }
            _ => BTreeSet::new(),
        };
        if !others.is_empty() {
            return others;
        }
        let children = open
            .outward()
            .is_some_and(|outward| outward.children.keys().any(|child| self.state.case(*child).is_some()));
        [if children { "other cases" } else { "engine" }.to_owned()].into()
    }
}
