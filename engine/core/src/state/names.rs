//! Names that many cases hold: one allocation for each.

use std::cell::RefCell;
use std::fmt;
use std::hash::Hasher;

use hashbrown::HashTable;
use serde::{Serialize, Serializer};

use crate::name::Name;

/// A set of names. A table finds them; whoever goes through them gets them in their own order.
#[derive(Clone, Default)]
pub(super) struct Names(HashTable<Name>);

/// A quick hash of plain data, the same everywhere.
#[derive(Default)]
pub(super) struct Quick(u64);

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let word = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
            self.write_u64(word);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u16(&mut self, word: u16) {
        self.write_u64(u64::from(word));
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

/// Names come from definitions: nobody outside chooses them, so that a quick hash will do. It is the same everywhere,
/// though nothing depends on it.
fn hash(text: &str) -> u64 {
    let mut hasher = Quick(text.len() as u64);
    hasher.write(text.as_bytes());
    hasher.finish()
}

thread_local! {
    /// The names that what this thread is reading just now shares. None but while a snapshot is read.
    static SHARED: RefCell<Option<Names>> = const { RefCell::new(None) };
}

/// A name that was read: the one of this text that all share, if there is one.
pub(crate) fn shared(name: Name) -> Name {
    let known = |names: &Option<Names>| names.as_ref()?.known(&name).cloned();
    SHARED.with_borrow(known).unwrap_or(name)
}

impl Names {
    /// Names that are read meanwhile are shared with these.
    pub(super) fn sharing<T>(&mut self, read: impl FnOnce() -> T) -> T {
        SHARED.set(Some(std::mem::take(self)));
        let result = read();
        *self = SHARED.take().unwrap_or_default();
        result
    }

    fn known(&self, name: &Name) -> Option<&Name> {
        self.0.find(hash(name), |known| known == name)
    }

    /// Puts a name among them.
    pub(super) fn insert(&mut self, name: Name) {
        if !name.is_short() && self.known(&name).is_none() {
            self.0.insert_unique(hash(&name), name, |name| hash(name));
        }
    }

    /// The one of this text that all share. A short one has nothing to share.
    pub(super) fn shared(&mut self, name: &Name) -> Name {
        if name.is_short() {
            return name.clone();
        }
        let hashed = hash(name);
        if let Some(known) = self.0.find(hashed, |known| known == name) {
            return known.clone();
        }
        self.0.insert_unique(hashed, name.clone(), |name| hash(name));
        name.clone()
    }

    /// In their own order.
    pub(super) fn in_order(&self) -> Vec<&Name> {
        let mut names: Vec<&Name> = self.0.iter().collect();
        names.sort_unstable();
        names
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.in_order())
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.in_order() == other.in_order()
    }
}

impl Eq for Names {}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.in_order()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_share_one_text_and_stand_in_order() {
        let mut names = Names::default();
        let texts: Vec<String> = (0..500).map(|n| format!("position_of_a_unit_{}", n * 7919 % 500)).collect();
        let first: Vec<Name> = texts.iter().map(|text| names.shared(&Name::from(text.as_str()))).collect();
        for (text, first) in texts.iter().zip(&first) {
            assert!(names.shared(&Name::from(text.as_str())).shares(first));
        }
        let mut sorted = first.clone();
        sorted.sort();
        assert_eq!(names.in_order(), sorted.iter().collect::<Vec<_>>());
        names.shared(&Name::from("fifteen_letters"));
        names.insert(Name::from("short"));
        assert_eq!(names.in_order().len(), 500, "a short name stands in itself");
    }
}
