//! Things that many cases have in common: each is kept once, for as long as a case has it.

use std::fmt;
use std::sync::Arc;

use hashbrown::HashTable;

/// Below so many nothing is let go.
const KEPT_MIN: usize = 1_024;

/// Things that are kept once. A table finds them; nothing ever goes through it in its own order, and what is in it
/// shows nowhere.
#[derive(Clone)]
pub(super) struct Shared<T> {
    table: HashTable<(u64, Arc<T>)>,
    /// So many, and those that no case has any more are let go.
    full: usize,
}

impl<T> Default for Shared<T> {
    fn default() -> Shared<T> {
        Shared { table: HashTable::new(), full: KEPT_MIN }
    }
}

impl<T> Shared<T> {
    /// The one that is the same; it is made where there is none yet.
    pub(super) fn of(
        &mut self,
        hash: u64,
        same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> Arc<T>,
    ) -> Arc<T> {
        let found = self.table.find(hash, |(other, kept)| *other == hash && same(kept));
        if let Some((_, kept)) = found {
            return kept.clone();
        }
        if self.table.len() >= self.full {
            self.table.retain(|(_, kept)| Arc::strong_count(kept) > 1);
            self.full = KEPT_MIN.max(2 * self.table.len());
        }
        let made = make();
        self.table.insert_unique(hash, (hash, made.clone()), |(hash, _)| *hash);
        made
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("len", &self.table.len()).finish()
    }
}

// What cases share shows nowhere.
impl<T> PartialEq for Shared<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Shared<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_any_more_is_let_go() {
        let mut shared = Shared::default();
        let held: Vec<Arc<u64>> =
            (0..100).map(|n| shared.of(n, |other| *other == n, || Arc::new(n))).collect();
        for n in 100..100_000_u64 {
            drop(shared.of(n, |other| *other == n, || Arc::new(n)));
        }
        assert!(shared.len() <= 2 * KEPT_MIN, "{}", shared.len());
        for (n, held) in (0..).zip(&held) {
            let again = shared.of(n, |other| *other == n, || unreachable!("it is kept"));
            assert!(Arc::ptr_eq(held, &again));
        }
    }

    /// Whatever has the same hash: only what is the same is shared.
    #[test]
    fn a_hash_alone_makes_nothing_the_same() {
        let mut shared = Shared::default();
        let one = shared.of(7, |other: &u64| *other == 1, || Arc::new(1));
        let two = shared.of(7, |other: &u64| *other == 2, || Arc::new(2));
        assert_eq!((*one, *two, shared.len()), (1, 2, 2));
    }
}
