//! Clocks of a chain's alarms: who is told when something takes too long.

use super::timers::deadline;
use super::{Ctx, fact, who};
use crate::definition::{Alarm, AlarmStop, Chain};
use crate::event::{AlarmRaised, AlarmSet, Event};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::Case;
use crate::time::Timestamp;

/// A state is reached, entered or skipped: clocks that end here stop. What is entered starts those that begin here;
/// a clock that runs already goes on, so that a loop does not hide how long it takes.
pub(super) fn reached(
    ctx: &Ctx<'_>,
    case: &Case,
    chain: &Chain,
    (state, entered): (u16, bool),
) -> Result<Vec<Event>, Rejection> {
    let mut events = Vec::new();
    for (place, alarm) in numbered(chain) {
        let running = running(case, place).is_some();
        if alarm.to == AlarmStop::State(state) {
            if running {
                events.push(set(case, place, None));
            }
        } else if alarm.from == state && entered && !running {
            events.push(set(case, place, Some(deadline(ctx, alarm.after)?)));
        }
    }
    Ok(events)
}

/// A fact arrived for the case: clocks that wait for it stop.
pub(super) fn received(case: &Case, chain: &Chain, fact: &Name) -> Vec<Event> {
    let stops = |(place, alarm): &(u16, &Alarm)| {
        matches!(&alarm.to, AlarmStop::Fact(awaited) if awaited == fact) && running(case, *place).is_some()
    };
    numbered(chain).filter(stops).map(|(place, _)| set(case, place, None)).collect()
}

fn numbered(chain: &Chain) -> impl Iterator<Item = (u16, &Alarm)> {
    chain.alarms.iter().enumerate().map(|(place, alarm)| (place as u16, alarm))
}

fn running(case: &Case, alarm: u16) -> Option<Timestamp> {
    case.outward()?.alarms.get(&alarm).copied()
}

fn set(case: &Case, alarm: u16, at: Option<Timestamp>) -> Event {
    Event::AlarmSet(AlarmSet { case: case.number(), alarm, at })
}

/// An alarm is raised, once; one for a message that is kept for the case stops instead.
/// Telling informs and never blocks: who cannot be found is left out.
pub(super) fn fire(ctx: &Ctx<'_>, case: &Case, number: u16) -> Result<Vec<Event>, Rejection> {
    let chain = ctx.chain(case.chain())?;
    let due = running(case, number).is_some_and(|at| at <= ctx.at);
    let alarm =
        chain.alarms.get(usize::from(number)).filter(|_| due).ok_or_else(|| {
            Rejection::new(Code::TimerStale, "expected a timer that the case still waits for")
        })?;
    // What is missing may have come long before the case waits for it.
    if matches!(&alarm.to, AlarmStop::Fact(awaited) if fact::is_kept_for(ctx, case, chain, awaited)) {
        return Ok(vec![set(case, number, None)]);
    }
    let scope = ctx.scope(case, chain);
    let mut told: Vec<Name> = Vec::new();
    for one in &alarm.tell {
        let found = who::who(ctx, case, &scope, one).unwrap_or_default();
        told.extend(found.into_iter().filter(|name| !name.is_empty()));
    }
    let mut once = Vec::new();
    told.retain(|name| {
        let new = !once.contains(name);
        once.push(name.clone());
        new
    });
    let (case, name) = (case.number(), alarm.name.clone());
    Ok(vec![Event::AlarmRaised(AlarmRaised { case, alarm: number, name, told })])
}
