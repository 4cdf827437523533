//! The states of a chain: one activity each, its options, its arrows.

use std::collections::BTreeMap;

use countersign_core::definition::{
    Activity, Expiry, ForEach, Member, Node as People, Shape, StateDef, Target,
};
use countersign_core::name::Name;
use countersign_core::time::Span;
use countersign_core::value::Type;

use super::Context;
use super::arrows::Outcome;
use super::holds;
use super::outside;
use super::people::{self, OWN, Part};
use crate::codes;
use crate::condition::{self, Message, Scope, Site};
use crate::diagnostic::{Place, Report};
use crate::read::{self, Keys, Map, joined};
use crate::suggest;
use crate::yaml::{Body, Entry, Node};

/// Activities of people.
pub(crate) const PEOPLE: &[&str] =
    &["climb", "approve", "review", "input", "edit", "task", "all", "any", "votes", "in_order", "tiers"];

/// Activities of the engine and of systems.
const WORK: &[&str] = &[
    "check",
    "choose",
    "wait",
    "wait_until",
    "command",
    "follow",
    "run",
    "start",
    "join",
    "tell",
    "record",
    "hand_over",
    "compensate",
    "reserve",
    "consume",
    "restore",
    "release",
    "delegate",
    "end_delegation",
    "while_delegated",
];

/// All activities.
pub(crate) const ALL: &[&str] = &joined::<{ PEOPLE.len() + WORK.len() }>(&[PEOPLE, WORK]);

/// What an activity is told more.
const TOLD: &[&str] = &[
    "from",
    "to",
    "authority",
    "up_to",
    "since",
    "overdraw",
    "short",
    "amount",
    "at_least",
    "beside",
    "reviewed_by",
    "except",
    "only_if",
    "call_in",
    "veto",
    "need",
    "do",
    "asks",
    "choices",
    "match",
    "until",
    "with",
    "send_after",
    "hold_after",
    "copy",
    "submitter",
    "begins",
    "as",
    "request",
    "message",
    "key",
    "for_each",
    "learns",
    "when",
    "within",
    "expires",
    "cc",
    "independent",
    "weight",
    "next",
];

const KEYS: Keys = Keys::of(&joined::<{ ALL.len() + TOLD.len() }>(&[ALL, TOLD]));

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
    let read = |(entry, name): (&Entry, &Option<Name>)| {
        Some(State { def: state(entry, name.as_ref()?, map, context)?, at: entry.at })
    };
    states.filter_map(read).collect()
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
            let message = format!("{what} does nothing");
            let help = format!("add one of {}", suggest::listed(allowed));
            report.error(codes::MISSING_KEY, map.head(), message, help);
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
pub(super) struct Read {
    pub(super) activity: Activity,
    /// The good one first.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) without_deadline: bool,
    pub(super) heard: Heard,
}

/// What `learns` may read.
#[derive(Default)]
pub(super) struct Heard {
    /// `reply` or `answer`, with the fields of all its words together.
    pub(super) reply: Option<(&'static str, Shape)>,
    /// The fields by word, where words differ.
    pub(super) by: BTreeMap<Name, Shape>,
    /// What the child that ended is called, and its chain.
    pub(super) child: Option<(Name, Name)>,
    /// A message; None inside: one whose fields nobody declares.
    pub(super) message: Option<Option<Shape>>,
    /// The item that the activity is done for.
    pub(super) item: Option<(Name, Type)>,
}

const NOTHING: &Shape = &Shape::new();

impl Heard {
    /// The scope of what is learnt; after one outcome: only what that one carries.
    pub(super) fn scope<'s, 'f>(&'s self, context: &Context<'s, 'f>, after: Option<&str>) -> Scope<'s, 'f> {
        let reply = self.reply.as_ref().map(|(word, all)| match after {
            Some(outcome) if !self.by.is_empty() => {
                (*word, self.by.get(outcome).unwrap_or(NOTHING).as_slice())
            }
            _ => (*word, all.as_slice()),
        });
        Scope {
            reply,
            message: self
                .message
                .as_ref()
                .map(|m| m.as_ref().map_or(Message::Undeclared, |s| Message::Fields(s))),
            child: self
                .child
                .as_ref()
                .and_then(|(name, chain)| Some((name.as_str(), context.world.heads.get(chain)?))),
            item: self.item.as_ref().map(|(name, kind)| (name.as_str(), kind)),
            ..context.scope
        }
    }
}

/// The options that an activity may have besides its own keys.
pub(crate) fn options(key: &str) -> &'static [&'static str] {
    match key {
        "check" | "join" | "hand_over" | "compensate" | "reserve" | "consume" | "restore" | "release" => {
            &["when", "cc", "next"]
        }
        "choose" => &["cc"],
        "wait" => &["when", "cc", "expires", "learns", "next"],
        "wait_until" | "while_delegated" => &["when", "cc", "expires", "next"],
        "command" | "run" => &["for_each", "when", "cc", "learns", "next"],
        "follow" => &["cc", "learns", "next"],
        "delegate" | "end_delegation" => &["when", "cc", "next"],
        "start" | "tell" | "record" => &["for_each", "when", "cc", "next"],
        // Whether a climb is independent is said by its authority.
        "climb" => &["when", "within", "expires", "cc", "next"],
        "task" => &["for_each", "when", "within", "expires", "cc", "independent", "learns", "next"],
        "approve" | "review" | "input" | "edit" => {
            &["for_each", "when", "within", "expires", "cc", "independent", "next"]
        }
        _ => &["when", "within", "expires", "cc", "independent", "learns", "next"],
    }
}

fn state(entry: &Entry, name: &Name, states: &Map<'_>, context: &Context<'_, '_>) -> Option<StateDef> {
    let report = &context.world.report;
    let (map, key) = activity(&entry.value, "a state", ALL, report)?;
    let people = PEOPLE.contains(&key);
    let own = own_keys(key);
    misplaced(&map, key, &[own, options(key)], report);
    let each = match map.get("for_each") {
        None => None,
        Some(node) => Some(context.for_each(node, Site::With)?),
    };
    let item = each.as_ref().map(|(each, kind)| (each.item.as_str(), kind));
    let doing = context.with(Scope { item, ..context.scope });
    let read = match key {
        "check" => context.checks(&map),
        "choose" => choose(&map, context),
        "wait" => context.wait(&map),
        "wait_until" => wait_until(&map, context),
        "follow" => map.get("follow").and_then(|n| context.follow(n, &map, states)),
        "reserve" | "consume" | "restore" | "release" => holds::read(key, &map, context),
        _ if people => people_state(key, &map, &doing),
        _ => outside::read(key, &map, &doing),
    };
    let when = context.when(&map, if people { Site::Signer } else { Site::Fork });
    let (within, within_by) = within(map.get("within"), context);
    let expires = expires(&map, context);
    let cc = context.whos(map.get("cc"));
    let mut read = read?;
    let patient = read.without_deadline && !context.watched.contains(name.as_str());
    if patient && within.is_none() && within_by.is_empty() && map.get("expires").is_none() {
        no_deadline(name, entry, people, report);
    }
    if let Some((each, kind)) = &each {
        read.heard.item = Some((each.item.clone(), kind.clone()));
        read.outcomes = together(&read.outcomes, people);
    }
    let learns = context.with(read.heard.scope(context, None)).learns(map.get("learns"));
    context.one_teaches(&read.activity, &learns, &map);
    if each.is_some() {
        // The state's outcome is that of all items together: no single answer goes with it.
        read.heard = Heard::default();
    }
    let next = match read.activity {
        Activity::Choose(_) => BTreeMap::new(),
        _ => context.arrows(&map, (name, entry.at), &read),
    };
    let good = good(&read, &next);
    let mut def = StateDef {
        name: name.clone(),
        activity: read.activity,
        when: when?,
        within,
        within_by,
        expires,
        for_each: each.map(|(each, _): (ForEach, Type)| each),
        learns,
        cc,
        good,
        next,
    };
    holds::usual(&mut def);
    Some(def)
}

/// The own keys of an activity.
pub(crate) fn own_keys(key: &str) -> &'static [&'static str] {
    let more: &[(&str, &[&str])] = &[("wait", &["match", "until"])];
    let all = OWN.iter().chain(outside::OWN).chain(holds::OWN).chain(more);
    all.into_iter().find(|(n, _)| *n == key).map_or(&[][..], |(_, own)| own)
}

fn no_deadline(name: &Name, entry: &Entry, people: bool, report: &Report<'_>) {
    let help = match people {
        true => "add `within: 8wh`, or `review` under deadlines in company.yaml",
        false => "add `expires: { after: 15wd, go: ... }`, or an alarm `from` here",
    };
    report.warn(codes::NO_DEADLINE, entry.at, format!("{name} has no deadline"), help);
}

/// The outcome that a skip counts as: a child's good end by name, where `good` itself leads nowhere.
fn good(read: &Read, next: &BTreeMap<Name, Vec<countersign_core::definition::Arrow>>) -> Name {
    let first = read.outcomes.first().map_or(Name::default(), |o| o.name.clone());
    if !matches!(read.activity, Activity::Run(_)) || next.contains_key(&first) {
        return first;
    }
    let named = read.outcomes.iter().skip(2).find(|o| next.contains_key(&o.name));
    named.map_or(first, |o| o.name.clone())
}

/// The outcomes of an activity that is done for each item.
fn together(single: &[Outcome], people: bool) -> Vec<Outcome> {
    let mut found = vec![Outcome::needed("passed")];
    if !people {
        found.push(Outcome::needed("failed"));
        return found;
    }
    found.extend(single.iter().filter(|o| people::sideways(&o.name)).cloned());
    if single.iter().any(|o| o.name == "refused") {
        found.push(Outcome::needed("failed"));
    }
    found
}

fn choose(map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let branches = context.choice(map.get("choose")?);
    let heard = Heard::default();
    Some(Read { activity: Activity::Choose(branches), outcomes: Vec::new(), without_deadline: false, heard })
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
        heard: Heard::default(),
    })
}

fn people_state(key: &str, map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let report = &context.world.report;
    let Part { node, outcomes, without_deadline, asks } = context.part(key, map)?;
    let independent =
        map.get("independent").and_then(|n| read::flag(n, "independent", report)).unwrap_or(false);
    // Independence belongs to a member; a state that claims it has one member.
    let node = match independent {
        true => People::InOrder(vec![Member { when: None, within: None, weight: 1, independent, node }]),
        false => node,
    };
    let heard = Heard { reply: asks.map(|asks| ("answer", asks)), ..Heard::default() };
    Some(Read { activity: Activity::People(node), outcomes, without_deadline, heard })
}

/// `within: 8wh`, or by position: `within: { prod_planner: 4wh, president: 24wh }`.
fn within(node: Option<&Node>, context: &Context<'_, '_>) -> (Option<Span>, BTreeMap<Name, Span>) {
    let (world, report) = (context.world, &context.world.report);
    let mut by = BTreeMap::new();
    let Some(node) = node else { return (None, by) };
    let Body::Map(entries) = &node.body else { return (read::span(node, "within", report), by) };
    for entry in entries {
        let name = entry.key.as_str();
        if world.position(name).is_none() && !world.is_group(name) && !world.kinds.contains(name) {
            let org = &world.organisation;
            let known = org.positions.keys().chain(org.groups.keys()).chain(&world.kinds).map(Name::as_str);
            world.unknown("position, group or kind", name, entry.at, known);
            continue;
        }
        by.extend(read::span(&entry.value, "within", report).map(|span| (Name::from(name), span)));
    }
    (None, by)
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
