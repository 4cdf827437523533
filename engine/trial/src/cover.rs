//! What the cases of a company leave untried.

use std::collections::BTreeSet;

use countersign_core::definition::{Activity, Chain, Definition, Node, StateDef};
use countersign_core::name::Name;

use crate::company::Company;
use crate::cover::policies::{Policy, Used};
use crate::cover::rows::Rows;
use crate::run::Outcome;
use crate::watch::Watched;
use crate::world::target;

pub(crate) mod policies;
pub(crate) mod rows;

/// Where entries under `anytime` are counted, which belong to no state.
pub(crate) const ANYTIME: &str = "anytime";

/// What cases took, all together.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    taken: BTreeSet<(Name, Name, Name)>,
    chains: BTreeSet<Name>,
    used: Used,
    rows: Rows,
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
    /// Policies that no case puts to use.
    pub policies: Vec<Policy>,
    /// How many are, of how many.
    pub used: (usize, usize),
    /// Limits that never decide: the authority, and whose.
    pub limits: Vec<(Name, Name)>,
    /// How many do, of how many.
    pub decided: (usize, usize),
    /// Rows of decision tables that no condition of a case reads, and no account of it: the table, and the row.
    pub rows: Vec<(Name, Name)>,
    /// How many are read, of how many.
    pub read: (usize, usize),
}

impl Cover {
    /// Adds what a case took.
    pub fn add(&mut self, outcome: &Outcome) {
        self.taken.extend(outcome.taken.iter().cloned());
        self.chains.extend(outcome.chains.iter().cloned());
        self.used.policies.extend(outcome.used.policies.iter().cloned());
        self.used.limits.extend(outcome.used.limits.iter().cloned());
    }

    /// Adds the rows that a case was seen to read.
    pub fn rows(&mut self, watched: &Watched) {
        self.rows.extend(watched.rows.iter().cloned());
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
        self.rules(company, &mut uncovered);
        uncovered
    }

    /// Policies, limits and rows.
    fn rules(&self, company: &Company, uncovered: &mut Uncovered) {
        let policies = policies::of(company);
        uncovered.used.1 = policies.len();
        uncovered.policies =
            policies.into_iter().filter(|policy| !self.used.policies.contains(&policy.name)).collect();
        uncovered.used.0 = uncovered.used.1 - uncovered.policies.len();
        let climbed: BTreeSet<&Name> = company.chains.values().flat_map(climbs).collect();
        for definition in company.definitions.values() {
            let Definition::Authority(authority) = definition else { continue };
            let limits = authority.limits.last().filter(|_| climbed.contains(&authority.name));
            for whose in limits.iter().flat_map(|set| set.limits.keys()) {
                let limit = (authority.name.clone(), whose.clone());
                uncovered.decided.1 += 1;
                match self.used.limits.contains(&limit) {
                    true => uncovered.decided.0 += 1,
                    false => uncovered.limits.push(limit),
                }
            }
        }
        // Master data that chains write is no rule.
        let named: BTreeSet<&Name> = company.reads().tables().collect();
        let tables = company.tables.values().filter(|table| named.contains(&table.name));
        for table in tables.filter(|table| table.written_by.is_empty()) {
            for row in table.rows.keys() {
                let row = (table.name.clone(), row.clone());
                uncovered.read.1 += 1;
                match self.rows.contains(&row) {
                    true => uncovered.read.0 += 1,
                    false => uncovered.rows.push(row),
                }
            }
        }
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

/// The authorities that a chain climbs.
fn climbs(chain: &Chain) -> Vec<&Name> {
    fn within<'c>(node: &'c Node, found: &mut Vec<&'c Name>) {
        match node {
            Node::Signer(_) => {}
            Node::Climb(climb) => found.push(&climb.authority),
            Node::All(members)
            | Node::Any(members)
            | Node::InOrder(members)
            | Node::Votes { members, .. } => members.iter().for_each(|member| within(&member.node, found)),
        }
    }
    let mut found = Vec::new();
    for state in &chain.states {
        if let Activity::People(node) = &state.activity {
            within(node, &mut found);
        }
    }
    found
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
