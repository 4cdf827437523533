//! Arithmetic: what goes with what, and what comes out.

use std::ops::Range;

use countersign_core::expr::{Arithmetic, Expr};
use countersign_core::time::SpanUnit;
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::check::Checker;
use super::fit::{Is, Typed};
use super::parser::Ast;
use crate::codes;

const ALL_UNITS: [SpanUnit; 6] =
    [SpanUnit::Minute, SpanUnit::Hour, SpanUnit::Day, SpanUnit::Month, SpanUnit::WorkHour, SpanUnit::WorkDay];

impl Checker<'_, '_, '_> {
    /// `- x`: a literal with its sign, otherwise 0 - x.
    pub(crate) fn minus(&mut self, inner: &Ast, at: Range<usize>) -> Option<Typed> {
        let inner = self.check(inner)?;
        match &inner.is {
            Is::Number(n) => Some(Typed { expr: Expr::Const(Value::Number(-n)), is: Is::Number(-n), at }),
            Is::Percent(n) => Some(Typed { expr: Expr::Const(Value::Percent(-n)), is: Is::Percent(-n), at }),
            _ => {
                let (kind, _) = stripped(&inner);
                let zero = kind.as_ref().and_then(|k| self.zero(k));
                match (zero, inner.is) {
                    (Some(zero), Is::Of(kind)) => {
                        let zero = Box::new(Expr::Const(zero));
                        let expr = Expr::Arith(Arithmetic::Subtract, zero, Box::new(inner.expr));
                        Some(Typed::of(expr, kind, at))
                    }
                    _ => {
                        let help = "only numbers, money, units and shares have a minus";
                        self.fail(codes::TYPE_ERROR, at, "this has no minus", help)
                    }
                }
            }
        }
    }

    /// Nothing of a type that can be summed.
    pub(crate) fn zero(&self, kind: &Type) -> Option<Value> {
        match kind {
            Type::Number => Some(Value::Number(Decimal::ZERO)),
            Type::Percent => Some(Value::Percent(Decimal::ZERO)),
            Type::Units => Some(Value::Units(Decimal::ZERO)),
            Type::Money => Some(Value::money(Decimal::ZERO, self.scope.world.currency()?)),
            _ => None,
        }
    }

    pub(crate) fn arithmetic(
        &mut self,
        how: Arithmetic,
        (a, b): (&Ast, &Ast),
        at: Range<usize>,
    ) -> Option<Typed> {
        let (a, b) = (self.check(a), self.check(b));
        let (a, b) = (self.no_word(a?)?, self.no_word(b?)?);
        if let Some(folded) = constant(how, &a, &b, &at) {
            return Some(folded);
        }
        match how {
            Arithmetic::Add | Arithmetic::Subtract => self.add(how, a, b, at),
            Arithmetic::Multiply | Arithmetic::Divide => self.multiply(how, a, b, at),
        }
    }

    fn no_word(&mut self, typed: Typed) -> Option<Typed> {
        match &typed.is {
            Is::Word { text, quoted: false } => {
                let text = text.clone();
                self.unknown_word(&text, typed.at)
            }
            Is::Word { .. } | Is::List(_) | Is::Case(_) | Is::Account(_) => {
                let message = format!("{} cannot be computed with", typed.shown());
                self.fail(
                    codes::TYPE_ERROR,
                    typed.at,
                    message,
                    "compute with numbers, money, units, shares, dates",
                )
            }
            _ => Some(typed),
        }
    }

    fn add(&mut self, how: Arithmetic, a: Typed, b: Typed, at: Range<usize>) -> Option<Typed> {
        let ((x, maybe_a), (y, maybe_b)) = (stripped(&a), stripped(&b));
        let optional = maybe_a || maybe_b;
        let moved = match (&x, &y, how) {
            (Some(Type::Date | Type::Time), Some(Type::Span), _) => {
                self.span_fits(how, &x, &b)?;
                x.clone()
            }
            (Some(Type::Date), Some(Type::Date), Arithmetic::Subtract) => Some(Type::Number),
            _ => None,
        };
        if let Some(kind) = moved {
            return Some(computed(how, a.expr, b.expr, (kind, optional), at));
        }
        let summable = |k: &Type| matches!(k, Type::Number | Type::Percent | Type::Money | Type::Units);
        match (x, y) {
            (Some(x), Some(y)) if x == y && summable(&x) => {
                Some(computed(how, a.expr, b.expr, (x, optional), at))
            }
            (Some(kind), None) if summable(&kind) => {
                let b = self.fit(b, &kind)?;
                Some(computed(how, a.expr, b, (kind, optional), at))
            }
            (None, Some(kind)) if summable(&kind) => {
                let a = self.fit(a, &kind)?;
                Some(computed(how, a, b.expr, (kind, optional), at))
            }
            (x, y) => self.mismatch(how, (x, &a), (y, &b), at),
        }
    }

    /// A date moves by days, months and working days; hours need a time. Backwards only by what has one length.
    fn span_fits(&mut self, how: Arithmetic, moved: &Option<Type>, span: &Typed) -> Option<()> {
        let date = *moved == Some(Type::Date);
        // Days that are counted move like those that are written.
        if matches!(span.expr, Expr::Days(_)) {
            return Some(());
        }
        let Expr::Const(Value::Span(literal)) = &span.expr else {
            if how == Arithmetic::Add && !date {
                return Some(());
            }
            let help = "write the length of time out, such as 7d; or move a time instead";
            return self.fail(
                codes::TYPE_ERROR,
                span.at.clone(),
                "a written length of time is needed here",
                help,
            );
        };
        let (forwards, backwards): (&[SpanUnit], &[SpanUnit]) = match date {
            true => (&[SpanUnit::Day, SpanUnit::Month, SpanUnit::WorkDay], &[SpanUnit::Day]),
            false => (&ALL_UNITS, &[SpanUnit::Minute, SpanUnit::Hour, SpanUnit::Day]),
        };
        let allowed = if how == Arithmetic::Add { forwards } else { backwards };
        if allowed.contains(&literal.unit) {
            return Some(());
        }
        let (what, way) =
            (if date { "a date" } else { "a time" }, if how == Arithmetic::Add { "" } else { " back" });
        let help = match (date, how) {
            (true, Arithmetic::Add) => "write d, wd or mo",
            (true, _) => "write d, or move the other side forwards",
            (false, _) => "write min, h or d, or move the other side forwards",
        };
        self.fail(codes::TYPE_ERROR, span.at.clone(), format!("{what} does not move{way} by {literal}"), help)
    }

    fn multiply(&mut self, how: Arithmetic, a: Typed, b: Typed, at: Range<usize>) -> Option<Typed> {
        let ((x, maybe_a), (y, maybe_b)) = (stripped(&a), stripped(&b));
        let (p, q) = (x.clone().unwrap_or(literal(&a)), y.clone().unwrap_or(literal(&b)));
        let Some(kind) = (match how {
            Arithmetic::Multiply => product(&p, &q),
            _ => quotient(&p, &q),
        }) else {
            return self.mismatch(how, (x, &a), (y, &b), at);
        };
        // A written divisor other than 0 always has a quotient.
        let safe = matches!(&b.is, Is::Number(n) | Is::Percent(n) if !n.is_zero());
        let optional = maybe_a || maybe_b || (how == Arithmetic::Divide && !safe);
        Some(computed(how, a.expr, b.expr, (kind, optional), at))
    }

    fn mismatch<T>(
        &mut self,
        how: Arithmetic,
        (x, a): (Option<Type>, &Typed),
        (y, b): (Option<Type>, &Typed),
        at: Range<usize>,
    ) -> Option<T> {
        let sign = match how {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
        };
        let shown = |kind: Option<Type>, typed: &Typed| kind.map_or_else(|| typed.shown(), |k| k.to_string());
        let message = format!("{} {sign} {} means nothing", shown(x, a), shown(y, b));
        let help = "what goes together: like + like, money * number, share or units, money / money, \
                    date + days, date - date";
        self.fail(codes::TYPE_ERROR, at, message, help)
    }
}

/// The type without `optional`, and whether it was there. `None`: a literal.
fn stripped(typed: &Typed) -> (Option<Type>, bool) {
    match &typed.is {
        Is::Of(Type::Optional(of)) => (Some((**of).clone()), true),
        Is::Of(kind) => (Some(kind.clone()), false),
        _ => (None, false),
    }
}

fn literal(typed: &Typed) -> Type {
    match typed.is {
        Is::Percent(_) => Type::Percent,
        _ => Type::Number,
    }
}

fn computed(how: Arithmetic, a: Expr, b: Expr, (kind, optional): (Type, bool), at: Range<usize>) -> Typed {
    let kind = if optional { Type::Optional(Box::new(kind)) } else { kind };
    Typed::of(Expr::Arith(how, Box::new(a), Box::new(b)), kind, at)
}

/// Two written numbers stay one written number.
fn constant(how: Arithmetic, a: &Typed, b: &Typed, at: &Range<usize>) -> Option<Typed> {
    let number = match (&a.is, &b.is) {
        (Is::Number(x), Is::Number(y)) => match how {
            Arithmetic::Add => x.checked_add(*y),
            Arithmetic::Subtract => x.checked_sub(*y),
            Arithmetic::Multiply => x.checked_mul(*y),
            Arithmetic::Divide => None,
        },
        _ => None,
    }?;
    Some(Typed { expr: Expr::Const(Value::Number(number)), is: Is::Number(number), at: at.clone() })
}

fn product(a: &Type, b: &Type) -> Option<Type> {
    use Type::{Money, Number, Percent, Units};
    match (a, b) {
        (Money, Number | Percent | Units) | (Number | Percent | Units, Money) => Some(Money),
        (Units, Number | Percent) | (Number | Percent, Units) => Some(Units),
        (Number, Number | Percent) | (Percent, Number) => Some(Number),
        (Percent, Percent) => Some(Percent),
        _ => None,
    }
}

fn quotient(a: &Type, b: &Type) -> Option<Type> {
    use Type::{Money, Number, Percent, Units};
    match (a, b) {
        (Money, Money) | (Units, Units) | (Percent, Percent) => Some(Number),
        (Money, Number | Percent | Units) => Some(Money),
        (Units, Number | Percent) => Some(Units),
        (Number, Number | Percent) => Some(Number),
        (Percent, Number) => Some(Percent),
        _ => None,
    }
}
