//! Timers: milestones of tasks (R11), states that end by themselves, and open work after a change of organisation (R9).

use super::advance::{advance, held, withdraw_tasks};
use super::resolve::{covered, driver, superiors, who_answers};
use super::{Ctx, internal, open_case};
use crate::command::{CaseNo, TaskNo, Timer};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Stage, State, Task};
use crate::time::{DAY, HOUR, MINUTE, Span, SpanUnit, Timestamp};

/// The instant a span after now, in the working time that holds now. Later calendar changes do not move it.
pub(super) fn deadline(ctx: &Ctx<'_>, span: Span) -> Result<Timestamp, Rejection> {
    let company = ctx.active.company().ok_or_else(|| internal("a release has a company"))?;
    company.calendar.add(ctx.at, span).ok_or_else(|| {
        let message = format!("expected {span} to end within the calendar; check working time and holidays");
        Rejection::new(Code::DeadlineUnreachable, message)
    })
}

/// When a task with this much time is reminded, overdue, escalated: percentages of the time allowed.
pub(super) fn milestones(ctx: &Ctx<'_>, within: Span) -> Result<Milestones, Rejection> {
    let company = ctx.active.company().ok_or_else(|| internal("a release has a company"))?;
    let clock = &company.policies.clock;
    let calendar = &company.calendar;
    let count = i64::from(within.count);
    let unit = match within.unit {
        SpanUnit::WorkHour => HOUR,
        SpanUnit::WorkDay => calendar.day_length(),
        SpanUnit::Minute => MINUTE,
        SpanUnit::Hour => HOUR,
        SpanUnit::Day => DAY,
        SpanUnit::Month => (deadline(ctx, within)?.0 - ctx.at.0) / count.max(1),
    };
    let working = matches!(within.unit, SpanUnit::WorkHour | SpanUnit::WorkDay);
    let after = |percent: u32| count * unit * i64::from(percent) / 100;
    let lengths = [after(clock.remind), after(clock.overdue), after(clock.escalate)];
    let found = match working {
        true => calendar.add_working_each(ctx.at, lengths),
        false => Some(lengths.map(|ms| ctx.at.plus(ms))),
    };
    let [remind, overdue, escalate] = found.ok_or_else(|| {
        let message =
            format!("expected {within} to end within the calendar; check working time and holidays");
        Rejection::new(Code::DeadlineUnreachable, message)
    })?;
    Ok(Milestones { remind, overdue, escalate })
}

/// A timer of a case fires. Late milestones collapse to the highest.
pub(super) fn fire(
    state: &State,
    at: Timestamp,
    number: CaseNo,
    timer: Timer,
) -> Result<Vec<Event>, Rejection> {
    if timer == Timer::Clock {
        return super::clock::fire(state, at);
    }
    if let (None, Timer::Command(command)) = (state.case(number), timer) {
        return super::command::fire_after_end(state, at, (number, command));
    }
    if timer == Timer::Lapse {
        return super::holds::lapse(state, at, number);
    }
    let case = open_case(state, number)?;
    let ctx = Ctx::of(state, at, case)?;
    match timer {
        Timer::Task(task) => milestone(&ctx, case, task),
        Timer::Expiry => expire(&ctx, case),
        Timer::Until => {
            let chain = ctx.chain(case.chain())?;
            let Stage::Until { state } = case.stage() else { return Err(stale()) };
            let state =
                chain.states.get(usize::from(*state)).ok_or_else(|| internal("a case stands in a state"))?;
            let (state, outcome) = (state.name.clone(), Name::from("due"));
            Ok(vec![Event::StepClosed(StepClosed { case: number, state, outcome, opinions: Vec::new() })])
        }
        Timer::Command(command) => super::command::fire(&ctx, case, command),
        Timer::Alarm(alarm) => super::alarm::fire(&ctx, case, alarm),
        Timer::Clock | Timer::Lapse => Err(stale()),
        // The rest of a split turn: what follows is what `advance` does next.
        Timer::Continue => match advance(state, number, at) {
            Ok(events) if events.is_empty() => Err(stale()),
            Ok(events) => Ok(events),
            Err(rejection) => Ok(held(state, number, at, &rejection)),
        },
    }
}

fn stale() -> Rejection {
    Rejection::new(Code::TimerStale, "expected a timer that the case still waits for")
}

fn milestone(ctx: &Ctx<'_>, case: &Case, number: TaskNo) -> Result<Vec<Event>, Rejection> {
    let task = case.tasks().get(&number).filter(|task| task.next_due().is_some_and(|due| due <= ctx.at));
    let Some(task) = task else { return Err(stale()) };
    let (case_no, times) = (case.number(), &task.milestones);
    if task.duty.lapses() && times.overdue <= ctx.at {
        return Ok(vec![Event::TaskLapsed(TaskLapsed { case: case_no, task: number })]);
    }
    if times.escalate <= ctx.at {
        let to = superior_or_alarm(ctx, task)?.into_iter().collect();
        return Ok(vec![Event::TaskEscalated(TaskEscalated { case: case_no, task: number, to })]);
    }
    if times.overdue <= ctx.at {
        let clock = &ctx.company()?.policies.clock;
        let mut copied: Vec<Name> = Vec::new();
        if clock.copies_superior {
            copied.extend(superior_or_alarm(ctx, task)?);
        }
        if clock.copies_driver {
            copied.extend(driver(ctx, case).filter(|d| !copied.contains(d)));
        }
        return Ok(vec![Event::TaskOverdue(TaskOverdue { case: case_no, task: number, copied })]);
    }
    Ok(vec![Event::TaskReminded(TaskReminded { case: case_no, task: number })])
}

fn superior_or_alarm(ctx: &Ctx<'_>, task: &Task) -> Result<Option<Name>, Rejection> {
    let superior = superiors(ctx, &task.position)?.first().cloned();
    Ok(superior.or_else(|| ctx.company().ok()?.policies.clock.top_overdue.clone()))
}

fn expire(ctx: &Ctx<'_>, case: &Case) -> Result<Vec<Event>, Rejection> {
    if case.expires_at().is_none_or(|at| at > ctx.at) {
        return Err(stale());
    }
    let chain = ctx.chain(case.chain())?;
    let state = case.state().and_then(|state| chain.states.get(usize::from(state)));
    let state = state.ok_or_else(|| internal("a state that ends by itself is one"))?;
    let expiry =
        state.expires.as_ref().ok_or_else(|| internal("a state that ends by itself says where it goes"))?;
    let mut events = withdraw_tasks(case, WithdrawnCause::Expired);
    events.push(Event::StateExpired(StateExpired {
        case: case.number(),
        state: state.name.clone(),
        go: expiry.go,
    }));
    Ok(events)
}

/// One batch of a sweep looks at so many cases.
const SWEEP_CASES: usize = 64;
/// One batch of a sweep causes at most so many events.
const SWEEP_EVENTS: usize = 150;

/// R9: open work of a batch of cases goes where the organisation now has it.
pub(super) fn sweep(state: &State, at: Timestamp) -> Result<Vec<Event>, Rejection> {
    let Some(first) = state.sweep() else { return Err(stale()) };
    let mut events = Vec::new();
    let mut next = None;
    for (looked_at, case) in state.cases().skip_while(|case| case.number() < first).enumerate() {
        if looked_at >= SWEEP_CASES || events.len() >= SWEEP_EVENTS {
            next = Some(case.number());
            break;
        }
        events.extend(reassigned(state, at, case)?);
    }
    events.push(Event::OrganisationSwept(OrganisationSwept { next }));
    Ok(events)
}

/// The tasks of a case that the organisation now gives to others; of one that waits as long as a delegation lasts, its end.
fn reassigned(state: &State, at: Timestamp, case: &Case) -> Result<Vec<Event>, Rejection> {
    let ctx = Ctx::of(state, at, case)?;
    let Some(step) = case.step() else {
        return Ok(super::delegate::ended(&ctx, case)?.into_iter().collect());
    };
    let mut events = Vec::new();
    for (number, task) in case.tasks() {
        let Some(slot) = step.plan.slots.get(usize::from(task.slot)) else { continue };
        // Nobody at all: the task stays where it is; its overdue milestones tell the driver.
        let Ok(resolved) = who_answers(&ctx, case, step, slot) else { continue };
        // Who has claimed it keeps it, as long as it is theirs to answer.
        let claimed = step.candidates(*number).is_some()
            && task.holders.iter().all(|person| resolved.holders.contains(person));
        if resolved.position == task.position && (claimed || resolved.holders == step.open_to(*number, task))
        {
            continue;
        }
        // Whoever was asked before and still is has the time that there was.
        let known = |person: &&Name| !resolved.deputies.contains(*person) && task.holders.contains(*person);
        let stays = resolved.holders.iter().any(|person| known(&person));
        let milestones = if stays { task.milestones } else { at_least(&ctx, task.milestones)? };
        let capacities = covered(slot, &resolved);
        events.push(Event::TaskReassigned(TaskReassigned {
            case: case.number(),
            task: *number,
            position: resolved.position,
            holders: resolved.holders,
            capacities,
            milestones,
        }));
    }
    Ok(events)
}

/// A new holder has a minimum of time left (R9).
pub(super) fn at_least(ctx: &Ctx<'_>, old: Milestones) -> Result<Milestones, Rejection> {
    let minimum = milestones(ctx, ctx.company()?.policies.new_holder_has)?;
    Ok(if minimum.overdue > old.overdue { minimum } else { old })
}

/// Before anything else is decided about a case, its own open work is put where the organisation now has it.
pub(crate) fn sweep_case(state: &State, at: Timestamp, number: CaseNo) -> Vec<Event> {
    let turned = state.next_window().is_some_and(|window| window <= at);
    let swept = !turned && state.sweep().is_none_or(|first| number < first);
    let case = state.case(number).filter(|_| !swept);
    case.and_then(|case| reassigned(state, at, case).ok()).unwrap_or_default()
}
