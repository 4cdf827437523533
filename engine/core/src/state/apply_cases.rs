//! `apply` of what cases have to do with one another, of kept facts and of the calendar.

use super::apply::on_case;
use super::instant::Instant;
use super::{Case, ChildState, Done, DoneWhat, ItemStatus, KeptFact, Outward, Period, Stage, State};
use crate::command::{CaseNo, Timer};
use crate::event::*;
use crate::name::Name;
use crate::time::Timestamp;

/// The ids of messages that cases tell one another begin so; nobody else's do.
pub(crate) const TOLD: &str = "told/";

/// Applies one of these events. False: it is another one.
pub(super) fn apply(state: &mut State, event: &Event) -> bool {
    match event {
        Event::ChildStarted(e) => started(state, e),
        Event::ChildEnded(e) => on_case(state, e.case, |case, _| {
            if let Some(child) = outward(case).children.get_mut(&e.child) {
                child.ended = Some((e.end.clone(), e.good));
            }
        }),
        Event::CaseAsked(e) => asked(state, e),
        Event::FactReceived(e) => received(state, e),
        Event::CaseListens(e) => listens(state, e),
        Event::ValuesClaimed(e) => claimed(state, e),
        Event::FactKept(e) => kept(state, e),
        Event::FactGivenUp(e) => {
            take_kept(state, &e.fact, |kept| kept.message_id == e.message_id && kept.sender == e.sender)
        }
        Event::PeriodBegan(e) => began(state, e),
        _ => return false,
    }
    true
}

/// What a case has to do with the outside; most cases never come here.
fn outward(case: &mut Case) -> &mut Outward {
    case.outward.get_or_insert_default()
}

fn started(state: &mut State, e: &ChildStarted) {
    let chain = state.intern(&e.chain);
    let mut steps = 0;
    on_case(state, e.case, |case, _| {
        steps = case.steps;
        let child =
            ChildState { chain, state: e.state, item: e.item, asked: false, ended: None, joined: false };
        let own = outward(case);
        own.children.insert(e.child, child);
        own.effects.push(Done { state: e.state, what: DoneWhat::Child(e.child) });
        if let Stage::Outside { work, .. } = &mut case.stage
            && let Some(item) = work.items.get_mut(usize::from(e.item))
        {
            item.status = ItemStatus::Child(e.child);
        }
    });
    on_case(state, e.child, |child, _| {
        // Chains that start one another without end are stopped like one that goes in a circle.
        child.steps = steps + 1;
        let own = outward(child);
        own.parent = Some(e.case);
        own.correlation = e.correlation;
        if e.draft {
            child.stage = Stage::Draft;
        }
    });
}

fn asked(state: &mut State, e: &CaseAsked) {
    let steps = steps_after(state, e.by_case);
    if let Some(own) = e.by_case.and_then(|by| state.cases.get_mut(by)).and_then(|by| by.outward.as_mut())
        && let Some(child) = own.children.get_mut(&e.case)
        && e.entry == "cancel"
    {
        child.asked = true;
    }
    on_case(state, e.case, |case, _| {
        case.steps = steps;
        if let Some(go) = e.go {
            case.stage = Stage::Entering(go);
            super::apply::forget_answers(case);
            case.expires_at = Instant::NONE;
            case.until = Instant::NONE;
        }
    });
}

/// A person is input from outside; a case that asks is none, or two could ask one another for ever.
fn steps_after(state: &State, by: Option<CaseNo>) -> u32 {
    by.and_then(|by| state.cases.get(by)).map_or(0, |by| by.steps + 1)
}

/// A case ends its wait by itself, once it has learnt from the message; a wait of an older log ends with it.
fn received(state: &mut State, e: &FactReceived) {
    let teller = e.message_id.strip_prefix(TOLD).and_then(|told| told.split('/').next()?.parse().ok());
    let steps = steps_after(state, teller);
    take_kept(state, &e.fact, |kept| kept.message_id == e.message_id && kept.data == e.data);
    on_case(state, e.case, |case, _| {
        case.steps = steps;
        outward(case).heard = Some(e.data.clone());
        if let Stage::Fact { state, .. } = case.stage {
            case.stage = Stage::Leaving { state, outcome: Name::from("received") };
            case.expires_at = Instant::NONE;
        }
    });
}

/// The index of listening cases keeps in step with what the case says.
fn listens(state: &mut State, e: &CaseListens) {
    let mut before = Vec::new();
    on_case(state, e.case, |case, _| before = std::mem::replace(&mut outward(case).listens, e.to.clone()));
    forget_listens(state, e.case, before);
    for listening in &e.to {
        state.listening.insert((listening.fact.clone(), Some(listening.keys.clone())), e.case);
    }
}

/// A case no longer listens to these.
pub(super) fn forget_listens(state: &mut State, number: CaseNo, listens: Vec<Listening>) {
    for Listening { fact, keys } in listens {
        state.listening.remove(&(fact, Some(keys)), number);
    }
}

fn claimed(state: &mut State, e: &ValuesClaimed) {
    on_case(state, e.case, |case, _| outward(case).claims.extend(e.claims.iter().cloned()));
    for claim in &e.claims {
        state.keys.insert(claim.clone(), e.case);
    }
}

fn kept(state: &mut State, e: &FactKept) {
    let (fact, sender) = (state.intern(&e.fact), state.intern(&e.sender));
    let (message_id, data, at) = (e.message_id.clone(), e.data.clone(), state.head.at);
    let kept = KeptFact { sender, message_id, data, at, until: e.until };
    state.kept.entry(fact).or_default().push(kept);
    state.kept_count += 1;
    set_clock(state, e.until);
}

fn take_kept(state: &mut State, fact: &Name, is: impl Fn(&KeptFact) -> bool) {
    let Some(kept) = state.kept.get_mut(fact) else { return };
    let Some(place) = kept.iter().position(is) else { return };
    let taken = kept.remove(place);
    if kept.is_empty() {
        state.kept.remove(fact);
    }
    state.kept_count -= 1;
    stop_clock(state, taken.until);
}

fn began(state: &mut State, e: &PeriodBegan) {
    let of = (state.intern(&e.chain), e.start);
    let before = match e.next {
        Some(next) => {
            set_clock(state, next);
            state.periods.insert(of, Period { next, reached: e.reached.clone() })
        }
        None => state.periods.remove(&of),
    };
    if let Some(before) = before {
        stop_clock(state, before.next);
    }
}

/// One more thing of the company is due at an instant.
pub(super) fn set_clock(state: &mut State, at: Timestamp) {
    *state.clocks.entry(at).or_default() += 1;
    state.timers.insert((at, 0, Timer::Clock));
}

/// One thing less.
pub(super) fn stop_clock(state: &mut State, at: Timestamp) {
    let Some(count) = state.clocks.get_mut(&at) else { return };
    *count -= 1;
    if *count == 0 {
        state.clocks.remove(&at);
        state.timers.remove(&(at, 0, Timer::Clock));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(state: &State) -> Vec<Timestamp> {
        state.timers.iter().map(|(at, ..)| *at).collect()
    }

    fn keep(state: &mut State, id: &str, until: i64) {
        let (fact, sender, message_id) = (Name::from("bank.paid"), Name::from("bank"), Name::from(id));
        let (data, until) = (crate::value::Fields::new(), Timestamp(until));
        apply(state, &Event::FactKept(FactKept { fact, sender, message_id, data, until }));
    }

    fn give_up(state: &mut State, id: &str) {
        let (fact, sender, message_id) = (Name::from("bank.paid"), Name::from("bank"), Name::from(id));
        apply(
            state,
            &Event::FactGivenUp(FactGivenUp { fact, sender, message_id, data: crate::value::Fields::new() }),
        );
    }

    /// The company's timer stands at everything that is due some time, and at nothing that is not.
    #[test]
    fn the_companys_timer_is_in_step() {
        let mut state = State::default();
        keep(&mut state, "a", 10);
        keep(&mut state, "b", 10);
        keep(&mut state, "c", 20);
        assert_eq!(clock(&state), [Timestamp(10), Timestamp(20)]);
        give_up(&mut state, "a");
        give_up(&mut state, "a");
        assert_eq!((clock(&state), state.kept_count), (vec![Timestamp(10), Timestamp(20)], 2));
        give_up(&mut state, "b");
        assert_eq!(clock(&state), [Timestamp(20)]);
        let began = |next: Option<i64>| {
            let (chain, reached, refused) = (Name::from("grading"), None, Vec::new());
            Event::PeriodBegan(PeriodBegan { chain, start: 0, reached, refused, next: next.map(Timestamp) })
        };
        apply(&mut state, &began(Some(30)));
        apply(&mut state, &began(Some(40)));
        assert_eq!(clock(&state), [Timestamp(20), Timestamp(40)]);
        apply(&mut state, &began(None));
        give_up(&mut state, "c");
        assert_eq!((clock(&state), state.kept_count, state.clocks.len()), (vec![], 0, 0));
    }
}
