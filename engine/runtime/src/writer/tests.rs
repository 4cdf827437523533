//! What the core thread does where core has a defect, with turns made for it.

use countersign_core::command::{Body, Cause, Command};
use countersign_core::state::{RequestKey, State};
use countersign_core::turn::{TurnResult, Turned, turn_keyed};
use countersign_journal::sim::SimDisk;

use crate::clock::ManualClock;
use crate::engine::Engine;
use crate::error::Unavailable;
use support::{HOUR, START, accepted, approve, options, submit, until};

#[path = "../../tests/support/mod.rs"]
mod support;

/// A turn in which the timers of case 2 never fire.
fn stuck(state: &mut State, command: Command, key: Option<RequestKey>) -> Turned {
    match command.body {
        Body::Timer { case: 2, .. } => Turned { frames: Vec::new(), result: TurnResult::Repeat(0) },
        _ => turn_keyed(state, command, key),
    }
}

#[test]
fn a_timer_that_never_fires_neither_spins_nor_holds_up_the_others() {
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let engine = support::found(options(&disk, &clock));
    for n in 0..5 {
        accepted(engine.handle().command_blocking(submit(&format!("s{n}"), START, "one")));
    }
    engine.stop().unwrap();
    let (engine, _) = Engine::open_with(options(&disk, &clock), stuck).unwrap();
    let handle = engine.handle();
    let before = handle.log().durable();
    clock.advance(4 * HOUR);
    assert_eq!(handle.settle_blocking().unwrap(), before + 4, "the other four are reminded");
    assert!(handle.status().timers_stuck && !handle.status().is_well());
    // It is tried again a second later, and others that have become due fire even so.
    clock.advance(4 * HOUR);
    assert_eq!(handle.settle_blocking().unwrap(), before + 8);
}

/// A turn that applies half of what a decision does, and panics.
fn breaking(state: &mut State, command: Command, key: Option<RequestKey>) -> Turned {
    let decides = matches!(command.body, Body::Decide(_));
    let turned = turn_keyed(state, command, key);
    assert!(!decides, "apply broke on purpose");
    turned
}

#[test]
fn a_panic_out_of_a_turn_ends_the_engine_and_leaves_no_trace_in_the_log() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    support::found(options(&disk, &clock)).stop().unwrap();
    let (engine, _) = Engine::open_with(options(&disk, &clock), breaking).unwrap();
    let handle = engine.handle().clone();
    let receipt = accepted(handle.command_blocking(submit("s1", START, "one")));
    let before = handle.log().durable();
    let broken = handle.command_blocking(approve("d1", START, &receipt)).unwrap_err();
    assert_eq!(broken, Unavailable::Stopped);
    until("the failure is known", || handle.status().failed.is_some());
    assert!(handle.status().failed.is_some_and(|why| why.contains("apply broke on purpose")));
    assert!(engine.stop().is_err());
    let (engine, report) = Engine::open(options(&disk, &clock)).unwrap();
    assert_eq!(report.journal.last_sequence, before);
    accepted(engine.handle().command_blocking(approve("d1", START, &receipt)));
}

/// A turn that claims to have done something and shows nothing for it.
fn empty(state: &mut State, command: Command, key: Option<RequestKey>) -> Turned {
    match command.cause {
        Cause::Request(_) => Turned { frames: Vec::new(), result: TurnResult::Done },
        _ => turn_keyed(state, command, key),
    }
}

#[test]
fn an_effect_without_a_frame_is_never_answered() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    support::found(options(&disk, &clock)).stop().unwrap();
    let (engine, _) = Engine::open_with(options(&disk, &clock), empty).unwrap();
    let answer = engine.handle().command_blocking(submit("s1", START, "one"));
    assert_eq!(answer.unwrap_err(), Unavailable::Stopped);
    assert!(engine.stop().is_err());
}
