//! systems.yaml: which back-office system may assert which persons, chains, verbs, facts and amounts.
//!
//! ```text
//! systems:
//!   crm: { persons: all, chains: all, verbs: all, facts: none, up_to: 1000000 }
//! ```

use std::collections::BTreeMap;

use countersign_core::definition::{Allowed, SystemGrant, Systems};
use countersign_core::name::Name;

use crate::codes;
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

/// What a system may ask for.
const VERBS: &[&str] = &[
    "submit",
    "resubmit",
    "amend",
    "decide",
    "withdraw",
    "refer-up",
    "fact",
    "request",
    "hold",
    "resume",
    "retry",
    "compensate",
    "settle",
    "transfer",
    "consult",
    "add-approver",
    "remove-approver",
    "claim",
    "release",
    "take-back",
    "jump",
    "reveal",
    "erase",
    "organise",
    "inbox",
    "case",
    "timeline",
    "explain",
    "preview",
    "handler",
    "accounts",
    "plan",
    "organisation",
    "who",
];

pub(crate) const KEYS: Keys = Keys::of(&["persons", "chains", "verbs", "facts", "up_to"]);

/// Reads systems.yaml.
pub(crate) fn read(node: &Node, world: &World<'_>) -> Option<Systems> {
    let report = &world.report;
    let map = Map::read(node, "systems.yaml", Keys::of(&["systems"]), report)?;
    let list = Map::any(map.need("systems", "systems.yaml", report)?, "systems", report)?;
    let mut systems = BTreeMap::new();
    for entry in list.entries {
        let Some(name) = read::token(&entry.key, entry.at, report) else { continue };
        if let Some(grant) = grant(entry, world) {
            systems.insert(name, grant);
        }
    }
    Some(Systems { systems })
}

fn grant(entry: &Entry, world: &World<'_>) -> Option<SystemGrant> {
    let report = &world.report;
    let what = format!("the system {}", entry.key);
    let map = Map::read(&entry.value, &what, KEYS, report)?;
    let need = |key: &str| map.need(key, &what, report);
    let chains = &world.names.chains;
    let persons = need("persons").map(|n| allowed(n, "person", None, world));
    let chains =
        need("chains").map(|n| allowed(n, "chain", Some(chains.iter().map(String::as_str).collect()), world));
    let verbs = need("verbs").map(|n| allowed(n, "verb", Some(VERBS.to_vec()), world));
    let facts = map.get("facts").map_or(Allowed::Only(Vec::new()), |n| allowed(n, "fact", None, world));
    let up_to = match map.get("up_to") {
        None => None,
        Some(node) if matches!(&node.body, Body::Scalar(s) if s.text == "unlimited") => None,
        Some(node) => {
            let amount = read::number(node, "up_to", report)?;
            value::scale(amount, world.currency()?, node.place, world);
            Some(amount)
        }
    };
    Some(SystemGrant { persons: persons?, chains: chains?, verbs: verbs?, facts, up_to })
}

fn allowed(node: &Node, what: &str, known: Option<Vec<&str>>, world: &World<'_>) -> Allowed {
    match &node.body {
        Body::Scalar(s) if s.text == "all" => return Allowed::All,
        Body::Scalar(s) if s.text == "none" => return Allowed::Only(Vec::new()),
        Body::Scalar(s) => {
            let help = "write all, none, or a list in [ ]";
            bad_value(
                node.place,
                format!("`{}` is not among all, none or a list", s.text),
                help,
                &world.report,
            );
            return Allowed::Only(Vec::new());
        }
        _ => {}
    }
    let mut names = Vec::new();
    for item in read::list(node, what, &world.report) {
        let Some(scalar) = read::scalar(item, what, &world.report) else { continue };
        let text = scalar.text.as_str();
        if let Some(known) = &known
            && !known.contains(&text)
        {
            let message = format!("there is no {what} `{text}`");
            let help = suggest::nearest(text, known.iter().copied());
            world.report.error(codes::UNKNOWN_NAME, item.place, message, help);
            continue;
        }
        names.push(Name::from(text));
    }
    Allowed::Only(names)
}
