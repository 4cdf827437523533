//! Expressions of who: the positions and groups that they name for a case.

use super::resolve::superiors;
use super::{Ctx, internal};
use crate::definition::Who;
use crate::eval::{Scope, evaluate, holds_or_absent};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Case;
use crate::value::Value;

/// A position or a group that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name.
    pub(super) name: Name,
    /// Of a group: how many must approve, where that is not the group's own number.
    pub(super) need: Option<u32>,
}

/// The positions and groups that an expression of who names.
pub(super) fn who(ctx: &Ctx<'_>, case: &Case, scope: &Scope<'_>, who: &Who) -> Result<Vec<Name>, Rejection> {
    Ok(named(ctx, case, scope, who)?.into_iter().map(|named| named.name).collect())
}

/// The same, with how many of a group must approve.
pub(super) fn named(
    ctx: &Ctx<'_>,
    case: &Case,
    scope: &Scope<'_>,
    who: &Who,
) -> Result<Vec<Named>, Rejection> {
    match who {
        Who::GroupNeed(name, need) => Ok(vec![Named { name: name.clone(), need: Some(*need) }]),
        Who::FirstOf(branches) => {
            for (when, who) in branches {
                if holds_or_absent(when.as_ref(), scope)? {
                    return named(ctx, case, scope, who);
                }
            }
            Err(nobody("one of the branches of a who to hold"))
        }
        Who::Each(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(named(ctx, case, scope, part)?);
            }
            Ok(all)
        }
        who => Ok(plain(ctx, case, scope, who)?.into_iter().map(|name| Named { name, need: None }).collect()),
    }
}

fn nobody(expected: &str) -> Rejection {
    Rejection::new(Code::NoApprover, format!("expected {expected}, found none"))
}

fn plain(ctx: &Ctx<'_>, case: &Case, scope: &Scope<'_>, who: &Who) -> Result<Vec<Name>, Rejection> {
    match who {
        Who::Position(name) | Who::Group(name) => Ok(vec![name.clone()]),
        Who::Submitter => Ok(vec![case.submitter().position.clone()]),
        Who::Owner => Ok(vec![case.owner().clone()]),
        Who::Driver => {
            let driver = driver(ctx, case).map(|name| vec![name]);
            driver.ok_or_else(|| nobody(&format!("chain {} to have a driver", case.chain())))
        }
        Who::KindAt(kind, unit) => {
            let unit = evaluate(unit, scope)?;
            let unit = unit.as_name().cloned().ok_or_else(|| internal("a unit is a name"))?;
            let found = ctx.organisation()?.of_kind(kind, &unit).map(|name| vec![name.clone()]);
            found.ok_or_else(|| nobody(&format!("a {kind} at {unit}")))
        }
        Who::Superior(of) => each(ctx, case, scope, of, |name| {
            let first = line(ctx, case, name)?.into_iter().next();
            first.ok_or_else(|| nobody(&format!("a superior of {name}")))
        }),
        Who::Above(of, kind) => each(ctx, case, scope, of, |name| {
            let above = line(ctx, case, name)?;
            let found = above.into_iter().find(|above| is_of_kind(ctx, above, kind));
            found.ok_or_else(|| nobody(&format!("a {kind} above {name}")))
        }),
        Who::Dotted(of) => {
            let mut all = Vec::new();
            for name in self::who(ctx, case, scope, of)? {
                all.extend(dotted(ctx, &name)?);
            }
            Ok(all)
        }
        Who::LowestCommonSuperior(a, b) => {
            let mut all = self::who(ctx, case, scope, a)?;
            all.extend(self::who(ctx, case, scope, b)?);
            Ok(vec![common(ctx, case, &all)?])
        }
        Who::Expr(expr) => match evaluate(expr, scope)? {
            Value::Position(name) | Value::Text(name) => Ok(vec![name]),
            Value::List(items) => Ok(items.iter().filter_map(|v| v.as_name().cloned()).collect()),
            _ => Err(nobody("the name of a position")),
        },
        Who::GroupNeed(..) | Who::FirstOf(_) | Who::Each(_) => {
            Err(internal("an expression of who is taken apart from outside in"))
        }
    }
}

fn each(
    ctx: &Ctx<'_>,
    case: &Case,
    scope: &Scope<'_>,
    of: &Who,
    found: impl Fn(&Name) -> Result<Name, Rejection>,
) -> Result<Vec<Name>, Rejection> {
    who(ctx, case, scope, of)?.iter().map(found).collect()
}

/// The solid superiors of a position, nearest first; those of the submitter as the policy wants them (R8).
fn line(ctx: &Ctx<'_>, case: &Case, name: &Name) -> Result<Vec<Name>, Rejection> {
    if *name == case.submitter().position {
        return Ok(ctx.path(case)?.into_owned());
    }
    superiors(ctx, name)
}

/// The dotted superiors of a position now; of one that no longer exists there are none.
pub(super) fn dotted(ctx: &Ctx<'_>, name: &Name) -> Result<Vec<Name>, Rejection> {
    Ok(ctx.organisation()?.positions.get(name).map(|post| post.dotted.clone()).unwrap_or_default())
}

fn is_of_kind(ctx: &Ctx<'_>, name: &Name, kind: &Name) -> bool {
    let of = |rules: &crate::state::Release| Some(rules.organisation()?.positions.get(name)?.kind == *kind);
    of(ctx.active).or_else(|| of(ctx.pinned)).unwrap_or(false)
}

/// The nearest position that all of these report to, or are.
fn common(ctx: &Ctx<'_>, case: &Case, of: &[Name]) -> Result<Name, Rejection> {
    let mut lines = Vec::new();
    for name in of {
        let mut own = vec![name.clone()];
        own.extend(line(ctx, case, name)?);
        lines.push(own);
    }
    let shared = |name: &&Name| lines.iter().all(|line| line.contains(name));
    let found = lines.first().into_iter().flatten().find(shared).cloned();
    let names = of.iter().map(Name::as_str).collect::<Vec<_>>().join(" and ");
    found.ok_or_else(|| nobody(&format!("a common superior of {names}")))
}

/// Who drives a case's chain.
pub(super) fn driver(ctx: &Ctx<'_>, case: &Case) -> Option<Name> {
    let own = ctx.chain(case.chain()).ok().and_then(|chain| chain.driver.clone());
    own.or_else(|| ctx.company().ok().and_then(|company| company.driver.clone()))
}
