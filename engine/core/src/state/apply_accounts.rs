//! `apply` of accounts: what is set aside, used up, given back, and which case holds it.

use rust_decimal::Decimal;

use super::apply::on_case;
use super::apply_commands::{did, on_closed};
use super::{Balance, Done, DoneWhat, Holds, Kept, Lot, State};
use crate::command::{CaseNo, LotNo};
use crate::event::*;
use crate::name::Name;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::AccountOpened(e) => {
            for (key, used) in &e.used {
                let balance = balance(state, &e.account, key);
                balance.used = balance.used.saturating_add(*used);
                balance.opened = true;
            }
        }
        Event::Reserved(e) => reserved(state, e),
        Event::ReservationRefused(_) => {}
        Event::Consumed(e) => consumed(state, e),
        Event::Restored(e) => restored(state, e),
        Event::Released(e) => released(state, e),
        Event::HoldTaken(e) => taken(state, e),
        Event::HoldsKept(e) => {
            if let Some(holds) = holds(state, e.case) {
                let (until, end, good) = (e.until, e.end.clone(), e.good);
                holds.kept = Some(Kept { until, end, good, claims: Vec::new() });
            }
        }
        Event::HoldLapsed(e) => lapsed(state, e),
        Event::AccountFlagged(e) => {
            let balance = balance(state, &e.account, &e.key);
            balance.flag = e.flag.clone();
            balance.below_zero = e.below_zero.clone();
        }
        _ => return false,
    }
    true
}

fn balance<'a>(state: &'a mut State, account: &Name, key: &Name) -> &'a mut Balance {
    if !state.accounts.contains_key(account) {
        let account = state.intern(account);
        state.accounts.insert(account, Default::default());
    }
    state.accounts.entry(account.clone()).or_default().entry(key.clone()).or_default()
}

/// What a case holds, open or over. Nothing that stands here is due some time, but for [`Holds::kept`].
fn holds(state: &mut State, case: CaseNo) -> Option<&mut Holds> {
    match state.cases.get_mut(case) {
        Some(case) => case.outward.as_mut()?.holds.as_deref_mut(),
        None => state.closed.get_mut(&case)?.holds.as_deref_mut(),
    }
}

/// What is left of a lot changes by so much.
fn change(state: &mut State, (case, lot): (CaseNo, LotNo), by: Decimal) {
    let Some(of) = holds(state, case).and_then(|holds| holds.lots.get_mut(&lot)) else { return };
    let before = of.amount;
    of.amount = of.amount.saturating_add(by);
    if before.is_zero() != of.amount.is_zero() {
        let (account, key, left) = (of.account.clone(), of.key.clone(), !of.amount.is_zero());
        list(balance(state, &account, &key), (case, lot), left);
    }
}

/// A lot has something left, or no longer.
fn list(balance: &mut Balance, lot: (CaseNo, LotNo), left: bool) {
    let _ = if left { balance.lots.insert(lot) } else { balance.lots.remove(&lot) };
}

fn reserved(state: &mut State, e: &Reserved) {
    if let Some(from) = e.from {
        change(state, from, -e.amount);
        if let Some(lot) = holds(state, from.0).and_then(|holds| holds.lots.get_mut(&from.1)) {
            lot.lent = true;
        }
    }
    let balance = balance(state, &e.account, &e.key);
    if e.from.is_none() {
        balance.reserved = balance.reserved.saturating_add(e.amount);
    }
    list(balance, (e.case, e.lot), !e.amount.is_zero());
    let lot = Lot {
        name: state.intern(&e.name),
        account: state.intern(&e.account),
        key: e.key.clone(),
        amount: e.amount,
        state: Some(e.state),
        from: e.from,
        taken_from: None,
        with: None,
        lent: false,
    };
    on_case(state, e.case, |case, _| {
        let holds = case.outward.get_or_insert_default().holds.get_or_insert_default();
        holds.last = e.lot;
        holds.lots.insert(e.lot, lot);
        did(case, Done { state: e.state, what: DoneWhat::Held(e.lot) });
    });
}

fn consumed(state: &mut State, e: &Consumed) {
    if let Some(lot) = e.lot {
        change(state, lot, -e.amount);
    }
    let balance = balance(state, &e.account, &e.key);
    balance.used = balance.used.saturating_add(e.amount);
    if e.lot.is_some() {
        balance.reserved = balance.reserved.saturating_sub(e.amount);
    }
    let (account, key) = (state.intern(&e.account), e.key.clone());
    let what = DoneWhat::Consumed { lot: e.lot, account, key, amount: e.amount };
    on_case(state, e.case, |case, _| did(case, Done { state: e.state, what }));
}

/// What a case has restored of its own uses need not be undone any more.
fn restored(state: &mut State, e: &Restored) {
    let balance = balance(state, &e.account, &e.key);
    balance.used = balance.used.saturating_sub(e.amount);
    if let Some(lot) = e.back_to {
        balance.reserved = balance.reserved.saturating_add(e.amount);
        change(state, lot, e.amount);
    }
    if e.undo {
        return;
    }
    on_case(state, e.case, |case, _| {
        let mut left = e.amount;
        let effects = case.outward.iter_mut().flat_map(|own| own.effects.iter_mut().rev());
        for done in effects {
            if let DoneWhat::Consumed { account, key, amount, .. } = &mut done.what
                && (&*account, &*key) == (&e.account, &e.key)
            {
                let given = left.min(*amount);
                *amount = amount.saturating_sub(given);
                left = left.saturating_sub(given);
            }
        }
    });
}

fn released(state: &mut State, e: &Released) {
    change(state, (e.case, e.lot), -e.amount);
    match e.back_to {
        Some(lot) => change(state, lot, e.amount),
        None => {
            let balance = balance(state, &e.account, &e.key);
            balance.reserved = balance.reserved.saturating_sub(e.amount);
        }
    }
    // What a state gives back of its own accord may still come back from others; what is given up is gone.
    if e.why != ReleasedWhy::Asked
        && let Some(holds) = holds(state, e.case)
        && holds.lots.get(&e.lot).is_some_and(|lot| lot.amount.is_zero())
    {
        holds.lots.remove(&e.lot);
    }
}

/// A lot goes from one case to another. What a parent is handed it has to give back, should it have to undo it all.
fn taken(state: &mut State, e: &HoldTaken) {
    let mut lot = None;
    let take = |holds: &mut Holds| {
        lot = holds.lots.remove(&e.from_lot);
        if !holds.given.contains(&e.name) {
            holds.given.push(e.name.clone());
        }
        // Where nothing is left, nothing lapses.
        if holds.lots.is_empty() {
            holds.kept = None;
        }
    };
    if state.cases.get(e.from).is_some() {
        holds(state, e.from).into_iter().for_each(take);
    } else {
        on_closed(state, e.from, |case, _| case.holds.as_deref_mut().into_iter().for_each(take));
    }
    let Some(mut lot) = lot else { return };
    let balance = balance(state, &lot.account, &lot.key);
    list(balance, (e.from, e.from_lot), false);
    list(balance, (e.case, e.lot), !lot.amount.is_zero());
    (lot.state, lot.taken_from, lot.with) = (None, Some(e.from), e.with.clone());
    on_case(state, e.case, |case, _| {
        let own = case.outward.get_or_insert_default();
        let of_child = own.children.get(&e.from).map(|child| child.state).filter(|_| e.with.is_none());
        let holds = own.holds.get_or_insert_default();
        holds.last = e.lot;
        holds.lots.insert(e.lot, lot);
        if let Some(state) = of_child {
            did(case, Done { state, what: DoneWhat::Held(e.lot) });
        }
    });
}

fn lapsed(state: &mut State, e: &HoldLapsed) {
    let end = state.intern(&e.end);
    state.adding.ended(e.case, e.good);
    let mut claims = Vec::new();
    on_closed(state, e.case, |case, _| {
        (case.end, case.good) = (end, e.good);
        if let Some(holds) = case.holds.as_deref_mut() {
            let kept = holds.kept.take();
            holds.lots = Default::default();
            claims = kept.filter(|_| !e.good).map(|kept| kept.claims).unwrap_or_default();
        }
    });
    for claim in claims {
        if state.keys.get(&claim) == Some(&e.case) {
            state.keys.remove(&claim);
        }
    }
}

/// What a case that is over leaves behind: lots that wait for somebody, and which it no longer has.
pub(super) fn left_behind(holds: Option<Box<Holds>>, claims: Vec<Name>) -> Option<Box<Holds>> {
    let mut holds = holds?;
    match &mut holds.kept {
        Some(kept) => kept.claims = if kept.good { Vec::new() } else { claims },
        None if holds.given.is_empty() => return None,
        None => holds.lots = Default::default(),
    }
    Some(holds)
}
