//! The plan of a step: who is to be asked, in which order, and why; fixed when the state is entered.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::definition::Duty;
use crate::name::Name;
use crate::time::Span;
use crate::value::Value;

/// Who is to be asked in a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How the slots stand to one another.
    pub root: PlanNode,
    /// One for each signature that is wanted.
    pub slots: Vec<Slot>,
}

/// How slots stand to one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum PlanNode {
    /// One slot.
    Slot(u16),
    /// Everybody, blind to one another.
    All(Vec<PlanNode>),
    /// The first answer decides.
    Any(Vec<PlanNode>),
    /// So much weight of approval is needed.
    Votes {
        /// The weight needed.
        need: u32,
        /// Weights and whose they are.
        members: Vec<(u32, PlanNode)>,
    },
    /// One after another.
    InOrder(Vec<PlanNode>),
    /// The levels of a climb, one after another; it may grow at its end.
    Climb(Vec<PlanNode>),
}

impl Default for PlanNode {
    fn default() -> Self {
        PlanNode::All(Vec::new())
    }
}

/// One signature that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// What is asked.
    pub duty: Duty,
    /// The position asked.
    pub position: Name,
    /// The capacities that one signature here covers, in the order of the line.
    pub capacities: Vec<Capacity>,
    /// A reviewer whose rejection is final.
    pub veto: bool,
    /// Opinions stay closed until the part it belongs to is complete.
    pub blind: bool,
    /// The time allowed.
    pub within: Span,
    /// Its level of a climb.
    pub level: Option<Level>,
    /// The group in which the position has a seat; a seat is never filled by a superior.
    pub seat_of: Option<Name>,
    /// Persons who may not answer: the submitter, who benefits, who is excepted.
    #[serde(deserialize_with = "same_as_before")]
    pub barred: Arc<[Name]>,
}

thread_local! {
    /// The persons that this thread has read last. Slots of a plan mostly bar the same ones.
    static LAST_READ: RefCell<Arc<[Name]>> = RefCell::new([].into());
}

/// A list of names that is kept once where it is the one before again.
fn same_as_before<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[Name]>, D::Error> {
    deserializer.deserialize_seq(Listed)
}

struct Listed;

impl<'de> Visitor<'de> for Listed {
    type Value = Arc<[Name]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Arc<[Name]>, A::Error> {
        LAST_READ.with_borrow_mut(|last| {
            let mut same = 0;
            while let Some(name) = names.next_element::<Name>()? {
                if last.get(same) == Some(&name) {
                    same += 1;
                    continue;
                }
                let mut other = last[..same].to_vec();
                other.push(name);
                while let Some(name) = names.next_element()? {
                    other.push(name);
                }
                *last = other.into();
                return Ok(last.clone());
            }
            if same < last.len() {
                *last = last[..same].into();
            }
            Ok(last.clone())
        })
    }
}

/// What a slot is asked about, where that is more than the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The slot.
    pub slot: u16,
    /// The piece of work, by its place among those of the state's activity.
    pub task: Option<u16>,
    /// The item of the state's `for_each`.
    pub item: Option<Value>,
}

/// A level of a climb.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The authority climbed.
    pub authority: Name,
    /// Its place in the line, from 0.
    pub place: u16,
    /// What is held against the limit.
    pub need: Decimal,
    /// The limit at planning; None: unlimited.
    pub limit: Option<Decimal>,
    /// Whether this level decides.
    pub decides: bool,
}

/// Why a signature counts for a position.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Capacity {
    /// The position.
    pub position: Name,
    /// How.
    pub why: CapacityWhy,
}

/// How a signature counts for a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CapacityWhy {
    /// Its holder signs.
    Own,
    /// It is vacant; the superior signs for it (R7).
    Vacant,
    /// Somebody acts for it (R7).
    Acting,
    /// It delegated its authority (R7).
    Delegate,
    /// Its holder signs once, at a higher post (R5).
    Merged,
    /// It no longer exists; its superior signs (R9).
    Abolished,
    /// Its holder may not sign here; the superior does (R2).
    Barred,
    /// Its holder referred the case up (R22).
    Referred,
    /// Its signature must be another person's (R6).
    Independent,
    /// Its holder handed the task to another post.
    Transferred,
}

impl CapacityWhy {
    /// How a signature counts, in a word.
    pub fn word(self) -> &'static str {
        match self {
            CapacityWhy::Own => "own",
            CapacityWhy::Vacant => "vacant",
            CapacityWhy::Acting => "acting",
            CapacityWhy::Delegate => "delegate",
            CapacityWhy::Merged => "merged",
            CapacityWhy::Abolished => "abolished",
            CapacityWhy::Barred => "barred",
            CapacityWhy::Referred => "referred",
            CapacityWhy::Independent => "independent",
            CapacityWhy::Transferred => "transferred",
        }
    }
}

impl PlanNode {
    /// Whether the slot is in this part.
    pub fn holds(&self, slot: u16) -> bool {
        match self {
            PlanNode::Slot(own) => *own == slot,
            PlanNode::Votes { members, .. } => members.iter().any(|(_, node)| node.holds(slot)),
            PlanNode::All(parts)
            | PlanNode::Any(parts)
            | PlanNode::InOrder(parts)
            | PlanNode::Climb(parts) => parts.iter().any(|node| node.holds(slot)),
        }
    }

    /// Its slots, in order.
    pub(crate) fn collect(&self, slots: &mut Vec<u16>) {
        match self {
            PlanNode::Slot(slot) => slots.push(*slot),
            PlanNode::Votes { members, .. } => members.iter().for_each(|(_, node)| node.collect(slots)),
            PlanNode::All(parts)
            | PlanNode::Any(parts)
            | PlanNode::InOrder(parts)
            | PlanNode::Climb(parts) => parts.iter().for_each(|node| node.collect(slots)),
        }
    }

    /// Puts something in the place of a slot.
    pub(crate) fn replace(&mut self, slot: u16, by: impl FnOnce(PlanNode) -> PlanNode) {
        if let Some(place) = self.place_of(slot) {
            *place = by(PlanNode::Slot(slot));
        }
    }

    fn place_of(&mut self, slot: u16) -> Option<&mut PlanNode> {
        if matches!(self, PlanNode::Slot(own) if *own == slot) {
            return Some(self);
        }
        match self {
            PlanNode::Slot(_) => None,
            PlanNode::Votes { members, .. } => members.iter_mut().find_map(|(_, node)| node.place_of(slot)),
            PlanNode::All(parts)
            | PlanNode::Any(parts)
            | PlanNode::InOrder(parts)
            | PlanNode::Climb(parts) => parts.iter_mut().find_map(|node| node.place_of(slot)),
        }
    }

    /// The levels of the climb that holds the slot.
    pub(crate) fn climb(&self, slot: u16) -> Option<&[PlanNode]> {
        match self {
            PlanNode::Slot(_) => None,
            PlanNode::Climb(levels) => levels.iter().any(|node| node.holds(slot)).then_some(levels),
            PlanNode::Votes { members, .. } => members.iter().find_map(|(_, node)| node.climb(slot)),
            PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) => {
                parts.iter().find_map(|node| node.climb(slot))
            }
        }
    }

    /// The same, to be changed.
    pub(crate) fn climb_of(&mut self, slot: u16) -> Option<&mut Vec<PlanNode>> {
        match self {
            PlanNode::Slot(_) => None,
            PlanNode::Climb(levels) => levels.iter().any(|node| node.holds(slot)).then_some(levels),
            PlanNode::Votes { members, .. } => members.iter_mut().find_map(|(_, node)| node.climb_of(slot)),
            PlanNode::All(parts) | PlanNode::Any(parts) | PlanNode::InOrder(parts) => {
                parts.iter_mut().find_map(|node| node.climb_of(slot))
            }
        }
    }
}

crate::depth::bounded!(PlanNode);
