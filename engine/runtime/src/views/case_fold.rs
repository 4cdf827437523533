//! What each event does to the row of its case.

use countersign_core::command::{ContentHash, TaskNo, Verdict};
use countersign_core::definition::Duty;
use countersign_core::event::*;
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_core::value::Fields;

use super::fold::take_content;
use super::outward_fold::fold_outward;
use super::rows::{AnswerRow, CaseRow, EndedRow, RouteRow, RouteStatus, SignedRow, SlotRow, Status, TaskRow};

/// Folds an event of a case into its row.
pub(super) fn fold_case(row: &mut CaseRow, sequence: u64, at: Timestamp, event: &Event) {
    match event {
        Event::CaseResubmitted(e) => resubmitted(row, sequence, e),
        Event::CaseAmended(e) => {
            resubmitted(row, sequence, &e.again);
            if e.as_opinions {
                let approvals = row.signed.iter_mut().filter(|signed| signed.duty.decides());
                approvals
                    .flat_map(|signed| signed.answer.iter_mut().chain(&mut signed.sealed))
                    .for_each(|answer| answer.counts_as_review = true);
            }
        }
        Event::CaseReversed(e) => ended_after_all(row, &e.end, e.good),
        Event::HoldLapsed(e) => ended_after_all(row, &e.end, e.good),
        Event::StateEntered(e) => entered(row, e),
        Event::StateSkipped(e) => {
            row.route.push(RouteRow { state: e.name.clone(), slot: None, status: RouteStatus::Skipped });
        }
        Event::ChecksFailed(e) => row.failed_checks.clone_from(&e.codes),
        Event::StepClosed(e) => {
            open_opinions(row, &e.opinions);
            row.status = Status::Running;
            row.expires_at = None;
        }
        Event::OpinionsOpened(e) => open_opinions(row, &e.opinions),
        Event::CaseReturned(e) => {
            row.returns = e.returns;
            (row.state, row.status) = (Name::from("draft"), Status::Draft);
        }
        Event::CaseEnded(e) => {
            let ended = EndedRow { end: e.end.clone(), good: e.good, code: e.code.clone(), at };
            end(row, ended);
        }
        Event::CaseWithdrawn(e) => {
            let end_name = Name::from("withdrawn");
            end(row, EndedRow { end: end_name, good: false, code: e.reason.clone(), at });
        }
        Event::CaseHeld(e) => {
            row.state = Name::from("on-hold");
            row.status = Status::OnHold { code: e.code.clone(), detail: e.detail.clone() };
            row.expires_at = None;
        }
        Event::StateExpired(_) | Event::FactReceived(_) => {
            row.status = Status::Running;
            row.expires_at = None;
        }
        _ => fold_task(row, at, event),
    }
}

fn fold_task(row: &mut CaseRow, at: Timestamp, event: &Event) {
    match event {
        Event::TaskOpened(e) => {
            route(row, e.slot, RouteStatus::Open(e.task));
            let task = opened(row, at, e);
            row.tasks.insert(e.task, task);
        }
        Event::TaskDecided(e) => decided(row, at, e),
        Event::TaskWithdrawn(e) => close(row, e.task, RouteStatus::Withdrawn),
        Event::TaskLapsed(e) => close(row, e.task, RouteStatus::Lapsed),
        Event::TaskReferred(e) => close(row, e.task, RouteStatus::PassedOn(e.task)),
        Event::SignatureKept(e) => {
            route(row, e.slot, RouteStatus::Kept(e.task));
            row.signed
                .iter_mut()
                .filter(|signed| signed.task == e.task)
                .for_each(|signed| signed.kept = true);
        }
        Event::TaskOverdue(e) => {
            row.tasks.entry(e.task).and_modify(|task| task.overdue = true);
        }
        Event::TaskEscalated(e) => {
            row.tasks.entry(e.task).and_modify(|task| (task.overdue, task.escalated) = (true, true));
        }
        Event::TaskReassigned(e) => reassigned(row, e),
        Event::StoodIn(e) => stood_in(row, e),
        Event::RouteExtended(e) => extended(row, e),
        Event::TaskAnswered(e) => done(row, at, e),
        _ if super::action_fold::fold(row, at, event) => {}
        _ => fold_outward(row, at, event),
    }
}

/// A case that was over has another end.
fn ended_after_all(row: &mut CaseRow, end: &Name, good: bool) {
    if let Some(ended) = &mut row.ended {
        (ended.end, ended.good) = (end.clone(), good);
    }
    row.state = end.clone();
}

/// See core's `apply`: what a new revision leaves standing is its rule.
fn resubmitted(row: &mut CaseRow, sequence: u64, e: &CaseResubmitted) {
    take_content(row, sequence, &e.content);
    row.revision = e.revision;
    if e.voids_signatures {
        let stands = |signed: &SignedRow| e.by_editor && signed.duty == Duty::Edit;
        row.signed.iter_mut().filter(|signed| !stands(signed)).for_each(|signed| signed.void = true);
    }
    if e.voids_signatures || !e.by_editor {
        row.route.clear();
        row.status = Status::Running;
        row.expires_at = None;
    }
}

fn entered(row: &mut CaseRow, e: &StateEntered) {
    row.state = e.name.clone();
    row.expires_at = e.expires_at;
    // A state that is entered again asks anew: its places before are history, which the timeline tells.
    row.route.retain(|place| place.state != e.name);
    row.about = match &e.work {
        Work::Asked { about, .. } => about.clone(),
        _ => Vec::new(),
    };
    row.status = match &e.work {
        Work::Fact(fact) | Work::Message { fact, .. } => Status::WaitsForFact(fact.clone()),
        Work::Outside(_) | Work::Following(_) => Status::WaitsOutside,
        Work::Compensation(_) => Status::Compensating,
        Work::Until(until) => Status::WaitsUntil(*until),
        Work::None => Status::Running,
        Work::People(plan) | Work::Asked { plan, .. } => {
            extend(row, 0, &plan.slots);
            Status::Running
        }
    };
}

fn extended(row: &mut CaseRow, e: &RouteExtended) {
    added(row, &e.slots);
}

/// Adds slots of the present state, counted on from its own; gives the number of the first.
pub(super) fn added(row: &mut CaseRow, slots: &[Slot]) -> u16 {
    let state = row.state.clone();
    let own = row.route.iter().filter(|place| place.state == state && place.slot.is_some()).count();
    extend(row, own, slots);
    u16::try_from(own).unwrap_or(u16::MAX)
}

/// Adds slots of the present state, counted on from `first`.
fn extend(row: &mut CaseRow, first: usize, slots: &[Slot]) {
    let state = row.state.clone();
    row.route.extend(slots.iter().zip(first..).map(|(slot, number)| RouteRow {
        state: state.clone(),
        slot: Some(SlotRow {
            slot: u16::try_from(number).unwrap_or(u16::MAX),
            duty: slot.duty,
            position: slot.position.clone(),
            capacities: slot.capacities.clone(),
            decides: slot.level.as_ref().is_some_and(|level| level.decides),
        }),
        status: RouteStatus::Ahead,
    }));
}

fn opened(row: &CaseRow, at: Timestamp, e: &TaskOpened) -> TaskRow {
    let about = row.about.iter().find(|about| about.slot == e.slot);
    TaskRow {
        task: e.task,
        slot: e.slot,
        work: about.and_then(|about| about.task),
        item: about.and_then(|about| about.item.clone()),
        state: row.state.clone(),
        duty: e.duty,
        position: e.position.clone(),
        holders: e.holders.clone(),
        capacities: e.capacities.clone(),
        version: 1,
        opened_at: at,
        milestones: e.milestones,
        overdue: false,
        escalated: false,
        opinions: Vec::new(),
        question: None,
    }
}

/// Who answers does so for the post: the signature says how, as core's does.
fn stood_in(row: &mut CaseRow, e: &StoodIn) {
    let Some(task) = row.tasks.get_mut(&e.task) else { return };
    match task.capacities.iter_mut().find(|capacity| capacity.position == e.position) {
        Some(capacity) => capacity.why = e.why,
        None => task.capacities.push(Capacity { position: e.position.clone(), why: e.why }),
    }
}

fn reassigned(row: &mut CaseRow, e: &TaskReassigned) {
    let Some(task) = row.tasks.get_mut(&e.task) else { return };
    task.position = e.position.clone();
    task.holders.clone_from(&e.holders);
    task.capacities.clone_from(&e.capacities);
    task.milestones = e.milestones;
    task.version += 1;
    (task.overdue, task.escalated) = (false, false);
    let slot = task.slot;
    if let Some(place) = place(row, slot).and_then(|place| place.slot.as_mut()) {
        place.position = e.position.clone();
        place.capacities.clone_from(&e.capacities);
    }
}

fn decided(row: &mut CaseRow, at: Timestamp, e: &TaskDecided) {
    let Some(task) = row.tasks.remove(&e.task) else { return };
    route(row, task.slot, answered(e.task, !e.blind && e.counts_as_review));
    let answer = AnswerRow {
        verdict: e.verdict,
        reason: e.reason.clone(),
        counts_as_review: e.counts_as_review,
        overrides: e.overrides,
        choice: None,
        fields: Fields::default(),
    };
    let (answer, sealed) = if e.blind { (None, Some(answer)) } else { (Some(answer), None) };
    let signed = (e.task, &e.person, e.content_hash);
    sign(row, at, task, signed, (answer, sealed));
}

/// A piece of work was done, refused, or a choice made.
fn done(row: &mut CaseRow, at: Timestamp, e: &TaskAnswered) {
    let Some(task) = row.tasks.remove(&e.task) else { return };
    route(row, task.slot, RouteStatus::Signed(e.task));
    let answer = AnswerRow {
        verdict: e.verdict,
        reason: e.reason.clone(),
        counts_as_review: false,
        overrides: false,
        choice: e.choice.clone(),
        fields: e.fields.clone(),
    };
    sign(row, at, task, (e.task, &e.person, e.content_hash), (Some(answer), None));
}

fn sign(
    row: &mut CaseRow,
    at: Timestamp,
    task: TaskRow,
    (number, person, content_hash): (TaskNo, &Name, ContentHash),
    (answer, sealed): (Option<AnswerRow>, Option<AnswerRow>),
) {
    row.signed.push(SignedRow {
        task: number,
        state: task.state,
        duty: task.duty,
        position: task.position,
        capacities: task.capacities,
        person: person.clone(),
        answer,
        at,
        revision: row.revision,
        content_hash,
        void: false,
        kept: false,
        sealed,
    });
}

fn answered(task: TaskNo, passed_on: bool) -> RouteStatus {
    if passed_on { RouteStatus::PassedOn(task) } else { RouteStatus::Signed(task) }
}

/// The answers of a blind part are open now.
fn open_opinions(row: &mut CaseRow, opinions: &[Opinion]) {
    for opinion in opinions {
        let Some(signed) = row.signed.iter_mut().find(|signed| signed.task == opinion.task) else { continue };
        if signed.answer.is_none() {
            signed.answer = signed.sealed.take().or_else(|| Some(said(opinion.verdict, &opinion.reason)));
        }
        let passed_on = signed.answer.as_ref().is_some_and(|answer| answer.counts_as_review);
        let was = RouteStatus::Signed(opinion.task);
        row.route.iter_mut().filter(|place| place.status == was).for_each(|place| {
            place.status = answered(opinion.task, passed_on);
        });
    }
}

fn said(verdict: Verdict, reason: &Option<Name>) -> AnswerRow {
    AnswerRow {
        verdict,
        reason: reason.clone(),
        counts_as_review: false,
        overrides: false,
        choice: None,
        fields: Fields::default(),
    }
}

pub(super) fn close(row: &mut CaseRow, task: TaskNo, status: RouteStatus) {
    if let Some(task) = row.tasks.remove(&task) {
        route(row, task.slot, status);
    }
}

pub(super) fn route(row: &mut CaseRow, slot: u16, status: RouteStatus) {
    if let Some(place) = place(row, slot) {
        place.status = status;
    }
}

/// The place of a slot of the present state.
pub(super) fn place(row: &mut CaseRow, slot: u16) -> Option<&mut RouteRow> {
    let CaseRow { state, route, .. } = row;
    let is_it =
        |place: &&mut RouteRow| place.state == *state && place.slot.as_ref().is_some_and(|s| s.slot == slot);
    route.iter_mut().rev().find(is_it)
}

fn end(row: &mut CaseRow, ended: EndedRow) {
    row.state = ended.end.clone();
    row.status = Status::Ended;
    row.expires_at = None;
    row.tasks.clear();
    row.ended = Some(ended);
}
