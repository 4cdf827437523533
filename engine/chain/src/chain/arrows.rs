//! `next`: where outcomes lead. Usual arrows of company.yaml are filled in.

use std::collections::BTreeMap;

use countersign_core::definition::{Arrow, Branch, Target};
use countersign_core::name::Name;

use super::Context;
use super::header::unknown_target;
use super::states::Read;
use crate::codes;
use crate::company::USUAL;
use crate::condition::Site;
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::{Body, Node};

/// An outcome that an activity can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) name: Name,
    /// False: may be left without an arrow.
    pub(super) needed: bool,
}

impl Outcome {
    pub(super) fn needed(name: &str) -> Outcome {
        Outcome { name: Name::from(name), needed: true }
    }
}

type Arrows = BTreeMap<Name, Vec<Arrow>>;

impl Context<'_, '_> {
    /// The arrows of a state for the outcomes that it can have.
    pub(super) fn arrows(&self, state: &Map<'_>, (name, at): (&Name, Place), read: &Read) -> Arrows {
        let report = &self.world.report;
        let outcomes = &read.outcomes;
        let mut found = Arrows::new();
        let written = state.get("next").and_then(|n| Map::any(n, "next", report));
        for entry in written.map_or(&[][..], |m| m.entries) {
            if !outcomes.iter().any(|o| o.name == *entry.key.as_str()) {
                let message = format!("{name} never has the outcome `{}`", entry.key);
                let help = match entry.key.as_str() {
                    "conflict" => {
                        "take it away: a second answer that says something else always holds the case".into()
                    }
                    key => suggest::nearest(key, outcomes.iter().map(|o| o.name.as_str())),
                };
                report.error(codes::IMPOSSIBLE_OUTCOME, entry.at, message, help);
                continue;
            }
            let arrows = self.with(read.heard.scope(self, Some(&entry.key))).arrow_list(&entry.value);
            found.insert(Name::from(entry.key.as_str()), arrows);
        }
        for outcome in outcomes.iter().filter(|o| !found.contains_key(&o.name)).collect::<Vec<_>>() {
            if let Some(target) = self.usual(outcome, name, at) {
                found
                    .insert(outcome.name.clone(), vec![Arrow { when: None, go: target, learns: Vec::new() }]);
            }
        }
        found
    }

    fn usual(&self, outcome: &Outcome, state: &Name, at: Place) -> Option<Target> {
        let report = &self.world.report;
        let message = |rest: &str| format!("the outcome `{}` of {state} leads nowhere{rest}", outcome.name);
        let help = format!("add `{}: ...` under `next`", outcome.name);
        let usual = match &self.world.defaults {
            Some(defaults) => defaults.usual.get(outcome.name.as_str()),
            None if USUAL.contains(&outcome.name.as_str()) => return None,
            None => None,
        };
        match usual {
            Some(target) => {
                let found = self.targets.get(target).copied();
                if found.is_none() && outcome.needed && self.whole {
                    let rest =
                        format!(": company.yaml leads it to `{target}`, which this chain does not have");
                    report.error(codes::NO_ARROW, at, message(&rest), help);
                }
                found
            }
            None if outcome.needed => {
                report.error(codes::NO_ARROW, at, message(""), help);
                None
            }
            None => None,
        }
    }

    /// One target, `{ go, learns }`, or a list of `{ when, go }` that ends with `{ else }`.
    fn arrow_list(&self, node: &Node) -> Vec<Arrow> {
        match &node.body {
            Body::Scalar(_) => {
                self.target(node).map(|go| Arrow { when: None, go, learns: Vec::new() }).into_iter().collect()
            }
            Body::Map(_) => {
                let Some(map) = Map::read(node, "an arrow", Keys::of(&["go", "learns"]), &self.world.report)
                else {
                    return Vec::new();
                };
                let go = map.need("go", "an arrow", &self.world.report).and_then(|n| self.target(n));
                let learns = self.learns(map.get("learns"));
                go.map(|go| Arrow { when: None, go, learns }).into_iter().collect()
            }
            _ => self.branches(node, Keys::of(&["when", "go", "else", "learns"])),
        }
    }

    /// The branches of a `choose`.
    pub(super) fn choice(&self, node: &Node) -> Vec<Branch> {
        let branches = self.branches(node, Keys::of(&["when", "go", "else"]));
        branches.into_iter().map(|b| Branch { when: b.when, go: b.go }).collect()
    }

    /// `- { when: ..., go: ... }` ... `- { else: ... }`.
    fn branches(&self, node: &Node, keys: Keys) -> Vec<Arrow> {
        let report = &self.world.report;
        let mut found = Vec::new();
        let mut closed = false;
        let items = read::list(node, "a choice", report);
        for item in items {
            let Some(map) = Map::read(item, "a branch", keys, report) else {
                closed = true;
                continue;
            };
            if closed {
                let help = "move it before the branch with `else`";
                report.error(codes::UNREACHABLE_BRANCH, map.head(), "this branch is never reached", help);
            }
            if let Some(other) = map.get("else") {
                let learns = self.learns(map.get("learns"));
                found.extend(self.target(other).map(|go| Arrow { when: None, go, learns }));
                closed = true;
                continue;
            }
            let when = map.need("when", "a branch", report).and_then(|n| self.flag(n, Site::Fork));
            let go = map.need("go", "a branch", report).and_then(|n| self.target(n));
            let learns = self.learns(map.get("learns"));
            if let (Some(when), Some(go)) = (when, go) {
                found.push(Arrow { when: Some(when), go, learns });
            }
        }
        if !closed && !matches!(node.body, Body::Bad) {
            let message = "where none of these holds it leads nowhere";
            report.error(codes::NO_ARROW, node.place, message, "add `- { else: ... }` at the end");
        }
        found
    }

    /// A state, an end, `draft` or `on-hold`.
    pub(super) fn target(&self, node: &Node) -> Option<Target> {
        let name = &read::scalar(node, "state or end", &self.world.report)?.text;
        let found = self.targets.get(name.as_str()).copied();
        if found.is_none() && self.whole {
            unknown_target(name, node.place, self);
        }
        found
    }
}
