//! The states of a chain: one activity each, its options, its arrows.

use std::collections::BTreeMap;

use countersign_core::definition::{
    Activity, Check, Expiry, MatchRule, Member, Node as People, StateDef, Target, Wait,
};
use countersign_core::name::Name;
use countersign_core::time::Span;
use countersign_core::value::Type;

use super::Context;
use super::arrows::Outcome;
use super::people::{OWN, Part};
use crate::codes;
use crate::condition::{self, Site};
use crate::diagnostic::{Place, Report};
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::{Entry, Node};

/// Activities of people.
pub(super) const PEOPLE: &[&str] =
    &["climb", "approve", "review", "input", "edit", "all", "any", "votes", "in_order", "tiers"];

const ALL: &[&str] = &[
    "climb",
    "approve",
    "review",
    "input",
    "edit",
    "all",
    "any",
    "votes",
    "in_order",
    "tiers",
    "check",
    "choose",
    "wait",
    "wait_until",
];

const KEYS: Keys = Keys {
    known: &[
        "climb",
        "approve",
        "review",
        "input",
        "edit",
        "all",
        "any",
        "votes",
        "in_order",
        "tiers",
        "check",
        "choose",
        "wait",
        "wait_until",
        "amount",
        "at_least",
        "beside",
        "except",
        "veto",
        "need",
        "match",
        "when",
        "within",
        "expires",
        "cc",
        "independent",
        "weight",
        "next",
    ],
    later: &[
        "task",
        "do",
        "asks",
        "choices",
        "command",
        "with",
        "undo",
        "follow",
        "reserve",
        "consume",
        "restore",
        "release",
        "overdraw",
        "run",
        "copy",
        "submitter",
        "begins",
        "as",
        "start",
        "join",
        "until",
        "tell",
        "request",
        "record",
        "key",
        "hand_over",
        "compensate",
        "for_each",
        "learns",
        "only_if",
        "call_in",
        "deputy",
    ],
};

/// A state and where it is named.
pub(super) struct State {
    pub(super) def: StateDef,
    pub(super) at: Place,
}

/// Reads all states. One that cannot be read leaves a gap that the errors explain.
pub(super) fn read(map: Option<&Map<'_>>, names: &[Option<Name>], context: &Context<'_, '_>) -> Vec<State> {
    let report = &context.world.report;
    let Some(map) = map else { return Vec::new() };
    if map.entries.is_empty() {
        report.error(codes::WRONG_SHAPE, map.place, "a chain without states", "add at least one");
    }
    let states = map.entries.iter().zip(names);
    states
        .filter_map(|(entry, name)| Some(State { def: state(entry, name.as_ref()?, context)?, at: entry.at }))
        .collect()
}

/// The mapping of a state or member, and the one activity in it.
pub(super) fn activity<'t>(
    node: &'t Node,
    what: &str,
    allowed: &'static [&'static str],
    report: &Report<'_>,
) -> Option<(Map<'t>, &'t str)> {
    let map = Map::read(node, what, KEYS, report)?;
    let found: Vec<&Entry> = map.entries.iter().filter(|e| ALL.contains(&e.key.as_str())).collect();
    match found.as_slice() {
        [] => {
            let later = map.entries.iter().any(|e| KEYS.later.contains(&e.key.as_str()));
            if !later {
                let message = format!("{what} does nothing");
                let help = format!("add one of {}", suggest::listed(allowed));
                report.error(codes::MISSING_KEY, map.head(), message, help);
            }
            None
        }
        [only] if allowed.contains(&only.key.as_str()) => Some((map, &only.key)),
        [only] => {
            let message = format!("`{}` cannot stand in {what}", only.key);
            report.error(codes::MISPLACED_KEY, only.at, message, "give it a state of its own");
            None
        }
        [first, second, ..] => {
            let message = format!("{what} does one thing, not both `{}` and `{}`", first.key, second.key);
            report.error(codes::MISPLACED_KEY, second.at, message, "give it a state of its own");
            None
        }
    }
}

/// Reports known keys that the activity does not have.
pub(super) fn misplaced(map: &Map<'_>, activity: &str, allowed: &[&[&str]], report: &Report<'_>) {
    for entry in map.entries {
        let key = entry.key.as_str();
        if key != activity && KEYS.known.contains(&key) && !allowed.iter().any(|a| a.contains(&key)) {
            let message = format!("`{key}` cannot stand beside `{activity}` here");
            let own: Vec<&str> = allowed.iter().flat_map(|a| a.iter().copied()).collect();
            let help = format!("take it away; beside `{activity}` may stand {}", suggest::listed(&own));
            report.error(codes::MISPLACED_KEY, entry.at, message, help);
        }
    }
}

/// What an activity came to.
struct Read {
    activity: Activity,
    outcomes: Vec<Outcome>,
    without_deadline: bool,
}

fn state(entry: &Entry, name: &Name, context: &Context<'_, '_>) -> Option<StateDef> {
    let report = &context.world.report;
    let (map, key) = activity(&entry.value, "a state", ALL, report)?;
    let people = PEOPLE.contains(&key);
    let own = OWN.iter().find(|(n, _)| *n == key).map_or(&[][..], |(_, own)| own);
    let allowed: &[&str] = match key {
        "check" => &["when", "cc", "next"],
        "choose" => &["cc"],
        "wait" => &["match", "when", "cc", "expires", "next"],
        "wait_until" => &["when", "cc", "expires", "next"],
        // Whether a climb is independent is said by its authority.
        "climb" => &["when", "within", "expires", "cc", "next"],
        _ => &["when", "within", "expires", "cc", "independent", "next"],
    };
    misplaced(&map, key, &[own, allowed], report);
    let read = match key {
        "check" => check(&map, context),
        "choose" => choose(&map, context),
        "wait" => wait(&map, context),
        "wait_until" => wait_until(&map, context),
        _ => people_state(key, &map, context),
    };
    let when = context.when(&map, if people { Site::Signer } else { Site::Fork });
    let within = map.get("within").and_then(|n| read::span(n, "within", report));
    let expires = expires(&map, context);
    let cc = context.whos(map.get("cc"));
    let read = read?;
    if read.without_deadline && within.is_none() && map.get("expires").is_none() {
        let message = format!("{name} has no deadline");
        let help = match people {
            true => "add `within: 8wh`, or `review` under deadlines in company.yaml",
            false => "add `expires: { after: 15wd, go: ... }`",
        };
        report.warn(codes::NO_DEADLINE, entry.at, message, help);
    }
    let next = match read.activity {
        Activity::Choose(_) => BTreeMap::new(),
        _ => context.arrows(&map, name, entry.at, &read.outcomes),
    };
    let good = read.outcomes.first().map_or("", |o| o.name);
    Some(StateDef {
        name: name.clone(),
        activity: read.activity,
        when: when?,
        within,
        expires,
        for_each: None,
        learns: Vec::new(),
        cc,
        good: Name::from(good),
        next,
    })
}

fn check(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let report = &context.world.report;
    let keys = Keys { known: &["must", "else"], later: &["unique"] };
    let items = read::list(map.get("check")?, "check", report);
    let mut checks = Vec::new();
    for item in items {
        let Some(map) = Map::read(item, "a check", keys, report) else { continue };
        if map.get("unique").is_some() {
            continue;
        }
        let must = map.need("must", "a check", report).and_then(|n| context.flag(n, Site::Check));
        let code = map.need("else", "a check", report).and_then(|n| read::code(n, report));
        if let (Some(must), Some(code)) = (must, code) {
            checks.push(Check { must, code });
        }
    }
    Some(Read {
        activity: Activity::Check(checks),
        outcomes: ["passed", "failed"].map(Outcome::needed).to_vec(),
        without_deadline: false,
    })
}

fn choose(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let branches = context.branches(map.get("choose")?);
    Some(Read { activity: Activity::Choose(branches), outcomes: Vec::new(), without_deadline: false })
}

fn wait(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let report = &context.world.report;
    let node = map.get("wait")?;
    let fact = &read::scalar(node, "message", report)?.text;
    let parts: Vec<&str> = fact.split('.').collect();
    let token = |t: &&str| {
        t.starts_with(|c: char| c.is_ascii_lowercase())
            && t.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if parts.len() != 2 || !parts.iter().all(token) {
        let message = format!("`{fact}` is no name of a message");
        let help = "write what it is about and what happened, such as contract.sealed";
        report.error(codes::BAD_NAME, node.place, message, help);
        return None;
    }
    let matches = map.need("match", "a wait", report).and_then(|n| context.flag(n, Site::Match))?;
    Some(Read {
        activity: Activity::Wait(Wait {
            fact: Name::from(fact.as_str()),
            rules: vec![MatchRule { when: matches, index: None, first_by: None }],
            until: None,
        }),
        outcomes: vec![Outcome::needed("received")],
        without_deadline: true,
    })
}

fn wait_until(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let node = map.get("wait_until")?;
    let text = context.text(node)?;
    let lowered = condition::any(&text, &context.scope.at(Site::Until))?;
    match lowered.kind {
        Type::Date | Type::Time => {}
        Type::Optional(_) => {
            let help = "add `else` and the time that holds then";
            context.world.report.error(codes::NEEDS_ELSE, node.place, "this time may be missing", help);
            return None;
        }
        kind => {
            let message = format!("{kind} is no time to wait for");
            context.world.report.error(codes::TYPE_ERROR, node.place, message, "use a date or a time");
            return None;
        }
    }
    Some(Read {
        activity: Activity::WaitUntil(lowered.expr),
        outcomes: vec![Outcome::needed("due")],
        without_deadline: false,
    })
}

fn people_state(key: &str, map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let report = &context.world.report;
    let Part { node, outcomes, without_deadline } = context.part(key, map)?;
    let independent =
        map.get("independent").and_then(|n| read::flag(n, "independent", report)).unwrap_or(false);
    // Independence belongs to a member; a state that claims it has one member.
    let node = match independent {
        true => People::InOrder(vec![Member { when: None, within: None, weight: 1, independent, node }]),
        false => node,
    };
    Some(Read { activity: Activity::People(node), outcomes, without_deadline })
}

fn expires(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Expiry> {
    let report = &context.world.report;
    let node = map.get("expires")?;
    let map = Map::read(node, "expires", Keys::of(&["after", "go"]), report)?;
    let after: Option<Span> =
        map.need("after", "expires", report).and_then(|n| read::span(n, "after", report));
    let go_node = map.need("go", "expires", report)?;
    let go = context.target(go_node)?;
    if let Target::End(end) = go
        && context.good_ends.get(usize::from(end)) == Some(&true)
    {
        let help = "let it expire into a bad end, or into a state in which somebody decides";
        report.warn(codes::EXPIRES_INTO_GOOD, go_node.place, "time alone leads to a good end", help);
    }
    Some(Expiry { after: after?, go })
}
