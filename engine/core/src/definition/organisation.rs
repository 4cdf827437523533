//! organisation.yaml: units, positions, who holds them, groups.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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

    /// Whether the person may act in the position at an instant: as its holder, or, while it is vacant, as who
    /// acts for it or as who its authority was delegated to.
    pub fn holds(&self, person: &str, position: &str, at: Timestamp) -> bool {
        let Some(post) = self.positions.get(position) else { return false };
        if post.holders.iter().any(|h| h == person) {
            return true;
        }
        let stands_in =
            |by: &Name| self.positions.get(by).is_some_and(|p| p.holders.iter().any(|h| h == person));
        let delegated =
            |d: &Delegation| d.from == *position && d.start <= at && at < d.end && stands_in(&d.to);
        post.holders.is_empty()
            && (self.acting_holders(post, at).iter().any(|h| *h == person)
                || self.delegations.values().any(delegated))
    }

    /// The persons acting for a vacant post at an instant.
    pub fn acting_holders(&self, post: &Position, at: Timestamp) -> &[Name] {
        match &post.acting {
            Some(acting) if at < acting.until => self.positions.get(&acting.by).map_or(&[], |by| &by.holders),
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
