//! Who is asked: a position, a group, `kind@unit`, `superior(...)`, a value of the document, a list.

use countersign_core::definition::Who;
use countersign_core::expr::{Attribute, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::Context;
use crate::codes;
use crate::condition::{self, Site, Text};
use crate::read::{self, Keys, Map, not_yet};
use crate::suggest;
use crate::yaml::{Body, Node};

const LATER: &[&str] = &["above(", "holder(", "lowest_common_superior("];

impl Context<'_, '_> {
    /// Who a node means. `None` after a report.
    pub(super) fn who(&self, node: &Node) -> Option<Who> {
        let report = &self.world.report;
        match &node.body {
            Body::Bad => None,
            Body::Scalar(scalar) => self.who_text(&Text::of(node, scalar, report)),
            Body::Map(_) => {
                let help =
                    "write a position, a group, kind@unit, superior(...), or a list of `{ when, who }`";
                report.error(codes::WRONG_SHAPE, node.place, "this does not say who", help);
                None
            }
            Body::List(items) if items.iter().any(|i| matches!(i.body, Body::Map(_))) => self.first_of(items),
            Body::List(items) => {
                if items.is_empty() {
                    let help = "name at least one position";
                    report.error(codes::WRONG_SHAPE, node.place, "nobody stands in this list", help);
                }
                let whos: Vec<Option<Who>> = items.iter().map(|i| self.who(i)).collect();
                whos.into_iter().collect::<Option<Vec<_>>>().map(Who::Each)
            }
        }
    }

    /// `- { when: ..., who: ... }` ... `- { else: ... }`.
    fn first_of(&self, items: &[Node]) -> Option<Who> {
        let report = &self.world.report;
        let mut found = Vec::new();
        let mut closed = false;
        for item in items {
            let map = Map::read(item, "one of several", Keys::of(&["when", "who", "else"]), report)?;
            if closed {
                let help = "move it before the one with `else`";
                report.error(codes::UNREACHABLE_BRANCH, map.head(), "this is never reached", help);
            }
            if let Some(other) = map.get("else") {
                found.push((None, self.who(other)?));
                closed = true;
                continue;
            }
            let when = map.need("when", "one of several", report).and_then(|n| self.flag(n, Site::Who));
            let who = map.need("who", "one of several", report).and_then(|n| self.who(n));
            found.push((Some(when?), who?));
        }
        if !closed {
            let place = items.first().map(|n| n.place).unwrap_or_default();
            let help = "add `- { else: somebody }` at the end";
            report.error(codes::MISSING_KEY, place, "nobody is asked where none of these holds", help);
            return None;
        }
        Some(Who::FirstOf(found))
    }

    fn who_text(&self, text: &Text) -> Option<Who> {
        let (report, written) = (&self.world.report, text.text.as_str());
        match written {
            "submitter" => return Some(Who::Submitter),
            "driver" => {
                if self.scope.driver.is_none() {
                    let help = "name one under `driver` in the chain or in company.yaml";
                    report.error(codes::UNKNOWN_NAME, text.whole(), "this chain has no driver", help);
                }
                return Some(Who::Driver);
            }
            _ => {}
        }
        if let Some(later) = LATER.iter().find(|l| written.starts_with(**l)) {
            not_yet(text.whole(), &format!("{later}...)"), report);
            return None;
        }
        if let Some(inner) = written.strip_prefix("superior(").and_then(|w| w.strip_suffix(')')) {
            let inner = text.part(9..9 + inner.len());
            return self.who_text(&inner).map(|who| Who::Superior(Box::new(who)));
        }
        if let Some((kind, unit)) = written.split_once('@') {
            return self.kind_at(kind, &text.part(kind.len() + 1..kind.len() + 1 + unit.len()), text);
        }
        if read::is_name(written) && !self.scope.defines.iter().any(|d| d.name == written) {
            return self.named(written, text);
        }
        let lowered = condition::of_type(text, &Type::Position, &self.scope.at(Site::Who))?;
        Some(Who::Expr(lowered.expr))
    }

    fn named(&self, name: &str, text: &Text) -> Option<Who> {
        let world = self.world;
        if world.position(name).is_some() {
            return Some(Who::Position(Name::from(name)));
        }
        if world.is_group(name) {
            return Some(Who::Group(Name::from(name)));
        }
        if world.kinds.contains(name) {
            let message = format!("`{name}` is a kind of position");
            let help = format!("say of which unit: `{name}@submitter`, `{name}@js`");
            world.report.error(codes::UNKNOWN_NAME, text.whole(), message, help);
            return None;
        }
        let org = &world.organisation;
        let known = org.positions.keys().chain(org.groups.keys()).map(Name::as_str);
        world.unknown("position or group", name, text.whole(), known.chain(["submitter", "driver"]));
        None
    }

    fn kind_at(&self, kind: &str, unit: &Text, whole: &Text) -> Option<Who> {
        let world = self.world;
        let kind_place = whole.part(0..kind.len()).whole();
        let known = world.need_kind(kind, kind_place);
        let kind = Name::from(kind);
        if unit.text == "submitter" {
            return known.then_some(Who::KindAt(kind, Expr::Submitter(Attribute::Unit)));
        }
        let expr = if read::is_name(&unit.text) && !self.scope.defines.iter().any(|d| d.name == *unit.text) {
            if !world.need_unit(&unit.text, unit.whole()) {
                return None;
            }
            if known && world.organisation.of_kind(&kind, &unit.text).is_none() {
                let message = format!("no {kind} belongs to {} or covers it", unit.text);
                let units = world.organisation.positions.values().filter(|p| p.kind == kind);
                let units: Vec<&str> = units.map(|p| p.unit.as_str()).collect();
                let help = format!("there is one at {}", suggest::listed(&units));
                world.report.error(codes::UNKNOWN_NAME, whole.whole(), message, help);
                return None;
            }
            Expr::Const(Value::Unit(Name::from(unit.text.as_str())))
        } else {
            condition::of_type(unit, &Type::Unit, &self.scope.at(Site::Who))?.expr
        };
        known.then_some(Who::KindAt(kind, expr))
    }
}
