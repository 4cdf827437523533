//! Whether a case can come to a state at all, with what is known of it.

use countersign_core::definition::{Activity, Arrow, Chain, Required, StateDef, Target, Test};
use countersign_core::expr::Expr;

use super::truth::Known;

/// What may come of a step in which people are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Through {
    /// Anything.
    Any,
    /// Only that the amount is beyond every limit.
    Beyond,
    /// Anything but that.
    NotBeyond,
    /// Nothing: the case is held.
    Held,
}

/// Every condition that decides which way a case takes.
pub(super) fn each_condition(chain: &Chain, each: &mut dyn FnMut(&Expr)) {
    for requirement in &chain.requires {
        if let Required::Must(must) = &requirement.what {
            each(must);
        }
    }
    for state in &chain.states {
        state.when.iter().for_each(&mut *each);
        state.next.values().flatten().filter_map(|arrow| arrow.when.as_ref()).for_each(&mut *each);
        match &state.activity {
            Activity::Choose(branches) => {
                branches.iter().filter_map(|b| b.when.as_ref()).for_each(&mut *each)
            }
            Activity::Check(checks) => checks.iter().for_each(|check| {
                if let Test::Must(must) = &check.test {
                    each(must);
                }
            }),
            _ => {}
        }
    }
}

/// Whether a document may be handed in and come to this state. `through` says what comes of the steps before it.
pub(super) fn reaches(
    chain: &Chain,
    known: &Known<'_>,
    goal: usize,
    through: &mut dyn FnMut(usize) -> Through,
) -> bool {
    let refused = chain.requires.iter().any(|requirement| match &requirement.what {
        Required::Must(must) => known.truth(must) == Some(false),
        Required::Case(_) | Required::Unique { .. } => false,
    });
    !refused && walks(chain, known, (vec![0], goal), through)
}

/// The same from a state on in which people have signed.
pub(super) fn goes_on(
    chain: &Chain,
    known: &Known<'_>,
    (from, goal): (usize, usize),
    through: &mut dyn FnMut(usize) -> Through,
) -> bool {
    let mut next = Vec::new();
    leads(chain, from, known, (false, Through::NotBeyond), &mut |target| {
        if let Target::State(to) = target {
            next.push(usize::from(to));
        }
    });
    walks(chain, known, (next, goal), through)
}

fn walks(
    chain: &Chain,
    known: &Known<'_>,
    (mut open, goal): (Vec<usize>, usize),
    through: &mut dyn FnMut(usize) -> Through,
) -> bool {
    let mut seen = vec![false; chain.states.len()];
    while let Some(n) = open.pop() {
        if seen.get(n).copied().unwrap_or(true) {
            continue;
        }
        seen[n] = true;
        let Some(state) = chain.states.get(n) else { continue };
        let skipped = state.when.as_ref().and_then(|when| known.truth(when)) == Some(false);
        if n == goal {
            // Where it is skipped nobody is asked, but a case may still come to it along another way.
            return !skipped;
        }
        let comes = if skipped { Through::Any } else { through(n) };
        leads(chain, n, known, (skipped, comes), &mut |target| {
            if let Target::State(to) = target {
                open.push(usize::from(to));
            }
        });
    }
    false
}

/// Where a state may lead.
pub(super) fn leads(
    chain: &Chain,
    n: usize,
    known: &Known<'_>,
    (skipped, through): (bool, Through),
    each: &mut dyn FnMut(Target),
) {
    let Some(state) = chain.states.get(n) else { return };
    let asked = chain.anytime.iter().map(|entry| (&entry.in_states, entry.go));
    let told = chain.listens.iter().map(|entry| (&entry.in_states, entry.go));
    for (states, go) in asked.chain(told) {
        if states.as_ref().is_none_or(|states| states.iter().any(|state| usize::from(*state) == n)) {
            go.into_iter().for_each(&mut *each);
        }
    }
    state.expires.iter().for_each(|expiry| each(expiry.go));
    if skipped {
        return state.next.get(&state.good).into_iter().for_each(|arrows| taken(arrows, known, each));
    }
    if let Activity::Choose(branches) = &state.activity {
        for branch in branches {
            match branch.when.as_ref().map(|when| known.truth(when)) {
                Some(Some(false)) => {}
                Some(None) => each(branch.go),
                None | Some(Some(true)) => return each(branch.go),
            }
        }
        return;
    }
    for (outcome, arrows) in &state.next {
        if possible(state, outcome, known) && comes(through, outcome) {
            taken(arrows, known, each);
        }
    }
}

fn comes(through: Through, outcome: &str) -> bool {
    match through {
        Through::Any => true,
        Through::Beyond => outcome == "beyond",
        Through::NotBeyond => outcome != "beyond",
        Through::Held => false,
    }
}

/// Whether a check can have this outcome.
fn possible(state: &StateDef, outcome: &str, known: &Known<'_>) -> bool {
    let Activity::Check(checks) = &state.activity else { return true };
    let truth = |test: &Test| match test {
        Test::Must(must) => known.truth(must),
        Test::Unique { .. } => None,
    };
    match outcome {
        "passed" => !checks.iter().any(|check| truth(&check.test) == Some(false)),
        "failed" => !checks.iter().all(|check| truth(&check.test) == Some(true)),
        _ => true,
    }
}

/// The arrows of an outcome that may be the one that is taken.
fn taken(arrows: &[Arrow], known: &Known<'_>, each: &mut dyn FnMut(Target)) {
    for arrow in arrows {
        match arrow.when.as_ref().map(|when| known.truth(when)) {
            Some(Some(false)) => {}
            Some(None) => each(arrow.go),
            None | Some(Some(true)) => return each(arrow.go),
        }
    }
}
