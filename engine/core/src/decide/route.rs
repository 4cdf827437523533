//! The climb (R1-R3, R5-R7): level by level up a line to the first sufficient limit.

use rust_decimal::Decimal;

use super::Ctx;
use super::resolve::{Gap, Power, Wanted, at_post, or_superior};
use crate::definition::{Authority, Duty, Limit, Line, LowerLevels, Measure, Organisation, VacancyRung};
use crate::event::{Capacity, CapacityWhy};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Case;
use crate::time::Timestamp;

/// One level that is to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LevelPlan {
    /// Its place in the line.
    pub(super) place: u16,
    /// The position, or the group.
    pub(super) position: Name,
    /// The persons; empty for a group.
    pub(super) holders: Vec<Name>,
    /// What one signature covers.
    pub(super) capacities: Vec<Capacity>,
    /// Its limit; None: unlimited.
    pub(super) limit: Option<Decimal>,
    /// Whether it decides.
    pub(super) decides: bool,
    /// Whether it is a group.
    pub(super) group: bool,
    /// Whether it is a level of the line; otherwise it reviews below it.
    pub(super) of_line: bool,
    /// Who approves beside it, as its limit says.
    pub(super) beside: Vec<Name>,
}

/// What is to be climbed.
pub(super) struct Ascent<'a> {
    /// The authority.
    pub(super) authority: &'a Authority,
    /// What is held against its limits.
    pub(super) need: Decimal,
    /// Levels that must at least be reached.
    pub(super) at_least: Vec<Name>,
    /// Positions that review below the first level; whoever stands in the line as well signs once (R5).
    pub(super) reviewed_by: Vec<Name>,
    /// Persons who may not sign.
    pub(super) barred: &'a [Name],
    /// The first place that may be asked; above 0 where a route grows.
    pub(super) from: usize,
    /// Persons who have signed below `from`, and how many levels there were.
    pub(super) below: (Vec<Name>, usize),
}

/// The levels to ask in order, the last of which decides. None: the amount is beyond every limit.
pub(super) fn climb(
    ctx: &Ctx<'_>,
    case: &Case,
    ascent: &Ascent<'_>,
) -> Result<Option<Vec<LevelPlan>>, Rejection> {
    let line = line(ctx, case, ascent.authority)?;
    let (candidates, gap) = candidates(ctx, case, ascent, &line)?;
    // A vacancy that nobody may fill matters only to a route that reaches it.
    let beyond = || gap.clone().map_or(Ok(None), Err);
    let mut last = match first_sufficient(ctx, ascent, &line, &candidates) {
        Some(last) => last,
        None => return beyond(),
    };
    let reviewers = reviewers(ctx, case, ascent, &line)?;
    loop {
        let route: Vec<LevelPlan> = reviewers.iter().chain(&candidates[..=last]).cloned().collect();
        // Where the deciding signature must be another person's (R6), or too few would sign (R3), the next level decides
        // whose limit suffices, too: a level above may have a smaller one.
        if let Some(levels) = merged(ctx, ascent, &route)?
            && meets_floor(ctx, ascent, &candidates[..=last], &levels)?
        {
            return Ok(Some(finished(ctx, levels)?));
        }
        match next_sufficient(ascent, &candidates, last) {
            Some(next) => last = next,
            None => return beyond(),
        }
    }
}

fn finished(ctx: &Ctx<'_>, mut levels: Vec<LevelPlan>) -> Result<Vec<LevelPlan>, Rejection> {
    let count = levels.len();
    if let Some(level) = levels.last_mut() {
        level.decides = true;
    }
    if ctx.company()?.policies.lower_levels == LowerLevels::NotAsked {
        let mut place = 0;
        levels.retain(|level| {
            place += 1;
            !level.of_line || place == count
        });
    }
    Ok(levels)
}

/// Who is asked, in order: the submitter's superiors, then the groups that hold a limit, lowest first.
pub(super) fn line(ctx: &Ctx<'_>, case: &Case, authority: &Authority) -> Result<Vec<Name>, Rejection> {
    let organisation = ctx.organisation()?;
    Ok(match &authority.line {
        Line::List(names) => names.clone(),
        Line::None => Vec::new(),
        Line::Solid if ctx.path(case)?.is_empty() => {
            // R2: whoever stands at the top is decided upon by the group that the policy names, or by nobody.
            let top = ctx.company()?.policies.own_top.as_ref();
            let top = top.ok_or_else(|| {
                let message = "expected a superior who decides; the submitter has none, and the policy \
                               names nobody for own documents at the top";
                Rejection::new(Code::NoApprover, message)
            })?;
            vec![top.decided_by.clone()]
        }
        Line::Solid => {
            let mut line = ctx.path(case)?.into_owned();
            let limits = authority.at(ctx.at).map(|set| &set.limits);
            let groups =
                limits.into_iter().flatten().filter(|(name, _)| organisation.groups.contains_key(*name));
            let mut groups: Vec<(&Name, &Limit)> = groups.collect();
            groups.sort_by_key(|(_, limit)| (limit.up_to.is_none(), limit.up_to));
            line.extend(groups.into_iter().map(|(name, _)| name.clone()));
            line
        }
    })
}

/// The levels that could sign, each with what it covers. Who is barred drops out; a vacant post is signed for above.
/// Where the policy lets nobody sign for a vacant post the levels end below it, with the refusal that it would be.
fn candidates(
    ctx: &Ctx<'_>,
    case: &Case,
    ascent: &Ascent<'_>,
    line: &[Name],
) -> Result<(Vec<LevelPlan>, Option<Rejection>), Rejection> {
    let organisation = ctx.organisation()?;
    let climbs = ctx.company()?.policies.vacancy.contains(&VacancyRung::NextSuperior);
    let own_top = ctx.path(case)?.is_empty() && ascent.authority.line == Line::Solid;
    let mut found = Vec::new();
    let mut passed: Vec<Capacity> = Vec::new();
    for (place, name) in line.iter().enumerate().skip(ascent.from) {
        let limit = limit_of(organisation, ascent.authority, name, ctx.at);
        let mut level = LevelPlan {
            place: place as u16,
            position: name.clone(),
            holders: Vec::new(),
            capacities: std::mem::take(&mut passed),
            limit: limit.map_or(Some(Decimal::ZERO), |l| l.up_to),
            decides: false,
            group: false,
            of_line: true,
            beside: limit.map(|l| l.beside.clone()).unwrap_or_default(),
        };
        if organisation.groups.contains_key(name) {
            level.group = true;
            level.capacities.push(Capacity { position: name.clone(), why: CapacityWhy::Own });
            if own_top {
                level.limit = None;
            }
            found.push(level);
            continue;
        }
        match at_post(ctx, name, ascent.barred, Wanted::level(case, &ascent.authority.name)) {
            Ok(mut resolved) => {
                level.limit = power(level.limit, &resolved.power);
                level.capacities.append(&mut resolved.capacities);
                level.holders = resolved.holders;
                found.push(level);
            }
            Err(Gap::Vacant) if !climbs => {
                let message =
                    format!("expected a holder of {name}; it is vacant, and the policy names no stand-in");
                return Ok((found, Some(Rejection::new(Code::NoApprover, message))));
            }
            // R2: a barred level drops out. Vacant and abolished ones are signed for by the next.
            Err(gap) => {
                passed = level.capacities;
                if gap != Gap::Barred {
                    passed.push(Capacity { position: name.clone(), why: gap.why() });
                }
            }
        }
    }
    Ok((found, None))
}

/// Who reviews below the line. One who is barred drops out (R2), and so does one whom the line asks in the same post.
fn reviewers(
    ctx: &Ctx<'_>,
    case: &Case,
    ascent: &Ascent<'_>,
    line: &[Name],
) -> Result<Vec<LevelPlan>, Rejection> {
    let mut found = Vec::new();
    let wanted = Wanted::named(case, Duty::Review);
    for name in ascent.reviewed_by.iter().filter(|name| !line.contains(name)) {
        if matches!(at_post(ctx, name, ascent.barred, wanted), Err(Gap::Barred)) {
            continue;
        }
        let resolved = or_superior(ctx, name, ascent.barred, wanted)?;
        found.push(LevelPlan {
            place: 0,
            position: resolved.position,
            holders: resolved.holders,
            capacities: resolved.capacities,
            limit: Some(Decimal::ZERO),
            decides: false,
            group: false,
            of_line: false,
            beside: Vec::new(),
        });
    }
    Ok(found)
}

/// A position's limit under an authority: by its own name, else by its kind. None: 0.
pub fn limit_of<'a>(
    organisation: &Organisation,
    authority: &'a Authority,
    name: &str,
    at: Timestamp,
) -> Option<&'a Limit> {
    let limits = &authority.at(at)?.limits;
    let by_kind = || limits.get(&organisation.positions.get(name)?.kind);
    limits.get(name).or_else(by_kind)
}

/// What a stand-in has of a limit. A share of `unlimited` is unlimited only where the share is all of it.
pub(super) fn power(limit: Option<Decimal>, power: &Power) -> Option<Decimal> {
    match (power, limit) {
        (Power::Full, limit) => limit,
        (Power::Share(share), Some(limit)) => Some(limit.checked_mul(*share).unwrap_or_default()),
        (Power::Share(share), None) if *share >= Decimal::ONE => None,
        (Power::Share(_), None) => Some(Decimal::ZERO),
        (Power::UpTo(cap), Some(limit)) => Some(limit.min(*cap)),
        (Power::UpTo(cap), None) => Some(*cap),
    }
}

/// Whether a limit suffices. Limits are inclusive.
pub(super) fn suffices(limit: Option<Decimal>, need: Decimal) -> bool {
    limit.is_none_or(|limit| limit >= need)
}

fn first_sufficient(
    ctx: &Ctx<'_>,
    ascent: &Ascent<'_>,
    line: &[Name],
    candidates: &[LevelPlan],
) -> Option<usize> {
    let reaches = |candidate: &LevelPlan| {
        suffices(candidate.limit, ascent.need)
            && ascent.at_least.iter().all(|wanted| reaches(ctx, ascent.authority, line, candidate, wanted))
    };
    candidates.iter().position(reaches)
}

/// Whether a candidate stands at a wanted level or above it: in the line, or, where the line passes the level by,
/// by a limit that is no smaller.
fn reaches(
    ctx: &Ctx<'_>,
    authority: &Authority,
    line: &[Name],
    candidate: &LevelPlan,
    wanted: &Name,
) -> bool {
    let Ok(organisation) = ctx.organisation() else { return false };
    let is_wanted =
        |name: &Name| name == wanted || organisation.positions.get(name).is_some_and(|p| p.kind == *wanted);
    if let Some(place) = line.iter().position(is_wanted) {
        return usize::from(candidate.place) >= place;
    }
    let wanted_limit = authority.at(ctx.at).and_then(|set| set.limits.get(wanted)).map(|l| l.up_to);
    match wanted_limit {
        Some(Some(limit)) => suffices(candidate.limit, limit),
        Some(None) => candidate.limit.is_none(),
        None => candidate.group,
    }
}

fn next_sufficient(ascent: &Ascent<'_>, candidates: &[LevelPlan], after: usize) -> Option<usize> {
    (after + 1..candidates.len()).find(|i| suffices(candidates[*i].limit, ascent.need))
}

/// R5: one person signs once, at the highest of the posts, for all of them. R6: under an independent authority
/// nobody signs twice; None where that leaves the deciding level without a signature of its own.
fn merged(
    ctx: &Ctx<'_>,
    ascent: &Ascent<'_>,
    levels: &[LevelPlan],
) -> Result<Option<Vec<LevelPlan>>, Rejection> {
    let policies = &ctx.company()?.policies;
    let independent = ascent.authority.independent && policies.independent_never_merged;
    let mut kept: Vec<LevelPlan> = Vec::new();
    let mut carried: Vec<Capacity> = Vec::new();
    for (i, level) in levels.iter().enumerate() {
        let mut level = level.clone();
        let again = !level.group && kept.iter().any(|k| !k.group && same_person(k, &level));
        let signed_below = !level.group && level.holders.iter().all(|h| ascent.below.0.contains(h));
        if independent && (again || signed_below) {
            if i + 1 == levels.len() {
                return Ok(None);
            }
            carried.push(Capacity { position: level.position, why: CapacityWhy::Independent });
            continue;
        }
        if !carried.is_empty() {
            carried.append(&mut level.capacities);
            level.capacities = std::mem::take(&mut carried);
        }
        if again && policies.same_person.signs_once {
            absorb(&mut kept, &mut level);
        }
        kept.push(level);
    }
    Ok(Some(kept))
}

/// Takes the lower posts of the level's person out of the route and adds what they covered to the level.
fn absorb(kept: &mut Vec<LevelPlan>, level: &mut LevelPlan) {
    let mut capacities = Vec::new();
    kept.retain_mut(|lower| {
        if lower.group || !same_person(lower, level) {
            return true;
        }
        for capacity in lower.capacities.drain(..) {
            let own = capacity.why == CapacityWhy::Own;
            let why = if own { CapacityWhy::Merged } else { capacity.why };
            capacities.push(Capacity { why, ..capacity });
        }
        false
    });
    capacities.append(&mut level.capacities);
    level.capacities = capacities;
}

fn same_person(a: &LevelPlan, b: &LevelPlan) -> bool {
    !a.holders.is_empty() && a.holders == b.holders
}

/// R3: merging may not bring the distinct signers of a route of several levels below the floor.
fn meets_floor(
    ctx: &Ctx<'_>,
    ascent: &Ascent<'_>,
    unmerged: &[LevelPlan],
    merged: &[LevelPlan],
) -> Result<bool, Rejection> {
    let floor = ctx.company()?.policies.same_person;
    let counts = matches!(ascent.authority.measure, Measure::Money(_)) && ascent.need > floor.above;
    let (below, levels_below) = &ascent.below;
    let of_line = merged.iter().filter(|level| level.of_line);
    let new = of_line.filter(|l| l.group || !l.holders.iter().any(|h| below.contains(h))).count();
    let signers = below.len() + new;
    let wanted = (floor.never_below as usize).min(unmerged.len() + levels_below);
    let any_group = merged.iter().any(|l| l.group);
    Ok(!counts || any_group || signers >= wanted)
}
