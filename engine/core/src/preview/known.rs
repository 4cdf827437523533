//! The other cases that a chain's expressions name for a document: a preview sees these and no others.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::command::CaseNo;
use crate::definition::{
    Activity, Arrow, Chain, Climb, DelegateDef, MatchRule, Member, Node, Required, Signer, StateDef, Who,
};
use crate::eval::{Scope, evaluate};
use crate::expr::Expr;
use crate::name::Name;
use crate::state::State;
use crate::value::{Fields, Value};

/// The cases that a chain may ask about, as far as their keys can be told from the document and from what the case
/// knows from the start.
pub(super) fn cases(state: &State, chain: &Chain, scope: &Scope<'_>) -> BTreeSet<CaseNo> {
    let mut found = BTreeSet::new();
    numbers(scope.document, &mut found);
    let keys: RefCell<Vec<(Name, Expr)>> = RefCell::new(Vec::new());
    each(chain, &|expr| {
        expr.any(&|part| {
            if let Expr::CaseOf(chain, key) = part {
                keys.borrow_mut().push((chain.clone(), (**key).clone()));
            }
            false
        });
    });
    for (chain, key) in keys.into_inner() {
        found.extend(named(state, &chain, &key, scope));
    }
    for requirement in &chain.requires {
        let Required::Case(wanted) = &requirement.what else { continue };
        let items = wanted.for_each.as_ref().map(|list| evaluate(list, scope));
        match items {
            None => found.extend(named(state, &wanted.chain, &wanted.key, scope)),
            Some(Ok(Value::List(items))) => {
                for item in &items {
                    let scope = Scope { item: Some(item), ..*scope };
                    found.extend(named(state, &wanted.chain, &wanted.key, &scope));
                }
            }
            Some(_) => {}
        }
    }
    found
}

fn named(state: &State, chain: &Name, key: &Expr, scope: &Scope<'_>) -> Option<CaseNo> {
    match evaluate(key, scope).ok()? {
        Value::Missing => None,
        Value::Case(number) => Some(number),
        key => state.by_key(chain, &Name::from(key.to_string())),
    }
}

fn numbers(fields: &Fields, found: &mut BTreeSet<CaseNo>) {
    fields.values().for_each(|value| numbers_in(value, found));
}

fn numbers_in(value: &Value, found: &mut BTreeSet<CaseNo>) {
    match value {
        Value::Case(number) => drop(found.insert(*number)),
        Value::List(items) => items.iter().for_each(|item| numbers_in(item, found)),
        Value::Record(fields) => numbers(fields, found),
        _ => {}
    }
}

type Visit<'v> = &'v dyn Fn(&Expr);

fn each(chain: &Chain, visit: Visit<'_>) {
    chain.key.iter().chain(&chain.amount).for_each(visit);
    chain.defines.iter().for_each(|(_, define)| visit(define));
    chain.facts.iter().filter_map(|fact| fact.initial.as_ref()).for_each(visit);
    for requirement in &chain.requires {
        match &requirement.what {
            Required::Must(of) | Required::Unique { of, .. } => visit(of),
            Required::Case(wanted) => {
                visit(&wanted.key);
                wanted.for_each.iter().for_each(visit);
            }
        }
    }
    chain.benefits.iter().chain(&chain.cc).for_each(|who| in_who(who, visit));
    for (who, when) in &chain.monitors {
        in_who(who, visit);
        when.iter().for_each(visit);
    }
    chain.states.iter().for_each(|state| in_state(state, visit));
}

fn in_state(state: &StateDef, visit: Visit<'_>) {
    state.when.iter().for_each(visit);
    state.for_each.iter().for_each(|each| visit(&each.list));
    state.learns.iter().for_each(|learn| visit(&learn.value));
    state.cc.iter().for_each(|who| in_who(who, visit));
    for Arrow { when, learns, .. } in state.next.values().flatten() {
        when.iter().for_each(visit);
        learns.iter().for_each(|learn| visit(&learn.value));
    }
    in_activity(&state.activity, visit);
}

fn in_activity(activity: &Activity, visit: Visit<'_>) {
    let with = |with: &[(Name, Expr)]| with.iter().for_each(|(_, value)| visit(value));
    match activity {
        Activity::Check(checks) => checks.iter().for_each(|check| visit(check.test.expr())),
        Activity::Choose(branches) => branches.iter().filter_map(|b| b.when.as_ref()).for_each(visit),
        Activity::People(node) => in_node(node, visit),
        Activity::Wait(wait) => {
            for MatchRule { when, index, first_by } in &wait.rules {
                visit(when);
                index.iter().for_each(|(_, value)| visit(value));
                first_by.iter().for_each(visit);
            }
            wait.until.iter().for_each(visit);
        }
        Activity::WaitUntil(until) => visit(until),
        Activity::Command(def) => with(&def.with),
        Activity::Run(def) | Activity::Start(def) => {
            with(&def.with);
            def.submitter.iter().for_each(|who| in_who(who, visit));
        }
        Activity::Tell(def) => {
            visit(&def.case);
            with(&def.with);
        }
        Activity::Record(def) => {
            def.key.iter().for_each(visit);
            with(&def.with);
        }
        Activity::Delegate(def) => {
            let DelegateDef { name, from, to, authority, up_to, start, end } = &**def;
            [name, from, to, authority, up_to, start, end].into_iter().for_each(visit);
        }
        Activity::EndDelegation(name) | Activity::WhileDelegated(name) => visit(name),
        Activity::HandOver(who) => in_who(who, visit),
        Activity::Follow { .. } | Activity::Join { .. } | Activity::Compensate { .. } => {}
        Activity::Reserve(_) | Activity::Consume(_) | Activity::Release(_) | Activity::Restore(_) => {
            activity.of_accounts().into_iter().for_each(visit);
        }
    }
}

fn in_node(node: &Node, visit: Visit<'_>) {
    match node {
        Node::Signer(Signer { who, except, only_if, .. }) => {
            in_who(who, visit);
            only_if.iter().for_each(|(only_if, _)| visit(only_if));
            except.iter().for_each(|who| in_who(who, visit));
        }
        Node::Climb(climb) => {
            let Climb { amount, at_least, .. } = climb;
            amount.iter().for_each(visit);
            at_least.iter().filter_map(|level| level.when.as_ref()).for_each(visit);
            for beside in climb.besides() {
                in_who(&beside.who, visit);
                beside.when.iter().for_each(visit);
            }
        }
        Node::All(members) | Node::Any(members) | Node::InOrder(members) | Node::Votes { members, .. } => {
            for Member { when, node, .. } in members {
                when.iter().for_each(visit);
                in_node(node, visit);
            }
        }
    }
}

fn in_who(who: &Who, visit: Visit<'_>) {
    match who {
        Who::KindAt(_, expr) | Who::Expr(expr) => visit(expr),
        Who::Superior(of) | Who::Above(of, _) | Who::Dotted(of) => in_who(of, visit),
        Who::LowestCommonSuperior(a, b) => [a, b].into_iter().for_each(|who| in_who(who, visit)),
        Who::Each(parts) => parts.iter().for_each(|who| in_who(who, visit)),
        Who::FirstOf(branches) => {
            for (when, who) in branches {
                when.iter().for_each(visit);
                in_who(who, visit);
            }
        }
        Who::Position(_) | Who::Group(_) | Who::GroupNeed(..) | Who::Submitter | Who::Owner | Who::Driver => {
        }
    }
}
