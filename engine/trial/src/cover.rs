//! What the cases of a company leave untried.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Chain, StateDef};
use countersign_core::name::Name;

use crate::company::Company;
use crate::run::Outcome;
use crate::world::target;

/// Where entries under `anytime` are counted, which belong to no state.
pub(crate) const ANYTIME: &str = "anytime";

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
            let followed = self.followed(company, chain);
            for (state, outcome) in arrows {
                let arrow = (name.clone(), state, outcome);
                if followed.contains(&(&arrow.1, arrow.2.as_str())) {
                    uncovered.followed.0 += 1;
                } else {
                    uncovered.arrows.push(arrow);
                }
            }
        }
        uncovered
    }

    /// The arrows that outcomes led along: an outcome that a state does not name follows the one that it falls back to.
    fn followed<'c>(&'c self, company: &'c Company, chain: &'c Chain) -> BTreeSet<(&'c Name, &'c str)> {
        let of_chain = self.taken.iter().filter(|(name, ..)| *name == chain.name);
        let arrow = |(_, state, outcome): &'c (Name, Name, Name)| {
            let definition = chain.states.iter().find(|one| one.name == *state);
            let along = definition.map_or(outcome.as_str(), |state| fallen(company, state, outcome));
            (state, along)
        };
        of_chain.map(arrow).collect()
    }
}

/// `refused.CODE` falls back to `refused`, a child's end to `good` or `bad`.
fn fallen<'c>(company: &'c Company, state: &'c StateDef, outcome: &'c str) -> &'c str {
    if state.next.contains_key(outcome) {
        return outcome;
    }
    if let Some((word, _)) = outcome.split_once('.') {
        return word;
    }
    let ends = match &state.activity {
        Activity::Run(run) => company.chains.get(&run.chain).map(|child| &child.ends),
        _ => None,
    };
    let end = ends.and_then(|ends| ends.iter().find(|end| end.name == *outcome));
    end.map_or(outcome, |end| if end.good { "good" } else { "bad" })
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
    for entry in &chain.anytime {
        arrows.insert((Name::from(ANYTIME), entry.name.clone()));
    }
    for entry in &chain.listens {
        arrows.insert((Name::from(ANYTIME), entry.fact.clone()));
    }
    arrows
}
