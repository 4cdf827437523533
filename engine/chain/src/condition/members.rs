//! Members: of records, rows, positions and cases.

use std::ops::Range;

use countersign_core::expr::{Attribute, CasePart, Expr};
use countersign_core::name::Name;
use countersign_core::value::{Type, Value};

use super::check::Checker;
use super::fit::{Is, Typed};
use super::parser::{Ast, Tree};
use crate::codes;
use crate::suggest;
use crate::world::ChainHead;

/// States that every chain has without saying so.
const BUILT_IN: [&str; 3] = ["draft", "on-hold", "withdrawn"];
/// What the state of a case is called that is not there.
const NO_CASE: &str = "none";

impl Checker<'_, '_, '_> {
    /// A member of a record, a column of a row, something about a position or a case.
    pub(crate) fn member(
        &mut self,
        left: Typed,
        name: &str,
        name_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        if left.is_case() {
            return self.case_part(left, name, name_at, at);
        }
        if let Is::Account(called) = left.is {
            return self.balance(called, (name, name_at), at);
        }
        let kind = match &left.is {
            Is::Of(kind) => kind.clone(),
            Is::Word { text, quoted: false } => return self.unknown_word(&text.clone(), left.at),
            _ => {
                let message = format!("{} has no `{name}`", left.shown());
                let help = "read members of documents and rows";
                return self.fail(codes::UNKNOWN_FIELD, name_at, message, help);
            }
        };
        match kind {
            Type::Record(members) => self.record_member(left, &members, name, (name_at, at)),
            // What is missing has missing members.
            Type::Optional(of)
                if matches!(*of, Type::Record(_) | Type::Row(_) | Type::Position | Type::Unit) =>
            {
                let inner = Typed::of(left.expr, *of, left.at);
                let mut found = self.member(inner, name, name_at, at)?;
                if let Is::Of(kind) = &found.is {
                    found.is = Is::Of(optional(kind.clone()));
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
                let (attribute, kind) = self.attribute(name, name_at)?;
                Some(Typed::of(Expr::Post(Box::new(left.expr), attribute), kind, at))
            }
            Type::Unit if name == "province" => {
                let kind = optional(Type::Text);
                Some(Typed::of(Expr::Province(Box::new(left.expr)), kind, at))
            }
            Type::Unit => {
                let message = format!("a unit has no `{name}`");
                self.fail(codes::UNKNOWN_FIELD, name_at, message, "read .province")
            }
            kind => {
                let message = format!("{kind} has no `{name}`");
                let help = "only records, rows of tables, positions, units and cases have members";
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    /// What can be asked about a post, and its type.
    pub(crate) fn attribute(&mut self, name: &str, name_at: Range<usize>) -> Option<(Attribute, Type)> {
        match name {
            "unit" => Some((Attribute::Unit, Type::Unit)),
            "kind" => {
                let kinds = self.scope.world.kinds.iter().cloned().collect();
                Some((Attribute::Kind, Type::Choice(kinds)))
            }
            _ => {
                let message = format!("a post has no `{name}`");
                self.fail(codes::UNKNOWN_FIELD, name_at, message, "read .unit or .kind")
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
        let expr = match longer(left.expr, name) {
            Ok(path) => path,
            Err(other) => Expr::Field(Box::new(other), name.clone()),
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
                // A row that chains write may not be there yet, unless it was typed as one.
                let may_be_missing = matches!(key, Expr::Row(..)) && !table.written_by.is_empty();
                let kind = if may_be_missing { optional(column.kind.clone()) } else { column.kind.clone() };
                let expr = Expr::Column {
                    table: table.name.clone(),
                    key: Box::new(key),
                    column: column.name.clone(),
                };
                Some(Typed::of(expr, kind, at))
            }
            None if self.scope.world.is_partial(&table.name) => None,
            None => {
                let message = format!("the table {} has no column `{name}`", table.name);
                let help = suggest::nearest(name, table.columns.iter().map(|c| c.name.as_str()));
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    /// `chain(key)`: the newest case of a chain with this business key.
    pub(crate) fn case_of(
        &mut self,
        chain: &str,
        (name_at, items): (Range<usize>, &[Ast]),
        at: Range<usize>,
    ) -> Option<Typed> {
        let [key] = items else {
            let message = format!("{chain} is called by the key of one case");
            return self.fail(codes::BAD_EXPRESSION, at, message, format!("write {chain}(doc.order_no)"));
        };
        let readable = self.cases(&format!("{chain}(...)"), &name_at);
        let key = self.check(key)?;
        let key = self.fit(key, &optional(Type::Text))?;
        readable?;
        let chain = Name::from(chain);
        Some(Typed { expr: Expr::CaseOf(chain.clone(), Box::new(key)), is: Is::Case(chain), at })
    }

    /// `.state`, `.open`, `.amount`, `.submitter` of a case.
    fn case_part(
        &mut self,
        case: Typed,
        name: &str,
        name_at: Range<usize>,
        at: Range<usize>,
    ) -> Option<Typed> {
        self.cases(&format!("{name} of another case"), &name_at)?;
        let head = case.chain().and_then(|chain| self.scope.world.heads.get(chain));
        if case.chain().is_some() && head.is_none() {
            return None;
        }
        let of = |part: CasePart| Expr::OfCase(Box::new(case.expr.clone()), part);
        let (part, kind) = self.part(head, name, name_at)?;
        Some(match part {
            // A case that is not there has a state of its own and is not open, so that both always are.
            CasePart::State => {
                let expr = Expr::Else(Box::new(of(part)), Box::new(Expr::Const(Value::text(NO_CASE))));
                let kind = head.map_or(Type::Text, |head| Type::Choice(states(head, Some(NO_CASE))));
                Typed::of(expr, kind, at)
            }
            CasePart::Open => {
                let expr = Expr::Else(Box::new(of(part)), Box::new(Expr::Const(Value::Flag(false))));
                Typed::of(expr, kind, at)
            }
            part => Typed::of(of(part), optional(kind), at),
        })
    }

    /// A part of a case whose chain may be known, and its type.
    fn part(
        &mut self,
        head: Option<&ChainHead>,
        name: &str,
        name_at: Range<usize>,
    ) -> Option<(CasePart, Type)> {
        match name {
            "state" => {
                let kind = head.map_or(Type::Text, |head| Type::Choice(states(head, None)));
                Some((CasePart::State, kind))
            }
            "open" => Some((CasePart::Open, Type::Flag)),
            "submitter" => Some((CasePart::Submitter, Type::Position)),
            "owner" => Some((CasePart::Owner, Type::Position)),
            "still_to_sign" => Some((CasePart::StillToSign, Type::List(Box::new(Type::Position)))),
            "signers" => Some((CasePart::Signers, Type::List(Box::new(Type::Position)))),
            "decider" => Some((CasePart::Decider, Type::Position)),
            "decided_at" => Some((CasePart::DecidedAt, Type::Time)),
            "amount" => match head {
                None => Some((CasePart::Amount, Type::AnyMoney)),
                Some(ChainHead { amount: Some(kind), .. }) => Some((CasePart::Amount, kind.clone())),
                Some(head) if head.partial => None,
                Some(head) => {
                    let message = format!("{} has no amount that can be read here", head.name);
                    let help = "read a field of its document instead, such as .doc.total";
                    self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
                }
            },
            "doc" | "facts" | "holds" => {
                let message = format!("`.{name}` alone is no value");
                let help = format!("write the field, as in .{name}.units");
                self.fail(codes::BAD_EXPRESSION, name_at, message, help)
            }
            _ => {
                let parts = [
                    "state",
                    "open",
                    "amount",
                    "submitter",
                    "owner",
                    "still_to_sign",
                    "signers",
                    "decider",
                    "decided_at",
                    "doc",
                    "facts",
                ];
                let message = format!("a case has no `{name}`");
                self.fail(codes::UNKNOWN_FIELD, name_at, message, suggest::nearest(name, parts))
            }
        }
    }

    /// `.doc.x` and `.facts.x` of a case.
    pub(crate) fn case_field(
        &mut self,
        case: Typed,
        part: &str,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        self.cases(&format!("{part} of another case"), &name_at)?;
        let Some(chain) = case.chain() else {
            let message = format!("of which chain this case is, and so its {part}, is not known here");
            let help = "call the chain by its key, such as order-to-cash(doc.order_no).doc.total";
            return self.fail(codes::TYPE_ERROR, name_at, message, help);
        };
        let head = self.scope.world.heads.get(chain)?;
        let (part, kind, _) = self.field_of(head, part, name, name_at)?;
        Some(Typed::of(Expr::OfCase(Box::new(case.expr), part), optional(kind), at))
    }

    /// A field of the document or a fact of a case of a chain, its type, and whether it is there from the beginning.
    fn field_of(
        &mut self,
        head: &ChainHead,
        part: &str,
        name: &str,
        name_at: Range<usize>,
    ) -> Option<(CasePart, Type, bool)> {
        let world = self.scope.world;
        if part == "holds" {
            return self.hold_of(head, name, name_at);
        }
        if part == "facts" {
            return match head.facts.iter().find(|(known, _)| *known == name) {
                Some((fact, kind)) => {
                    Some((CasePart::Fact(vec![fact.clone()]), kind.clone(), head.initial.contains(fact)))
                }
                None if head.partial => None,
                None => {
                    let message = format!("{} has no fact `{name}`", head.name);
                    let help = suggest::nearest(name, head.facts.iter().map(|(known, _)| known.as_str()));
                    self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
                }
            };
        }
        let document = world.documents.get(&head.document)?;
        match document.fields.iter().find(|f| f.name == name) {
            Some(field) => {
                let mut reads = world.read_elsewhere.borrow_mut();
                reads.entry(head.name.clone()).or_default().insert(field.name.clone());
                Some((CasePart::Doc(vec![field.name.clone()]), field.kind.clone(), true))
            }
            None if world.is_partial(&document.name) => None,
            None => {
                let message =
                    format!("{}, the document of {}, has no field `{name}`", document.name, head.name);
                let help = suggest::nearest(name, document.fields.iter().map(|f| f.name.as_str()));
                self.fail(codes::UNKNOWN_FIELD, name_at, message, help)
            }
        }
    }

    /// `child.facts.x`, `child.doc.x`, `child.state`, `child.amount`, `child.submitter`.
    pub(crate) fn child_part(
        &mut self,
        child: &Ast,
        part: &str,
        (name, name_at): (&str, Range<usize>),
        at: Range<usize>,
    ) -> Option<Typed> {
        let scope = self.scope;
        let (called, head) = match scope.child.filter(|_| scope.site.reads_answers()) {
            Some(child) => child,
            None => {
                let message = "there is no `child` here";
                let help = "read it in the `learns` of a state with `run`";
                return self.fail(codes::NOT_READABLE_HERE, child.at.clone(), message, help);
            }
        };
        if !matches!(&child.kind, Tree::Word(word) if word == called) {
            let message = format!("the child is called `{called}` here");
            let help = format!("write {called}.{part}, or take `as` away");
            return self.fail(codes::NOT_READABLE_HERE, child.at.clone(), message, help);
        }
        let (part, kind) = match part {
            "doc" | "facts" | "holds" => {
                let (part, kind, always) = self.field_of(head, part, name, name_at)?;
                (part, if always { kind } else { optional(kind) })
            }
            // Nobody owns what is over.
            "owner" => (CasePart::Owner, optional(Type::Position)),
            _ => self.part(Some(head), name, name_at)?,
        };
        Some(Typed::of(Expr::Child(part), kind, at))
    }
}

/// Everything that a case of a chain may be said to stand in.
fn states(head: &ChainHead, none: Option<&str>) -> Vec<Name> {
    let ends = head.ends.iter().map(|(name, _)| name);
    let built_in = BUILT_IN.into_iter().chain(none).map(Name::from);
    let mut found: Vec<Name> = head.states.iter().chain(ends).cloned().chain(built_in).collect();
    found.sort();
    found.dedup();
    found
}

/// The type of what may be missing.
pub(crate) fn optional(kind: Type) -> Type {
    match kind {
        Type::Optional(_) => kind,
        kind => Type::Optional(Box::new(kind)),
    }
}

/// A path made longer by a name; what is no path comes back.
fn longer(expr: Expr, name: &Name) -> Result<Expr, Expr> {
    let with = |mut path: Vec<Name>| {
        path.push(name.clone());
        path
    };
    Ok(match expr {
        Expr::Doc(path) => Expr::Doc(with(path)),
        Expr::It(path) => Expr::It(with(path)),
        Expr::Message(path) => Expr::Message(with(path)),
        Expr::Fact(path) => Expr::Fact(with(path)),
        Expr::Reply(path) => Expr::Reply(with(path)),
        Expr::Item(path) => Expr::Item(with(path)),
        other => return Err(other),
    })
}
