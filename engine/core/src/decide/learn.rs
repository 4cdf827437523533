//! What a case learns from answers, messages, children; and what it knows from the start.

use super::{Ctx, internal};
use crate::command::CaseNo;
use crate::definition::{Activity, Chain, Learn};
use crate::eval::{Scope, evaluate};
use crate::event::{Event, FactsLearnt, Party};
use crate::expr::Expr;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, CommandState};
use crate::value::{Fields, Type, Value};

/// What a case learns: all values are evaluated against what it knew before, then all are taken. None: nothing new.
///
/// A `learns` serves every answer of its state, and each answer carries its own fields: what reads something that is
/// not there this time is left for another time.
pub(super) fn learnt(
    _: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    learns: &[Learn],
    scope: &Scope<'_>,
) -> Result<Option<Event>, Rejection> {
    let facts = taken(chain, learns, scope)?;
    if facts.is_empty() {
        return Ok(None);
    }
    Ok(Some(Event::FactsLearnt(FactsLearnt { case: case.number(), facts })))
}

/// The facts that change, and their new values.
pub(super) fn taken(chain: &Chain, learns: &[Learn], scope: &Scope<'_>) -> Result<Fields, Rejection> {
    let mut facts = Fields::new();
    for learn in learns.iter().filter(|learn| readable(&learn.value, scope)) {
        let fact = chain.facts.get(usize::from(learn.fact));
        let fact = fact.ok_or_else(|| internal("what is learnt is a fact of the chain"))?;
        let value = evaluate(&learn.value, scope)?;
        if value == Value::Missing && !matches!(fact.kind, Type::Optional(_)) {
            let message = format!("expected a value for fact {}, found none; give it an `else`", fact.name);
            return Err(Rejection::new(Code::Unevaluable, message));
        }
        if scope.facts.get(&fact.name) != Some(&value) {
            facts.insert(fact.name.clone(), value);
        }
    }
    Ok(facts)
}

/// Whether what an expression reads of an answer, a message or a child is there.
fn readable(expr: &Expr, scope: &Scope<'_>) -> bool {
    let missing = |fields: Option<&Fields>, path: &[crate::name::Name]| {
        fields.is_none_or(|fields| path.first().is_some_and(|name| !fields.contains_key(name)))
    };
    let absent = |part: &Expr| match part {
        Expr::Reply(path) => missing(scope.reply, path),
        Expr::Message(path) => missing(scope.message, path),
        Expr::Child(_) => scope.child.is_none(),
        Expr::Define(number) => {
            let define = scope.defines.get(usize::from(*number));
            define.is_some_and(|(_, define)| !readable(define, scope))
        }
        _ => false,
    };
    !expr.any(&absent)
}

/// What a new case knows from the start: the facts that begin with something.
pub(super) fn initial(
    ctx: &Ctx<'_>,
    chain: &Chain,
    (document, submitter): (&Fields, &Party),
) -> Result<Fields, Rejection> {
    let scope = ctx.handed_in(chain, document, submitter);
    let begin = chain.facts.iter().filter_map(|fact| Some((fact, fact.initial.as_ref()?)));
    begin.map(|(fact, initial)| Ok((fact.name.clone(), evaluate(initial, &scope)?))).collect()
}

/// The facts that the amount of a document that is being handed in reads: those of its case, or those that a new
/// case begins with. Empty where it reads none.
pub(super) fn for_amount(
    ctx: &Ctx<'_>,
    chain: &Chain,
    (document, submitter): (&Fields, &Party),
    own: Option<CaseNo>,
) -> Result<Fields, Rejection> {
    if !chain.amount.as_ref().is_some_and(|amount| reads_facts(amount, chain)) {
        return Ok(Fields::new());
    }
    match own.and_then(|own| ctx.state.case(own)) {
        Some(case) => Ok(ctx.facts.unwrap_or(case.facts()).clone()),
        None => initial(ctx, chain, (document, submitter)),
    }
}

fn reads_facts(expr: &Expr, chain: &Chain) -> bool {
    expr.any(&|part: &Expr| match part {
        Expr::Fact(_) => true,
        Expr::Define(number) => {
            chain.defines.get(usize::from(*number)).is_some_and(|(_, define)| reads_facts(define, chain))
        }
        _ => false,
    })
}

/// What the step that a case is leaving was last answered with, for the `learns` of its arrows: a task's answer, or
/// the answer that led on from the newest command of the state, or of the one that it follows.
pub(super) fn last_reply<'a>(case: &'a Case, chain: &Chain, state: u16) -> Option<&'a Fields> {
    let outward = case.outward()?;
    if let Some((_, (_, fields))) = outward.answers.iter().next_back() {
        return Some(fields);
    }
    let activity = chain.states.get(usize::from(state)).map(|def| &def.activity);
    let (state, follows) = match activity {
        Some(Activity::Follow { state: followed }) => (*followed, true),
        _ => (state, false),
    };
    let own = |command: &CommandState| command.state == state && command.undoes.is_none();
    let (_, command) = outward.commands.iter().rev().find(|(_, command)| own(command))?;
    let led_on = command.left_by.as_ref().filter(|_| !follows);
    led_on.or(command.answer.as_ref()).map(|reply| &reply.fields)
}
