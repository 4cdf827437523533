//! The log gone through frame by frame: the engine's State, and books of which every entry comes from an event.

use std::collections::BTreeMap;

use countersign_core::event::{Event, Reserved};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::state::{State, apply_frame};
use rust_decimal::Decimal;

/// A lot: its case, and its number there.
type Lot = (u64, u32);
/// An account and a key of it.
type Key = (String, String);

/// What is done to the books on purpose, so that the check is seen to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The so-manieth amount set aside is entered twice.
    Doubled(u64),
    /// From the so-manieth amount set aside on, every limit is a hundredth of itself.
    Short(u64),
}

/// The books.
#[derive(Debug)]
pub(crate) struct Judge {
    fault: Fault,
    limits: BTreeMap<Key, Decimal>,
    used: BTreeMap<Key, Decimal>,
    lots: BTreeMap<Lot, (Key, Decimal)>,
    reserved: BTreeMap<Key, Decimal>,
    /// Cases that were granted and that were refused something.
    pub(crate) granted: u64,
    pub(crate) refused: u64,
    refused_last: u64,
}

impl Judge {
    /// Goes through a log. The first thing that is wrong, and where.
    pub(crate) fn over(frames: &[Frame], fault: Fault) -> Result<Judge, String> {
        // As tables and accounts.yaml have them; written down here once more, so that nothing is taken from the engine.
        let limits = [
            ("budget", "promo", 60_000_000_i64, 2),
            ("branch_pool", "js", 150, 0),
            ("branch_pool", "sd", 200, 0),
            ("national_pool", "spring", 250, 0),
            ("credit", "CU-1", 80_000_000, 2),
        ];
        let limits =
            limits.map(|(account, key, limit, scale)| (key_of(account, key), Decimal::new(limit, scale)));
        let mut judge = Judge {
            fault,
            limits: limits.into(),
            used: BTreeMap::new(),
            lots: BTreeMap::new(),
            reserved: BTreeMap::new(),
            granted: 0,
            refused: 0,
            refused_last: 0,
        };
        let mut state = State::default();
        for (place, frame) in frames.iter().enumerate() {
            apply_frame(&mut state, frame);
            let found = frame.events.iter().try_for_each(|event| judge.enter(event));
            let found = found.and_then(|()| judge.agrees(&state, frame, place + 1 == frames.len()));
            found.map_err(|wrong| format!("sequence {}: {wrong}", place + 1))?;
        }
        Ok(judge)
    }

    fn enter(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::AccountOpened(e) => {
                e.used.iter().for_each(|(key, used)| self.use_up(key_of(&e.account, key), *used));
            }
            Event::Reserved(e) => {
                self.reserve(e)?;
                // A grant of the pool is one grant out of two pools.
                self.granted += u64::from(e.lot == 1);
                if self.fault == Fault::Doubled(self.granted) && e.lot == 1 {
                    self.put((e.case, e.lot), key_of(&e.account, &e.key), e.amount);
                }
                if self.fault == Fault::Short(self.granted) {
                    self.limits.values_mut().for_each(|limit| *limit /= Decimal::ONE_HUNDRED);
                }
            }
            Event::ReservationRefused(e) => {
                let free = self.free(&key_of(&e.account, &e.key));
                if free >= e.asked {
                    return Err(format!("C-{} was refused {} where {free} is free", e.case, e.asked));
                }
                if (e.free, e.short()) != (free, e.asked - free) {
                    return Err(format!(
                        "C-{} was told {} is free and {} short, it is {free}",
                        e.case,
                        e.free,
                        e.short()
                    ));
                }
                self.refused += u64::from(self.refused_last != e.case);
                self.refused_last = e.case;
            }
            Event::Consumed(e) => {
                if let Some(lot) = e.lot {
                    self.put(lot, key_of(&e.account, &e.key), -e.amount);
                }
                self.use_up(key_of(&e.account, &e.key), e.amount);
            }
            Event::Restored(e) => self.use_up(key_of(&e.account, &e.key), -e.amount),
            Event::Released(e) => self.put((e.case, e.lot), key_of(&e.account, &e.key), -e.amount),
            _ => {}
        }
        Ok(())
    }

    fn reserve(&mut self, e: &Reserved) -> Result<(), String> {
        let (key, free) = (key_of(&e.account, &e.key), self.free(&key_of(&e.account, &e.key)));
        if e.amount > free {
            return Err(format!("C-{} was given {} of {key:?}, of which {free} was free", e.case, e.amount));
        }
        self.put((e.case, e.lot), key, e.amount);
        Ok(())
    }

    fn put(&mut self, lot: Lot, key: Key, amount: Decimal) {
        *self.reserved.entry(key.clone()).or_default() += amount;
        let left = &mut self.lots.entry(lot).or_insert_with(|| (key, Decimal::ZERO)).1;
        *left += amount;
        if left.is_zero() {
            self.lots.remove(&lot);
        }
    }

    fn use_up(&mut self, key: Key, amount: Decimal) {
        *self.used.entry(key).or_default() += amount;
    }

    fn free(&self, key: &Key) -> Decimal {
        let of = |books: &BTreeMap<Key, Decimal>| books.get(key).copied().unwrap_or_default();
        of(&self.limits) - of(&self.used) - of(&self.reserved)
    }

    /// Whether the engine has every key as the books have it, and everything balances.
    fn agrees(&self, state: &State, frame: &Frame, last: bool) -> Result<(), String> {
        for key in self.limits.keys() {
            let row = state.account(&Name::from(&*key.0), &Name::from(&*key.1), frame.at);
            let of = |books: &BTreeMap<Key, Decimal>| books.get(key).copied().unwrap_or_default();
            let (used, reserved, free) = (of(&self.used), of(&self.reserved), self.free(key));
            let held: Decimal = row.held.iter().map(|held| held.amount).sum();
            if (row.used, row.reserved, held) != (used, reserved, reserved) {
                let found = format!("{} used, {} reserved, {held} held", row.used, row.reserved);
                return Err(format!(
                    "{key:?}: the engine has {found}; the events make {used} and {reserved}"
                ));
            }
            // Before the company's tables are there, there is no limit either.
            if row.free().is_some_and(|told| told != free) || free < Decimal::ZERO {
                return Err(format!("{key:?}: {free} is free, the engine has {:?}", row.free()));
            }
        }
        if let Some((lot, (key, left))) = self.lots.iter().find(|(_, (_, left))| left.is_sign_negative()) {
            return Err(format!("{key:?}: lot {lot:?} holds {left}"));
        }
        // Looks at every case: after each of the first frames, later after each five-hundredth and the last.
        let sequence = state.head().sequence;
        let looked_at = sequence < 2_000 || sequence.is_multiple_of(500) || last;
        if looked_at && let [first, ..] = state.unbalanced().as_slice() {
            return Err(first.clone());
        }
        Ok(())
    }
}

fn key_of(account: &str, key: &str) -> Key {
    (account.to_owned(), key.to_owned())
}
