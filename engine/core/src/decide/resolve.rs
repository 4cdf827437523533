//! Who answers for a position: its holders, or the rungs of the vacancy ladder (R7). Fails closed.

use rust_decimal::Decimal;

use super::Ctx;
pub(super) use super::who::{Named, driver, named, who};
use crate::definition::{Delegation, Position, VacancyRung};
use crate::event::{Capacity, CapacityWhy, Slot};
use crate::name::Name;
use crate::rejection::{Code, Rejection};

/// Who answers, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    /// The position that answers.
    pub(super) position: Name,
    /// The persons who may.
    pub(super) holders: Vec<Name>,
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

/// Who answers for a position itself, without asking its superiors.
pub(super) fn at_post(
    ctx: &Ctx<'_>,
    name: &Name,
    barred: &[Name],
    authority: Option<&Name>,
) -> Result<Resolved, Gap> {
    let Ok(organisation) = ctx.organisation() else { return Err(Gap::Abolished) };
    let Some(post) = organisation.positions.get(name) else { return Err(Gap::Abolished) };
    let found = |holders: Vec<Name>, why: CapacityWhy, power: Power| Resolved {
        position: name.clone(),
        holders,
        capacities: vec![Capacity { position: name.clone(), why }],
        power,
    };
    if !post.holders.is_empty() {
        let holders = unbarred(&post.holders, barred);
        return if holders.is_empty() {
            Err(Gap::Barred)
        } else {
            Ok(found(holders, CapacityWhy::Own, Power::Full))
        };
    }
    let Ok(company) = ctx.company() else { return Err(Gap::Vacant) };
    for rung in &company.policies.vacancy {
        let stand_in = match rung {
            VacancyRung::Acting => {
                acting(ctx, post).map(|(h, share)| (h, CapacityWhy::Acting, Power::Share(share)))
            }
            VacancyRung::Delegate => {
                delegated(ctx, name, authority).map(|(h, d)| (h, CapacityWhy::Delegate, Power::UpTo(d.up_to)))
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

fn delegated<'a>(
    ctx: &Ctx<'a>,
    from: &Name,
    authority: Option<&Name>,
) -> Option<(Vec<Name>, &'a Delegation)> {
    let organisation = ctx.organisation().ok()?;
    let authority = authority?;
    if !ctx.active.authority(authority)?.delegable {
        return None;
    }
    let holds = |d: &&Delegation| {
        d.from == *from && d.authority.contains(authority) && d.start <= ctx.at && ctx.at < d.end
    };
    let delegation = organisation.delegations.values().find(holds)?;
    let holders = organisation.positions.get(&delegation.to)?.holders.clone();
    (!holders.is_empty()).then_some((holders, delegation))
}

fn unbarred(holders: &[Name], barred: &[Name]) -> Vec<Name> {
    holders.iter().filter(|h| !barred.contains(h)).cloned().collect()
}

/// Who answers for a position, its solid superiors included: each passed post is a capacity of the signature.
pub(super) fn or_superior(
    ctx: &Ctx<'_>,
    name: &Name,
    barred: &[Name],
    authority: Option<&Name>,
) -> Result<Resolved, Rejection> {
    let first = match at_post(ctx, name, barred, authority) {
        Ok(resolved) => return Ok(resolved),
        Err(gap) => gap,
    };
    let climbs = ctx.company()?.policies.vacancy.contains(&VacancyRung::NextSuperior);
    let mut passed = vec![Capacity { position: name.clone(), why: first.why() }];
    let superiors = if first == Gap::Vacant && !climbs { Vec::new() } else { superiors(ctx, name)? };
    for candidate in superiors {
        match at_post(ctx, &candidate, barred, authority) {
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

/// Who answers a slot now. A seat in a group stays with its post; any other question goes to the superior.
pub(super) fn who_answers(
    ctx: &Ctx<'_>,
    slot: &Slot,
    authority: Option<&Name>,
) -> Result<Resolved, Rejection> {
    let Some(group) = &slot.seat_of else {
        return or_superior(ctx, &slot.position, &slot.barred, authority);
    };
    at_post(ctx, &slot.position, &slot.barred, None).map_err(|_| {
        let message = format!(
            "expected a holder of {}, which has a seat in {group}; nobody holds it now",
            slot.position
        );
        Rejection::new(Code::NoApprover, message)
    })
}

/// What a signature covers: as planned, and the posts that were passed to reach whoever answers.
pub(super) fn covered(slot: &Slot, resolved: &Resolved) -> Vec<Capacity> {
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
