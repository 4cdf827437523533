//! `wait`: a message, the rules by which it finds its case, and until when.

use countersign_core::definition::{Activity, MatchRule, Shape, Wait};
use countersign_core::expr::{Comparison, Expr};
use countersign_core::name::Name;
use countersign_core::value::Type;

use super::Context;
use super::arrows::Outcome;
use super::states::{Heard, Read};
use crate::adapters::{self, is_token};
use crate::codes;
use crate::condition::{self, Site};
use crate::diagnostic::Place;
use crate::read::{self, Keys, Map};
use crate::yaml::{Body, Node};

impl Context<'_, '_> {
    /// A fact's name, and what it carries where an adapter declares it.
    pub(super) fn fact(&self, node: &Node) -> Option<(Name, Option<&Shape>)> {
        let fact = &read::scalar(node, "message", &self.world.report)?.text;
        self.fact_named(fact, node.place)
    }

    /// The same of a name that stands elsewhere.
    pub(super) fn fact_named(&self, fact: &str, place: Place) -> Option<(Name, Option<&Shape>)> {
        let (world, report) = (self.world, &self.world.report);
        let parts: Vec<&str> = fact.split('.').collect();
        if parts.len() == 3 && parts[0] == adapters::ENGINE {
            adapters::engine(place, report);
            return None;
        }
        match (parts.len(), parts.iter().all(|p| is_token(p))) {
            (2, true) => Some((Name::from(fact), None)),
            (3, true) => match world.adapters.facts.get_key_value(fact) {
                Some((name, shape)) => Some((name.clone(), Some(shape))),
                None if world.is_partial(adapters::FILE) => None,
                None => {
                    let known = world.adapters.facts.keys().map(Name::as_str);
                    world.unknown("fact in adapters.yaml", fact, place, known);
                    None
                }
            },
            _ => {
                let message = format!("`{fact}` is no name of a message");
                let help = "write what it is about and what happened, such as contract.sealed, \
                            or finance.receipt.posted where an adapter tells it";
                report.error(codes::BAD_NAME, place, message, help);
                None
            }
        }
    }

    /// `wait`, `match`, `until`.
    pub(super) fn wait(&self, map: &Map<'_>) -> Option<Read> {
        let report = &self.world.report;
        let (fact, shape) = self.fact(map.get("wait")?)?;
        let heard = Heard { message: Some(shape.cloned()), ..Heard::default() };
        let rules = self.with(heard.scope(self, None)).rules(map.need("match", "a wait", report)?)?;
        let until = match map.get("until") {
            None => None,
            Some(node) => Some(self.flag(node, Site::Fork)?),
        };
        Some(Read {
            activity: Activity::Wait(Wait { fact, rules, until }),
            outcomes: vec![Outcome::needed("received")],
            without_deadline: true,
            heard,
        })
    }

    /// The rules by which a message finds its case: one condition, or a list of `{ when, first_by }`.
    pub(super) fn rules(&self, node: &Node) -> Option<Vec<MatchRule>> {
        let rules: Vec<Option<MatchRule>> = match &node.body {
            Body::List(items) => items.iter().map(|n| self.rule(n)).collect(),
            _ => vec![self.flag(node, Site::Match).map(|when| rule(when, None))],
        };
        let rules = rules.into_iter().collect::<Option<Vec<_>>>()?;
        if rules.is_empty() {
            let message = "no message is meant for this case";
            self.world.report.error(codes::WRONG_SHAPE, node.place, message, "write at least one rule");
        }
        Some(rules)
    }

    /// `{ when, first_by }`.
    fn rule(&self, node: &Node) -> Option<MatchRule> {
        let report = &self.world.report;
        let map = Map::read(node, "a rule", Keys::of(&["when", "first_by"]), report)?;
        let when = map.need("when", "a rule", report).and_then(|n| self.flag(n, Site::Match));
        let first_by = match map.get("first_by") {
            None => None,
            Some(node) => {
                let lowered = condition::any(&self.text(node)?, &self.scope.at(Site::Match))?;
                let kind = match &lowered.kind {
                    Type::Optional(of) => &**of,
                    kind => kind,
                };
                let ordered = matches!(
                    kind,
                    Type::Number
                        | Type::Units
                        | Type::Percent
                        | Type::Money
                        | Type::Date
                        | Type::Time
                        | Type::Span
                );
                if !ordered {
                    let help = "use a date, a time, a number or an amount of the case";
                    report.error(codes::TYPE_ERROR, node.place, format!("{kind} has no order"), help);
                    return None;
                }
                Some(lowered.expr)
            }
        };
        Some(rule(when?, first_by))
    }
}

fn rule(when: Expr, first_by: Option<Expr>) -> MatchRule {
    MatchRule { index: index(&when), when, first_by }
}

/// An equality that a condition implies between a field of the message and something that the case knows alone.
fn index(when: &Expr) -> Option<(Vec<Name>, Expr)> {
    match when {
        Expr::And(parts) => parts.iter().find_map(index),
        Expr::Compare(Comparison::Equal, a, b) => side(a, b).or_else(|| side(b, a)),
        _ => None,
    }
}

fn side(message: &Expr, own: &Expr) -> Option<(Vec<Name>, Expr)> {
    let path = match message {
        Expr::Message(path) => path,
        // A message without the field is meant for nobody.
        Expr::Else(field, other) if matches!(**other, Expr::Const(_)) => match &**field {
            Expr::Message(path) => path,
            _ => return None,
        },
        _ => return None,
    };
    (!reads_message(own)).then(|| (path.clone(), own.clone()))
}

/// Whether an expression reads the message.
fn reads_message(expr: &Expr) -> bool {
    let any = |parts: &[Expr]| parts.iter().any(reads_message);
    match expr {
        Expr::Message(_) => true,
        Expr::Const(_)
        | Expr::Doc(_)
        | Expr::It(_)
        | Expr::Define(_)
        | Expr::Submitter(_)
        | Expr::Now
        | Expr::Today
        | Expr::Fact(_)
        | Expr::Reply(_)
        | Expr::Item(_)
        | Expr::Child(_)
        | Expr::Owner(_)
        | Expr::Driver(_)
        | Expr::Part(_)
        | Expr::Own(_)
        | Expr::Hold { .. } => false,
        Expr::Field(e, _)
        | Expr::Not(e)
        | Expr::First(e)
        | Expr::Abs(e)
        | Expr::Floor(e)
        | Expr::Known(e)
        | Expr::CaseOf(_, e)
        | Expr::OfCase(e, _)
        | Expr::Post(e, _)
        | Expr::CurrencyOf(e)
        | Expr::Days(e)
        | Expr::Rate(e)
        | Expr::RateOn(e)
        | Expr::LimitOf(e, _)
        | Expr::Delegable(e)
        | Expr::Province(e)
        | Expr::Column { key: e, .. } => reads_message(e),
        Expr::Row(_, parts) | Expr::And(parts) | Expr::Or(parts) | Expr::Min(parts) | Expr::Max(parts) => {
            any(parts)
        }
        Expr::List(parts) | Expr::Balance { key: parts, .. } => any(parts),
        Expr::Compare(_, a, b)
        | Expr::Arith(_, a, b)
        | Expr::Contains(a, b)
        | Expr::Else(a, b)
        | Expr::Convert(a, b)
        | Expr::LimitUnder(a, b)
        | Expr::Delegated(a, b)
        | Expr::Sum(a, b, _)
        | Expr::Fold(_, a, b) => reads_message(a) || reads_message(b),
        Expr::Pick(a, b, c) => reads_message(a) || reads_message(b) || reads_message(c),
    }
}
