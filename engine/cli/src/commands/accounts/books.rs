//! A second bookkeeping, kept from the events alone: it shares no line with the engine's own.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::event::Event;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use rust_decimal::Decimal;

/// A key of an account.
type Key = (Name, Name);
/// A lot: its case, and its number there.
type LotOf = (u64, u32);

/// What was used up, and what each case holds.
#[derive(Default)]
pub(super) struct Books {
    used: BTreeMap<Key, Decimal>,
    lots: BTreeMap<LotOf, (Key, Decimal)>,
    /// Cases that are over, and those of them whose lots wait to be taken.
    over: BTreeSet<u64>,
    kept: BTreeSet<u64>,
    /// Keys that were moved since they were last looked at.
    moved: BTreeSet<Key>,
}

impl Books {
    /// How many keys there are.
    pub(super) fn keys(&self) -> usize {
        let held = self.lots.values().map(|(key, _)| key);
        self.used.keys().chain(held).collect::<BTreeSet<_>>().len()
    }

    /// Enters what happened.
    pub(super) fn enter(&mut self, event: &Event) {
        match event {
            Event::AccountOpened(e) => {
                for (key, used) in &e.used {
                    self.use_up(&(e.account.clone(), key.clone()), *used);
                }
            }
            Event::Reserved(e) => {
                if let Some(from) = e.from {
                    self.draw(from, e.amount);
                }
                self.put((e.case, e.lot), (&e.account, &e.key), e.amount);
            }
            Event::Consumed(e) => {
                if let Some(lot) = e.lot {
                    self.draw(lot, e.amount);
                }
                self.use_up(&(e.account.clone(), e.key.clone()), e.amount);
            }
            Event::Restored(e) => {
                self.use_up(&(e.account.clone(), e.key.clone()), -e.amount);
                if let Some(lot) = e.back_to {
                    self.put(lot, (&e.account, &e.key), e.amount);
                }
            }
            Event::Released(e) => {
                self.draw((e.case, e.lot), e.amount);
                if let Some(lot) = e.back_to {
                    self.put(lot, (&e.account, &e.key), e.amount);
                }
            }
            Event::HoldTaken(e) => {
                self.draw((e.from, e.from_lot), e.amount);
                self.put((e.case, e.lot), (&e.account, &e.key), e.amount);
            }
            Event::HoldsKept(e) => drop(self.kept.insert(e.case)),
            Event::HoldLapsed(e) => drop(self.kept.remove(&e.case)),
            Event::CaseReversed(e) => drop(self.kept.remove(&e.case)),
            Event::CaseEnded(e) => drop(self.over.insert(e.case)),
            Event::CaseWithdrawn(e) => drop(self.over.insert(e.case)),
            _ => {}
        }
    }

    fn use_up(&mut self, key: &Key, amount: Decimal) {
        *self.used.entry(key.clone()).or_default() += amount;
        self.moved.insert(key.clone());
    }

    fn put(&mut self, lot: LotOf, (account, key): (&Name, &Name), amount: Decimal) {
        let key = (account.clone(), key.clone());
        self.lots.entry(lot).or_insert_with(|| (key.clone(), Decimal::ZERO)).1 += amount;
        self.moved.insert(key);
    }

    fn draw(&mut self, lot: LotOf, amount: Decimal) {
        if let Some((key, left)) = self.lots.get_mut(&lot) {
            *left -= amount;
            self.moved.insert(key.clone());
        } else {
            // Drawn from what was never there: it stands below nothing, which is found.
            self.lots.insert(lot, ((Name::default(), Name::default()), -amount));
        }
    }

    /// What does not balance after a frame; only what it moved is looked at.
    pub(super) fn wrong(&mut self, state: &State, at: Timestamp) -> Vec<String> {
        let mut wrong = Vec::new();
        for ((case, lot), ((account, key), left)) in &self.lots {
            if *left < Decimal::ZERO {
                wrong.push(format!("{account} {key}: lot {lot} of C-{case} holds {left}"));
            }
            if !left.is_zero() && self.over.contains(case) && !self.kept.contains(case) {
                wrong.push(format!("{account} {key}: C-{case} is over and still holds {left}"));
            }
        }
        self.lots.retain(|(case, _), (_, left)| !left.is_zero() || !self.over.contains(case));
        for (account, key) in std::mem::take(&mut self.moved) {
            let row = state.account(&account, &key, at);
            let of = (account.clone(), key.clone());
            let used = self.used.get(&of).copied().unwrap_or_default();
            let held: Decimal = self.lots.values().filter(|(k, _)| *k == of).map(|(_, left)| *left).sum();
            if used < Decimal::ZERO {
                wrong.push(format!("{account} {key}: {used} is used up"));
            }
            if (row.used, row.reserved) != (used, held) {
                wrong.push(format!(
                    "{account} {key}: the engine has {} used and {} reserved, the events make {used} and {held}",
                    row.used, row.reserved
                ));
            }
            if let (countersign_core::accounts::AccountLimit::Of(granted), Some(free)) =
                (&row.limit, row.free())
                && *granted != free + held + used
            {
                wrong.push(format!(
                    "{account} {key}: granted {granted}, but free {free} + reserved {held} + used {used}"
                ));
            }
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::event::{Released, ReleasedWhy, Reserved};

    use super::*;

    fn reserved(case: u64, amount: i64) -> Event {
        Event::Reserved(Reserved {
            case,
            state: 0,
            lot: 1,
            name: Name::from("money"),
            account: Name::from("budget"),
            key: Name::from("K"),
            amount: Decimal::from(amount),
            from: None,
        })
    }

    #[test]
    fn what_the_engine_does_not_have_is_found() {
        let mut books = Books::default();
        books.enter(&reserved(1, 10));
        let wrong = books.wrong(&State::default(), Timestamp(0));
        assert!(wrong.iter().any(|text| text.contains("0 reserved, the events make 0 and 10")), "{wrong:?}");
        assert_eq!(books.keys(), 1);
    }

    #[test]
    fn what_is_drawn_below_nothing_is_found() {
        let mut books = Books::default();
        books.enter(&reserved(1, 10));
        books.enter(&Event::Released(Released {
            case: 1,
            lot: 1,
            account: Name::from("budget"),
            key: Name::from("K"),
            amount: Decimal::from(11),
            back_to: None,
            why: ReleasedWhy::Asked,
        }));
        let wrong = books.wrong(&State::default(), Timestamp(0));
        assert!(wrong.iter().any(|text| text.contains("lot 1 of C-1 holds -1")), "{wrong:?}");
    }
}
