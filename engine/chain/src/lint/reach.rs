//! States and ends that nothing leads to.

use std::collections::BTreeSet;

use super::Places;
use super::flow::{Flow, To};
use crate::codes;
use crate::diagnostic::Report;

pub(super) fn check(flow: &Flow<'_>, places: &Places, report: &Report<'_>) {
    let (states, ends) = reached(flow);
    for (n, state) in flow.chain.states.iter().enumerate().filter(|(n, _)| !states.contains(n)) {
        let message = format!("nothing leads to the state {}", state.name);
        let help = "lead an arrow to it, or take it away";
        report.error(codes::UNREACHABLE_STATE, places.state(n), message, help);
    }
    for (n, end) in flow.chain.ends.iter().enumerate() {
        // Returns beyond the limit of R12 end a case in `rejected`; an operator's compensation in `cancelled`.
        if !ends.contains(&n) && !matches!(end.name.as_str(), "rejected" | "cancelled") {
            let message = format!("nothing leads to the end {}", end.name);
            let help = "lead an arrow to it, or take it away";
            report.warn(codes::UNREACHABLE_END, places.end(n), message, help);
        }
    }
}

fn reached(flow: &Flow<'_>) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let (mut states, mut ends) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![0_usize];
    while let Some(n) = open.pop() {
        if n >= flow.out.len() || !states.insert(n) {
            continue;
        }
        for edge in flow.leaving(n) {
            match edge.to {
                To::State(to) => open.push(to),
                To::End(to) => {
                    ends.insert(to);
                }
                To::Draft | To::OnHold => {}
            }
        }
    }
    // What has lapsed has that end.
    for handed in &flow.chain.hands_on {
        let lapses = handed.lapses.iter().filter(|_| ends.contains(&usize::from(handed.end)));
        let to: Vec<usize> = lapses.map(|lapse| usize::from(lapse.to)).collect();
        ends.extend(to);
    }
    // What was decided otherwise after it was over.
    for (from, to) in flow.chain.anytime.iter().flat_map(|anytime| &anytime.once_over) {
        if ends.contains(&usize::from(*from)) {
            ends.insert(usize::from(*to));
        }
    }
    (states, ends)
}
