//! Rows that are newer than the tree. A case that is decided several times within a second is written once,
//! and so is a page of an inbox through which a hundred tasks went.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sled::{Batch, Tree};

use super::keys::{self, List};
use super::rows::CaseRow;
use super::store::{Meta, ViewsError, decode, encode};

/// Rows and pages kept in memory, each: those that change often are not read back each time.
const KEPT_MAX: usize = 32_768;
/// Room for most rows.
const ROW_BYTES: usize = 4_096;

/// An entry of a person's list. It has what an inbox is put in order and told apart by, so that a page of it costs the
/// rows of that page and no more. Where the list is of cases, there is the case alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Entered {
    pub(super) case: CaseNo,
    pub(super) task: TaskNo,
    pub(super) due: Timestamp,
    pub(super) position: Name,
}

impl Entered {
    /// A case.
    pub(super) fn case(case: CaseNo) -> Entered {
        Entered { case, ..Entered::default() }
    }
}

/// What has been folded since the tree was last written, and some rows that equal it. Together with the tree
/// it is the state of the views at `applied`.
#[derive(Default)]
pub(super) struct Overlay {
    /// A row each in a box: the tree's nodes move their entries.
    cases: BTreeMap<CaseNo, Cached<Box<CaseRow>>>,
    pages: BTreeMap<Vec<u8>, Cached<BTreeSet<Entered>>>,
    /// The last sequence that is in the rows.
    pub(super) applied: u64,
    /// The last sequence that is in the tree.
    written: u64,
    dirty: usize,
}

struct Cached<T> {
    row: T,
    /// Whether the tree has another one, or none.
    dirty: bool,
}

impl<T> Cached<T> {
    /// The row, to be changed.
    fn touch(&mut self, dirty: &mut usize) -> &mut T {
        *dirty += usize::from(!self.dirty);
        self.dirty = true;
        &mut self.row
    }
}

impl Overlay {
    /// Nothing but what the tree has, which goes so far.
    pub(super) fn new(applied: u64) -> Overlay {
        Overlay { applied, written: applied, ..Overlay::default() }
    }

    /// A case's row, in memory from now on, to be changed.
    pub(super) fn case_mut(&mut self, tree: &Tree, case: CaseNo) -> Result<Option<&mut CaseRow>, ViewsError> {
        let cached = match self.cases.entry(case) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let Some(row) = read(tree, &keys::case(case))? else { return Ok(None) };
                place.insert(Cached { row, dirty: false })
            }
        };
        Ok(Some(&mut **cached.touch(&mut self.dirty)))
    }

    /// A new case's row.
    pub(super) fn add_case(&mut self, row: CaseRow) {
        self.cases.insert(row.case, Cached { row: Box::new(row), dirty: true });
        self.dirty += 1;
    }

    /// A case's row.
    pub(super) fn case(&self, tree: &Tree, case: CaseNo) -> Result<Option<CaseRow>, ViewsError> {
        match self.cases.get(&case) {
            Some(cached) => Ok(Some((*cached.row).clone())),
            None => read(tree, &keys::case(case)),
        }
    }

    /// Puts an entry on a person's list.
    pub(super) fn enter(
        &mut self,
        tree: &Tree,
        (list, person): (List, &str),
        entry: Entered,
    ) -> Result<(), ViewsError> {
        self.page_mut(tree, keys::page(list, person, entry.case))?.insert(entry);
        Ok(())
    }

    /// Takes an entry off a person's list.
    pub(super) fn strike(
        &mut self,
        tree: &Tree,
        (list, person): (List, &str),
        entry: &Entered,
    ) -> Result<(), ViewsError> {
        self.page_mut(tree, keys::page(list, person, entry.case))?.remove(entry);
        Ok(())
    }

    fn page_mut(&mut self, tree: &Tree, key: Vec<u8>) -> Result<&mut BTreeSet<Entered>, ViewsError> {
        let cached = match self.pages.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let row = read(tree, place.key())?.unwrap_or_default();
                place.insert(Cached { row, dirty: false })
            }
        };
        Ok(cached.touch(&mut self.dirty))
    }

    /// A person's list in the order of cases, up to the case `last`.
    pub(super) fn list(
        &self,
        tree: &Tree,
        (list, person): (List, &str),
        last: CaseNo,
    ) -> Result<Vec<Entered>, ViewsError> {
        let range = keys::page(list, person, 0)..=keys::page(list, person, last);
        let mut pages: BTreeMap<Vec<u8>, BTreeSet<Entered>> = BTreeMap::new();
        for page in tree.range(range.clone()) {
            let (key, bytes) = page?;
            if !self.pages.contains_key(&*key) {
                pages.insert(key.to_vec(), decode(&bytes)?);
            }
        }
        pages.extend(self.pages.range(range).map(|(key, cached)| (key.clone(), cached.row.clone())));
        Ok(pages.into_values().flatten().filter(|entry| entry.case <= last).collect())
    }

    /// Whether the tree has everything.
    pub(super) fn is_written(&self) -> bool {
        self.written == self.applied
    }

    /// How many rows the tree does not have.
    pub(super) fn dirty(&self) -> usize {
        self.dirty
    }

    /// All that the tree does not have: a key and its value, or None for a key that goes.
    fn each_change(&self, mut each: impl FnMut(&[u8], Option<&[u8]>)) -> Result<(), ViewsError> {
        let mut bytes = Vec::with_capacity(ROW_BYTES);
        for (case, cached) in self.cases.iter().filter(|(_, cached)| cached.dirty) {
            bytes = written_into(bytes, &cached.row)?;
            each(&keys::case(*case), Some(&bytes));
        }
        for (key, cached) in self.pages.iter().filter(|(_, cached)| cached.dirty) {
            bytes = written_into(bytes, &cached.row)?;
            each(key, (!cached.row.is_empty()).then_some(&bytes[..]));
        }
        Ok(())
    }

    /// The same, in order.
    pub(super) fn changes(&self) -> Result<BTreeMap<Vec<u8>, Option<Vec<u8>>>, ViewsError> {
        let mut changes = BTreeMap::new();
        self.each_change(|key, value| drop(changes.insert(key.to_vec(), value.map(<[u8]>::to_vec))))?;
        Ok(changes)
    }

    /// All that the tree does not have, as one batch with the mark of how far it goes: whole or not at all.
    pub(super) fn batch(&self, meta: &Meta) -> Result<Batch, ViewsError> {
        let mut batch = Batch::default();
        self.each_change(|key, value| match value {
            Some(value) => batch.insert(key, value),
            None => batch.remove(key),
        })?;
        batch.insert(keys::META, encode(meta)?);
        Ok(batch)
    }

    /// The tree has all of it now.
    pub(super) fn written(&mut self) {
        self.written = self.applied;
        self.dirty = 0;
        self.cases.retain(|_, cached| cached.row.ended.is_none());
        keep(&mut self.cases);
        keep(&mut self.pages);
    }
}

/// Rows that equal the tree's are kept while they are not too many; otherwise those that changed since it was last
/// written.
fn keep<K: Ord, T>(rows: &mut BTreeMap<K, Cached<T>>) {
    if rows.len() > KEPT_MAX {
        rows.retain(|_, cached| cached.dirty);
    }
    if rows.len() > KEPT_MAX {
        rows.clear();
    }
    rows.values_mut().for_each(|cached| cached.dirty = false);
}

/// Encodes a row into the memory of the one before.
fn written_into<T: Serialize>(mut bytes: Vec<u8>, row: &T) -> Result<Vec<u8>, ViewsError> {
    bytes.clear();
    Ok(postcard::to_extend(row, bytes)?)
}

fn read<T: serde::de::DeserializeOwned>(tree: &Tree, key: &[u8]) -> Result<Option<T>, ViewsError> {
    tree.get(key)?.map(|bytes| decode(&bytes)).transpose()
}
