//! Questions to the views. They read files and are quick; they may be asked from a task.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::command::CaseNo;
use countersign_core::event::Event;
use countersign_core::frame::Frame;
use countersign_core::value::Fields;

use super::Views;
use super::keys::List;
use super::overlay::Entered;
use super::rows::{CaseRow, InboxPage, InboxPlace, InboxRow, TimelineEvent, TimelinePage, TimelineRow};
use super::store::ViewsError;

/// Cases of one order that are looked at, at most.
const ORDER_MAX: usize = 1_000;

impl Views {
    /// The open tasks that a person may answer, the earliest deadline first.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn inbox(&self, person: &str) -> Result<Vec<InboxRow>, ViewsError> {
        Ok(self.inbox_page(person, None, None, usize::MAX)?.rows)
    }

    /// A page of the open tasks that a person may answer, the earliest deadline first: those of one position, where one
    /// is named; those after a place that an earlier page told, whether or not its task is still open.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn inbox_page(
        &self,
        person: &str,
        position: Option<&str>,
        after: Option<InboxPlace>,
        limit: usize,
    ) -> Result<InboxPage, ViewsError> {
        let overlay = self.overlay();
        let tree = &self.inner.db;
        let place = |entry: &Entered| InboxPlace { due: entry.due, case: entry.case, task: entry.task };
        let mut asked = overlay.list(tree, (List::Inbox, person), CaseNo::MAX)?;
        asked.retain(|entry| {
            position.is_none_or(|position| *entry.position == *position)
                && after.is_none_or(|after| place(entry) > after)
        });
        asked.sort_by_key(place);
        let next = if asked.len() > limit { asked.get(limit.saturating_sub(1)).map(place) } else { None };
        let mut page = InboxPage { rows: Vec::new(), next };
        for entry in asked.into_iter().take(limit) {
            let row = overlay.case(tree, entry.case)?;
            page.rows.extend(row.as_ref().and_then(|row| Some(row.inbox_row(row.tasks.get(&entry.task)?))));
        }
        Ok(page)
    }

    /// A case, open or over.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn case(&self, case: CaseNo) -> Result<Option<CaseRow>, ViewsError> {
        Ok(self.row(case)?.map(CaseRow::without_sealed))
    }

    /// What a person handed in, the newest first, from before the case `before` on.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn submitted_by(
        &self,
        person: &str,
        before: Option<CaseNo>,
        limit: usize,
    ) -> Result<Vec<CaseRow>, ViewsError> {
        let overlay = self.overlay();
        let tree = &self.inner.db;
        let last = before.map_or(CaseNo::MAX, |before| before.saturating_sub(1));
        let mut rows = Vec::new();
        for entry in overlay.list(tree, (List::Submitted, person), last)?.into_iter().rev().take(limit) {
            let row = overlay.case(tree, entry.case)?;
            rows.extend(row.map(CaseRow::without_sealed));
        }
        Ok(rows)
    }

    /// What happened to a case from this sequence on: whole frames, until there are at least `limit` events.
    ///
    /// # Errors
    /// `VIEW_FAILED`, or whatever keeps the log from being read.
    pub fn timeline(&self, case: CaseNo, from: u64, limit: usize) -> Result<TimelinePage, ViewsError> {
        self.timeline_of(&[case], from, limit)
    }

    /// The same of several cases, in the order in which it happened.
    ///
    /// # Errors
    /// Those of [`Views::timeline`].
    pub fn timeline_of(&self, cases: &[CaseNo], from: u64, limit: usize) -> Result<TimelinePage, ViewsError> {
        let mut rows = BTreeMap::new();
        for case in cases {
            rows.extend(self.row(*case)?.map(|row| (*case, row)));
        }
        let frames: BTreeSet<u64> = rows.values().flat_map(|row| row.frames.iter().copied()).collect();
        let mut page = TimelinePage::default();
        for sequence in frames.into_iter().filter(|sequence| *sequence >= from) {
            if page.rows.len() >= limit {
                page.next = Some(sequence);
                break;
            }
            let frame = self.inner.log.read_frame(sequence)?;
            let events = frame.events.into_iter().zip(0..);
            let events = events.filter_map(|(event, index)| {
                let row = rows.get(&event.case()?)?;
                Some((row, event, index))
            });
            page.rows.extend(events.map(|(row, event, index)| TimelineRow {
                sequence,
                index,
                at: frame.at,
                cause: frame.cause.clone(),
                event: show(row, event),
            }));
        }
        Ok(page)
    }

    /// The cases of one order: the root of those that were started one by another, and all that it led to.
    ///
    /// # Errors
    /// `VIEW_FAILED`.
    pub fn order_of(&self, root: CaseNo) -> Result<Vec<CaseNo>, ViewsError> {
        let mut cases = vec![root];
        let mut next = 0;
        while next < cases.len() && cases.len() < ORDER_MAX {
            let row = self.row(cases[next])?;
            cases.extend(row.iter().flat_map(|row| row.outward.children.iter().map(|child| child.case)));
            next += 1;
        }
        cases.truncate(ORDER_MAX);
        Ok(cases)
    }

    /// Shows what made a case what it is: its own frames, and those before its last that changed the company's rules or
    /// its organisation, in their order. False: no such case.
    ///
    /// # Errors
    /// `VIEW_FAILED`, or whatever keeps the log from being read.
    pub fn past_of(&self, case: CaseNo, mut see: impl FnMut(u64, &Frame)) -> Result<(), ViewsError> {
        let Some(row) = self.row(case)? else { return Ok(()) };
        let last = row.frames.last().copied().unwrap_or_default();
        let company = self.overlay().list(&self.inner.db, (List::Company, ""), last)?;
        let company = company.into_iter().map(|entry| entry.case);
        let frames: BTreeSet<u64> = row.frames.into_iter().chain(company).collect();
        for sequence in frames {
            see(sequence, &self.inner.log.read_frame(sequence)?);
        }
        Ok(())
    }

    /// The document of a case as it stands, read from the log. None where the frame holds none of this case.
    ///
    /// # Errors
    /// Whatever keeps the log from being read.
    pub fn document(&self, case: CaseNo, document_at: u64) -> Result<Option<Fields>, ViewsError> {
        let frame = self.inner.log.read_frame(document_at)?;
        let documents = frame.events.into_iter().filter_map(|event| match event {
            Event::CaseSubmitted(e) if e.case == case => Some(e.content.document),
            Event::CaseResubmitted(e) if e.case == case => Some(e.content.document),
            Event::CaseAmended(e) if e.again.case == case => Some(e.again.content.document),
            _ => None,
        });
        Ok(documents.last())
    }

    fn row(&self, case: CaseNo) -> Result<Option<CaseRow>, ViewsError> {
        self.overlay().case(&self.inner.db, case)
    }
}

/// What may be shown of an event while the case stands as `row` says.
fn show(row: &CaseRow, event: Event) -> TimelineEvent {
    match event {
        Event::TaskDecided(e) if e.blind && row.is_sealed(e.task) => {
            TimelineEvent::SealedDecision { case: e.case, task: e.task, person: e.person }
        }
        event => TimelineEvent::Open(Box::new(event)),
    }
}
