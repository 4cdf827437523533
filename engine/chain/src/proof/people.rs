//! Who may hand a document in, those alike taken together: of whoever stands under the same superior and is asked
//! nowhere, one stands for all.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::decide::Supposed;
use countersign_core::definition::{Activity, Chain, Line, Node, Organisation, RunDef, Who};
use countersign_core::event::Party;
use countersign_core::name::Name;

/// Submitters who make no difference to one another.
pub(super) struct Alike {
    /// One of them.
    pub(super) party: Party,
    /// Their posts.
    pub(super) posts: Vec<Name>,
}

/// For each chain those who may hand in, by their places among all.
pub(super) fn initiators(chains: &[&Chain], all: &[Alike]) -> BTreeMap<Name, BTreeSet<usize>> {
    let mut found: BTreeMap<Name, BTreeSet<usize>> = BTreeMap::new();
    for chain in chains {
        let may = |alike: &Alike| {
            let Party { position, kind, .. } = &alike.party;
            chain.initiators.as_ref().is_none_or(|names| names.contains(position) || names.contains(kind))
        };
        let own = all.iter().enumerate().filter(|(_, alike)| may(alike)).map(|(n, _)| n);
        let started = chain.starts.iter().flat_map(|start| named(&start.submitter, all));
        found.insert(chain.name.clone(), own.chain(started).collect());
    }
    // A case that another one starts is its submitter's, unless it says whose.
    loop {
        let mut grown = false;
        for chain in chains {
            for run in chain.states.iter().filter_map(|state| runs(&state.activity)) {
                let submitters = match &run.submitter {
                    None => found.get(&chain.name).cloned().unwrap_or_default(),
                    Some(who) => named(who, all),
                };
                let Some(child) = found.get_mut(&run.chain) else { continue };
                let before = child.len();
                child.extend(submitters);
                grown |= child.len() > before;
            }
        }
        if !grown {
            return found;
        }
    }
}

fn runs(activity: &Activity) -> Option<&RunDef> {
    match activity {
        Activity::Run(run) | Activity::Start(run) => Some(run),
        _ => None,
    }
}

fn named(who: &Who, all: &[Alike]) -> BTreeSet<usize> {
    let of = |is: &dyn Fn(&Party) -> bool| {
        all.iter().enumerate().filter(|(_, alike)| is(&alike.party)).map(|(n, _)| n).collect()
    };
    match who {
        Who::Position(name) => of(&|party| party.position == *name),
        Who::KindAt(kind, _) => of(&|party| party.kind == *kind),
        Who::Each(several) => several.iter().flat_map(|who| named(who, all)).collect(),
        Who::FirstOf(several) => several.iter().flat_map(|(_, who)| named(who, all)).collect(),
        _ => BTreeSet::new(),
    }
}

/// The longest line of superiors; a circle, which is refused elsewhere, ends.
pub(super) fn depth(organisation: &Organisation) -> usize {
    let mut known: BTreeMap<&Name, usize> = BTreeMap::new();
    for name in organisation.positions.keys() {
        let (mut walked, mut at) = (Vec::new(), Some(name));
        let mut depth = loop {
            let Some(post) = at else { break 0 };
            if let Some(depth) = known.get(post) {
                break *depth;
            }
            known.insert(post, 0);
            walked.push(post);
            at = organisation.positions.get(post).and_then(|p| p.solid.as_ref());
        };
        for post in walked.into_iter().rev() {
            depth += 1;
            known.insert(post, depth);
        }
    }
    known.into_values().max().unwrap_or(0)
}

/// Positions that somebody may be asked in, whoever hands in.
pub(super) struct Asked {
    positions: BTreeSet<Name>,
    kinds: BTreeSet<Name>,
}

impl Asked {
    pub(super) fn of(chains: &[&Chain], supposed: &Supposed) -> Asked {
        let mut asked = Asked { positions: BTreeSet::new(), kinds: BTreeSet::new() };
        let rules = supposed.rules();
        for authority in rules.authorities() {
            if let Line::List(names) = &authority.line {
                asked.positions.extend(names.iter().cloned());
            }
            for set in &authority.limits {
                asked.positions.extend(set.limits.values().flat_map(|limit| limit.beside.iter().cloned()));
            }
        }
        if let Some(organisation) = rules.organisation() {
            for post in organisation.positions.values() {
                asked.positions.extend(post.solid.clone());
                asked.positions.extend(post.acting.as_ref().map(|acting| acting.by.clone()));
            }
            asked.positions.extend(organisation.groups.values().flat_map(|group| group.members.clone()));
            asked.positions.extend(organisation.delegations.values().map(|d| d.to.clone()));
        }
        for chain in chains {
            asked.positions.extend(chain.initiators.iter().flatten().cloned());
            chain.starts.iter().for_each(|start| asked.who(&start.submitter));
            chain.benefits.iter().for_each(|who| asked.who(who));
            for state in &chain.states {
                if let Activity::People(node) = &state.activity {
                    asked.node(node);
                }
                runs(&state.activity)
                    .and_then(|run| run.submitter.as_ref())
                    .into_iter()
                    .for_each(|who| asked.who(who));
            }
        }
        asked
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Signer(signer) => {
                self.who(&signer.who);
                signer.except.iter().for_each(|who| self.who(who));
            }
            Node::Climb(climb) => climb.besides().for_each(|beside| self.who(&beside.who)),
            Node::All(members)
            | Node::Any(members)
            | Node::InOrder(members)
            | Node::Votes { members, .. } => {
                members.iter().for_each(|member| self.node(&member.node));
            }
        }
    }

    fn who(&mut self, who: &Who) {
        match who {
            Who::Position(name) => drop(self.positions.insert(name.clone())),
            Who::KindAt(kind, _) => drop(self.kinds.insert(kind.clone())),
            Who::Superior(of) | Who::Above(of, _) | Who::Dotted(of) => self.who(of),
            Who::LowestCommonSuperior(a, b) => {
                self.who(a);
                self.who(b);
            }
            Who::FirstOf(several) => several.iter().for_each(|(_, who)| self.who(who)),
            Who::Each(several) => several.iter().for_each(|who| self.who(who)),
            _ => {}
        }
    }

    fn contains(&self, name: &Name, kind: &Name) -> bool {
        self.positions.contains(name) || self.kinds.contains(kind)
    }
}

/// What tells submitters apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    superior: Option<Name>,
    kind: Name,
    unit: Name,
    /// Where it may be asked itself, or its person elsewhere.
    own: Option<(Name, Name)>,
}

/// Everybody who may hand something in.
pub(super) fn alike(asked: &Asked, supposed: &Supposed) -> Vec<Alike> {
    let Some(organisation) = supposed.rules().organisation() else { return Vec::new() };
    let mut posts_of: BTreeMap<&Name, usize> = BTreeMap::new();
    for person in organisation.positions.values().flat_map(|post| &post.holders) {
        *posts_of.entry(person).or_default() += 1;
    }
    let mut found: BTreeMap<Mark, Alike> = BTreeMap::new();
    for (name, post) in &organisation.positions {
        let acting = organisation.acting_holders(post, supposed.at());
        let persons = if post.holders.is_empty() { acting } else { &post.holders };
        for person in persons {
            let special = asked.contains(name, &post.kind)
                || post.holders.is_empty()
                || posts_of.get(person).is_some_and(|posts| *posts > 1);
            let mark = Mark {
                superior: post.solid.clone(),
                kind: post.kind.clone(),
                unit: post.unit.clone(),
                own: special.then(|| (name.clone(), person.clone())),
            };
            let party = || Party {
                person: person.clone(),
                position: name.clone(),
                unit: post.unit.clone(),
                kind: post.kind.clone(),
            };
            let group = found.entry(mark).or_insert_with(|| Alike { party: party(), posts: Vec::new() });
            if !group.posts.contains(name) {
                group.posts.push(name.clone());
            }
        }
    }
    found.into_values().collect()
}
