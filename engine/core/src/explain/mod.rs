//! Why somebody is asked, and why somebody else is not: the facts that a plan recorded, in sentences.

use rust_decimal::Decimal;

use crate::command::{TaskNo, Verdict};
use crate::decide::{Ctx, above, answers_as, deputy_under};
use crate::definition::{Duty, Measure};
use crate::event::{AmountWeighed, Capacity, CapacityWhy, PlanNode, RateUsed};
use crate::name::Name;
use crate::state::{Case, PlannedLevel, PlannedSlot, Signature, SlotStatus, State, Step};
use crate::time::{Timestamp, Zone};

pub use past::{Given, Past, Signed};
pub use why_not::why_not;

mod past;
mod why_not;

/// Why a slot of the present step exists, and what has become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotReason {
    /// The position planned.
    pub position: Name,
    /// What is asked.
    pub duty: Duty,
    /// `waiting`, `asked`, `answered`, `kept`, `passed-on`, `lapsed`, `withdrawn`.
    pub status: &'static str,
    /// The rule and its facts, one sentence each.
    pub because: Vec<String>,
}

/// Explains every slot of the step that a case stands in; empty where nobody is asked. What somebody answered who is
/// blind to others is not said before all of them have answered.
pub fn explain(state: &State, case: &Case, at: Timestamp) -> Vec<SlotReason> {
    let Some(step) = case.step() else { return Vec::new() };
    let slots = step.plan.slots.iter().zip(&step.slots).enumerate();
    let ctx = Ctx::of(state, at, case).ok();
    let closed = closed(step);
    let slot = |(number, (slot, status)): (usize, (&PlannedSlot, &SlotStatus))| {
        reason((ctx, zone(state)), case, step, ((number, slot), (*status, closed)))
    };
    slots.map(slot).collect()
}

/// Whether somebody has still to answer who is blind to others.
fn closed(step: &Step) -> bool {
    let waits = |status: &SlotStatus| matches!(status, SlotStatus::Open(_) | SlotStatus::Waiting);
    step.plan.slots.iter().zip(&step.slots).any(|(slot, status)| slot.blind && waits(status))
}

/// Explains a signature of the step that a case stands in, for whoever may see closed answers. None: the task is not of
/// that step, or not answered.
pub fn signature(state: &State, case: &Case, task: TaskNo, at: Timestamp) -> Option<SlotReason> {
    let gave = |status: &SlotStatus| match status {
        SlotStatus::Answered(own, _) | SlotStatus::Kept(own) | SlotStatus::PassedOn(own) => *own == task,
        _ => false,
    };
    let step = case.step()?;
    let number = step.slots.iter().position(gave)?;
    let (slot, status) = (step.plan.slots.get(number)?, step.slots.get(number)?);
    let ctx = Ctx::of(state, at, case).ok();
    Some(reason((ctx, zone(state)), case, step, ((number, slot), (*status, false))))
}

/// The company's time zone.
fn zone(state: &State) -> Option<&Zone> {
    state.definitions().active()?.company().map(|company| &company.calendar.zone)
}

fn reason(
    (ctx, zone): (Option<Ctx<'_>>, Option<&Zone>),
    case: &Case,
    step: &Step,
    ((number, slot), (status, closed)): ((usize, &PlannedSlot), (SlotStatus, bool)),
) -> SlotReason {
    let mut because = vec![format!(
        "State {} of chain {} (release {}, pinned at submission) asks it to {}.",
        step.state,
        case.chain(),
        case.release(),
        asked_to(slot.duty)
    )];
    let item = step.about().iter().find(|about| usize::from(about.slot) == number);
    if let Some(item) = item.and_then(|about| about.item.as_ref()) {
        because.push(format!("It is asked about one item of a list: {item}."));
    }
    because.extend(slot.level.as_ref().map(|level| level_sentence(ctx.as_ref(), step, (number, level))));
    let below = PlanNode::Slot(number as u16);
    if slot.level.is_none()
        && step.plan.root.climb(number as u16).is_some_and(|levels| levels.contains(&below))
    {
        because.push("It reviews below the first level of the line.".to_owned());
    }
    because.extend(terms(case, step, slot));
    because.extend(added(step, number as u16));
    because.extend(weighed(step, number).into_iter().flat_map(weighing));
    because.extend(slot.capacities.iter().map(|c| capacity(&c.position, c.why)));
    if let SlotStatus::Open(task) = status
        && let Some(task) = case.tasks().get(&task)
    {
        let holder = |person: &Name| match &ctx {
            Some(ctx) => format!("{person} ({})", answers_as(ctx, case, slot, (person, &task.position))),
            None => person.to_string(),
        };
        let holders = task.holders.iter().map(holder).collect::<Vec<_>>().join(", ");
        because.push(format!(
            "Task version {}, by version {} of the organisation: {} is answered for by {holders}; due {}.",
            task.version,
            task.organisation,
            task.position,
            Zone::told(zone, task.milestones.overdue)
        ));
        if let Some(ctx) = &ctx
            && slot.duty == Duty::Review
        {
            because
                .extend(task.holders.iter().filter_map(|person| for_both(ctx, case, (step, number), person)));
        }
    }
    if let SlotStatus::Answered(task, _) | SlotStatus::Kept(task) | SlotStatus::PassedOn(task) = status
        && let Some(signed) = case.signatures().iter().find(|signed| signed.task == task)
    {
        let closed = slot.blind && closed;
        because.push(if closed { closed_as(zone, signed) } else { in_words(zone, signed) });
        because.extend(delegations(ctx.as_ref(), zone, (case, step), signed));
        because.extend(passed_on(case, step, signed).filter(|_| !closed));
    }
    if let SlotStatus::Kept(task) = status {
        let given = |status: &SlotStatus| matches!(status, SlotStatus::Answered(own, _) if *own == task);
        because.push(if step.slots.iter().any(given) {
            format!("R4: the signature of task {task} was given for this post as well.")
        } else {
            format!("R12: the signature of task {task} still stands; no commercial field changed.")
        });
    }
    SlotReason { position: slot.position.clone(), duty: slot.duty, status: status_word(status), because }
}

/// R4: a deputy for all levels above may sign for them in this task.
fn for_both(ctx: &Ctx<'_>, case: &Case, (step, number): (&Step, usize), person: &Name) -> Option<String> {
    let above: Vec<&str> = above(ctx, case, (step, number as u16), person).map(Name::as_str).collect();
    let posts = above.join(" and ");
    (!above.is_empty()).then(|| format!("R4: {person} may approve it at once, as the deputy of {posts} too."))
}

/// Which limit is held against which amount, and whether that decides.
fn level_sentence(ctx: Option<&Ctx<'_>>, step: &Step, (number, level): (usize, &PlannedLevel)) -> String {
    let measure =
        ctx.and_then(|ctx| ctx.active.authority(&level.authority)).map(|authority| authority.measure);
    let limit = level.limit.map_or_else(|| "unlimited".to_owned(), |limit| measured(measure, limit));
    let need = |number: usize| step.plan.need(number as u16).unwrap_or_default();
    let suffices =
        |(number, level): (usize, &PlannedLevel)| level.limit.is_none_or(|limit| limit >= need(number));
    let lower = |(number, other): (usize, &PlannedLevel)| {
        !other.decides && other.authority == level.authority && suffices((number, other))
    };
    let levels = step.plan.slots.iter().enumerate();
    let grown = levels.filter_map(|(number, slot)| Some((number, slot.level.as_ref()?))).any(lower);
    let mut below = step.plan.slots.iter().zip(&step.slots);
    let passed = below.any(|(slot, status)| {
        let lower = slot.level.as_ref().is_some_and(|other| other.place < level.place);
        lower && matches!(status, SlotStatus::PassedOn(_))
    });
    let comes_to = match (level.decides, suffices((number, level))) {
        (true, _) if passed => "decides, since an approval below counted as a review only",
        (true, _) if grown => {
            "decides: a lower limit would suffice, but one more signature is needed (a level that the chain demands, or \
             R3: too few different persons)"
        }
        (true, _) => "is the first that suffices and decides",
        (false, true) => {
            "would suffice, but one more signature is needed (a level that the chain demands, or R3: too few different \
             persons), so that it is asked for a review"
        }
        (false, false) => "is below the deciding level, so that it is asked for a review",
    };
    format!(
        "R1: level {} of authority {}: its limit is {limit}, the amount is {}; it {comes_to}.",
        level.place + 1,
        level.authority,
        measured(measure, need(number))
    )
}

/// An amount as its authority counts it.
fn measured(measure: Option<Measure>, amount: Decimal) -> String {
    match measure {
        Some(Measure::Money(currency)) => format!("{currency} {amount:.2}"),
        Some(Measure::Percent) => match amount.checked_mul(Decimal::ONE_HUNDRED) {
            Some(share) => format!("{}%", share.round_dp(6).normalize()),
            None => amount.to_string(),
        },
        Some(Measure::Units) => format!("{} units", amount.normalize()),
        None => amount.to_string(),
    }
}

/// Under which delegations a signature was given: for its own post, or for each level above that it covers.
fn delegations(
    ctx: Option<&Ctx<'_>>,
    zone: Option<&Zone>,
    (case, step): (&Case, &Step),
    signed: &Signature,
) -> Vec<String> {
    let deputy = |c: &&Capacity| c.why == CapacityWhy::Delegate && c.position != signed.position;
    let covered: Vec<&Capacity> = match (signed.duty, signed.verdict) {
        (Duty::Review, Verdict::Approve) => signed.capacities.iter().filter(deputy).collect(),
        _ => Vec::new(),
    };
    let (mut told, mut named) = (Vec::new(), Vec::new());
    for Capacity { position, .. } in covered {
        told.push(format!("R4: it was given for {position} as well, as its deputy."));
        let slot = step.plan.slots.iter().find(|slot| slot.position == *position);
        let ctx = ctx.map(|ctx| Ctx { at: signed.at, ..*ctx });
        named.extend(ctx.zip(slot).and_then(|(ctx, slot)| deputy_under(&ctx, case, slot, &signed.person)));
    }
    named.extend(signed.delegation.as_ref().filter(|name| !named.contains(name)));
    told.extend(named.into_iter().filter_map(|name| delegated(ctx?, zone, name)));
    told
}

/// What a delegation allows.
fn delegated(ctx: &Ctx<'_>, zone: Option<&Zone>, name: &Name) -> Option<String> {
    let delegation = ctx.organisation().ok()?.delegations.get(name)?;
    let authorities = delegation.authority.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    Some(format!(
        "R4: {name} is from {} to {}: {authorities} up to {}, from {} up to, not including, {}.",
        delegation.from,
        delegation.to,
        delegation.up_to,
        Zone::told(zone, delegation.start),
        Zone::told(zone, delegation.end)
    ))
}

/// Why an approval counted as a review only.
fn passed_on(case: &Case, step: &Step, signed: &Signature) -> Option<String> {
    if !signed.counts_as_review {
        return None;
    }
    let mut others =
        case.signatures().iter().filter(|other| other.task != signed.task && other.state == step.state);
    let twice = others.any(|other| other.person == signed.person && !other.void);
    Some(match twice {
        true => format!(
            "R3: {} has signed a level below as well, and the amount needs more persons than that: the next level decides.",
            signed.person
        ),
        false => {
            "R8: at that moment the limit that it had did not suffice: the next level decides.".to_owned()
        }
    })
}

/// Under which terms it answers: a seat in a group, a veto, blind to others, and who may not answer for it.
fn terms(case: &Case, step: &Step, slot: &PlannedSlot) -> Vec<String> {
    let mut terms = Vec::new();
    if let Some(group) = &slot.seat_of {
        terms.push(format!("It has a seat in {group}, whose members answer each for themselves."));
        if case.path().is_empty() {
            let submitter = &case.submitter().position;
            terms.push(format!(
                "R2: {submitter} has no superior, so that {group} decides, without the submitter."
            ));
        }
    }
    if slot.veto {
        terms.push("Its rejection is final.".to_owned());
    }
    if slot.blind {
        terms.push("R14: its answer stays closed to the others until all of them have answered.".to_owned());
    }
    // R6 bars for a signature in another state, all else for what somebody has to do with the document.
    let signed = |person: &str| {
        let given = |s: &Signature| s.person == *person && s.state != step.state && s.duty.signs();
        case.submitter().person != *person && case.signatures().iter().any(given)
    };
    let (signed, barred): (Vec<&str>, Vec<&str>) =
        slot.barred.iter().map(Name::as_str).partition(|person| signed(person));
    if !barred.is_empty() {
        let barred = barred.join(", ");
        terms
            .push(format!("R2: who submitted it, benefits from it or is excepted may not answer: {barred}."));
    }
    if !signed.is_empty() {
        let signed = signed.join(", ");
        terms.push(format!(
            "R6: independent signatures are never merged; who has signed elsewhere may not answer: {signed}."
        ));
    }
    terms
}

/// Why a slot is there that the plan did not have, and the opinions that whoever is asked has asked for.
fn added(step: &Step, slot: u16) -> Vec<String> {
    let mut because = Vec::new();
    if let Some(opinion) = step.opinion(slot) {
        because
            .push(format!("{} asks it for an opinion and decides itself: {}", opinion.by, opinion.question));
    }
    if let Some(added) = step.added(slot) {
        because.push(format!("{} added it; it adds scrutiny, never authority.", added.by));
    }
    because
}

/// The same of an answer that is still closed to others: not which it was.
fn closed_as(zone: Option<&Zone>, signed: &Signature) -> String {
    let closed =
        Signature { verdict: Verdict::Done, reason: None, counts_as_review: false, ..signed.clone() };
    in_words(zone, &closed)
}

/// By whom, what, in which capacity, and under which organisation a signature was given.
fn in_words(zone: Option<&Zone>, signed: &Signature) -> String {
    let Signature { person, position, delegation, at, organisation, revision, .. } = signed;
    let own = signed.capacities.iter().find(|capacity| capacity.position == *position).map(|c| c.why);
    let capacity = match (own, delegation) {
        (Some(CapacityWhy::Delegate), Some(name)) => format!("as deputy under {name}"),
        (Some(CapacityWhy::Delegate), None) => "as deputy".to_owned(),
        (Some(CapacityWhy::Acting), _) => "as acting holder".to_owned(),
        _ => "as holder".to_owned(),
    };
    let answer = match signed.verdict {
        Verdict::Approve if signed.counts_as_review => "approved, which counts as a review only,",
        Verdict::Approve => "approved",
        Verdict::Pass => "had nothing against it,",
        Verdict::Object => "objected",
        Verdict::Return => "returned it",
        Verdict::Reject => "rejected it",
        Verdict::Input => "was heard",
        Verdict::Submit => "completed the document",
        Verdict::Done | Verdict::Refuse | Verdict::Choose => "answered",
    };
    let reason =
        signed.reason.as_ref().map(|reason| format!(" The reason given: {reason}.")).unwrap_or_default();
    format!(
        "{person} {answer} for {position} {capacity} at {}, on revision {revision}, by version {organisation} of the \
         organisation.{reason}",
        Zone::told(zone, *at)
    )
}

/// What was weighed last for a slot.
fn weighed(step: &Step, number: usize) -> Option<&AmountWeighed> {
    let holds = |weighed: &&AmountWeighed| {
        (usize::from(weighed.slots.0)..usize::from(weighed.slots.1)).contains(&number)
    };
    step.weighed().iter().rev().find(holds)
}

/// At which rates an amount was converted, and what was added to it.
fn weighing(of: &AmountWeighed) -> Vec<String> {
    let mut because = Vec::new();
    let when = if of.task.is_some() { "At the decision " } else { "" };
    if !of.rates.is_empty() {
        let rate = |used: &RateUsed| format!("{} at {} since {}", used.currency, used.rate, used.on);
        let rates = of.rates.iter().map(rate).collect::<Vec<_>>().join(", ");
        because.push(format!("{when}{} comes to {} ({rates}).", of.amount, of.own));
    }
    if let Some(added) = of.added.as_ref().filter(|added| added.count > 0) {
        let cases = added.cases.iter().map(|case| format!("C-{case}")).collect::<Vec<_>>().join(", ");
        let others = if added.count == 1 {
            format!("of another case with the same {}, {cases},", added.key)
        } else {
            format!(
                "of {} other cases with the same {}, the newest of which are {cases},",
                added.count, added.key
            )
        };
        because.push(format!("R15: {} {others} is added to {}, which makes {}.", added.sum, of.own, of.need));
    }
    because
}

fn capacity(position: &Name, why: CapacityWhy) -> String {
    match why {
        CapacityWhy::Own => format!("It signs as {position}."),
        CapacityWhy::Vacant => format!("R7: {position} is vacant; the superior signs once for both."),
        CapacityWhy::Acting => format!(
            "R7: {position} is vacant and somebody acts for it; the limit above is what such a holder has of it."
        ),
        CapacityWhy::Delegate => format!("R4, R7: {position} has delegated its authority."),
        CapacityWhy::Merged => format!("R5: the same person holds {position} and signs once for both."),
        CapacityWhy::Abolished => format!("R9: {position} no longer exists; its superior signs."),
        CapacityWhy::Barred => format!("R2: who holds {position} may not sign here; the superior does."),
        CapacityWhy::Referred => format!("R22: {position} handed the case up."),
        CapacityWhy::Transferred => {
            format!("{position} handed the task to it; it decides by its own authority.")
        }
        CapacityWhy::Independent => format!(
            "R6: signatures here are independent; whoever answers for {position} has signed already, so that this level \
             signs in its place."
        ),
    }
}

/// What it is asked to do, in a sentence.
fn asked_to(duty: Duty) -> &'static str {
    match duty {
        Duty::Approve | Duty::Review => duty.word(),
        Duty::OnCall => "approve or leave it to the others",
        Duty::Input => "give input",
        Duty::Edit => "complete the document",
        Duty::Task => "do a piece of work",
    }
}

fn status_word(status: SlotStatus) -> &'static str {
    match status {
        SlotStatus::Waiting => "waiting",
        SlotStatus::Open(_) => "asked",
        SlotStatus::Answered(..) => "answered",
        SlotStatus::Kept(_) => "kept",
        SlotStatus::PassedOn(_) => "passed-on",
        SlotStatus::Lapsed => "lapsed",
        SlotStatus::Withdrawn => "withdrawn",
        SlotStatus::Removed => "removed",
    }
}
