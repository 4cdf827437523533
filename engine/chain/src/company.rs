//! company.yaml: currency, working time, usual arrows, deadlines.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::calendar::Calendar;
use countersign_core::definition::{Company, Deadlines};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::time::{Date, Span, SpanUnit};

use crate::codes;
use crate::policies;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::world::{Defaults, World};
use crate::yaml::Node;
use crate::zone;

pub(crate) const KEYS: Keys = Keys::of(&[
    "company",
    "title",
    "currency",
    "time_zone",
    "working_time",
    "driver",
    "usual",
    "deadlines",
    "policies",
]);

/// Reads company.yaml. `None`: too little of it can be read.
pub(crate) fn read(node: &Node, world: &World<'_>) -> (Option<Company>, Option<Defaults>) {
    let report = &world.report;
    let Some(map) = Map::read(node, "company.yaml", KEYS, report) else { return (None, None) };
    let what = "company.yaml";
    let id = map
        .need("company", what, report)
        .and_then(|n| read::token(&read::scalar(n, "the company's id", report)?.text, n.place, report));
    let currency = map.need("currency", what, report).and_then(|n| currency(n, world));
    let calendar = calendar(&map, world);
    let driver = map.get("driver").and_then(|n| position(n, world));
    let (deadlines, review_deadline) = deadlines(map.get("deadlines"), world);
    let policies = policies::read(map.get("policies"), world);
    let usual = usual(map.get("usual"), world);
    let defaults = Defaults {
        usual,
        review_deadline,
        sending: policies::commands(map.get("policies"), world),
        adds_up: policies::adds_up(map.get("policies"), world),
        signers: policies::signers(map.get("policies"), world),
    };
    let company = match (id, currency, calendar) {
        (Some(id), Some(currency), Some(calendar)) => Some(Company {
            title: read::title(map.get("title"), &id, report),
            id,
            currency,
            currency_digits: currency_digits(),
            calendar,
            driver,
            deadlines,
            policies,
        }),
        _ => None,
    };
    (company, Some(defaults))
}

fn position(node: &Node, world: &World<'_>) -> Option<Name> {
    let name = read::name(node, "a position", &world.report)?;
    world.need_position(&name, node.place).then_some(name)
}

fn currency(node: &Node, world: &World<'_>) -> Option<Currency> {
    let text = &read::scalar(node, "currency", &world.report)?.text;
    let found = Currency::parse(text).filter(|c| currency_digits().contains_key(c));
    if found.is_none() {
        bad_value(
            node.place,
            format!("there is no currency {text}"),
            "write an ISO code such as CNY",
            &world.report,
        );
    }
    found
}

/// Minor-unit digits of every ISO 4217 currency that has a minor unit or needs none.
fn currency_digits() -> BTreeMap<Currency, u8> {
    <iso_currency::Currency as iso_currency::IntoEnumIterator>::iter()
        .filter_map(|c| Some((Currency::parse(c.code())?, u8::try_from(c.exponent()?).ok()?)))
        .collect()
}

/// Whether there is a currency of this code.
pub(crate) fn is_currency(code: &str) -> Option<Currency> {
    Currency::parse(code).filter(|c| currency_digits().contains_key(c))
}

fn calendar(map: &Map<'_>, world: &World<'_>) -> Option<Calendar> {
    let report = &world.report;
    let zone_node = map.need("time_zone", "company.yaml", report)?;
    let zone_name = &read::scalar(zone_node, "time zone", report)?.text;
    let found = zone::zone(zone_name);
    if found.is_none() {
        let known = zone::known();
        let help = suggest::nearest(zone_name, known.iter().map(String::as_str));
        bad_value(zone_node.place, format!("there is no time zone {zone_name}"), &help, report);
    }
    let keys = Keys::of(&["days", "hours", "holidays", "make_up_days"]);
    let node = map.need("working_time", "company.yaml", report)?;
    let work = Map::read(node, "working_time", keys, report)?;
    let days = work.need("days", "working_time", report).map(|n| weekdays(n, world));
    let hours = work.need("hours", "working_time", report).and_then(|n| hours(n, world));
    let holidays = dates(work.get("holidays"), world);
    let make_up_days = dates(work.get("make_up_days"), world);
    for day in holidays.intersection(&make_up_days) {
        let message = format!("{day} is both a holiday and a make-up day");
        bad_value(work.head(), message, "keep it in one of the two lists", report);
    }
    Some(Calendar { zone: found?, days: days?, hours: hours?, holidays, make_up_days })
}

const WEEK: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn weekdays(node: &Node, world: &World<'_>) -> [bool; 7] {
    let mut days = [false; 7];
    for item in read::list(node, "days", &world.report) {
        let day = read::word(item, "a day", WEEK, &world.report);
        if let Some(at) = day.and_then(|d| WEEK.iter().position(|w| *w == d)) {
            days[at] = true;
        }
    }
    days
}

fn dates(node: Option<&Node>, world: &World<'_>) -> BTreeSet<Date> {
    let items = node.map_or(&[][..], |n| read::list(n, "a list of dates", &world.report));
    items.iter().filter_map(|n| date(n, world)).collect()
}

/// A date in quotes.
pub(crate) fn date(node: &Node, world: &World<'_>) -> Option<Date> {
    let text = &read::scalar(node, "date", &world.report)?.text;
    let found = Date::parse(text);
    if found.is_none() {
        bad_value(node.place, format!("`{text}` is no date"), "write it like \"2025-04-27\"", &world.report);
    }
    found
}

fn hours(node: &Node, world: &World<'_>) -> Option<Vec<(u16, u16)>> {
    let report = &world.report;
    let mut found: Vec<(u16, u16)> = Vec::new();
    let items = read::list(node, "hours", report);
    for item in items {
        let text = &read::scalar(item, "interval", report)?.text;
        let interval = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        let after = found.last().map_or(0, |(_, to)| *to);
        match interval.filter(|(from, to)| from < to && *from >= after) {
            Some(interval) => found.push(interval),
            None => {
                let message = format!("`{text}` is no interval after the one before");
                bad_value(item.place, message, "write it like \"09:00-12:00\", ascending", report);
            }
        }
    }
    if items.is_empty() {
        bad_value(
            node.place,
            "no hour is worked",
            "write at least one interval, such as \"09:00-17:00\"",
            report,
        );
    }
    (found.len() == items.len() && !found.is_empty()).then_some(found)
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |t: &str| (t.len() == 2).then(|| t.parse::<u16>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    let total = hour * 60 + minute;
    (minute < 60 && total <= 24 * 60).then_some(total)
}

/// Outcomes that may have a usual arrow.
pub(crate) const USUAL: &[&str] = &["returned", "rejected", "beyond", "failed"];

/// Those and four more, which have a usual arrow in any case. `withdrawn` and `conflict` have no other one.
const OUTCOMES: &[&str] =
    &["returned", "rejected", "beyond", "failed", "withdrawn", "silent", "conflict", "stuck"];

fn usual(node: Option<&Node>, world: &World<'_>) -> BTreeMap<String, String> {
    let report = &world.report;
    let mut found = BTreeMap::from(["silent", "stuck"].map(|o| (o.to_owned(), "on-hold".to_owned())));
    let Some(map) = node.and_then(|n| Map::any(n, "usual", report)) else { return found };
    for entry in map.entries {
        if !OUTCOMES.contains(&entry.key.as_str()) {
            let message = format!("`{}` is no outcome with a usual arrow", entry.key);
            let help = suggest::nearest(&entry.key, OUTCOMES.iter().copied());
            report.error(codes::UNKNOWN_KEY, entry.at, message, help);
            continue;
        }
        let Some(scalar) = read::scalar(&entry.value, "state or end", report) else { continue };
        let (built_in, why) = match entry.key.as_str() {
            "withdrawn" => ("withdrawn", "what its submitter takes back is neither approved nor rejected"),
            "conflict" => ("on-hold", policies::CONTRADICTION),
            _ => {
                found.insert(entry.key.clone(), scalar.text.clone());
                continue;
            }
        };
        if scalar.text != built_in {
            policies::one_value(entry.value.place, (&entry.key, built_in, why), report);
        }
    }
    found
}

/// Deadlines by kind, and whether every other step has one.
fn deadlines(node: Option<&Node>, world: &World<'_>) -> (Deadlines, bool) {
    let report = &world.report;
    let hours = |count| Span { count, unit: SpanUnit::WorkHour };
    let mut found = Deadlines { by_kind: BTreeMap::new(), review: hours(8), group: hours(40) };
    let mut review_named = false;
    let Some(map) = node.and_then(|n| Map::any(n, "deadlines", report)) else { return (found, false) };
    let mut directors = None;
    for entry in map.entries {
        let Some(span) = read::span(&entry.value, "a deadline", report) else { continue };
        match entry.key.as_str() {
            "review" => {
                found.review = span;
                review_named = true;
            }
            "group" => found.group = span,
            // Of every kind that ends in `_director` and has no deadline of its own.
            "director" => directors = Some(span),
            kind => {
                if world.kinds.contains(kind) {
                    found.by_kind.insert(Name::from(kind), span);
                } else {
                    let extra = ["review", "group", "director"];
                    let known = world.kinds.iter().map(Name::as_str).chain(extra);
                    world.unknown("kind of position", kind, entry.at, known);
                }
            }
        }
    }
    if let Some(span) = directors {
        for kind in world.kinds.iter().filter(|k| k.ends_with("_director")) {
            found.by_kind.entry(kind.clone()).or_insert(span);
        }
    }
    (found, review_named)
}
