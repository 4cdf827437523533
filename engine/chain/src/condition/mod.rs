//! The condition language: parsed, typed against what its place may read, lowered to core's expressions.

mod accounts;
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
pub(crate) use accounts::{Called, Source, bounded, source, split};
pub(crate) use lexer::Fault;
pub(crate) use scope::{Defined, FUNCTIONS, Message, Own, RESERVED, Scope, Site};
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
    /// Accounts, or what cases hold, by itself or through a define.
    pub(crate) accounts: bool,
    /// The account that it is, where it is one.
    pub(crate) account: Option<Called>,
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
        if let fit::Is::Account(called) = &typed.is {
            checker.needs.account = Some(called.clone());
            // Whoever reads the name reads a part of the account; alone it stands for nothing.
            return Some((typed.expr, Type::Optional(Box::new(Type::Number))));
        }
        checker.settle(typed)
    })
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
