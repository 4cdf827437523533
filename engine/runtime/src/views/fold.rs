//! Frames into rows, and into the keys by which rows are found.

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, TaskNo};
use countersign_core::event::{CaseSubmitted, Content, Event, Milestones};
use countersign_core::frame::Frame;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use sled::Tree;

use super::case_fold::fold_case;
use super::keys::List;
use super::outward_fold::started;
use super::outward_rows::OutwardRow;
use super::overlay::{Entered, Overlay};
use super::rows::{CaseRow, Status, TaskRow};
use super::store::ViewsError;

/// Folds one frame into the rows.
pub(super) fn fold_frame(
    overlay: &mut Overlay,
    tree: &Tree,
    sequence: u64,
    frame: &Frame,
) -> Result<(), ViewsError> {
    if frame.events.iter().any(Event::is_of_company) {
        overlay.enter(tree, (List::Company, ""), Entered::case(sequence))?;
    }
    for event in &frame.events {
        let Some(case) = event.case() else { continue };
        if let Event::CaseSubmitted(e) = event {
            overlay.enter(tree, (List::Submitted, &e.submitter.person), Entered::case(case))?;
            overlay.add_case(submitted(sequence, frame.at, e));
            continue;
        }
        if let Event::ChildStarted(e) = event
            && let Some(child) = overlay.case_mut(tree, e.child)?
        {
            started(child, e);
        }
        let Some(row) = overlay.case_mut(tree, case)? else { continue };
        if row.frames.last() != Some(&sequence) {
            row.frames.push(sequence);
        }
        let moves = moves(row, event);
        fold_case(row, sequence, frame.at, event);
        for (person, entry, asked) in moves {
            let inbox = (List::Inbox, person.as_str());
            if asked {
                overlay.enter(tree, inbox, entry)?;
            } else {
                overlay.strike(tree, inbox, &entry)?;
            }
        }
    }
    overlay.applied = sequence;
    Ok(())
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
        frames: vec![sequence],
        opened_at: at,
        correlation: e.case,
        outward: OutwardRow::default(),
        about: Vec::new(),
        state: Name::default(),
        status: Status::Running,
        expires_at: None,
        failed_checks: Vec::new(),
        tasks: BTreeMap::new(),
        route: Vec::new(),
        signed: Vec::new(),
        ended: None,
        jumps: Vec::new(),
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

/// Whose inbox loses (false) or gets (true) a task by the event, in this order. `row` is as it was before.
fn moves(row: &CaseRow, event: &Event) -> Vec<(Name, Entered, bool)> {
    let closed = match event {
        Event::TaskReassigned(e) => Some(e.task),
        Event::TaskTransferred(e) => Some(e.task),
        Event::OpinionGiven(e) => Some(e.task),
        Event::TaskClaimed(e) => Some(e.task),
        Event::TaskReleased(e) => Some(e.task),
        Event::TaskDecided(e) => Some(e.task),
        Event::TaskAnswered(e) => Some(e.task),
        Event::TaskWithdrawn(e) => Some(e.task),
        Event::TaskLapsed(e) => Some(e.task),
        Event::TaskReferred(e) => Some(e.task),
        _ => None,
    };
    let ended = matches!(event, Event::CaseEnded(_) | Event::CaseWithdrawn(_));
    let closes = |task: &&TaskRow| ended || Some(task.task) == closed;
    let mut moves = Vec::new();
    for task in row.tasks.values().filter(closes) {
        let entry = entry(row.case, task.task, &task.position, &task.milestones);
        moves.extend(task.holders.iter().map(|person| (person.clone(), entry.clone(), false)));
    }
    let holds =
        |task: &TaskNo| row.tasks.get(task).map(|t| entry(row.case, *task, &t.position, &t.milestones));
    let claimed: Vec<Name>;
    let asked = match event {
        Event::TaskOpened(e) => Some((entry(row.case, e.task, &e.position, &e.milestones), &e.holders)),
        Event::TaskReassigned(e) => Some((entry(row.case, e.task, &e.position, &e.milestones), &e.holders)),
        Event::TaskTransferred(e) => {
            Some((entry(row.case, e.task, &e.slot.position, &e.milestones), &e.holders))
        }
        Event::OpinionRequested(e) => {
            Some((entry(row.case, e.task, &e.slot.position, &e.milestones), &e.holders))
        }
        Event::TaskReleased(e) => holds(&e.task).map(|entry| (entry, &e.holders)),
        Event::TaskClaimed(e) => {
            claimed = vec![e.person.clone()];
            holds(&e.task).map(|entry| (entry, &claimed))
        }
        _ => None,
    };
    if let Some((entry, holders)) = asked {
        moves.extend(holders.iter().map(|person| (person.clone(), entry.clone(), true)));
    }
    moves
}

fn entry(case: CaseNo, task: TaskNo, position: &Name, milestones: &Milestones) -> Entered {
    Entered { case, task, due: milestones.overdue, position: position.clone() }
}
