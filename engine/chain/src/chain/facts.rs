//! `facts`: what a case may learn on its way; `learns`: where it does.

use countersign_core::definition::{FactDef, Learn, Shape};
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::Context;
use crate::codes;
use crate::condition::{self, Scope, Site, Text};
use crate::read::{self, Map};
use crate::suggest;
use crate::types;
use crate::value;
use crate::world::World;
use crate::yaml::{Body, Entry, Node};

/// A fact as it is declared: `prepaid: money = 0`.
pub(super) struct Declared {
    pub(super) name: Name,
    pub(super) kind: Type,
    /// The expression after ` = `.
    pub(super) initial: Option<Text>,
}

/// Reads a fact without its first value.
pub(super) fn declared(entry: &Entry, world: &World<'_>) -> Option<Declared> {
    let report = &world.report;
    let name = read::new_name(&entry.key, entry.at, report)?;
    let Body::Scalar(scalar) = &entry.value.body else {
        let kind = types::of_node(&entry.value, world)?;
        return Some(Declared { name, kind, initial: None });
    };
    let text = Text::of(&entry.value, scalar, report);
    let (written, initial) = match scalar.text.find(" = ") {
        Some(at) => (scalar.text[..at].trim_end(), Some(text.part(at + 3..scalar.text.len()))),
        None => (scalar.text.as_str(), None),
    };
    let kind = types::parse(written, text.place(&(0..written.len())), world)?;
    Some(Declared { name, kind, initial })
}

/// The facts of a chain in order, each with its first value.
pub(super) fn read(map: &Map<'_>, scope: &Scope<'_, '_>, world: &World<'_>) -> Vec<FactDef> {
    let report = &world.report;
    let entries = map.get("facts").and_then(|n| Map::any(n, "facts", report)).map_or(&[][..], |m| m.entries);
    let mut found = Vec::new();
    for entry in entries {
        let Some(fact) = declared(entry, world) else { continue };
        let initial = match &fact.initial {
            Some(text) => first(text, &fact.kind, scope).map(Some),
            // Nothing was learnt yet: an empty list says so.
            None if matches!(fact.kind, Type::List(_)) => Some(Some(Expr::Const(Value::List(Vec::new())))),
            // Whatever reads it comes after what learns it: `lint::facts` sees to that.
            None => Some(None),
        };
        if let Some(initial) = initial {
            found.push(FactDef { name: fact.name, kind: fact.kind, initial });
        }
    }
    found
}

fn first(text: &Text, kind: &Type, scope: &Scope<'_, '_>) -> Option<Expr> {
    let world = scope.world;
    // A bare number of money in any currency is meant in the company's.
    if let (Type::AnyMoney, Some(amount)) = (kind, read::decimal(text.text.trim())) {
        let currency = world.currency()?;
        let fits = value::scale(amount, currency, text.whole(), world);
        return fits.then(|| Expr::Const(Value::money(amount, currency)));
    }
    condition::of_type(text, kind, &scope.at(Site::Initial)).map(|lowered| lowered.expr)
}

impl Context<'_, '_> {
    /// `learns: { fact: value }`. What can be read is handed in with the scope.
    pub(super) fn learns(&self, node: Option<&Node>) -> Vec<Learn> {
        let report = &self.world.report;
        let mut found = Vec::new();
        for entry in node.and_then(|n| Map::any(n, "learns", report)).map_or(&[][..], |m| m.entries) {
            let fact = self.scope.facts.iter().position(|(name, _)| *name == *entry.key.as_str());
            let Some((fact, (_, kind))) = fact.and_then(|n| Some((n, self.scope.facts.get(n)?))) else {
                if !self.head.partial {
                    let message = format!("this chain has no fact `{}`", entry.key);
                    let help = match self.scope.facts {
                        [] => format!("define it: `facts: {{ {}: ... }}`", entry.key),
                        facts => suggest::nearest(&entry.key, facts.iter().map(|(name, _)| name.as_str())),
                    };
                    report.error(codes::UNKNOWN_NAME, entry.at, message, help);
                }
                continue;
            };
            let Some(text) = self.text(&entry.value) else { continue };
            if let Some(lowered) = condition::of_type(&text, kind, &self.scope.at(Site::Learn)) {
                let fact = u16::try_from(fact).unwrap_or(u16::MAX);
                found.push(Learn { fact, value: lowered.expr });
            }
        }
        found
    }
}

/// What answers of several words carry together: a name that two of them type differently belongs to neither.
pub(super) fn union<'s>(shapes: impl IntoIterator<Item = &'s Shape>) -> Shape {
    let mut found = Shape::new();
    let mut unclear: Vec<Name> = Vec::new();
    for (name, kind) in shapes.into_iter().flatten() {
        match found.iter().find(|(known, _)| known == name) {
            None => found.push((name.clone(), kind.clone())),
            Some((_, known)) if known != kind => unclear.push(name.clone()),
            Some(_) => {}
        }
    }
    found.retain(|(name, _)| !unclear.contains(name));
    found
}
