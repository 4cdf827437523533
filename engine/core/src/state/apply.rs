//! `apply`: the only writer of State, the same in a live turn and in a replay. It stores what events say; it
//! never decides, never computes money, never reads a definition, never fails.

use std::sync::Arc;

use super::asked;
use super::case::{Asked, Case, Milestone, Origin, Signature, SlotStatus, Stage, Task, leaves_trace};
use super::closed::{drop_case, forget_key};
use super::instant::Instant;
use super::waiting::waits_for;
use super::{ItemStatus, OutsideWork, RequestKey, Seen, State, WorkItem};
use crate::command::{CaseNo, Cause, CommandNo, Request, TaskNo};
use crate::definition::{Definition, Duty, Target};
use crate::event::*;
use crate::frame::{Frame, Outcome};
use crate::name::Name;
use crate::small_map::SmallMap;
use crate::time::{MINUTE, Timestamp};
use crate::value::{Fields, Value};

/// Applies a whole frame: the replay's loop, and what a follower calls.
pub fn apply_frame(state: &mut State, frame: &Frame) {
    watch_frame(state, frame, |_, _| {});
}

/// The same where the digest of the frame's request is known already.
pub fn apply_frame_keyed(state: &mut State, frame: &Frame, key: Option<RequestKey>) {
    watch_frame_keyed(state, frame, key, |_, _| {});
}

/// The same, and shows each event with the state that it came to: what a case was before it ended.
pub fn watch_frame(state: &mut State, frame: &Frame, before: impl FnMut(&State, &Event)) {
    watch_frame_keyed(state, frame, RequestKey::of_cause(&frame.cause), before);
}

fn watch_frame_keyed(
    state: &mut State,
    frame: &Frame,
    key: Option<RequestKey>,
    mut before: impl FnMut(&State, &Event),
) {
    state.begin(frame.at);
    for event in &frame.events {
        before(state, event);
        apply(state, event);
    }
    state.finish(&frame.cause, key, &frame.outcome, &frame.events);
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
        Event::CaseEnded(e) => drop_case(state, e.case, e.end.clone(), e.good),
        Event::CaseWithdrawn(e) => drop_case(state, e.case, Name::from("withdrawn"), false),
        Event::CaseResubmitted(e) => resubmitted(state, e),
        Event::CaseAmended(e) => super::revised::amended(state, e),
        Event::CaseReversed(e) => super::revised::reversed(state, e),
        Event::TaskOpened(e) => {
            let position = state.intern(&e.position);
            let holders = e.holders.iter().map(|h| state.intern(h)).collect();
            let (capacities, delegation) = (e.capacities.clone(), None);
            let asked = state.share_asked(Asked { position, holders, capacities, delegation });
            on_case(state, e.case, |case, at| open_task(case, at, e, asked));
            found_by(state, e.case, e.task);
        }
        Event::StateEntered(e) => entered(state, e),
        Event::TaskReassigned(e) => {
            on_case(state, e.case, |case, at| apply_to_case(case, at, event));
            found_by(state, e.case, e.task);
        }
        Event::StoodIn(e) => stood_in(state, e),
        Event::RouteExtended(e) => {
            let slots = asked::kept(&mut state.names, &e.slots);
            on_case(state, e.case, |case, _| extended(case, e, slots));
        }
        Event::AmountWeighed(e) => weighed(state, e),
        Event::SelfApprovalAttempted(_) | Event::LateAnswer(_) | Event::AccessDenied(_) => {}
        _ => {
            let applied = super::apply_commands::apply(state, event)
                || super::apply_cases::apply(state, event)
                || super::apply_learnt::apply(state, event)
                || super::apply_accounts::apply(state, event)
                || super::apply_actions::apply(state, event)
                || super::secrets::apply(state, event)
                || super::living::apply(state, event);
            if !applied && let Some(case) = event.case() {
                on_case(state, case, |case, at| apply_to_case(case, at, event));
            }
        }
    }
}

impl State {
    /// Goes on behind this sequence, whatever lies between: for whoever follows one case and not its neighbours.
    pub(crate) fn jump_to(&mut self, sequence: u64) {
        self.head.sequence = sequence;
    }

    /// Begins the next frame.
    pub(crate) fn begin(&mut self, at: Timestamp) {
        self.head.sequence += 1;
        self.head.at = at;
    }

    /// Ends the frame: remembers its request or message, and counts what it left for auditors.
    pub(crate) fn finish(
        &mut self,
        cause: &Cause,
        key: Option<RequestKey>,
        outcome: &Outcome,
        events: &[Event],
    ) {
        if let Some((sender, message_id)) =
            message_of(cause, events).filter(|_| *outcome == Outcome::Accepted)
        {
            self.messages.keep(self.head.at, sender, message_id);
        }
        let (Cause::Request(request), Some(key)) = (cause, key) else { return };
        let Request { system, fingerprint, .. } = request;
        let seen = Seen { fingerprint: *fingerprint, sequence: self.head.sequence };
        if matches!(outcome, Outcome::Refused { .. }) {
            let minute = self.head.at.0.div_euclid(MINUTE);
            let count = self.audits.entry(system.clone()).or_insert((minute, 0));
            *count = if count.0 == minute { (minute, count.1 + 1) } else { (minute, 1) };
        }
        self.requests.keep(self.head.at, key, seen);
    }

    /// One allocation for each name of an organisation, however many cases hold it.
    pub(super) fn intern(&mut self, name: &Name) -> Name {
        self.names.shared(name)
    }
}

/// The message that a frame is about: its sender and the sender's id of it.
fn message_of<'a>(cause: &'a Cause, events: &'a [Event]) -> Option<(&'a Name, &'a Name)> {
    match (cause, events) {
        (Cause::Fact { adapter, message_id }, _) => Some((adapter, message_id)),
        (Cause::Request(request), [Event::FactKept(e), ..]) => Some((&request.system, &e.message_id)),
        (
            Cause::Request(request),
            [Event::FactReceived(e), ..] | [Event::CaseSubmitted(_), Event::FactReceived(e), ..],
        ) => Some((&request.system, &e.message_id)),
        _ => None,
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
    let pinned: std::collections::BTreeSet<u32> = state.cases.iter().map(|(_, case)| case.release).collect();
    state.definitions.activate(e.release, &e.definitions, |number| pinned.contains(&number));
    super::living::changed(state);
}

/// Changes a case and keeps the timers and the index of waiting cases in step with it.
pub(super) fn on_case(state: &mut State, number: CaseNo, change: impl FnOnce(&mut Case, Timestamp)) {
    let Some(case) = state.cases.get_mut(number) else { return };
    let before = waits_for(case);
    for (due, timer) in case.timers() {
        state.timers.remove(&(due, number, timer));
    }
    case.resume_at = Instant::NONE;
    case.fields.close();
    change(case, state.head.at);
    for (due, timer) in case.timers() {
        state.timers.insert((due, number, timer));
    }
    let after = waits_for(case);
    if before != after {
        if let Some(wait) = before {
            state.waiting.remove(&wait, number);
        }
        if let Some(wait) = after {
            state.waiting.insert(wait, number);
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
    let path = e.path.iter().map(|p| state.intern(p)).collect();
    let origin = state.share_origin(Origin { submitter, path });
    let mut case = Case {
        number: e.case,
        release: e.release,
        content_hash: e.content.hash,
        commercial: e.content.commercial,
        document_at: state.head.sequence,
        ..Case::begun(state.intern(&e.chain), origin, None, state.head.at)
    };
    take_content(state, &mut case, &e.content);
    state.next_case = e.case + 1;
    state.cases.insert(e.case, Box::new(case));
}

fn take_content(state: &mut State, case: &mut Case, content: &Content) {
    for claim in std::mem::take(&mut case.claims) {
        state.keys.remove(&claim);
    }
    for claim in &content.claims {
        state.keys.insert(claim.clone(), case.number);
    }
    case.claims = content.claims.clone().into();
    if case.key != content.key {
        if let Some(key) = case.key.take() {
            forget_key(state, (case.chain.clone(), key), case.number);
        }
        case.key = content.key.clone();
    }
    if let Some(key) = &case.key {
        state.by_key.entry(case.chain.clone()).or_default().insert(key.clone(), case.number);
    }
    super::secrets::taken(state, case.number, &content.document);
    case.amount = content.amount.clone();
    case.content_hash = content.hash;
    case.commercial = content.commercial;
    case.document_at = state.head.sequence;
    let mut fields = Fields::new();
    for name in &content.keeps {
        if let Some(value) = content.document.get(name) {
            fields.insert(name.clone(), value.clone());
        }
    }
    case.fields = state.keep_fields(fields);
}

pub(super) fn resubmitted(state: &mut State, e: &CaseResubmitted) {
    let Some(mut case) = state.cases.remove(e.case) else { return };
    // Whatever was checked is checked again, unless somebody on the way has completed the document.
    let checked = case.outward.as_mut().filter(|_| !e.by_editor || e.voids_signatures);
    for claim in checked.map(|own| std::mem::take(&mut own.claims)).unwrap_or_default() {
        state.keys.remove(&claim);
    }
    take_content(state, &mut case, &e.content);
    state.cases.insert(e.case, case);
    on_case(state, e.case, |case, _| {
        case.revision = e.revision;
        case.withdrawn = None;
        case.steps = 0;
        if e.voids_signatures {
            let stands = |s: &Signature| e.by_editor && s.duty == Duty::Edit;
            case.signatures.iter_mut().filter(|s| !stands(s)).for_each(|s| s.void = true);
        }
        if e.voids_signatures || !e.by_editor {
            case.stage = Stage::Entering(Target::State(0));
            forget_answers(case);
            case.expires_at = Instant::NONE;
        }
    });
}

fn entered(state: &mut State, e: &StateEntered) {
    let name = state.intern(&e.name);
    let asked = match &e.work {
        Work::People(plan) => Some(asked::begun(state, e.state, name.clone(), (plan, &[]))),
        Work::Asked { plan, about } => Some(asked::begun(state, e.state, name.clone(), (plan, about))),
        _ => None,
    };
    on_case(state, e.case, |case, at| {
        case.steps += 1;
        // Only a state that goes on after it was held still counts the work that was done in it.
        if case.stood_in != Some(e.state) || !matches!(case.stage, Stage::Entering(_)) {
            forget_answers(case);
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
        super::apply_commands::entered(case, e);
        case.expires_at = e.expires_at.into();
        case.until = Instant::NONE;
        case.stage = match &e.work {
            Work::None => Stage::Working { state: e.state },
            Work::Fact(fact) => Stage::Fact { state: e.state, fact: fact.clone() },
            Work::Message { fact, keys } => {
                Stage::Message { state: e.state, fact: fact.clone(), keys: Box::new(keys.clone()) }
            }
            Work::Outside(items) => {
                let item = |item: &Value| WorkItem { item: item.clone(), status: ItemStatus::Waiting };
                let work = OutsideWork { items: items.iter().map(item).collect() };
                Stage::Outside { state: e.state, work: Box::new(work) }
            }
            Work::Following(items) => {
                let item = |(item, command): &(Value, CommandNo)| WorkItem {
                    item: item.clone(),
                    status: ItemStatus::Command(*command),
                };
                let work = OutsideWork { items: items.iter().map(item).collect() };
                Stage::Outside { state: e.state, work: Box::new(work) }
            }
            Work::Compensation(since) => {
                Stage::Compensating { state: Some(e.state), since: *since, undo: None }
            }
            Work::Until(at) => {
                case.until = Some(*at).into();
                Stage::Until { state: e.state }
            }
            // Made before, with names that cases share.
            Work::People(_) | Work::Asked { .. } => asked.unwrap_or(Stage::Working { state: e.state }),
        };
    });
}

fn weighed(state: &mut State, e: &AmountWeighed) {
    let at = state.head.at;
    state.adding.weighed(at, e);
    on_case(state, e.case, |case, _| {
        if let Stage::People { step, .. } = &mut case.stage {
            step.more().weighed.push(e.clone());
        }
    });
}

/// What tasks were answered with counts within their own step.
pub(super) fn forget_answers(case: &mut Case) {
    if let Some(outward) = &mut case.outward {
        outward.answers = SmallMap::new();
    }
}

/// By which organisation the holders of a task were found.
pub(super) fn found_by(state: &mut State, case: CaseNo, task: TaskNo) {
    let version = state.living().version();
    let task = state.cases.get_mut(case).and_then(|case| case.tasks.get_mut(&task));
    if let Some(task) = task {
        task.organisation = version;
    }
}

/// Who answers does so for the post: its signature says how.
fn stood_in(state: &mut State, e: &StoodIn) {
    let version = state.living().version();
    let task = state.cases.get_mut(e.case).and_then(|case| case.tasks.get_mut(&e.task));
    let Some(task) = task else { return };
    let stands = Capacity { position: e.position.clone(), why: e.why };
    let asked = task.asked_mut();
    match asked.capacities.iter_mut().find(|capacity| capacity.position == e.position) {
        Some(capacity) => *capacity = stands,
        None => asked.capacities.push(stands),
    }
    asked.delegation.clone_from(&e.delegation);
    task.organisation = version;
}

fn open_task(case: &mut Case, at: Timestamp, e: &TaskOpened, asked: Arc<Asked>) {
    set_slot(case, e.slot, SlotStatus::Open(e.task));
    case.next_task = e.task + 1;
    let task = Task {
        slot: e.slot,
        duty: e.duty,
        asked,
        version: 1,
        opened_at: at,
        milestones: e.milestones,
        next: Milestone::Remind,
        organisation: 0,
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
    case.expires_at = Instant::NONE;
    case.until = Instant::NONE;
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
                step.more().opened.extend(e.opinions.iter().map(|o| o.task));
            }
        }
        Event::CaseReturned(e) => {
            case.stage = Stage::Draft;
            super::apply_commands::left(case);
            case.since = at;
            (case.stood_in, case.came_from) = (None, None);
            case.returns = e.returns;
        }
        Event::CaseHeld(e) => {
            case.since = at;
            super::apply_commands::hold(case, &e.code);
        }
        Event::StateExpired(e) => {
            forget_answers(case);
            case.steps = 0;
            case.expires_at = Instant::NONE;
            case.until = Instant::NONE;
            case.stage = Stage::Entering(e.go);
        }
        Event::TurnSplit(_) => case.resume_at = Some(at).into(),
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
                    let withdrawn = &mut case.withdrawn.get_or_insert_default().0;
                    withdrawn.push((e.task, task.position.clone()));
                    let kept = withdrawn.len().saturating_sub(WITHDRAWN_KEPT);
                    withdrawn.drain(..kept);
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
        Event::TaskReminded(e) => next_is(case, e.task, Milestone::Overdue),
        Event::TaskOverdue(e) => next_is(case, e.task, Milestone::Escalate),
        Event::TaskEscalated(e) => next_is(case, e.task, Milestone::Past),
        Event::TaskReassigned(e) => {
            if let Some(task) = case.tasks.get_mut(&e.task) {
                let asked = task.asked_mut();
                asked.position = e.position.clone();
                asked.holders = e.holders.clone();
                asked.capacities = e.capacities.clone();
                // Who is asked beside others, or no longer, has the time that there was: nobody is reminded twice.
                if task.milestones != e.milestones {
                    task.milestones = e.milestones;
                    task.next = Milestone::Remind;
                }
                task.version += 1;
            }
            if let Stage::People { step, .. } = &mut case.stage {
                step.unclaimed(e.task);
            }
        }
        Event::TaskReferred(e) => {
            case.steps = 0;
            if let Some(task) = case.tasks.remove(&e.task) {
                set_slot(case, task.slot, SlotStatus::PassedOn(e.task));
            }
        }
        _ => {}
    }
}

/// So many tasks that fell away with a colleague's answer are remembered, so that a late answer is known as one.
const WITHDRAWN_KEPT: usize = 8;

fn next_is(case: &mut Case, task: TaskNo, next: Milestone) {
    if let Some(task) = case.tasks.get_mut(&task) {
        task.next = next;
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
    if case.signatures.capacity() == 0 {
        // One block for all of a usual step, instead of several that grow.
        let slots = case.step().map_or(1, |step| step.slots.len());
        case.signatures.reserve_exact(slots.clamp(1, 8));
    }
    case.signatures.push(Signature {
        task: e.task,
        state,
        duty: task.duty,
        position: task.position.clone(),
        capacities: task.capacities.clone(),
        person: e.person.clone(),
        verdict: e.verdict,
        reason: e.reason.clone(),
        counts_as_review: e.counts_as_review,
        at,
        revision: case.revision,
        delegation: task.delegation.clone(),
        organisation: task.organisation,
        void: false,
    });
}

fn extended(case: &mut Case, e: &RouteExtended, slots: Vec<Slot>) {
    let Stage::People { step, .. } = &mut case.stage else { return };
    step.slots.extend(slots.iter().map(|_| SlotStatus::Waiting));
    step.plan.change(|plan| {
        plan.slots.extend(slots);
        if let Some(levels) = plan.root.climb_of(e.slot) {
            levels.extend(e.levels.iter().cloned());
        }
    });
}
