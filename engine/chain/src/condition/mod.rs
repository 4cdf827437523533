//! The condition language: parsed, typed against what its place may read, lowered to core's expressions.

mod arithmetic;
mod calls;
mod check;
mod fit;
mod lexer;
mod members;
mod names;
mod parser;
mod scope;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::Type;

use crate::codes;
use crate::read;
pub(crate) use lexer::Fault;
pub(crate) use scope::{Defined, FUNCTIONS, Message, RESERVED, Scope, Site};
pub(crate) use text::Text;

use check::Checker;

/// A condition in its lowered form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lowered {
    pub(crate) expr: Expr,
    pub(crate) kind: Type,
    pub(crate) needs: Needs,
}

/// What a condition reads, and of which chain the case is that it may be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// `now` or `today`, by itself or through a define.
    pub(crate) clock: bool,
    /// Facts, by itself or through a define.
    pub(crate) facts: bool,
    /// Other cases, by itself or through a define.
    pub(crate) cases: bool,
    /// The chain whose case it is, where it is one that was called by its key.
    pub(crate) case_of: Option<Name>,
    /// Top-level fields of the document, without those of its defines.
    pub(crate) fields: BTreeSet<Name>,
}

/// Lowers an expression of any type. `None` after a report.
pub(crate) fn any(text: &Text, scope: &Scope<'_, '_>) -> Option<Lowered> {
    lower(text, scope, |checker, ast| {
        let typed = checker.check(ast)?;
        checker.needs.case_of = typed.chain().cloned();
        checker.settle(typed)
    })
}

/// Lowers an expression that must be a case, with its chain where that is known: `order-to-cash(doc.order_no)`, or
/// a field of the type `case`.
pub(crate) fn case(text: &Text, scope: &Scope<'_, '_>) -> Option<(Expr, Option<Name>)> {
    let lowered = lower(text, scope, |checker, ast| {
        let typed = checker.check(ast)?;
        checker.needs.case_of = typed.chain().cloned();
        let kind = members::optional(Type::Case);
        Some((checker.fit(typed, &kind)?, kind))
    })?;
    Some((lowered.expr, lowered.needs.case_of))
}

/// `line in doc.lines`: the item's name, the list, and the type of an item.
pub(crate) fn for_each(text: &Text, scope: &Scope<'_, '_>) -> Option<(Name, Expr, Type)> {
    let report = &scope.world.report;
    let written = text.text.as_str();
    let Some((name, list)) = written.split_once(" in ") else {
        let help = "name the item and the list, such as `line in doc.lines`";
        report.error(codes::BAD_EXPRESSION, text.whole(), "this names no item of a list", help);
        return None;
    };
    let item = text.part(0..name.trim_end().len());
    let fresh = read::new_name(name.trim(), item.whole(), report)?;
    if RESERVED.contains(&fresh.as_str()) || scope.defines.iter().any(|d| d.name == fresh) {
        let message = format!("`{fresh}` has a meaning of its own");
        report.error(codes::RESERVED_NAME, item.whole(), message, "choose another name");
        return None;
    }
    let list = text.part(written.len() - list.len()..written.len());
    let lowered = any(&list, scope)?;
    match lowered.kind {
        Type::List(of) => Some((fresh, lowered.expr, *of)),
        Type::Optional(of) if matches!(*of, Type::List(_)) => {
            let help = "add what holds then: `else []`";
            report.error(codes::NEEDS_ELSE, list.whole(), "this list may be missing", help);
            None
        }
        kind => {
            let help = "name a list, such as doc.lines";
            report.error(codes::TYPE_ERROR, list.whole(), format!("this is {kind}, no list"), help);
            None
        }
    }
}

/// Lowers an expression that must have a type.
pub(crate) fn of_type(text: &Text, kind: &Type, scope: &Scope<'_, '_>) -> Option<Lowered> {
    lower(text, scope, |checker, ast| {
        let typed = checker.check(ast)?;
        Some((checker.fit(typed, kind)?, kind.clone()))
    })
}

/// Lowers something that must be true or false.
pub(crate) fn flag(text: &Text, scope: &Scope<'_, '_>) -> Option<Expr> {
    of_type(text, &Type::Flag, scope).map(|lowered| lowered.expr)
}

fn lower(
    text: &Text,
    scope: &Scope<'_, '_>,
    inner: impl FnOnce(&mut Checker<'_, '_, '_>, &parser::Ast) -> Option<(Expr, Type)>,
) -> Option<Lowered> {
    let report = &scope.world.report;
    match parser::parse(&text.text) {
        Ok(ast) => {
            let mut checker = Checker::new(text, scope);
            let (expr, kind) = inner(&mut checker, &ast)?;
            scope.reads.borrow_mut().extend(checker.needs.fields.iter().cloned());
            Some(Lowered { expr, kind, needs: checker.needs })
        }
        Err(Fault { at, message, help }) => {
            let code =
                if text.text.len() > parser::LENGTH_MAX { codes::TOO_LARGE } else { codes::BAD_EXPRESSION };
            report.error(code, text.place(&at), message, help);
            None
        }
    }
}
