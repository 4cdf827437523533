//! organisation.yaml: units, positions, who holds them, groups.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::people::Duty;
use crate::name::{Name, Title};
use crate::time::Timestamp;

/// The organisation: ownership and authority belong to positions, persons hold them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Units by name.
    pub units: BTreeMap<Name, Unit>,
    /// Positions by name. Exactly one has no solid superior.
    pub positions: BTreeMap<Name, Position>,
    /// Groups by name; a group may stand wherever a position may.
    pub groups: BTreeMap<Name, Group>,
    /// Standing delegations of authority.
    pub delegations: BTreeMap<Name, Delegation>,
}

/// A part of the company.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its title.
    pub title: Title,
    /// The unit it belongs to.
    pub part_of: Option<Name>,
    /// The province it stands in; None: that of the unit it belongs to.
    pub province: Option<Name>,
}

/// A post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its title.
    pub title: Title,
    /// Its kind: limits and deadlines are given by kind.
    pub kind: Name,
    /// Its unit.
    pub unit: Name,
    /// Further units it serves (`brfin@zj` finds the position that covers zj).
    pub covers: Vec<Name>,
    /// The one superior who decides; none at the top.
    pub solid: Option<Name>,
    /// Superiors who review or are copied.
    pub dotted: Vec<Name>,
    /// The persons who hold it; empty where it is vacant.
    pub holders: Vec<Name>,
    /// Who acts while it is vacant.
    pub acting: Option<Acting>,
}

/// Acting for a vacant post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acting {
    /// The position whose holders act.
    pub by: Name,
    /// The share of the post's limit that they have.
    pub share: Decimal,
    /// The first instant at which they act; None: from when it is known.
    pub since: Option<Timestamp>,
    /// The first instant at which they no longer act.
    pub until: Timestamp,
}

/// Several positions deciding together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its title.
    pub title: Title,
    /// Its members.
    pub members: Vec<Name>,
    /// How many must approve.
    pub need: u32,
}

/// Authority handed to another position for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// Whose authority.
    pub from: Name,
    /// To whom.
    pub to: Name,
    /// For which authorities.
    pub authority: Vec<Name>,
    /// Up to how much, inclusive.
    pub up_to: Decimal,
    /// The first instant at which it holds.
    pub start: Timestamp,
    /// The first instant at which it no longer holds.
    pub end: Timestamp,
    /// For which chains; empty: for all.
    pub chains: Vec<Name>,
    /// For what is asked of the post; empty: for levels of the authorities only. Named, it also covers what the post is
    /// asked for by its name.
    pub duties: Vec<Duty>,
}

impl Acting {
    /// Whether it holds at an instant.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= at) && at < self.until
    }
}

impl Delegation {
    /// Whether it holds at an instant: half-open, from its start up to its end.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

impl Organisation {
    /// The solid superiors of a position, nearest first. A cycle, which loading refuses, ends the walk.
    pub fn superiors(&self, position: &str) -> Vec<Name> {
        let mut path: Vec<Name> = Vec::new();
        let mut at = self.positions.get(position).and_then(|p| p.solid.clone());
        while let Some(name) = at {
            if path.contains(&name) || name == *position {
                break;
            }
            at = self.positions.get(&name).and_then(|p| p.solid.clone());
            path.push(name);
        }
        path
    }

    /// The province of a unit, or of the nearest unit above that names one.
    pub fn province(&self, unit: &str) -> Option<&Name> {
        let mut at = self.units.get(unit)?;
        // A circle, which loading refuses, ends the walk.
        for _ in 0..self.units.len() {
            match (&at.province, &at.part_of) {
                (Some(province), _) => return Some(province),
                (None, Some(above)) => at = self.units.get(above)?,
                (None, None) => return None,
            }
        }
        None
    }

    /// Whether the person may act in the position at an instant: as its holder, as who its authority was delegated to,
    /// or, while it is vacant, as who acts for it.
    pub fn holds(&self, person: &str, position: &str, at: Timestamp) -> bool {
        let Some(post) = self.positions.get(position) else { return false };
        self.is_holder(person, position)
            || (post.holders.is_empty() && self.acting_holders(post, at).iter().any(|h| *h == person))
            || self.delegated(person, position).any(|(_, d)| d.holds(at))
    }

    /// Whether the person holds the position itself.
    pub fn is_holder(&self, person: &str, position: &str) -> bool {
        self.positions.get(position).is_some_and(|post| post.holders.iter().any(|h| h == person))
    }

    /// What a position has delegated to posts that the person holds, at any time. Nobody hands on what was handed to
    /// them: only holders are deputies.
    pub fn delegated<'a>(
        &'a self,
        person: &'a str,
        position: &'a str,
    ) -> impl Iterator<Item = (&'a Name, &'a Delegation)> {
        let to = move |d: &Delegation| d.from == *position && self.is_holder(person, &d.to);
        self.delegations.iter().filter(move |(_, d)| to(d))
    }

    /// The positions that a person holds, in order of their names.
    pub fn posts_of(&self, person: &str) -> Vec<Name> {
        let holds = |name: &&Name| self.is_holder(person, name);
        self.positions.keys().filter(holds).cloned().collect()
    }

    /// The first instant after another at which somebody begins or ceases to stand in for a post.
    pub fn next_window(&self, after: Timestamp) -> Option<Timestamp> {
        let acting = self.positions.values().filter_map(|post| post.acting.as_ref());
        let acting = acting.flat_map(|acting| acting.since.into_iter().chain([acting.until]));
        let delegated = self.delegations.values().flat_map(|d| [d.start, d.end]);
        acting.chain(delegated).filter(|at| *at > after).min()
    }

    /// The persons acting for a vacant post at an instant.
    pub fn acting_holders(&self, post: &Position, at: Timestamp) -> &[Name] {
        match &post.acting {
            Some(acting) if acting.holds(at) => self.positions.get(&acting.by).map_or(&[], |by| &by.holders),
            _ => &[],
        }
    }

    /// The position of a kind that belongs to a unit or covers it.
    pub fn of_kind(&self, kind: &str, unit: &str) -> Option<&Name> {
        let mut of_kind = self.positions.iter().filter(|(_, p)| p.kind == *kind);
        let own = of_kind.clone().find(|(_, p)| p.unit == *unit);
        own.or_else(|| of_kind.find(|(_, p)| p.covers.iter().any(|c| c == unit))).map(|(name, _)| name)
    }
}
