//! What a state does outside its own case: commands, other cases, records, ownership, compensation.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{
    Activity, Begins, CommandDef, RecordDef, Refusals, RunDef, Shape, TellDef, Told, Verb, Who,
};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use super::arrows::Outcome;
use super::facts::union;
use super::given::Takes;
use super::states::{Heard, Read};
use crate::adapters;
use crate::codes;
use crate::condition::{self, Site};
use crate::policies;
use crate::read::{self, Map, bad_value};
use crate::suggest;
use crate::world::ChainHead;
use crate::yaml::{Body, Node};

/// Activities of this file and their own keys.
pub(super) const OWN: &[(&str, &[&str])] = &[
    ("command", &["with", "send_after", "hold_after"]),
    ("follow", &[]),
    ("run", &["copy", "with", "submitter", "begins", "as"]),
    ("start", &["copy", "with", "submitter", "begins"]),
    ("join", &[]),
    ("tell", &["request", "message", "with"]),
    ("record", &["key", "with"]),
    ("hand_over", &[]),
    ("compensate", &[]),
    ("delegate", &["from", "to", "authority", "up_to", "since", "until"]),
    ("end_delegation", &[]),
    ("while_delegated", &[]),
];

/// Reads what a state does outside. `None` after a report.
pub(super) fn read(key: &str, map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let node = map.get(key)?;
    match key {
        "command" => context.command(node, map),
        "run" => context.run(node, map),
        "start" => context.start(node, map),
        "join" => context.join(node),
        "tell" => context.tell(node, map),
        "record" => context.record(node, map),
        "hand_over" => context.hand_over(node),
        "delegate" => context.delegate(node, map),
        "end_delegation" => context.end_delegation(node),
        "while_delegated" => context.while_delegated(node),
        _ => context.compensate(node),
    }
}

fn outcomes(names: &[&str]) -> Vec<Outcome> {
    names.iter().map(|n| Outcome::needed(n)).collect()
}

pub(super) fn plain(activity: Activity, names: &[&str]) -> Read {
    Read { activity, outcomes: outcomes(names), without_deadline: false, heard: Heard::default() }
}

/// The outcomes that a state's `next` names.
fn named<'t>(map: &Map<'t>) -> BTreeSet<&'t str> {
    match map.get("next").map(|n| &n.body) {
        Some(Body::Map(entries)) => entries.iter().map(|e| e.key.as_str()).collect(),
        _ => BTreeSet::new(),
    }
}

/// The outcomes of a command's answers, the good one first.
fn answers(verb: &Verb, map: &Map<'_>) -> Vec<Outcome> {
    let named = named(map);
    // A state that goes on at a stage leaves the last answer to a `follow`.
    let early = verb.stages.keys().any(|stage| named.contains(stage.as_str()));
    let mut found = vec![Outcome { name: Name::from("done"), needed: !early }];
    let finals = verb.finals.keys().filter(|word| **word != "done");
    found.extend(finals.map(|word| Outcome { name: word.clone(), needed: !early }));
    found.extend(verb.stages.keys().map(|word| Outcome { name: word.clone(), needed: false }));
    let coded: Vec<Name> = match &verb.refused {
        Refusals::Never => Vec::new(),
        Refusals::OneOf(codes) => codes.iter().map(|c| Name::from(format!("refused.{c}"))).collect(),
        // Any code may be named.
        Refusals::Any => named.iter().filter(|n| n.starts_with("refused.")).map(|n| Name::from(*n)).collect(),
    };
    if verb.refused != Refusals::Never {
        let every =
            matches!(verb.refused, Refusals::OneOf(_)) && coded.iter().all(|c| named.contains(c.as_str()));
        found.push(Outcome { name: Name::from("refused"), needed: !every });
    }
    found.extend(coded.into_iter().map(|name| Outcome { name, needed: false }));
    found.push(Outcome { name: Name::from("silent"), needed: false });
    found
}

/// What the answers to a command carry.
fn heard(verb: &Verb) -> Heard {
    let by: BTreeMap<Name, Shape> =
        verb.stages.iter().chain(&verb.finals).map(|(word, shape)| (word.clone(), shape.clone())).collect();
    Heard { reply: Some(("reply", union(by.values()))), by, ..Heard::default() }
}

impl Context<'_, '_> {
    fn verb(&self, node: &Node) -> Option<(Name, &Verb)> {
        let world = self.world;
        let name = &read::scalar(node, "command", &world.report)?.text;
        match world.adapters.verbs.get_key_value(name.as_str()) {
            Some((name, verb)) => Some((name.clone(), verb)),
            None if world.is_partial(adapters::FILE) => None,
            None => {
                let known = world.adapters.verbs.keys().map(Name::as_str);
                world.unknown("command in adapters.yaml", name, node.place, known);
                None
            }
        }
    }

    /// The outcomes of a command; what adapters.yaml may have meant to declare is taken as said.
    fn answers(&self, verb: &Verb, map: &Map<'_>) -> Vec<Outcome> {
        let mut found = answers(verb, map);
        if self.world.is_partial(adapters::FILE) {
            let more: Vec<Name> = named(map).into_iter().map(Name::from).collect();
            let unknown = |name: &Name| !found.iter().any(|o| o.name == *name);
            let more: Vec<Name> = more.into_iter().filter(unknown).collect();
            found.extend(more.into_iter().map(|name| Outcome { name, needed: false }));
        }
        found
    }

    fn command(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let with = self.with_any(map.get("with"));
        let usual = self.world.defaults.as_ref().map(|d| d.sending.clone()).unwrap_or_default();
        let sending = policies::sending(map, &usual, self.world);
        let (name, verb) = self.verb(node)?;
        Some(Read {
            outcomes: self.answers(verb, map),
            heard: heard(verb),
            activity: Activity::Command(CommandDef {
                verb: name,
                with: with?,
                send_after: sending.send_after,
                silent_after: sending.hold_after,
            }),
            without_deadline: false,
        })
    }

    /// `follow: state`. The state's own text says which command it gives.
    pub(super) fn follow(&self, node: &Node, map: &Map<'_>, states: &Map<'_>) -> Option<Read> {
        let report = &self.world.report;
        let name = read::name(node, "a state", report)?;
        let state = self.state(&name, node)?;
        let Some(Body::Map(entries)) = states.get(&name).map(|n| &n.body) else { return None };
        let Some(command) = entries.iter().find(|e| e.key == "command") else {
            let message = format!("{name} gives no command whose answers could follow");
            bad_value(node.place, message, "name a state with `command`", report);
            return None;
        };
        let (_, verb) = self.world.report.quietly(|| self.verb(&command.value))?;
        Some(Read {
            activity: Activity::Follow { state },
            outcomes: self.answers(verb, map),
            heard: heard(verb),
            without_deadline: false,
        })
    }

    /// A state of this chain, by its place.
    pub(super) fn state(&self, name: &str, node: &Node) -> Option<u16> {
        match self.targets.get(name) {
            Some(countersign_core::definition::Target::State(n)) => Some(*n),
            _ if !self.whole => None,
            _ => {
                let message = format!("this chain has no state `{name}`");
                let known = self.head.states.iter().map(Name::as_str);
                self.world.report.error(
                    codes::UNKNOWN_NAME,
                    node.place,
                    message,
                    suggest::nearest(name, known),
                );
                None
            }
        }
    }

    fn run_def(&self, node: &Node, map: &Map<'_>) -> Option<(RunDef, &ChainHead)> {
        let (world, report) = (self.world, &self.world.report);
        let chain = self.chain_name(node)?;
        let submitter = map.get("submitter").map(|n| self.who_one(n));
        let begins =
            match map.get("begins").and_then(|n| read::word(n, "begins", &["draft", "first"], report)) {
                Some("draft") => Begins::Draft,
                _ => Begins::First,
            };
        let head = world.heads.get(&chain)?;
        let (document, shape) = self.document_takes(&head.document)?;
        let what = format!("the document {}", document.name);
        let partial = world.is_partial(&document.name);
        let with = self.with_typed(map.get("with"), &Takes { what, shape: &shape, partial }, Site::With);
        let copy = self.copy(map.get("copy"), document);
        let with = with?;
        if begins == Begins::First {
            let given = |field: &countersign_core::definition::Field| {
                with.iter().any(|(name, _)| *name == field.name) || self.is_copied(&copy, field)
            };
            self.given(document, &given, node.place);
        }
        let submitter = match submitter {
            None => None,
            Some(who) => Some(who?),
        };
        Some((RunDef { chain, copy, with, submitter, begins }, head))
    }

    fn run(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let (def, head) = self.run_def(node, map)?;
        let named = named(map);
        let every = head.ends.iter().filter(|(_, good)| *good).all(|(end, _)| named.contains(end.as_str()));
        let mut found = vec![Outcome { name: Name::from("good"), needed: !every }];
        // A case can be withdrawn, so that `bad` is never covered by the names of ends.
        found.push(Outcome::needed("bad"));
        let own = head.ends.iter().filter(|(end, _)| *end != "good" && *end != "bad");
        found.extend(own.map(|(end, _)| Outcome { name: end.clone(), needed: false }));
        let called = map.get("as").map_or(Some(Name::from("child")), |node| self.child_name(node));
        let heard = Heard { child: Some((called?, def.chain.clone())), ..Heard::default() };
        Some(Read { activity: Activity::Run(def), outcomes: found, without_deadline: false, heard })
    }

    /// `as`: what the child is called instead of `child`.
    fn child_name(&self, node: &Node) -> Option<Name> {
        let report = &self.world.report;
        let name = read::name(node, "what the child is called", report)?;
        if self.scope.item.is_some_and(|(item, _)| *name == *item) {
            let message = format!("`{name}` is already the item here");
            report.error(codes::DUPLICATE_NAME, node.place, message, "choose another name for the child");
            return None;
        }
        if name != "child" {
            self.free(&name, "the child", node)?;
        }
        Some(name)
    }

    fn start(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let (def, _) = self.run_def(node, map)?;
        Some(plain(Activity::Start(def), &["started"]))
    }

    fn join(&self, node: &Node) -> Option<Read> {
        let chain = self.chain_name(node)?;
        Some(plain(Activity::Join { chain }, &["good", "bad"]))
    }

    fn tell(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let report = &self.world.report;
        let text = self.text(node)?;
        let lowered = condition::any(&text, &self.scope.at(Site::With))?;
        let of = match &lowered.kind {
            Type::Optional(of) => &**of,
            kind => kind,
        };
        if *of != Type::Case {
            let message = format!("this is {of}, no case");
            let help = "call a chain by the key of a case, such as order-to-cash(doc.order_no)";
            report.error(codes::TYPE_ERROR, node.place, message, help);
            return None;
        }
        let (what, with) = match (map.get("request"), map.get("message")) {
            (Some(request), None) => self.request(request, lowered.needs.case_of.as_ref(), map)?,
            (None, Some(message)) => {
                let (name, shape) = self.fact(message)?;
                let what = format!("the message {name}");
                let takes = Takes { what, shape: shape.map_or(&[][..], Vec::as_slice), partial: false };
                let with = match shape {
                    Some(_) => self.whole_with(map, &takes, message)?,
                    None => self.with_any(map.get("with"))?,
                };
                (Told::Message(name), with)
            }
            (Some(_), Some(second)) => {
                let help = "keep one of `request` and `message`";
                report.error(codes::MISPLACED_KEY, second.place, "a case is told one thing", help);
                return None;
            }
            (None, None) => {
                let help = "add `request: ...`, one of the entries of its `anytime`, or `message: ...`";
                report.error(codes::MISSING_KEY, map.head(), "this does not say what the case is told", help);
                return None;
            }
        };
        Some(plain(Activity::Tell(TellDef { case: lowered.expr, what, with }), &["done", "refused"]))
    }

    /// One of the entries of another chain's `anytime`, and what goes with it.
    fn request(
        &self,
        node: &Node,
        chain: Option<&Name>,
        map: &Map<'_>,
    ) -> Option<(Told, countersign_core::definition::With)> {
        let world = self.world;
        let name = read::name(node, "a request", &world.report)?;
        let Some(chain) = chain else {
            // Of which chain the case is shows when it is told.
            let with = self.with_any(map.get("with"))?;
            return Some((Told::Request(name), with));
        };
        let head = world.heads.get(chain)?;
        let Some(asks) = head.anytime.get(&name) else {
            if !head.partial {
                let message = format!("{chain} has no request `{name}`");
                let help = match head.anytime.is_empty() {
                    true => format!("add it under `anytime` in {chain}"),
                    false => suggest::nearest(&name, head.anytime.keys().map(Name::as_str)),
                };
                world.report.error(codes::UNKNOWN_NAME, node.place, message, help);
            }
            return None;
        };
        let what = format!("the request {name} of {chain}");
        let with = self.whole_with(map, &Takes { what, shape: asks, partial: head.partial }, node)?;
        Some((Told::Request(name), with))
    }

    /// `with`, where everything that is not optional must be given.
    fn whole_with(
        &self,
        map: &Map<'_>,
        takes: &Takes<'_>,
        node: &Node,
    ) -> Option<countersign_core::definition::With> {
        let with = self.with_typed(map.get("with"), takes, Site::With)?;
        let open = |(name, kind): &&(Name, Type)| {
            !matches!(kind, Type::Optional(_)) && !with.iter().any(|(given, _)| given == name)
        };
        let missing: Vec<&str> = takes.shape.iter().filter(open).map(|(name, _)| name.as_str()).collect();
        if !missing.is_empty() {
            let message = format!("{} needs {}", takes.what, suggest::listed(&missing));
            self.world.report.error(codes::NOT_GIVEN, node.place, message, "add it under `with`");
        }
        Some(with)
    }

    fn record(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let (world, report) = (self.world, &self.world.report);
        let name = read::name(node, "a table", report)?;
        if !world.names.tables.contains(name.as_str()) {
            world.unknown("table", &name, node.place, world.names.tables.iter().map(String::as_str));
            return None;
        }
        let table = world.tables.get(&name)?;
        let unwritten = !table.written_by.contains(&self.head.name) && !world.is_partial(&name);
        if unwritten && !self.head.name.is_empty() {
            let message = format!("the table {name} is not written by {}", self.head.name);
            let help = format!("add `written_by: [{}]` to tables/{name}.yaml", self.head.name);
            report.error(codes::NOT_WRITTEN_BY, node.place, message, help);
        }
        let key_node = map.need("key", "a record", report)?;
        let parts = read::one_or_more(key_node);
        if parts.len() != table.key.len() {
            let names: Vec<&str> = table.key.iter().map(|c| c.name.as_str()).collect();
            let message = format!("the key of {name} has {} parts, not {}", names.len(), parts.len());
            let help = format!("write the values of [{}]", names.join(", "));
            bad_value(key_node.place, message, &help, report);
            return None;
        }
        let part = |(node, column): (&Node, &countersign_core::definition::Column)| {
            let text = self.text(node)?;
            // A key may name a row that is only now written.
            let kind = match &column.kind {
                Type::Row(of) if *of == name => Type::Text,
                kind => kind.clone(),
            };
            condition::of_type(&text, &kind, &self.scope.at(Site::With)).map(|lowered| lowered.expr)
        };
        let key: Vec<_> = parts.iter().zip(&table.key).map(part).collect();
        let shape: Shape = table.columns.iter().map(|c| (c.name.clone(), c.kind.clone())).collect();
        let takes =
            Takes { what: format!("the table {name}"), shape: &shape, partial: world.is_partial(&name) };
        let with = self.with_typed(map.need("with", "a record", report), &takes, Site::With)?;
        let key = key.into_iter().collect::<Option<Vec<_>>>()?;
        Some(plain(Activity::Record(RecordDef { table: name, key, with }), &["done"]))
    }

    fn hand_over(&self, node: &Node) -> Option<Read> {
        let who: Who = self.who_one(node)?;
        Some(plain(Activity::HandOver(who), &["done"]))
    }

    fn compensate(&self, node: &Node) -> Option<Read> {
        let report = &self.world.report;
        let text = &read::scalar(node, "all or since", report)?.text;
        let since = match (text.as_str(), text.strip_prefix("since ")) {
            ("all", _) => None,
            (_, Some(state)) => Some(self.state(state.trim(), node)?),
            _ => {
                let message = format!("`{text}` does not say what is undone");
                bad_value(
                    node.place,
                    message,
                    "write `compensate: all`, or `compensate: since STATE`",
                    report,
                );
                return None;
            }
        };
        Some(plain(Activity::Compensate { since }, &["done", "stuck"]))
    }
}
