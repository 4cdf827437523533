//! `apply`: the only writer of State, the same in a live turn and in a replay. It stores what events say; it
//! never decides, never computes money, never reads a definition, never fails.

use std::collections::BTreeMap;

use super::case::{Case, Signature, SlotStatus, Stage, Step, Task, leaves_trace};
use super::{ItemStatus, OutsideWork, Seen, State, WorkItem};
use crate::command::{CaseNo, Cause, Request};
use crate::definition::{Definition, Duty, Target};
use crate::event::*;
use crate::frame::{Frame, Outcome};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::{MINUTE, Timestamp};
use crate::value::{Fields, Value};

/// Applies a whole frame: the replay's loop, and what a follower calls.
pub fn apply_frame(state: &mut State, frame: &Frame) {
    state.begin(frame.at);
    for event in &frame.events {
        apply(state, event);
    }
    state.finish(&frame.cause, &frame.outcome);
}

/// Applies one event.
pub fn apply(state: &mut State, event: &Event) {
    match event {
        Event::CompanyFounded(e) => {
            state.head.company = e.company.clone();
            state.head.administrator = e.administrator.clone();
        }
        Event::DefinitionStored(e) => store(state, e),
        Event::DefinitionsActivated(e) => activate(state, e),
        Event::OrganisationSwept(e) => state.sweep = e.next,
        Event::SkipLevelAttempted(_) => {}
        Event::CaseSubmitted(e) => submitted(state, e),
        Event::CaseEnded(e) => drop_case(state, e.case, e.good),
        Event::CaseWithdrawn(e) => drop_case(state, e.case, false),
        Event::CaseResubmitted(e) => resubmitted(state, e),
        Event::TaskOpened(e) => {
            let e = TaskOpened {
                position: state.intern(&e.position),
                holders: e.holders.iter().map(|h| state.intern(h)).collect(),
                ..e.clone()
            };
            on_case(state, e.case, |case, at| open_task(case, at, e));
        }
        Event::StateEntered(e) => entered(state, e),
        Event::SelfApprovalAttempted(_) | Event::LateAnswer(_) => {}
        _ => {
            let applied = super::apply_commands::apply(state, event)
                || super::apply_cases::apply(state, event)
                || super::apply_learnt::apply(state, event);
            if !applied && let Some(case) = event.case() {
                on_case(state, case, |case, at| apply_to_case(case, at, event));
            }
        }
    }
}

impl State {
    /// Begins the next frame.
    pub(crate) fn begin(&mut self, at: Timestamp) {
        self.head.sequence += 1;
        self.head.at = at;
    }

    /// Ends the frame: remembers its request, and counts what it left for auditors.
    pub(crate) fn finish(&mut self, cause: &Cause, outcome: &Outcome) {
        let Cause::Request(request) = cause else { return };
        let Request { system, request_id, fingerprint, .. } = request;
        let seen = Seen { fingerprint: *fingerprint, sequence: self.head.sequence };
        if matches!(outcome, Outcome::Refused { .. }) {
            let minute = self.head.at.0.div_euclid(MINUTE);
            let count = self.audits.entry(system.clone()).or_insert((minute, 0));
            *count = if count.0 == minute { (minute, count.1 + 1) } else { (minute, 1) };
        }
        self.requests.keep(self.head.at, system, request_id, seen);
    }

    /// One allocation for each name of an organisation, however many cases hold it.
    pub(super) fn intern(&mut self, name: &Name) -> Name {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        self.names.insert(name.clone());
        name.clone()
    }
}

fn store(state: &mut State, e: &DefinitionStored) {
    // A form that this version does not know was refused when the frame was decoded.
    if let Some(compiled) = Definition::decode(e.form, &e.compiled) {
        let meta = (e.kind, e.name.clone(), e.path.clone(), e.sha256);
        state.definitions.store(e.number, meta, compiled);
    }
}

fn activate(state: &mut State, e: &DefinitionsActivated) {
    let pinned: std::collections::BTreeSet<u32> = state.cases.values().map(|c| c.release).collect();
    state.definitions.activate(e.release, &e.definitions, |number| pinned.contains(&number));
    state.sweep = state.cases.keys().next().copied();
}

/// Changes a case and keeps the timers and the index of waiting cases in step with it.
pub(super) fn on_case(state: &mut State, number: CaseNo, change: impl FnOnce(&mut Case, Timestamp)) {
    let Some(case) = state.cases.get_mut(&number) else { return };
    let before = waits_for(case);
    for (due, timer) in case.timers() {
        state.timers.remove(&(due, number, timer));
    }
    case.resume_at = None;
    change(case, state.head.at);
    for (due, timer) in case.timers() {
        state.timers.insert((due, number, timer));
    }
    let after = waits_for(case);
    if before != after {
        if let Some(fact) = before {
            forget_wait(&mut state.waiting, &fact, number);
        }
        if let Some(fact) = after {
            state.waiting.entry(fact).or_default().insert(number);
        }
    }
}

fn waits_for(case: &Case) -> Option<Name> {
    match &case.stage {
        Stage::Fact { fact, .. } => Some(fact.clone()),
        _ => None,
    }
}

fn forget_wait(
    waiting: &mut BTreeMap<Name, std::collections::BTreeSet<CaseNo>>,
    fact: &Name,
    number: CaseNo,
) {
    if let Some(cases) = waiting.get_mut(fact) {
        cases.remove(&number);
        if cases.is_empty() {
            waiting.remove(fact);
        }
    }
}

fn submitted(state: &mut State, e: &CaseSubmitted) {
    let submitter = Party {
        person: state.intern(&e.submitter.person),
        position: state.intern(&e.submitter.position),
        unit: state.intern(&e.submitter.unit),
        kind: state.intern(&e.submitter.kind),
    };
    let mut case = Case {
        number: e.case,
        chain: state.intern(&e.chain),
        release: e.release,
        submitter,
        path: e.path.iter().map(|p| state.intern(p)).collect(),
        key: None,
        claims: Vec::new(),
        fields: Fields::new(),
        amount: None,
        content_hash: e.content.hash,
        commercial: e.content.commercial,
        document_at: state.head.sequence,
        submitted_at: state.head.at,
        revision: 1,
        returns: 0,
        stage: Stage::Entering(Target::State(0)),
        since: state.head.at,
        stood_in: None,
        came_from: None,
        steps: 0,
        tasks: SmallMap::new(),
        withdrawn: Vec::new(),
        next_task: 1,
        signatures: Vec::new(),
        expires_at: None,
        until: None,
        resume_at: None,
        outward: None,
    };
    take_content(state, &mut case, &e.content);
    state.next_case = e.case + 1;
    state.cases.insert(e.case, case);
}

fn take_content(state: &mut State, case: &mut Case, content: &Content) {
    for claim in case.claims.drain(..) {
        state.keys.remove(&claim);
    }
    for claim in &content.claims {
        state.keys.insert(claim.clone(), case.number);
    }
    case.claims = content.claims.clone();
    case.key = content.key.clone();
    case.amount = content.amount.clone();
    case.content_hash = content.hash;
    case.commercial = content.commercial;
    case.document_at = state.head.sequence;
    case.fields = Fields::new();
    for name in &content.keeps {
        if let Some(value) = content.document.get(name) {
            let name = state.intern(name);
            case.fields.insert(name, value.clone());
        }
    }
    case.fields.shrink_to_fit();
}

fn resubmitted(state: &mut State, e: &CaseResubmitted) {
    let Some(mut case) = state.cases.remove(&e.case) else { return };
    take_content(state, &mut case, &e.content);
    state.cases.insert(e.case, case);
    on_case(state, e.case, |case, _| {
        case.revision = e.revision;
        case.steps = 0;
        if e.voids_signatures {
            let stands = |s: &Signature| e.by_editor && s.duty == Duty::Edit;
            case.signatures.iter_mut().filter(|s| !stands(s)).for_each(|s| s.void = true);
        }
        if e.voids_signatures || !e.by_editor {
            case.stage = Stage::Entering(Target::State(0));
            case.expires_at = None;
        }
    });
}

fn drop_case(state: &mut State, number: CaseNo, keeps_claims: bool) {
    let Some(case) = state.cases.remove(&number) else { return };
    for (due, timer) in case.timers() {
        state.timers.remove(&(due, number, timer));
    }
    if let Some(fact) = waits_for(&case) {
        forget_wait(&mut state.waiting, &fact, number);
    }
    if !keeps_claims {
        for claim in &case.claims {
            state.keys.remove(claim);
        }
    }
}

fn entered(state: &mut State, e: &StateEntered) {
    let name = state.intern(&e.name);
    on_case(state, e.case, |case, at| {
        case.steps += 1;
        case.withdrawn.clear();
        if let Some(outward) = &mut case.outward {
            outward.answers = SmallMap::new();
        }
        case.since = at;
        // A state that is entered again was still entered from where it was.
        if case.stood_in != Some(e.state) {
            case.came_from = case.stood_in.replace(e.state);
        }
        // A document that is given back to a state by name is to be looked at there again.
        if matches!(&case.stage, Stage::Leaving { outcome, .. } if *outcome == "returned") {
            case.signatures.iter_mut().filter(|s| s.state == name).for_each(|s| s.void = true);
        }
        case.expires_at = e.expires_at;
        case.until = None;
        case.stage = match &e.work {
            Work::None => Stage::Working { state: e.state },
            Work::Fact(fact) => Stage::Fact { state: e.state, fact: fact.clone() },
            Work::Message { fact, keys } => {
                Stage::Message { state: e.state, fact: fact.clone(), keys: keys.clone() }
            }
            Work::Outside(items) => {
                let item = |item: &Value| WorkItem { item: item.clone(), status: ItemStatus::Waiting };
                let work = OutsideWork { items: items.iter().map(item).collect() };
                Stage::Outside { state: e.state, work: Box::new(work) }
            }
            Work::Compensation(since) => Stage::Compensating { state: Some(e.state), since: *since },
            Work::Until(at) => {
                case.until = Some(*at);
                Stage::Until { state: e.state }
            }
            Work::People(plan) => {
                let slots = vec![SlotStatus::Waiting; plan.slots.len()];
                let step = Step { state: name, plan: plan.clone(), slots, opened: Vec::new() };
                Stage::People { state: e.state, step: Box::new(step) }
            }
        };
    });
}

fn open_task(case: &mut Case, at: Timestamp, e: TaskOpened) {
    set_slot(case, e.slot, SlotStatus::Open(e.task));
    case.next_task = e.task + 1;
    let task = Task {
        slot: e.slot,
        duty: e.duty,
        position: e.position,
        holders: e.holders,
        capacities: e.capacities,
        version: 1,
        opened_at: at,
        milestones: e.milestones,
        next_due: Some(e.milestones.remind),
    };
    case.tasks.insert(e.task, task);
}

pub(super) fn set_slot(case: &mut Case, slot: u16, status: SlotStatus) {
    if let Stage::People { step, .. } = &mut case.stage
        && let Some(place) = step.slots.get_mut(usize::from(slot))
    {
        *place = status;
    }
}

fn leave(case: &mut Case, outcome: &str) {
    if let Some(state) = case.state() {
        case.stage = Stage::Leaving { state, outcome: Name::from(outcome) };
    }
    case.expires_at = None;
    case.until = None;
}

/// Events that change a case alone, without names to intern.
fn apply_to_case(case: &mut Case, at: Timestamp, event: &Event) {
    match event {
        Event::StateSkipped(e) => {
            case.steps += 1;
            case.stage = Stage::Leaving { state: e.state, outcome: e.outcome.clone() };
        }
        Event::BranchChosen(e) => case.stage = Stage::Entering(e.go),
        Event::StepClosed(e) => {
            if matches!(case.stage, Stage::Until { .. }) {
                case.steps = 0;
            }
            leave(case, &e.outcome);
        }
        Event::OpinionsOpened(e) => {
            if let Stage::People { step, .. } = &mut case.stage {
                step.opened.extend(e.opinions.iter().map(|o| o.task));
            }
        }
        Event::CaseReturned(e) => {
            case.stage = Stage::Draft;
            case.since = at;
            (case.stood_in, case.came_from) = (None, None);
            case.returns = e.returns;
        }
        Event::CaseHeld(e) => {
            case.stage = Stage::Held { code: e.code.clone(), state: case.state() };
            case.since = at;
            case.expires_at = None;
            case.until = None;
        }
        Event::StateExpired(e) => {
            case.steps = 0;
            case.expires_at = None;
            case.until = None;
            case.stage = Stage::Entering(e.go);
        }
        Event::FactReceived(_) => {
            case.steps = 0;
            leave(case, "received");
        }
        Event::TurnSplit(_) => case.resume_at = Some(at),
        _ => apply_to_task(case, at, event),
    }
}

fn apply_to_task(case: &mut Case, at: Timestamp, event: &Event) {
    match event {
        Event::TaskDecided(e) => decided(case, at, e),
        Event::TaskWithdrawn(e) => {
            if let Some(task) = case.tasks.remove(&e.task) {
                set_slot(case, task.slot, SlotStatus::Withdrawn);
                if leaves_trace(e.cause) {
                    case.withdrawn.push((e.task, task.position));
                }
            }
        }
        Event::SignatureKept(e) => set_slot(case, e.slot, SlotStatus::Kept(e.task)),
        Event::TaskLapsed(e) => {
            case.steps = 0;
            if let Some(task) = case.tasks.remove(&e.task) {
                set_slot(case, task.slot, SlotStatus::Lapsed);
            }
        }
        Event::TaskReminded(e) => next_due(case, e.task, |task| Some(task.milestones.overdue)),
        Event::TaskOverdue(e) => next_due(case, e.task, |task| Some(task.milestones.escalate)),
        Event::TaskEscalated(e) => next_due(case, e.task, |_| None),
        Event::TaskReassigned(e) => {
            if let Some(task) = case.tasks.get_mut(&e.task) {
                task.position = e.position.clone();
                task.holders = e.holders.clone();
                task.capacities = e.capacities.clone();
                task.milestones = e.milestones;
                task.next_due = Some(e.milestones.remind);
                task.version += 1;
            }
        }
        Event::TaskReferred(e) => {
            case.steps = 0;
            if let Some(task) = case.tasks.remove(&e.task) {
                set_slot(case, task.slot, SlotStatus::PassedOn(e.task));
            }
        }
        Event::RouteExtended(e) => extended(case, e),
        _ => {}
    }
}

fn next_due(case: &mut Case, task: u32, next: impl Fn(&Task) -> Option<Timestamp>) {
    if let Some(task) = case.tasks.get_mut(&task) {
        task.next_due = next(task);
    }
}

fn decided(case: &mut Case, at: Timestamp, e: &TaskDecided) {
    case.steps = 0;
    let Some(task) = case.tasks.remove(&e.task) else { return };
    let passed_on = e.counts_as_review;
    let status =
        if passed_on { SlotStatus::PassedOn(e.task) } else { SlotStatus::Answered(e.task, e.verdict) };
    set_slot(case, task.slot, status);
    let state = case.step().map(|s| s.state.clone()).unwrap_or_default();
    case.signatures.push(Signature {
        task: e.task,
        state,
        duty: task.duty,
        position: task.position,
        capacities: task.capacities,
        person: e.person.clone(),
        verdict: e.verdict,
        reason: e.reason.clone(),
        counts_as_review: e.counts_as_review,
        at,
        revision: case.revision,
        void: false,
    });
}

fn extended(case: &mut Case, e: &RouteExtended) {
    let Stage::People { step, .. } = &mut case.stage else { return };
    step.slots.extend(e.slots.iter().map(|_| SlotStatus::Waiting));
    step.plan.slots.extend(e.slots.iter().cloned());
    if let Some(levels) = step.plan.root.climb_of(e.slot) {
        levels.extend(e.levels.iter().cloned());
    }
}
