//! Accounts in conditions: how one stands, what a case holds, and out of what something is booked.

use std::ops::Range;

use countersign_core::expr::{BalancePart, CasePart, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::check::Checker;
use super::fit::{Is, Typed};
use super::members::optional;
use super::parser::{Ast, Tree};
use super::scope::{Own, Scope, Site};
use super::{Lowered, Text};
use crate::codes;
use crate::suggest;
use crate::world::ChainHead;

/// The parts of an account that can be read.
const PARTS: [&str; 5] = ["limit", "used", "reserved", "free", "flag"];
/// The word of an account none of whose flags holds.
const NO_FLAG: &str = "none";

/// An account called by a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) account: Name,
    pub(crate) key: Vec<Expr>,
    /// A part of the key may be missing.
    pub(crate) optional: bool,
}

impl Called {
    pub(crate) fn typed(self, at: Range<usize>) -> Typed {
        let (account, key) = (self.account.clone(), self.key.clone());
        Typed { expr: Expr::Balance { account, key, what: BalancePart::Used }, is: Is::Account(self), at }
    }
}

/// Out of what an amount is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Account(Called),
    /// What this case holds.
    Own(Name),
    /// What was taken of the cases of a chain that `requires` names.
    Taken(Name),
    /// What another case holds.
    Of {
        case: Expr,
        chain: Name,
        hold: Name,
    },
}

/// Reads out of what an amount is booked. `None` after a report.
pub(crate) fn source(text: &Text, scope: &Scope<'_, '_>) -> Option<Source> {
    let mut found = None;
    super::lower(text, scope, |checker, ast| {
        found = checker.source(ast);
        found.as_ref().map(|_| (Expr::Now, Type::Time))
    })?;
    found
}

/// `AMOUNT from SOURCE`, the amount as a text of its own; without ` from ` the whole is the source.
pub(crate) fn split(text: &Text, by: &str) -> (Option<Text>, Text) {
    let mut quote = None;
    let (bytes, mut at) = (text.text.as_bytes(), None);
    for (n, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, _) if bytes[n..].starts_with(by.as_bytes()) => at = Some(n),
            (None, _) => {}
        }
    }
    match at {
        Some(at) => (Some(text.part(0..at)), text.part(at + by.len()..text.text.len())),
        None => (None, text.clone()),
    }
}

impl Checker<'_, '_, '_> {
    /// `credit(doc.customer)`.
    pub(crate) fn called(
        &mut self,
        name: &str,
        (name_at, items): (Range<usize>, &[Ast]),
        at: Range<usize>,
    ) -> Option<Typed> {
        self.needs.accounts = true;
        let readable = self.readable(&format!("{name}(...)"), self.scope.site.reads_accounts(), &name_at);
        let world = self.scope.world;
        world.accounts_used.borrow_mut().insert(Name::from(name));
        let head = world.accounts.get(name)?;
        if items.len() != head.parts.len() {
            let parts: Vec<&str> = head.parts.iter().map(|(part, _)| part.as_str()).collect();
            let message = format!("the key of {name} has {} parts, not {}", parts.len(), items.len());
            let help = format!("write {name}({})", parts.join(", "));
            return self.fail(codes::BAD_EXPRESSION, at, message, help);
        }
        let (mut key, mut may_be_missing) = (Vec::new(), false);
        for (item, (_, kind)) in items.iter().zip(&head.parts) {
            let typed = self.check(item);
            key.push(typed.and_then(|typed| {
                may_be_missing |= matches!(typed.is, Is::Of(Type::Optional(_)));
                self.fit(typed, &optional(kind.clone()))
            }));
        }
        readable?;
        let key = key.into_iter().collect::<Option<Vec<_>>>()?;
        Some(Called { account: head.name.clone(), key, optional: may_be_missing }.typed(at))
    }

    /// `.limit`, `.used`, `.reserved`, `.free`, `.flag` of an account.
    pub(crate) fn balance(
        &mut self,
        called: Called,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let head = self.scope.world.accounts.get(&called.account)?;
        let (what, kind) = match name {
            "limit" => (BalancePart::Limit, head.kind.clone()),
            "used" => (BalancePart::Used, head.kind.clone()),
            "reserved" => (BalancePart::Reserved, head.kind.clone()),
            "free" => (BalancePart::Free, head.kind.clone()),
            "flag" => {
                let flags = head.flags.iter().cloned().chain([Name::from(NO_FLAG)]);
                (BalancePart::Flag, Type::Choice(flags.collect()))
            }
            _ => {
                let message = format!("an account has no `{name}`");
                return self.fail(codes::UNKNOWN_FIELD, name_at, message, suggest::nearest(name, PARTS));
            }
        };
        let unlimited = head.unlimited && matches!(what, BalancePart::Limit | BalancePart::Free);
        let kind = if called.optional || unlimited { optional(kind) } else { kind };
        Some(Typed::of(Expr::Balance { account: called.account, key: called.key, what }, kind, at))
    }

    /// An account where a value is needed.
    pub(crate) fn account_alone<T>(&mut self, called: &Called, at: Range<usize>) -> Option<T> {
        let message = format!("the account {} alone is no value", called.account);
        let help = format!("read .{}", suggest::listed(&PARTS).replace(", ", ", ."));
        self.fail(codes::BAD_EXPRESSION, at, message, help)
    }

    /// A bare word within accounts.yaml.
    pub(crate) fn in_account(&mut self, own: Own<'_>, word: &str, at: Range<usize>) -> Option<Typed> {
        if let Some(number) = own.head.parts.iter().position(|(part, _)| *part == word) {
            let (_, kind) = own.head.parts.get(number)?;
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            return Some(Typed::of(Expr::Part(number), kind.clone(), at));
        }
        if let Some((_, lowered)) = own.defines.iter().find(|(name, _)| *name == word) {
            let (expr, kind) = lowered.clone()?;
            return Some(Typed::of(expr, kind, at));
        }
        let what = match word {
            "limit" => BalancePart::Limit,
            "used" => BalancePart::Used,
            "reserved" => BalancePart::Reserved,
            "free" => BalancePart::Free,
            "now" | "today" => {
                self.readable(word, false, &at)?;
                return None;
            }
            _ => {
                let is = Is::Word { text: word.to_owned(), quoted: false };
                return Some(Typed { expr: Expr::Const(Value::text(word)), is, at });
            }
        };
        if own.limit {
            let message = format!("the limit of {} reads `{word}` of the same account", own.head.name);
            let help = "a limit reads the key, tables and other accounts; say what moves with use as a flag";
            return self.fail(codes::CYCLE, at, message, help);
        }
        let unlimited = own.head.unlimited && matches!(what, BalancePart::Limit | BalancePart::Free);
        let kind = if unlimited { optional(own.head.kind.clone()) } else { own.head.kind.clone() };
        Some(Typed::of(Expr::Own(what), kind, at))
    }

    /// `holds.x`: what this case holds.
    pub(crate) fn own_hold(
        &mut self,
        left: &Ast,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let scope = self.scope;
        self.needs.accounts = true;
        let readable = scope.site.reads_accounts() && scope.site != Site::Requires && scope.holds.is_some();
        self.readable("holds", readable, &left.at)?;
        let holds = &scope.holds?.holds;
        let Some((name, account)) = holds.get_key_value(name) else {
            // It may be one that could not be read.
            if scope.holds?.partial {
                return None;
            }
            let message = format!("this chain holds nothing called `{name}`");
            let help = match holds.is_empty() {
                true => "reserve it, or take it with a required case".to_owned(),
                false => suggest::nearest(name, holds.keys().map(Name::as_str)),
            };
            return self.fail(codes::UNKNOWN_FIELD, name_at, message, help);
        };
        let (kind, zero) = self.hold_type(account)?;
        Some(Typed::of(Expr::Hold { name: name.clone(), zero }, kind, at))
    }

    /// What a case of a chain holds under a name, and its type.
    pub(crate) fn hold_of(
        &mut self,
        head: &ChainHead,
        name: &str,
        name_at: Range<usize>,
    ) -> Option<(CasePart, Type, bool)> {
        self.needs.accounts = true;
        self.readable("holds", self.scope.site.reads_accounts(), &name_at)?;
        let (hold, account) = self.hold_named(head, name, name_at)?;
        let (kind, zero) = self.hold_type(&account)?;
        Some((CasePart::Hold { name: hold, zero }, kind, true))
    }

    fn hold_named(&mut self, head: &ChainHead, name: &str, name_at: Range<usize>) -> Option<(Name, Name)> {
        match head.holds.get_key_value(name) {
            Some((hold, account)) => Some((hold.clone(), account.clone())),
            None if head.partial => None,
            None => {
                let message = format!("{} holds nothing called `{name}`", head.name);
                let help = suggest::nearest(name, head.holds.keys().map(Name::as_str));
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    /// The type of what is held of an account, and nothing of it.
    fn hold_type(&self, account: &Name) -> Option<(Type, Value)> {
        let head = self.scope.world.accounts.get(account)?;
        let zero = match (&head.kind, &head.currency) {
            (_, Some(currency)) => Value::money(rust_decimal::Decimal::ZERO, *currency),
            (kind, None) => self.zero(kind)?,
        };
        Some((head.kind.clone(), zero))
    }

    fn source(&mut self, ast: &Ast) -> Option<Source> {
        let scope = self.scope;
        let holds = scope.holds.map(|head| &head.holds);
        let own = |name: &str| holds.and_then(|holds| holds.get_key_value(name)).map(|(n, _)| n.clone());
        match &ast.kind {
            Tree::Word(word) if own(word).is_some() => own(word).map(Source::Own),
            Tree::Word(word) if !scope.defines.iter().any(|d| d.name == word.as_str()) => {
                if scope.holds.is_some_and(|head| head.partial) {
                    return None;
                }
                let known = holds.into_iter().flat_map(|holds| holds.keys()).map(Name::as_str);
                let help = suggest::nearest(word, known.chain(scope.world.accounts.keys().map(Name::as_str)));
                let message = format!("`{word}` is neither something held nor an account with its key");
                self.fail(codes::UNKNOWN_NAME, ast.at.clone(), message, help)
            }
            Tree::Dot(left, name, name_at) if matches!(&left.kind, Tree::Word(w) if w == "holds") => {
                match own(name) {
                    Some(hold) => Some(Source::Own(hold)),
                    None if scope.world.names.chains.contains(name.as_str()) => {
                        Some(Source::Taken(Name::from(name.as_str())))
                    }
                    None => self.own_hold(left, (name, name_at.clone()), ast.at.clone()).and(None),
                }
            }
            Tree::Dot(left, name, name_at) if matches!(&left.kind, Tree::Dot(_, part, _) if part == "holds") =>
            {
                let Tree::Dot(case, ..) = &left.kind else { return None };
                let case = self.check(case)?;
                self.hold_of_case(case, name, name_at.clone())
            }
            _ => {
                let typed = self.check(ast)?;
                match typed.is {
                    Is::Account(called) => Some(Source::Account(called)),
                    _ => {
                        let message = format!("{} is neither an account nor something held", typed.shown());
                        let help = "write an account with its key, such as credit(doc.customer), a hold of this case, \
                                    or that of another: plan.holds.budget";
                        self.fail(codes::TYPE_ERROR, typed.at, message, help)
                    }
                }
            }
        }
    }

    fn hold_of_case(&mut self, case: Typed, name: &str, name_at: Range<usize>) -> Option<Source> {
        let Some(chain) = case.chain().cloned() else {
            let message = "of which chain this case is, and so what it holds, is not known here";
            let help = "call the chain by its key, such as promo-plan(doc.plan_no).holds.budget";
            return self.fail(codes::TYPE_ERROR, case.at, message, help);
        };
        let head = self.scope.world.heads.get(&chain)?;
        let (hold, _) = self.hold_named(head, name, name_at)?;
        Some(Source::Of { case: case.expr, chain, hold })
    }
}

/// Lowers an expression of an account; its size is bounded, because a `define` is put in the place of its name.
pub(crate) fn bounded(text: &Text, lowered: Lowered, scope: &Scope<'_, '_>) -> Option<(Expr, Type)> {
    let count = std::cell::Cell::new(0_usize);
    let _ = lowered.expr.any(&|_| {
        count.set(count.get() + 1);
        count.get() > PARTS_MAX
    });
    if count.get() > PARTS_MAX {
        let message = format!("with its defines put in, this has more than {PARTS_MAX} parts");
        scope.world.report.error(codes::TOO_LARGE, text.whole(), message, "make it shorter");
        return None;
    }
    Some((lowered.expr, lowered.kind))
}

/// The most parts of an expression of an account.
const PARTS_MAX: usize = 300;
