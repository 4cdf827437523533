//! Master data that chains change, and cases that change hands.

use super::outside::Place;
use super::{Ctx, internal, who};
use crate::definition::{RecordDef, Table, Who};
use crate::eval::{Scope, evaluate, row_key};
use crate::event::{CaseHandedOver, Event, RecordWritten};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, DoneWhat};
use crate::value::{Fields, Type, Value};

/// Writes a row: the columns that are named, and the others as they are; those of a new row as the table has them
/// where nothing is said.
pub(super) fn write(place: &Place<'_>, def: &RecordDef) -> Result<Vec<Event>, Rejection> {
    let scope = place.scope();
    let key = key(def, &scope)?;
    let ctx = &place.ctx;
    let live = ctx.active.table(&def.table).filter(|table| !table.written_by.is_empty());
    let table = live.or_else(|| ctx.pinned.table(&def.table));
    let table = table.ok_or_else(|| internal("a table that a chain writes is defined"))?;
    let before = ctx.state.row(ctx.pinned, &def.table, &key).cloned();
    let row = row(place, (table, def), before.as_ref(), &scope)?;
    let written = RecordWritten {
        case: place.case.number(),
        table: def.table.clone(),
        key,
        row: Some(row),
        before,
        undo: false,
    };
    Ok(vec![Event::RecordWritten(written), place.closed("done")])
}

fn key(def: &RecordDef, scope: &Scope<'_>) -> Result<Name, Rejection> {
    let parts = def.key.iter().map(|part| evaluate(part, scope)).collect::<Result<Vec<Value>, _>>()?;
    if parts.contains(&Value::Missing) {
        let message = format!("expected a key for the row of {} that is written, found none", def.table);
        return Err(Rejection::new(Code::Unevaluable, message));
    }
    Ok(row_key(&parts))
}

fn row(
    place: &Place<'_>,
    (table, def): (&Table, &RecordDef),
    before: Option<&Fields>,
    scope: &Scope<'_>,
) -> Result<Fields, Rejection> {
    let mut row = Fields::new();
    for column in &table.columns {
        let path = format!("{}.{}", table.name, column.name);
        let named = def.with.iter().find(|(name, _)| *name == column.name);
        let kept = || before.and_then(|row| row.get(&column.name)).or(table.defaults.get(&column.name));
        let value = match (named, &column.kind) {
            (Some((_, expr)), kind) => place.ctx.fitting().value(kind, &evaluate(expr, scope)?, &path)?,
            (None, kind) => match (kept(), kind) {
                (Some(value), _) => value.clone(),
                (None, Type::Optional(_)) => Value::Missing,
                (None, Type::List(_)) => Value::List(Vec::new()),
                (None, kind) => {
                    let message = format!("expected a value for {path} ({kind}) of a new row, found none");
                    return Err(Rejection::new(Code::Unevaluable, message));
                }
            },
        };
        row.insert(column.name.clone(), value);
    }
    Ok(row)
}

/// Takes back what a case wrote. What others have made of the row since is not swept away: then a person decides.
pub(super) fn undo(ctx: &Ctx<'_>, case: &Case, done: &DoneWhat) -> Result<Event, Rejection> {
    let DoneWhat::Record { table, key, before, after } = done else {
        return Err(internal("a row is taken back where one was written"));
    };
    let now = ctx.state.row(ctx.pinned, table, key);
    if now != after.as_ref() {
        let message = format!("expected row {key} of {table} as this case wrote it; it was changed since");
        return Err(Rejection::new(Code::Stuck, message));
    }
    let (case, table, key, row) = (case.number(), table.clone(), key.clone(), before.clone());
    Ok(Event::RecordWritten(RecordWritten { case, table, key, row, before: now.cloned(), undo: true }))
}

/// Gives the case to another post.
pub(super) fn hand_over(place: &Place<'_>, to: &Who) -> Result<Vec<Event>, Rejection> {
    let found = who::who(&place.ctx, place.case, &place.scope(), to)?;
    let [to] = &found[..] else {
        let message = format!("expected one position to hand the case over to, found {}", found.len());
        return Err(Rejection::new(Code::NoApprover, message));
    };
    if !place.ctx.organisation()?.positions.contains_key(to) {
        let message = format!("expected a position to hand the case over to, found {to}");
        return Err(Rejection::new(Code::NoApprover, message));
    }
    let from = place.case.owner().clone();
    if from == *to {
        return Ok(vec![place.closed("done")]);
    }
    let handed = CaseHandedOver { case: place.case.number(), from, to: to.clone() };
    Ok(vec![Event::CaseHandedOver(handed), place.closed("done")])
}
