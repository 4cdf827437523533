//! What follows by itself: where a case goes next, whom it asks, when a step closes. One batch of events at a time.

use super::cover;
use super::delegate;
use super::plan::{NoPlan, plan};
use super::resolve::{covered, driver, who, who_answers};
use super::step::{StepResult, closed_blind_parts, ready, result};
use super::timers::milestones;
use super::{
    Ctx, action, alarm, child, compensate, fact, holds, internal, learn, listen, outside, task, unique,
};
use crate::command::{CaseNo, TaskNo};
use crate::definition::{Activity, Arrow, Chain, Duty, StateDef, Target, Who};
use crate::eval::{Scope, evaluate, holds_or_absent};
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, PlannedSlot, Signature, SlotStatus, Stage, State, Step};
use crate::time::Timestamp;
use crate::value::Value;

/// A case may take so many steps without input from outside.
pub const STEPS_MAX: u32 = 256;

/// Whether something follows by itself.
pub fn needs_advance(case: &Case) -> bool {
    matches!(
        case.stage(),
        Stage::Entering(_)
            | Stage::Leaving { .. }
            | Stage::Working { .. }
            | Stage::People { .. }
            | Stage::Message { .. }
            | Stage::Outside { .. }
            | Stage::Compensating { .. }
            | Stage::Until { .. }
            | Stage::Draft
    )
}

/// The next events of a case. None: it rests. A refusal holds the case.
pub fn advance(state: &State, number: CaseNo, at: Timestamp) -> Result<Vec<Event>, Rejection> {
    let Some(case) = state.case(number).filter(|case| needs_advance(case)) else { return Ok(Vec::new()) };
    let ctx = Ctx::of(state, at, case)?;
    let chain = ctx.chain(case.chain())?;
    let rests = matches!(case.stage(), Stage::Until { .. } | Stage::Draft);
    if case.steps() > STEPS_MAX && !rests {
        let message =
            format!("expected input from outside within {STEPS_MAX} steps; the chain goes in a circle");
        return Err(Rejection::new(Code::LoopLimit, message));
    }
    // A message that is waited for comes before one that would move the case from where it stands.
    let own = || own_next(&ctx, case, chain);
    let moved = || listen::advance(&ctx, case, chain);
    if matches!(case.stage(), Stage::Message { .. }) { first_of(own, moved) } else { first_of(moved, own) }
}

type Next = Result<Vec<Event>, Rejection>;

fn first_of(first: impl FnOnce() -> Next, second: impl FnOnce() -> Next) -> Next {
    let next = first()?;
    if next.is_empty() { second() } else { Ok(next) }
}

/// What follows from where a case stands, messages that move it aside.
fn own_next(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    match case.stage() {
        Stage::Entering(target) => enter(ctx, case, chain, *target, None),
        Stage::Leaving { state, outcome } => {
            let arrow = arrow(ctx, case, chain, (*state, outcome))?;
            along(ctx, case, chain, (*state, outcome, arrow))
        }
        Stage::Working { state } => work(ctx, case, chain, *state),
        Stage::People { step, .. } => people(ctx, case, step),
        Stage::Message { .. } => fact::kept_for(ctx, case, chain),
        Stage::Outside { state, work } => outside::advance(ctx, case, chain, (*state, work)),
        Stage::Compensating { .. } => compensate::advance(ctx, case, chain),
        Stage::Fact { .. } | Stage::Until { .. } | Stage::Draft | Stage::Held { .. } => Ok(Vec::new()),
    }
}

/// The event that holds a case for an operator.
pub fn held(state: &State, number: CaseNo, at: Timestamp, why: &Rejection) -> Vec<Event> {
    let Some(case) = state.case(number) else { return Vec::new() };
    let told = Ctx::of(state, at, case).ok().and_then(|ctx| driver(&ctx, case)).into_iter().collect();
    let mut events = withdraw_tasks(case, WithdrawnCause::Held);
    let code = Name::from(why.code.as_str());
    events.push(Event::CaseHeld(CaseHeld { case: number, code, detail: why.message.clone(), told }));
    events
}

/// Every open task falls away.
pub(super) fn withdraw_tasks(case: &Case, cause: WithdrawnCause) -> Vec<Event> {
    let withdrawn =
        |task: &TaskNo| Event::TaskWithdrawn(TaskWithdrawn { case: case.number(), task: *task, cause });
    case.tasks().keys().map(withdrawn).collect()
}

fn state_of(chain: &Chain, state: u16) -> Result<&StateDef, Rejection> {
    chain.states.get(usize::from(state)).ok_or_else(|| internal("an arrow leads to a state of the chain"))
}

/// Takes an arrow: what is learnt on it counts in the state that it leads to.
fn along(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (state, outcome, arrow): (u16, &Name, &Arrow),
) -> Result<Vec<Event>, Rejection> {
    let scope = Scope {
        reply: learn::last_reply(case, chain, state),
        message: case.outward().and_then(|outward| outward.heard.as_ref()),
        child: outside::newest_child(case, (state, 0)).map(|(number, _)| number),
        ..ctx.scope(case, chain)
    };
    let Some(learnt) = learn::learnt(ctx, case, chain, &arrow.learns, &scope)? else {
        return enter(ctx, case, chain, arrow.go, Some(outcome));
    };
    let mut facts = case.facts().clone();
    if let Event::FactsLearnt(e) = &learnt {
        for (name, value) in &e.facts {
            facts.insert(name.clone(), value.clone());
        }
    }
    let ctx = Ctx { facts: Some(&facts), ..*ctx };
    let mut events = vec![learnt];
    events.extend(enter(&ctx, case, chain, arrow.go, Some(outcome))?);
    Ok(events)
}

/// The arrows of an outcome: a refusal with a code that has none takes those of any refusal.
pub(super) fn arrow_of<'a>(state: &'a StateDef, outcome: &Name) -> Option<&'a Vec<Arrow>> {
    state.next.get(outcome).or_else(|| state.next.get(outcome.split_once('.')?.0))
}

/// The arrow that an outcome takes.
pub(super) fn arrow<'a>(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &'a Chain,
    (number, outcome): (u16, &Name),
) -> Result<&'a Arrow, Rejection> {
    let state = state_of(chain, number)?;
    let scope = ctx.scope(case, chain);
    let mut arrows = arrow_of(state, outcome);
    if let (None, Activity::Run(_), Some(good)) =
        (arrows, &state.activity, outside::child_ended(case, (number, 0)))
    {
        arrows = state.next.get(if good { "good" } else { "bad" });
    }
    for arrow in arrows.into_iter().flatten() {
        if holds_or_absent(arrow.when.as_ref(), &scope)? {
            return Ok(arrow);
        }
    }
    let code = if outcome == "beyond" { Code::BeyondAuthority } else { Code::NoArrow };
    let message = format!("expected an arrow for {outcome} of state {} that holds, found none", state.name);
    Err(Rejection::new(code, message))
}

fn enter(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    target: Target,
    outcome: Option<&Name>,
) -> Result<Vec<Event>, Rejection> {
    match target {
        Target::End(end) => {
            let end = chain
                .ends
                .get(usize::from(end))
                .ok_or_else(|| internal("an arrow leads to an end of the chain"))?;
            child::ended(ctx, case, (end.name.clone(), end.good, None))
        }
        Target::Draft => to_draft(ctx, case, chain),
        Target::OnHold => {
            let outcome = outcome.map_or("", |o| o.as_str());
            let message = format!("expected an operator: the chain leads to on-hold after {outcome:?}");
            Err(Rejection::new(Code::OnHold, message))
        }
        Target::State(state) => enter_state(ctx, case, chain, state),
        Target::Back => {
            let from = case.came_from();
            let from = from.ok_or_else(|| internal("a state that leads back was entered from one"))?;
            enter_state(ctx, case, chain, from)
        }
    }
}

/// R12: so many returns lead back to draft; the next one ends the case.
fn to_draft(ctx: &Ctx<'_>, case: &Case, chain: &Chain) -> Result<Vec<Event>, Rejection> {
    let returns = case.returns() + 1;
    if returns <= ctx.company()?.policies.returns.at_most {
        let mut events = holds::returned(ctx, case);
        events.push(Event::CaseReturned(CaseReturned { case: case.number(), returns }));
        return Ok(events);
    }
    let end =
        chain.ends.iter().find(|e| !e.good && e.name == "rejected").or(chain.ends.iter().find(|e| !e.good));
    let end = end.map_or_else(|| Name::from("rejected"), |e| e.name.clone());
    let code = Some(Name::from(Code::RevisionLimit.as_str()));
    child::ended(ctx, case, (end, false, code))
}

fn enter_state(ctx: &Ctx<'_>, case: &Case, chain: &Chain, number: u16) -> Result<Vec<Event>, Rejection> {
    let state = state_of(chain, number)?;
    let scope = ctx.scope(case, chain);
    if !holds_or_absent(state.when.as_ref(), &scope)? {
        let outcome = state.good.clone();
        let skipped = StateSkipped { case: case.number(), name: state.name.clone(), state: number, outcome };
        let clocks = alarm::reached(ctx, case, chain, (number, false))?;
        return Ok([Event::StateSkipped(skipped)].into_iter().chain(clocks).collect());
    }
    let (mut then, mut weighed) = (Vec::new(), Vec::new());
    let work = match &state.activity {
        Activity::Check(_) | Activity::Choose(_) => Work::None,
        Activity::Wait(wait) => fact::work(ctx, case, chain, wait)?,
        Activity::Compensate { since } => Work::Compensation(*since),
        Activity::Follow { state: followed } => {
            let (work, events) = outside::follow(ctx, case, chain, (number, state), *followed)?;
            then = events;
            work
        }
        Activity::Command(_)
        | Activity::Run(_)
        | Activity::Start(_)
        | Activity::Join { .. }
        | Activity::Tell(_)
        | Activity::Record(_)
        | Activity::HandOver(_)
        | Activity::Reserve(_)
        | Activity::Consume(_)
        | Activity::Release(_)
        | Activity::Delegate(_)
        | Activity::EndDelegation(_)
        | Activity::Restore(_) => outside::work(ctx, case, chain, state)?,
        Activity::WaitUntil(expr) => match instant(ctx, &evaluate(expr, &scope)?)? {
            until if until <= ctx.at => Work::None,
            until => Work::Until(until),
        },
        Activity::WhileDelegated(name) => match delegate::lasts(ctx, name, &scope)? {
            Some(until) if until > ctx.at => Work::Until(until),
            _ => Work::None,
        },
        Activity::People(node) => match plan(*ctx, case, chain, state, node) {
            Ok(planned) => {
                weighed.extend(planned.weighed.into_iter().map(Event::AmountWeighed));
                match planned.about {
                    about if about.is_empty() => Work::People(planned.plan),
                    about => Work::Asked { plan: planned.plan, about },
                }
            }
            Err(NoPlan::Beyond) => return beyond(ctx, case, chain, number),
            Err(NoPlan::Refused(rejection)) => return Err(rejection),
        },
    };
    let expires_at = match &state.expires {
        Some(expiry) => Some(super::timers::deadline(ctx, expiry.after)?),
        None => None,
    };
    // Who follows the whole chain is copied once, when its first state is entered.
    let first = case.revision() == 1 && case.stood_in().is_none();
    let cc = copied(ctx, case, &scope, &state.cc, first, chain)?;
    let name = state.name.clone();
    let case_no = case.number();
    let entered = StateEntered { case: case_no, state: number, name, work, expires_at, cc };
    let clocks = alarm::reached(ctx, case, chain, (number, true))?;
    Ok([Event::StateEntered(entered)].into_iter().chain(weighed).chain(clocks).chain(then).collect())
}

fn beyond(ctx: &Ctx<'_>, case: &Case, chain: &Chain, number: u16) -> Result<Vec<Event>, Rejection> {
    let state = state_of(chain, number)?;
    if !state.next.contains_key("beyond") {
        let message = format!(
            "expected an amount within some limit; nobody on the line of {} in {} may decide it",
            state.name, chain.name
        );
        return Err(Rejection::new(Code::BeyondAuthority, message));
    }
    let clocks = alarm::reached(ctx, case, chain, (number, true))?;
    let (case, name) = (case.number(), state.name.clone());
    let entered = StateEntered {
        case,
        state: number,
        name: name.clone(),
        work: Work::None,
        expires_at: None,
        cc: vec![],
    };
    let outcome = Name::from("beyond");
    let closed = StepClosed { case, state: name, outcome, opinions: Vec::new() };
    Ok([Event::StateEntered(entered)].into_iter().chain(clocks).chain([Event::StepClosed(closed)]).collect())
}

/// Copies inform and never block: one that cannot be resolved is left out.
fn copied(
    ctx: &Ctx<'_>,
    case: &Case,
    scope: &Scope<'_>,
    of_state: &[Who],
    first: bool,
    chain: &Chain,
) -> Result<Vec<Name>, Rejection> {
    let mut cc: Vec<Name> = Vec::new();
    let mut add = |names: Vec<Name>| cc.extend(names.into_iter().filter(|n| !n.is_empty()));
    for one in of_state.iter().chain(chain.cc.iter().filter(|_| first)) {
        add(who(ctx, case, scope, one).unwrap_or_default());
    }
    for (one, when) in chain.monitors.iter().filter(|_| first) {
        if holds_or_absent(when.as_ref(), scope)? {
            add(who(ctx, case, scope, one).unwrap_or_default());
        }
    }
    cc.dedup();
    Ok(cc)
}

pub(super) fn instant(ctx: &Ctx<'_>, value: &Value) -> Result<Timestamp, Rejection> {
    match value {
        Value::Time(at) => Ok(*at),
        Value::Date(date) => Ok(ctx.company()?.calendar.zone.instant(*date, 0)),
        other => {
            Err(Rejection::new(Code::Unevaluable, format!("expected a time to wait for, found {other}")))
        }
    }
}

/// Checks and choices, and times that have already passed: decided at once.
fn work(ctx: &Ctx<'_>, case: &Case, chain: &Chain, number: u16) -> Result<Vec<Event>, Rejection> {
    let state = state_of(chain, number)?;
    let scope = ctx.scope(case, chain);
    let case_no = case.number();
    let learnt = || learn::learnt(ctx, case, chain, &state.learns, &scope);
    let closed = |outcome: &str| {
        let outcome = Name::from(outcome);
        Event::StepClosed(StepClosed {
            case: case_no,
            state: state.name.clone(),
            outcome,
            opinions: Vec::new(),
        })
    };
    match &state.activity {
        Activity::Check(checks) => {
            let (codes, claimed) = unique::checked(ctx, case, checks, &scope)?;
            if codes.is_empty() {
                return Ok(claimed.into_iter().chain(learnt()?).chain([closed("passed")]).collect());
            }
            let failed = Event::ChecksFailed(ChecksFailed { case: case_no, codes });
            Ok([failed].into_iter().chain(learnt()?).chain([closed("failed")]).collect())
        }
        Activity::Choose(branches) => {
            for branch in branches {
                if holds_or_absent(branch.when.as_ref(), &scope)? {
                    return Ok(vec![Event::BranchChosen(BranchChosen { case: case_no, go: branch.go })]);
                }
            }
            let message = format!("expected a branch of state {} that holds, found none", state.name);
            Err(Rejection::new(Code::NoArrow, message))
        }
        Activity::WhileDelegated(name) => {
            let outcome = if delegate::lasts(ctx, name, &scope)?.is_some() { "due" } else { "ended" };
            Ok(learnt()?.into_iter().chain([closed(outcome)]).collect())
        }
        Activity::WaitUntil(_) => Ok(learnt()?.into_iter().chain([closed("due")]).collect()),
        _ => Err(internal("a state that waits is not decided at once")),
    }
}

/// One thing at a time: close what is decided, open what is ready, close the step.
fn people(ctx: &Ctx<'_>, case: &Case, step: &Step) -> Result<Vec<Event>, Rejection> {
    let root = result(&step.plan.root, step);
    let wanted = if root == StepResult::Open { ready(&step.plan.root, step) } else { Vec::new() };
    let mut events: Vec<Event> = case
        .tasks()
        .iter()
        .filter(|(_, task)| !wanted.contains(&task.slot) && !asked_beside(step, task.slot))
        .map(|(task, _)| TaskWithdrawn {
            case: case.number(),
            task: *task,
            cause: WithdrawnCause::StepClosed,
        })
        .map(Event::TaskWithdrawn)
        .collect();
    if root != StepResult::Open {
        events.extend(learnt_at_close(ctx, case, step)?);
        events.push(Event::StepClosed(StepClosed {
            case: case.number(),
            state: step.state.clone(),
            outcome: outcome_name(ctx, case, step, root)?,
            opinions: closed_opinions(case, step, &(0..step.slots.len() as u16).collect::<Vec<_>>()),
        }));
        if root == StepResult::Returned {
            events.extend(action::led(case, ctx.chain(case.chain())?, step));
        }
        return Ok(events);
    }
    let mut parts = Vec::new();
    closed_blind_parts(&step.plan.root, step, &mut parts);
    let slots: Vec<u16> =
        (0..step.slots.len() as u16).filter(|s| parts.iter().any(|part| part.holds(*s))).collect();
    let opinions = closed_opinions(case, step, &slots);
    if !opinions.is_empty() {
        events.push(Event::OpinionsOpened(OpinionsOpened { case: case.number(), opinions }));
    }
    let waiting = |slot: &u16| step.slots.get(usize::from(*slot)) == Some(&SlotStatus::Waiting);
    let wanted: Vec<u16> = wanted.into_iter().filter(waiting).collect();
    // R12: one at a time, so that a signature fills one slot, and nobody is asked what it makes needless.
    if let Some(kept) = wanted.iter().find_map(|slot| kept(case, step, *slot)) {
        events.push(kept);
        return Ok(events);
    }
    let mut next_task = case.next_task();
    for slot in wanted {
        events.push(ask(ctx, case, step, slot, &mut next_task)?);
    }
    Ok(events)
}

/// Whether a slot is an opinion that somebody who is still asked has asked for: nothing waits for it, it may still come.
fn asked_beside(step: &Step, slot: u16) -> bool {
    let of = step.opinion(slot).map(|opinion| usize::from(opinion.of));
    of.is_some_and(|of| matches!(step.slots.get(of), Some(SlotStatus::Open(_))))
}

/// A step in which nobody does a piece of work is learnt from when it closes; work when it is answered.
fn learnt_at_close(ctx: &Ctx<'_>, case: &Case, step: &Step) -> Result<Option<Event>, Rejection> {
    if step.about().iter().any(|about| about.task.is_some()) {
        return Ok(None);
    }
    let chain = ctx.chain(case.chain())?;
    let state = state_of(chain, case.state().ok_or_else(|| internal("people are asked in a state"))?)?;
    learn::learnt(ctx, case, chain, &state.learns, &ctx.scope(case, chain))
}

fn outcome_name(ctx: &Ctx<'_>, case: &Case, step: &Step, root: StepResult) -> Result<Name, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let state = state_of(chain, case.state().ok_or_else(|| internal("people are asked in a state"))?)?;
    let single = |done: bool| task::outcome(case, state, step, done);
    Ok(match root {
        StepResult::Returned => Name::from("returned"),
        StepResult::Rejected => Name::from("rejected"),
        StepResult::Failed => single(false).unwrap_or_else(|| Name::from("failed")),
        StepResult::Passed if state.for_each.is_some() => Name::from("passed"),
        StepResult::Passed => single(true).unwrap_or_else(|| state.good.clone()),
        StepResult::Open | StepResult::Void => return Err(internal("a step closes with an outcome")),
    })
}

/// Blind opinions of these slots that are still closed.
fn closed_opinions(case: &Case, step: &Step, slots: &[u16]) -> Vec<Opinion> {
    let mut opinions = Vec::new();
    for slot in slots {
        let place = usize::from(*slot);
        let blind = step.plan.slots.get(place).is_some_and(|s| s.blind);
        let task = match step.slots.get(place) {
            Some(SlotStatus::Answered(task, _) | SlotStatus::PassedOn(task)) if blind => *task,
            _ => continue,
        };
        if step.opened().contains(&task) {
            continue;
        }
        if let Some(s) = case.signatures().iter().find(|s| s.task == task) {
            opinions.push(Opinion {
                task,
                position: s.position.clone(),
                person: s.person.clone(),
                verdict: s.verdict,
                reason: s.reason.clone(),
            });
        }
    }
    opinions
}

/// A signature given before that still stands for a slot (R12).
fn kept(case: &Case, step: &Step, slot: u16) -> Option<Event> {
    let task = standing(case, step, slot)?.task;
    Some(Event::SignatureKept(SignatureKept { case: case.number(), slot, task }))
}

/// Asks a slot.
fn ask(
    ctx: &Ctx<'_>,
    case: &Case,
    step: &Step,
    slot: u16,
    next_task: &mut TaskNo,
) -> Result<Event, Rejection> {
    let plan = step.plan.slots.get(usize::from(slot)).ok_or_else(|| internal("a ready slot is planned"))?;
    // R8: the path is fixed at submission, the holder when the task opens.
    let resolved = who_answers(ctx, case, step, plan)?;
    let capacities = covered(plan, &resolved);
    let task = *next_task;
    *next_task += 1;
    Ok(Event::TaskOpened(TaskOpened {
        case: case.number(),
        task,
        slot,
        duty: plan.duty,
        position: resolved.position,
        holders: resolved.holders,
        capacities,
        milestones: milestones(ctx, plan.within)?,
    }))
}

/// A signature that stands: same state, same post, same duty, agreeing, not voided, by somebody who may still sign.
fn standing<'a>(case: &'a Case, step: &Step, number: u16) -> Option<&'a Signature> {
    let slot = step.plan.slots.get(usize::from(number))?;
    let used = |s: &Signature| {
        step.slots
            .iter()
            .any(|status| matches!(status, SlotStatus::Kept(t) | SlotStatus::Answered(t, _) if *t == s.task))
    };
    // Work that was done stands within its own step only: a state that is entered again asks for it again.
    let answers = case.outward().map(|outward| &outward.answers);
    case.signatures().iter().rev().find(|s| {
        // R4: one that was given for this level and for one below fills both.
        let covers = cover::covers(step, s, number);
        s.state == step.state
            && (covers || (signs_for(s, &slot.position) && stands_as(s, slot) && !used(s)))
            && !s.void
            && !slot.barred.contains(&s.person)
            && (s.duty != Duty::Input || s.revision == case.revision())
            && (s.duty != Duty::Task || answers.is_some_and(|answers| answers.contains_key(&s.task)))
            && s.verdict.agrees()
    })
}

/// Whether a signature is of the duty that is asked. An approval that no longer decides is an opinion of its level.
fn stands_as(signature: &Signature, slot: &PlannedSlot) -> bool {
    match (signature.counts_as_review, signature.duty, slot.duty) {
        (false, given, asked) => given == asked,
        (true, Duty::Approve, Duty::Review) => slot.level.is_some(),
        (true, ..) => false,
    }
}

/// Whether a signature is that of a position, or was given for it by whoever its holder handed the task to.
fn signs_for(signature: &Signature, position: &Name) -> bool {
    let handed = |c: &Capacity| c.why == CapacityWhy::Transferred && c.position == *position;
    signature.position == *position || signature.capacities.iter().any(handed)
}
