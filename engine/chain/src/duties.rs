//! `duties` and `separate` of organisation.yaml: what must not meet in one position, in one person, on one line.
//!
//! A duty is a list of kinds and positions; `decisions` is the duty of everybody who holds a limit.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Line, Organisation};
use countersign_core::name::Name;

use crate::authority::holds;
use crate::codes;
use crate::diagnostic::Place;
use crate::read::{self, Map, bad_value};
use crate::world::World;

/// The duty of whoever holds a limit.
const DECISIONS: &str = "decisions";

/// What the file says of duties.
#[derive(Default)]
pub(crate) struct Duties {
    /// The positions of each duty.
    of: BTreeMap<Name, BTreeSet<Name>>,
    /// Two that must be separate, and where that stands.
    apart: Vec<(Name, Name, Place)>,
}

pub(crate) fn read(map: &Map<'_>, org: &Organisation, world: &World<'_>) -> Duties {
    let report = &world.report;
    let mut duties = Duties::default();
    let kinds: BTreeSet<&Name> = org.positions.values().map(|post| &post.kind).collect();
    let entries = map.get("duties").and_then(|node| Map::any(node, "duties", report));
    for entry in entries.map_or(&[][..], |map| map.entries) {
        let Some(duty) = read::new_name(&entry.key, entry.at, report) else { continue };
        if duty == DECISIONS {
            let message = "`decisions` is the duty of whoever holds a limit";
            report.error(codes::RESERVED_NAME, entry.at, message, "choose another name");
            continue;
        }
        let mut posts = BTreeSet::new();
        for node in read::list(&entry.value, "a duty", report) {
            let Some(name) = read::name(node, "a kind or position", report) else { continue };
            if !kinds.contains(&name) && !org.positions.contains_key(&name) {
                let known =
                    kinds.iter().map(|kind| kind.as_str()).chain(org.positions.keys().map(Name::as_str));
                world.unknown("kind or position", &name, node.place, known);
                continue;
            }
            let meant = org.positions.iter().filter(|(post, p)| **post == name || p.kind == name);
            posts.extend(meant.map(|(post, _)| post.clone()));
        }
        duties.of.insert(duty, posts);
    }
    for node in map.get("separate").map_or(&[][..], |node| read::list(node, "separate", report)) {
        let names: Vec<Name> = read::list(node, "duties", report)
            .iter()
            .filter_map(|n| read::name(n, "a duty", report))
            .collect();
        let known = duties.of.keys().map(Name::as_str).chain([DECISIONS]);
        let stranger = names.iter().find(|name| **name != DECISIONS && !duties.of.contains_key(*name));
        match (&names[..], stranger) {
            (_, Some(stranger)) => world.unknown("duty", stranger, node.place, known),
            ([a, b], None) if a != b => duties.apart.push((a.clone(), b.clone(), node.place)),
            _ => bad_value(node.place, "two duties are kept apart", "write [sales, finance_control]", report),
        }
    }
    duties
}

/// Reports where two duties that must be separate meet.
pub(crate) fn check(world: &World<'_>) {
    for (a, b, _) in &world.duties.apart {
        let (of_a, of_b) = (posts(a, world), posts(b, world));
        in_a_post(world, (a, &of_a), (b, &of_b));
        in_a_person(world, (a, &of_a), (b, &of_b));
        by_delegation(world, (a, &of_a), (b, &of_b));
        if a != DECISIONS && b != DECISIONS {
            on_a_line(world, (a, &of_a), (b, &of_b));
        }
    }
}

type Duty<'d> = (&'d Name, &'d BTreeSet<Name>);

fn posts(duty: &Name, world: &World<'_>) -> BTreeSet<Name> {
    if duty != DECISIONS {
        return world.duties.of.get(duty).cloned().unwrap_or_default();
    }
    let decides = |name: &&Name| world.authorities.values().any(|authority| holds(authority, name, world));
    world.organisation.positions.keys().filter(decides).cloned().collect()
}

const HELP: &str = "give one of them to another position and person, or take the pair from `separate`";

fn in_a_post(world: &World<'_>, (a, of_a): Duty<'_>, (b, of_b): Duty<'_>) {
    for post in of_a.intersection(of_b) {
        let message = format!("{post} has the duties {a} and {b}, which must be separate");
        world.report.error(codes::DUTIES_MEET, world.report.key("organisation.yaml", post), message, HELP);
    }
}

/// A person who holds posts of both, or acts for one.
fn in_a_person(world: &World<'_>, (a, of_a): Duty<'_>, (b, of_b): Duty<'_>) {
    let positions = &world.organisation.positions;
    let persons = |name: &Name| -> Vec<&Name> {
        let Some(post) = positions.get(name) else { return Vec::new() };
        let acting = post.acting.iter().filter_map(|acting| positions.get(&acting.by));
        post.holders.iter().chain(acting.flat_map(|by| &by.holders)).collect()
    };
    for first in of_a.difference(of_b) {
        for second in of_b.difference(of_a) {
            let theirs = persons(second);
            let Some(both) = persons(first).into_iter().find(|person| theirs.contains(person)) else {
                continue;
            };
            let message =
                format!("{both} answers for {first} ({a}) and for {second} ({b}), which must be separate");
            world.report.error(
                codes::DUTIES_MEET,
                world.report.key("organisation.yaml", second),
                message,
                HELP,
            );
        }
    }
}

fn by_delegation(world: &World<'_>, (a, of_a): Duty<'_>, (b, of_b): Duty<'_>) {
    for (name, delegation) in &world.organisation.delegations {
        let (from, to) = (&delegation.from, &delegation.to);
        let across = |from_duty: &BTreeSet<Name>, to_duty: &BTreeSet<Name>| {
            from_duty.contains(from) && to_duty.contains(to) && !to_duty.contains(from)
        };
        // Whoever decides may delegate to another who does not yet.
        let meets = (across(of_a, of_b) && b != DECISIONS) || (across(of_b, of_a) && a != DECISIONS);
        if meets {
            let message = format!("{name} hands on from {from} to {to}: {a} and {b} must be separate");
            world.report.error(
                codes::DUTIES_MEET,
                world.report.key("organisation.yaml", name),
                message,
                HELP,
            );
        }
    }
}

/// A line on which both decide: control by those who are controlled.
fn on_a_line(world: &World<'_>, (a, of_a): Duty<'_>, (b, of_b): Duty<'_>) {
    for authority in world.authorities.values() {
        let Line::List(names) = &authority.line else { continue };
        let (Some(first), Some(second)) =
            (names.iter().find(|n| of_a.contains(*n)), names.iter().find(|n| of_b.contains(*n)))
        else {
            continue;
        };
        if first == second {
            continue;
        }
        let message = format!(
            "on the line of {} stand {first} ({a}) and {second} ({b}), which must be separate",
            authority.name
        );
        let place = world.report.key("authority.yaml", &authority.name);
        world.report.error(codes::DUTIES_MEET, place, message, "take one of them off the line");
    }
}
