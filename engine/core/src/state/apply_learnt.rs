//! `apply` of what a case learns, of tasks that are pieces of work, of master data and alarms.

use super::apply::{on_case, set_slot};
use super::{Case, Done, DoneWhat, Outward, Signature, SlotStatus, State};
use crate::event::*;
use crate::time::Timestamp;

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::FactsLearnt(e) => learnt(state, e),
        Event::TaskAnswered(e) => on_case(state, e.case, |case, at| answered(case, at, e)),
        Event::CaseHandedOver(e) => {
            let to = state.intern(&e.to);
            on_case(state, e.case, |case, _| outward(case).owner = Some(to));
        }
        Event::RecordWritten(e) => written(state, e),
        Event::AlarmSet(e) => on_case(state, e.case, |case, _| {
            let alarms = &mut outward(case).alarms;
            match e.at {
                Some(at) => alarms.insert(e.alarm, at),
                None => alarms.remove(&e.alarm),
            };
        }),
        Event::AlarmRaised(e) => on_case(state, e.case, |case, _| {
            outward(case).alarms.remove(&e.alarm);
        }),
        _ => return false,
    }
    true
}

/// What a case has to do with the outside; most cases never come here.
fn outward(case: &mut Case) -> &mut Outward {
    case.outward.get_or_insert_default()
}

fn learnt(state: &mut State, e: &FactsLearnt) {
    let names: Vec<_> = e.facts.keys().map(|name| state.intern(name)).collect();
    on_case(state, e.case, |case, _| {
        let facts = &mut outward(case).facts;
        for (name, value) in names.into_iter().zip(e.facts.values()) {
            facts.insert(name, value.clone());
        }
    });
}

fn answered(case: &mut Case, at: Timestamp, e: &TaskAnswered) {
    case.steps = 0;
    let Some(task) = case.tasks.remove(&e.task) else { return };
    set_slot(case, task.slot, SlotStatus::Answered(e.task, e.verdict));
    let state = case.step().map(|s| s.state.clone()).unwrap_or_default();
    case.signatures.push(Signature {
        task: e.task,
        state,
        duty: task.duty,
        position: task.position.clone(),
        capacities: task.capacities.clone(),
        person: e.person.clone(),
        verdict: e.verdict,
        reason: e.reason.clone(),
        counts_as_review: false,
        at,
        revision: case.revision,
        delegation: task.delegation.clone(),
        organisation: task.organisation,
        void: false,
    });
    outward(case).answers.insert(e.task, (e.choice.clone(), e.fields.clone()));
}

/// A row as it is now. What a case wrote it can take back; what it takes back it no longer has to.
fn written(state: &mut State, e: &RecordWritten) {
    let (table, key) = (state.intern(&e.table), state.intern(&e.key));
    state.written.entry(table.clone()).or_default().insert(key.clone(), e.row.clone());
    if e.undo {
        return;
    }
    on_case(state, e.case, |case, _| {
        let Some(state) = case.state() else { return };
        let what = DoneWhat::Record { table, key, before: e.before.clone(), after: e.row.clone() };
        outward(case).effects.push(Done { state, what });
    });
}
