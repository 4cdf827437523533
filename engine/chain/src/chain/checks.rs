//! `check`: conditions that must hold, and values that no other case of the chain may have.
//!
//! ```text
//! check:
//!   - { must: doc.total > 0, else: EMPTY }
//!   - { unique: doc.invoices.number, else: DUPLICATE_INVOICE }
//! ```

use countersign_core::definition::{Activity, Check, Required, Test};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use super::arrows::Outcome;
use super::states::{Heard, Read};
use crate::codes;
use crate::condition::{self, Site, Text};
use crate::read::{self, Keys, Map};
use crate::suggest;
use crate::yaml::Node;

const KEYS: Keys = Keys::of(&["must", "unique", "else"]);

/// What is claimed, out of what, and where it stands in each item of a list.
pub(super) struct Unique {
    name: Name,
    of: Expr,
    path: Vec<Name>,
}

impl Unique {
    fn test(self) -> Test {
        Test::Unique { name: self.name, of: self.of, path: self.path }
    }

    pub(super) fn required(self) -> Required {
        Required::Unique { name: self.name, of: self.of, path: self.path }
    }
}

impl Context<'_, '_> {
    pub(super) fn checks(&self, map: &Map<'_>) -> Option<Read> {
        let report = &self.world.report;
        let mut checks = Vec::new();
        for item in read::list(map.get("check")?, "check", report) {
            let Some(map) = Map::read(item, "a check", KEYS, report) else { continue };
            let test = match (map.entry("unique"), map.get("must")) {
                (Some(entry), Some(_)) => {
                    let message = "`unique` cannot stand beside `must` here";
                    report.error(codes::MISPLACED_KEY, entry.at, message, "give each a line of its own");
                    None
                }
                (Some(entry), None) => self.unique(&entry.value, Site::Check).map(Unique::test),
                (None, _) => map
                    .need("must", "a check", report)
                    .and_then(|n| self.flag(n, Site::Check))
                    .map(Test::Must),
            };
            let code = map.need("else", "a check", report).and_then(|n| read::code(n, report));
            if let (Some(test), Some(code)) = (test, code) {
                checks.push(Check { test, code });
            }
        }
        Some(Read {
            activity: Activity::Check(checks),
            outcomes: ["passed", "failed"].map(Outcome::needed).to_vec(),
            without_deadline: false,
            heard: Heard::default(),
        })
    }

    /// `unique: doc.invoices.number`: what is claimed, a value or each value of a list.
    pub(super) fn unique(&self, node: &Node, site: Site) -> Option<Unique> {
        let text = self.text(node)?;
        let (list, path) = self.through_list(&text)?;
        let lowered = condition::any(&list, &self.scope.at(site))?;
        let value = self.value_in(&lowered.kind, &path, &text)?;
        if matches!(value, Type::Record(_) | Type::Flag | Type::List(_)) {
            let message = format!("{value} does not tell one case from another");
            let help = "name a number, a text, a date or a row, as in doc.invoices.number";
            self.world.report.error(codes::TYPE_ERROR, node.place, message, help);
            return None;
        }
        let name = text.text.trim();
        let name = Name::from(name.strip_prefix("doc.").unwrap_or(name));
        Some(Unique { name, of: lowered.expr, path })
    }

    /// `doc.invoices.number`: the list, and where the value stands in each of its items. What leads through no list of
    /// the document is one expression.
    fn through_list(&self, text: &Text) -> Option<(Text, Vec<Name>)> {
        let whole = || Some((text.clone(), Vec::new()));
        let written = &text.text;
        let Some(rest) = written.strip_prefix("doc.") else { return whole() };
        let mut members: Vec<(Name, Type)> = match self.scope.document {
            Some(document) => document.fields.iter().map(|f| (f.name.clone(), f.kind.clone())).collect(),
            None => return whole(),
        };
        let mut at = "doc.".len();
        for part in rest.split('.') {
            let Some((_, kind)) = members.into_iter().find(|(name, _)| *name == *part) else {
                return whole();
            };
            at += part.len();
            let kind = match kind {
                Type::Optional(of) => *of,
                kind => kind,
            };
            match kind {
                Type::Record(inner) => members = inner,
                Type::List(_) if at < written.len() => {
                    let below = written.get(at + 1..).unwrap_or("").trim_end();
                    return Some((text.part(0..at), below.split('.').map(Name::from).collect()));
                }
                _ => return whole(),
            }
            at += 1;
        }
        whole()
    }

    /// The type of the value that is claimed.
    fn value_in(&self, kind: &Type, path: &[Name], text: &Text) -> Option<Type> {
        let mut at = kind;
        let mut path = path.iter();
        loop {
            at = match at {
                Type::Optional(of) => of,
                Type::List(of) if matches!(**of, Type::List(_)) => return Some((**of).clone()),
                Type::List(of) => of,
                Type::Record(members) => {
                    let Some(name) = path.next() else { return Some(at.clone()) };
                    match members.iter().find(|(known, _)| known == name) {
                        Some((_, kind)) => kind,
                        None => {
                            let known = members.iter().map(|(known, _)| known.as_str());
                            let help = suggest::nearest(name, known);
                            let message = format!("an item of this list has no field `{name}`");
                            self.world.report.error(codes::UNKNOWN_FIELD, text.whole(), message, help);
                            return None;
                        }
                    }
                }
                kind => return Some(kind.clone()),
            };
        }
    }
}
