//! Who answers for a position: its holders, or the rungs of the vacancy ladder (R7). Fails closed.

use rust_decimal::Decimal;

use super::{Ctx, internal};
use crate::definition::{Delegation, Position, VacancyRung, Who};
use crate::eval::{Scope, evaluate, holds_or_absent};
use crate::event::{Capacity, CapacityWhy, Slot};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Case;
use crate::value::Value;

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

/// The positions and groups that an expression of who names.
pub(super) fn who(ctx: &Ctx<'_>, case: &Case, scope: &Scope<'_>, who: &Who) -> Result<Vec<Name>, Rejection> {
    let one = |value: Value| match value {
        Value::Position(name) | Value::Text(name) => Ok(vec![name]),
        Value::List(items) => Ok(items.iter().filter_map(|v| v.as_name().cloned()).collect()),
        _ => Err(Rejection::new(Code::NoApprover, "expected the name of a position, found nothing")),
    };
    match who {
        Who::Position(name) | Who::Group(name) => Ok(vec![name.clone()]),
        Who::Submitter => Ok(vec![case.submitter().position.clone()]),
        Who::Driver => driver(ctx, case).map(|name| vec![name]).ok_or_else(|| {
            Rejection::new(
                Code::NoApprover,
                format!("expected chain {} to have a driver, found none", case.chain()),
            )
        }),
        Who::KindAt(kind, unit) => {
            let unit = evaluate(unit, scope)?;
            let unit = unit.as_name().cloned().ok_or_else(|| internal("a unit is a name"))?;
            ctx.organisation()?.of_kind(kind, &unit).map(|name| vec![name.clone()]).ok_or_else(|| {
                Rejection::new(Code::NoApprover, format!("expected a {kind} at {unit}, found none"))
            })
        }
        Who::Superior(of) => {
            let mut above = Vec::new();
            for name in self::who(ctx, case, scope, of)? {
                let own_path = (name == case.submitter().position).then(|| case.path().first().cloned());
                let superior = own_path.unwrap_or_else(|| superiors(ctx, &name).ok()?.first().cloned());
                above.push(superior.ok_or_else(|| {
                    Rejection::new(Code::NoApprover, format!("expected a superior of {name}, found none"))
                })?);
            }
            Ok(above)
        }
        Who::Expr(expr) => one(evaluate(expr, scope)?),
        Who::Owner => Ok(vec![case.owner().clone()]),
        Who::Above(..) | Who::LowestCommonSuperior(..) | Who::GroupNeed(..) => {
            Err(Rejection::new(Code::NotYet, "expected a who-expression that this version carries"))
        }
        Who::FirstOf(branches) => {
            for (when, who) in branches {
                if holds_or_absent(when.as_ref(), scope)? {
                    return self::who(ctx, case, scope, who);
                }
            }
            Err(Rejection::new(Code::NoApprover, "expected one of the branches of a who to hold"))
        }
        Who::Each(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(self::who(ctx, case, scope, part)?);
            }
            Ok(all)
        }
    }
}

/// Who drives a case's chain.
pub(super) fn driver(ctx: &Ctx<'_>, case: &Case) -> Option<Name> {
    let own = ctx.chain(case.chain()).ok().and_then(|chain| chain.driver.clone());
    own.or_else(|| ctx.company().ok().and_then(|company| company.driver.clone()))
}
