//! Tests of a `check`: conditions, and values that no other open or well-ended case of the chain may have; such values
//! that a submission requires.

use super::Ctx;
use crate::command::CaseNo;
use crate::definition::{Check, Test};
use crate::eval::{Scope, evaluate, holds};
use crate::event::{Event, ValuesClaimed};
use crate::expr::Expr;
use crate::name::Name;
use crate::rejection::Rejection;
use crate::state::{Case, within};
use crate::value::Value;

/// The codes that failed; and where none did, the values that the case has from now on.
pub(super) fn checked(
    ctx: &Ctx<'_>,
    case: &Case,
    checks: &[Check],
    scope: &Scope<'_>,
) -> Result<(Vec<Name>, Option<Event>), Rejection> {
    let (mut codes, mut claims) = (Vec::new(), Vec::new());
    for check in checks {
        let passed = match &check.test {
            Test::Must(must) => holds(must, scope)?,
            Test::Unique { name, of, path } => {
                let wanted = wanted((case.chain(), name), &values(&evaluate(of, scope)?, path));
                let free = free(ctx, Some(case.number()), &wanted);
                let new = |claim: &Name| ctx.state.claimed(claim).is_none() && !claims.contains(claim);
                let new: Vec<Name> = wanted.into_iter().filter(new).collect();
                claims.extend(new);
                free
            }
        };
        if !passed && !codes.contains(&check.code) {
            codes.push(check.code.clone());
        }
    }
    let claimed = ValuesClaimed { case: case.number(), claims };
    let takes = codes.is_empty() && !claimed.claims.is_empty();
    Ok((codes, takes.then_some(Event::ValuesClaimed(claimed))))
}

/// The values that a submission requires to be nobody else's. None: they are not.
pub(super) fn required(
    ctx: &Ctx<'_>,
    (chain, own): (&Name, Option<CaseNo>),
    (name, of, path): (&Name, &Expr, &[Name]),
    scope: &Scope<'_>,
) -> Result<Option<Vec<Name>>, Rejection> {
    let wanted = wanted((chain, name), &values(&evaluate(of, scope)?, path));
    Ok(free(ctx, own, &wanted).then_some(wanted))
}

/// How values are claimed.
fn wanted((chain, name): (&Name, &Name), values: &[Value]) -> Vec<Name> {
    values.iter().map(|value| Name::from(format!("{chain}/{name}/{value}"))).collect()
}

/// Whether none of these stands twice, and none is another case's.
fn free(ctx: &Ctx<'_>, own: Option<CaseNo>, wanted: &[Name]) -> bool {
    let twice = (1..wanted.len()).any(|i| wanted[..i].contains(&wanted[i]));
    let others = |claim: &Name| ctx.state.claimed(claim).is_some_and(|by| Some(by) != own);
    !twice && !wanted.iter().any(others)
}

/// The values in something: those of a list one by one, each of them where the path leads. What is missing is none.
fn values(of: &Value, path: &[Name]) -> Vec<Value> {
    match of {
        Value::Missing => Vec::new(),
        Value::List(items) => items.iter().flat_map(|item| values(item, path)).collect(),
        Value::Record(fields) if !path.is_empty() => match within(fields, path) {
            Value::Missing => Vec::new(),
            value => vec![value],
        },
        value => vec![value.clone()],
    }
}
