//! Who answers for a position: its holders, or the rungs of the vacancy ladder (R7). Fails closed.

use rust_decimal::Decimal;

use super::Ctx;
use super::permission::in_company_currency;
pub(super) use super::who::{Named, driver, named, who};
use crate::definition::{Delegation, Duty, Position, VacancyRung};
use crate::event::{Capacity, CapacityWhy};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, PlannedSlot, Step};
use crate::time::Zone;

/// Who answers, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The position that answers.
    pub(super) position: Name,
    /// The persons who may.
    pub(super) holders: Vec<Name>,
    /// Who may answer beside them: to whom a held post has delegated what is asked.
    pub(super) deputies: Vec<Name>,
    /// What one signature covers, the position itself included.
    pub(super) capacities: Vec<Capacity>,
    /// What remains of the position's limit, and a cap from a delegation.
    pub(super) power: Power,
}

/// How much of a position's authority its stand-in has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Power {
    /// All of it.
    Full,
    /// This share of it.
    Share(Decimal),
    /// All of it, up to this.
    UpTo(Decimal),
}

/// Why a position itself does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// It no longer exists.
    Abolished,
    /// Nobody holds it.
    Vacant,
    /// All of its holders are barred.
    Barred,
}

impl Gap {
    pub(super) fn why(self) -> CapacityWhy {
        match self {
            Gap::Abolished => CapacityWhy::Abolished,
            Gap::Vacant => CapacityWhy::Vacant,
            Gap::Barred => CapacityWhy::Barred,
        }
    }
}

/// What somebody is to answer for a post: it bounds who may stand in.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The authority, at a level of a climb.
    pub(super) authority: Option<&'a Name>,
    /// The case.
    pub(super) case: Option<&'a Case>,
    /// What is asked; None: nothing yet.
    pub(super) duty: Option<Duty>,
}

impl<'a> Wanted<'a> {
    /// Only its holders and who acts for it.
    pub(super) const HOLDERS: Wanted<'static> = Wanted { authority: None, case: None, duty: None };

    /// A level of a climb; whether it decides is not known yet.
    pub(super) fn level(case: &'a Case, authority: &'a Name) -> Wanted<'a> {
        Wanted { authority: Some(authority), case: Some(case), duty: None }
    }

    /// Somebody who is asked by name.
    pub(super) fn named(case: &'a Case, duty: Duty) -> Wanted<'a> {
        Wanted { authority: None, case: Some(case), duty: Some(duty) }
    }

    /// What a slot wants. A seat in a group is nobody's but its holders'.
    pub(super) fn slot(case: &'a Case, slot: &'a PlannedSlot) -> Wanted<'a> {
        match &slot.seat_of {
            Some(_) => Wanted::HOLDERS,
            None => Wanted {
                authority: slot.level.as_ref().map(|level| &level.authority),
                case: Some(case),
                duty: Some(slot.duty),
            },
        }
    }
}

/// Who answers for a position itself, without asking its superiors.
pub(super) fn at_post(
    ctx: &Ctx<'_>,
    name: &Name,
    barred: &[Name],
    wanted: Wanted<'_>,
) -> Result<Resolved, Gap> {
    let Ok(organisation) = ctx.organisation() else { return Err(Gap::Abolished) };
    let Some(post) = organisation.positions.get(name) else { return Err(Gap::Abolished) };
    let found = |holders: Vec<Name>, why: CapacityWhy, power: Power| Resolved {
        position: name.clone(),
        holders,
        deputies: Vec::new(),
        capacities: vec![Capacity { position: name.clone(), why }],
        power,
    };
    if !post.holders.is_empty() {
        let holders = unbarred(&post.holders, barred);
        // Who may not sign may not have it signed by a deputy either.
        if holders.is_empty() {
            return Err(Gap::Barred);
        }
        let mut deputies = Vec::new();
        for (_, delegation) in delegations(ctx, name, wanted) {
            let given = organisation.positions.get(&delegation.to).map_or(&[][..], |post| &post.holders);
            let new = |person: &Name| !post.holders.contains(person) && !deputies.contains(person);
            let new: Vec<Name> = unbarred(given, barred).into_iter().filter(new).collect();
            deputies.extend(new);
        }
        return Ok(Resolved { deputies, ..found(holders, CapacityWhy::Own, Power::Full) });
    }
    let Ok(company) = ctx.company() else { return Err(Gap::Vacant) };
    for rung in &company.policies.vacancy {
        let stand_in = match rung {
            VacancyRung::Acting => {
                acting(ctx, post).map(|(h, share)| (h, CapacityWhy::Acting, Power::Share(share)))
            }
            VacancyRung::Delegate => {
                delegated(ctx, name, wanted).map(|(h, d)| (h, CapacityWhy::Delegate, Power::UpTo(d.up_to)))
            }
            VacancyRung::NextSuperior => None,
        };
        if let Some((holders, why, power)) = stand_in {
            let holders = unbarred(&holders, barred);
            if !holders.is_empty() {
                return Ok(found(holders, why, power));
            }
        }
    }
    Err(Gap::Vacant)
}

fn acting(ctx: &Ctx<'_>, post: &Position) -> Option<(Vec<Name>, Decimal)> {
    let share = post.acting.as_ref()?.share;
    let holders = ctx.organisation().ok()?.acting_holders(post, ctx.at).to_vec();
    (!holders.is_empty()).then_some((holders, share))
}

fn delegated<'a>(ctx: &Ctx<'a>, from: &Name, wanted: Wanted<'_>) -> Option<(Vec<Name>, &'a Delegation)> {
    let organisation = ctx.organisation().ok()?;
    let given = delegations(ctx, from, wanted).into_iter().filter_map(|(_, delegation)| {
        let holders = organisation.positions.get(&delegation.to)?.holders.clone();
        (!holders.is_empty()).then_some((holders, delegation))
    });
    // Several at once: the one that reaches furthest, whatever their names.
    given.max_by(|(_, a), (_, b)| a.up_to.cmp(&b.up_to))
}

/// The delegations of a post that hold now and cover what is wanted, by name.
fn delegations<'a>(ctx: &Ctx<'a>, from: &Name, wanted: Wanted<'_>) -> Vec<(&'a Name, &'a Delegation)> {
    let Ok(organisation) = ctx.organisation() else { return Vec::new() };
    let covers = |d: &Delegation| d.from == *from && d.holds(ctx.at) && covers(ctx, d, wanted);
    organisation.delegations.iter().filter(|(_, d)| covers(d)).collect()
}

/// Whether a delegation covers what is wanted: levels of its authorities; what is asked by name only in chains and for
/// duties that it names.
fn covers(ctx: &Ctx<'_>, delegation: &Delegation, wanted: Wanted<'_>) -> bool {
    let Delegation { authority, chains, duties, up_to, .. } = delegation;
    let named = wanted.case.is_some_and(|case| chains.contains(case.chain()));
    let duty = |duty: &Duty| duties.contains(duty);
    match wanted.authority {
        Some(level) => {
            let delegable = || ctx.active.authority(level).is_some_and(|authority| authority.delegable);
            authority.contains(level)
                && (chains.is_empty() || named)
                && (duties.is_empty() || wanted.duty.as_ref().is_none_or(duty))
                && delegable()
        }
        None => {
            let within = || {
                let amount = wanted.case.and_then(Case::amount);
                let amount = amount.map_or(Ok(None), |amount| in_company_currency(ctx, amount));
                amount.is_ok_and(|amount| amount.is_none_or(|amount| amount <= *up_to))
            };
            named
                && wanted.duty.as_ref().is_some_and(duty)
                && (!wanted.duty.is_some_and(Duty::decides) || within())
        }
    }
}

/// How a person answers for a post.
pub(super) struct Standing<'a> {
    /// Why the signature counts for it.
    pub(super) why: CapacityWhy,
    /// The delegation under which it is given.
    pub(super) delegation: Option<&'a Name>,
    /// How much of the limit there is.
    pub(super) power: Power,
}

/// How a person answers for a post now; None: not at all any more.
pub(super) fn standing<'a>(
    ctx: &Ctx<'a>,
    person: &Name,
    position: &Name,
    wanted: Wanted<'_>,
) -> Option<Standing<'a>> {
    let organisation = ctx.organisation().ok()?;
    let post = organisation.positions.get(position)?;
    if post.holders.contains(person) {
        return Some(Standing { why: CapacityWhy::Own, delegation: None, power: Power::Full });
    }
    let acts = post.holders.is_empty() && organisation.acting_holders(post, ctx.at).contains(person);
    if let Some(acting) = post.acting.as_ref().filter(|_| acts) {
        let power = Power::Share(acting.share);
        return Some(Standing { why: CapacityWhy::Acting, delegation: None, power });
    }
    let given = delegations(ctx, position, wanted).into_iter();
    let given = given.filter(|(_, d)| organisation.is_holder(person, &d.to));
    let (name, delegation) = given.max_by(|(_, a), (_, b)| a.up_to.cmp(&b.up_to))?;
    let power = Power::UpTo(delegation.up_to);
    Some(Standing { why: CapacityWhy::Delegate, delegation: Some(name), power })
}

/// The delegation under which a person answers for the post of a slot.
pub(crate) fn deputy_under<'a>(
    ctx: &Ctx<'a>,
    case: &Case,
    slot: &PlannedSlot,
    person: &Name,
) -> Option<&'a Name> {
    standing(ctx, person, &slot.position, Wanted::slot(case, slot))?.delegation
}

/// In a sentence how a person answers for the post that a slot asks now.
pub(crate) fn answers_as(
    ctx: &Ctx<'_>,
    case: &Case,
    slot: &PlannedSlot,
    (person, position): (&Name, &Name),
) -> String {
    let delegations = ctx.organisation().map(|organisation| &organisation.delegations);
    match standing(ctx, person, position, Wanted::slot(case, slot)) {
        None => "no longer".to_owned(),
        Some(Standing { power: Power::Full, .. }) => "holder".to_owned(),
        Some(Standing { power: Power::Share(share), .. }) => format!("acting, with {share} of its limit"),
        Some(Standing { power: Power::UpTo(up_to), delegation, .. }) => {
            let name = delegation.map_or("a delegation", |name| name.as_str());
            let until = delegation.and_then(|name| delegations.ok()?.get(name)).map(|d| d.end);
            let zone = ctx.active.company().map(|company| &company.calendar.zone);
            let until = until.map(|end| format!(", up to, not including, {}", Zone::told(zone, end)));
            let until = until.unwrap_or_default();
            format!("deputy under {name} for at most {up_to}{until}")
        }
    }
}

fn unbarred(holders: &[Name], barred: &[Name]) -> Vec<Name> {
    holders.iter().filter(|h| !barred.contains(h)).cloned().collect()
}

/// Who answers for a position, its solid superiors included: each passed post is a capacity of the signature.
pub(super) fn or_superior(
    ctx: &Ctx<'_>,
    name: &Name,
    barred: &[Name],
    wanted: Wanted<'_>,
) -> Result<Resolved, Rejection> {
    let first = match at_post(ctx, name, barred, wanted) {
        Ok(resolved) => return Ok(resolved),
        Err(gap) => gap,
    };
    let climbs = ctx.company()?.policies.vacancy.contains(&VacancyRung::NextSuperior);
    let mut passed = vec![Capacity { position: name.clone(), why: first.why() }];
    let superiors = if first == Gap::Vacant && !climbs { Vec::new() } else { superiors(ctx, name)? };
    for candidate in superiors {
        match at_post(ctx, &candidate, barred, wanted) {
            Ok(mut resolved) => {
                passed.append(&mut resolved.capacities);
                return Ok(Resolved { capacities: passed, ..resolved });
            }
            Err(Gap::Vacant) if !climbs => break,
            Err(gap) => passed.push(Capacity { position: candidate, why: gap.why() }),
        }
    }
    let message =
        format!("expected somebody who can answer for {name}; nobody holds it or may stand in for it");
    Err(Rejection::new(Code::NoApprover, message))
}

/// Who answers a slot now. A seat in a group stays with its post; any other question goes to the superior. The holders
/// come first, then who may sign for them.
pub(super) fn who_answers(
    ctx: &Ctx<'_>,
    case: &Case,
    step: &Step,
    slot: &PlannedSlot,
) -> Result<Resolved, Rejection> {
    let wanted = Wanted::slot(case, slot);
    let Some(group) = &slot.seat_of else {
        let mut resolved = or_superior(ctx, &slot.position, &slot.barred, wanted)?;
        resolved.deputies.retain(|person| !signs_elsewhere(ctx, step, slot, person));
        resolved.holders.extend(resolved.deputies.iter().cloned());
        return Ok(resolved);
    };
    at_post(ctx, &slot.position, &slot.barred, wanted).map_err(|_| {
        let message = format!(
            "expected a holder of {}, which has a seat in {group}; nobody holds it now",
            slot.position
        );
        Rejection::new(Code::NoApprover, message)
    })
}

/// A deputy never gives two signatures that must be two persons'. Of the levels of one climb the same person may sign
/// several; how many persons there must be is tested when the last of them is given (R3).
fn signs_elsewhere(ctx: &Ctx<'_>, step: &Step, slot: &PlannedSlot, person: &Name) -> bool {
    let Ok(organisation) = ctx.organisation() else { return true };
    let level =
        |slot: &PlannedSlot| slot.level.as_ref().filter(|_| !slot.blind).map(|level| level.authority.clone());
    let independent = |name: &Name| ctx.active.authority(name).is_none_or(|authority| authority.independent);
    step.plan.slots.iter().any(|other| {
        let same_climb = level(slot).is_some_and(|own| !independent(&own) && level(other) == Some(own));
        !step.plan.same(other, slot) && !same_climb && organisation.is_holder(person, &other.position)
    })
}

/// What a signature covers: as planned, and the posts that were passed to reach whoever answers.
pub(super) fn covered(slot: &PlannedSlot, resolved: &Resolved) -> Vec<Capacity> {
    let mut capacities = slot.capacities.clone();
    if resolved.position != slot.position {
        capacities.retain(|c| c.position != slot.position);
        capacities.extend(resolved.capacities.iter().cloned());
    }
    capacities
}

/// The solid superiors of a position now; of one that no longer exists, as the case's own rules had them.
pub(super) fn superiors(ctx: &Ctx<'_>, name: &Name) -> Result<Vec<Name>, Rejection> {
    let now = ctx.organisation()?;
    if now.positions.contains_key(name) {
        return Ok(now.superiors(name));
    }
    Ok(ctx.pinned.organisation().map(|o| o.superiors(name)).unwrap_or_default())
}
