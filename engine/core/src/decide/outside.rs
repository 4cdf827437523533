//! States that deal with other systems and other cases: what each of their items does next, and when they are done.

use super::{Ctx, ask, child, command, internal, record};
use crate::definition::{Activity, Chain, StateDef};
use crate::eval::{Scope, evaluate};
use crate::event::{Event, ItemClosed, Work};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, ItemStatus, OutsideWork};
use crate::value::Value;

/// Where a piece of work is done: the case, the state, and which item of its `for_each`.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The rules and the stamp.
    pub(super) ctx: Ctx<'a>,
    /// The case.
    pub(super) case: &'a Case,
    /// Its chain.
    pub(super) chain: &'a Chain,
    /// The state's place.
    pub(super) state: u16,
    /// The item's place, from 0.
    pub(super) item: u16,
    /// The item itself; None where the state has no `for_each`.
    pub(super) value: Option<&'a Value>,
}

impl<'a> Place<'a> {
    /// What expressions read here.
    pub(super) fn scope(&self) -> Scope<'a> {
        Scope { item: self.value, ..self.ctx.scope(self.case, self.chain) }
    }

    /// The state.
    pub(super) fn def(&self) -> Result<&'a StateDef, Rejection> {
        let def = self.chain.states.get(usize::from(self.state));
        def.ok_or_else(|| internal("a case stands in a state of its chain"))
    }

    /// The item has this outcome.
    pub(super) fn closed(&self, outcome: &str) -> Event {
        let outcome = Name::from(outcome);
        Event::ItemClosed(ItemClosed { case: self.case.number(), item: self.item, outcome })
    }
}

/// What such a state waits for when it is entered.
pub(super) fn work(ctx: &Ctx<'_>, case: &Case, chain: &Chain, state: &StateDef) -> Result<Work, Rejection> {
    let Some(each) = &state.for_each else { return Ok(Work::Outside(vec![Value::Missing])) };
    match evaluate(&each.list, &ctx.scope(case, chain))? {
        Value::List(items) if items.len() <= usize::from(u16::MAX) => Ok(Work::Outside(items)),
        Value::Missing => Ok(Work::Outside(Vec::new())),
        other => {
            let message = format!("expected a list to go over in state {}, found {other}", state.name);
            Err(Rejection::new(Code::Unevaluable, message))
        }
    }
}

/// The next events of such a state: the first item that has something to do, or the end of the step.
pub(super) fn advance<'a>(
    ctx: &Ctx<'a>,
    case: &'a Case,
    chain: &'a Chain,
    (state, work): (u16, &'a OutsideWork),
) -> Result<Vec<Event>, Rejection> {
    for (number, item) in work.items.iter().enumerate() {
        let value = chain.states.get(usize::from(state)).and_then(|def| def.for_each.as_ref());
        let value = value.map(|_| &item.item);
        let place = Place { ctx: *ctx, case, chain, state, item: number as u16, value };
        let events = next(&place, &item.status)?;
        if !events.is_empty() {
            return Ok(events);
        }
    }
    Ok(Vec::new())
}

/// What one item does next. Nothing: it waits, or is closed.
fn next(place: &Place<'_>, status: &ItemStatus) -> Result<Vec<Event>, Rejection> {
    match (&place.def()?.activity, status) {
        (_, ItemStatus::Closed(_)) => Ok(Vec::new()),
        (Activity::Command(def), ItemStatus::Waiting) => command::issue(place, def),
        (Activity::Run(def), ItemStatus::Waiting) => child::run(place, def, true),
        (Activity::Start(def), ItemStatus::Waiting) => child::run(place, def, false),
        (Activity::Join { chain }, ItemStatus::Waiting) => {
            Ok(child::join(place.case, chain).map(|good| place.closed(if good { "good" } else { "bad" })))
                .map(|closed| closed.into_iter().collect())
        }
        (Activity::Tell(def), ItemStatus::Waiting) => ask::tell(place, def),
        (Activity::Record(def), ItemStatus::Waiting) => record::write(place, def),
        (Activity::HandOver(who), ItemStatus::Waiting) => record::hand_over(place, who),
        _ => Ok(Vec::new()),
    }
}
