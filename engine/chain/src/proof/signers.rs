//! More signers than an amount deserves: the company's policy `signers` held against the fewest signatures with which a
//! document can come to a good end.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use countersign_core::decide::Came;
use countersign_core::definition::{Activity, Node, Target};
use countersign_core::event::PlanNode;
use countersign_core::expr::Expr;
use countersign_core::money::Money;
use countersign_core::value::Value;

use super::amounts::Classes;
use super::search::Search;
use super::steps::Step;
use super::truth::Known;
use super::ways::{self, Through};
use crate::codes;
use crate::lint::Places;

/// How many signatures a step takes, and how many of them one after another.
type Count = (u32, u32);

/// Holds a chain against the policy.
pub(super) fn check(search: &Search<'_>, places: &Places) {
    let Some(policy) = search.world.defaults.as_ref().and_then(|defaults| defaults.signers.as_ref()) else {
        return;
    };
    let measured = search.chain.amount.as_ref();
    let own: Vec<&Step<'_>> = search.steps.iter().filter(|step| step.measured == measured).collect();
    let authorities: Vec<_> = own.iter().filter_map(|step| step.authority(search.supposed)).collect();
    let compared: Vec<Value> = own.iter().flat_map(|step| step.compared.clone()).collect();
    let Some(classes) = Classes::of(&authorities, &compared, search.supposed, search.world) else { return };
    for by in search.people {
        for sample in &classes.samples {
            let Value::Money(Money { amount, .. }) = sample else { return };
            let (Some((signers, _)), Some((_, levels))) =
                (fewest(search, by, sample, |c| c.0), fewest(search, by, sample, |c| c.1))
            else {
                continue;
            };
            let small = *amount <= policy.up_to;
            let said = match (small && signers > policy.at_most, levels > policy.levels) {
                (true, _) => {
                    format!("{signers} sign, and at most {} may up to {}", policy.at_most, policy.up_to)
                }
                (_, true) => format!("{levels} sign one after another, and at most {} may", policy.levels),
                _ => continue,
            };
            let message =
                format!("{} of {sample} submitted by {}: {said}", search.chain.name, by.party.position);
            let help = "ask some of them only where it matters, with `when`, or at once, with `all`";
            return search.world.report.error(codes::TOO_MANY_SIGNERS, places.head, message, help);
        }
    }
}

/// The fewest signatures on any way to a good end.
fn fewest(
    search: &Search<'_>,
    by: &super::people::Alike,
    sample: &Value,
    cost: impl Fn(Count) -> u32,
) -> Option<Count> {
    let chain = search.chain;
    let known = Known {
        supposed: search.supposed,
        defines: &chain.defines,
        submitter: &by.party,
        measured: chain.amount.as_ref().map(|amount| (amount, sample)),
        free: &[],
    };
    let mut seen = BTreeSet::new();
    let mut open = BinaryHeap::from([(Reverse(0_u32), Reverse(0_usize), (0_u32, 0_u32), false)]);
    while let Some((_, Reverse(n), count, over)) = open.pop() {
        if over {
            return Some(count);
        }
        if !seen.insert(n) || search.budget.left() == 0 {
            continue;
        }
        let Some(state) = chain.states.get(n) else { continue };
        let skipped = state.when.as_ref().is_some_and(|when| known.truth(when) != Some(true));
        let (here, through) = match &state.activity {
            Activity::People(node) if !skipped => asked(search, node, &known),
            _ => ((0, 0), Through::Any),
        };
        let count = (count.0 + here.0, count.1 + here.1);
        ways::leads(chain, n, &known, (false, through), &mut |target| match target {
            Target::State(to) => open.push((Reverse(cost(count)), Reverse(usize::from(to)), count, false)),
            Target::End(end) if chain.ends.get(usize::from(end)).is_some_and(|end| end.good) => {
                open.push((Reverse(cost(count)), Reverse(0), count, true));
            }
            _ => {}
        });
    }
    None
}

/// How many sign in a step where nothing that is not known asks for more.
fn asked(search: &Search<'_>, node: &Node, known: &Known<'_>) -> (Count, Through) {
    let part = |member: &countersign_core::definition::Member| {
        let asked = member.when.as_ref().is_none_or(|when| known.truth(when) == Some(true));
        if asked { asked_of(search, &member.node, known) } else { (0, 0) }
    };
    match node {
        Node::Climb(_) | Node::Signer(_) => leaf(search, node, known),
        Node::All(members) => {
            let counts: Vec<Count> = members.iter().map(part).collect();
            let signers = counts.iter().map(|c| c.0).sum();
            ((signers, counts.iter().map(|c| c.1).max().unwrap_or(0)), Through::Any)
        }
        Node::InOrder(members) => {
            let counts = members.iter().map(part);
            (counts.fold((0, 0), |all, c| (all.0 + c.0, all.1 + c.1)), Through::Any)
        }
        Node::Any(members) => (members.iter().map(part).min().unwrap_or((0, 0)), Through::Any),
        Node::Votes { need, .. } => ((*need, 1), Through::Any),
    }
}

fn asked_of(search: &Search<'_>, node: &Node, known: &Known<'_>) -> Count {
    asked(search, node, known).0
}

fn leaf(search: &Search<'_>, node: &Node, known: &Known<'_>) -> (Count, Through) {
    // What only a condition asks for that is not known is left out.
    let measured: Option<(&Expr, &Value)> = known.measured;
    let Some(step) = search.steps.iter().find(|step| std::ptr::eq(step.node, node)) else {
        return ((0, 0), Through::Any);
    };
    let bare = Step { whens: Vec::new(), ..step.clone() };
    let same = step.measured == measured.map(|(expr, _)| expr);
    if let Node::Signer(signer) = node {
        let on_call = signer.only_if.as_ref().is_some_and(|(only_if, _)| known.truth(only_if) != Some(true));
        if on_call || !signer.duty.signs() {
            return ((0, 0), Through::Any);
        }
    }
    if !same {
        return ((1, 1), Through::Any);
    }
    match search.ask(&bare, known, measured.map(|(_, value)| value), &[]) {
        Some((_, Came::Asked(plan))) => (signatures(&plan.root), Through::NotBeyond),
        Some((_, Came::Beyond)) => ((0, 0), Through::Beyond),
        Some((_, Came::Nobody(_))) => ((0, 0), Through::Held),
        None => ((1, 1), Through::Any),
    }
}

fn signatures(node: &PlanNode) -> Count {
    match node {
        PlanNode::Slot(_) => (1, 1),
        PlanNode::Votes { need, .. } => (*need, 1),
        PlanNode::All(parts) => {
            let counts: Vec<Count> = parts.iter().map(signatures).collect();
            (counts.iter().map(|c| c.0).sum(), counts.iter().map(|c| c.1).max().unwrap_or(0))
        }
        PlanNode::Any(parts) => parts.iter().map(signatures).min().unwrap_or((0, 0)),
        PlanNode::InOrder(parts) | PlanNode::Climb(parts) => {
            parts.iter().map(signatures).fold((0, 0), |all, c| (all.0 + c.0, all.1 + c.1))
        }
    }
}
