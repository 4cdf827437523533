//! What people do with tasks beside answering them, in the row of the case.

use countersign_core::event::*;
use countersign_core::time::Timestamp;

use super::case_fold::{added, close, place, route};
use super::rows::{CaseRow, JumpRow, OpinionRow, RouteStatus, Status, TaskRow};

/// Folds one of these events. False: it is another one.
pub(super) fn fold(row: &mut CaseRow, at: Timestamp, event: &Event) -> bool {
    match event {
        Event::TaskTransferred(e) => transferred(row, e),
        Event::OpinionRequested(e) => opinion_requested(row, at, e),
        Event::OpinionGiven(e) => opinion_given(row, e),
        Event::SignatureTakenBack(e) => taken_back(row, e),
        Event::ApproverAdded(e) => {
            if e.place == Place::Before {
                route(row, e.of, RouteStatus::Ahead);
            }
            added(row, std::slice::from_ref(&e.slot));
        }
        Event::ApproverRemoved(e) => route(row, e.slot, RouteStatus::Withdrawn),
        Event::TaskClaimed(e) => {
            row.tasks.entry(e.task).and_modify(|task| task.holders = vec![e.person.clone()]);
        }
        Event::TaskReleased(e) => {
            row.tasks.entry(e.task).and_modify(|task| task.holders.clone_from(&e.holders));
        }
        Event::CaseJumped(e) => {
            let (from, to) = (e.from.clone(), e.to.clone());
            row.jumps.push(JumpRow { person: e.person.clone(), from, to, reason: e.reason.clone(), at });
            (row.status, row.expires_at) = (Status::Running, None);
        }
        Event::ReturnLed(e) => {
            row.signed.iter_mut().filter(|s| s.state == e.to).for_each(|s| s.void = true);
            (row.status, row.expires_at) = (Status::Running, None);
        }
        Event::ReturnDirected(_) => {}
        _ => return false,
    }
    true
}

/// Another post answers the task, and stands on the route in its place.
fn transferred(row: &mut CaseRow, e: &TaskTransferred) {
    let Some(task) = row.tasks.get_mut(&e.task) else { return };
    task.duty = e.slot.duty;
    task.position = e.slot.position.clone();
    task.holders.clone_from(&e.holders);
    task.capacities.clone_from(&e.slot.capacities);
    task.milestones = e.milestones;
    task.version += 1;
    (task.overdue, task.escalated) = (false, false);
    let number = task.slot;
    if let Some(slot) = place(row, number).and_then(|place| place.slot.as_mut()) {
        slot.duty = e.slot.duty;
        slot.position = e.slot.position.clone();
        slot.capacities.clone_from(&e.slot.capacities);
        slot.decides = e.slot.level.as_ref().is_some_and(|level| level.decides);
    }
}

fn opinion_requested(row: &mut CaseRow, at: Timestamp, e: &OpinionRequested) {
    let slot = added(row, std::slice::from_ref(&e.slot));
    route(row, slot, RouteStatus::Open(e.task));
    let (position, question) = (e.slot.position.clone(), e.question.clone());
    if let Some(of) = row.tasks.get_mut(&e.of) {
        let opinion = OpinionRow { task: e.task, position: position.clone(), question, given: None };
        of.opinions.push(opinion);
    }
    let task = TaskRow {
        task: e.task,
        slot,
        work: None,
        item: None,
        state: row.state.clone(),
        duty: e.slot.duty,
        position,
        holders: e.holders.clone(),
        capacities: Vec::new(),
        version: 1,
        opened_at: at,
        milestones: e.milestones,
        overdue: false,
        escalated: false,
        opinions: Vec::new(),
        question: Some(e.question.clone()),
    };
    row.tasks.insert(e.task, task);
}

fn opinion_given(row: &mut CaseRow, e: &OpinionGiven) {
    close(row, e.task, RouteStatus::Signed(e.task));
    let opinions = row.tasks.values_mut().flat_map(|task| &mut task.opinions);
    for opinion in opinions.filter(|opinion| opinion.task == e.task) {
        opinion.given = Some((e.person.clone(), e.verdict, e.reason.clone()));
    }
}

fn taken_back(row: &mut CaseRow, e: &SignatureTakenBack) {
    row.signed.iter_mut().filter(|signed| signed.task == e.task).for_each(|signed| signed.void = true);
    e.again.iter().for_each(|slot| route(row, *slot, RouteStatus::Ahead));
    e.dropped.iter().for_each(|slot| route(row, *slot, RouteStatus::Withdrawn));
}
