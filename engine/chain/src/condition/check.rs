//! Types of a parsed condition, and its lowering.

use std::ops::Range;

use countersign_core::expr::{Attribute, Comparison, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::fit::{Is, Typed};
use super::parser::{Ast, Tree};
use super::scope::{FUNCTIONS, LATER, Scope};
use super::{Needs, Text};
use crate::codes;
use crate::diagnostic::Place;
use crate::suggest;

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

    pub(crate) fn check(&mut self, ast: &Ast) -> Option<Typed> {
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
            Type::Number | Type::Percent | Type::Money | Type::Units | Type::Date | Type::Time | Type::Span
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
            let help = "take `else` and what follows it away";
            return self.fail(codes::TYPE_ERROR, at, "the value before `else` is always there", help);
        };
        let inner = Typed::of(a.expr, (**of).clone(), a.at);
        let (a, b, kind) = self.unify(inner, b)?;
        Some(Typed::of(Expr::Else(Box::new(a), Box::new(b)), kind, at))
    }

    fn word(&mut self, word: &str, at: Range<usize>) -> Option<Typed> {
        let scope = self.scope;
        if word == "it" {
            return match self.it.clone() {
                Some(kind) => Some(Typed::of(Expr::It(Vec::new()), kind, at)),
                None => {
                    let help = "use it only within every, some, sum, where and count";
                    self.fail(codes::IT_OUTSIDE_FOLD, at, "`it` stands outside a fold", help)
                }
            };
        }
        if !scope.site.reads_case() {
            let field = scope.document.and_then(|d| d.fields.iter().find(|f| f.name == word));
            if let Some(field) = field {
                self.needs.fields.insert(field.name.clone());
                return Some(Typed::of(Expr::Doc(vec![field.name.clone()]), field.kind.clone(), at));
            }
        }
        if let Some(found) = self.define(word, &at) {
            return found;
        }
        match word {
            "now" | "today" => {
                self.clock(word, &at)?;
                let (expr, kind) = match word {
                    "now" => (Expr::Now, Type::Time),
                    _ => (Expr::Today, Type::Date),
                };
                Some(Typed::of(expr, kind, at))
            }
            "amount" => self.amount(at),
            "submitter" => {
                self.readable(word, scope.site.reads_case(), &at)?;
                Some(Typed::of(Expr::Submitter(Attribute::Position), Type::Position, at))
            }
            "driver" => {
                let driver = self.driver(&at)?;
                Some(Typed::of(Expr::Const(Value::Position(driver)), Type::Position, at))
            }
            "doc" | "message" => {
                let message = format!("`{word}` alone is no value");
                self.fail(codes::BAD_EXPRESSION, at, message, format!("write the field, as in {word}.total"))
            }
            "owner" | "facts" | "reply" | "answer" | "request" | "child" => self.later(word, at),
            _ => Some(Typed {
                expr: Expr::Const(Value::text(word)),
                is: Is::Word { text: word.to_owned(), quoted: false },
                at,
            }),
        }
    }

    /// `Some` where a define has the name.
    fn define(&mut self, word: &str, at: &Range<usize>) -> Option<Option<Typed>> {
        let scope = self.scope;
        let number = scope.defines.iter().position(|d| d.name == word)?;
        let Some((kind, needs)) = &scope.defines[number].lowered else { return Some(None) };
        if needs.clock && self.clock(&format!("`{word}` (through it the clock)"), at).is_none() {
            return Some(None);
        }
        let expr = Expr::Define(u16::try_from(number).unwrap_or(u16::MAX));
        Some(Some(Typed::of(expr, kind.clone(), at.clone())))
    }

    fn clock(&mut self, word: &str, at: &Range<usize>) -> Option<()> {
        self.needs.clock = true;
        self.readable(word, self.scope.site.reads_clock(), at)
    }

    fn readable(&mut self, word: &str, readable: bool, at: &Range<usize>) -> Option<()> {
        if readable {
            return Some(());
        }
        let word = if word.starts_with('`') { word.to_owned() } else { format!("`{word}`") };
        let message = format!("{word} cannot be read in {}", self.scope.site.shown());
        let help = match word.trim_matches('`') {
            "amount" => "read the field of the document instead",
            "message" => "only `match` of a wait reads it",
            "submitter" | "driver" => "a document knows its own fields and tables only",
            _ => "it can be read in requires, checks and branches: decide there, and ask by what was decided",
        };
        self.fail(codes::NOT_READABLE_HERE, at.clone(), message, help)
    }

    fn amount(&mut self, at: Range<usize>) -> Option<Typed> {
        self.readable("amount", self.scope.site.reads_amount(), &at)?;
        match self.scope.amount {
            Some((expr, kind)) => Some(Typed::of(expr.clone(), kind.clone(), at)),
            None => {
                let help = "add `amount: doc.total` to the chain";
                self.fail(codes::UNKNOWN_NAME, at, "this chain has no amount", help)
            }
        }
    }

    fn driver(&mut self, at: &Range<usize>) -> Option<Name> {
        self.readable("driver", self.scope.site.reads_case(), at)?;
        match self.scope.driver {
            Some(driver) => Some(driver.clone()),
            None => {
                let help = "name one under `driver` in the chain or in company.yaml";
                self.fail(codes::UNKNOWN_NAME, at.clone(), "this chain has no driver", help)
            }
        }
    }

    pub(crate) fn later<T>(&mut self, word: &str, at: Range<usize>) -> Option<T> {
        let message = format!("this version does not carry `{word}`");
        self.fail(codes::NOT_YET, at, message, "take it away; a later version will read it")
    }

    /// A word that no name, type or table explains.
    pub(crate) fn unknown_word<T>(&mut self, word: &str, at: Range<usize>) -> Option<T> {
        let scope = self.scope;
        if LATER.contains(&word) {
            return self.later(word, at);
        }
        if let Some(document) = scope.document.filter(|_| !scope.site.reads_case()) {
            if scope.world.is_partial(&document.name) {
                return None;
            }
            let help = suggest::nearest(word, document.fields.iter().map(|f| f.name.as_str()));
            return self.fail(codes::UNKNOWN_NAME, at, format!("there is no field `{word}`"), help);
        }
        let field = scope.document.filter(|d| d.fields.iter().any(|f| f.name == word));
        let help = match field {
            Some(_) => format!("write `doc.{word}`"),
            None if scope.world.tables.contains_key(word) => {
                format!("call the table by a key: `{word}(...)`")
            }
            None => {
                let names = ["amount", "submitter", "driver", "now", "today"].into_iter();
                let defines = scope.defines.iter().map(|d| d.name.as_str());
                let tables = scope.world.tables.keys().map(Name::as_str);
                suggest::nearest(word, names.chain(defines).chain(tables).chain(FUNCTIONS.iter().copied()))
            }
        };
        self.fail(codes::UNKNOWN_NAME, at, format!("nothing here is called `{word}`"), help)
    }

    fn dot(&mut self, left: &Ast, name: &str, name_at: Range<usize>, at: Range<usize>) -> Option<Typed> {
        if let Tree::Word(word) = &left.kind
            && !self.scope.defines.iter().any(|d| d.name == word.as_str())
        {
            match word.as_str() {
                "doc" => return self.doc(name, name_at, left.at.clone(), at),
                "message" => {
                    self.readable("message", self.scope.site.reads_message(), &left.at)?;
                    // Messages have no declared types yet: what is compared with a document is text.
                    return Some(Typed::of(Expr::Message(vec![Name::from(name)]), Type::Text, at));
                }
                "submitter" | "driver" => return self.post(word, left, name, name_at, at),
                _ => {}
            }
        }
        let left = self.check(left)?;
        self.member(left, name, name_at, at)
    }

    fn doc(
        &mut self,
        name: &str,
        name_at: Range<usize>,
        doc_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        if !self.scope.site.reads_case() {
            let help = format!("within a document write its fields bare: `{name}`");
            return self.fail(
                codes::NOT_READABLE_HERE,
                doc_at,
                "`doc` cannot be read in a document's field",
                help,
            );
        }
        let document = self.scope.document?;
        match document.fields.iter().find(|f| f.name == name) {
            Some(field) => {
                self.needs.fields.insert(field.name.clone());
                Some(Typed::of(Expr::Doc(vec![field.name.clone()]), field.kind.clone(), at))
            }
            None if self.scope.world.is_partial(&document.name) => None,
            None => {
                let message = format!("the document {} has no field `{name}`", document.name);
                let help = suggest::nearest(name, document.fields.iter().map(|f| f.name.as_str()));
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    /// `submitter.unit`, `driver.kind`.
    fn post(
        &mut self,
        word: &str,
        left: &Ast,
        name: &str,
        name_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        let world = self.scope.world;
        let kinds = || Type::Choice(world.kinds.iter().cloned().collect());
        if !matches!(name, "unit" | "kind") {
            let message = format!("a post has no `{name}`");
            return self.fail(codes::UNKNOWN_FIELD, name_at, message, "read .unit or .kind");
        }
        if word == "submitter" {
            self.readable("submitter", self.scope.site.reads_case(), &left.at)?;
            return Some(match name {
                "unit" => Typed::of(Expr::Submitter(Attribute::Unit), Type::Unit, at),
                _ => Typed::of(Expr::Submitter(Attribute::Kind), kinds(), at),
            });
        }
        let driver = self.driver(&left.at)?;
        let post = world.position(&driver)?;
        Some(match name {
            "unit" => Typed::of(Expr::Const(Value::Unit(post.unit.clone())), Type::Unit, at),
            _ => Typed::of(Expr::Const(Value::Text(post.kind.clone())), kinds(), at),
        })
    }

    /// A member of a record, or a column of a row.
    fn member(&mut self, left: Typed, name: &str, name_at: Range<usize>, at: Range<usize>) -> Option<Typed> {
        let kind = match &left.is {
            Is::Of(kind) => kind.clone(),
            Is::Word { text, quoted: false } => return self.unknown_word(&text.clone(), left.at),
            _ => {
                let message = format!("{} has no `{name}`", left.shown());
                return self.fail(
                    codes::UNKNOWN_FIELD,
                    name_at,
                    message,
                    "read members of documents and rows",
                );
            }
        };
        match kind {
            Type::Record(members) => self.record_member(left, &members, name, (name_at, at)),
            // What is missing has missing members.
            Type::Optional(of) if matches!(*of, Type::Record(_) | Type::Row(_)) => {
                let inner = Typed::of(left.expr, *of, left.at);
                let mut found = self.member(inner, name, name_at, at)?;
                if let Is::Of(kind) = &found.is
                    && !matches!(kind, Type::Optional(_))
                {
                    found.is = Is::Of(Type::Optional(Box::new(kind.clone())));
                }
                Some(found)
            }
            Type::Optional(_) => self.needs_else(left.at),
            Type::Row(table) => self.column(left.expr, &table, name, (name_at, at)),
            Type::List(_) => {
                let help = "use sum, every, some, where, count or first on a list";
                self.fail(codes::TYPE_ERROR, name_at, format!("a list has no `{name}`"), help)
            }
            Type::Position => {
                self.later(&format!("{name} of a position other than submitter and driver"), name_at)
            }
            kind => {
                let message = format!("{kind} has no `{name}`");
                self.fail(
                    codes::UNKNOWN_FIELD,
                    name_at,
                    message,
                    "only records and rows of tables have members",
                )
            }
        }
    }

    fn record_member(
        &mut self,
        left: Typed,
        members: &[(Name, Type)],
        name: &str,
        (name_at, at): (Range<usize>, Range<usize>),
    ) -> Option<Typed> {
        let Some((name, kind)) = members.iter().find(|(n, _)| *n == name) else {
            let message = format!("there is no member `{name}` here");
            let help = suggest::nearest(name, members.iter().map(|(n, _)| n.as_str()));
            return self.fail(codes::UNKNOWN_FIELD, name_at, message, help);
        };
        let expr = match left.expr {
            Expr::Doc(mut path) => {
                path.push(name.clone());
                Expr::Doc(path)
            }
            Expr::It(mut path) => {
                path.push(name.clone());
                Expr::It(path)
            }
            other => Expr::Field(Box::new(other), name.clone()),
        };
        Some(Typed::of(expr, kind.clone(), at))
    }

    fn column(
        &mut self,
        key: Expr,
        table: &Name,
        name: &str,
        (name_at, at): (Range<usize>, Range<usize>),
    ) -> Option<Typed> {
        let table = self.scope.world.tables.get(table)?;
        match table.columns.iter().find(|c| c.name == name) {
            Some(column) => {
                let expr = Expr::Column {
                    table: table.name.clone(),
                    key: Box::new(key),
                    column: column.name.clone(),
                };
                Some(Typed::of(expr, column.kind.clone(), at))
            }
            None if self.scope.world.is_partial(&table.name) => None,
            None => {
                let message = format!("the table {} has no column `{name}`", table.name);
                let help = suggest::nearest(name, table.columns.iter().map(|c| c.name.as_str()));
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }
}
