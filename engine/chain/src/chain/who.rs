//! Who is asked: a position, a group, `kind@unit`, `superior(...)`, a value of the document, a list.

use countersign_core::definition::Who;
use countersign_core::expr::{Attribute, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::Context;
use crate::codes;
use crate::condition::{self, Site, Text};
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::{Body, Node};

/// Functions of who is asked.
const FUNCTIONS: &[&str] = &["superior", "dotted", "above", "lowest_common_superior", "holder"];

impl Context<'_, '_> {
    /// Who a node means. `None` after a report.
    pub(super) fn who(&self, node: &Node) -> Option<Who> {
        let report = &self.world.report;
        match &node.body {
            Body::Bad => None,
            Body::Scalar(scalar) => self.who_text(&Text::of(node, scalar, report)),
            Body::Map(entries) if entries.iter().any(|e| e.key == "group") => self.group(node),
            Body::Map(_) => {
                let help = "write a position, a group, `{ group: NAME, need: 2 }`, kind@unit, superior(...), \
                            or a list of `{ when, who }`";
                report.error(codes::WRONG_SHAPE, node.place, "this does not say who", help);
                None
            }
            Body::List(items) if items.iter().any(branch) => self.first_of(items),
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

    /// Who a node means, where it must be one post.
    pub(super) fn who_one(&self, node: &Node) -> Option<Who> {
        let who = self.who(node)?;
        if several(&who) {
            let message = "this is more than one post";
            let help = "name one position, kind@unit, superior(...) or an expression that is a position";
            self.world.report.error(codes::BAD_VALUE, node.place, message, help);
            return None;
        }
        Some(who)
    }

    /// `{ group: leading_group, need: 2 }`.
    fn group(&self, node: &Node) -> Option<Who> {
        let (world, report) = (self.world, &self.world.report);
        let map = Map::read(node, "a group", Keys::of(&["group", "need"]), report)?;
        let name_node = map.get("group")?;
        let name = read::name(name_node, "a group", report)?;
        let Some(group) = world.organisation.groups.get(&name) else {
            world.unknown(
                "group",
                &name,
                name_node.place,
                world.organisation.groups.keys().map(Name::as_str),
            );
            return None;
        };
        let Some(need_node) = map.get("need") else { return Some(Who::Group(name)) };
        let need = read::whole(need_node, "need", (1, 1000), report)?;
        if usize::try_from(need).unwrap_or(usize::MAX) > group.members.len() {
            let message = format!("{name} has {} members, and {need} are needed", group.members.len());
            report.error(codes::GROUP_NEED, need_node.place, message, "lower need, or add members");
        }
        Some(Who::GroupNeed(name, need))
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
            let when = map.need("when", "one of several", report).and_then(|n| self.flag(n, self.who_site));
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
            "submitter" | "owner" if self.who_site == Site::Start => {
                let help = "name a position, kind@unit of the item or the message, or an expression";
                let message = format!("there is no `{written}` before a case has started");
                report.error(codes::NOT_READABLE_HERE, text.whole(), message, help);
                return None;
            }
            "submitter" => return Some(Who::Submitter),
            "owner" => return Some(Who::Owner),
            "driver" => {
                if self.scope.driver.is_none() {
                    let help = "name one under `driver` in the chain or in company.yaml";
                    report.error(codes::UNKNOWN_NAME, text.whole(), "this chain has no driver", help);
                }
                return Some(Who::Driver);
            }
            _ => {}
        }
        if let Some((function, inner)) = call(written) {
            let parts = arguments(text, function.len() + 1, inner);
            return self.who_call(function, &parts, text);
        }
        if let Some((kind, unit)) = written.split_once('@') {
            return self.kind_at(kind, &text.part(kind.len() + 1..kind.len() + 1 + unit.len()), text);
        }
        if read::is_name(written) && !self.is_value(written) {
            return self.named(written, text);
        }
        let lowered = condition::of_type(text, &Type::Position, &self.scope.at(self.who_site))?;
        Some(Who::Expr(lowered.expr))
    }

    /// Whether a bare name is a define or the item rather than a position.
    fn is_value(&self, name: &str) -> bool {
        self.scope.defines.iter().any(|d| d.name == name)
            || self.scope.item.is_some_and(|(item, _)| item == name)
    }

    /// `superior(x)`, `dotted(x)`, `above(x, kind)`, `lowest_common_superior(a, b)`, `holder(x)`.
    fn who_call(&self, function: &str, parts: &[Text], whole: &Text) -> Option<Who> {
        let world = self.world;
        let expected = if matches!(function, "superior" | "dotted" | "holder") { 1 } else { 2 };
        if parts.len() != expected {
            let message = format!("{function} does not take {} values", parts.len());
            let help = match function {
                "above" => "write above(submitter, region_head)",
                "lowest_common_superior" => "write lowest_common_superior(submitter, doc.other)",
                "dotted" => "write dotted(submitter)",
                "holder" => "write holder(doc.position)",
                _ => "write superior(submitter)",
            };
            world.report.error(codes::BAD_EXPRESSION, whole.whole(), message, help);
            return None;
        }
        match (function, parts) {
            ("superior", [of]) => self.who_text(of).map(|who| Who::Superior(Box::new(who))),
            ("dotted", [of]) => self.who_text(of).map(|who| Who::Dotted(Box::new(who))),
            ("holder", [of]) => self.who_text(of),
            ("above", [of, kind]) => {
                let known = world.need_kind(&kind.text, kind.whole());
                let of = self.who_text(of)?;
                known.then(|| Who::Above(Box::new(of), Name::from(kind.text.as_str())))
            }
            (_, [a, b]) => {
                let (a, b) = (self.who_text(a), self.who_text(b));
                Some(Who::LowestCommonSuperior(Box::new(a?), Box::new(b?)))
            }
            _ => None,
        }
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
        let items = self.scope.item.iter().map(|(item, _)| *item);
        let known = known.chain(items).chain(["submitter", "owner", "driver"]);
        world.unknown("position or group", name, text.whole(), known);
        None
    }

    fn kind_at(&self, kind: &str, unit: &Text, whole: &Text) -> Option<Who> {
        let world = self.world;
        let kind_place = whole.part(0..kind.len()).whole();
        let known = world.need_kind(kind, kind_place);
        let kind = Name::from(kind);
        let post = match unit.text.as_str() {
            "submitter" => Some(Expr::Submitter(Attribute::Unit)),
            "owner" => Some(Expr::Owner(Attribute::Unit)),
            _ => None,
        };
        if let Some(post) = post.filter(|_| self.who_site != Site::Start) {
            return known.then_some(Who::KindAt(kind, post));
        }
        let expr = if read::is_name(&unit.text) && !self.is_value(&unit.text) {
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
            condition::of_type(unit, &Type::Unit, &self.scope.at(self.who_site))?.expr
        };
        known.then_some(Who::KindAt(kind, expr))
    }
}

/// Whether an item of a list says when it holds.
fn branch(node: &Node) -> bool {
    matches!(&node.body, Body::Map(entries) if entries.iter().any(|e| matches!(e.key.as_str(), "when" | "who" | "else")))
}

/// Whether several posts are meant.
fn several(who: &Who) -> bool {
    match who {
        Who::Each(_) | Who::Group(_) | Who::GroupNeed(..) | Who::Dotted(_) => true,
        Who::FirstOf(branches) => branches.iter().any(|(_, who)| several(who)),
        _ => false,
    }
}

/// A function and what stands between its parentheses.
fn call(written: &str) -> Option<(&'static str, &str)> {
    FUNCTIONS.iter().find_map(|function| {
        let inner = written.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')?;
        Some((*function, inner))
    })
}

/// The arguments between the parentheses of a call, which begin at a byte of the text.
fn arguments(text: &Text, begin: usize, inner: &str) -> Vec<Text> {
    let mut found = Vec::new();
    let (mut depth, mut from) = (0_i32, 0_usize);
    let mut push = |from: usize, to: usize| {
        let part = inner.get(from..to).unwrap_or("");
        let blank = part.len() - part.trim_start().len();
        let start = begin + from + blank;
        found.push(text.part(start..start + part.trim().len()));
    };
    for (at, c) in inner.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                push(from, at);
                from = at + 1;
            }
            _ => {}
        }
    }
    push(from, inner.len());
    found
}
