//! Making two values of one type: literals take the type of what they stand beside.

use std::ops::Range;

use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::accounts::Called;
use super::check::Checker;
use super::members::optional;
use super::scope::Site;
use crate::codes;
use crate::value;

/// An expression with its type and place.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) is: Is,
    pub(crate) at: Range<usize>,
}

/// A type, or a literal that takes the type of what it stands beside.
#[derive(Clone, Debug)]
pub(crate) enum Is {
    Of(Type),
    /// A written number.
    Number(Decimal),
    /// A written share: 15% is 0.15.
    Percent(Decimal),
    /// A bare word; quoted: certainly a text.
    Word {
        text: String,
        quoted: bool,
    },
    /// A written list.
    List(Vec<Typed>),
    /// A case of this chain, which may not be there.
    Case(Name),
    /// An account under a key.
    Account(Called),
}

impl Typed {
    pub(crate) fn of(expr: Expr, kind: Type, at: Range<usize>) -> Typed {
        Typed { expr, is: Is::Of(kind), at }
    }

    /// Whether it is a case, be its chain known or not, be it there or not.
    pub(crate) fn is_case(&self) -> bool {
        match &self.is {
            Is::Case(_) | Is::Of(Type::Case) => true,
            Is::Of(Type::Optional(of)) => **of == Type::Case,
            _ => false,
        }
    }

    /// A case whose chain no longer matters.
    fn of_a_case(self) -> Typed {
        match self.is {
            Is::Case(_) => Typed::of(self.expr, optional(Type::Case), self.at),
            _ => self,
        }
    }

    /// The chain whose case it is, where that is known.
    pub(crate) fn chain(&self) -> Option<&Name> {
        match &self.is {
            Is::Case(chain) => Some(chain),
            _ => None,
        }
    }

    /// What it is, for a sentence.
    pub(crate) fn shown(&self) -> String {
        match &self.is {
            Is::Of(kind) => kind.to_string(),
            Is::Number(n) => format!("the number {n}"),
            Is::Percent(n) => format!("the share {}%", (n.saturating_mul(Decimal::ONE_HUNDRED)).normalize()),
            Is::Word { text, .. } => format!("the word {text}"),
            Is::List(_) => "a list".to_owned(),
            Is::Case(chain) => format!("a case of {chain}"),
            Is::Account(called) => format!("the account {}", called.account),
        }
    }
}

/// Whether values of the type are texts to core.
pub(crate) fn textual(kind: &Type) -> bool {
    matches!(kind, Type::Text | Type::Choice(_) | Type::Row(_))
}

/// Whether values of the type are written as bare words.
fn named(kind: &Type) -> bool {
    textual(kind) || matches!(kind, Type::Position | Type::Unit)
}

impl Checker<'_, '_, '_> {
    /// The expression and its type where nothing stands beside it.
    pub(crate) fn settle(&mut self, typed: Typed) -> Option<(Expr, Type)> {
        match typed.is {
            Is::Of(kind) => Some((typed.expr, kind)),
            Is::Case(_) => Some((typed.expr, optional(Type::Case))),
            Is::Account(called) => self.account_alone(&called, typed.at),
            Is::Number(_) => Some((typed.expr, Type::Number)),
            Is::Percent(_) => Some((typed.expr, Type::Percent)),
            Is::Word { text, quoted: true } => Some((Expr::Const(Value::text(&text)), Type::Text)),
            Is::Word { text, quoted: false } => self.unknown_word(&text, typed.at),
            Is::List(items) => {
                let mut items = items.into_iter();
                let Some(first) = items.next() else {
                    let help = "write at least one value between [ ]";
                    return self.fail(codes::TYPE_ERROR, typed.at, "an empty list has no type", help);
                };
                let (first, kind) = self.settle(first)?;
                let mut list = vec![first];
                for item in items {
                    list.push(self.fit(item, &kind)?);
                }
                Some((Expr::List(list), Type::List(Box::new(kind))))
            }
        }
    }

    /// The expression as a value of a type.
    pub(crate) fn fit(&mut self, typed: Typed, kind: &Type) -> Option<Expr> {
        match (&typed.is, kind) {
            (Is::Of(found), _) if serves(found, kind) => Some(typed.expr),
            (Is::Case(_), Type::Optional(of)) if **of == Type::Case => Some(typed.expr),
            (Is::Case(_), Type::Case) => self.needs_else(typed.at),
            (Is::Of(Type::Optional(found)), Type::Optional(of)) => {
                let inner = Typed::of(typed.expr, (**found).clone(), typed.at);
                self.fit(inner, of)
            }
            (Is::Of(Type::Optional(_)), _) if !matches!(kind, Type::Optional(_)) => self.needs_else(typed.at),
            (_, Type::Optional(of)) => self.fit(typed, of),
            (Is::Number(n), Type::Number) => Some(Expr::Const(Value::Number(*n))),
            (Is::Number(n), Type::Units) => Some(Expr::Const(Value::Units(*n))),
            (Is::Number(n), Type::Money) => self.money(*n, typed.at),
            // What a fact begins with has nothing beside it that could say another currency.
            (Is::Number(n), Type::AnyMoney) if self.scope.site == Site::Initial => self.money(*n, typed.at),
            (Is::Percent(n), Type::Percent) => Some(Expr::Const(Value::Percent(*n))),
            (Is::Percent(n), Type::Number) => Some(Expr::Const(Value::Number(*n))),
            (Is::Account(called), _) => {
                let called = called.clone();
                self.account_alone(&called, typed.at)
            }
            (Is::Word { text, quoted: false }, kind) if !named(kind) => {
                let text = text.clone();
                self.unknown_word(&text, typed.at)
            }
            (Is::Word { text, .. }, _) => {
                let found = value::from_text(text, kind, self.place(&typed.at), self.scope.world)?;
                Some(Expr::Const(found))
            }
            (Is::List(items), Type::List(of)) => {
                let fitted: Vec<Option<Expr>> = items.iter().map(|i| self.fit(i.clone(), of)).collect();
                fitted.into_iter().collect::<Option<Vec<_>>>().map(Expr::List)
            }
            _ => {
                let message = format!("this is {}, where {kind} is needed", typed.shown());
                self.fail(codes::TYPE_ERROR, typed.at.clone(), message, mending(&typed.is, kind))
            }
        }
    }

    fn money(&mut self, amount: Decimal, at: Range<usize>) -> Option<Expr> {
        let currency = self.scope.world.currency()?;
        let fits = value::scale(amount, currency, self.place(&at), self.scope.world);
        fits.then(|| Expr::Const(Value::money(amount, currency)))
    }

    /// Two values as values of one type, which may be optional only where `optional`.
    pub(crate) fn pair(&mut self, a: Typed, b: Typed) -> Option<(Expr, Expr, Type)> {
        for side in [&a, &b] {
            if matches!(side.is, Is::Of(Type::Optional(_)) | Is::Case(_)) {
                return self.needs_else(side.at.clone());
            }
        }
        self.unify(a, b)
    }

    /// The same, with optional values let through.
    pub(crate) fn unify(&mut self, a: Typed, b: Typed) -> Option<(Expr, Expr, Type)> {
        let (a, b) = (a.of_a_case(), b.of_a_case());
        match (&a.is, &b.is) {
            (Is::Of(x), Is::Of(y)) => match common(x, y) {
                Some(kind) => Some((a.expr, b.expr, kind)),
                None => {
                    let message = format!("{x} and {y} do not go together");
                    let at = a.at.start.min(b.at.start)..a.at.end.max(b.at.end);
                    self.fail(codes::TYPE_ERROR, at, message, "use two values of one type")
                }
            },
            (Is::Of(kind), _) => {
                let kind = kind.clone();
                let fitted = self.fit(b, &kind)?;
                Some((a.expr, fitted, kind))
            }
            (_, Is::Of(kind)) => {
                let kind = kind.clone();
                let fitted = self.fit(a, &kind)?;
                Some((fitted, b.expr, kind))
            }
            _ => {
                let (expr, kind) = self.settle(a)?;
                let other = self.fit(b, &kind)?;
                Some((expr, other, kind))
            }
        }
    }

    pub(crate) fn needs_else<T>(&mut self, at: Range<usize>) -> Option<T> {
        let help =
            "add what holds then, such as `(... else 0)`; a division is missing where it divides by zero";
        self.fail(codes::NEEDS_ELSE, at, "this value may be missing", help)
    }
}

/// Whether every value of one type is a value of another as it stands.
fn serves(found: &Type, kind: &Type) -> bool {
    match (found, kind) {
        _ if found == kind => true,
        (found, Type::Text) => textual(found),
        (Type::Choice(words), Type::Choice(allowed)) => words.iter().all(|w| allowed.contains(w)),
        (Type::Money, Type::AnyMoney) => true,
        (Type::Optional(found), Type::Optional(of)) => serves(found, of),
        (found, Type::Optional(of)) => serves(found, of),
        (Type::List(found), Type::List(of)) => serves(found, of),
        (Type::Record(found), Type::Record(of)) => {
            let member = |(name, kind): &(Name, Type)| {
                of.iter().any(|(other, wanted)| name == other && serves(kind, wanted))
            };
            found.len() == of.len() && found.iter().all(member)
        }
        _ => false,
    }
}

/// The type that two types have in common.
pub(crate) fn common(a: &Type, b: &Type) -> Option<Type> {
    match (a, b) {
        _ if a == b => Some(a.clone()),
        (Type::Optional(x), Type::Optional(y)) => common(x, y).map(|k| Type::Optional(Box::new(k))),
        (Type::Optional(x), y) | (y, Type::Optional(x)) => common(x, y).map(|k| Type::Optional(Box::new(k))),
        (Type::Choice(x), Type::Choice(y)) => x.iter().any(|w: &Name| y.contains(w)).then_some(Type::Text),
        (Type::Money, Type::AnyMoney) | (Type::AnyMoney, Type::Money) => Some(Type::AnyMoney),
        (Type::Row(_), Type::Row(_)) => None,
        _ if textual(a) && textual(b) => Some(Type::Text),
        _ => None,
    }
}

fn mending(is: &Is, kind: &Type) -> String {
    match (is, kind) {
        (Is::Number(n), Type::Percent) => {
            let meant = if *n < Decimal::ONE { n.saturating_mul(Decimal::ONE_HUNDRED) } else { *n };
            format!("write a share with %, such as {}%", meant.normalize())
        }
        (Is::Number(_), Type::AnyMoney) => {
            "a bare number has no currency here; compare with another amount of money".to_owned()
        }
        (Is::Percent(_), Type::Money) => "multiply the share with an amount of money".to_owned(),
        (_, Type::Flag) => "write a condition that is true or false".to_owned(),
        _ => format!("use a value of the type {kind}"),
    }
}
