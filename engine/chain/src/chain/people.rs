//! States in which people act: signers, the climb, and how several stand to one another.

use countersign_core::definition::{
    AtLeast, Beside, Climb, Duty, Member, Node as People, Shape, Signer, Who,
};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::time::{Span, SpanUnit};

use super::Context;
use super::arrows::Outcome;
use super::limits::Decider;
use super::states::{PEOPLE, activity};
use crate::codes;
use crate::condition::{self, Site, Text};
use crate::read::{self, Keys, Map};
use crate::yaml::{Body, Node};

/// A part of a state in which people act.
pub(super) struct Part {
    pub(super) node: People,
    /// The outcomes, the good one first.
    pub(super) outcomes: Vec<Outcome>,
    /// Whether somebody in it has no deadline of its own and none by kind.
    pub(super) without_deadline: bool,
    /// What the answers of tasks carry, where there are any.
    pub(super) asks: Option<Shape>,
}

/// The own keys of each activity of people.
pub(super) const OWN: &[(&str, &[&str])] = &[
    ("climb", &["amount", "at_least", "beside", "reviewed_by"]),
    ("approve", &["except", "only_if", "call_in"]),
    ("review", &["veto", "except"]),
    ("input", &["except"]),
    ("edit", &["except"]),
    ("task", &["do", "asks", "choices", "except"]),
    ("all", &[]),
    ("any", &[]),
    ("votes", &["need"]),
    ("in_order", &[]),
    ("tiers", &[]),
];

/// The options that a member may have besides its own keys.
pub(crate) fn beside_members(key: &str) -> &'static [&'static str] {
    // Whether a climb is independent is said by its authority.
    if key == "climb" { &["when", "within"] } else { &["when", "within", "independent"] }
}

impl Context<'_, '_> {
    /// The part that an activity key begins.
    pub(super) fn part(&self, key: &str, map: &Map<'_>) -> Option<Part> {
        let node = map.get(key)?;
        match key {
            "climb" => self.climb(node, map),
            "approve" => self.signer(Duty::Approve, node, map),
            "review" => self.signer(Duty::Review, node, map),
            "input" => self.signer(Duty::Input, node, map),
            "edit" => self.signer(Duty::Edit, node, map),
            "task" => self.signer(Duty::Task, node, map),
            "votes" => self.votes(node, map),
            "tiers" => self.tiers(node),
            _ => {
                let parts = self.members(node, false)?;
                Some(composed(parts, |members| match key {
                    "all" => People::All(members),
                    "any" => People::Any(members),
                    _ => People::InOrder(members),
                }))
            }
        }
    }

    fn signer(&self, duty: Duty, node: &Node, map: &Map<'_>) -> Option<Part> {
        let report = &self.world.report;
        let who = self.who(node);
        let veto = map.get("veto").and_then(|n| read::flag(n, "veto", report)).unwrap_or(false);
        let except = self.whos(map.get("except"));
        let task = match duty {
            Duty::Task => Some(self.task(map)?),
            _ => None,
        };
        let only_if = self.only_if(map)?;
        let who = who?;
        if let (Some(entry), Who::Group(_) | Who::GroupNeed(..)) = (map.entry("only_if"), &who) {
            let message = "a group that votes cannot be called in by one of its members";
            report.error(codes::MISPLACED_KEY, entry.at, message, "name a position, or use `when`");
        }
        self.one_chooses(&who, map);
        let outcomes: &[&str] = match (duty, veto) {
            (Duty::Approve | Duty::OnCall, _) => &["approved", "returned", "rejected"],
            (Duty::Review, true) => &["passed", "returned", "rejected"],
            (Duty::Review, false) => &["passed", "returned"],
            (Duty::Input, _) => &["done"],
            (Duty::Edit, _) => &["submitted"],
            (Duty::Task, _) => &[],
        };
        let named = outcomes.iter().map(|o| Outcome::needed(o));
        let outcomes = named.chain(task.iter().flat_map(|t| t.outcomes.iter().cloned())).collect();
        if duty == Duty::Approve {
            self.deciders.borrow_mut().push(Decider::Named { who: who.clone(), at: node.place });
        }
        let without_deadline = map.get("within").is_none() && !self.has_deadline(&who);
        Some(Part {
            node: People::Signer(Signer {
                duty,
                who,
                veto,
                except,
                task: task.as_ref().map(|t| Box::new(t.def.clone())),
                only_if,
            }),
            outcomes,
            without_deadline,
            asks: task.map(|t| t.def.asks),
        })
    }

    /// `only_if` and `call_in`: a decision where that holds; otherwise it may be called in for so long.
    fn only_if(&self, map: &Map<'_>) -> Option<Option<(Expr, Span)>> {
        let report = &self.world.report;
        let call_in = map.get("call_in").map(|n| read::span(n, "call_in", report));
        match (map.get("only_if"), map.entry("call_in")) {
            (None, None) => Some(None),
            (None, Some(entry)) => {
                let message = "`call_in` says how long what is not asked may be called in";
                report.error(codes::MISSING_KEY, entry.at, message, "add `only_if`, or take it away");
                None
            }
            (Some(node), _) => {
                let usual = Span { count: 8, unit: SpanUnit::WorkHour };
                Some(Some((self.flag(node, Site::Signer)?, call_in.unwrap_or(Some(usual))?)))
            }
        }
    }

    /// Whether company.yaml gives everybody asked a deadline.
    fn has_deadline(&self, who: &countersign_core::definition::Who) -> bool {
        use countersign_core::definition::Who;
        let by_kind =
            |kind: &str| self.world.company.as_ref().is_some_and(|c| c.deadlines.by_kind.contains_key(kind));
        self.world.review_deadline()
            || match who {
                Who::Position(name) => self.world.position(name).is_some_and(|p| by_kind(&p.kind)),
                Who::KindAt(kind, _) => by_kind(kind),
                Who::Group(_) | Who::GroupNeed(..) => true,
                Who::Each(several) => several.iter().all(|w| self.has_deadline(w)),
                Who::FirstOf(several) => several.iter().all(|(_, w)| self.has_deadline(w)),
                _ => false,
            }
    }

    fn climb(&self, node: &Node, map: &Map<'_>) -> Option<Part> {
        let (world, report) = (self.world, &self.world.report);
        let name = read::name(node, "an authority", report)?;
        if !world.names.authorities.contains(name.as_str()) {
            world.unknown("authority", &name, node.place, world.names.authorities.iter().map(String::as_str));
            return None;
        }
        let own_amount = match map.get("amount") {
            None => None,
            Some(node) => {
                let text = Text::of(node, read::scalar(node, "amount", report)?, report);
                let lowered = condition::any(&text, &self.scope.at(Site::ClimbAmount))?;
                Some((lowered.expr, lowered.kind, node.place))
            }
        };
        let kind = match (&own_amount, self.scope.amount) {
            (Some((_, kind, at)), _) => Some((kind.clone(), *at)),
            (None, Some((_, kind))) => Some((kind.clone(), node.place)),
            (None, None) => None,
        };
        super::limits::adds_up(&name, node.place, self);
        let beyond = super::limits::may_be_beyond(&name, self);
        self.deciders.borrow_mut().push(Decider::Climb { authority: name.clone(), kind, at: node.place });
        let at_least = map.get("at_least").map_or(Vec::new(), |n| self.at_least(n));
        let beside = map.get("beside").map_or(Vec::new(), |n| self.beside(n));
        let reviewed_by = map.get("reviewed_by").map_or(Vec::new(), |n| self.beside(n));
        let mut outcomes: Vec<Outcome> = ["approved", "returned", "rejected"].map(Outcome::needed).to_vec();
        outcomes.push(Outcome { name: Name::from("beyond"), needed: beyond });
        // What the case has learnt by then is held against the limits.
        let chains = self.scope.amount.filter(|_| self.amount_moves).map(|(expr, _)| expr.clone());
        Some(Part {
            node: People::Climb(Climb {
                authority: name,
                amount: own_amount.map(|(expr, ..)| expr).or(chains),
                at_least,
                beside,
                reviewed_by,
            }),
            outcomes,
            without_deadline: map.get("within").is_none() && !world.review_deadline(),
            asks: None,
        })
    }

    fn at_least(&self, node: &Node) -> Vec<AtLeast> {
        let (world, report) = (self.world, &self.world.report);
        let mut found = Vec::new();
        for item in read::one_or_more(node) {
            let (level, when) = match item.body {
                Body::Map(_) => {
                    let keys = Keys::of(&["level", "when"]);
                    let Some(map) = Map::read(item, "a level", keys, report) else { continue };
                    (map.need("level", "a level", report), self.when(&map, Site::Signer))
                }
                _ => (Some(item), Some(None)),
            };
            let (Some(level), Some(when)) = (level, when) else { continue };
            let Some(name) = read::name(level, "a kind or position", report) else { continue };
            if world.position(&name).is_none() && !world.is_group(&name) && !world.kinds.contains(&name) {
                let org = &world.organisation;
                let known = world.kinds.iter().chain(org.positions.keys()).chain(org.groups.keys());
                world.unknown("kind, position or group", &name, level.place, known.map(|n| n.as_str()));
                continue;
            }
            found.push(AtLeast { level: name, when });
        }
        found
    }

    fn beside(&self, node: &Node) -> Vec<Beside> {
        let report = &self.world.report;
        let mut found = Vec::new();
        for item in read::one_or_more(node) {
            let (who, when) = match item.body {
                Body::Map(_) => {
                    let keys = Keys::of(&["who", "when"]);
                    let Some(map) = Map::read(item, "somebody beside", keys, report) else { continue };
                    let who = map.need("who", "somebody beside", report).and_then(|n| self.who(n));
                    (who, self.when(&map, Site::Signer))
                }
                _ => (self.who(item), Some(None)),
            };
            if let (Some(who), Some(when)) = (who, when) {
                found.push(Beside { who, when });
            }
        }
        found
    }

    fn votes(&self, node: &Node, map: &Map<'_>) -> Option<Part> {
        let report = &self.world.report;
        let parts = self.members(node, true)?;
        let need_node = map.need("need", "votes", report)?;
        let need = read::whole(need_node, "need", (1, 1_000_000), report)?;
        let weight: u64 = parts.iter().map(|(m, _)| u64::from(m.weight)).sum();
        if u64::from(need) > weight {
            let message = format!("{need} votes are needed, and all together have {weight}");
            report.error(codes::GROUP_NEED, need_node.place, message, "lower need, or add members");
        }
        let mut part = composed(parts, |members| People::Votes { need, members });
        // Too few approvals without a rejection lead back.
        let returned = Outcome::needed("returned");
        if !part.outcomes.contains(&returned) {
            part.outcomes.push(returned);
        }
        Some(part)
    }

    fn tiers(&self, node: &Node) -> Option<Part> {
        let report = &self.world.report;
        let mut tiers = Vec::new();
        for tier in read::list(node, "tiers", report) {
            let Body::List(_) = tier.body else {
                let help = "write each tier as a list: `- - review: a`, `  - review: b`";
                report.error(
                    codes::WRONG_SHAPE,
                    tier.place,
                    "a tier is a list of those asked together",
                    help,
                );
                return None;
            };
            let part = composed(self.members(tier, false)?, People::All);
            let member =
                Member { when: None, within: None, weight: 1, independent: false, node: part.node.clone() };
            tiers.push((member, part));
        }
        if tiers.is_empty() {
            report.error(codes::WRONG_SHAPE, node.place, "no tier stands here", "write at least one");
            return None;
        }
        Some(composed(tiers, People::InOrder))
    }

    fn members(&self, node: &Node, votes: bool) -> Option<Vec<(Member, Part)>> {
        let report = &self.world.report;
        let items = read::list(node, "members", report);
        if items.is_empty() {
            if !matches!(node.body, Body::Bad | Body::Scalar(_) | Body::Map(_)) {
                report.error(
                    codes::WRONG_SHAPE,
                    node.place,
                    "nobody stands here",
                    "write at least one member",
                );
            }
            return None;
        }
        let members: Vec<Option<(Member, Part)>> = items.iter().map(|i| self.member(i, votes)).collect();
        members.into_iter().collect()
    }

    fn member(&self, node: &Node, votes: bool) -> Option<(Member, Part)> {
        let report = &self.world.report;
        let (map, key) = activity(node, "a member", PEOPLE, report)?;
        let own = OWN.iter().find(|(name, _)| *name == key).map_or(&[][..], |(_, own)| own);
        let common = beside_members(key);
        let weight: &[&str] = if votes { &["weight"] } else { &[] };
        super::states::misplaced(&map, key, &[own, common, weight], report);
        let when = self.when(&map, Site::Signer);
        let within = map.get("within").and_then(|n| read::span(n, "within", report));
        let weight = map.get("weight").map_or(Some(1), |n| read::whole(n, "weight", (1, 1000), report));
        let independent =
            map.get("independent").and_then(|n| read::flag(n, "independent", report)).unwrap_or(false);
        if let Some(entry) = map.entry("choices") {
            let message = "several are asked here, and the choice of one of them leads nowhere";
            report.error(codes::MISPLACED_KEY, entry.at, message, "give the task a state of its own");
        }
        let mut part = self.part(key, &map)?;
        part.without_deadline &= within.is_none();
        let member = Member { when: when?, within, weight: weight?, independent, node: part.node.clone() };
        Some((member, part))
    }
}

/// Several parts as one: what people can say is what any of them can say.
fn composed(parts: Vec<(Member, Part)>, node: impl FnOnce(Vec<Member>) -> People) -> Part {
    let mut outcomes = vec![Outcome::needed("passed")];
    for (_, part) in &parts {
        for outcome in &part.outcomes {
            // Work that somebody refuses fails what several do together.
            let name = if outcome.name == "refused" { Name::from("failed") } else { outcome.name.clone() };
            match outcomes.iter_mut().find(|o| o.name == name) {
                Some(known) => known.needed |= outcome.needed,
                None if sideways(&name) => outcomes.push(Outcome { name, needed: outcome.needed }),
                None => {}
            }
        }
    }
    let without_deadline = parts.iter().any(|(_, part)| part.without_deadline);
    let asks: Vec<&Shape> = parts.iter().filter_map(|(_, part)| part.asks.as_ref()).collect();
    let asks = (!asks.is_empty()).then(|| super::facts::union(asks));
    Part {
        node: node(parts.into_iter().map(|(member, _)| member).collect()),
        outcomes,
        without_deadline,
        asks,
    }
}

/// Outcomes that people can bring about for all of them together.
pub(super) fn sideways(outcome: &str) -> bool {
    matches!(outcome, "returned" | "rejected" | "beyond" | "failed")
}
