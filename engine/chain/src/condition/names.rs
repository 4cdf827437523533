//! Names: what each means at its place, and the first step into it.

use std::ops::Range;

use countersign_core::expr::{Attribute, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::check::Checker;
use super::fit::{Is, Typed};
use super::parser::{Ast, Tree};
use super::scope::{FUNCTIONS, Message, Site};
use crate::codes;
use crate::suggest;

/// Names that mean nothing alone, and how a value is read from each.
const ROOTS: &[(&str, &str)] = &[
    ("doc", "doc.total"),
    ("message", "message.amount"),
    ("facts", "facts.prepaid"),
    ("holds", "holds.credit"),
    ("reply", "reply.units"),
    ("answer", "answer.rate"),
    ("request", "request.amount"),
    ("child", "child.facts.delivered"),
];

impl Checker<'_, '_, '_> {
    pub(crate) fn word(&mut self, word: &str, at: Range<usize>) -> Option<Typed> {
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
        if let Some((_, kind)) = scope.item.filter(|(name, _)| *name == word) {
            return Some(Typed::of(Expr::Item(Vec::new()), kind.clone(), at));
        }
        if scope.site == Site::Field {
            let field = scope.document.and_then(|d| d.fields.iter().find(|f| f.name == word));
            if let Some(field) = field {
                self.needs.fields.insert(field.name.clone());
                return Some(Typed::of(Expr::Doc(vec![field.name.clone()]), field.kind.clone(), at));
            }
        }
        if let Some(own) = scope.account {
            return self.in_account(own, word, at);
        }
        if let Some(found) = self.define(word, &at) {
            return found;
        }
        if scope.child.is_some_and(|(child, _)| child == word) && word != "child" {
            let message = format!("`{word}` alone is no value");
            let help = format!("write what of it, as in {word}.state or {word}.facts.delivered");
            return self.fail(codes::BAD_EXPRESSION, at, message, help);
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
            "submitter" | "owner" | "driver" => {
                let expr = self.party(word, Attribute::Position, &at)?;
                Some(Typed::of(expr, Type::Position, at))
            }
            _ => match ROOTS.iter().find(|(root, _)| *root == word) {
                Some((_, example)) => {
                    let message = format!("`{word}` alone is no value");
                    self.fail(codes::BAD_EXPRESSION, at, message, format!("write the field, as in {example}"))
                }
                None => Some(Typed {
                    expr: Expr::Const(Value::text(word)),
                    is: Is::Word { text: word.to_owned(), quoted: false },
                    at,
                }),
            },
        }
    }

    /// `Some` where a define has the name.
    fn define(&mut self, word: &str, at: &Range<usize>) -> Option<Option<Typed>> {
        let scope = self.scope;
        let number = scope.defines.iter().position(|d| d.name == word)?;
        let Some((kind, needs)) = &scope.defines[number].lowered else { return Some(None) };
        let needed: [(bool, bool, &str); 5] = [
            (scope.site.reads_case(), true, "a case"),
            (scope.site.reads_clock(), needs.clock, "the clock"),
            (scope.site.reads_facts(), needs.facts, "facts"),
            (scope.site.reads_cases(), needs.cases, "other cases"),
            (scope.site.reads_accounts(), needs.accounts, "accounts"),
        ];
        for (readable, needed, what) in needed {
            let word = format!("`{word}` (through it {what})");
            if needed && self.readable(&word, readable, at).is_none() {
                return Some(None);
            }
        }
        self.needs.clock |= needs.clock;
        self.needs.facts |= needs.facts;
        self.needs.cases |= needs.cases;
        self.needs.accounts |= needs.accounts;
        if let Some(called) = &needs.account {
            return Some(Some(called.clone().typed(at.clone())));
        }
        let expr = Expr::Define(u16::try_from(number).unwrap_or(u16::MAX));
        Some(Some(match &needs.case_of {
            Some(chain) => Typed { expr, is: Is::Case(chain.clone()), at: at.clone() },
            None => Typed::of(expr, kind.clone(), at.clone()),
        }))
    }

    pub(super) fn clock(&mut self, word: &str, at: &Range<usize>) -> Option<()> {
        self.needs.clock = true;
        self.readable(word, self.scope.site.reads_clock(), at)
    }

    /// Other cases can be read here.
    pub(crate) fn cases(&mut self, word: &str, at: &Range<usize>) -> Option<()> {
        self.needs.cases = true;
        self.readable(word, self.scope.site.reads_cases(), at)
    }

    pub(crate) fn readable(&mut self, word: &str, readable: bool, at: &Range<usize>) -> Option<()> {
        if readable {
            return Some(());
        }
        let word = if word.starts_with('`') { word.to_owned() } else { format!("`{word}`") };
        let message = format!("{word} cannot be read in {}", self.scope.site.shown());
        let before = self.scope.site == Site::Start;
        let help = match word.trim_matches('`') {
            _ if before => "nothing is known yet but the message or the item, tables and the clock",
            "amount" => "read the field of the document instead",
            "message" => {
                "only `match` and `learns` of what takes a message and `starts` read it: learn it as a fact"
            }
            "reply" | "answer" | "request" | "child" => "only `learns` reads it: learn it as a fact",
            "facts" => "facts are learnt on the way: decide in a check, a branch or an arrow",
            "submitter" | "owner" | "driver" => "a document knows its own fields and tables only",
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

    /// `submitter`, `owner`, `driver`.
    fn party(&mut self, word: &str, attribute: Attribute, at: &Range<usize>) -> Option<Expr> {
        self.readable(word, self.scope.site.reads_case(), at)?;
        match (word, self.scope.driver) {
            ("submitter", _) => Some(Expr::Submitter(attribute)),
            ("owner", _) => Some(Expr::Owner(attribute)),
            (_, Some(driver)) => {
                let position = Expr::Const(Value::Position(driver.clone()));
                Some(match attribute {
                    Attribute::Position => position,
                    // Where a position stands is asked when it matters: organisations change, chains stay.
                    _ => Expr::Post(Box::new(position), attribute),
                })
            }
            (_, None) => {
                let help = "name one under `driver` in the chain or in company.yaml";
                self.fail(codes::UNKNOWN_NAME, at.clone(), "this chain has no driver", help)
            }
        }
    }

    /// A word that no name, type or table explains.
    pub(crate) fn unknown_word<T>(&mut self, word: &str, at: Range<usize>) -> Option<T> {
        let scope = self.scope;
        if let Some(document) = scope.document.filter(|_| scope.site == Site::Field) {
            if scope.world.is_partial(&document.name) {
                return None;
            }
            let help = suggest::nearest(word, document.fields.iter().map(|f| f.name.as_str()));
            return self.fail(codes::UNKNOWN_NAME, at, format!("there is no field `{word}`"), help);
        }
        let field = scope.document.is_some_and(|d| d.fields.iter().any(|f| f.name == word));
        let help = if field {
            format!("write `doc.{word}`")
        } else if scope.facts.iter().any(|(name, _)| *name == word) {
            format!("write `facts.{word}`")
        } else if scope.world.accounts.contains_key(word) {
            format!("call the account by a key: `{word}(...).free`")
        } else if scope.world.tables.contains_key(word) {
            format!("call the table by a key: `{word}(...)`")
        } else if scope.world.names.chains.contains(word) {
            format!("call the chain by the key of a case: `{word}(...)`")
        } else {
            let names = ["amount", "submitter", "owner", "driver", "now", "today"].into_iter();
            let defines = scope.defines.iter().map(|d| d.name.as_str());
            let tables = scope.world.tables.keys().map(Name::as_str);
            let items = scope.item.iter().map(|(name, _)| *name);
            let known = names.chain(defines).chain(items).chain(tables).chain(FUNCTIONS.iter().copied());
            suggest::nearest(word, known)
        };
        self.fail(codes::UNKNOWN_NAME, at, format!("nothing here is called `{word}`"), help)
    }

    pub(crate) fn dot(
        &mut self,
        left: &Ast,
        name: &str,
        name_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        if let Some(root) = self.root(left) {
            return self.below(root, left, (name, name_at), at);
        }
        // `order.facts.made`: what follows a case is read in two steps.
        if let Tree::Dot(case, part, part_at) = &left.kind
            && matches!(part.as_str(), "doc" | "facts" | "holds")
        {
            if self.root(case) == Some("child") {
                return self.child_part(case, part, (name, name_at), at);
            }
            if self.root(case).is_none() {
                let case = self.check(case)?;
                if case.is_case() {
                    return self.case_field(case, part, (name, name_at), at);
                }
                let left = self.member(case, part, part_at.clone(), left.at.clone())?;
                return self.member(left, name, name_at, at);
            }
        }
        let left = self.check(left)?;
        self.member(left, name, name_at, at)
    }

    /// The name of [`ROOTS`] that a node is; one given away by a define or an item is none.
    fn root(&self, ast: &Ast) -> Option<&'static str> {
        let Tree::Word(word) = &ast.kind else { return None };
        let taken = self.scope.defines.iter().any(|d| d.name == word.as_str())
            || self.scope.item.is_some_and(|(name, _)| name == word);
        let child = self.scope.child.filter(|(name, _)| name == word).map(|_| "child");
        let root = child.or(ROOTS.iter().map(|(root, _)| *root).find(|root| root == word));
        root.or(["submitter", "owner", "driver"].into_iter().find(|p| p == word)).filter(|_| !taken)
    }

    /// The first step below a root.
    fn below(
        &mut self,
        root: &str,
        left: &Ast,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let scope = self.scope;
        match root {
            "doc" => self.doc(name, name_at, left.at.clone(), at),
            "facts" => {
                self.needs.facts = true;
                self.readable("facts", scope.site.reads_facts(), &left.at)?;
                self.handed((scope.facts, "this chain has no", "fact"), (name, name_at), at, Expr::Fact)
            }
            "holds" => self.own_hold(left, (name, name_at), at),
            "message" => self.message(left, (name, name_at), at),
            "reply" | "answer" | "request" => self.reply(root, left, (name, name_at), at),
            "child" => {
                if matches!(name, "doc" | "facts" | "holds") {
                    let child = scope.child.map_or("child", |(child, _)| child);
                    let message = format!("`{child}.{name}` alone is no value");
                    let help = format!("write the field, as in {child}.{name}.units");
                    return self.fail(codes::BAD_EXPRESSION, at, message, help);
                }
                self.child_part(left, name, (name, name_at), at)
            }
            party => self.post(party, left, name, name_at, at),
        }
    }

    /// A field of something handed in.
    fn handed(
        &mut self,
        (shape, of, what): (&[(Name, Type)], &str, &str),
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
        expr: fn(Vec<Name>) -> Expr,
    ) -> Option<Typed> {
        match shape.iter().find(|(known, _)| *known == name) {
            Some((name, kind)) => Some(Typed::of(expr(vec![name.clone()]), kind.clone(), at)),
            None => {
                let message = format!("{of} {what} `{name}`");
                let help = match shape {
                    [] => format!("there is no {what} at all; define one, or take this away"),
                    _ => suggest::nearest(name, shape.iter().map(|(known, _)| known.as_str())),
                };
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    fn message(
        &mut self,
        left: &Ast,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let scope = self.scope;
        self.readable("message", scope.site.reads_message() && scope.message.is_some(), &left.at)?;
        match scope.message? {
            Message::Fields(shape) => {
                self.handed((shape, "this message has no", "field"), (name, name_at), at, Expr::Message)
            }
            // What nobody declares is compared with a document as text.
            Message::Undeclared => Some(Typed::of(Expr::Message(vec![Name::from(name)]), Type::Text, at)),
        }
    }

    fn reply(
        &mut self,
        root: &str,
        left: &Ast,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let scope = self.scope;
        self.readable(root, scope.site.reads_answers(), &left.at)?;
        match scope.reply {
            Some((word, shape)) if word == root => {
                let of = format!("this {word} has no");
                self.handed((shape, &of, "field"), (name, name_at), at, Expr::Reply)
            }
            other => {
                let message = format!("there is no `{root}` here");
                let help = match other {
                    Some((word, _)) => format!("what is handed in here is called `{word}`"),
                    None => {
                        "commands have a `reply`, tasks an `answer`, requests at any time a `request`, messages \
                         a `message`"
                            .into()
                    }
                };
                self.fail(codes::NOT_READABLE_HERE, left.at.clone(), message, help)
            }
        }
    }

    fn doc(
        &mut self,
        name: &str,
        name_at: Range<usize>,
        doc_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        if self.scope.site == Site::Field {
            let help = format!("within a document write its fields bare: `{name}`");
            return self.fail(
                codes::NOT_READABLE_HERE,
                doc_at,
                "`doc` cannot be read in a document's field",
                help,
            );
        }
        self.readable("doc", self.scope.site.reads_case(), &doc_at)?;
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

    /// `submitter.unit`, `owner.kind`.
    fn post(
        &mut self,
        word: &str,
        left: &Ast,
        name: &str,
        name_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        let (attribute, kind) = self.attribute(name, name_at)?;
        let expr = self.party(word, attribute, &left.at)?;
        Some(Typed::of(expr, kind, at))
    }
}
