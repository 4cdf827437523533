//! accounts.yaml: budgets, credit, pools and tallies: what can be set aside, how much of it there is, its flags.
//!
//! ```text
//! credit: { measure: CNY, one_per: { customer: customers }, limit: customer.limit, short: CREDIT_LIMIT }
//! ```
//!
//! Heads are read first, because accounts and chains name one another in any order; then limits and flags.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Account, AccountMeasure, Progress};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;
use rust_decimal::Decimal;

use crate::codes;
use crate::company;
use crate::condition::{self, FUNCTIONS, Own, RESERVED, Scope, Site, Text};
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map, bad_value};
use crate::types;
use crate::value;
use crate::world::{AccountHead, World};
use crate::yaml::{Body, Entry, Node};

/// What spending is held against.
pub(crate) const PROGRESS: Keys = Keys::of(&["sales", "time"]);
pub(crate) const KEYS: Keys = Keys::of(&[
    "title",
    "measure",
    "one_per",
    "limit",
    "short",
    "define",
    "flags",
    "below_zero",
    "opening",
    "progress",
]);

/// What is short where an account names no code of its own.
const SHORT: &str = "INSUFFICIENT";
/// More parts nobody can keep apart.
const PARTS_MAX: usize = 8;
/// What an account says about itself, which no part and no define can be called.
const WORDS: &[&str] = &["limit", "used", "reserved", "free", "flag", "none", "unlimited"];

/// What others may know of each account.
pub(crate) fn heads(node: &Node, world: &mut World<'_>) {
    let report = &world.report;
    let Some(map) = Map::any(node, "accounts.yaml", report) else { return };
    let heads: Vec<AccountHead> = map.entries.iter().filter_map(|entry| head(entry, world)).collect();
    world.accounts = heads.into_iter().map(|head| (head.name.clone(), head)).collect();
}

fn head(entry: &Entry, world: &World<'_>) -> Option<AccountHead> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let taken = RESERVED.contains(&name.as_str())
        || FUNCTIONS.contains(&name.as_str())
        || world.names.tables.contains(name.as_str())
        || world.names.chains.contains(name.as_str());
    if taken {
        let message = format!("`{name}` has a meaning of its own");
        report.error(codes::RESERVED_NAME, entry.at, message, "choose another name");
        return None;
    }
    let what = format!("the account {name}");
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let measure = map.need("measure", &what, report).and_then(|n| measure(n, world))?;
    let (kind, currency) = match &measure {
        AccountMeasure::Money(currency) if world.currency() == Some(*currency) => (Type::Money, None),
        AccountMeasure::Money(currency) => (Type::AnyMoney, Some(*currency)),
        AccountMeasure::Count(word) if *word == "units" => (Type::Units, None),
        AccountMeasure::Count(_) => (Type::Number, None),
    };
    let parts = map.need("one_per", &what, report).and_then(|n| parts(n, world))?;
    let unlimited = map.need("limit", &what, report).is_some_and(is_unlimited);
    let entries = map.get("flags").and_then(|n| Map::any(n, "flags", report)).map_or(&[][..], |m| m.entries);
    let flags = entries.iter().filter_map(|flag| free_name(flag, &parts, world)).collect();
    Some(AccountHead { name, kind, currency, parts, unlimited, flags })
}

fn is_unlimited(node: &Node) -> bool {
    matches!(&node.body, Body::Scalar(scalar) if scalar.text == "unlimited")
}

/// What is counted.
fn measure(node: &Node, world: &World<'_>) -> Option<AccountMeasure> {
    let report = &world.report;
    let text = &read::scalar(node, "measure", report)?.text;
    let found = match company::is_currency(text) {
        Some(currency) => Some(AccountMeasure::Money(currency)),
        None if text.bytes().all(|b| b.is_ascii_uppercase()) => None,
        None => read::new_name(text, node.place, report).map(AccountMeasure::Count),
    };
    if found.is_none() {
        let help = "write a currency such as CNY, or what is counted: units, orders, cases";
        bad_value(node.place, format!("nothing is counted in `{text}`"), help, report);
    }
    found
}

fn parts(node: &Node, world: &World<'_>) -> Option<Vec<(Name, Type)>> {
    let report = &world.report;
    let map = Map::any(node, "one_per", report)?;
    if map.entries.is_empty() || map.entries.len() > PARTS_MAX {
        let message = format!("an account is kept by 1 to {PARTS_MAX} things, not {}", map.entries.len());
        report.error(codes::WRONG_SHAPE, node.place, message, "write `one_per: { customer: customers }`");
        return None;
    }
    let mut found: Vec<(Name, Type)> = Vec::new();
    for entry in map.entries {
        let name = free_name(entry, &found, world)?;
        let scalar = read::scalar(&entry.value, "type", report)?;
        let kind = types::parse(&scalar.text, entry.value.place, world)?;
        if !matches!(
            kind,
            Type::Text | Type::Choice(_) | Type::Row(_) | Type::Position | Type::Unit | Type::Case
        ) {
            let help = "use text, words, a table, a position, a unit or a case";
            bad_value(entry.value.place, format!("{kind} cannot be part of a key"), help, report);
            return None;
        }
        found.push((name, kind));
    }
    Some(found)
}

/// The name of a part, a define or a flag, which nothing else has.
fn free_name(entry: &Entry, others: &[(Name, Type)], world: &World<'_>) -> Option<Name> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let taken = WORDS.contains(&name.as_str())
        || RESERVED.contains(&name.as_str())
        || FUNCTIONS.contains(&name.as_str())
        || others.iter().any(|(other, _)| *other == name);
    if taken {
        let message = format!("`{name}` has a meaning of its own in accounts.yaml");
        report.error(codes::RESERVED_NAME, entry.at, message, "choose another name");
        return None;
    }
    Some(name)
}

/// Reads accounts.yaml: each account with the place of all of it.
pub(crate) fn read(node: &Node, world: &World<'_>) -> Vec<(Account, Place)> {
    let Body::Map(entries) = &node.body else { return Vec::new() };
    let whole = |entry: &Entry| Place { end: entry.value.place.end, ..entry.at };
    let read = |entry: &Entry| Some((account(entry, world)?, whole(entry)));
    let found: Vec<(Account, Place)> = entries.iter().filter_map(read).collect();
    circles(&found, world);
    found
}

fn account(entry: &Entry, world: &World<'_>) -> Option<Account> {
    let report = &world.report;
    let head = world.accounts.get(entry.key.as_str())?;
    let map = Map::any(&entry.value, "an account", report)?;
    let measure = report.quietly(|| measure(map.get("measure")?, world))?;
    let reads = RefCell::default();
    let mut defines: Vec<(Name, Option<(Expr, Type)>)> = Vec::new();
    // What a limit may read is decided where it is used: a define that reads what is used up stands in flags only.
    for define in map.get("define").and_then(|n| Map::any(n, "define", report)).map_or(&[][..], |m| m.entries)
    {
        let Some(name) = free_name(define, &head.parts, world) else { continue };
        let scope = scope(world, Own { head, defines: &defines, limit: false }, &reads);
        let lowered = expression(&define.value, None, &scope);
        defines.push((name, lowered));
    }
    let limit = match map.get("limit") {
        Some(node) if !head.unlimited => {
            let scope = scope(world, Own { head, defines: &defines, limit: true }, &reads);
            let lowered = expression(node, Some(&head.kind), &scope);
            if lowered.as_ref().is_some_and(|(expr, _)| expr.any(&|part| matches!(part, Expr::Own(_)))) {
                let message = format!("the limit of {} reads how the same account stands", head.name);
                let help = "a limit reads the key, tables and other accounts";
                report.error(codes::CYCLE, node.place, message, help);
            }
            Some(lowered.map(|(expr, _)| expr))
        }
        _ => None,
    };
    let mut flags = Vec::new();
    for flag in map.get("flags").and_then(|n| Map::any(n, "flags", report)).map_or(&[][..], |m| m.entries) {
        if !head.flags.iter().any(|name| *name == flag.key.as_str()) {
            continue;
        }
        let scope = scope(world, Own { head, defines: &defines, limit: false }, &reads);
        if let Some((expr, _)) = expression(&flag.value, Some(&Type::Flag), &scope) {
            flags.push((Name::from(flag.key.as_str()), expr));
        }
    }
    let scope = scope(world, Own { head, defines: &defines, limit: false }, &reads);
    let progress = map.get("progress").map(|n| progress(n, &scope));
    let short = map.get("short").map_or(Some(Name::from(SHORT)), |n| read::code(n, report));
    let below_zero = map.get("below_zero").map(|n| word(n, world));
    Some(Account {
        name: head.name.clone(),
        title: read::title(map.get("title"), &head.name, report),
        measure,
        parts: head.parts.clone(),
        limit: match limit {
            Some(found) => Some(found?),
            None => None,
        },
        short: short?,
        flags,
        below_zero: match below_zero {
            Some(found) => Some(found?),
            None => None,
        },
        opening: opening(map.get("opening"), head, world),
        progress: match progress {
            Some(found) => Some(found?),
            None => None,
        },
    })
}

fn progress(node: &Node, scope: &Scope<'_, '_>) -> Option<Progress> {
    let report = &scope.world.report;
    let map = Map::read(node, "progress", PROGRESS, report)?;
    let share = |key| {
        let node = map.need(key, "progress", report)?;
        expression(node, Some(&Type::Percent), scope).map(|(expr, _)| expr)
    };
    let (sales, time) = (share("sales"), share("time"));
    Some(Progress { sales: sales?, time: time? })
}

fn scope<'s, 'f>(world: &'s World<'f>, own: Own<'s>, reads: &'s RefCell<BTreeSet<Name>>) -> Scope<'s, 'f> {
    Scope { account: Some(own), ..Scope::bare(world, Site::Account, reads) }
}

fn expression(node: &Node, kind: Option<&Type>, scope: &Scope<'_, '_>) -> Option<(Expr, Type)> {
    let report = &scope.world.report;
    let text = Text::of(node, read::scalar(node, "expression", report)?, report);
    let lowered = match kind {
        Some(kind) => condition::of_type(&text, kind, scope),
        None => condition::any(&text, scope),
    }?;
    condition::bounded(&text, lowered, scope)
}

/// `quota.deficit`: the word for a limit that fell below what is taken.
fn word(node: &Node, world: &World<'_>) -> Option<Name> {
    let text = &read::scalar(node, "a word", &world.report)?.text;
    let good = text.split('.').all(read::is_name) && text.len() <= 64;
    if !good {
        bad_value(
            node.place,
            format!("`{text}` is no word"),
            "write one such as quota.deficit",
            &world.report,
        );
    }
    good.then(|| Name::from(text.as_str()))
}

/// What was used up by key before the company began with its rules.
fn opening(node: Option<&Node>, head: &AccountHead, world: &World<'_>) -> BTreeMap<Name, Decimal> {
    let report = &world.report;
    let mut found = BTreeMap::new();
    for entry in node.and_then(|n| Map::any(n, "opening", report)).map_or(&[][..], |m| m.entries) {
        let parts: Vec<&str> = match head.parts.len() {
            1 => vec![entry.key.as_str()],
            _ => entry.key.split('/').collect(),
        };
        if parts.len() != head.parts.len() {
            let names: Vec<&str> = head.parts.iter().map(|(name, _)| name.as_str()).collect();
            let message = format!("`{}` does not have the parts of the key", entry.key);
            bad_value(entry.at, message, &format!("write \"{}\"", names.join("/")), report);
            continue;
        }
        let known = parts.iter().zip(&head.parts);
        if known.filter(|(part, (_, kind))| value::from_text(part, kind, entry.at, world).is_none()).count()
            > 0
        {
            continue;
        }
        let Some(used) = read::number(&entry.value, "what is used up", report) else { continue };
        if used < Decimal::ZERO {
            bad_value(entry.value.place, "less than nothing was used up", "write 0 or more", report);
        }
        let currency =
            head.currency.or(world.currency()).filter(|_| matches!(head.kind, Type::Money | Type::AnyMoney));
        if currency.is_none_or(|currency| value::scale(used, currency, entry.value.place, world)) {
            found.insert(Name::from(entry.key.as_str()), used);
        }
    }
    found
}

/// Accounts that read one another in a circle: how one of them stands would have no answer.
fn circles(accounts: &[(Account, Place)], world: &World<'_>) {
    let reads: BTreeMap<&str, BTreeSet<Name>> =
        accounts.iter().map(|(account, _)| (account.name.as_str(), read_by(account))).collect();
    let mut said = BTreeSet::new();
    for (account, place) in accounts {
        let Some(circle) = circle(&account.name, &reads) else { continue };
        let mut members = circle.clone();
        members.sort();
        if said.insert(members) {
            let names: Vec<&str> = circle.iter().chain(circle.first()).map(Name::as_str).collect();
            let message = format!("these accounts read one another: {}", names.join(" -> "));
            let help = "let one of them read tables only";
            let at = Place { end: place.start + account.name.len() as u32, ..*place };
            world.report.error(codes::CYCLE, at, message, help);
        }
    }
}

fn read_by(account: &Account) -> BTreeSet<Name> {
    let found = RefCell::new(BTreeSet::new());
    for expr in account.limit.iter().chain(account.flags.iter().map(|(_, expr)| expr)) {
        expr.any(&|part| {
            if let Expr::Balance { account, .. } = part {
                found.borrow_mut().insert(account.clone());
            }
            false
        });
    }
    found.into_inner()
}

/// The shortest way from an account back to itself.
fn circle(start: &Name, reads: &BTreeMap<&str, BTreeSet<Name>>) -> Option<Vec<Name>> {
    let mut open = std::collections::VecDeque::from([vec![start.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = open.pop_front() {
        for next in reads.get(path.last()?.as_str()).into_iter().flatten() {
            if next == start {
                return Some(path);
            }
            if seen.insert(next.clone()) {
                open.push_back([path.as_slice(), std::slice::from_ref(next)].concat());
            }
        }
    }
    None
}
