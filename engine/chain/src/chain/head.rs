//! What other chains may know of a chain before its body is read. Read quietly: the body reports what is wrong.

use countersign_core::definition::Shape;
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::facts;
use super::header;
use super::holds;
use super::unratified::UNRATIFIED;
use crate::read::{self, Map};
use crate::types;
use crate::world::{ChainHead, World};
use crate::yaml::{Body, Entry, Node};

/// The head of a chain, without the type of its amount.
pub(crate) fn head(node: &Node, world: &World<'_>) -> Option<ChainHead> {
    world.report.quietly(|| {
        let map = Map::any(node, "a chain", &world.report)?;
        let name = header::name(&map, world)?;
        let document = header::document(&map, world)?;
        let entries = |key: &str| match map.get(key).map(|n| &n.body) {
            Some(Body::Map(entries)) => entries.as_slice(),
            _ => &[],
        };
        let named = |key: &str| entries(key).iter().filter(|e| read::is_name(&e.key));
        let mut head = ChainHead { name, document, ..ChainHead::default() };
        head.states = named("states").map(|e| Name::from(e.key.as_str())).collect();
        head.ends = header::ends(&map, world).into_iter().map(|(end, _)| (end.name, end.good)).collect();
        for entry in entries("facts") {
            let Some(fact) = facts::declared(entry, world) else { continue };
            if fact.initial.is_some() || matches!(fact.kind, Type::List(_)) {
                head.initial.insert(fact.name.clone());
            }
            head.facts.push((fact.name, fact.kind));
        }
        for entry in named("anytime") {
            let asks = Map::any(&entry.value, "an entry", &world.report).and_then(|m| m.get("asks"));
            let asks = asks.map_or(Some(Shape::new()), |n| types::shape(n, "asks", world));
            head.anytime.insert(Name::from(entry.key.as_str()), asks.unwrap_or_default());
        }
        let requests = head.anytime.len();
        let light =
            |e: &Entry| matches!(&e.value.body, Body::Map(of) if of.iter().any(|k| k.key == UNRATIFIED));
        if named("anytime").any(light) {
            head.anytime.entry(Name::from(UNRATIFIED)).or_default();
        }
        for entry in entries("hands_on") {
            head.hands_on.insert(Name::from(entry.key.as_str()), holds::handed_on(entry));
        }
        head.partial = head.facts.len() < entries("facts").len()
            || requests < entries("anytime").iter().filter(|e| !e.key.contains('.')).count()
            || head.states.len() < entries("states").len()
            || head.ends.len() < entries("ends").len();
        Some(head)
    })
}

/// A chain's name and the type of its amount, where it has one that can be read.
pub(crate) fn amount(node: &Node, world: &World<'_>) -> Option<(Name, Type)> {
    world.report.quietly(|| {
        let map = Map::any(node, "a chain", &world.report)?;
        let name = header::name(&map, world)?;
        let read = super::Base::read(&map, world)?;
        let kind = read.amount.map(|(_, kind)| kind);
        kind.map(|kind| (name, kind))
    })
}
