//! organisation.yaml: units, positions, groups, delegations.

use std::collections::BTreeMap;

use countersign_core::definition::{Acting, Delegation, Duty, Group, Organisation, Position, Unit};
use countersign_core::name::{Name, Title};
use rust_decimal::Decimal;

use crate::codes;
use crate::diagnostic::{Place, Report};
use crate::duties;
use crate::hierarchy;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::world::{Names, World};
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys::of(&["units", "duties", "separate", "positions", "groups", "delegations"]);

/// Where the names of an organisation were given and used, for the checks that need all of it.
#[derive(Default)]
pub(crate) struct Places {
    pub(crate) positions: BTreeMap<Name, Place>,
    pub(crate) solid: BTreeMap<Name, Place>,
    pub(crate) units: BTreeMap<Name, Place>,
}

/// Reads organisation.yaml into the world, as far as it can be read.
pub(crate) fn read(node: &Node, world: &mut World<'_>) {
    let Some(map) = Map::read(node, "organisation.yaml", KEYS, &world.report) else { return };
    let mut org = Organisation::default();
    let mut places = Places::default();
    for entry in named(map.get("units"), "units", world) {
        if let Some((name, unit)) = unit(entry, world) {
            places.units.insert(name.clone(), part_of(entry));
            org.units.insert(name, unit);
        }
    }
    map.need("positions", "organisation.yaml", &world.report);
    let entries = named(map.get("positions"), "positions", world);
    for entry in &entries {
        if let Some(name) = read::new_name(&entry.key, entry.at, &world.report) {
            places.positions.insert(name.clone(), entry.at);
            org.positions.insert(name, Position::default());
        }
    }
    for entry in &entries {
        let (name, found) = (Name::from(entry.key.as_str()), position(entry, &org, &mut places, world));
        if let (Some(found), true) = (found, org.positions.contains_key(&name)) {
            org.positions.insert(name, found);
        }
    }
    for entry in named(map.get("groups"), "groups", world) {
        if let Some((name, group)) = group(entry, &org, world) {
            org.groups.insert(name, group);
        }
    }
    for entry in named(map.get("delegations"), "delegations", world) {
        if let Some((name, delegation)) = delegation(entry, &org, &world.names, world) {
            org.delegations.insert(name, delegation);
        }
    }
    hierarchy::check(&org, &places, &world.report);
    world.duties = duties::read(&map, &org, world);
    world.kinds = org.positions.values().map(|p| p.kind.clone()).filter(|k| !k.is_empty()).collect();
    world.organisation = org;
}

fn named<'t>(node: Option<&'t Node>, what: &str, world: &World<'_>) -> Vec<&'t Entry> {
    let map = node.and_then(|n| Map::any(n, what, &world.report));
    map.map_or(Vec::new(), |m| m.entries.iter().collect())
}

/// `en` and `zh` stand beside the other keys.
fn title(map: &Map<'_>, name: &str, world: &World<'_>) -> Title {
    let text = |key: &str| {
        let node = map.get(key)?;
        read::scalar(node, "title", &world.report).map(|s| Name::from(s.text.as_str()))
    };
    Title { en: text("en").unwrap_or_else(|| Name::from(name)), zh: text("zh").unwrap_or_default() }
}

fn unit(entry: &Entry, world: &World<'_>) -> Option<(Name, Unit)> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let map = Map::read(&entry.value, "a unit", Keys::of(&["en", "zh", "part_of", "province"]), report)?;
    let part_of = map.get("part_of").and_then(|n| read::name(n, "a unit", report));
    let province = map.get("province").and_then(|n| province(n, world));
    Some((name.clone(), Unit { title: title(&map, &name, world), part_of, province }))
}

/// As its people write it: `Jiangsu`, `江苏`.
fn province(node: &Node, world: &World<'_>) -> Option<Name> {
    let text = read::scalar(node, "a province", &world.report)?.text.trim();
    if text.is_empty() || text.chars().count() > PROVINCE_MAX {
        let message = format!("a province has a name of at most {PROVINCE_MAX} letters");
        read::bad_value(node.place, message, "write it like Jiangsu", &world.report);
        return None;
    }
    Some(Name::from(text))
}

const PROVINCE_MAX: usize = 64;

/// Where a unit says what it is part of, otherwise where it is named.
fn part_of(entry: &Entry) -> Place {
    match &entry.value.body {
        Body::Map(keys) => keys.iter().find(|k| k.key == "part_of").map_or(entry.at, |k| k.value.place),
        _ => entry.at,
    }
}

pub(crate) const POSITION: Keys =
    Keys::of(&["en", "zh", "kind", "unit", "covers", "solid", "dotted", "holders", "acting"]);

fn position(entry: &Entry, org: &Organisation, places: &mut Places, world: &World<'_>) -> Option<Position> {
    let report = &world.report;
    let what = format!("the position {}", entry.key);
    let map = Map::read(&entry.value, &what, POSITION, report)?;
    let kind = map.need("kind", &what, report).and_then(|n| read::name(n, "a kind", report));
    let unit_of = |node: &Node| known(node, "unit", org.units.keys(), world);
    let unit = map.need("unit", &what, report).and_then(unit_of);
    let several = |key: &str| map.get(key).map_or(&[][..], |n| read::list(n, key, report));
    let covers = several("covers").iter().filter_map(unit_of).collect();
    let post = |node: &Node| known(node, "position", org.positions.keys(), world);
    let dotted = several("dotted").iter().filter_map(post).collect();
    let holders: Vec<Name> = several("holders").iter().filter_map(|n| person(n, world)).collect();
    if map.get("holders").is_none() {
        map.need("holders", &what, report);
    }
    let solid = solid(&map, entry, org, places, world);
    let acting = map.get("acting").and_then(|n| acting(n, &entry.key, org, world));
    Some(Position {
        title: title(&map, &entry.key, world),
        kind: kind.unwrap_or_default(),
        unit: unit.unwrap_or_default(),
        covers,
        solid,
        dotted,
        holders,
        acting,
    })
}

/// A name out of a list of known ones.
fn known<'k>(
    node: &Node,
    what: &str,
    known: impl Iterator<Item = &'k Name> + Clone,
    world: &World<'_>,
) -> Option<Name> {
    let name = &read::scalar(node, what, &world.report)?.text;
    let found = known.clone().find(|k| *k == name.as_str()).cloned();
    if found.is_none() {
        world.unknown(what, name, node.place, known.map(Name::as_str));
    }
    found
}

fn solid(
    map: &Map<'_>,
    entry: &Entry,
    org: &Organisation,
    places: &mut Places,
    world: &World<'_>,
) -> Option<Name> {
    let report = &world.report;
    let node = map.need("solid", &format!("the position {}", entry.key), report)?;
    if let Body::List(_) = node.body {
        let message = format!("{} has more than one solid superior", entry.key);
        report.error(codes::TWO_SUPERIORS, node.place, message, "keep one; put the others under `dotted`");
        places.solid.insert(Name::from(entry.key.as_str()), node.place);
        return None;
    }
    let text = &read::scalar(node, "position", report)?.text;
    places.solid.insert(Name::from(entry.key.as_str()), node.place);
    if text == "top" {
        return None;
    }
    if !org.positions.contains_key(text.as_str()) {
        let keys = org.positions.keys().map(Name::as_str).chain(["top"]);
        world.unknown("position", text, node.place, keys);
        return Some(Name::from(text.as_str()));
    }
    Some(Name::from(text.as_str()))
}

/// The code of a person: letters, digits, `.`, `-` and `_`, from a letter on; at most 64.
fn person(node: &Node, world: &World<'_>) -> Option<Name> {
    let text = &read::scalar(node, "person", &world.report)?.text;
    let good = text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if !good {
        let help = "write the person's code, such as H01: a letter, then letters, digits, . - and _";
        world.report.error(codes::BAD_NAME, node.place, format!("`{text}` is no code of a person"), help);
        return None;
    }
    Some(Name::from(text.as_str()))
}

fn acting(node: &Node, post: &str, org: &Organisation, world: &World<'_>) -> Option<Acting> {
    let report = &world.report;
    let map = Map::read(node, "acting", Keys::of(&["by", "limit", "since", "until"]), report)?;
    let by = map.need("by", "acting", report).and_then(|n| {
        let name = known(n, "position", org.positions.keys(), world)?;
        if name == post {
            let message = format!("{post} cannot act for itself");
            report.error(codes::CYCLE, n.place, message, "name another position");
            return None;
        }
        Some(name)
    });
    let share = map.get("limit").map_or(Some(Decimal::ONE), |n| {
        let share = read::percent(n, "limit", report)?;
        let fits = share > Decimal::ZERO && share <= Decimal::ONE;
        if !fits {
            bad_value(n.place, "the share of the limit is above 0% and at most 100%", "write 50%", report);
        }
        fits.then_some(share)
    });
    let until = map.need("until", "acting", report).and_then(|n| read::time(n, "until", report));
    let since = match map.get("since") {
        Some(node) => Some(read::time(node, "since", report)?),
        None => None,
    };
    let until = until?;
    if since.is_some_and(|since| until <= since) {
        let message = format!("nobody acts for {post}: it ends before it begins");
        report.error(codes::BAD_PERIOD, map.head(), message, "let `until` be after `since`");
    }
    Some(Acting { by: by?, share: share?, since, until })
}

fn group(entry: &Entry, org: &Organisation, world: &World<'_>) -> Option<(Name, Group)> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    if org.positions.contains_key(&name) {
        let message = format!("`{name}` is a position already");
        report.error(codes::DUPLICATE_NAME, entry.at, message, "give the group another name");
        return None;
    }
    let map = Map::read(&entry.value, "a group", Keys::of(&["en", "zh", "members", "need"]), report)?;
    let mut members: Vec<Name> = Vec::new();
    let nodes = map.need("members", "a group", report).map_or(&[][..], |n| read::list(n, "members", report));
    for node in nodes {
        let Some(member) = known(node, "position", org.positions.keys(), world) else { continue };
        if members.contains(&member) {
            let message = format!("`{member}` is a member twice");
            report.error(codes::DUPLICATE_NAME, node.place, message, "keep one of them");
        } else {
            members.push(member);
        }
    }
    let need = map.need("need", "a group", report)?;
    let number = read::whole(need, "need", (1, 1000), report)?;
    if number as usize > nodes.len() {
        let message = format!("{name} needs {number} of {} members", nodes.len());
        report.error(codes::GROUP_NEED, need.place, message, "lower need, or add members");
    }
    Some((name.clone(), Group { title: title(&map, &name, world), members, need: number }))
}

fn delegation(
    entry: &Entry,
    org: &Organisation,
    names: &Names,
    world: &World<'_>,
) -> Option<(Name, Delegation)> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let what = format!("the delegation {name}");
    let keys = Keys::of(&["from", "to", "authority", "up_to", "start", "end", "chains", "duties"]);
    let map = Map::read(&entry.value, &what, keys, report)?;
    let need = |key: &str| map.need(key, &what, report);
    let post = |key: &str| need(key).and_then(|n| known(n, "position", org.positions.keys(), world));
    let (from, to) = (post("from"), post("to"));
    let mut authority = Vec::new();
    for node in need("authority").map_or(&[][..], |n| read::list(n, "authority", report)) {
        let Some(scalar) = read::scalar(node, "authority", report) else { continue };
        if names.authorities.contains(&scalar.text) {
            authority.push(Name::from(scalar.text.as_str()));
        } else {
            let message = format!("there is no authority `{}`", scalar.text);
            let help = suggest::nearest(&scalar.text, names.authorities.iter().map(String::as_str));
            report.error(codes::UNKNOWN_NAME, node.place, message, help);
        }
    }
    let chains = known_chains(&map, names, world);
    let duties = self::duties(&map, report);
    let up_to = need("up_to").and_then(|n| read::number(n, "up_to", report));
    let time = |key: &str| need(key).and_then(|n| read::time(n, key, report));
    let (start, end) = (time("start"), time("end"));
    let (from, to, start, end) = (from?, to?, start?, end?);
    if end <= start {
        let message = format!("{what} ends before it begins");
        report.error(codes::BAD_PERIOD, map.head(), message, "let it end after its start");
    }
    if from == to {
        let message = format!("{from} cannot delegate to itself");
        report.error(codes::CYCLE, map.head(), message, "name another position under `to`");
    }
    if !duties.is_empty() && chains.is_empty() {
        let message = format!("{what} names duties without the chains in which they are delegated");
        report.error(codes::MISSING_KEY, map.head(), message, "name the chains: `chains: [contract-review]`");
    }
    Some((name, Delegation { from, to, authority, up_to: up_to?, start, end, chains, duties }))
}

fn known_chains(map: &Map<'_>, names: &Names, world: &World<'_>) -> Vec<Name> {
    let mut chains = Vec::new();
    for node in map.get("chains").map_or(&[][..], |n| read::list(n, "chains", &world.report)) {
        let Some(scalar) = read::scalar(node, "chain", &world.report) else { continue };
        if names.chains.contains(&scalar.text) {
            chains.push(Name::from(scalar.text.as_str()));
        } else {
            world.unknown("chain", &scalar.text, node.place, names.chains.iter().map(String::as_str));
        }
    }
    chains
}

/// What is asked of a post, by its word.
pub(crate) fn duties(map: &Map<'_>, report: &Report<'_>) -> Vec<Duty> {
    let all = [Duty::Approve, Duty::Review, Duty::Input, Duty::Edit, Duty::Task];
    let words = all.map(Duty::word);
    let nodes = map.get("duties").map_or(&[][..], |n| read::list(n, "duties", report));
    let word = |node: &Node| read::word(node, "duty", &words, report);
    let found = nodes.iter().filter_map(word);
    found.filter_map(|word| all.into_iter().find(|duty| duty.word() == word)).collect()
}
