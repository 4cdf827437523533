//! Chains that run each other in a circle, with nobody acting in between: cases without end.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::Activity;

use super::Places;
use super::flow::{Flow, To};
use super::loops::at_once;
use crate::codes;
use crate::world::World;

pub(super) fn check(flows: &[(Flow<'_>, &Places)], world: &World<'_>) {
    let numbers: BTreeMap<&str, usize> =
        flows.iter().enumerate().map(|(n, (flow, _))| (flow.chain.name.as_str(), n)).collect();
    let runs: Vec<Vec<(usize, usize)>> =
        flows.iter().map(|(flow, _)| begun_at_once(flow, &numbers)).collect();
    let mut said = BTreeSet::new();
    for start in 0..flows.len() {
        let Some(circle) = circle(start, &runs) else { continue };
        let mut members = circle.clone();
        members.sort_unstable();
        if !said.insert(members) {
            continue;
        }
        let names: Vec<&str> =
            circle.iter().chain(circle.first()).map(|n| flows[*n].0.chain.name.as_str()).collect();
        let state =
            runs[start].iter().find(|(chain, _)| circle.contains(chain)).map_or(0, |(_, state)| *state);
        let message = format!("these chains start one another without end: {}", names.join(" -> "));
        let help = "let somebody decide before one of them starts the next, or let it begin in draft";
        world.report.error(codes::CHILD_CIRCLE, flows[start].1.state(state), message, help);
    }
}

/// The chains that a case starts before anybody has acted, and in which states.
fn begun_at_once(flow: &Flow<'_>, numbers: &BTreeMap<&str, usize>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([0_usize]);
    let mut open = vec![0_usize];
    while let Some(n) = open.pop() {
        let Some(state) = flow.chain.states.get(n) else { continue };
        if let Activity::Run(run) | Activity::Start(run) = &state.activity
            && run.begins == countersign_core::definition::Begins::First
        {
            found.extend(numbers.get(run.chain.as_str()).map(|chain| (*chain, n)));
        }
        for edge in flow.out.get(n).into_iter().flatten().filter(|e| at_once(flow, **e)) {
            if let Some(To::State(to)) = flow.edges.get(*edge).map(|e| e.to)
                && seen.insert(to)
            {
                open.push(to);
            }
        }
    }
    found
}

/// The shortest circle from a chain back to itself.
fn circle(start: usize, runs: &[Vec<(usize, usize)>]) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(n) = open.pop_front() {
        for (next, _) in runs.get(n).into_iter().flatten() {
            if *next == start {
                let mut path = vec![n];
                let mut at = n;
                while at != start {
                    at = *from.get(&at)?;
                    path.push(at);
                }
                path.reverse();
                return Some(path);
            }
            if !from.contains_key(next) {
                from.insert(*next, n);
                open.push_back(*next);
            }
        }
    }
    None
}
