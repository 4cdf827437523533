//! What the cases of a company leave untried.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Chain};
use countersign_core::name::Name;

use crate::company::Company;
use crate::run::Outcome;
use crate::world::target;

/// What cases took, all together.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    taken: BTreeSet<(Name, Name, Name)>,
    chains: BTreeSet<Name>,
}

/// What no case took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uncovered {
    /// Chains of which no case began.
    pub chains: Vec<Name>,
    /// Arrows of the other chains that no case followed: chain, state, outcome.
    pub arrows: Vec<(Name, Name, Name)>,
    /// How many arrows were followed, of how many.
    pub followed: (usize, usize),
}

impl Cover {
    /// Adds what a case took.
    pub fn add(&mut self, outcome: &Outcome) {
        self.taken.extend(outcome.taken.iter().cloned());
        self.chains.extend(outcome.chains.iter().cloned());
    }

    /// What is left.
    pub fn uncovered(&self, company: &Company) -> Uncovered {
        let mut uncovered = Uncovered::default();
        for (name, chain) in &company.chains {
            let arrows = arrows(chain);
            uncovered.followed.1 += arrows.len();
            if !self.chains.contains(name) {
                uncovered.chains.push(name.clone());
                continue;
            }
            for (state, outcome) in arrows {
                let arrow = (name.clone(), state, outcome);
                if self.taken.contains(&arrow) {
                    uncovered.followed.0 += 1;
                } else {
                    uncovered.arrows.push(arrow);
                }
            }
        }
        uncovered
    }
}

/// Every way out of every state.
fn arrows(chain: &Chain) -> BTreeSet<(Name, Name)> {
    let mut arrows = BTreeSet::new();
    for state in &chain.states {
        let mut add = |outcome: Name| {
            arrows.insert((state.name.clone(), outcome));
        };
        state.next.keys().cloned().for_each(&mut add);
        if state.expires.is_some() {
            add(Name::from("expires"));
        }
        if let Activity::Choose(branches) = &state.activity {
            branches.iter().for_each(|branch| add(target(chain, branch.go)));
        }
    }
    arrows
}
