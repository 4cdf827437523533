//! Cases that are over: what is remembered of them while others may still ask, and for how long.

use super::{Case, ClosedCase, CommandStatus, Done, DoneWhat, State};
use crate::command::CaseNo;
use crate::event::Undoes;
use crate::name::Name;
use crate::time::{DAY, Timestamp};

/// How long a case that is over may be asked about.
pub const CLOSED_WINDOW_MS: i64 = 400 * DAY;
/// How many such cases are remembered at most; beyond it the oldest are forgotten early.
pub const CLOSED_MAX: usize = 2_000_000;

/// So many cases that cannot be forgotten yet are looked at where one ends.
const KEPT_MAX: usize = 64;

/// A case is over. Its parent inherits what a well-ended child did, for a compensation.
pub(super) fn drop_case(state: &mut State, number: CaseNo, end: Name, good: bool) {
    super::secrets::kept(state, number);
    let Some(mut case) = state.cases.remove(number) else { return };
    state.adding.ended(number, good);
    for (due, timer) in case.timers() {
        state.timers.remove(&(due, number, timer));
    }
    if let Some(wait) = super::waiting::waits_for(&case) {
        state.waiting.remove(&wait, number);
    }
    let listens = case.outward.as_mut().map(|own| std::mem::take(&mut own.listens)).unwrap_or_default();
    super::apply_cases::forget_listens(state, number, listens);
    if !good {
        let checked = case.outward.iter().flat_map(|own| &own.claims);
        for claim in case.claims.iter().chain(checked) {
            state.keys.remove(claim);
        }
    }
    if let Some(parent) = case.parent().and_then(|parent| state.cases.get_mut(parent)) {
        // What came in from outside for a child came in for its parent; a child began with its parent's steps.
        parent.steps = parent.steps.min(case.steps);
        if good {
            inherit(parent, &mut case);
        }
    }
    let ended_at = state.head.at;
    let stub = remembered(case, state.intern(&end), good, ended_at);
    for (due, timer) in stub.timers() {
        state.timers.insert((due, number, timer));
    }
    state.closed.insert(number, stub);
    state.closed_order.push_back((ended_at, number));
    forget(state, ended_at);
}

fn remembered(mut case: Box<Case>, end: Name, good: bool, ended_at: Timestamp) -> ClosedCase {
    let correlation = case.correlation();
    let claims = if good { std::mem::take(&mut case.claims).into_vec() } else { Vec::new() };
    let outward = case.outward.take().map(|outward| *outward).unwrap_or_default();
    ClosedCase {
        correlation,
        chain: case.chain,
        key: case.key,
        end,
        good,
        ended_at,
        submitter: case.origin.submitter.clone(),
        fields: case.fields.into_fields(),
        amount: case.amount,
        facts: outward.facts,
        last_command: outward.commands.keys().last().copied().unwrap_or(0),
        open_commands: super::apply_commands::unanswered(outward.commands),
        signed: super::revised::signed(&case.signatures).map(Box::new),
        holds: super::apply_accounts::left_behind(outward.holds, claims),
    }
}

/// What a child did is undone by its parent from now on, should it have to be.
fn inherit(parent: &mut Case, child: &mut Case) {
    let (number, Some(outward)) = (child.number, child.outward.as_mut()) else { return };
    let Some(own) = parent.outward.as_mut() else { return };
    let Some(state) = own.children.get(&number).map(|child| child.state) else { return };
    for done in outward.effects.drain(..) {
        let what = match done.what {
            DoneWhat::Command(command) => match outward.commands.get(&command) {
                Some(given) if given.status != CommandStatus::Undone => DoneWhat::Inherited {
                    verb: given.verb.clone(),
                    undoes: Box::new(Undoes {
                        case: number,
                        command,
                        state_name: given.state_name.clone(),
                        with: given.with.clone(),
                        done: given.said.clone(),
                    }),
                },
                _ => continue,
            },
            // A grandchild that ended well has left its own effects here; one that is open stands for itself.
            // What it held and handed on is the parent's by an event of its own.
            DoneWhat::Child(_) | DoneWhat::Held(_) => continue,
            what => what,
        };
        own.effects.push(Done { state, what });
    }
}

/// Forgets what has left the window. Depends on frames alone, so a replay forgets the same.
fn forget(state: &mut State, at: Timestamp) {
    let mut kept = 0;
    while let Some((first, number)) = state.closed_order.front().copied() {
        if first >= at.plus(-CLOSED_WINDOW_MS) && state.closed_order.len() <= CLOSED_MAX {
            break;
        }
        state.closed_order.pop_front();
        // What a case still holds of accounts is not forgotten.
        if state.closed.get(&number).is_some_and(|case| case.holds.as_ref().is_some_and(|h| h.kept.is_some()))
        {
            state.closed_order.push_back((at, number));
            kept += 1;
            if kept == KEPT_MAX {
                break;
            }
            continue;
        }
        let Some(case) = state.closed.remove(&number) else { continue };
        for (due, timer) in case.timers() {
            state.timers.remove(&(due, number, timer));
        }
        if let Some(key) = case.key {
            forget_key(state, (case.chain, key), number);
        }
    }
}

/// The key no longer names this case. It may name a newer one.
pub(super) fn forget_key(state: &mut State, key: (Name, Name), number: CaseNo) {
    let (chain, key) = key;
    let Some(keys) = state.by_key.get_mut(&chain) else { return };
    if keys.get(&key) == Some(&number) {
        keys.remove(&key);
        if keys.is_empty() {
            state.by_key.remove(&chain);
        }
    }
}
