//! A clock that jumps and a disk that fills, at random, again and again, under work that goes on.
//!
//! COUNTERSIGN_SEED and COUNTERSIGN_COUNT (steps of the clock; times that the disk is full). 300 steps and 3 times; 20,000
//! and 40 with COUNTERSIGN_LONG=1.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::support::*;
use crate::told::{count, seed, tell};
use countersign_core::command::{Body, Cause, Stored};
use countersign_core::definition::FORM;
use countersign_core::receipt::Receipt;
use countersign_core::state::{State, apply_frame};
use countersign_core::time::{MINUTE, Timestamp};
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

/// From what drift on a jump is a jump: what the engine promises.
const DRIFT_MAX: i64 = 5 * MINUTE;

/// A small generator of numbers (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// What the engine must think of its clock, worked out anew.
struct Watched {
    wall: Timestamp,
    monotonic: Duration,
    jumped: bool,
}

impl Watched {
    fn look(&mut self, clock: &ManualClock) {
        let (wall, monotonic) = (clock.wall(), clock.monotonic());
        if !self.jumped {
            let passed = i64::try_from((monotonic - self.monotonic).as_millis()).expect("not that long");
            self.jumped = (wall.0 - self.wall.0 - passed).abs() > DRIFT_MAX;
        }
        if !self.jumped {
            (self.wall, self.monotonic) = (wall, monotonic);
        }
    }

    fn confirm(&mut self, clock: &ManualClock) {
        (self.wall, self.monotonic, self.jumped) = (clock.wall(), clock.monotonic(), false);
    }
}

/// A company under a clock that does what it likes.
struct Whims {
    clock: ManualClock,
    watched: Watched,
    dice: Dice,
    open: Vec<Receipt>,
    requests: u64,
    jumps: u64,
    turned_away: u64,
}

impl Whims {
    /// One thing that happens to the clock.
    fn tick(&mut self, handle: &EngineHandle) {
        let wall = self.clock.wall();
        let far = i64::try_from(self.dice.below(30 * 24)).expect("hours") * HOUR as i64 + DRIFT_MAX + 1;
        match self.dice.below(10) {
            0..4 => self.clock.advance(self.dice.below(6 * HOUR)),
            4 => self.clock.set_wall(wall.plus(far)),
            5 => self.clock.set_wall(wall.plus(-far)),
            6 => {
                let little = i64::try_from(self.dice.below(2 * DRIFT_MAX as u64)).expect("small") - DRIFT_MAX;
                self.clock.set_wall(wall.plus(little));
            }
            _ => {
                handle.confirm_clock().expect("it is told");
                handle.settle_blocking().expect("it is looked at");
                self.watched.confirm(&self.clock);
            }
        }
        let jumped = self.watched.jumped;
        self.watched.look(&self.clock);
        self.jumps += u64::from(self.watched.jumped && !jumped);
    }

    /// Something that somebody asks for: judged by what the clock is thought of.
    fn ask(&mut self, handle: &EngineHandle) {
        self.requests += 1;
        let id = format!("r{}", self.requests);
        // What a person's own clock shows is what the engine has recorded, or the engine's if that is later.
        let now = handle.read_blocking(|state| state.head().at).expect("queries go on").0;
        let sent_at = Timestamp(now.0.max(self.clock.wall().0));
        let answered = match self.open.pop().filter(|_| self.dice.below(2) == 0) {
            Some(receipt) => handle.command_blocking(approve(&id, sent_at, &receipt)),
            None => handle.command_blocking(submit(&id, sent_at, "one")),
        };
        match answered {
            Ok(reply) => {
                assert!(!self.watched.jumped, "a command was judged by a clock in doubt: {reply:?}");
                // A task that has moved on since is refused, which is an answer.
                if let Some(receipt) = reply.accepted().filter(|receipt| !receipt.opened.is_empty()) {
                    self.open.push(receipt.clone());
                }
            }
            Err(refused) => {
                assert_eq!(refused.code(), "CLOCK_JUMP");
                assert!(self.watched.jumped, "turned away while the clock was right");
                self.turned_away += 1;
            }
        }
    }
}

#[test]
fn whatever_the_clock_does_order_is_by_sequence_and_no_storm_breaks_out() {
    let (seed, steps) = (seed(12), count(300, 20_000));
    let (disk, clock) = (SimDisk::new(seed), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    let watched = Watched { wall: clock.wall(), monotonic: clock.monotonic(), jumped: false };
    let (open, dice) = (Vec::new(), Dice(seed));
    let mut whims = Whims { clock, watched, dice, open, requests: 0, jumps: 0, turned_away: 0 };
    for step in 0..steps {
        let before = handle.log().durable();
        whims.tick(handle);
        let settled = handle.settle_blocking().expect("what is due is done");
        assert_eq!(handle.status().clock_jumped, whims.watched.jumped, "seed {seed}, step {step}");
        assert!(
            !whims.watched.jumped || settled == before,
            "seed {seed}, step {step}: timers while in doubt"
        );
        whims.ask(handle);
    }
    assert!(whims.jumps > steps / 20, "the clock hardly jumped");
    handle.confirm_clock().expect("it is told");
    let last = handle.settle_blocking().expect("everything is done");
    let (mut state, mut at, mut fired) = (State::default(), Timestamp(i64::MIN), 0_u64);
    let mut reader = handle.log().reader(1).expect("the log");
    while let Some((sequence, frame)) = reader.read().expect("a frame") {
        assert!(frame.at >= at, "seed {seed}: recorded time went back at {sequence}");
        if let Cause::Timer { due } = frame.cause {
            assert!(due <= frame.at, "seed {seed}: a timer fired before it was due at {sequence}");
            fired += 1;
        }
        at = frame.at;
        apply_frame(&mut state, &frame);
    }
    assert_eq!((state.head().sequence, state.hash()), (last, engine.stop().expect("a clean stop").hash()));
    tell(
        12,
        &format!("{steps} steps of a clock that goes on, drifts and jumps up to 30 days, seed {seed}"),
        "CLOCK_JUMP exactly while it is in doubt, no timer then; recorded time never back, none fired early",
        &format!(
            "{} jumps, {} turned away, {fired} timers, {last} frames in order",
            whims.jumps, whims.turned_away
        ),
    );
}

/// A definition of some 200 KB: few fill a segment.
fn bulk() -> Incoming {
    let definition = definitions().remove(0);
    let compiled = definition.encode().expect("it encodes");
    let stored = Stored {
        path: definition.name(),
        source: "#".repeat(200_000),
        sha256: [0; 32],
        form: FORM,
        compiled,
    };
    operator(Body::Store(Box::new(stored)))
}

/// What became of a large frame on a disk that is filling.
enum Offered {
    Stored,
    Refused(&'static str),
    Waits(Pending<Reply>),
}

/// Offers one. Whether it is answered or waits shows soon after the engine has noticed that there is no room.
fn offered(handle: &EngineHandle) -> Offered {
    let mut pending = handle.send(bulk()).expect("the queue has room");
    let mut context = Context::from_waker(Waker::noop());
    let mut noticed = None;
    loop {
        match Pin::new(&mut pending).poll(&mut context) {
            Poll::Ready(Ok(_)) => return Offered::Stored,
            Poll::Ready(Err(refused)) => return Offered::Refused(refused.code()),
            Poll::Pending if handle.status().room == Room::None => {
                let since: Instant = *noticed.get_or_insert_with(Instant::now);
                if since.elapsed() > Duration::from_secs(1) {
                    return Offered::Waits(pending);
                }
            }
            Poll::Pending => {}
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_disk_that_is_full_again_and_again_loses_nothing_and_needs_nobody() {
    let (seed, rounds) = (seed(4), count(3, 40));
    let (disk, clock) = (SimDisk::new(seed), ManualClock::new(START));
    let mut engine = found(options(&disk, &clock));
    let mut dice = Dice(seed);
    let (mut stored, mut decided, mut cuts, mut waited) = (0_u64, 0_u64, 0_u64, 0_u64);
    for round in 0..rounds {
        let handle = engine.handle();
        let slips: Vec<Receipt> = (0..5)
            .map(|n| accepted(handle.command_blocking(submit(&format!("s{round}-{n}"), START, "one"))))
            .collect();
        disk.set_full(true);
        let mut late = None;
        loop {
            match offered(handle) {
                Offered::Stored => stored += 1,
                Offered::Refused(code) => {
                    assert_eq!(code, "DISK_FULL", "seed {seed}, round {round}");
                    break;
                }
                // Taken on before anybody had tried whether there is room: it waits for it.
                Offered::Waits(pending) => {
                    late = Some(pending);
                    break;
                }
            }
        }
        assert_ne!(handle.status().room, Room::Enough);
        // Room for control is left: what is open is decided.
        for (n, slip) in slips.iter().enumerate() {
            if handle.status().room == Room::Reserve {
                accepted(handle.command_blocking(approve(&format!("d{round}-{n}"), START, slip)));
                decided += 1;
            }
        }
        let answered = handle.log().durable();
        if dice.below(2) == 0 {
            // The power goes while it is full: what was answered is there, and it starts on a full disk.
            disk.cut_power();
            drop(engine);
            disk.power_on();
            cuts += 1;
            late = None;
            let (opened, report) = Engine::open(options(&disk, &clock)).expect("it starts on a full disk");
            assert!(report.journal.last_sequence >= answered, "seed {seed}, round {round}");
            engine = opened;
        }
        disk.set_full(false);
        let handle = engine.handle();
        until("there is room again", || handle.status().room == Room::Enough);
        if let Some(pending) = late {
            accepted(pending.wait());
            waited += 1;
        }
        accepted(handle.command_blocking(submit(&format!("after{round}"), START, "one")));
    }
    let hash = engine.stop().expect("a clean stop").hash();
    let (engine, _) = Engine::open(options(&disk, &clock)).expect("it starts");
    assert_eq!(engine.handle().read_blocking(State::hash).expect("a hash").0, hash);
    assert!(decided > 0, "nothing was decided on a full disk");
    tell(
        4,
        &format!("a disk full {rounds} times, the power cut {cuts} times meanwhile, seed {seed}"),
        "new work is DISK_FULL, what is open is decided; new work again by itself; State is the fold of the log",
        &format!("{stored} large frames, {decided} decided while full, {waited} waited for room, 0 lost"),
    );
}
