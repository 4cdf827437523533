//! A chain as a graph: every way from one state to the next, with what is asked and learnt on it.

use countersign_core::definition::{Activity, Anytime, Arrow, Chain, Learn, Member, Node, StateDef, Target};
use countersign_core::expr::Expr;

use super::expressions::Reader;

/// A chain and all ways in it.
pub(super) struct Flow<'c> {
    pub(super) chain: &'c Chain,
    pub(super) reader: Reader<'c>,
    pub(super) edges: Vec<Edge<'c>>,
    /// For each state the edges that leave it.
    pub(super) out: Vec<Vec<usize>>,
}

/// A way out of a state.
pub(super) struct Edge<'c> {
    pub(super) from: usize,
    pub(super) to: To,
    pub(super) how: How<'c>,
    /// What must hold for it: its own condition, and the conditions of the arrows before it that must not.
    pub(super) guards: Vec<&'c Expr>,
    /// What is learnt on the arrow itself.
    pub(super) learns: &'c [Learn],
}

/// Where a way leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    State(usize),
    End(usize),
    Draft,
    OnHold,
}

/// Why a way is taken.
#[derive(Clone, Copy)]
pub(super) enum How<'c> {
    /// The activity had this outcome.
    Outcome(&'c str),
    /// Nothing was done: the state was skipped, nobody was asked, the list was empty, nothing had to be waited for.
    Skipped,
    /// A branch of a `choose`.
    Chosen,
    /// Time ran out.
    Expired,
    /// Somebody asked for it, or a message came.
    Asked,
}

impl<'c> Flow<'c> {
    pub(super) fn of(chain: &'c Chain) -> Flow<'c> {
        let out = vec![Vec::new(); chain.states.len()];
        let mut flow = Flow { chain, reader: Reader::of(chain), edges: Vec::new(), out };
        // `back` leads to wherever the state was entered from, so it comes when the other ways are known.
        let mut back = Vec::new();
        for (n, state) in chain.states.iter().enumerate() {
            flow.state(n, state, &mut back);
        }
        for anytime in &chain.anytime {
            let Some(target) = anytime.go else { continue };
            for n in asked_in(anytime, chain) {
                let (how, guards, learns) = (How::Asked, Vec::new(), anytime.learns.as_slice());
                flow.add(Edge { from: n, to: To::OnHold, how, guards, learns }, target, &mut back);
            }
        }
        for listen in &chain.listens {
            for n in stands_in(listen.in_states.as_ref(), chain) {
                let (how, guards, learns) = (How::Asked, Vec::new(), listen.learns.as_slice());
                let edge = Edge { from: n, to: To::OnHold, how, guards, learns };
                if let Some(target) = listen.go {
                    flow.add(edge, target, &mut back);
                }
            }
        }
        for edge in back {
            let mut origins: Vec<usize> =
                flow.edges.iter().filter(|e| e.to == To::State(edge.from)).map(|e| e.from).collect();
            origins.sort_unstable();
            origins.dedup();
            for origin in origins {
                let edge = Edge { to: To::State(origin), guards: edge.guards.clone(), ..edge };
                flow.push(edge);
            }
        }
        flow
    }

    fn state(&mut self, n: usize, state: &'c StateDef, back: &mut Vec<Edge<'c>>) {
        for (outcome, arrows) in &state.next {
            self.arrows(n, How::Outcome(outcome), arrows, back);
            if *outcome == state.good && may_be_skipped(state) {
                self.arrows(n, How::Skipped, arrows, back);
            }
        }
        if let Activity::Choose(branches) = &state.activity {
            let mut guards = Vec::new();
            for branch in branches {
                guard(&mut guards, branch.when.as_ref());
                let edge =
                    Edge { from: n, to: To::OnHold, how: How::Chosen, guards: guards.clone(), learns: &[] };
                self.add(edge, branch.go, back);
            }
        }
        if let Some(expires) = &state.expires {
            let edge = Edge { from: n, to: To::OnHold, how: How::Expired, guards: Vec::new(), learns: &[] };
            self.add(edge, expires.go, back);
        }
    }

    fn arrows(&mut self, from: usize, how: How<'c>, arrows: &'c [Arrow], back: &mut Vec<Edge<'c>>) {
        let mut guards = Vec::new();
        for arrow in arrows {
            guard(&mut guards, arrow.when.as_ref());
            let edge = Edge { from, to: To::OnHold, how, guards: guards.clone(), learns: &arrow.learns };
            self.add(edge, arrow.go, back);
        }
    }

    fn add(&mut self, edge: Edge<'c>, target: Target, back: &mut Vec<Edge<'c>>) {
        let to = match target {
            Target::State(n) => To::State(usize::from(n)),
            Target::End(n) => To::End(usize::from(n)),
            Target::Draft => To::Draft,
            Target::OnHold => To::OnHold,
            Target::Back => return back.push(edge),
        };
        self.push(Edge { to, ..edge });
    }

    fn push(&mut self, edge: Edge<'c>) {
        if let Some(out) = self.out.get_mut(edge.from) {
            out.push(self.edges.len());
            self.edges.push(edge);
        }
    }

    /// The edges that leave a state.
    pub(super) fn leaving(&self, n: usize) -> impl Iterator<Item = &Edge<'c>> {
        self.out.get(n).into_iter().flatten().filter_map(|e| self.edges.get(*e))
    }

    pub(super) fn name(&self, n: usize) -> &'c str {
        self.chain.states.get(n).map_or("", |s| s.name.as_str())
    }
}

/// So many conditions of earlier arrows are remembered; who writes more has lost the reader anyway.
const GUARDS_MAX: usize = 16;

fn guard<'c>(guards: &mut Vec<&'c Expr>, when: Option<&'c Expr>) {
    if guards.len() == GUARDS_MAX && when.is_some() {
        guards.pop();
    }
    guards.extend(when);
}

/// The states in which something may be asked.
pub(super) fn asked_in(anytime: &Anytime, chain: &Chain) -> Vec<usize> {
    stands_in(anytime.in_states.as_ref(), chain)
}

/// These states, or all.
pub(super) fn stands_in(states: Option<&Vec<u16>>, chain: &Chain) -> Vec<usize> {
    match states {
        Some(states) => states.iter().map(|n| usize::from(*n)).collect(),
        None => (0..chain.states.len()).collect(),
    }
}

/// Whether it may be that nothing is done in a state.
fn may_be_skipped(state: &StateDef) -> bool {
    let reached = matches!(&state.activity, Activity::Wait(wait) if wait.until.is_some());
    state.when.is_some() || state.for_each.is_some() || reached || nobody(&state.activity)
}

/// Whether it may be that nobody is asked: every member has a condition.
fn nobody(activity: &Activity) -> bool {
    let Activity::People(node) = activity else { return false };
    members(node).is_some_and(|members| members.iter().all(|m| m.when.is_some()))
}

/// The members of a composer.
pub(super) fn members(node: &Node) -> Option<&[Member]> {
    match node {
        Node::All(members) | Node::Any(members) | Node::InOrder(members) | Node::Votes { members, .. } => {
            Some(members)
        }
        Node::Signer(_) | Node::Climb(_) => None,
    }
}
