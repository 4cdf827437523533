//! Whether units and positions form trees: one top, no circles, nobody beside.

use std::collections::BTreeSet;

use countersign_core::definition::Organisation;
use countersign_core::name::Name;

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::organisation::Places;
use crate::suggest;

/// Checks the solid lines and the units.
pub(crate) fn check(org: &Organisation, places: &Places, report: &Report<'_>) {
    let at = |name: &Name| places.solid.get(name).or(places.positions.get(name)).copied().unwrap_or_default();
    let solid = |name: &Name| org.positions.get(name).and_then(|p| p.solid.clone());
    let circles = circles(org.positions.keys(), solid);
    for circle in &circles {
        let shown: Vec<&str> = circle.iter().chain(circle.first()).map(Name::as_str).collect();
        let message = format!("superiors in a circle: {}", shown.join(" -> "));
        report.error(
            codes::CYCLE,
            circle.first().map(at).unwrap_or_default(),
            message,
            "let one of them lead to the top",
        );
    }
    tops(org, places, report);
    let circular: BTreeSet<&Name> = circles.iter().flatten().collect();
    let mut orphans: Vec<&str> = Vec::new();
    for name in org.positions.keys().filter(|n| !circular.contains(n)) {
        let mut seen = BTreeSet::new();
        let mut here = name.clone();
        let reached = loop {
            if !seen.insert(here.clone()) || circular.contains(&here) {
                break false;
            }
            match org.positions.get(&here).map(|p| p.solid.clone()) {
                Some(Some(next)) => here = next,
                Some(None) => break true,
                // An unknown superior has been reported where it is written.
                None => break true,
            }
        };
        if !reached {
            orphans.push(name);
        }
    }
    if let Some(first) = orphans.first() {
        let verb = if orphans.len() == 1 { "does" } else { "do" };
        let message = format!("{} {verb} not reach the top", suggest::listed(&orphans));
        let help = "give each a superior whose line ends at the top";
        report.error(codes::ORPHAN, at(&Name::from(*first)), message, help);
    }
    units(org, report, places);
}

/// Every circle of a relation once, beginning with its first name.
fn circles<'n>(
    names: impl Iterator<Item = &'n Name>,
    next: impl Fn(&Name) -> Option<Name>,
) -> Vec<Vec<Name>> {
    let mut done: BTreeSet<Name> = BTreeSet::new();
    let mut found = Vec::new();
    for start in names {
        let mut path: Vec<Name> = Vec::new();
        let mut here = Some(start.clone());
        while let Some(name) = here.take_if(|n| !done.contains(n)) {
            done.insert(name.clone());
            let to = next(&name);
            path.push(name);
            if let Some(begin) = to.as_ref().and_then(|t| path.iter().position(|p| p == t)) {
                let mut circle = path.split_off(begin);
                let first = circle.iter().enumerate().min_by_key(|(_, n)| (*n).clone()).map_or(0, |(i, _)| i);
                circle.rotate_left(first);
                found.push(circle);
                break;
            }
            here = to;
        }
    }
    found
}

fn tops(org: &Organisation, places: &Places, report: &Report<'_>) {
    let tops: Vec<&Name> = org
        .positions
        .iter()
        .filter(|(name, p)| p.solid.is_none() && written_top(name, places, report))
        .map(|(name, _)| name)
        .collect();
    let help = "write `solid: top` at exactly one position, the head of the company";
    match tops.as_slice() {
        [_] => {}
        [] if org.positions.is_empty() => {}
        [] => {
            let place = places.positions.values().min().copied().unwrap_or_default();
            report.error(codes::TOP, place, "no position is the top", help);
        }
        [_, rest @ ..] => {
            let names: Vec<&str> = tops.iter().map(|n| n.as_str()).collect();
            let place = rest.first().and_then(|n| places.solid.get(*n)).copied().unwrap_or_default();
            report.error(codes::TOP, place, format!("several tops: {}", suggest::listed(&names)), help);
        }
    }
}

/// Whether `solid: top` stands there, rather than something that was refused.
fn written_top(name: &Name, places: &Places, report: &Report<'_>) -> bool {
    places.solid.get(name).is_some_and(|place: &Place| {
        let text = report.text(place.file).get(place.start as usize..place.end as usize).unwrap_or("");
        text.trim_matches(['"', '\'']) == "top"
    })
}

fn units(org: &Organisation, report: &Report<'_>, places: &Places) {
    let at = |name: &Name| places.units.get(name).copied().unwrap_or_default();
    for (name, unit) in &org.units {
        if let Some(parent) = unit.part_of.as_ref().filter(|p| !org.units.contains_key(*p)) {
            let message = format!("the unit {name} is part of `{parent}`, which is no unit");
            let help = suggest::nearest(parent, org.units.keys().map(Name::as_str));
            report.error(codes::UNKNOWN_NAME, at(name), message, help);
        }
    }
    let part_of = |name: &Name| org.units.get(name).and_then(|u| u.part_of.clone());
    for circle in circles(org.units.keys(), part_of) {
        let shown: Vec<&str> = circle.iter().chain(circle.first()).map(Name::as_str).collect();
        let message = format!("units in a circle: {}", shown.join(" -> "));
        let place = circle.first().map(at).unwrap_or_default();
        report.error(codes::CYCLE, place, message, "let one of them be part of no other");
    }
}
