//! What acts would do to open work, before they are done. Nothing is changed.

use rust_decimal::Decimal;

use super::super::Ctx;
use super::super::resolve::{Gap, Wanted, at_post, who_answers};
use super::super::route::{limit_of, power, suffices};
use super::carried_out;
use crate::command::{CaseNo, OrgAct, TaskNo};
use crate::definition::Duty;
use crate::event::{Change, Event};
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, PlannedSlot, SlotStatus, Stage, State, Step};
use crate::time::Timestamp;

/// What would become of a piece of open work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ImpactKind {
    /// The same post is asked, other persons answer for it.
    Reassigned,
    /// Another post is asked, or the route goes further up.
    Rerouted,
    /// Nobody could answer.
    Stranded,
}

impl ImpactKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            ImpactKind::Reassigned => "reassigned",
            ImpactKind::Rerouted => "rerouted",
            ImpactKind::Stranded => "stranded",
        }
    }
}

/// What would become of one piece of open work of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The case.
    pub case: CaseNo,
    /// Its chain.
    pub chain: Name,
    /// Its business key.
    pub key: Option<Name>,
    /// The open task; None: it is still to come, or the document is with its submitter.
    pub task: Option<TaskNo>,
    /// What is asked; None: the document is with its submitter.
    pub duty: Option<Duty>,
    /// What would become of it.
    pub kind: ImpactKind,
    /// The post, and the persons who answer for it now.
    pub from: (Name, Vec<Name>),
    /// The post, and the persons who would; none where it would be stranded.
    pub to: (Name, Vec<Name>),
    /// The amount is beyond what whoever would sign may decide: the approval would count as a review.
    pub beyond_limit: bool,
}

/// What acts would come to: their events, and what they mean to open work. In order of the cases.
pub fn impact(state: &State, at: Timestamp, acts: &[OrgAct]) -> Result<(Vec<Event>, Vec<Impact>), Rejection> {
    let change =
        Change { person: Name::default(), position: Name::default(), reason: Name::from("plan"), case: None };
    let now = Ctx::now(state, at)?;
    let (events, organisation) = carried_out(&now, acts, &change)?;
    let release = now.active.organised(organisation);
    let mut found = Vec::new();
    for case in state.cases() {
        let before = Ctx::of(state, at, case)?;
        of_case(case, &before, &Ctx { active: &release, ..before }, &mut found);
    }
    Ok((events, found))
}

fn of_case(case: &Case, before: &Ctx<'_>, after: &Ctx<'_>, found: &mut Vec<Impact>) {
    if let Some(step) = case.step() {
        for ((number, slot), status) in (0..).zip(&step.plan.slots).zip(&step.slots) {
            found.extend(of_slot(case, step, (number, slot, *status), (before, after)));
        }
    } else if matches!(case.stage(), Stage::Draft) {
        found.extend(of_draft(case, before, after));
    }
}

fn of_slot(
    case: &Case,
    step: &Step,
    (number, slot, status): (u16, &PlannedSlot, SlotStatus),
    (before, after): (&Ctx<'_>, &Ctx<'_>),
) -> Option<Impact> {
    let task = match status {
        SlotStatus::Open(task) => Some(task),
        SlotStatus::Waiting => None,
        _ => return None,
    };
    let told = |kind, from, to, beyond_limit| {
        let (chain, key, duty) = (case.chain().clone(), case.key().cloned(), Some(slot.duty));
        Some(Impact { case: case.number(), chain, key, task, duty, kind, from, to, beyond_limit })
    };
    let old = who_answers(before, case, step, slot).ok();
    let from = match (task.and_then(|task| case.tasks().get(&task)), &old) {
        (Some(task), _) => (task.position.clone(), task.holders.clone()),
        (None, Some(old)) => (old.position.clone(), old.holders.clone()),
        (None, None) => (slot.position.clone(), Vec::new()),
    };
    let Ok(new) = who_answers(after, case, step, slot) else {
        // What has nobody now already is not made worse.
        old?;
        return told(ImpactKind::Stranded, from, (slot.position.clone(), Vec::new()), false);
    };
    let to = (new.position.clone(), new.holders.clone());
    let beyond = |ctx: &Ctx<'_>, position: &Name, share: &super::super::resolve::Power| {
        let level = slot.level.as_ref().filter(|level| level.decides && slot.seat_of.is_none())?;
        let authority = ctx.active.authority(&level.authority)?;
        let limit = limit_of(ctx.organisation().ok()?, authority, position, ctx.at);
        let limit = limit.map_or(Some(Decimal::ZERO), |limit| limit.up_to);
        Some(!suffices(power(limit, share), step.plan.need(number)?))
    };
    let beyond_limit = beyond(after, &new.position, &new.power).unwrap_or(false);
    let was_beyond = old.and_then(|old| beyond(before, &old.position, &old.power)).unwrap_or(false);
    match () {
        () if from.0 != to.0 || (beyond_limit && !was_beyond) => {
            told(ImpactKind::Rerouted, from, to, beyond_limit)
        }
        () if from.1 != to.1 => told(ImpactKind::Reassigned, from, to, beyond_limit),
        () => None,
    }
}

/// A document with its submitter is handed in again by whoever holds the post.
fn of_draft(case: &Case, before: &Ctx<'_>, after: &Ctx<'_>) -> Option<Impact> {
    let post = &case.submitter().position;
    let holders = |ctx: &Ctx<'_>| match at_post(ctx, post, &[], Wanted::HOLDERS) {
        Ok(resolved) => Ok(resolved.holders),
        Err(gap) => Err(gap),
    };
    let (old, new): (Result<_, Gap>, Result<_, Gap>) = (holders(before), holders(after));
    if old == new || old.is_err() {
        return None;
    }
    let kind = if new.is_ok() { ImpactKind::Reassigned } else { ImpactKind::Stranded };
    Some(Impact {
        case: case.number(),
        chain: case.chain().clone(),
        key: case.key().cloned(),
        task: None,
        duty: None,
        kind,
        from: (post.clone(), old.unwrap_or_default()),
        to: (post.clone(), new.unwrap_or_default()),
        beyond_limit: false,
    })
}
