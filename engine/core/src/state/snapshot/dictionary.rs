//! What cases have in common stands in a snapshot once, and cases name it by number.

use std::cell::RefCell;
use std::sync::Arc;

use hashbrown::HashTable;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::case::Origin;
use super::super::kept_fields::FieldNames;
use super::super::{Asked, PlanForm};

/// What cases have in common, by kind.
#[derive(Default)]
pub(in crate::state) struct Dictionary {
    pub(in crate::state) forms: Numbered<PlanForm>,
    pub(in crate::state) origins: Numbered<Origin>,
    pub(in crate::state) asked: Numbered<Asked>,
    pub(in crate::state) field_names: Numbered<FieldNames>,
}

/// Things of one kind, each once, in the order in which cases first had them. Whether cases share one or have equal ones
/// of their own makes no difference: a snapshot is the same either way.
pub(in crate::state) struct Numbered<T> {
    things: Vec<Arc<T>>,
    /// The numbers by what the things are.
    contents: HashTable<(u64, u32)>,
    /// The numbers by where things are in memory, which they are as long as the State that is written.
    places: HashTable<(usize, u32)>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { things: Vec::new(), contents: HashTable::new(), places: HashTable::new() }
    }
}

fn place_of<T>(thing: &Arc<T>) -> usize {
    Arc::as_ptr(thing) as usize
}

fn spread(place: usize) -> u64 {
    (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20)
}

impl<T> Numbered<T> {
    /// Gives one a number, unless it or one that is the same has one.
    pub(in crate::state) fn add(
        &mut self,
        thing: &Arc<T>,
        hash: impl FnOnce(&T) -> u64,
        same: impl Fn(&T, &T) -> bool,
    ) {
        if self.number(thing).is_some() {
            return;
        }
        let (hash, things) = (hash(thing), &self.things);
        let is = |number: u32| things.get(number as usize).is_some_and(|known| same(known, thing));
        let known = self.contents.find(hash, |(other, number)| *other == hash && is(*number));
        let number = match known.map(|(_, number)| *number) {
            Some(number) => number,
            None => {
                let number = u32::try_from(self.things.len()).unwrap_or(u32::MAX);
                self.things.push(thing.clone());
                self.contents.insert_unique(hash, (hash, number), |(hash, _)| *hash);
                number
            }
        };
        let place = place_of(thing);
        self.places.insert_unique(spread(place), (place, number), |(place, _)| spread(*place));
    }

    /// Adds the next of those that are read.
    pub(in crate::state) fn push(&mut self, thing: Arc<T>) {
        self.things.push(thing);
    }

    /// In order.
    pub(in crate::state) fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.iter().map(Arc::as_ref)
    }

    fn number(&self, thing: &Arc<T>) -> Option<u32> {
        let place = place_of(thing);
        self.places.find(spread(place), |(other, _)| *other == place).map(|(_, number)| *number)
    }

    fn get(&self, number: u32) -> Option<Arc<T>> {
        self.things.get(number as usize).cloned()
    }
}

thread_local! {
    /// The dictionary of what this thread writes or reads just now. None but while it does so with a snapshot.
    static OPEN: RefCell<Option<Dictionary>> = const { RefCell::new(None) };
}

impl Dictionary {
    /// Cases that are written or read meanwhile name what they have in common by these numbers.
    pub(super) fn naming<T>(&mut self, work: impl FnOnce() -> T) -> T {
        OPEN.set(Some(std::mem::take(self)));
        let _open = Open(self);
        work()
    }
}

/// Closes the dictionary again, though what was done with it panicked: the thread may go on without it.
struct Open<'a>(&'a mut Dictionary);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        *self.0 = OPEN.take().unwrap_or_default();
    }
}

/// Writes a thing as its number, where there is a dictionary; None: there is none, and it is written out.
pub(in crate::state) fn number<T, S: Serializer>(
    of: impl FnOnce(&Dictionary) -> &Numbered<T>,
    thing: &Arc<T>,
) -> Option<Result<u32, S::Error>> {
    OPEN.with_borrow(|open| {
        let number = of(open.as_ref()?).number(thing);
        Some(number.ok_or_else(|| S::Error::custom("something that is in no dictionary")))
    })
}

/// Whether what is read names what it has in common with others by number.
pub(in crate::state) fn is_open() -> bool {
    OPEN.with_borrow(Option::is_some)
}

/// The thing of a number.
pub(in crate::state) fn numbered<'de, T, D: Deserializer<'de>>(
    of: impl FnOnce(&Dictionary) -> &Numbered<T>,
    number: u32,
) -> Result<Arc<T>, D::Error> {
    let found = OPEN.with_borrow(|open| of(open.as_ref()?).get(number));
    found.ok_or_else(|| D::Error::custom("a number that is in no dictionary"))
}

/// A thing of a case: by number where there is a dictionary, else written out.
macro_rules! by_number {
    ($name:ident, $kind:ty, $of:ident) => {
        pub(in crate::state) mod $name {
            use super::*;

            pub(in crate::state) fn serialize<S: Serializer>(
                thing: &Arc<$kind>,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                match number::<_, S>(|dictionary| &dictionary.$of, thing) {
                    Some(number) => number?.serialize(serializer),
                    None => thing.serialize(serializer),
                }
            }

            pub(in crate::state) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Arc<$kind>, D::Error> {
                if is_open() {
                    let number = u32::deserialize(deserializer)?;
                    numbered::<_, D>(|dictionary| &dictionary.$of, number)
                } else {
                    <$kind>::deserialize(deserializer).map(Arc::new)
                }
            }
        }
    };
}

by_number!(origin, Origin, origins);
by_number!(asked, Asked, asked);

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_panic_leaves_no_dictionary_open() {
        let mut dictionary = Dictionary::default();
        let broken = catch_unwind(AssertUnwindSafe(|| {
            dictionary.naming(|| {
                assert!(is_open());
                panic!("on purpose");
            })
        }));
        assert!(broken.is_err());
        assert!(!is_open());
    }
}
