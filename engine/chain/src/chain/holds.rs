//! What a case holds of accounts: reserved, taken with a required case, handed on; and what becomes of it.
//!
//! ```text
//! reserve: { credit: doc.total from credit(doc.customer) }     overdraw, short
//! consume: money        release: [2 from slots, holds.special-price]        restore: doc.amount to credit(doc.customer)
//! ```

use countersign_core::definition::{
    Activity, Arrow, HandsOn, HoldSource, Lapse, MoveDef, MoveOf, ReserveDef, RestoreDef, Target,
};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::arrows::Outcome;
use super::states::{Heard, Read};
use super::{Base, Context};
use crate::codes;
use crate::condition::{self, Called, Scope, Site, Source, Text};
use crate::read::{self, Keys, Map, bad_value};
use crate::suggest;
use crate::world::{ChainHead, Holds, World};
use crate::yaml::{Body, Entry, Node};

/// Activities of this file and their own keys.
pub(super) const OWN: &[(&str, &[&str])] =
    &[("reserve", &["overdraw", "short"]), ("consume", &[]), ("release", &[]), ("restore", &[])];

pub(crate) const HANDS_ON: Keys = Keys::of(&["holds", "lapses"]);
pub(crate) const LAPSES: Keys = Keys::of(&["after", "at", "to"]);

/// By end what a case hands on, and whether it lapses; read quietly for other chains.
pub(super) fn handed_on(entry: &Entry) -> (Vec<Name>, bool) {
    let names = |node: &Node| -> Vec<Name> {
        let scalar = |node: &Node| match &node.body {
            Body::Scalar(scalar) => Some(Name::from(scalar.text.as_str())),
            _ => None,
        };
        read::one_or_more(node).iter().filter_map(scalar).collect()
    };
    match &entry.value.body {
        Body::Map(entries) => {
            let get = |key: &str| entries.iter().find(|e| e.key == key).map(|e| &e.value);
            (get("holds").map(names).unwrap_or_default(), get("lapses").is_some())
        }
        _ => (names(&entry.value), false),
    }
}

/// What cases of a chain may hold, as far as it is known by now, and whether all of it is.
pub(crate) fn holds(node: &Node, world: &World<'_>) -> Option<(Name, Holds, bool)> {
    world.report.quietly(|| {
        let map = Map::any(node, "a chain", &world.report)?;
        let name = super::header::name(&map, world)?;
        // Read only where something is reserved.
        let base = std::cell::OnceCell::new();
        let base = || base.get_or_init(|| Base::read(&map, world)).as_ref();
        let (mut found, mut whole) = (Holds::new(), true);
        let mut add = |name: &str, account: Option<&Name>| {
            if let Some(account) = account {
                found.entry(Name::from(name)).or_insert_with(|| account.clone());
            }
            account.is_some()
        };
        for item in map.get("requires").map_or(&[][..], items) {
            let Some(Body::Map(_)) = Some(&item.body) else { continue };
            let required = Map::any(item, "a requirement", &world.report)?;
            let head = required.get("case").and_then(text_of).and_then(|chain| world.heads.get(chain));
            for name in required.get("takes").map_or(&[][..], read::one_or_more).iter().filter_map(text_of) {
                whole &= add(name, head.and_then(|head| head.holds.get(name)));
            }
        }
        let states = map.get("states").map(|n| &n.body);
        let Some(Body::Map(states)) = states else { return None };
        for state in states {
            let Body::Map(entries) = &state.value.body else { continue };
            for entry in entries {
                match (entry.key.as_str(), &entry.value.body) {
                    ("reserve", Body::Map(reserved)) => {
                        for hold in reserved {
                            let account = text(&hold.value, world).and_then(|text| {
                                let (_, from) = condition::split(&text, " from ");
                                let base = base()?;
                                let source = condition::source(&from, &base.scope(world).at(Site::Move))?;
                                account_of(&source, &base.head, world).cloned()
                            });
                            whole &= add(&hold.key, account.as_ref());
                        }
                    }
                    ("reserve", _) => whole = false,
                    ("run", _) => {
                        let Some(head) = text_of(&entry.value).and_then(|chain| world.heads.get(chain))
                        else {
                            continue;
                        };
                        for name in given_to_parent(head, None) {
                            whole &= add(name, head.holds.get(name));
                        }
                    }
                    _ => {}
                }
            }
        }
        Some((name, found, whole))
    })
}

/// What a child that ends well hands on to the case that started it: by one of its ends, or by any.
pub(crate) fn given_to_parent<'h>(head: &'h ChainHead, end: Option<&str>) -> Vec<&'h Name> {
    let ends = head.hands_on.iter().filter(|(name, _)| end.is_none_or(|end| **name == *end));
    let mut found: Vec<&Name> =
        ends.filter(|(_, (_, lapses))| !lapses).flat_map(|(_, (holds, _))| holds).collect();
    found.sort();
    found.dedup();
    found
}

/// A define that is called like an account would hide it.
pub(super) fn not_accounts(map: &Map<'_>, world: &World<'_>) {
    let Some(Body::Map(entries)) = map.get("define").map(|n| &n.body) else { return };
    for entry in entries.iter().filter(|entry| world.names.accounts.contains(&entry.key)) {
        let message = format!("`{}` is an account", entry.key);
        world.report.error(codes::RESERVED_NAME, entry.at, message, "choose another name");
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.body {
        Body::List(items) => items,
        _ => &[],
    }
}

fn text_of(node: &Node) -> Option<&str> {
    match &node.body {
        Body::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

fn text(node: &Node, world: &World<'_>) -> Option<Text> {
    let scalar = read::scalar(node, "what is booked", &world.report)?;
    Some(Text::of(node, scalar, &world.report))
}

/// The account that something is booked in.
fn account_of<'w>(source: &'w Source, head: &'w ChainHead, world: &'w World<'_>) -> Option<&'w Name> {
    match source {
        Source::Account(called) => Some(&called.account),
        Source::Own(hold) => head.holds.get(hold),
        Source::Of { chain, hold, .. } => world.heads.get(chain)?.holds.get(hold),
        Source::Taken(_) => None,
    }
}

/// Reads what a state books. `None` after a report.
pub(super) fn read(key: &str, map: &Map<'_>, context: &Context<'_, '_>) -> Option<Read> {
    let node = map.get(key)?;
    let activity = match key {
        "reserve" => context.reserve(node, map)?,
        "consume" => Activity::Consume(context.moves(node, map, true)?),
        "release" => Activity::Release(context.moves(node, map, false)?),
        _ => Activity::Restore(context.restores(node, map)?),
    };
    // What is used up or given back is there, as a rule: where it is not, a person has to look.
    let short = Outcome { name: Name::from("insufficient"), needed: key == "reserve" };
    let outcomes = vec![Outcome::needed("done"), short];
    Some(Read { activity, outcomes, without_deadline: false, heard: Heard::default() })
}

/// Where an outcome of this file leads that `next` does not name.
pub(super) fn usual(def: &mut countersign_core::definition::StateDef) {
    if matches!(def.activity, Activity::Consume(_) | Activity::Release(_) | Activity::Restore(_)) {
        let held = Arrow { when: None, go: Target::OnHold, learns: Vec::new() };
        def.next.entry(Name::from("insufficient")).or_insert_with(|| vec![held]);
    }
}

impl Context<'_, '_> {
    fn reserve(&self, node: &Node, map: &Map<'_>) -> Option<Activity> {
        let report = &self.world.report;
        let entries = Map::any(node, "reserve", report)?.entries;
        if entries.is_empty() {
            let help = "write `credit: doc.total from credit(doc.customer)`";
            report.error(codes::WRONG_SHAPE, node.place, "nothing is reserved", help);
        }
        let mut kinds: Vec<Type> = Vec::new();
        let mut holds = Vec::new();
        for entry in entries {
            let hold = self.hold(entry, map);
            if let Some((name, amount, source, kind)) = hold {
                kinds.push(kind);
                holds.push((name, amount, source));
            }
        }
        let short = map.get("short").map(|n| read::code(n, report));
        let overdraw = map.get("overdraw").map(|n| self.overdraw(n, &kinds));
        if holds.len() < entries.len() {
            return None;
        }
        Some(Activity::Reserve(ReserveDef { holds, overdraw: flat(overdraw)?, short: flat(short)? }))
    }

    fn overdraw(&self, node: &Node, kinds: &[Type]) -> Option<Expr> {
        let report = &self.world.report;
        let kind = kinds.first()?;
        if kinds.iter().any(|other| other != kind) {
            let message = "by how much is overdrawn is not clear: the accounts count different things";
            let help = "reserve in a state of its own what may be overdrawn";
            report.error(codes::TYPE_ERROR, node.place, message, help);
            return None;
        }
        condition::of_type(&self.text(node)?, kind, &self.scope.at(Site::Move)).map(|lowered| lowered.expr)
    }

    /// One line of a `reserve`: its name, how much, out of what, and what is counted.
    fn hold(&self, entry: &Entry, map: &Map<'_>) -> Option<(Name, Expr, HoldSource, Type)> {
        let report = &self.world.report;
        let name = read::new_name(&entry.key, entry.at, report)?;
        let text = self.text(&entry.value)?;
        let (amount, from) = condition::split(&text, " from ");
        let Some(amount) = amount else {
            let help = "write how much and of what: `doc.total from credit(doc.customer)`";
            bad_value(entry.value.place, "this does not say how much is reserved of what", help, report);
            return None;
        };
        // Of what this case holds itself nothing is set aside once more.
        let source = condition::source(&from, &Scope { holds: None, ..self.scope.at(Site::Move) });
        let account = source.as_ref().and_then(|source| account_of(source, self.head, self.world));
        let kind = account.and_then(|account| self.world.accounts.get(account)).map(|head| &head.kind);
        let amount = self.amount(&amount, kind);
        if let (Some(account), Some(known)) = (account, self.head.holds.get(&name))
            && account != known
        {
            let message = format!("this case holds `{name}` of the account {known}");
            report.error(codes::DUPLICATE_NAME, entry.at, message, "give what is held here another name");
        }
        let source = match source? {
            Source::Account(called) => {
                self.whole_key(&called, &from, map)?;
                HoldSource::Account { account: called.account, key: called.key }
            }
            Source::Of { case, hold, .. } => HoldSource::Hold { case, hold },
            Source::Own(_) | Source::Taken(_) => {
                let message = "what this case holds is reserved already";
                let help = "take the state away, or reserve out of an account or of another case's hold";
                report.error(codes::TYPE_ERROR, from.whole(), message, help);
                return None;
            }
        };
        Some((name, amount?, source, kind?.clone()))
    }

    fn amount(&self, text: &Text, kind: Option<&Type>) -> Option<Expr> {
        match kind {
            Some(kind) => condition::of_type(text, kind, &self.scope.at(Site::Move)).map(|l| l.expr),
            // Out of what is not known, and reported: what is wrong with the amount itself shows all the same.
            None => condition::any(text, &self.scope.at(Site::Move)).and(None),
        }
    }

    /// A part of a key that may be missing needs a `when` of the state, which asks whether it is there.
    fn whole_key(&self, called: &Called, text: &Text, map: &Map<'_>) -> Option<()> {
        if called.optional && map.get("when").is_none() {
            let message = "a part of the key may be missing";
            let help = "ask for it first: `when: known(...)`";
            self.world.report.error(codes::NEEDS_ELSE, text.whole(), message, help);
            return None;
        }
        Some(())
    }

    fn moves(&self, node: &Node, map: &Map<'_>, consume: bool) -> Option<Vec<MoveDef>> {
        let nodes = read::one_or_more(node);
        let found: Vec<Option<MoveDef>> =
            nodes.iter().map(|node| self.one_move(node, map, consume)).collect();
        found.into_iter().collect()
    }

    fn one_move(&self, node: &Node, map: &Map<'_>, consume: bool) -> Option<MoveDef> {
        let report = &self.world.report;
        let text = self.text(node)?;
        let (written, from) = condition::split(&text, " from ");
        let source = condition::source(&from, &self.scope.at(Site::Move));
        let account = source.as_ref().and_then(|source| account_of(source, self.head, self.world));
        let kind = account.and_then(|account| self.world.accounts.get(account)).map(|head| &head.kind);
        let amount = match (&written, &source) {
            (Some(text), Some(Source::Taken(_))) => {
                let message = "of what was taken with required cases all is meant";
                bad_value(text.whole(), message, "take the amount and `from` away", report);
                return None;
            }
            (Some(text), _) => Some(self.amount(text, kind)),
            (None, _) => None,
        };
        let of = match source? {
            Source::Own(hold) => MoveOf::Own(hold),
            Source::Taken(chain) => MoveOf::Taken(chain),
            Source::Of { case, hold, .. } => MoveOf::Of { case, hold },
            Source::Account(called) if consume && written.is_some() => {
                self.whole_key(&called, &from, map)?;
                MoveOf::Account { account: called.account, key: called.key }
            }
            Source::Account(called) => {
                let message = match consume {
                    true => format!("this does not say how much of {} is used up", called.account),
                    false => format!("nothing of {} itself is given back here", called.account),
                };
                let help = match consume {
                    true => "write `doc.amount from ...`",
                    false => "name what this case holds; what was used up is given back by `restore`",
                };
                bad_value(from.whole(), message, help, report);
                return None;
            }
        };
        Some(MoveDef { amount: flat(amount)?, of })
    }

    fn restores(&self, node: &Node, map: &Map<'_>) -> Option<Vec<RestoreDef>> {
        let found: Vec<Option<RestoreDef>> =
            read::one_or_more(node).iter().map(|node| self.one_restore(node, map)).collect();
        found.into_iter().collect()
    }

    fn one_restore(&self, node: &Node, map: &Map<'_>) -> Option<RestoreDef> {
        let report = &self.world.report;
        let text = self.text(node)?;
        let (amount, to) = condition::split(&text, " to ");
        let Some(amount) = amount else {
            let help = "write how much and to what: `doc.amount to credit(doc.customer)`";
            bad_value(node.place, "this does not say how much is given back to what", help, report);
            return None;
        };
        match condition::source(&to, &self.scope.at(Site::Move))? {
            Source::Account(called) => {
                let kind = self.world.accounts.get(&called.account).map(|head| &head.kind);
                let amount = self.amount(&amount, kind);
                self.whole_key(&called, &to, map)?;
                Some(RestoreDef { amount: amount?, account: called.account, key: called.key })
            }
            _ => {
                let message = "what was used up is given back to an account";
                let help = "name one with its key, such as credit(doc.customer); what is held is given back by `release`";
                report.error(codes::TYPE_ERROR, to.whole(), message, help);
                None
            }
        }
    }

    /// `hands_on`: what ends leave behind.
    pub(super) fn hands_on(&self, node: Option<&Node>) -> Vec<HandsOn> {
        let entries =
            node.and_then(|n| Map::any(n, "hands_on", &self.world.report)).map_or(&[][..], |m| m.entries);
        entries.iter().filter_map(|entry| self.handed_on(entry)).collect()
    }

    fn handed_on(&self, entry: &Entry) -> Option<HandsOn> {
        let report = &self.world.report;
        let end = self.end(&entry.key, entry.at)?;
        if self.good_ends.get(usize::from(end)) == Some(&false) {
            let message = format!("the bad end {} gives back what the case holds", entry.key);
            bad_value(entry.at, message, "hand on from a good end", report);
        }
        let (holds, lapses) = match &entry.value.body {
            Body::Map(_) => {
                let map = Map::read(&entry.value, "what is handed on", HANDS_ON, report)?;
                let holds = map.need("holds", "what is handed on", report)?;
                (holds, map.get("lapses").map(|n| self.lapse(n)))
            }
            _ => (&entry.value, None),
        };
        let name = |node: &Node| {
            let name = read::name(node, "something held", report)?;
            if self.head.holds.contains_key(&name) || self.head.partial {
                return Some(name);
            }
            let message = format!("this chain holds nothing called `{name}`");
            let help = suggest::nearest(&name, self.head.holds.keys().map(Name::as_str));
            report.error(codes::UNKNOWN_NAME, node.place, message, help);
            None
        };
        let holds: Vec<Name> = read::one_or_more(holds).iter().filter_map(name).collect();
        Some(HandsOn { end, holds, lapses: flat(lapses)? })
    }

    pub(super) fn end(&self, name: &str, at: crate::diagnostic::Place) -> Option<u16> {
        match self.targets.get(name) {
            Some(Target::End(end)) => Some(*end),
            _ if !self.whole => None,
            _ => {
                let message = format!("this chain has no end `{name}`");
                let ends = self.head.ends.iter().map(|(end, _)| end.as_str());
                self.world.report.error(codes::UNKNOWN_NAME, at, message, suggest::nearest(name, ends));
                None
            }
        }
    }

    fn lapse(&self, node: &Node) -> Option<Lapse> {
        let report = &self.world.report;
        let map = Map::read(node, "lapses", LAPSES, report)?;
        let after = map.get("after").map(|n| read::span(n, "after", report));
        let at = map.get("at").map(|n| {
            let lowered = condition::any(&self.text(n)?, &self.scope.at(Site::Until))?;
            match lowered.kind {
                Type::Date | Type::Time => Some(lowered.expr),
                Type::Optional(_) => {
                    let help = "add `else` and the time that holds then";
                    report.error(codes::NEEDS_ELSE, n.place, "this time may be missing", help);
                    None
                }
                kind => {
                    let message = format!("{kind} is no time");
                    report.error(codes::TYPE_ERROR, n.place, message, "use a date or a time");
                    None
                }
            }
        });
        if after.is_none() && at.is_none() {
            let message = "it is not said when this lapses";
            report.error(codes::MISSING_KEY, map.head(), message, "add `after: 72h` or `at: doc.ends_on`");
        }
        let to_node = map.need("to", "lapses", report)?;
        let to = self.end(&read::scalar(to_node, "an end", report)?.text, to_node.place)?;
        if self.good_ends.get(usize::from(to)) == Some(&true) {
            let message = "what has lapsed has not ended well";
            bad_value(to_node.place, message, "name a bad end, such as expired", report);
        }
        Some(Lapse { after: flat(after)?, at: flat(at)?, to })
    }

    /// `takes`: what a required case holds, and now this one does.
    pub(super) fn takes(&self, node: Option<&Node>, chain: &Name, states: &[Name]) -> Vec<Name> {
        let world = self.world;
        let mut found = Vec::new();
        let Some(head) = world.heads.get(chain) else { return found };
        for item in node.map_or(&[][..], read::one_or_more) {
            let Some(name) = read::name(item, "something held", &world.report) else { continue };
            let left = |state: &Name| {
                head.hands_on.get(state).is_some_and(|(holds, lapses)| *lapses && holds.contains(&name))
            };
            match states.iter().find(|state| !left(state)) {
                Some(state) if !head.partial => {
                    let message = format!("{chain} leaves no `{name}` behind when it comes to {state}");
                    let help = format!(
                        "add `hands_on: {{ {state}: {{ holds: [{name}], lapses: {{ ... }} }} }}` there, or take it away"
                    );
                    world.report.error(codes::NOT_HANDED_ON, item.place, message, help);
                }
                _ => found.push(name.clone()),
            }
            if let (Some(own), Some(other)) = (self.head.holds.get(&name), head.holds.get(&name))
                && own != other
            {
                let message = format!("this case holds `{name}` of the account {own}");
                world.report.error(
                    codes::DUPLICATE_NAME,
                    item.place,
                    message,
                    "rename what it reserves itself",
                );
            }
        }
        found
    }
}

/// What was not written, what was, and what was written wrongly and has been reported.
fn flat<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}
