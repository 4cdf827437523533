//! Frames into rows. A batch of frames becomes one batch of the tree: rows and how far they go, whole or not
//! at all.

use std::collections::BTreeMap;

use countersign_core::command::CaseNo;
use countersign_core::event::{CaseSubmitted, Content, Event, TaskOpened, TaskReassigned};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use sled::{Batch, Tree};

use super::case_fold::fold_case;
use super::keys;
use super::rows::{CaseRow, Status, TaskRow};
use super::store::{Meta, ViewsError, decode, encode};

/// Frames on their way into the tree.
pub(super) struct Fold<'a> {
    tree: &'a Tree,
    /// Rows that the batch changes.
    cases: BTreeMap<CaseNo, CaseRow>,
    batch: Batch,
}

impl<'a> Fold<'a> {
    pub(super) fn new(tree: &'a Tree) -> Fold<'a> {
        Fold { tree, cases: BTreeMap::new(), batch: Batch::default() }
    }

    /// Folds one frame.
    pub(super) fn frame(&mut self, sequence: u64, frame: &Frame) -> Result<(), ViewsError> {
        let mut noted = None;
        for event in &frame.events {
            let Some(case) = event.case() else { continue };
            if noted != Some(case) {
                self.batch.insert(keys::timeline(case, sequence), &[]);
                noted = Some(case);
            }
            self.event(sequence, frame.at, case, event)?;
        }
        Ok(())
    }

    /// The batch, with the mark that everything up to `applied` is in it.
    pub(super) fn finish(mut self, meta: &Meta) -> Result<Batch, ViewsError> {
        for (case, row) in &self.cases {
            self.batch.insert(keys::case(*case), encode(row)?);
        }
        self.batch.insert(keys::META, encode(meta)?);
        Ok(self.batch)
    }

    fn event(&mut self, sequence: u64, at: Timestamp, case: CaseNo, event: &Event) -> Result<(), ViewsError> {
        if let Event::CaseSubmitted(e) = event {
            self.batch.insert(keys::submitted(&e.submitter.person, case), &[]);
            self.cases.insert(case, submitted(sequence, at, e));
            return Ok(());
        }
        let Fold { tree, cases, batch } = self;
        let row = match cases.entry(case) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let Some(bytes) = tree.get(keys::case(case))? else { return Ok(()) };
                place.insert(decode(&bytes)?)
            }
        };
        index(row, event, batch);
        fold_case(row, sequence, at, event);
        Ok(())
    }
}

/// The row of a new case.
fn submitted(sequence: u64, at: Timestamp, e: &CaseSubmitted) -> CaseRow {
    let mut row = CaseRow {
        case: e.case,
        chain: e.chain.clone(),
        release: e.release,
        key: None,
        submitter: e.submitter.clone(),
        amount: None,
        revision: 1,
        returns: 0,
        content_hash: e.content.hash,
        document_at: sequence,
        opened_at: at,
        correlation: e.case,
        state: Name::default(),
        status: Status::Running,
        expires_at: None,
        failed_checks: Vec::new(),
        tasks: BTreeMap::new(),
        route: Vec::new(),
        signed: Vec::new(),
        ended: None,
    };
    take_content(&mut row, sequence, &e.content);
    row
}

/// The document as it stands now.
pub(super) fn take_content(row: &mut CaseRow, sequence: u64, content: &Content) {
    row.key.clone_from(&content.key);
    row.amount.clone_from(&content.amount);
    row.content_hash = content.hash;
    row.document_at = sequence;
}

/// Keeps inboxes in step with the open tasks. `row` is as it was before the event.
fn index(row: &CaseRow, event: &Event, batch: &mut Batch) {
    let ask = |batch: &mut Batch, task: u32, holders: &[Name]| {
        holders.iter().for_each(|person| batch.insert(keys::inbox(person, row.case, task), &[]));
    };
    match event {
        Event::TaskOpened(TaskOpened { task, holders, .. }) => ask(batch, *task, holders),
        Event::TaskReassigned(TaskReassigned { task, holders, .. }) => {
            forget(row, row.tasks.get(task), batch);
            ask(batch, *task, holders);
        }
        Event::TaskDecided(e) => forget(row, row.tasks.get(&e.task), batch),
        Event::TaskWithdrawn(e) => forget(row, row.tasks.get(&e.task), batch),
        Event::TaskLapsed(e) => forget(row, row.tasks.get(&e.task), batch),
        Event::TaskReferred(e) => forget(row, row.tasks.get(&e.task), batch),
        Event::CaseEnded(_) | Event::CaseWithdrawn(_) => forget(row, row.tasks.values(), batch),
        _ => {}
    }
}

fn forget<'t>(row: &CaseRow, tasks: impl IntoIterator<Item = &'t TaskRow>, batch: &mut Batch) {
    for task in tasks {
        task.holders.iter().for_each(|person| batch.remove(keys::inbox(person, row.case, task.task)));
    }
}
