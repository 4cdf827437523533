//! authority.yaml: who may decide how much of what.

use std::collections::BTreeMap;

use countersign_core::definition::{AddsUp, Authority, Limit, LimitSet, Line, Measure};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use rust_decimal::Decimal;

use crate::codes;
use crate::company;
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

pub(crate) const KEYS: Keys =
    Keys::of(&["measure", "line", "since", "limits", "later", "independent", "delegable", "adds_up"]);

/// Reads authority.yaml: each entry with the place of all of it.
pub(crate) fn read(node: &Node, world: &World<'_>) -> Vec<(Authority, Place)> {
    let Some(map) = Map::any(node, "authority.yaml", &world.report) else { return Vec::new() };
    let whole = |entry: &Entry| Place { end: entry.value.place.end, ..entry.at };
    map.entries.iter().filter_map(|e| Some((entry(e, world)?, whole(e)))).collect()
}

fn entry(entry: &Entry, world: &World<'_>) -> Option<Authority> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let what = format!("the authority {name}");
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let measure = map.need("measure", &what, report).and_then(|n| measure(n, world));
    let line = map.need("line", &what, report).and_then(|n| line(n, world));
    let independent =
        map.get("independent").and_then(|n| read::flag(n, "independent", report)).unwrap_or(false);
    let delegable = map
        .get("delegable")
        .is_none_or(|n| read::word(n, "delegable", &["never", "always"], report) != Some("never"));
    let adds_up = match map.get("adds_up") {
        Some(node) if is_never(node) => None,
        Some(node) => Some(adds_up(node, world)?),
        // Shares of different amounts make no sum.
        None if measure == Some(Measure::Percent) => None,
        None => world.defaults.as_ref().and_then(|defaults| defaults.adds_up.clone()),
    };
    let measure = measure?;
    let mut limits = Vec::new();
    limits.extend(limit_set(&map, &what, measure, world));
    for later in map.get("later").map_or(&[][..], |n| read::list(n, "later", report)) {
        let Some(part) = Map::read(later, "later limits", Keys::of(&["since", "limits"]), report) else {
            continue;
        };
        let Some(set) = limit_set(&part, "later limits", measure, world) else { continue };
        if limits.last().is_some_and(|before: &LimitSet| before.since >= set.since) {
            bad_value(
                part.head(),
                "later limits begin after those before",
                "put them in order of `since`",
                report,
            );
        }
        limits.push(set);
    }
    for delegation in
        world.organisation.delegations.iter().filter(|(_, d)| !delegable && d.authority.contains(&name))
    {
        let message = format!("{name} is never delegable, yet the delegation {} hands it on", delegation.0);
        report.error(codes::BAD_VALUE, entry.at, message, "take the delegation or `delegable: never` away");
    }
    let authority = Authority { name, measure, line: line?, limits, independent, delegable, adds_up };
    list_members(&authority, map.get("line"), world);
    Some(authority)
}

/// `adds_up: never`.
pub(crate) fn is_never(node: &Node) -> bool {
    matches!(&node.body, Body::Scalar(scalar) if scalar.text == "never")
}

/// R15: what cases have in common whose amounts are held against limits together.
pub(crate) fn adds_up(node: &Node, world: &World<'_>) -> Option<AddsUp> {
    let report = &world.report;
    let keys = Keys::of(&["same", "within", "counts"]);
    let map = Map::read(node, "adds_up", keys, report)?;
    let within = map.need("within", "adds_up", report).and_then(|n| read::span(n, "within", report));
    let (mut document, mut submitter, mut fields) = (false, false, Vec::new());
    let same = map.need("same", "adds_up", report)?;
    for item in read::list(same, "same", report) {
        let Some(scalar) = read::scalar(item, "name", report) else { continue };
        match scalar.text.as_str() {
            "document" => document = true,
            "submitter" => submitter = true,
            text => match text.strip_prefix("doc.") {
                Some(path) => fields.push(path.split('.').map(Name::from).collect()),
                None => {
                    let help = "use document, submitter and fields such as doc.customer";
                    bad_value(
                        item.place,
                        format!("`{text}` is nothing that cases have in common"),
                        help,
                        report,
                    );
                }
            },
        }
    }
    let (mut open, mut approved) = (false, false);
    for item in map.need("counts", "adds_up", report).map_or(&[][..], |n| read::list(n, "counts", report)) {
        match read::word(item, "counts", &["open", "approved"], report) {
            Some("open") => open = true,
            Some(_) => approved = true,
            None => {}
        }
    }
    Some(AddsUp { document, submitter, fields, within: within?, open, approved })
}

fn measure(node: &Node, world: &World<'_>) -> Option<Measure> {
    let text = &read::scalar(node, "measure", &world.report)?.text;
    let found = match text.as_str() {
        "units" => Some(Measure::Units),
        "percent" => Some(Measure::Percent),
        code => company::is_currency(code).map(Measure::Money),
    };
    if found.is_none() {
        let help = "write a currency such as CNY, or units, or percent";
        bad_value(node.place, format!("limits are not counted in `{text}`"), help, &world.report);
    }
    found
}

fn line(node: &Node, world: &World<'_>) -> Option<Line> {
    let report = &world.report;
    if let Body::Scalar(_) = node.body {
        let word = read::word(node, "line", &["solid", "none"], report)?;
        return Some(if word == "solid" { Line::Solid } else { Line::None });
    }
    let items = read::list(node, "line", report);
    let mut names: Vec<Name> = Vec::new();
    for item in items {
        let Some(name) = read::name(item, "a position", report) else { continue };
        if names.contains(&name) {
            let message = format!("`{name}` stands on the line twice");
            report.error(codes::DUPLICATE_NAME, item.place, message, "keep one of them");
        } else if world.is_group(&name) || world.need_position(&name, item.place) {
            names.push(name);
        }
    }
    if items.is_empty() {
        bad_value(node.place, "nobody is on the line", "name positions and groups in order", report);
    }
    Some(Line::List(names))
}

fn limit_set(map: &Map<'_>, what: &str, measure: Measure, world: &World<'_>) -> Option<LimitSet> {
    let report = &world.report;
    let since = map.need("since", what, report).and_then(|n| since(n, world));
    let node = map.need("limits", what, report)?;
    let rows = Map::any(node, "limits", report)?;
    let mut limits = BTreeMap::new();
    for row in rows.entries {
        let org = &world.organisation;
        let known = org.positions.contains_key(row.key.as_str())
            || world.is_group(&row.key)
            || world.kinds.contains(row.key.as_str());
        if !known {
            let names = org.positions.keys().chain(org.groups.keys()).chain(&world.kinds).map(Name::as_str);
            world.unknown("position, group or kind", &row.key, row.at, names);
        }
        // A limit that cannot be read is one all the same, so that one mistake is one finding.
        let limit = limit(&row.value, measure, world).unwrap_or(Limit { up_to: None, beside: Vec::new() });
        limits.insert(Name::from(row.key.as_str()), limit);
    }
    Some(LimitSet { since: since?, limits })
}

/// The first instant of a date in the company's zone, or a time with its offset.
fn since(node: &Node, world: &World<'_>) -> Option<Timestamp> {
    let text = &read::scalar(node, "date", &world.report)?.text;
    if let Some(time) = Timestamp::parse(text) {
        return Some(time);
    }
    let date = company::date(node, world)?;
    let zone = world.company.as_ref().map(|c| c.calendar.zone.clone()).unwrap_or_default();
    Some(zone.instant(date, 0))
}

fn limit(node: &Node, measure: Measure, world: &World<'_>) -> Option<Limit> {
    let report = &world.report;
    let Body::Map(_) = node.body else {
        return Some(Limit { up_to: up_to(node, measure, world)?, beside: Vec::new() });
    };
    let map = Map::read(node, "a limit", Keys::of(&["up_to", "beside"]), report)?;
    let up_to = map.need("up_to", "a limit", report).and_then(|n| up_to(n, measure, world));
    let mut beside = Vec::new();
    for item in map.get("beside").map_or(&[][..], read::one_or_more) {
        let Some(name) = read::name(item, "a position", report) else { continue };
        if world.is_group(&name) || world.need_position(&name, item.place) {
            beside.push(name);
        }
    }
    Some(Limit { up_to: up_to?, beside })
}

/// `Some(None)` is unlimited.
fn up_to(node: &Node, measure: Measure, world: &World<'_>) -> Option<Option<Decimal>> {
    let report = &world.report;
    let scalar = read::scalar(node, "limit", report)?;
    if scalar.text == "unlimited" {
        return Some(None);
    }
    if read::decimal(scalar.text.trim_end_matches('%')).is_none() {
        let message = format!("`{}` is no limit", scalar.text);
        let help = suggest::nearest(&scalar.text, ["unlimited"]);
        bad_value(node.place, message, &format!("write a number, or unlimited; {help}"), report);
        return None;
    }
    let limit = match measure {
        Measure::Percent => read::percent(node, "a limit", report)?,
        Measure::Units => read::number(node, "a limit", report)?,
        Measure::Money(currency) => {
            let amount = read::number(node, "a limit", report)?;
            value::scale(amount, currency, node.place, world).then_some(amount)?
        }
    };
    if limit < Decimal::ZERO {
        bad_value(node.place, "a limit below 0", "write unlimited where there is none", report);
        return None;
    }
    Some(Some(limit))
}

/// Everybody on a listed line holds a limit: who has none would only be asked for an opinion.
fn list_members(authority: &Authority, node: Option<&Node>, world: &World<'_>) {
    let (Line::List(names), Some(node)) = (&authority.line, node) else { return };
    for (name, item) in names.iter().zip(read::one_or_more(node)) {
        if !holds(authority, name, world) {
            let message = format!("{name} is on the line of {} and holds no limit", authority.name);
            let help = format!("add `{name}: ...` under limits, or take it off the line");
            world.report.error(codes::NO_AUTHORITY, item.place, message, help);
        }
    }
}

/// Whether a position or group ever holds a limit of an authority, by its name or its kind.
pub(crate) fn holds(authority: &Authority, name: &str, world: &World<'_>) -> bool {
    let kind = world.position(name).map(|p| p.kind.clone());
    authority.limits.iter().any(|set| {
        let limit = set.limits.get(name).or(kind.as_ref().and_then(|k| set.limits.get(k)));
        limit.is_some_and(|l| l.up_to.is_none_or(|n| n > Decimal::ZERO))
    })
}
