//! Types of a parsed condition, and its lowering.

use std::ops::Range;

use countersign_core::expr::{Comparison, Expr};
use countersign_core::secret::is_secret;
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::fit::{Is, Typed};
use super::parser::{Ast, Tree};
use super::scope::Scope;
use super::{Needs, Text};
use crate::codes;
use crate::diagnostic::Place;

/// Checks one condition.
pub(crate) struct Checker<'c, 's, 'f> {
    text: &'c Text,
    pub(crate) scope: &'c Scope<'s, 'f>,
    /// The type of `it` within a fold.
    pub(crate) it: Option<Type>,
    pub(crate) needs: Needs,
}

impl<'c, 's, 'f> Checker<'c, 's, 'f> {
    pub(crate) fn new(text: &'c Text, scope: &'c Scope<'s, 'f>) -> Self {
        Checker { text, scope, it: None, needs: Needs::default() }
    }

    pub(crate) fn place(&self, at: &Range<usize>) -> Place {
        self.text.place(at)
    }

    /// Reports and gives up this part.
    pub(crate) fn fail<T>(
        &mut self,
        code: &'static str,
        at: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.scope.world.report.error(code, self.place(&at), message, help);
        None
    }

    /// A part, whatever it is but a secret: rules never read one.
    pub(crate) fn check(&mut self, ast: &Ast) -> Option<Typed> {
        let typed = self.anything(ast)?;
        match &typed.is {
            Is::Of(kind) if is_secret(kind) => {
                let message = "this is secret: it is sealed, and no rule reads it";
                let help =
                    "take it away, or say what is needed of it in a field of its own that is no secret";
                self.fail(codes::SECRET_READ, typed.at, message, help)
            }
            _ => Some(typed),
        }
    }

    fn anything(&mut self, ast: &Ast) -> Option<Typed> {
        let at = ast.at.clone();
        match &ast.kind {
            Tree::Number(n) => Some(Typed { expr: Expr::Const(Value::Number(*n)), is: Is::Number(*n), at }),
            Tree::Percent(n) => {
                let share = n.checked_div(Decimal::ONE_HUNDRED)?.normalize();
                Some(Typed { expr: Expr::Const(Value::Percent(share)), is: Is::Percent(share), at })
            }
            Tree::Span(s) => Some(Typed::of(Expr::Const(Value::Span(*s)), Type::Span, at)),
            Tree::Flag(f) => Some(Typed::of(Expr::Const(Value::Flag(*f)), Type::Flag, at)),
            Tree::Quoted(text) => {
                let is = Is::Word { text: text.clone(), quoted: true };
                Some(Typed { expr: Expr::Const(Value::text(text)), is, at })
            }
            Tree::Word(word) => self.word(word, at),
            Tree::Dot(left, name, name_at) => self.dot(left, name, name_at.clone(), at),
            Tree::Call(name, name_at, items) => self.call(name, name_at.clone(), items, at),
            Tree::List(items) => {
                let items: Vec<Option<Typed>> = items.iter().map(|i| self.check(i)).collect();
                let items = items.into_iter().collect::<Option<Vec<_>>>()?;
                let expr = Expr::List(items.iter().map(|i| i.expr.clone()).collect());
                Some(Typed { expr, is: Is::List(items), at })
            }
            Tree::Not(inner) => {
                let inner = self.flag(inner)?;
                Some(Typed::of(Expr::Not(Box::new(inner)), Type::Flag, at))
            }
            Tree::And(parts) => Some(Typed::of(Expr::And(self.flags(parts)?), Type::Flag, at)),
            Tree::Or(parts) => Some(Typed::of(Expr::Or(self.flags(parts)?), Type::Flag, at)),
            Tree::Compare(how, a, b) => self.compare(*how, a, b, at),
            Tree::Contains(list, item) => self.contains(list, item, at),
            Tree::Else(a, b) => self.otherwise(a, b, at),
            Tree::Minus(inner) => self.minus(inner, at),
            Tree::Arith(how, a, b) => self.arithmetic(*how, (a, b), at),
        }
    }

    /// A part that must be true or false.
    pub(crate) fn flag(&mut self, ast: &Ast) -> Option<Expr> {
        let typed = self.check(ast)?;
        self.fit(typed, &Type::Flag)
    }

    fn flags(&mut self, parts: &[Ast]) -> Option<Vec<Expr>> {
        // Every part is looked at, so that one run shows every mistake.
        let parts: Vec<Option<Expr>> = parts.iter().map(|p| self.flag(p)).collect();
        parts.into_iter().collect()
    }

    fn compare(&mut self, how: Comparison, a: &Ast, b: &Ast, at: Range<usize>) -> Option<Typed> {
        let (a, b) = (self.check(a), self.check(b));
        let (a, b, kind) = self.pair(a?, b?)?;
        let equality = matches!(how, Comparison::Equal | Comparison::Unequal);
        let ordered = matches!(
            kind,
            Type::Number
                | Type::Percent
                | Type::Money
                | Type::AnyMoney
                | Type::Units
                | Type::Date
                | Type::Time
                | Type::Span
        );
        if matches!(kind, Type::List(_) | Type::Record(_)) {
            let help = "compare single values, or use every, some, has and in";
            return self.fail(codes::TYPE_ERROR, at, format!("{kind} cannot be compared"), help);
        }
        if !equality && !ordered {
            let help = "use == or !=, or compare numbers, money, units, shares, dates and times";
            return self.fail(codes::TYPE_ERROR, at, format!("{kind} has no order"), help);
        }
        Some(Typed::of(Expr::Compare(how, Box::new(a), Box::new(b)), Type::Flag, at))
    }

    fn contains(&mut self, list: &Ast, item: &Ast, at: Range<usize>) -> Option<Typed> {
        let (list, item) = (self.check(list), self.check(item));
        let (list, item) = (list?, item?);
        let (list, item) = match (&list.is, &item.is) {
            (_, Is::Of(Type::Optional(_))) => return self.needs_else(item.at),
            (Is::Of(Type::Optional(_)), _) => return self.needs_else(list.at),
            (Is::Of(Type::List(of)), _) => {
                let of = (**of).clone();
                let other = Typed::of(list.expr, of, list.at);
                let (list, item, _) = self.unify(other, item)?;
                (list, item)
            }
            (Is::List(_), Is::Of(kind)) => {
                let kind = Type::List(Box::new(kind.clone()));
                (self.fit(list, &kind)?, item.expr)
            }
            (Is::List(_), _) => {
                let (list, kind) = self.settle(list)?;
                let Type::List(of) = kind else { return None };
                (list, self.fit(item, &of)?)
            }
            _ => {
                let message = format!("this is {}, no list", list.shown());
                let help = "write `list has item`, or `item in [a, b]`";
                return self.fail(codes::TYPE_ERROR, list.at, message, help);
            }
        };
        Some(Typed::of(Expr::Contains(Box::new(list), Box::new(item)), Type::Flag, at))
    }

    fn otherwise(&mut self, a: &Ast, b: &Ast, at: Range<usize>) -> Option<Typed> {
        let (a, b) = (self.check(a), self.check(b));
        let (a, b) = (a?, b?);
        let Is::Of(Type::Optional(of)) = &a.is else {
            if a.is_case() && a.chain().is_some() {
                let help = "read a part of it, such as .state, and put `else` after that";
                return self.fail(codes::TYPE_ERROR, a.at, "a case has no stand-in", help);
            }
            let help = "take `else` and what follows it away";
            return self.fail(codes::TYPE_ERROR, at, "the value before `else` is always there", help);
        };
        let inner = Typed::of(a.expr, (**of).clone(), a.at);
        let (a, b, kind) = self.unify(inner, b)?;
        Some(Typed::of(Expr::Else(Box::new(a), Box::new(b)), kind, at))
    }
}
