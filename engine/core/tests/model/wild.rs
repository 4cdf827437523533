//! Random chains: composers within composers, so that no shape of a step is left to the imagination.

use countersign_core::definition::*;
use countersign_core::name::Name;

use super::chains::{APPROVED, at_least, chain, climb, people, plain, plain_arrow, position, urgent, when};
use super::random::Random;

const POSITIONS: [&str; 14] = [
    "legal",
    "credit",
    "quality",
    "fin_dir",
    "sales_dir",
    "president",
    "clerk",
    "region_e",
    "region_n",
    "branch_a",
    "branch_n",
    "kam_a",
    "auditor",
    "archivist",
];
const AUTHORITIES: [&str; 3] = ["contract", "promo", "debt"];

/// A few chains of two states each.
pub fn all(seed: u64) -> Vec<Chain> {
    let mut wild = Wild { random: Random::new(seed ^ 0xC0FF_EE00), free: Vec::new() };
    let mut chains = Vec::new();
    for number in 0..6 {
        let first = people("first", "passed", wild.root(3), Target::State(1));
        let mut second = people("second", "approved", wild.root(2), APPROVED);
        if wild.random.chance(30) {
            let back = vec![plain_arrow(None, Target::State(0))];
            second.next.insert(Name::from("returned"), back);
        }
        chains.push(chain(&format!("wild{number}"), vec![first, second]));
    }
    chains
}

struct Wild {
    random: Random,
    /// Positions that the state does not ask yet.
    free: Vec<&'static str>,
}

impl Wild {
    fn root(&mut self, depth: usize) -> Node {
        self.free = POSITIONS.to_vec();
        self.node(depth, false)
    }

    fn node(&mut self, depth: usize, votes: bool) -> Node {
        if depth == 0 || self.random.chance(25) {
            return self.leaf(votes);
        }
        match self.random.below(4) {
            0 => Node::All(self.members(depth, votes)),
            1 => Node::Any(self.members(depth, true)),
            2 => Node::InOrder(self.members(depth, votes)),
            _ => {
                let mut members = self.members(depth, true);
                for member in &mut members {
                    member.weight = 1 + self.random.below(3) as u32;
                    member.when = None;
                }
                let all: u32 = members.iter().map(|m| m.weight).sum();
                Node::Votes { need: 1 + self.random.below(all as usize) as u32, members }
            }
        }
    }

    fn members(&mut self, depth: usize, votes: bool) -> Vec<Member> {
        let count = 2 + self.random.below(2);
        (0..count).map(|_| self.member(depth, votes)).collect()
    }

    fn member(&mut self, depth: usize, votes: bool) -> Member {
        let node = self.node(depth - 1, votes);
        match self.random.below(6) {
            0 => when(urgent(), node),
            1 => when(at_least(500), node),
            _ => plain(node),
        }
    }

    /// One signer; within votes no mere contributions.
    fn leaf(&mut self, votes: bool) -> Node {
        let duties = [Duty::Approve, Duty::Review, Duty::Review, Duty::Input];
        let duty = duties[self.random.below(if votes { 3 } else { 4 })];
        if self.free.is_empty() || self.random.chance(8) {
            return Node::Climb(climb(AUTHORITIES[self.random.below(AUTHORITIES.len())]));
        }
        let mut who = position(self.free.swap_remove(self.random.below(self.free.len())));
        let group = duty != Duty::Input && self.random.chance(8);
        if group {
            who = Who::Group(Name::from(if self.random.chance(50) { "board" } else { "jury" }));
        }
        let veto = !group && duty == Duty::Review && self.random.chance(30);
        Node::Signer(Signer { duty, who, veto, except: Vec::new(), task: None, only_if: None })
    }
}
