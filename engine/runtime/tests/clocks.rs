//! Time: timers in virtual time, many due at once, clocks that jump.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::*;
use crate::told::tell;
use countersign_core::command::Cause;
use countersign_core::event::Event;
use countersign_core::time::Timestamp;
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

/// The names of the events after a sequence.
fn events_after(handle: &EngineHandle, sequence: u64) -> Vec<&'static str> {
    let frames = sequence + 1..=handle.log().durable();
    let frames = frames.map(|sequence| handle.log().read_frame(sequence).unwrap());
    frames.flat_map(|frame| frame.events).map(|event| event.name()).collect()
}

#[test]
fn timers_fire_when_virtual_time_passes() {
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    let submitted = handle.command_blocking(submit("s1", START, "one")).unwrap();
    clock.advance(4 * HOUR - 1);
    assert_eq!(handle.settle_blocking().unwrap(), submitted.sequence, "nothing is due yet");
    clock.advance(1);
    assert_eq!(handle.settle_blocking().unwrap(), submitted.sequence + 1);
    let frame = handle.log().read_frame(submitted.sequence + 1).unwrap();
    assert_eq!(frame.at, START.plus(4 * HOUR as i64));
    assert!(matches!(frame.cause, Cause::Timer { due } if due == frame.at));
    assert!(matches!(&frame.events[..], [Event::TaskReminded(_)]));
    clock.advance(24 * HOUR);
    let settled = handle.settle_blocking().unwrap();
    assert_eq!(handle.settle_blocking().unwrap(), settled, "nothing is left");
    assert!(events_after(handle, submitted.sequence).contains(&"task-escalated"));
    let receipt = submitted.accepted().unwrap();
    accepted(handle.command_blocking(approve("d1", START.plus(20 * HOUR as i64), receipt)));
}

/// A manual clock that sends a command the moment the core thread first sees the time it waits for.
struct Interjecting {
    clock: ManualClock,
    when: Timestamp,
    send: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Clock for Interjecting {
    fn wall(&self) -> Timestamp {
        let wall = self.clock.wall();
        if wall >= self.when {
            // Not under the lock: sending may look at the clock.
            let send = self.send.lock().unwrap().take();
            send.into_iter().for_each(|send| send());
        }
        wall
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    fn on_change(&self, wake: Wake) {
        self.clock.on_change(wake);
    }
}

#[test]
fn many_timers_due_at_once_do_not_starve_other_work() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    let when = START.plus(4 * HOUR as i64);
    let interjecting = Arc::new(Interjecting { clock: clock.clone(), when, send: Mutex::new(None) });
    let engine = found(EngineOptions { clock: interjecting.clone(), ..options(&disk, &clock) });
    let handle = engine.handle();
    for n in 0..300 {
        accepted(handle.command_blocking(submit(&format!("s{n}"), START, "one")));
    }
    let before = handle.log().durable();
    let (answer, answered) = std::sync::mpsc::channel();
    let sender = handle.clone();
    *interjecting.send.lock().unwrap() = Some(Box::new(move || {
        answer.send(sender.send(submit("between", START.plus(4 * HOUR as i64), "between"))).unwrap();
    }));
    clock.advance(4 * HOUR);
    let reply = answered.recv().unwrap().unwrap().wait().unwrap();
    let overtaken = reply.sequence - before - 1;
    assert!((1..=128).contains(&overtaken), "{overtaken} timers came first");
    assert_eq!(handle.settle_blocking().unwrap(), before + 301);
    let reminded = events_after(handle, before).into_iter().filter(|name| *name == "task-reminded").count();
    assert_eq!(reminded, 300);
    let looked_at = "how many of them come before a command that arrives with them";
    tell(10, "300 timers due in the same millisecond", looked_at, &format!("{overtaken}, at most 128"));
}

#[test]
fn a_clock_that_jumps_holds_timers_and_commands_until_it_is_confirmed() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    let receipt = accepted(handle.command_blocking(submit("s1", START, "one")));
    let before = handle.log().durable();
    let jumped = START.plus(48 * HOUR as i64);
    clock.set_wall(jumped);
    let refused = handle.command_blocking(approve("d1", START, &receipt)).unwrap_err();
    assert_eq!(refused.code(), "CLOCK_JUMP");
    assert_eq!(handle.settle_blocking().unwrap(), before, "no escalation storm");
    assert!(handle.status().clock_jumped && !handle.status().is_well());
    assert_eq!(handle.read_blocking(|state| state.open_cases()).unwrap().0, 1, "queries go on");
    clock.set_wall(START.plus(60_000));
    handle.confirm_clock().unwrap();
    let reply = handle.command_blocking(approve("d1", START, &receipt)).unwrap();
    assert_eq!(handle.log().read_frame(reply.sequence).unwrap().at, START.plus(60_000));
    assert!(!handle.status().clock_jumped);
    let looked_at =
        "CLOCK_JUMP for commands, timers hold, queries go on; after confirm-clock everything goes on";
    tell(12, "a clock 48 hours ahead, then right again", looked_at, "0 timers fired meanwhile");
}

#[test]
fn a_clock_set_back_is_noticed_and_never_turns_the_order_round() {
    let (disk, clock) = (SimDisk::new(4), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    clock.set_wall(START.plus(-(HOUR as i64)));
    assert_eq!(handle.command_blocking(submit("s1", START, "one")).unwrap_err(), Unavailable::ClockJump);
    handle.confirm_clock().unwrap();
    let reply = handle.command_blocking(submit("s1", START, "one")).unwrap();
    assert_eq!(handle.log().read_frame(reply.sequence).unwrap().at, START);
    tell(
        12,
        "a clock an hour behind",
        "CLOCK_JUMP; recorded time never goes back",
        "recorded time stood still",
    );
}

#[test]
fn a_small_correction_of_the_clock_is_no_jump() {
    let (disk, clock) = (SimDisk::new(5), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    clock.set_wall(START.plus(4 * 60_000));
    accepted(engine.handle().command_blocking(submit("s1", START, "one")));
}
