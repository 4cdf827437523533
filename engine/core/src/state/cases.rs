//! The open cases, by number. Numbers are given one after another, so that a page of neighbours finds a case at once.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Case;
use crate::command::CaseNo;

/// Cases of one page.
const PAGE: usize = 64;

/// Open cases. A page is there as long as one of its cases is.
#[derive(Clone, Default)]
pub(super) struct Cases {
    pages: BTreeMap<u64, Page>,
    len: usize,
}

/// Neighbours. A case has a box of its own: a page of large cases that are over would be mostly air.
#[derive(Clone)]
struct Page {
    cases: Box<[Option<Box<Case>>]>,
    len: usize,
}

impl Page {
    fn new() -> Page {
        Page { cases: (0..PAGE).map(|_| None).collect(), len: 0 }
    }
}

/// Its page, and its place there.
fn place(number: CaseNo) -> (u64, usize) {
    (number / PAGE as u64, (number % PAGE as u64) as usize)
}

impl Cases {
    pub(super) fn get(&self, number: CaseNo) -> Option<&Case> {
        let (page, at) = place(number);
        self.pages.get(&page)?.cases.get(at)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, number: CaseNo) -> Option<&mut Case> {
        let (page, at) = place(number);
        self.pages.get_mut(&page)?.cases.get_mut(at)?.as_deref_mut()
    }

    /// Puts a case under its own number.
    pub(super) fn insert(&mut self, case: Box<Case>) {
        let (page, at) = place(case.number);
        let page = self.pages.entry(page).or_insert_with(Page::new);
        if let Some(place) = page.cases.get_mut(at)
            && place.replace(case).is_none()
        {
            page.len += 1;
            self.len += 1;
        }
    }

    pub(super) fn remove(&mut self, number: CaseNo) -> Option<Box<Case>> {
        let (number, at) = place(number);
        let page = self.pages.get_mut(&number)?;
        let case = page.cases.get_mut(at)?.take()?;
        page.len -= 1;
        self.len -= 1;
        if page.len == 0 {
            self.pages.remove(&number);
        }
        Some(case)
    }

    /// In order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Case> {
        self.pages.values().flat_map(|page| page.cases.iter().filter_map(Option::as_deref))
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Serialize for Cases {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len))?;
        self.iter().try_for_each(|case| map.serialize_entry(&case.number, case))?;
        map.end()
    }
}

impl PartialEq for Cases {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl Eq for Cases {}

impl fmt::Debug for Cases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|case| (case.number, case))).finish()
    }
}
