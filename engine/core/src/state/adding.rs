//! What adds up against splitting: amounts by authority and by what cases have in common, in the order in which they
//! were first held against limits.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{CLOSED_WINDOW_MS, State};
use crate::command::CaseNo;
use crate::event::AmountWeighed;
use crate::name::Name;
use crate::time::Timestamp;

/// An authority, and what cases have in common.
type Key = (Name, Name);

/// What one case adds, by authority and key and by its place among the others.
type ByKey = BTreeMap<Key, BTreeMap<u64, Weight>>;
/// Under what each case adds, and at which place.
type ByCase = BTreeMap<CaseNo, BTreeMap<Key, u64>>;
/// Until when cases count.
type ByUntil = BTreeSet<(Timestamp, CaseNo)>;

/// Amounts that add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Adding {
    by_key: ByKey,
    by_case: ByCase,
    by_until: ByUntil,
    last: u64,
}

/// What one case adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// The case.
    pub case: CaseNo,
    /// Its own amount.
    pub own: Decimal,
    /// It counts for cases that are handed in until then.
    pub until: Timestamp,
    /// Whether it is open; otherwise it ended well.
    pub open: bool,
}

impl State {
    /// What was held against the limits of an authority before a case was, under the same key; newest first.
    pub fn adding(&self, authority: &Name, key: &Name, case: CaseNo) -> impl Iterator<Item = &Weight> {
        let key = (authority.clone(), key.clone());
        let own = self.adding.by_case.get(&case).and_then(|keys| keys.get(&key)).copied().unwrap_or(u64::MAX);
        self.adding
            .by_key
            .get(&key)
            .into_iter()
            .flat_map(move |weights| weights.range(..own).rev())
            .map(|(_, w)| w)
    }
}

impl Adding {
    /// All of it, and the last place that was given.
    pub(super) fn parts(&self) -> (&ByKey, &ByCase, &ByUntil, u64) {
        (&self.by_key, &self.by_case, &self.by_until, self.last)
    }

    /// All of it, to be filled as it was.
    pub(super) fn parts_mut(&mut self) -> (&mut ByKey, &mut ByCase, &mut ByUntil) {
        (&mut self.by_key, &mut self.by_case, &mut self.by_until)
    }

    /// The last place that was given.
    pub(super) fn counted(&mut self, last: u64) {
        self.last = last;
    }

    /// A case was weighed: for the first time, which gives it its place, or again.
    pub(super) fn weighed(&mut self, at: Timestamp, e: &AmountWeighed) {
        self.forget(at);
        let Some(added) = &e.added else { return };
        let key = (e.authority.clone(), added.key.clone());
        let keys = self.by_case.entry(e.case).or_default();
        // A document that came again may have less in common with the others.
        let other = keys.iter().find(|((authority, _), _)| *authority == e.authority);
        if let Some((other, place)) = other.map(|(k, p)| (k.clone(), *p)).filter(|(other, _)| *other != key) {
            keys.remove(&other);
            take_out(&mut self.by_key, &other, place);
        }
        let place = *keys.entry(key.clone()).or_insert_with(|| {
            self.last += 1;
            self.last
        });
        let weight = Weight { case: e.case, own: e.own, until: added.until, open: true };
        let before = self.by_key.entry(key).or_default().insert(place, weight);
        if before.is_none_or(|before| before.until != added.until) {
            self.by_until.insert((added.until, e.case));
        }
    }

    /// A case is over: it counts on where it ended well.
    pub(super) fn ended(&mut self, case: CaseNo, good: bool) {
        if !good {
            self.remove(case);
            return;
        }
        for (key, place) in self.by_case.get(&case).into_iter().flatten() {
            if let Some(weight) = self.by_key.get_mut(key).and_then(|weights| weights.get_mut(place)) {
                weight.open = false;
            }
        }
    }

    fn remove(&mut self, case: CaseNo) {
        for (key, place) in self.by_case.remove(&case).into_iter().flatten() {
            if let Some(weight) = take_out(&mut self.by_key, &key, place) {
                self.by_until.remove(&(weight.until, case));
            }
        }
    }

    /// Forgets what has counted for nobody as long as cases that are over are remembered.
    fn forget(&mut self, at: Timestamp) {
        while let Some((until, case)) = self.by_until.first().copied() {
            if until >= at.plus(-CLOSED_WINDOW_MS) {
                break;
            }
            self.by_until.pop_first();
            let Some(keys) = self.by_case.get_mut(&case) else { continue };
            let by_key = &mut self.by_key;
            keys.retain(|key, place| {
                let over =
                    |weights: &BTreeMap<u64, Weight>| weights.get(place).is_none_or(|w| w.until <= until);
                let over = by_key.get(key).is_none_or(over);
                if over {
                    take_out(by_key, key, *place);
                }
                !over
            });
            if keys.is_empty() {
                self.by_case.remove(&case);
            }
        }
    }
}

fn take_out(by_key: &mut BTreeMap<Key, BTreeMap<u64, Weight>>, key: &Key, place: u64) -> Option<Weight> {
    let weights = by_key.get_mut(key)?;
    let weight = weights.remove(&place);
    if weights.is_empty() {
        by_key.remove(key);
    }
    weight
}
