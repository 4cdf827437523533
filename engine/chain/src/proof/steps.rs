//! Everybody whom a chain asks: what is held against limits there, which conditions are free, and the question as it is
//! once these have answers.
//!
//! Members of a step are found one by one, so each is looked at alone.

use countersign_core::decide::Supposed;
use countersign_core::definition::{
    Activity, Authority, Chain, Climb, Duty, Member, Node, Organisation, Signer, Who,
};
use countersign_core::expr::Expr;
use countersign_core::value::Value;

use super::truth::{Apart, Known, is_closed, stripped};

/// One signer, or one climb.
#[derive(Clone)]
pub(super) struct Step<'c> {
    /// The state's place.
    pub(super) state: usize,
    pub(super) node: &'c Node,
    /// What must hold for anybody to be asked here.
    pub(super) whens: Vec<&'c Expr>,
    /// What is held against limits, here or in the chain.
    pub(super) measured: Option<&'c Expr>,
    /// Conditions that may hold or not, whatever the amount.
    pub(super) free: Vec<Expr>,
    /// Constants that the amount is compared with, here and on the way.
    pub(super) compared: Vec<Value>,
}

impl<'c> Step<'c> {
    /// Whether a decision is asked for.
    pub(super) fn decides(&self) -> bool {
        match self.node {
            Node::Climb(_) => true,
            Node::Signer(signer) => signer.duty == Duty::Approve,
            _ => false,
        }
    }

    /// The authority that is climbed, as the rules have it.
    pub(super) fn authority<'r>(&self, supposed: &'r Supposed) -> Option<&'r Authority> {
        match self.node {
            Node::Climb(climb) => supposed.rules().authority(&climb.authority),
            _ => None,
        }
    }
}

/// Everybody whom a chain asks.
pub(super) fn of(chain: &Chain) -> Vec<Step<'_>> {
    let mut found = Vec::new();
    for (state, def) in chain.states.iter().enumerate() {
        if let Activity::People(node) = &def.activity {
            let whens = def.when.iter().collect();
            each(chain, (state, node), whens, &mut found);
        }
    }
    // What the same amount is compared with on the way is looked for once.
    let mut on_the_way: Vec<(Option<&Expr>, Vec<Value>)> = Vec::new();
    for step in &mut found {
        if !on_the_way.iter().any(|(measured, _)| *measured == step.measured) {
            let mut apart = Apart::new(&chain.defines, step.measured);
            super::ways::each_condition(chain, &mut |expr| apart.condition(expr));
            on_the_way.push((step.measured, apart.compared));
        }
        let known = on_the_way.iter().find(|(measured, _)| *measured == step.measured);
        step.compared.extend(known.into_iter().flat_map(|(_, compared)| compared.clone()));
    }
    found
}

fn each<'c>(
    chain: &'c Chain,
    (state, node): (usize, &'c Node),
    whens: Vec<&'c Expr>,
    found: &mut Vec<Step<'c>>,
) {
    let measured = match node {
        Node::Signer(_) => chain.amount.as_ref(),
        Node::Climb(climb) => climb.amount.as_ref().or(chain.amount.as_ref()),
        Node::All(members) | Node::Any(members) | Node::InOrder(members) | Node::Votes { members, .. } => {
            for Member { when, node, .. } in members {
                let whens = whens.iter().copied().chain(when).collect();
                each(chain, (state, node), whens, found);
            }
            return;
        }
    };
    let mut apart = Apart::new(&chain.defines, measured);
    whens.iter().for_each(|when| apart.condition(when));
    in_node(node, &mut |expr| apart.condition(expr));
    let (free, compared) = (apart.free, apart.compared);
    found.push(Step { state, node, whens, measured, free, compared });
}

fn in_node(node: &Node, each: &mut dyn FnMut(&Expr)) {
    match node {
        Node::Signer(signer) => {
            signer.only_if.iter().for_each(|(only_if, _)| each(only_if));
            in_who(&signer.who, each);
        }
        Node::Climb(climb) => {
            climb.at_least.iter().filter_map(|level| level.when.as_ref()).for_each(&mut *each);
            for beside in climb.besides() {
                beside.when.iter().for_each(&mut *each);
                in_who(&beside.who, each);
            }
        }
        _ => {}
    }
}

fn in_who(who: &Who, each: &mut dyn FnMut(&Expr)) {
    match who {
        Who::FirstOf(branches) => {
            for (when, who) in branches {
                when.iter().for_each(&mut *each);
                in_who(who, each);
            }
        }
        Who::Each(several) => several.iter().for_each(|who| in_who(who, each)),
        Who::Superior(of) | Who::Above(of, _) | Who::Dotted(of) => in_who(of, each),
        _ => {}
    }
}

/// A question as it is once its conditions have answers.
pub(super) struct Fixing<'a> {
    pub(super) known: Known<'a>,
    pub(super) organisation: &'a Organisation,
}

impl Fixing<'_> {
    /// None: nobody is asked, or nobody knows who.
    pub(super) fn step(&self, step: &Step<'_>) -> Option<Node> {
        if !step.whens.iter().all(|when| self.holds(Some(when))) {
            return None;
        }
        match step.node {
            // Who may only call a decision in holds nothing up.
            Node::Signer(signer) if !self.holds(signer.only_if.as_ref().map(|(only_if, _)| only_if)) => None,
            Node::Signer(signer) => Some(Node::Signer(Signer {
                only_if: None,
                who: self.who(&signer.who)?,
                except: signer.except.iter().filter_map(|who| self.who(who)).collect(),
                ..signer.clone()
            })),
            Node::Climb(climb) => Some(Node::Climb(self.climb(climb)?)),
            _ => None,
        }
    }

    fn holds(&self, when: Option<&Expr>) -> bool {
        when.is_none_or(|when| self.known.truth(when) == Some(true))
    }

    fn climb(&self, climb: &Climb) -> Option<Climb> {
        let (_, value) = self.known.measured?;
        let mut fixed = climb.clone();
        fixed.amount = Some(Expr::Const(value.clone()));
        fixed.at_least.retain(|level| self.holds(level.when.as_ref()));
        fixed.at_least.iter_mut().for_each(|level| level.when = None);
        for besides in [&mut fixed.beside, &mut fixed.reviewed_by] {
            besides.retain(|beside| self.holds(beside.when.as_ref()));
            besides.retain_mut(|beside| {
                beside.when = None;
                self.who(&beside.who).map(|who| beside.who = who).is_some()
            });
        }
        Some(fixed)
    }

    /// Who is asked, as far as that can be told: of a kind at some unit of the document all that there are.
    pub(super) fn who(&self, who: &Who) -> Option<Who> {
        let closed = |expr: &Expr| is_closed(stripped(expr, self.known.defines));
        Some(match who {
            Who::KindAt(_, unit) if closed(unit) => who.clone(),
            Who::KindAt(kind, _) => {
                let of_kind = self.organisation.positions.iter().filter(|(_, post)| post.kind == *kind);
                Who::Each(of_kind.map(|(name, _)| Who::Position(name.clone())).collect())
            }
            Who::Expr(expr) if !closed(expr) => return None,
            Who::Superior(of) => Who::Superior(Box::new(self.one(of)?)),
            Who::Dotted(of) => Who::Dotted(Box::new(self.one(of)?)),
            Who::Above(of, kind) => Who::Above(Box::new(self.one(of)?), kind.clone()),
            Who::LowestCommonSuperior(a, b) => {
                Who::LowestCommonSuperior(Box::new(self.one(a)?), Box::new(self.one(b)?))
            }
            Who::FirstOf(branches) => {
                let held = branches.iter().find(|(when, _)| self.holds(when.as_ref()))?;
                self.who(&held.1)?
            }
            Who::Each(several) => Who::Each(several.iter().filter_map(|who| self.who(who)).collect()),
            known => known.clone(),
        })
    }

    /// Somebody who is known to be one: of all that might be meant nothing follows for whoever stands above one.
    fn one(&self, who: &Who) -> Option<Who> {
        self.who(who).filter(|who| !matches!(who, Who::Each(_)))
    }
}
