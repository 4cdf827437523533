//! Loops that nothing breaks: no person, no message, no number that shrinks.
//!
//! What is done at once or by machines alone makes such a loop: checks, branches, commands and their answers, master
//! data, requests to other cases, waiting for a time that has come already. A condition on a fact that the loop itself
//! counts up or down breaks it.

use std::collections::BTreeSet;

use countersign_core::definition::Activity;

use super::Places;
use super::flow::{Flow, How, To};
use crate::codes;
use crate::world::World;

pub(super) fn check(flow: &Flow<'_>, places: &Places, world: &World<'_>) {
    let edges: Vec<usize> = (0..flow.edges.len()).filter(|e| at_once(flow, *e)).collect();
    for component in components(flow, &edges) {
        let inside: Vec<usize> = edges
            .iter()
            .copied()
            .filter(|e| {
                let edge = &flow.edges[*e];
                component.contains(&edge.from) && matches!(edge.to, To::State(to) if component.contains(&to))
            })
            .collect();
        let unbroken: Vec<usize> = inside.iter().copied().filter(|e| !is_broken(flow, *e, &inside)).collect();
        let Some(circle) = components(flow, &unbroken).into_iter().next() else { continue };
        let Some(way) = circuit(flow, &unbroken, &circle) else { continue };
        let names: Vec<&str> = way.iter().chain(way.first()).map(|n| flow.name(*n)).collect();
        let message =
            format!("no person, message or shrinking number breaks the loop {}", names.join(" -> "));
        let place = way.first().map_or(places.head, |n| places.state(*n));
        let help = "put a person or a message into it, count its rounds in a fact and ask for that, or lead it to \
                    draft, on-hold or an end";
        world.report.error(codes::ENDLESS_LOOP, place, message, help);
    }
}

/// Whether a way is taken without anybody acting and anything new coming in.
pub(super) fn at_once(flow: &Flow<'_>, edge: usize) -> bool {
    let Some(edge) = flow.edges.get(edge) else { return false };
    let Some(state) = flow.chain.states.get(edge.from) else { return false };
    match edge.how {
        How::Asked | How::Expired => false,
        How::Skipped | How::Chosen => true,
        How::Outcome(_) => !matches!(
            state.activity,
            Activity::People(_) | Activity::Wait(_) | Activity::Run(_) | Activity::Join { .. }
        ),
    }
}

/// Whether a way is taken only as long as a number that its loop changes allows.
fn is_broken(flow: &Flow<'_>, edge: usize, inside: &[usize]) -> bool {
    let edge = &flow.edges[edge];
    let chain = flow.chain;
    let mut asked: BTreeSet<usize> = edge.guards.iter().flat_map(|guard| flow.reader.facts(guard)).collect();
    if let Some(Activity::WaitUntil(time)) = chain.states.get(edge.from).map(|s| &s.activity) {
        asked.extend(flow.reader.facts(time));
    }
    inside.iter().any(|e| {
        let way = &flow.edges[*e];
        let state = chain.states.get(way.from).into_iter().flat_map(|s| &s.learns);
        let learns = way.learns.iter().chain(state);
        learns.into_iter().any(|l| asked.contains(&usize::from(l.fact)) && flow.reader.accumulates(l))
    })
}

/// Sets of states that lead to one another, those of a single state only where it leads to itself.
fn components(flow: &Flow<'_>, edges: &[usize]) -> Vec<BTreeSet<usize>> {
    let mut next: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); flow.out.len()];
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); flow.out.len()];
    for edge in edges.iter().filter_map(|e| flow.edges.get(*e)) {
        if let To::State(to) = edge.to
            && to < next.len()
        {
            next[edge.from].insert(to);
            before[to].insert(edge.from);
        }
    }
    let mut left: BTreeSet<usize> = (0..next.len()).collect();
    let mut found = Vec::new();
    while let Some(start) = left.first().copied() {
        let forwards = walk(start, &next);
        let both: BTreeSet<usize> = walk(start, &before).intersection(&forwards).copied().collect();
        left.remove(&start);
        left.retain(|n| !both.contains(n));
        // A walk begins with what comes after its start, so a state is in its own only where it leads to itself.
        if both.contains(&start) {
            found.push(both);
        }
    }
    found
}

fn walk(start: usize, next: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<usize> = next[start].iter().copied().collect();
    while let Some(n) = open.pop() {
        if seen.insert(n) {
            open.extend(&next[n]);
        }
    }
    seen
}

/// A circle through the first state of a component, along the shortest way.
fn circuit(flow: &Flow<'_>, edges: &[usize], component: &BTreeSet<usize>) -> Option<Vec<usize>> {
    let start = component.first().copied()?;
    let mut paths = std::collections::VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        let last = path.last().copied()?;
        for edge in edges.iter().filter_map(|e| flow.edges.get(*e)).filter(|e| e.from == last) {
            match edge.to {
                To::State(to) if to == start => return Some(path),
                To::State(to) if component.contains(&to) && seen.insert(to) => {
                    paths.push_back([path.as_slice(), &[to]].concat());
                }
                _ => {}
            }
        }
    }
    None
}
