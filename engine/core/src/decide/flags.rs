//! Words for how accounts stand: told once, when a frame has changed them.

use std::collections::BTreeMap;

use crate::command::CaseNo;
use crate::definition::Account;
use crate::eval::standing;
use crate::event::{AccountFlagged, Event};
use crate::expr::Expr;
use crate::name::Name;
use crate::state::{Release, State};
use crate::time::Timestamp;

/// The accounts whose word a frame has changed; what moved in them was applied before. An account follows another
/// one that its expressions read where both have the same key.
pub(crate) fn flagged(state: &State, at: Timestamp, events: &[Event]) -> Vec<Event> {
    let mut touched: BTreeMap<(&Name, &Name), Option<CaseNo>> = BTreeMap::new();
    for event in events {
        let case = event.case();
        match event {
            Event::AccountOpened(e) => {
                touched.extend(e.used.iter().map(|(key, _)| ((&e.account, key), None)));
            }
            Event::Reserved(e) => drop(touched.insert((&e.account, &e.key), case)),
            Event::Consumed(e) => drop(touched.insert((&e.account, &e.key), case)),
            Event::Restored(e) => drop(touched.insert((&e.account, &e.key), case)),
            Event::Released(e) => drop(touched.insert((&e.account, &e.key), case)),
            _ => {}
        }
    }
    let Some(active) = state.definitions().active().filter(|_| !touched.is_empty()) else {
        return Vec::new();
    };
    let mut told: BTreeMap<(&Name, &Name), Option<CaseNo>> = BTreeMap::new();
    for ((account, key), case) in touched {
        for other in concerned(active, account) {
            if other.name == *account || state.balance(&other.name, key).is_some() {
                told.insert((&other.name, key), case);
            }
        }
    }
    told.into_iter().filter_map(|(of, case)| changed(state, at, of, case)).collect()
}

/// Accounts with words: this one, and those of the same key that read it.
fn concerned<'a>(active: &'a Release, changed: &'a Name) -> impl Iterator<Item = &'a Account> {
    let parts = active.account(changed).map(|account| &account.parts);
    active.accounts().filter(move |account| {
        let words = !account.flags.is_empty() || account.below_zero.is_some();
        let is_it = |part: &Expr| matches!(part, Expr::Balance { account, .. } if account == changed);
        let reads = |expr: &Expr| expr.any(&is_it);
        let follows = || {
            let read = account.limit.iter().any(reads) || account.flags.iter().any(|(_, when)| reads(when));
            read && Some(&account.parts) == parts
        };
        words && (account.name == *changed || follows())
    })
}

/// A word that cannot be worked out is not told: nothing depends on it.
fn changed(
    state: &State,
    at: Timestamp,
    (account, key): (&Name, &Name),
    case: Option<CaseNo>,
) -> Option<Event> {
    let definition = state.definitions().active()?.account(account)?;
    let balance = state.balance(account, key)?;
    let standing = standing(state, at, (definition, key), true).ok()?;
    let below = standing.free().is_some_and(|free| free.is_sign_negative() && !free.is_zero());
    let below_zero = definition.below_zero.clone().filter(|_| below);
    if (&standing.flag, &below_zero) == (&balance.flag, &balance.below_zero) {
        return None;
    }
    let (account, key, flag) = (account.clone(), key.clone(), standing.flag);
    Some(Event::AccountFlagged(AccountFlagged { case, account, key, flag, below_zero }))
}
