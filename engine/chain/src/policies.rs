//! The rules of signing in company.yaml. Every policy may be left out; the safe defaults stand in one place of core.

use countersign_core::definition::{AddsUp, LowerLevels, OwnTop, PathAt, Policies, VacancyRung};
use countersign_core::name::Name;
use countersign_core::time::{Span, SpanUnit};
use rust_decimal::Decimal;

use crate::authority;
use crate::diagnostic::{Place, Report};
use crate::read::{self, Keys, Map};
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Node};

pub(crate) const KEYS: Keys = Keys::of(&[
    "lower_levels",
    "unnamed_kinds_hold",
    "own_documents",
    "same_person_twice",
    "stand_ins",
    "independent_steps",
    "vacancy",
    "fixed_at",
    "new_holder_has",
    "skip_level",
    "clock",
    "returns",
    "amendments",
    "approved_content",
    "adds_up",
    "holds",
    "within_own_limit",
    "commands",
    "signers",
    "subordinates_signatures",
]);

pub(crate) fn read(node: Option<&Node>, world: &World<'_>) -> Policies {
    let mut policies = Policies::default();
    let report = &world.report;
    let Some(map) = node.and_then(|n| Map::read(n, "policies", KEYS, report)) else { return policies };
    if let Some(word) = map.get("lower_levels").and_then(|n| word(n, &["review", "not-asked"], world)) {
        policies.lower_levels = if word == "review" { LowerLevels::Review } else { LowerLevels::NotAsked };
    }
    if let Some(word) =
        map.get("independent_steps").and_then(|n| word(n, &["never-merged", "may-merge"], world))
    {
        policies.independent_never_merged = word == "never-merged";
    }
    if let Some(span) = map.get("new_holder_has").and_then(|n| read::span(n, "new_holder_has", report)) {
        policies.new_holder_has = span;
    }
    if let Some(rungs) = map.get("vacancy") {
        policies.vacancy = vacancy(rungs, world);
    }
    own_documents(map.get("own_documents"), &mut policies, world);
    same_person(map.get("same_person_twice"), &mut policies, world);
    skip_level(map.get("skip_level"), &mut policies, world);
    clock(map.get("clock"), &mut policies, world);
    returns(map.get("returns"), &mut policies, world);
    push_up(map.get("within_own_limit"), &mut policies, world);
    fixed_at(map.get("fixed_at"), &mut policies, world);
    amendments(map.get("amendments"), &mut policies, world);
    built_in(&map, world);
    policies
}

fn word<'w>(node: &Node, words: &[&'w str], world: &World<'_>) -> Option<&'w str> {
    read::word(node, "this policy", words, &world.report)
}

/// Policies that are part of the engine: there is one value, which may be written down.
fn built_in(map: &Map<'_>, world: &World<'_>) {
    let limit = ("0", "who is given no limit decides nothing");
    only(map, "unnamed_kinds_hold", limit, world);
    let frozen = ("frozen", "what is approved changes by another revision, which is signed anew");
    only(map, "approved_content", frozen, world);
    let never = ("never-count", "nobody's document is decided by those who answer to them");
    only(map, "subordinates_signatures", never, world);
    given_back(map.get("holds"), world);
    let stand_ins = Keys::of(&["window", "submitter"]);
    let part = map.get("stand_ins").and_then(|n| Map::read(n, "stand_ins", stand_ins, &world.report));
    if let Some(part) = part {
        let window =
            ("from-inclusive-to-exclusive", "where one ends another begins, and no instant is of both");
        only(&part, "window", window, world);
        only(&part, "submitter", ("never", "nobody decides their own document in another's name"), world);
    }
}

/// R8: what is taken as of when. Only the path may be taken later.
fn fixed_at(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let keys = Keys::of(&["chain", "path", "holder", "limit"]);
    let Some(map) = node.and_then(|n| Map::read(n, "fixed_at", keys, &world.report)) else { return };
    only(&map, "chain", ("submission", "a case keeps the rules that it began with"), world);
    only(&map, "holder", ("activation", "whoever holds the post when it is asked answers"), world);
    only(&map, "limit", ("decision", "a limit that was taken away meanwhile is none"), world);
    if let Some(word) = map.get("path").and_then(|n| word(n, &["submission", "activation"], world)) {
        policies.path = if word == "submission" { PathAt::Submission } else { PathAt::Activation };
    }
}

/// R12: what a change of the amount under way leaves of signatures.
fn amendments(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let keys = Keys::of(&["smaller", "larger"]);
    let Some(map) = node.and_then(|n| Map::read(n, "amendments", keys, &world.report)) else { return };
    if let Some(word) = map.get("smaller").and_then(|n| word(n, &["keeps-signatures", "voids"], world)) {
        policies.amendments.smaller_keeps = word != "voids";
    }
    if let Some(word) = map.get("larger").and_then(|n| word(n, &["keeps-opinions", "voids"], world)) {
        policies.amendments.larger_keeps_opinions = word != "voids";
    }
}

/// R15 for every authority that does not say so itself. None: amounts stand alone.
pub(crate) fn adds_up(node: Option<&Node>, world: &World<'_>) -> Option<AddsUp> {
    let map = world.report.quietly(|| Map::read(node?, "policies", KEYS, &world.report))?;
    match map.get("adds_up")? {
        node if authority::is_never(node) => None,
        node => authority::adds_up(node, world),
    }
}

/// How many may have to sign.
pub(crate) struct Signers {
    /// Up to this amount of the company's currency ...
    pub(crate) up_to: Decimal,
    /// ... so many sign at most.
    pub(crate) at_most: u32,
    /// So many sign one after another at most, whatever the amount.
    pub(crate) levels: u32,
}

pub(crate) fn signers(node: Option<&Node>, world: &World<'_>) -> Option<Signers> {
    let report = &world.report;
    let map = report.quietly(|| Map::read(node?, "policies", KEYS, report))?;
    let what = "signers";
    let part = Map::read(map.get(what)?, what, Keys::of(&["up_to", "at_most", "levels"]), report)?;
    let up_to = part.need("up_to", what, report).and_then(|n| read::number(n, "up_to", report));
    let at_most =
        part.need("at_most", what, report).and_then(|n| read::whole(n, "at_most", (1, 100), report));
    let levels = part.get("levels").map_or(Some(u32::MAX), |n| read::whole(n, "levels", (1, 100), report));
    Some(Signers { up_to: up_to?, at_most: at_most?, levels: levels? })
}

/// Accepts the one value of a policy; of any other it is said why there is none.
fn only(map: &Map<'_>, key: &str, (value, why): (&str, &str), world: &World<'_>) {
    let Some(node) = map.get(key) else { return };
    let same = match &node.body {
        Body::Scalar(s) => s.text == value,
        Body::Bad => true,
        Body::List(_) | Body::Map(_) => false,
    };
    if !same {
        one_value(node.place, (key, value, why), &world.report);
    }
}

/// Reports another value of something that has only one.
pub(crate) fn one_value(place: Place, (key, value, why): (&str, &str, &str), report: &Report<'_>) {
    let message = format!("`{key}` is `{value}`: {why}");
    read::bad_value(place, message, &format!("write `{value}`, or take the key away"), report);
}

/// R16: when what a case has set aside is free again.
fn given_back(node: Option<&Node>, world: &World<'_>) {
    let report = &world.report;
    let Some(map) = node.and_then(|n| Map::read(n, "holds", Keys::of(&["given_back"]), report)) else {
        return;
    };
    let Some((words, place)) =
        map.get("given_back").and_then(|n| Some((words(n, GIVEN_BACK, world)?, n.place)))
    else {
        return;
    };
    if words.len() < GIVEN_BACK.len() {
        let why = "what comes again is set aside again on its way, and what ended badly binds nothing";
        one_value(place, ("given_back", "[draft, bad-end]", why), report);
    }
}

const GIVEN_BACK: &[&str] = &["draft", "bad-end"];

/// A list of some of these words, each once. None: one is none of them.
fn words<'w>(node: &Node, known: &[&'w str], world: &World<'_>) -> Option<Vec<&'w str>> {
    let mut found = Vec::new();
    for item in read::list(node, "this policy", &world.report) {
        let word = word(item, known, world)?;
        if !found.contains(&word) {
            found.push(word);
        }
    }
    Some(found)
}

fn vacancy(node: &Node, world: &World<'_>) -> Vec<VacancyRung> {
    let mut rungs = Vec::new();
    for item in read::list(node, "vacancy", &world.report) {
        let rung = match word(item, &["acting", "delegate", "next-superior"], world) {
            Some("acting") => VacancyRung::Acting,
            Some("delegate") => VacancyRung::Delegate,
            Some(_) => VacancyRung::NextSuperior,
            None => continue,
        };
        if !rungs.contains(&rung) {
            rungs.push(rung);
        }
    }
    rungs
}

fn own_documents(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["own_level", "top"]);
    let Some(map) = node.and_then(|n| Map::read(n, "own_documents", keys, report)) else { return };
    only(&map, "own_level", ("drops-out", "nobody decides their own document"), world);
    let keys = Keys::of(&["decided_by", "need"]);
    let Some(top) = map.get("top").and_then(|n| Map::read(n, "top", keys, report)) else { return };
    let need = top.get("need").and_then(|n| word(n, &["everybody-else", "group"], world));
    let Some(node) = top.need("decided_by", "top", report) else { return };
    let Some(name) = read::name(node, "a group", report) else { return };
    if world.is_group(&name) {
        policies.own_top = Some(OwnTop { decided_by: name, everybody_else: need != Some("group") });
    } else {
        world.unknown("group", &name, node.place, world.organisation.groups.keys().map(Name::as_str));
    }
}

fn same_person(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["signs", "never_below", "above"]);
    let Some(map) = node.and_then(|n| Map::read(n, "same_person_twice", keys, report)) else { return };
    let same = &mut policies.same_person;
    if let Some(word) = map.get("signs").and_then(|n| word(n, &["once", "each-time"], world)) {
        same.signs_once = word == "once";
    }
    if let Some(floor) = map.get("never_below").and_then(|n| read::whole(n, "never_below", (1, 100), report))
    {
        same.never_below = floor;
    }
    let above = map.get("above").and_then(|n| Some((read::number(n, "above", report)?, n.place)));
    if let (Some((above, place)), Some(currency)) = (above, world.currency())
        && value::scale(above, currency, place, world)
    {
        same.above = above;
    }
}

/// For whom an attempt past the immediate superior may be on record.
const RECORDED_FOR: &[&str] = &["submitter", "superior(submitter)"];

fn skip_level(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["answer", "recorded_for", "except"]);
    let Some(map) = node.and_then(|n| Map::read(n, "skip_level", keys, report)) else { return };
    if let Some(word) = map.get("answer").and_then(|n| word(n, &["refuse", "allow"], world)) {
        policies.skip_level.refused = word == "refuse";
    }
    if let Some((words, place)) =
        map.get("recorded_for").and_then(|n| Some((words(n, RECORDED_FOR, world)?, n.place)))
    {
        policies.skip_level.superior_recorded = words.contains(&"superior(submitter)");
        if !words.contains(&"submitter") {
            let message = "an attempt that is refused is always on record for whoever made it";
            read::bad_value(place, message, "write [submitter] or [submitter, superior(submitter)]", report);
        }
    }
    for item in map.get("except").map_or(&[][..], |n| read::list(n, "except", report)) {
        let Some(name) = read::name(item, "a chain", report) else { continue };
        if world.names.chains.contains(name.as_str()) {
            policies.skip_level.except.push(name);
        } else {
            world.unknown("chain", &name, item.place, world.names.chains.iter().map(String::as_str));
        }
    }
}

fn clock(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["remind", "overdue", "escalate", "copies", "top_overdue"]);
    let Some(map) = node.and_then(|n| Map::read(n, "clock", keys, report)) else { return };
    let percent = |key: &str, default: u32| {
        let Some(node) = map.get(key) else { return default };
        let share = read::percent(node, key, report).and_then(|s| s.checked_mul(Decimal::ONE_HUNDRED));
        let whole = share.filter(|s| s.is_integer()).and_then(|s| u32::try_from(s).ok());
        match whole.filter(|n| (1..=1000).contains(n)) {
            Some(n) => n,
            None if share.is_none() => default,
            None => {
                read::bad_value(
                    node.place,
                    format!("{key} is from 1% to 1000%"),
                    "write a whole percentage",
                    report,
                );
                default
            }
        }
    };
    let clock = &mut policies.clock;
    (clock.remind, clock.overdue, clock.escalate) =
        (percent("remind", 50), percent("overdue", 100), percent("escalate", 200));
    if clock.remind >= clock.overdue || clock.overdue >= clock.escalate {
        let message = "remind, overdue and escalate come one after another";
        read::bad_value(map.head(), message, "write for example 50%, 100% and 200%", report);
    }
    if let Some(node) = map.get("copies") {
        let copied = words(node, &["superior", "driver"], world);
        (clock.copies_superior, clock.copies_driver) = match copied {
            Some(words) => (words.contains(&"superior"), words.contains(&"driver")),
            None => (true, true),
        };
    }
    if let Some(node) = map.get("top_overdue")
        && let Some(name) = read::name(node, "a position", report)
        && world.need_position(&name, node.place)
    {
        clock.top_overdue = Some(name);
    }
}

fn returns(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["keep", "at_most", "then", "code"]);
    let Some(map) = node.and_then(|n| Map::read(n, "returns", keys, report)) else { return };
    let keep = map.get("keep").and_then(|n| word(n, &["signatures-unless-commercial", "nothing"], world));
    if let Some(word) = keep {
        policies.returns.keep_unless_commercial = word != "nothing";
    }
    if let Some(n) = map.get("at_most").and_then(|n| read::whole(n, "at_most", (0, 100), report)) {
        policies.returns.at_most = n;
    }
    let then = ("rejected", "the case has its end `rejected`, and a chain without one its first bad end");
    only(&map, "then", then, world);
    only(&map, "code", ("REVISION_LIMIT", "other systems know it by this code"), world);
}

/// Why two different last answers have one consequence.
pub(crate) const CONTRADICTION: &str = "which of two answers is true a person has to find out";

/// When a command without an answer is sent again, and when its case stops waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sending {
    /// Counted from the first time; the first entry is 0.
    pub(crate) send_after: Vec<Span>,
    /// Counted from the first time.
    pub(crate) hold_after: Span,
}

impl Default for Sending {
    fn default() -> Sending {
        let minutes = |count| Span { count, unit: SpanUnit::Minute };
        Sending { send_after: [0, 5, 15].map(minutes).to_vec(), hold_after: minutes(30) }
    }
}

/// `policies: commands`.
pub(crate) fn commands(policies: Option<&Node>, world: &World<'_>) -> Sending {
    let report = &world.report;
    let keys = Keys::of(&["send_after", "hold_after", "late_answer", "second_answer"]);
    let node = policies.and_then(|p| match &p.body {
        Body::Map(entries) => entries.iter().find(|e| e.key == "commands").map(|e| &e.value),
        _ => None,
    });
    let Some(map) = node.and_then(|n| Map::read(n, "commands", keys, report)) else {
        return Sending::default();
    };
    let late = ("adopt-or-undo", "who still waits takes it, and what nobody wants any more is undone");
    only(&map, "late_answer", late, world);
    only(&map, "second_answer", ("on-hold", CONTRADICTION), world);
    sending(&map, &Sending::default(), world)
}

/// `send_after` and `hold_after` of a mapping, where they are not as usual.
pub(crate) fn sending(map: &Map<'_>, usual: &Sending, world: &World<'_>) -> Sending {
    let report = &world.report;
    let mut found = usual.clone();
    if let Some(node) = map.get("send_after") {
        let items = read::list(node, "send_after", report);
        let at_once = |n: &Node| matches!(&n.body, Body::Scalar(s) if s.text == "0min");
        let span = |n: &Node| match at_once(n) {
            true => Some(Span { count: 0, unit: SpanUnit::Minute }),
            false => read::span(n, "send_after", report),
        };
        let spans: Vec<Span> = items.iter().filter_map(span).collect();
        let ascending = spans.windows(2).all(|w| minutes(w[0]) < minutes(w[1]));
        if spans.len() < items.len() {
            return found;
        }
        if spans.first().is_none_or(|s| s.count != 0)
            || !ascending
            || spans.iter().any(|s| minutes(*s).is_none())
        {
            let message = "a command is sent at once, and then again after longer and longer";
            read::bad_value(
                node.place,
                message,
                "write it like [0min, 5min, 15min]: min, h and d, ascending from 0",
                report,
            );
            return found;
        }
        found.send_after = spans;
    }
    if let Some(node) = map.get("hold_after")
        && let Some(span) = read::span(node, "hold_after", report)
    {
        found.hold_after = span;
    }
    let last = found.send_after.last().and_then(|s| minutes(*s));
    if minutes(found.hold_after).is_none_or(|hold| last.is_some_and(|last| hold <= last)) {
        let place = map.entry("hold_after").or(map.entry("send_after")).map_or(map.head(), |e| e.value.place);
        let message = "the case stops waiting before the command is sent for the last time";
        read::bad_value(place, message, "write a longer hold_after, in min, h or d", report);
        return usual.clone();
    }
    found
}

/// Lengths of time that the clock on the wall has.
fn minutes(span: Span) -> Option<u32> {
    match span.unit {
        SpanUnit::Minute => Some(span.count),
        SpanUnit::Hour => span.count.checked_mul(60),
        SpanUnit::Day => span.count.checked_mul(24 * 60),
        _ => None,
    }
}

fn push_up(node: Option<&Node>, policies: &mut Policies, world: &World<'_>) {
    let report = &world.report;
    let keys = Keys::of(&["push_up", "except"]);
    let Some(map) = node.and_then(|n| Map::read(n, "within_own_limit", keys, report)) else { return };
    if let Some(word) = map.get("push_up").and_then(|n| word(n, &["refuse", "allow"], world)) {
        policies.push_up.refused = word == "refuse";
    }
    if let Some(node) = map.get("except") {
        let items = read::list(node, "except", report);
        policies.push_up.except = items.iter().filter_map(|n| read::name(n, "a reason", report)).collect();
    }
}
