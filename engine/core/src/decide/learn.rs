//! What a case learns from answers, messages, children; and what it knows from the start.

use super::{Ctx, internal};
use crate::command::CaseNo;
use crate::definition::{Activity, Chain, Learn};
use crate::eval::{Scope, evaluate};
use crate::event::{Content, Event, FactsLearnt, Party};
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

/// What a new case knows from the start. None: its chain has no facts that begin with something.
pub(super) fn initial(
    ctx: &Ctx<'_>,
    chain: &Chain,
    case: CaseNo,
    (content, submitter): (&Content, &Party),
) -> Result<Option<Event>, Rejection> {
    let scope = Scope {
        document: &content.document,
        chain: Some(chain),
        defines: &chain.defines,
        submitter: Some(submitter),
        cases: Some(ctx.state),
        ..Scope::new(ctx.pinned, ctx.at)
    };
    let mut facts = Fields::new();
    for fact in &chain.facts {
        if let Some(initial) = &fact.initial {
            facts.insert(fact.name.clone(), evaluate(initial, &scope)?);
        }
    }
    Ok((!facts.is_empty()).then_some(Event::FactsLearnt(FactsLearnt { case, facts })))
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
