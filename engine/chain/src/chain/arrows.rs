//! `next`: where outcomes lead. Usual arrows of company.yaml are filled in.

use std::collections::BTreeMap;

use countersign_core::definition::{Arrow, Branch, Target};
use countersign_core::name::Name;

use super::Context;
use super::header::unknown_target;
use crate::codes;
use crate::company::USUAL;
use crate::condition::Site;
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::{Body, Node};

/// An outcome that an activity can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    /// False: may be left without an arrow.
    pub(super) needed: bool,
}

impl Outcome {
    pub(super) const fn needed(name: &'static str) -> Outcome {
        Outcome { name, needed: true }
    }
}

type Arrows = BTreeMap<Name, Vec<Arrow>>;

impl Context<'_, '_> {
    /// The arrows of a state for the outcomes that it can have.
    pub(super) fn arrows(&self, state: &Map<'_>, name: &Name, at: Place, outcomes: &[Outcome]) -> Arrows {
        let report = &self.world.report;
        let mut found = Arrows::new();
        let written = state.get("next").and_then(|n| Map::any(n, "next", report));
        for entry in written.map_or(&[][..], |m| m.entries) {
            if !outcomes.iter().any(|o| o.name == entry.key) {
                let message = format!("{name} never has the outcome `{}`", entry.key);
                let help = suggest::nearest(&entry.key, outcomes.iter().map(|o| o.name));
                report.error(codes::IMPOSSIBLE_OUTCOME, entry.at, message, help);
                continue;
            }
            let arrows = self.arrow_list(&entry.value);
            found.insert(Name::from(entry.key.as_str()), arrows);
        }
        for outcome in outcomes.iter().filter(|o| !found.contains_key(o.name)).collect::<Vec<_>>() {
            if let Some(target) = self.usual(outcome, name, at) {
                found.insert(
                    Name::from(outcome.name),
                    vec![Arrow { when: None, go: target, learns: Vec::new() }],
                );
            }
        }
        found
    }

    fn usual(&self, outcome: &Outcome, state: &Name, at: Place) -> Option<Target> {
        let report = &self.world.report;
        let message = |rest: &str| format!("the outcome `{}` of {state} leads nowhere{rest}", outcome.name);
        let help = format!("add `{}: ...` under `next`", outcome.name);
        let usual = match &self.world.defaults {
            Some(defaults) => defaults.usual.get(outcome.name),
            None if USUAL.contains(&outcome.name) => return None,
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

    /// One target, or a list of `{ when, go }` that ends with `{ else }`.
    fn arrow_list(&self, node: &Node) -> Vec<Arrow> {
        match &node.body {
            Body::Scalar(_) => {
                self.target(node).map(|go| Arrow { when: None, go, learns: Vec::new() }).into_iter().collect()
            }
            _ => {
                let branches = self.branches(node);
                branches.into_iter().map(|b| Arrow { when: b.when, go: b.go, learns: Vec::new() }).collect()
            }
        }
    }

    /// `- { when: ..., go: ... }` ... `- { else: ... }`.
    pub(super) fn branches(&self, node: &Node) -> Vec<Branch> {
        let report = &self.world.report;
        let mut found = Vec::new();
        let mut closed = false;
        let items = read::list(node, "a choice", report);
        for item in items {
            let keys = Keys::of(&["when", "go", "else"]);
            let Some(map) = Map::read(item, "a branch", keys, report) else {
                closed = true;
                continue;
            };
            if closed {
                let help = "move it before the branch with `else`";
                report.error(codes::UNREACHABLE_BRANCH, map.head(), "this branch is never reached", help);
            }
            if let Some(other) = map.get("else") {
                found.extend(self.target(other).map(|go| Branch { when: None, go }));
                closed = true;
                continue;
            }
            let when = map.need("when", "a branch", report).and_then(|n| self.flag(n, Site::Fork));
            let go = map.need("go", "a branch", report).and_then(|n| self.target(n));
            if let (Some(when), Some(go)) = (when, go) {
                found.push(Branch { when: Some(when), go });
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
