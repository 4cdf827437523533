//! A turn: one command from outside, the timers it must not overtake, and everything that follows from it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::command::{Body, CaseNo, Cause, Command};
use crate::decide::{Decision, advance, decide, decide_keyed, flagged, held, needs_advance, sweep_case};
use crate::event::{Event, TurnSplit};
use crate::frame::{FRAME_BYTES_MAX, FRAME_EVENTS_MAX, FRAME_EVENTS_SPLIT, Frame, Outcome};
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{RequestKey, State, apply};
use crate::time::Timestamp;

/// What a turn did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// New frames in order: first those of timers that were due, last the command's own, if it left one.
    /// State already contains them.
    pub frames: Vec<Frame>,
    /// What became of the command.
    pub result: TurnResult,
}

/// What became of the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TurnResult {
    /// It took effect in the last of the frames.
    Done,
    /// The same request took effect before, in the frame of this sequence; the reply is rebuilt from it.
    Repeat(u64),
    /// It was refused. Where auditors must know of it the last frame says so; otherwise it left none.
    Refused(Rejection),
}

/// So many events usually follow from a command: making room for them at once is cheaper than growing.
const EVENTS_USUAL: usize = 6;

/// A decision never overtakes its own expiry: so many timers of the touched case fire before it.
const TIMERS_BEFORE_MAX: usize = 64;

/// Runs a command. State moves on by the frames returned, which the caller must make durable before it replies.
pub fn turn(state: &mut State, command: &Command) -> Turned {
    turn_keyed(state, command.clone(), RequestKey::of_cause(&command.cause))
}

/// The same for who has worked out before by which digest the command's request is known.
pub fn turn_keyed(state: &mut State, command: Command, key: Option<RequestKey>) -> Turned {
    let mut frames = Vec::new();
    if let Some(case) = touched(&command.body) {
        before(state, command.at, case, &mut frames);
    }
    let decision = guarded(|| decide_keyed(state, &command, key)).unwrap_or_else(Decision::from);
    let result = match decision {
        Decision::Repeat(sequence) => TurnResult::Repeat(sequence),
        Decision::Refuse { rejection, audit } => {
            if !audit.is_empty() {
                frames.push(commit(state, (command, key), refused(&rejection), audit));
            }
            TurnResult::Refused(rejection)
        }
        Decision::Accept(events) => match too_large(&events) {
            Some(rejection) => TurnResult::Refused(rejection),
            None => {
                frames.push(commit(state, (command, key), Outcome::Accepted, events));
                TurnResult::Done
            }
        },
    };
    Turned { frames, result }
}

fn refused(rejection: &Rejection) -> Outcome {
    let Rejection { code, message, field } = rejection;
    let field = field.as_deref().map(Name::from);
    Outcome::Refused { code: Name::from(code.as_str()), message: message.clone(), field }
}

/// The case that a command is about, if it is about one that exists.
pub fn touched(body: &Body) -> Option<CaseNo> {
    match body {
        Body::Amend { case, .. } => Some(*case),
        Body::Resubmit { case, .. } | Body::Withdraw { case, .. } | Body::ReferUp { case, .. } => Some(*case),
        Body::Ask { case, .. } | Body::Operate { case, .. } => Some(*case),
        Body::Answered(answer) => Some(answer.case),
        Body::Decide(answer) => Some(answer.case),
        Body::OnTask(on) => Some(on.case),
        Body::DecideWithin(answer) | Body::DecideTo { answer, .. } => Some(answer.case),
        Body::TakeBack { case, .. } | Body::RemoveApprover { case, .. } | Body::Jump { case, .. } => {
            Some(*case)
        }
        Body::Found { .. }
        | Body::Store(_)
        | Body::Activate { .. }
        | Body::Submit { .. }
        | Body::Fact { .. }
        | Body::Timer { .. }
        | Body::Clock
        | Body::Organise(_)
        | Body::Look(_)
        | Body::Reveal { .. }
        | Body::Erase { .. }
        | Body::Sweep => None,
    }
}

/// The touched case's timers that are due, and its open work after a change of organisation: frames of their own.
fn before(state: &mut State, at: Timestamp, case: CaseNo, frames: &mut Vec<Frame>) {
    for _ in 0..TIMERS_BEFORE_MAX {
        let Some((due, timer)) = state.due_of(case, at) else { break };
        let command = Command { at, cause: Cause::Timer { due }, body: Body::Timer { case, timer } };
        match guarded(|| decide(state, &command)).unwrap_or_else(Decision::from) {
            Decision::Accept(events) => {
                frames.push(commit(state, (command, None), Outcome::Accepted, events))
            }
            Decision::Refuse { .. } | Decision::Repeat(_) => break,
        }
    }
    let moved = guarded(|| sweep_case(state, at, case)).unwrap_or_default();
    if !moved.is_empty() {
        let command = Command { at, cause: Cause::Timer { due: at }, body: Body::Sweep };
        frames.push(commit(state, (command, None), Outcome::Accepted, moved));
    }
}

/// Applies the events and whatever follows from them, and makes the frame.
fn commit(
    state: &mut State,
    (command, key): (Command, Option<RequestKey>),
    outcome: Outcome,
    events: Vec<Event>,
) -> Frame {
    state.begin(command.at);
    let mut cases: Vec<CaseNo> = Vec::new();
    for event in &events {
        cases.extend(event.case().filter(|case| !cases.contains(case)));
        apply(state, event);
    }
    let mut events = events;
    events.reserve_exact(EVENTS_USUAL);
    follow(state, command.at, cases, &mut events);
    flag(state, command.at, &mut events);
    state.finish(&command.cause, key, &outcome, &events);
    Frame { at: command.at, cause: command.cause, outcome, events }
}

/// What the frame has made of accounts, in their own words, as far as it has room for them.
fn flag(state: &mut State, at: Timestamp, events: &mut Vec<Event>) {
    let moved = |event: &Event| (90..100).contains(&event.kind());
    if !events.iter().any(moved) {
        return;
    }
    let flagged = guarded(|| flagged(state, at, events)).unwrap_or_default();
    for event in flagged.into_iter().take(FRAME_EVENTS_MAX.saturating_sub(events.len())) {
        apply(state, &event);
        events.push(event);
    }
}

/// For a preview: what follows by itself from an event that was applied before.
pub(crate) fn settle(state: &mut State, at: Timestamp, case: CaseNo) -> Frame {
    let mut events = Vec::new();
    follow(state, at, vec![case], &mut events);
    Frame { at, cause: Cause::Timer { due: at }, outcome: Outcome::Accepted, events }
}

/// What follows by itself for these cases, and for those that they start, tell or belong to, until all rest. Where a
/// frame would grow too large, every case that does not rest goes on by a timer due now.
fn follow(state: &mut State, at: Timestamp, cases: Vec<CaseNo>, events: &mut Vec<Event>) {
    let mut waiting = VecDeque::from(cases);
    let mut bytes = size_of(events);
    while let Some(case) = waiting.pop_front() {
        while state.case(case).is_some_and(needs_advance) {
            let next = guarded(|| advance(state, case, at)).unwrap_or_else(Err);
            let next = match next {
                Ok(next) if next.is_empty() => break,
                Ok(next) => next,
                Err(rejection) => held(state, case, at, &rejection),
            };
            let size = size_of(&next);
            let mut others = Vec::new();
            for other in next.iter().filter_map(Event::case) {
                if other != case && !waiting.contains(&other) && !others.contains(&other) {
                    others.push(other);
                }
            }
            // Whoever waits may need an event to go on by.
            let full = events.len() + next.len() + waiting.len() + others.len() >= FRAME_EVENTS_MAX;
            if full || events.len() + next.len() > FRAME_EVENTS_SPLIT || bytes + size > FRAME_BYTES_MAX / 2 {
                waiting.push_front(case);
                return split(state, at, waiting, events);
            }
            next.iter().for_each(|event| apply(state, event));
            // Whoever has just been asked has not answered yet: nothing more follows.
            let rests = next.iter().all(|event| matches!(event, Event::TaskOpened(_)));
            events.extend(next);
            bytes += size;
            if !others.is_empty() {
                // Whom it has started or asked goes first: it may want to know where they stand.
                waiting.extend(others);
                waiting.push_back(case);
                break;
            }
            if rests {
                break;
            }
        }
    }
}

/// Every case that does not rest goes on in a frame of its own.
fn split(state: &mut State, at: Timestamp, cases: VecDeque<CaseNo>, events: &mut Vec<Event>) {
    for case in cases {
        let rests =
            guarded(|| advance(state, case, at)).is_ok_and(|next| next.is_ok_and(|next| next.is_empty()));
        if !rests && events.len() < FRAME_EVENTS_MAX {
            let event = Event::TurnSplit(TurnSplit { case });
            apply(state, &event);
            events.push(event);
        }
    }
}

/// The encoded size of events, or somewhat more.
fn size_of(events: &[Event]) -> usize {
    events.iter().map(Event::size_at_most).fold(0, usize::saturating_add)
}

/// Before anything is applied: what the command itself does must leave room for what follows.
fn too_large(events: &[Event]) -> Option<Rejection> {
    if events.len() <= FRAME_EVENTS_MAX - 8 && size_of(events) <= FRAME_BYTES_MAX - 4096 {
        return None;
    }
    let message =
        format!("expected what one command does to fit a frame of {FRAME_BYTES_MAX} bytes; make it smaller");
    Some(Rejection::new(Code::FrameTooLarge, message))
}

/// A panic while deciding is a defect that must not take the engine down: nothing was written.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Rejection> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let message = "expected a decision, found a defect of the engine; nothing was done, please report it";
        Rejection::new(Code::Internal, message)
    })
}
