//! States that deal with other systems and other cases: what each of their items does next, and when they are done.

use super::advance::{arrow, arrow_of};
use super::{Ctx, account, ask, child, command, delegate, internal, learn, record, reply};
use crate::command::{CaseNo, CommandNo};
use crate::definition::{Activity, Chain, StateDef, Target};
use crate::eval::{Scope, evaluate};
use crate::event::{Event, ItemClosed, StepClosed, Work};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Case, ChildState, CommandState, CommandStatus, ItemStatus, OutsideWork, Stage};
use crate::value::{Fields, Value};

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
        self.closed_with(outcome, Vec::new())
    }

    /// The item has this outcome, in which these children ended.
    pub(super) fn closed_with(&self, outcome: &str, children: Vec<CaseNo>) -> Event {
        let (case, item, outcome) = (self.case.number(), self.item, Name::from(outcome));
        Event::ItemClosed(ItemClosed { case, item, outcome, children })
    }

    /// An item of a state.
    fn of(
        ctx: &Ctx<'a>,
        case: &'a Case,
        chain: &'a Chain,
        (state, item): (u16, usize),
        work: &'a OutsideWork,
    ) -> Place<'a> {
        let each = chain.states.get(usize::from(state)).is_some_and(|def| def.for_each.is_some());
        let value = work.items.get(item).map(|item| &item.item).filter(|_| each);
        Place { ctx: *ctx, case, chain, state, item: item as u16, value }
    }

    /// Where a case waits, or was waiting when it was held, for an answer to a command. None: nowhere.
    pub(super) fn of_command(
        ctx: &Ctx<'a>,
        case: &'a Case,
        command: CommandNo,
    ) -> Result<Option<Place<'a>>, Rejection> {
        let stage = match case.stage() {
            Stage::Held { was: Some(was), .. } => was,
            stage => stage,
        };
        let Stage::Outside { state, work } = stage else { return Ok(None) };
        let Some(item) = placed(work, command) else { return Ok(None) };
        Ok(Some(Place::of(ctx, case, ctx.chain(case.chain())?, (*state, item), work)))
    }
}

/// The item that waits for a command.
pub(super) fn placed(work: &OutsideWork, command: CommandNo) -> Option<usize> {
    work.items.iter().position(|item| item.status == ItemStatus::Command(command))
}

/// What such a state waits for when it is entered.
pub(super) fn work(ctx: &Ctx<'_>, case: &Case, chain: &Chain, state: &StateDef) -> Result<Work, Rejection> {
    Ok(Work::Outside(items(ctx, case, chain, state)?))
}

/// The items of the state's `for_each`; one that is missing where it has none.
fn items(ctx: &Ctx<'_>, case: &Case, chain: &Chain, state: &StateDef) -> Result<Vec<Value>, Rejection> {
    let Some(each) = &state.for_each else { return Ok(vec![Value::Missing]) };
    match evaluate(&each.list, &ctx.scope(case, chain))? {
        Value::List(items) if items.len() <= usize::from(u16::MAX) => Ok(items),
        Value::Missing => Ok(Vec::new()),
        other => {
            let message = format!("expected a list to go over in state {}, found {other}", state.name);
            Err(Rejection::new(Code::Unevaluable, message))
        }
    }
}

/// What a state that follows commands waits for, and what it does with answers that have come before it was entered.
pub(super) fn follow(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (number, state): (u16, &StateDef),
    followed: u16,
) -> Result<(Work, Vec<Event>), Rejection> {
    let mut facts: Fields = ctx.scope(case, chain).facts.clone();
    let (mut work, mut events) = (Vec::new(), Vec::new());
    for (item, value) in items(ctx, case, chain, state)?.into_iter().enumerate() {
        let (command, given) = newest(case, (followed, item as u16)).ok_or_else(|| {
            let message = format!("expected a command to follow in state {}, found none given", state.name);
            Rejection::new(Code::CommandUnknown, message)
        })?;
        let each = state.for_each.as_ref().map(|_| &value);
        let ctx = Ctx { facts: Some(&facts), ..*ctx };
        let place = Place { ctx, case, chain, state: number, item: item as u16, value: each };
        let before = came_before(&place, given)?;
        for event in &before {
            if let Event::FactsLearnt(e) = event {
                let mut later = facts.clone();
                e.facts.iter().for_each(|(name, value)| {
                    later.insert(name.clone(), value.clone());
                });
                facts = later;
            }
        }
        events.extend(before);
        work.push((value, command));
    }
    Ok((Work::Following(work), events))
}

/// What follows from the answer that a command has had already: learnt from once, but it closes the item every time.
fn came_before(place: &Place<'_>, given: &CommandState) -> Result<Vec<Event>, Rejection> {
    let Some(answer) = &given.answer else { return Ok(Vec::new()) };
    let last = matches!(given.status, CommandStatus::Answered | CommandStatus::Undone);
    if given.unread {
        return reply::took(place, answer, last);
    }
    Ok(if last { vec![place.closed(&answer.outcome())] } else { Vec::new() })
}

/// The newest command that an item of a state gave.
fn newest(case: &Case, (state, item): (u16, u16)) -> Option<(CommandNo, &CommandState)> {
    let commands = &case.outward()?.commands;
    let own =
        |command: &CommandState| command.state == state && command.item == item && command.undoes.is_none();
    commands.iter().rev().find(|(_, command)| own(command)).map(|(number, command)| (*number, command))
}

/// The next events of such a state: the first item that has something to do, or the end of the step.
pub(super) fn advance<'a>(
    ctx: &Ctx<'a>,
    case: &'a Case,
    chain: &'a Chain,
    (state, work): (u16, &'a OutsideWork),
) -> Result<Vec<Event>, Rejection> {
    for (item, status) in work.items.iter().map(|item| &item.status).enumerate() {
        let place = Place::of(ctx, case, chain, (state, item), work);
        let events = next(&place, status)?;
        if !events.is_empty() {
            return Ok(events);
        }
    }
    let def = Place::of(ctx, case, chain, (state, 0), work).def()?;
    let closed: Option<Vec<&Name>> = work
        .items
        .iter()
        .map(|item| match &item.status {
            ItemStatus::Closed(outcome) => Some(outcome),
            _ => None,
        })
        .collect();
    let Some(closed) = closed else { return Ok(Vec::new()) };
    let good = |(item, outcome): (usize, &&Name)| is_good(case, def, (state, item as u16), outcome);
    let outcome = match (&def.for_each, closed.first()) {
        (None, Some(outcome)) => (*outcome).clone(),
        _ if closed.iter().enumerate().all(good) => Name::from("passed"),
        _ => Name::from("failed"),
    };
    let (case, state) = (case.number(), def.name.clone());
    Ok(vec![Event::StepClosed(StepClosed { case, state, outcome, opinions: Vec::new() })])
}

/// Whether the outcome of one of several items lets the step pass.
fn is_good(case: &Case, def: &StateDef, place: (u16, u16), outcome: &Name) -> bool {
    match &def.activity {
        Activity::Run(_) => child_ended(case, place) == Some(true),
        _ => matches!(outcome.as_str(), "done" | "started" | "good" | "received"),
    }
}

/// The newest child that an item of a state started.
pub(super) fn newest_child(case: &Case, (state, item): (u16, u16)) -> Option<(CaseNo, &ChildState)> {
    let mut children = case.outward()?.children.iter().rev();
    let (number, child) = children.find(|(_, child)| child.state == state && child.item == item)?;
    Some((*number, child))
}

/// Whether the newest child of an item ended well. None: there is none, or it is open.
pub(super) fn child_ended(case: &Case, place: (u16, u16)) -> Option<bool> {
    newest_child(case, place)?.1.ended.as_ref().map(|(_, good)| *good)
}

/// What one item does next. Nothing: it waits, or is closed.
fn next(place: &Place<'_>, status: &ItemStatus) -> Result<Vec<Event>, Rejection> {
    match (&place.def()?.activity, status) {
        (_, ItemStatus::Closed(_)) => Ok(Vec::new()),
        (_, ItemStatus::Command(command)) => of_command(place, *command),
        (_, ItemStatus::Child(child)) => of_child(place, *child),
        (Activity::Command(def), ItemStatus::Waiting) => command::issue(place, def),
        (Activity::Run(def), ItemStatus::Waiting) => child::run(place, def, true),
        (Activity::Start(def), ItemStatus::Waiting) => with_learns(place, child::run(place, def, false)?),
        (Activity::Join { chain }, ItemStatus::Waiting) => join(place, chain),
        (Activity::Tell(def), ItemStatus::Waiting) => with_learns(place, ask::tell(place, def)?),
        (Activity::Record(def), ItemStatus::Waiting) => with_learns(place, record::write(place, def)?),
        (Activity::HandOver(who), ItemStatus::Waiting) => with_learns(place, record::hand_over(place, who)?),
        (Activity::Reserve(def), ItemStatus::Waiting) => with_learns(place, account::reserve(place, def)?),
        (Activity::Delegate(def), ItemStatus::Waiting) => with_learns(place, delegate::grant(place, def)?),
        (Activity::EndDelegation(name), ItemStatus::Waiting) => {
            with_learns(place, delegate::end(place, name)?)
        }
        (Activity::Consume(moves), ItemStatus::Waiting) => {
            with_learns(place, account::consume(place, moves)?)
        }
        (Activity::Release(moves), ItemStatus::Waiting) => {
            with_learns(place, account::release(place, moves)?)
        }
        (Activity::Restore(moves), ItemStatus::Waiting) => {
            with_learns(place, account::restore(place, moves)?)
        }
        _ => Err(internal("an item of a state has something to wait for")),
    }
}

/// What was done at once, and what the state learns from it.
fn with_learns(place: &Place<'_>, mut events: Vec<Event>) -> Result<Vec<Event>, Rejection> {
    let learns = &place.def()?.learns;
    events.extend(learn::learnt(&place.ctx, place.case, place.chain, learns, &place.scope())?);
    Ok(events)
}

/// An answer that came while the case was held for another reason is taken; silence is what the chain says of it.
fn of_command(place: &Place<'_>, number: CommandNo) -> Result<Vec<Event>, Rejection> {
    let command = place.case.outward().and_then(|outward| outward.commands.get(&number));
    let command = command.ok_or_else(|| internal("what is waited for was given"))?;
    let last = matches!(command.status, CommandStatus::Answered | CommandStatus::Undone);
    let closes =
        |outcome: &Name| -> Result<bool, Rejection> { Ok(last || arrow_of(place.def()?, outcome).is_some()) };
    if let Some(answer) = command.answer.as_ref().filter(|_| command.unread) {
        // A stage that leads nowhere was learnt from when it came.
        return if closes(&answer.outcome())? { reply::took(place, answer, last) } else { Ok(Vec::new()) };
    }
    match command.status {
        CommandStatus::Silent => silent(place, command),
        _ => Ok(Vec::new()),
    }
}

/// Nobody answered in time. Usually the case is held, and the command stays with it: an answer mends it.
fn silent(place: &Place<'_>, command: &CommandState) -> Result<Vec<Event>, Rejection> {
    let outcome = Name::from("silent");
    let arrow = arrow(&place.ctx, place.case, place.chain, (place.state, &outcome));
    if place.def()?.for_each.is_none() && arrow.is_ok_and(|arrow| arrow.go != Target::OnHold) {
        return Ok(vec![place.closed(&outcome)]);
    }
    let Some((adapter, _)) = command.verb.split_once('.') else {
        return Err(internal("a verb names its adapter"));
    };
    let message = format!(
        "expected {adapter} to answer {}, it was silent; find out why, then retry, or resume and wait",
        command.verb
    );
    Err(Rejection::new(Code::Silent, message))
}

/// A child that is waited for has ended: what is learnt from it, and that it did.
fn of_child(place: &Place<'_>, number: CaseNo) -> Result<Vec<Event>, Rejection> {
    let child = place.case.outward().and_then(|outward| outward.children.get(&number));
    let Some((end, _)) = child.and_then(|child| child.ended.as_ref()) else { return Ok(Vec::new()) };
    let scope = Scope { child: Some(number), ..place.scope() };
    let learns = &place.def()?.learns;
    let learnt = learn::learnt(&place.ctx, place.case, place.chain, learns, &scope)?;
    Ok(learnt.into_iter().chain([place.closed_with(end, vec![number])]).collect())
}

/// Cases that were started here have all ended.
fn join(place: &Place<'_>, chain: &Name) -> Result<Vec<Event>, Rejection> {
    let Some(good) = child::join(place.case, chain) else { return Ok(Vec::new()) };
    let children = place.case.outward().into_iter().flat_map(|outward| outward.children.iter());
    let ended = children.filter(|(_, child)| child.chain == *chain && !child.joined && child.ended.is_some());
    let joined: Vec<CaseNo> = ended.map(|(number, _)| *number).collect();
    let scope = Scope { child: joined.last().copied(), ..place.scope() };
    let learns = &place.def()?.learns;
    let learnt = learn::learnt(&place.ctx, place.case, place.chain, learns, &scope)?;
    let closed = place.closed_with(if good { "good" } else { "bad" }, joined);
    Ok(learnt.into_iter().chain([closed]).collect())
}
