//! The open cases, by number. Numbers are given one after another, so that a page of neighbours finds a case at once.

use std::collections::VecDeque;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::command::CaseNo;

/// Cases of one page.
const PAGE: usize = 64;

/// Open cases. A page is there as long as one of its cases is; where none is, three words remain of it until
/// everything before it is gone too.
#[derive(Clone)]
pub(super) struct Cases<C> {
    /// The number of the first page.
    first: u64,
    /// One after another; neither the first nor the last is empty.
    pages: VecDeque<Page<C>>,
    len: usize,
}

/// Neighbours. A case has a box of its own: a page of large cases that are over would be mostly air.
#[derive(Clone)]
struct Page<C> {
    /// None, or as many places as a page has.
    cases: Box<[Option<Box<C>>]>,
    len: usize,
}

impl<C> Default for Page<C> {
    fn default() -> Page<C> {
        Page { cases: Box::default(), len: 0 }
    }
}

impl<C> Page<C> {
    fn new() -> Page<C> {
        Page { cases: (0..PAGE).map(|_| None).collect(), len: 0 }
    }
}

/// Its page, and its place there.
fn place(number: CaseNo) -> (u64, usize) {
    (number / PAGE as u64, (number % PAGE as u64) as usize)
}

impl<C> Default for Cases<C> {
    fn default() -> Cases<C> {
        Cases { first: 0, pages: VecDeque::new(), len: 0 }
    }
}

impl<C> Cases<C> {
    pub(super) fn get(&self, number: CaseNo) -> Option<&C> {
        let (page, at) = place(number);
        self.pages.get(self.index(page)?)?.cases.get(at)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, number: CaseNo) -> Option<&mut C> {
        let (page, at) = place(number);
        let index = self.index(page)?;
        self.pages.get_mut(index)?.cases.get_mut(at)?.as_deref_mut()
    }

    /// Puts a case under its number.
    pub(super) fn insert(&mut self, number: CaseNo, case: Box<C>) {
        let (page, at) = place(number);
        let page = self.page(page);
        if let Some(place) = page.cases.get_mut(at)
            && place.replace(case).is_none()
        {
            page.len += 1;
            self.len += 1;
        }
    }

    pub(super) fn remove(&mut self, number: CaseNo) -> Option<Box<C>> {
        let (page, at) = place(number);
        let index = self.index(page)?;
        let page = self.pages.get_mut(index)?;
        let case = page.cases.get_mut(at)?.take()?;
        page.len -= 1;
        self.len -= 1;
        if page.len == 0 {
            *page = Page::default();
            self.trim();
        }
        Some(case)
    }

    fn index(&self, page: u64) -> Option<usize> {
        usize::try_from(page.checked_sub(self.first)?).ok()
    }

    /// The page of this number, made where it is missing.
    fn page(&mut self, page: u64) -> &mut Page<C> {
        if self.pages.is_empty() {
            self.first = page;
        }
        while page < self.first {
            self.pages.push_front(Page::default());
            self.first -= 1;
        }
        let index = (page - self.first) as usize;
        if index >= self.pages.len() {
            self.pages.resize_with(index + 1, Page::default);
        }
        let page = &mut self.pages[index];
        if page.cases.is_empty() {
            *page = Page::new();
        }
        page
    }

    fn trim(&mut self) {
        while self.pages.pop_front_if(|page| page.len == 0).is_some() {
            self.first += 1;
        }
        while self.pages.pop_back_if(|page| page.len == 0).is_some() {}
    }

    /// With their numbers, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (CaseNo, &C)> {
        let pages = (self.first..).zip(&self.pages);
        pages.flat_map(|(page, cases)| {
            let numbers = page * PAGE as u64..;
            numbers.zip(&cases.cases).filter_map(|(number, case)| Some((number, case.as_deref()?)))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl<C: Serialize> Serialize for Cases<C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len))?;
        self.iter().try_for_each(|(number, case)| map.serialize_entry(&number, case))?;
        map.end()
    }
}

impl<C: PartialEq> PartialEq for Cases<C> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<C: Eq> Eq for Cases<C> {}

impl<C: fmt::Debug> fmt::Debug for Cases<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The same steps on pages and on a plain map, over a range of some pages, in an order that jumps.
    #[test]
    fn pages_hold_what_a_map_holds() {
        let (mut pages, mut map) = (Cases::default(), BTreeMap::new());
        let mut seed = 20_261_122_u64;
        for step in 0..20_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Waves: at times nearly everything goes, so that pages empty at both ends and in the middle.
            let (number, goes) = ((seed >> 33) % 700 + 300, (seed >> 20) % 10 < 3 + 5 * (step / 2_000 % 2));
            if goes {
                assert_eq!(pages.remove(number).map(|case| *case), map.remove(&number), "step {step}");
            } else {
                pages.insert(number, Box::new(step));
                map.insert(number, step);
            }
            assert_eq!(pages.len(), map.len(), "step {step}");
            assert_eq!(pages.get(number), map.get(&number), "step {step}");
            if step % 500 == 0 {
                assert!(pages.iter().eq(map.iter().map(|(number, case)| (*number, case))), "step {step}");
            }
        }
        map.keys().for_each(|number| drop(pages.remove(*number)));
        assert!(pages.pages.is_empty() && pages.len() == 0, "nothing remains of pages that are empty");
    }
}
