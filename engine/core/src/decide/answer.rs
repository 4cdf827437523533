//! A person answers a task, or hands it up.

use rust_decimal::Decimal;

use super::advance::withdraw_tasks;
use super::cover::{self, enough_signers};
use super::grow::{Above, Rung, extension};
use super::permission::{Wish, allowed, case_of};
use super::plan::interested;
use super::resolve::{Power, Standing, Wanted, standing};
use super::route::{limit_of, power, suffices};
use super::step::hidden_from;
use super::submit::content_of;
use super::{Ctx, Decision, holds, internal, weigh};
use crate::command::{Answer, CaseNo, Request, ReturnTo, TaskNo, Verdict};
use crate::definition::Duty;
use crate::event::*;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, PlannedSlot, Signature, SlotStatus, Stage, State, Step, Task};
use crate::time::Timestamp;

/// A reason is at most so many bytes.
pub(super) const REASON_BYTES_MAX: usize = 2_000;

/// How a task is answered.
#[derive(Clone, Copy)]
pub(super) enum How<'a> {
    /// For what it is worth.
    Plain,
    /// Among others: refused where an approval would not decide.
    Within,
    /// The document goes there, not along the arrow of its chain.
    To(&'a ReturnTo),
}

/// Decides a task. The refusals are in order of their precedence.
pub(super) fn decide_task(
    state: &State,
    at: Timestamp,
    request: &Request,
    (answer, how): (&Answer, How<'_>),
) -> Decision {
    let case = match case_of(state, at, request, ("decide", answer.case)) {
        Ok(case) => case,
        Err(rejection) => return rejection.into(),
    };
    let wish = |case: &Case| -> Result<_, Rejection> {
        let ctx = Ctx::of(state, at, case)?;
        allowed(&ctx, request, Wish { verb: "decide", chain: Some(case.chain()), amount: case.amount() })?;
        not_held(case)?;
        Ok(ctx)
    };
    let ctx = match wish(case) {
        Ok(ctx) => ctx,
        Err(rejection) => return no_longer(case, request, answer, rejection).into(),
    };
    let task = match find_task(case, answer.task) {
        Ok(task) => task,
        Err(rejection) => return late_or(case, request, answer, rejection),
    };
    // A contribution is done as a piece of work is: callers have one word for both.
    let given = (task.duty == Duty::Input && answer.verdict == Verdict::Done)
        .then(|| Answer { verdict: Verdict::Input, ..answer.clone() });
    let answer = given.as_ref().unwrap_or(answer);
    if let Some(decision) = own_document(&ctx, case, task, request, answer) {
        return decision;
    }
    answered(&ctx, case, task, request, (answer, how)).into()
}

pub(super) fn not_held(case: &Case) -> Result<(), Rejection> {
    match case.stage() {
        Stage::Held { code, .. } => {
            let message = format!(
                "expected a case that is not held; case {} waits for an operator ({code})",
                case.number()
            );
            Err(Rejection::new(Code::CaseHeld, message))
        }
        _ => Ok(()),
    }
}

pub(super) fn find_task(case: &Case, number: TaskNo) -> Result<&Task, Rejection> {
    if let Some(task) = case.tasks().get(&number) {
        return Ok(task);
    }
    if (1..case.next_task()).contains(&number) {
        let message =
            format!("expected an open task, task {number} was answered or fell away; look at the case again");
        return Err(Rejection::new(Code::Conflict, message));
    }
    let message = format!("expected the number of a task of case {}, found {number}", case.number());
    Err(Rejection::new(Code::TaskUnknown, message))
}

/// R9: whoever does not hold the post that is asked is told so as of the task, which is somebody else's.
fn no_longer(case: &Case, request: &Request, answer: &Answer, rejection: Rejection) -> Rejection {
    let asked = case.tasks().get(&answer.task).is_some_and(|task| task.position == request.position);
    if rejection.code != Code::NotHolder || !asked {
        return rejection;
    }
    let message =
        format!("expected whoever answers for {} now; {} does not", request.position, request.person);
    Rejection::at(Code::NotAssignee, "position", message)
}

/// An answer that comes after colleagues have decided is recorded as late and changes nothing.
fn late_or(case: &Case, request: &Request, answer: &Answer, rejection: Rejection) -> Decision {
    let asked =
        case.withdrawn().iter().any(|(task, position)| *task == answer.task && *position == request.position);
    let late = LateAnswer {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        verdict: answer.verdict,
    };
    let audit = if asked { vec![Event::LateAnswer(late)] } else { Vec::new() };
    Decision::Refuse { rejection, audit }
}

/// R2: nobody decides a document that they submitted or benefit from. The attempt is recorded.
fn own_document(
    ctx: &Ctx<'_>,
    case: &Case,
    task: &Task,
    request: &Request,
    answer: &Answer,
) -> Option<Decision> {
    let decides = task.duty.signs();
    let benefits = || {
        let chain = ctx.chain(case.chain()).ok().filter(|chain| !chain.benefits.is_empty());
        chain
            .and_then(|chain| interested(ctx, case, chain).ok())
            .is_some_and(|persons| persons.contains(&request.person))
    };
    if !decides || !(case.submitter().person == request.person || benefits()) {
        return None;
    }
    let message = format!(
        "expected somebody else than {}, who submitted case {} or benefits from it; the task is {}'s",
        request.person,
        case.number(),
        task.position
    );
    let attempt = SelfApprovalAttempted {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        position: request.position.clone(),
    };
    let audit = vec![Event::SelfApprovalAttempted(attempt)];
    Some(Decision::Refuse { rejection: Rejection::new(Code::SelfApproval, message), audit })
}

pub(super) fn is_assignee(
    case: &Case,
    (number, task): (TaskNo, &Task),
    request: &Request,
) -> Result<(), Rejection> {
    let own = task.position == request.position;
    if own && task.holders.contains(&request.person) {
        return Ok(());
    }
    let candidates = case.step().and_then(|step| step.candidates(number));
    if own && candidates.is_some_and(|candidates| candidates.contains(&request.person)) {
        let holders = task.holders.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ");
        let message = format!("expected a task that nobody else has claimed, {holders} has; look again");
        return Err(Rejection::at(Code::Conflict, "task", message));
    }
    let message = format!(
        "expected {} of {}, who is asked; {} as {} is not",
        task.holders.iter().map(Name::as_str).collect::<Vec<_>>().join(" or "),
        task.position,
        request.person,
        request.position
    );
    Err(Rejection::new(Code::NotAssignee, message))
}

fn answered(
    ctx: &Ctx<'_>,
    case: &Case,
    task: &Task,
    request: &Request,
    (answer, how): (&Answer, How<'_>),
) -> Result<Vec<Event>, Rejection> {
    is_assignee(case, (answer.task, task), request)?;
    seen(case, task, answer.version)?;
    if answer.content_hash != *case.content_hash() {
        let message =
            "expected the hash of the document's present revision; it has changed since, look at it again";
        return Err(Rejection::at(Code::Conflict, "content_hash", message));
    }
    let step = case.step().ok_or_else(|| internal("an open task belongs to a step"))?;
    let slot =
        step.plan.slots.get(usize::from(task.slot)).ok_or_else(|| internal("a task belongs to a slot"))?;
    if let Some(opinion) = step.opinion(task.slot) {
        return super::action::given(case, (task, opinion), request, answer);
    }
    let standing = stands(ctx, case, task, slot, request)?;
    let stood_in = stood_in(case, task, (request, answer), &standing);
    let decided = decided_by(ctx, case, task, (step, slot, &standing), (request, answer), how)?;
    Ok(stood_in.into_iter().chain(decided).collect())
}

/// How who answers stands to the post that is asked: tested again when the decision is made.
fn stands<'a>(
    ctx: &Ctx<'a>,
    case: &Case,
    task: &Task,
    slot: &PlannedSlot,
    request: &Request,
) -> Result<Standing<'a>, Rejection> {
    standing(ctx, &request.person, &task.position, Wanted::slot(case, slot)).ok_or_else(|| {
        let message = format!(
            "expected a delegation of {} to {} that still covers this; it is over, or was taken back",
            task.position, request.person
        );
        Rejection::at(Code::DelegationExpired, "position", message)
    })
}

/// What is recorded where somebody else than a holder signs.
fn stood_in(
    case: &Case,
    task: &Task,
    (request, answer): (&Request, &Answer),
    standing: &Standing<'_>,
) -> Option<Event> {
    if standing.why == CapacityWhy::Own {
        return None;
    }
    Some(Event::StoodIn(StoodIn {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        position: task.position.clone(),
        why: standing.why,
        delegation: standing.delegation.cloned(),
    }))
}

fn decided_by(
    ctx: &Ctx<'_>,
    case: &Case,
    task: &Task,
    (step, slot, standing): (&Step, &PlannedSlot, &Standing<'_>),
    (request, answer): (&Request, &Answer),
    how: How<'_>,
) -> Result<Vec<Event>, Rejection> {
    if task.duty == Duty::Review
        && answer.verdict == Verdict::Approve
        && let Some(decided) = cover::signed(ctx, case, (step, task, slot), (request, answer))?
    {
        return Ok(decided);
    }
    fits(task.duty, slot.veto, answer.verdict)?;
    if task.duty != Duty::Task && (answer.choice.is_some() || answer.fields.is_some()) {
        let field = if answer.choice.is_some() { "choice" } else { "answer" };
        let message = format!("expected {field} with a piece of work only; this task asks for a signature");
        return Err(Rejection::at(Code::FieldUnknown, field, message));
    }
    let overrides = answer.verdict == Verdict::Approve && objected(case, step, task.slot);
    reasoned(answer, overrides)?;
    if task.duty == Duty::Task {
        return super::task::answered(ctx, case, task, (request, answer));
    }
    if task.duty == Duty::Edit {
        return edited(ctx, case, task, request, answer);
    }
    let mut decided = decided_event(case, slot, request, answer);
    decided.overrides = overrides;
    let decides = slot.level.as_ref().is_some_and(|l| l.decides);
    let authority = slot.level.as_ref().map(|level| &level.authority);
    let weighed = || weigh::again(ctx, case, step, (task.slot, authority, answer.task));
    if !decides || answer.verdict != Verdict::Approve {
        // What stands beside a blind answer must not tell which one it is.
        let weighed = if decides && slot.blind { weighed().ok().flatten() } else { None };
        let weighed = weighed.map(Event::AmountWeighed);
        let directed = directed(ctx, case, (task.slot, answer), how)?;
        return Ok([Event::TaskDecided(decided)].into_iter().chain(weighed).chain(directed).collect());
    }
    let weighed = weighed()?;
    let rung = Rung::of(step, task.slot, weighed.as_ref());
    if holds_authority(ctx, case, &task.position, (slot, rung.as_ref(), &standing.power))
        && enough_signers(ctx, (case, step), rung.as_ref(), (request, standing))
    {
        let weighed = weighed.map(Event::AmountWeighed);
        return Ok([Event::TaskDecided(decided)].into_iter().chain(weighed).collect());
    }
    if matches!(how, How::Within) {
        let message = format!(
            "expected an amount within the limit of {}; beyond it the approval would be a review, given by itself",
            task.position
        );
        return Err(Rejection::new(Code::OverLimit, message));
    }
    decided.counts_as_review = true;
    decided.overrides = false;
    let above = Above::Signed(&request.person);
    let grown = grown_for(ctx, (case, step), rung, above, weighed)?;
    Ok([Event::TaskDecided(decided)].into_iter().chain(grown).collect())
}

/// Where a returned document is to go, where whoever returns it says so.
fn directed(
    ctx: &Ctx<'_>,
    case: &Case,
    (slot, answer): (u16, &Answer),
    how: How<'_>,
) -> Result<Option<Event>, Rejection> {
    let How::To(to) = how else { return Ok(None) };
    if answer.verdict != Verdict::Return {
        let message = format!("expected return: {} goes nowhere else", answer.verdict.word());
        return Err(Rejection::at(Code::VerdictNotAllowed, "verdict", message));
    }
    super::action::directed(case, ctx.chain(case.chain())?, (slot, to)).map(Some)
}

/// The route grows above a slot, and what was weighed is held against the new levels.
pub(super) fn grown_for(
    ctx: &Ctx<'_>,
    (case, step): (&Case, &Step),
    of: Option<Rung<'_>>,
    above: Above<'_>,
    weighed: Option<AmountWeighed>,
) -> Result<Vec<Event>, Rejection> {
    let grown = grown(ctx, case, step, of, above)?;
    let weighed = weighed.map(|mut weighed| {
        if let [Event::RouteExtended(e)] = &grown[..] {
            let first = step.plan.slots.len() as u16;
            weighed.slots = (first, first + e.slots.len() as u16);
        }
        Event::AmountWeighed(weighed)
    });
    Ok(weighed.into_iter().chain(grown).collect())
}

pub(super) fn decided_event(
    case: &Case,
    slot: &PlannedSlot,
    request: &Request,
    answer: &Answer,
) -> TaskDecided {
    TaskDecided {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        verdict: answer.verdict,
        counts_as_review: false,
        overrides: false,
        blind: slot.blind,
        reason: answer.reason.clone(),
        content_hash: answer.content_hash,
    }
}

/// R19: what the person saw is still so.
pub(super) fn seen(case: &Case, task: &Task, version: u32) -> Result<(), Rejection> {
    if task.version == version {
        return Ok(());
    }
    let message = format!(
        "expected version {} of the task, found {version}; case {} has changed since, look at it again",
        task.version,
        case.number()
    );
    Err(Rejection::at(Code::Conflict, "version", message))
}

fn fits(duty: Duty, veto: bool, verdict: Verdict) -> Result<(), Rejection> {
    use Verdict::{Approve, Choose, Done, Input, Object, Pass, Refuse, Reject, Return, Submit};
    let (fits, expected) = match duty {
        Duty::Approve | Duty::OnCall => {
            (matches!(verdict, Approve | Return | Reject), "approve, return or reject")
        }
        Duty::Review if veto => {
            (matches!(verdict, Pass | Object | Return | Reject), "pass, object, return or reject")
        }
        Duty::Review => (matches!(verdict, Pass | Object | Return), "pass, object or return"),
        Duty::Input => (matches!(verdict, Input), "input"),
        Duty::Edit => (matches!(verdict, Submit), "submit, with the document"),
        Duty::Task => (matches!(verdict, Done | Refuse | Choose), "done, refuse or choose"),
    };
    if fits {
        return Ok(());
    }
    let message = format!("expected {expected}, found {}", verdict.word());
    Err(Rejection::at(Code::VerdictNotAllowed, "verdict", message))
}

/// Whether a reviewer's objection stands against the present revision: it was not taken back by a later answer
/// of the same post in the same state, and whoever is asked in the slot may know of it (R14).
pub(super) fn objected(case: &Case, step: &Step, own: u16) -> bool {
    if !case.signatures().iter().any(|s| s.verdict == Verdict::Object) {
        return false;
    }
    let present: Vec<&Signature> =
        case.signatures().iter().filter(|s| !s.void && s.revision == case.revision()).collect();
    let hidden = |task: TaskNo| {
        let given = SlotStatus::Answered(task, Verdict::Object);
        let theirs = step.slots.iter().position(|status| *status == given);
        theirs.is_some_and(|theirs| hidden_from(&step.plan.root, step, (theirs as u16, own)))
    };
    present.iter().enumerate().any(|(i, s)| {
        let later = present.get(i + 1..).unwrap_or_default();
        let taken_back =
            |l: &&Signature| l.state == s.state && l.position == s.position && l.verdict != Verdict::Object;
        let taken_back = later.iter().any(taken_back);
        s.verdict == Verdict::Object && !taken_back && !hidden(s.task)
    })
}

pub(super) fn reasoned(answer: &Answer, overrides: bool) -> Result<(), Rejection> {
    let needs =
        matches!(answer.verdict, Verdict::Object | Verdict::Return | Verdict::Reject | Verdict::Refuse)
            || overrides;
    let reason = answer.reason.as_ref().map(|r| r.trim()).unwrap_or_default();
    if reason.len() > REASON_BYTES_MAX {
        let message =
            format!("expected a reason of at most {REASON_BYTES_MAX} bytes, found {}", reason.len());
        return Err(Rejection::at(Code::ReasonRequired, "reason", message));
    }
    if !needs || !reason.is_empty() {
        return Ok(());
    }
    let message = if overrides {
        "expected a reason: a reviewer objected, and approving overrides the objection".to_owned()
    } else {
        format!("expected a reason for {}", answer.verdict.word())
    };
    Err(Rejection::at(Code::ReasonRequired, "reason", message))
}

/// R8: authority is tested when the decision is made, against the limits that hold then.
pub(super) fn holds_authority(
    ctx: &Ctx<'_>,
    case: &Case,
    position: &Name,
    (slot, rung, own): (&PlannedSlot, Option<&Rung<'_>>, &Power),
) -> bool {
    let Some(level) = rung else { return slot.level.is_none() };
    let Ok(organisation) = ctx.organisation() else { return false };
    let Some(authority) = ctx.active.authority(level.authority) else { return false };
    let limit = |name: &Name| {
        limit_of(organisation, authority, name, ctx.at).map_or(Some(Decimal::ZERO), |l| l.up_to)
    };
    let limit = match &slot.seat_of {
        // R2: whoever stands at the top has their documents decided by the group that the policy names.
        Some(_) if ctx.path(case).is_ok_and(|path| path.is_empty()) => None,
        Some(group) => limit(group),
        None => power(limit(position), own),
    };
    suffices(limit, level.need)
}

/// The route grows above a slot whose signature does not decide; beyond every limit the approval is refused.
fn grown(
    ctx: &Ctx<'_>,
    case: &Case,
    step: &Step,
    of: Option<Rung<'_>>,
    above: Above<'_>,
) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let rung = of.ok_or_else(|| internal("a route that grows is a climb"))?;
    let Rung { number, position, .. } = rung;
    let Some((levels, slots)) = extension(*ctx, case, chain, (step, rung), above)? else {
        let message = format!("expected a level above {position} that may decide this amount, found none");
        return Err(Rejection::new(Code::BeyondAuthority, message));
    };
    Ok(vec![Event::RouteExtended(RouteExtended { case: case.number(), slot: number, levels, slots })])
}

/// An editor hands in the completed document; a commercial change sends the case over its course again.
fn edited(
    ctx: &Ctx<'_>,
    case: &Case,
    task: &Task,
    request: &Request,
    answer: &Answer,
) -> Result<Vec<Event>, Rejection> {
    let Some(document) = &answer.document else {
        return Err(Rejection::at(
            Code::FieldMissing,
            "fields",
            "expected the completed document, found nothing",
        ));
    };
    let content = content_of(ctx, case.chain(), document, case.submitter(), Some(case.number()))?;
    let step = case.step().ok_or_else(|| internal("an open task belongs to a step"))?;
    let slot =
        step.plan.slots.get(usize::from(task.slot)).ok_or_else(|| internal("a task belongs to a slot"))?;
    let signed = case.signatures().iter().any(|s| !s.void && s.duty != Duty::Edit);
    let voids = signed && content.commercial != *case.commercial();
    let mut events = vec![Event::TaskDecided(decided_event(case, slot, request, answer))];
    if voids {
        let others = withdraw_tasks(case, WithdrawnCause::StepClosed);
        let own = |event: &Event| matches!(event, Event::TaskWithdrawn(e) if e.task == answer.task);
        events.extend(others.into_iter().filter(|event| !own(event)));
        // It goes over its course again, and sets aside again.
        events.extend(holds::returned(ctx, case));
    }
    let chain = ctx.chain(case.chain())?;
    let taken = holds::taken(ctx, (case.number(), chain), (&content, case.submitter()))?;
    events.push(Event::CaseResubmitted(CaseResubmitted {
        case: case.number(),
        revision: case.revision() + 1,
        content,
        voids_signatures: voids,
        person: request.person.clone(),
        by_editor: true,
    }));
    events.extend(taken);
    Ok(events)
}

/// R22: what is within one's own limit is not handed up, except for a reason that the policy names.
pub(super) fn refer_up(
    state: &State,
    at: Timestamp,
    request: &Request,
    (number, task_no, version, reason): (CaseNo, TaskNo, u32, &Name),
) -> Result<Vec<Event>, Rejection> {
    let case = case_of(state, at, request, ("refer-up", number))?;
    let ctx = Ctx::of(state, at, case)?;
    allowed(&ctx, request, Wish { verb: "refer-up", chain: Some(case.chain()), amount: case.amount() })?;
    not_held(case)?;
    let task = find_task(case, task_no)?;
    is_assignee(case, (task_no, task), request)?;
    seen(case, task, version)?;
    let step = case.step().ok_or_else(|| internal("an open task belongs to a step"))?;
    let slot =
        step.plan.slots.get(usize::from(task.slot)).ok_or_else(|| internal("a task belongs to a slot"))?;
    let Some(level) = &slot.level else {
        let message = "expected a level of a climb; this task is asked of its position by name".to_owned();
        return Err(Rejection::new(Code::NotDeciding, message));
    };
    let push_up = &ctx.company()?.policies.push_up;
    if push_up.refused && !push_up.except.contains(reason) {
        let allowed = push_up.except.iter().map(Name::as_str).collect::<Vec<_>>().join(" or ");
        let message = if level.decides {
            format!(
                "expected {} to decide what is within its own limit; only {allowed} hands it up",
                task.position
            )
        } else {
            format!(
                "expected an opinion of {}: the route goes up by itself; only {allowed} hands it up",
                task.position
            )
        };
        return Err(Rejection::at(Code::WithinAuthority, "reason", message));
    }
    let referred =
        TaskReferred { case: number, task: task_no, person: request.person.clone(), reason: reason.clone() };
    let mut events = vec![Event::TaskReferred(referred)];
    if level.decides {
        events.extend(grown(
            &ctx,
            case,
            step,
            Rung::of(step, task.slot, None),
            Above::Referred(&request.person),
        )?);
    }
    Ok(events)
}
