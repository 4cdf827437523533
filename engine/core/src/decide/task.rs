//! Pieces of work: what their answers carry, what the case learns from them, and what they come to.

use super::{Ctx, internal, learn};
use crate::command::{Answer, Request, Verdict};
use crate::definition::{Activity, Chain, Duty, Node, StateDef, TaskDef};
use crate::document::shaped;
use crate::eval::Scope;
use crate::event::{Event, TaskAnswered};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, Step, Task};
use crate::value::{Fields, Raw};

/// What a task of a case asks for. None: a signature, or a task that is not open.
pub fn task_def<'a>(state: &'a crate::state::State, case: &Case, task: &Task) -> Option<&'a TaskDef> {
    let chain = state.definitions().release(case.release())?.chain(case.chain())?;
    of_slot(chain, case, task.slot)
}

fn of_slot<'a>(chain: &'a Chain, case: &Case, slot: u16) -> Option<&'a TaskDef> {
    let about = case.step()?.about().iter().find(|about| about.slot == slot)?;
    let state = chain.states.get(usize::from(case.state()?))?;
    let Activity::People(node) = &state.activity else { return None };
    node.tasks().get(usize::from(about.task?)).copied()
}

/// A person answers a piece of work. Whoever it is has been found to be asked, and to have seen the present revision.
pub(super) fn answered(
    ctx: &Ctx<'_>,
    case: &Case,
    task: &Task,
    (request, answer): (&Request, &Answer),
) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let def = of_slot(chain, case, task.slot).ok_or_else(|| internal("a piece of work is defined"))?;
    chosen(def, answer)?;
    let fields = carried(ctx, def, answer)?;
    let state = case.state().and_then(|state| chain.states.get(usize::from(state)));
    let state = state.ok_or_else(|| internal("people are asked in a state"))?;
    let step = case.step().ok_or_else(|| internal("an open task belongs to a step"))?;
    let item =
        step.about().iter().find(|about| about.slot == task.slot).and_then(|about| about.item.as_ref());
    let scope = Scope { reply: Some(&fields), item, ..ctx.scope(case, chain) };
    let learnt = learn::learnt(ctx, case, chain, &state.learns, &scope)?;
    let answered = TaskAnswered {
        case: case.number(),
        task: answer.task,
        person: request.person.clone(),
        verdict: answer.verdict,
        choice: answer.choice.clone(),
        fields,
        reason: answer.reason.clone(),
        content_hash: answer.content_hash,
    };
    Ok([Event::TaskAnswered(answered)].into_iter().chain(learnt).collect())
}

/// `done` or `refuse`; of a task with choices one of them.
fn chosen(def: &TaskDef, answer: &Answer) -> Result<(), Rejection> {
    let choices = def.choices.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    match (answer.verdict, &answer.choice) {
        (Verdict::Done | Verdict::Refuse, None) if def.choices.is_empty() => Ok(()),
        (Verdict::Choose, Some(choice)) if def.choices.contains(choice) => Ok(()),
        (Verdict::Done | Verdict::Refuse, Some(choice)) if def.choices.is_empty() => {
            let message = format!("expected no choice: the task has none, found {choice:?}");
            Err(Rejection::at(Code::VerdictNotAllowed, "choice", message))
        }
        (Verdict::Choose, choice) if !def.choices.is_empty() => {
            let found = choice.as_ref().map_or("nothing".to_owned(), |choice| format!("{choice:?}"));
            let message = format!("expected one of {choices}, found {found}");
            Err(Rejection::at(Code::VerdictNotAllowed, "choice", message))
        }
        (verdict, _) => {
            let expected = match def.choices.is_empty() {
                true => "done or refuse".to_owned(),
                false => format!("choose, with one of {choices}"),
            };
            let message = format!("expected {expected}, found {}", verdict.word());
            Err(Rejection::at(Code::VerdictNotAllowed, "verdict", message))
        }
    }
}

/// What the answer carries, typed as documents are. A refusal carries nothing but its reason.
fn carried(ctx: &Ctx<'_>, def: &TaskDef, answer: &Answer) -> Result<Fields, Rejection> {
    let nothing = || Raw::Record(Default::default());
    let sent = answer.fields.clone().filter(|raw| *raw != Raw::Null).unwrap_or_else(nothing);
    let asks = if answer.verdict == Verdict::Refuse { &[][..] } else { &def.asks[..] };
    shaped(asks, &sent, ctx.fitting(), "answer")
}

/// What a step in which everybody has answered came to, where it is a single piece of work: `done`, `refused` or a
/// choice.
pub(super) fn outcome(case: &Case, state: &StateDef, step: &Step, done: bool) -> Option<Name> {
    let Activity::People(Node::Signer(signer)) = &state.activity else { return None };
    if signer.duty != Duty::Task || state.for_each.is_some() || step.slots.is_empty() {
        return None;
    }
    if !done {
        return Some(Name::from("refused"));
    }
    let answers = &case.outward()?.answers;
    let last = case.signatures().iter().rev().find_map(|s| answers.get(&s.task));
    Some(last.and_then(|(choice, _)| choice.clone()).unwrap_or_else(|| Name::from("done")))
}
