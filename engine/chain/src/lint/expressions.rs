//! What expressions read, defines looked into.

use std::cell::RefCell;
use std::collections::BTreeSet;

use countersign_core::definition::{
    Activity, Chain, DelegateDef, Learn, Member, Node, Signer, StateDef, Who,
};
use countersign_core::expr::Expr;

use super::flow::members;

/// Reads expressions of a chain.
pub(super) struct Reader<'c> {
    chain: &'c Chain,
    /// By define: the facts that it reads, through other defines too.
    defines: Vec<BTreeSet<usize>>,
}

impl<'c> Reader<'c> {
    pub(super) fn of(chain: &'c Chain) -> Reader<'c> {
        let mut reader = Reader { chain, defines: Vec::new() };
        // A define reads only earlier ones.
        for (_, expr) in &chain.defines {
            let facts = reader.facts(expr);
            reader.defines.push(facts);
        }
        reader
    }

    /// The facts that an expression reads, by their places in the chain.
    pub(super) fn facts(&self, expr: &Expr) -> BTreeSet<usize> {
        let found = RefCell::new(BTreeSet::new());
        expr.any(&|part| {
            match part {
                Expr::Fact(path) => {
                    let fact =
                        path.first().and_then(|name| self.chain.facts.iter().position(|f| f.name == *name));
                    found.borrow_mut().extend(fact);
                }
                Expr::Define(number) => {
                    found.borrow_mut().extend(self.defines.get(usize::from(*number)).into_iter().flatten());
                }
                _ => {}
            }
            false
        });
        found.into_inner()
    }

    /// Whether a learn makes a fact from what it was: a counter, a sum, a remainder.
    pub(super) fn accumulates(&self, learn: &Learn) -> bool {
        learn.value.any(&|part| matches!(part, Expr::Arith(..)))
            && self.facts(&learn.value).contains(&usize::from(learn.fact))
    }
}

/// The fields of a reply, an answer or a request that an expression reads.
pub(super) fn reply_fields(expr: &Expr) -> BTreeSet<String> {
    let found = RefCell::new(BTreeSet::new());
    expr.any(&|part| {
        if let Expr::Reply(path) = part {
            found.borrow_mut().extend(path.first().map(ToString::to_string));
        }
        false
    });
    found.into_inner()
}

/// Whether a value reads what only an answer, a message or a child can hand in.
pub(super) fn needs_an_answer(learn: &Learn) -> bool {
    learn.value.any(&|part| matches!(part, Expr::Reply(_) | Expr::Message(_) | Expr::Child(_)))
}

/// Every expression that is evaluated while a state is entered or worked in, its learns and arrows left out.
pub(super) fn of_state<'c>(state: &'c StateDef, each: &mut impl FnMut(&'c Expr)) {
    state.when.iter().for_each(&mut *each);
    if let Some(for_each) = &state.for_each {
        each(&for_each.list);
    }
    state.cc.iter().for_each(|who| of_who(who, each));
    match &state.activity {
        Activity::Check(checks) => checks.iter().for_each(|c| each(c.test.expr())),
        Activity::Choose(branches) => branches.iter().filter_map(|b| b.when.as_ref()).for_each(each),
        Activity::People(node) => of_node(node, each),
        Activity::Wait(wait) => {
            for rule in &wait.rules {
                each(&rule.when);
                rule.index.iter().for_each(|(_, expr)| each(expr));
                rule.first_by.iter().for_each(&mut *each);
            }
            wait.until.iter().for_each(each);
        }
        Activity::WaitUntil(time) => each(time),
        Activity::Command(command) => command.with.iter().for_each(|(_, expr)| each(expr)),
        Activity::Run(run) | Activity::Start(run) => {
            run.with.iter().for_each(|(_, expr)| each(expr));
            run.submitter.iter().for_each(|who| of_who(who, each));
        }
        Activity::Tell(tell) => {
            each(&tell.case);
            tell.with.iter().for_each(|(_, expr)| each(expr));
        }
        Activity::Record(record) => {
            record.key.iter().for_each(&mut *each);
            record.with.iter().for_each(|(_, expr)| each(expr));
        }
        Activity::Delegate(def) => {
            let DelegateDef { name, from, to, authority, up_to, start, end } = &**def;
            [name, from, to, authority, up_to, start, end].into_iter().for_each(each);
        }
        Activity::EndDelegation(name) | Activity::WhileDelegated(name) => each(name),
        Activity::HandOver(who) => of_who(who, each),
        Activity::Follow { .. } | Activity::Join { .. } | Activity::Compensate { .. } => {}
        Activity::Reserve(_) | Activity::Consume(_) | Activity::Release(_) | Activity::Restore(_) => {
            state.activity.of_accounts().into_iter().for_each(each);
        }
    }
}

fn of_node<'c>(node: &'c Node, each: &mut impl FnMut(&'c Expr)) {
    match node {
        Node::Signer(signer) => of_signer(signer, each),
        Node::Climb(climb) => {
            climb.amount.iter().for_each(&mut *each);
            climb.at_least.iter().filter_map(|a| a.when.as_ref()).for_each(&mut *each);
            for beside in climb.besides() {
                beside.when.iter().for_each(&mut *each);
                of_who(&beside.who, each);
            }
        }
        _ => members(node).into_iter().flatten().for_each(|m: &Member| {
            m.when.iter().for_each(&mut *each);
            of_node(&m.node, each);
        }),
    }
}

fn of_signer<'c>(signer: &'c Signer, each: &mut impl FnMut(&'c Expr)) {
    of_who(&signer.who, each);
    signer.only_if.iter().for_each(|(only_if, _)| each(only_if));
    signer.except.iter().for_each(|who| of_who(who, each));
}

/// The expressions by which somebody is found.
pub(super) fn of_who<'c>(who: &'c Who, each: &mut impl FnMut(&'c Expr)) {
    match who {
        Who::KindAt(_, expr) | Who::Expr(expr) => each(expr),
        Who::Superior(of) | Who::Above(of, _) | Who::Dotted(of) => of_who(of, each),
        Who::LowestCommonSuperior(a, b) => {
            of_who(a, each);
            of_who(b, each);
        }
        Who::FirstOf(several) => {
            for (when, who) in several {
                when.iter().for_each(&mut *each);
                of_who(who, each);
            }
        }
        Who::Each(several) => several.iter().for_each(|who| of_who(who, each)),
        Who::Position(_) | Who::Group(_) | Who::GroupNeed(..) | Who::Submitter | Who::Driver | Who::Owner => {
        }
    }
}
