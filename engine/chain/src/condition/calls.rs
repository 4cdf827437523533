//! Functions, and tables called by a key.

use std::collections::BTreeMap;
use std::ops::Range;

use countersign_core::definition::{Measure, Table};
use countersign_core::expr::{Arithmetic, Expr, Fold};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::check::Checker;
use super::fit::{Is, Typed};
use super::parser::{Ast, Tree};
use super::scope::FUNCTIONS;
use crate::codes;
use crate::suggest;
use crate::value;

impl Checker<'_, '_, '_> {
    pub(crate) fn call(
        &mut self,
        name: &str,
        name_at: Range<usize>,
        items: &[Ast],
        at: Range<usize>,
    ) -> Option<Typed> {
        if self.scope.world.names.tables.contains(name) {
            return self.table(name, items, at);
        }
        if self.scope.world.names.accounts.contains(name) {
            return self.called(name, (name_at, items), at);
        }
        let expected = match name {
            "sum" | "every" | "some" | "where" => (2, 2),
            "count" => (1, 2),
            "first" | "abs" | "floor" | "known" | "currency" | "days" | "money" | "rate" | "rate_on" => {
                (1, 1)
            }
            "delegable" => (1, 1),
            "convert" | "limit_of" | "delegated" => (2, 2),
            "min" | "max" => (2, 64),
            "pick" => (3, 3),
            chain if self.scope.world.names.chains.contains(chain) => {
                return self.case_of(name, (name_at, items), at);
            }
            _ => return self.no_function(name, name_at),
        };
        if items.len() < expected.0 || items.len() > expected.1 {
            let message = format!("{name} does not take {} values", items.len());
            return self.fail(codes::BAD_EXPRESSION, at, message, usage(name));
        }
        match name {
            "sum" => self.sum(&items[0], &items[1], at),
            "every" => self.fold(Fold::Every, items, at),
            "some" => self.fold(Fold::Some, items, at),
            "count" => self.fold(Fold::Count, items, at),
            "where" => self.fold(Fold::Where, items, at),
            "first" => {
                let (list, of) = self.list(&items[0])?;
                Some(Typed::of(Expr::First(Box::new(list)), Type::Optional(Box::new(of)), at))
            }
            "known" => self.known(&items[0], at),
            "pick" => self.pick(items, at),
            "currency" => {
                let amount = self.money_of_any_currency(&items[0], name)?;
                let codes = self.currencies();
                Some(Typed::of(Expr::CurrencyOf(Box::new(amount)), codes, at))
            }
            "convert" => {
                let (amount, rate) = (self.money_of_any_currency(&items[0], name), self.check(&items[1]));
                let rate = self.fit(rate?, &Type::Number)?;
                Some(Typed::of(Expr::Convert(Box::new(amount?), Box::new(rate)), Type::Money, at))
            }
            "limit_of" => self.limit_of(name_at, items, at),
            "delegable" => {
                let authority = self.authority(name, &name_at, &items[0])?;
                Some(Typed::of(Expr::Delegable(Box::new(authority)), Type::Flag, at))
            }
            "delegated" => {
                let authority = self.authority(name, &name_at, &items[1]);
                let post = self.check(&items[0]).and_then(|post| self.fit(post, &Type::Position));
                let expr = Expr::Delegated(Box::new(post?), Box::new(authority?));
                Some(Typed::of(expr, Type::Flag, at))
            }
            "rate" | "rate_on" => self.rate(name, name_at, &items[0], at),
            "money" => self.as_money(&items[0], at),
            "days" => {
                let count = self.check(&items[0])?;
                let count = self.fit(count, &Type::Number)?;
                Some(Typed::of(Expr::Days(Box::new(count)), Type::Span, at))
            }
            "min" | "max" => self.extreme(name, items, at),
            _ => self.rounded(name, &items[0], at),
        }
    }

    /// `limit_of(post, authority)`.
    fn limit_of(&mut self, name_at: Range<usize>, items: &[Ast], at: Range<usize>) -> Option<Typed> {
        self.cases("limit_of(...)", &name_at)?;
        let (post, authority) = (self.check(&items[0]), &items[1]);
        let post = self.fit(post?, &Type::Position)?;
        let world = self.scope.world;
        let Tree::Word(word) = &authority.kind else {
            let authority = self.authority("limit_of", &name_at, authority)?;
            return Some(Typed::of(Expr::LimitUnder(Box::new(post), Box::new(authority)), Type::Money, at));
        };
        if word == "it" {
            let authority = self.authority("limit_of", &name_at, authority)?;
            return Some(Typed::of(Expr::LimitUnder(Box::new(post), Box::new(authority)), Type::Money, at));
        }
        let Some(found) = world.authorities.get(word.as_str()) else {
            if world.names.authorities.contains(word) {
                return None;
            }
            let help = suggest::nearest(word, world.names.authorities.iter().map(String::as_str));
            let message = format!("there is no authority `{word}`");
            return self.fail(codes::UNKNOWN_NAME, authority.at.clone(), message, help);
        };
        let kind = match found.measure {
            Measure::Money(currency) if world.currency() == Some(currency) => Type::Money,
            Measure::Money(_) => Type::AnyMoney,
            Measure::Units => Type::Units,
            Measure::Percent => Type::Percent,
        };
        Some(Typed::of(Expr::LimitOf(Box::new(post), found.name.clone()), kind, at))
    }

    /// An authority, named by a word or by a value that is one's name.
    fn authority(&mut self, function: &str, name_at: &Range<usize>, item: &Ast) -> Option<Expr> {
        self.cases(&format!("{function}(...)"), name_at)?;
        let known = &self.scope.world.names.authorities;
        let one = |word: &str| known.contains(word);
        let named = match &item.kind {
            Tree::Word(word) if one(word) => return Some(Expr::Const(Value::text(word))),
            _ => self.check(item)?,
        };
        let unknown = match &named.is {
            Is::Of(Type::Choice(words)) => words.iter().find(|word| !one(word)).map(ToString::to_string),
            Is::Word { text, .. } if !one(text) => Some(text.clone()),
            _ => None,
        };
        if let Some(word) = unknown {
            let help = suggest::nearest(&word, known.iter().map(String::as_str));
            let message = format!("there is no authority `{word}`");
            return self.fail(codes::UNKNOWN_NAME, item.at.clone(), message, help);
        }
        match named.is {
            Is::Of(Type::Choice(_)) => Some(named.expr),
            _ => self.fit(named, &Type::Text),
        }
    }

    /// The codes of all currencies.
    fn currencies(&self) -> Type {
        let company = self.scope.world.company.as_ref();
        let codes = |digits: &BTreeMap<Currency, u8>| digits.keys().map(|c| Name::from(c.as_str())).collect();
        company.map_or(Type::Text, |company| Type::Choice(codes(&company.currency_digits)))
    }

    /// The rate of a currency today, or since when it holds.
    fn rate(&mut self, name: &str, name_at: Range<usize>, item: &Ast, at: Range<usize>) -> Option<Typed> {
        self.clock(name, &name_at)?;
        if !self.scope.world.tables.values().any(|table| table.rates.is_some()) {
            let help = "add `rates: { max_age: 7d }` to the table that holds them";
            return self.fail(
                codes::UNKNOWN_NAME,
                name_at,
                "no table holds rates of exchange".to_owned(),
                help,
            );
        }
        let typed = self.check(item)?;
        let currency = match typed.is {
            Is::Of(Type::Text) => typed.expr,
            _ => {
                let codes = self.currencies();
                self.fit(typed, &codes)?
            }
        };
        let currency = Box::new(currency);
        Some(match name {
            "rate" => Typed::of(Expr::Rate(currency), Type::Number, at),
            _ => Typed::of(Expr::RateOn(currency), Type::Date, at),
        })
    }

    fn no_function<T>(&mut self, name: &str, at: Range<usize>) -> Option<T> {
        let names = &self.scope.world.names;
        let called = names.tables.iter().chain(&names.chains).chain(&names.accounts).map(String::as_str);
        let help = suggest::nearest(name, FUNCTIONS.iter().copied().chain(called));
        self.fail(
            codes::UNKNOWN_NAME,
            at,
            format!("there is no function, table, account or chain `{name}`"),
            help,
        )
    }

    /// A number as money: so much of one unit of the company's currency, rounded as every product with money is.
    fn as_money(&mut self, ast: &Ast, at: Range<usize>) -> Option<Typed> {
        let typed = self.check(ast)?;
        let typed_at = typed.at.clone();
        let number = match self.settle(typed)? {
            (expr, Type::Number | Type::Units) => expr,
            (_, Type::Optional(_)) => return self.needs_else(typed_at),
            (_, kind) => {
                let message = format!("money does not take {kind}");
                return self.fail(codes::TYPE_ERROR, typed_at, message, usage("money"));
            }
        };
        let one = Value::money(Decimal::ONE, self.scope.world.currency()?);
        let (one, number) = (Box::new(Expr::Const(one)), Box::new(number));
        Some(Typed::of(Expr::Arith(Arithmetic::Multiply, one, number), Type::Money, at))
    }

    /// An amount of the company's or any other currency.
    fn money_of_any_currency(&mut self, ast: &Ast, function: &str) -> Option<Expr> {
        let typed = self.check(ast)?;
        let typed_at = typed.at.clone();
        match self.settle(typed)? {
            (expr, Type::Money | Type::AnyMoney) => Some(expr),
            (_, Type::Optional(_)) => self.needs_else(typed_at),
            (_, kind) => {
                let message = format!("{function} does not take {kind}");
                self.fail(codes::TYPE_ERROR, typed_at, message, usage(function))
            }
        }
    }

    fn table(&mut self, name: &str, items: &[Ast], at: Range<usize>) -> Option<Typed> {
        let table = self.scope.world.tables.get(name)?;
        if items.len() != table.key.len() {
            let parts: Vec<&str> = table.key.iter().map(|c| c.name.as_str()).collect();
            let message = format!("the key of {name} has {} parts, not {}", parts.len(), items.len());
            return self.fail(
                codes::BAD_EXPRESSION,
                at,
                message,
                format!("write {name}({})", parts.join(", ")),
            );
        }
        let mut key = Vec::new();
        for (item, part) in items.iter().zip(&table.key) {
            let typed = self.check(item)?;
            // A word or a fallback that is written out can be looked up now.
            let written = match &typed.expr {
                _ if table.key.len() > 1 || table.from || !table.written_by.is_empty() => None,
                Expr::Const(Value::Text(text)) => Some(text.clone()),
                Expr::Else(_, other) => match &**other {
                    Expr::Const(Value::Text(text)) => Some(text.clone()),
                    _ => None,
                },
                _ => None,
            };
            if let Some(text) = written
                && !value::row(&text, name, self.place(&typed.at), self.scope.world)
            {
                return None;
            }
            key.push(self.fit(typed, &part.kind)?);
        }
        self.written_key(table, &key, &at)?;
        Some(Typed::of(Expr::Row(table.name.clone(), key), Type::Row(table.name.clone()), at))
    }

    /// A key of several parts that is written out altogether can be looked up now.
    fn written_key(&mut self, table: &Table, key: &[Expr], at: &Range<usize>) -> Option<()> {
        let part = |expr: &Expr| match expr {
            Expr::Const(value) => Some(value.to_string()),
            _ => None,
        };
        let parts: Option<Vec<String>> = key.iter().map(part).collect();
        match parts {
            Some(parts) if parts.len() > 1 && table.written_by.is_empty() => {
                value::row(&parts.join("/"), &table.name, self.place(at), self.scope.world).then_some(())
            }
            _ => Some(()),
        }
    }

    /// A list and the type of its items.
    fn list(&mut self, ast: &Ast) -> Option<(Expr, Type)> {
        let typed = self.check(ast)?;
        let at = typed.at.clone();
        match self.settle(typed)? {
            (expr, Type::List(of)) => Some((expr, *of)),
            (_, Type::Optional(_)) => self.needs_else(at),
            (_, kind) => {
                let help = "name a list, such as doc.lines";
                self.fail(codes::TYPE_ERROR, at, format!("this is {kind}, no list"), help)
            }
        }
    }

    /// Checks a body in which `it` is an item.
    fn body(&mut self, of: Type, body: &Ast, fold: &Range<usize>) -> Option<Typed> {
        if self.it.is_some() {
            let help = "give the inner one a name under `define`";
            return self.fail(codes::IT_OUTSIDE_FOLD, fold.clone(), "a fold stands within another", help);
        }
        self.it = Some(of);
        let typed = self.check(body);
        self.it = None;
        typed
    }

    fn fold(&mut self, fold: Fold, items: &[Ast], at: Range<usize>) -> Option<Typed> {
        let (list, of) = self.list(&items[0])?;
        let body = match items.get(1) {
            None => Expr::Const(Value::Flag(true)),
            Some(body) => {
                let typed = self.body(of.clone(), body, &at)?;
                self.fit(typed, &Type::Flag)?
            }
        };
        let kind = match fold {
            Fold::Every | Fold::Some => Type::Flag,
            Fold::Count => Type::Number,
            Fold::Where => Type::List(Box::new(of)),
        };
        Some(Typed::of(Expr::Fold(fold, Box::new(list), Box::new(body)), kind, at))
    }

    fn sum(&mut self, list: &Ast, body: &Ast, at: Range<usize>) -> Option<Typed> {
        let (list, of) = self.list(list)?;
        let typed = self.body(of, body, &at)?;
        let body_at = typed.at.clone();
        let (body, kind) = self.settle(typed)?;
        if matches!(kind, Type::Optional(_)) {
            return self.needs_else(body_at);
        }
        let Some(zero) = self.zero(&kind) else {
            let help = "sum numbers, money, units or shares";
            return self.fail(codes::TYPE_ERROR, body_at, format!("{kind} cannot be summed"), help);
        };
        Some(Typed::of(Expr::Sum(Box::new(list), Box::new(body), zero), kind, at))
    }

    fn known(&mut self, item: &Ast, at: Range<usize>) -> Option<Typed> {
        let typed = self.check(item)?;
        let item_at = typed.at.clone();
        let (expr, kind) = self.settle(typed)?;
        if !matches!(kind, Type::Optional(_)) {
            let help = "take known( ) away";
            return self.fail(codes::TYPE_ERROR, item_at, "this value is always there", help);
        }
        Some(Typed::of(Expr::Known(Box::new(expr)), Type::Flag, at))
    }

    fn pick(&mut self, items: &[Ast], at: Range<usize>) -> Option<Typed> {
        let condition = self.flag(&items[0]);
        let (a, b) = (self.check(&items[1]), self.check(&items[2]));
        let (condition, a, b) = (condition?, a?, b?);
        let (a, b, kind) = self.unify(a, b)?;
        let expr = Expr::Pick(Box::new(condition), Box::new(a), Box::new(b));
        Some(Typed::of(expr, kind, at))
    }

    fn extreme(&mut self, name: &str, items: &[Ast], at: Range<usize>) -> Option<Typed> {
        let checked: Vec<Option<Typed>> = items.iter().map(|i| self.check(i)).collect();
        let checked = checked.into_iter().collect::<Option<Vec<_>>>()?;
        let leader = checked.iter().find(|t| matches!(t.is, Is::Of(_))).or(checked.first()).cloned()?;
        let leader_at = leader.at.clone();
        let (_, kind) = self.settle(leader)?;
        match kind {
            Type::Number | Type::Percent | Type::Money | Type::Units | Type::Date | Type::Time => {}
            Type::Optional(_) => return self.needs_else(leader_at),
            _ => {
                let help = "take numbers, money, units, shares, dates or times";
                return self.fail(codes::TYPE_ERROR, leader_at, format!("{kind} has no order"), help);
            }
        }
        let fitted: Vec<Option<Expr>> = checked.into_iter().map(|t| self.fit(t, &kind)).collect();
        let fitted = fitted.into_iter().collect::<Option<Vec<_>>>()?;
        let expr = if name == "min" { Expr::Min(fitted) } else { Expr::Max(fitted) };
        Some(Typed::of(expr, kind, at))
    }

    fn rounded(&mut self, name: &str, item: &Ast, at: Range<usize>) -> Option<Typed> {
        let typed = self.check(item)?;
        let item_at = typed.at.clone();
        let (expr, kind) = self.settle(typed)?;
        let fits = match kind {
            Type::Optional(_) => return self.needs_else(item_at),
            Type::Number | Type::Units => true,
            Type::Money | Type::Percent => name == "abs",
            _ => false,
        };
        if !fits {
            return self.fail(
                codes::TYPE_ERROR,
                item_at,
                format!("{name} does not take {kind}"),
                usage(name),
            );
        }
        let expr = if name == "abs" { Expr::Abs(Box::new(expr)) } else { Expr::Floor(Box::new(expr)) };
        Some(Typed::of(expr, kind, at))
    }
}

/// How a function is written.
fn usage(name: &str) -> String {
    let written = match name {
        "sum" => "sum(list, what of it), such as sum(doc.lines, it.qty * it.price)",
        "every" | "some" | "where" => "every, some and where take a list and a condition on `it`",
        "count" => "count(list) or count(list, condition on it)",
        "min" | "max" => "min(a, b) or max(a, b), two or more values",
        "pick" => "pick(condition, then, otherwise)",
        "abs" => "abs(x) of a number, money, units or a share",
        "floor" => "floor(x) of a number or units",
        "currency" => "currency(amount)",
        "convert" => "convert(amount, rate), the rate as a number",
        "rate" | "rate_on" => "rate(USD), rate(currency(amount)), rate_on(USD)",
        "delegable" => "delegable(authority), such as delegable(contract)",
        "delegated" => "delegated(position, authority), such as delegated(submitter, contract)",
        "limit_of" => "limit_of(position, authority), such as limit_of(submitter, contract)",
        "days" => "days(number)",
        "money" => "money(number): so much of the company's currency, rounded to its minor unit",
        _ => "first(list), known(optional value)",
    };
    format!("write {written}")
}
