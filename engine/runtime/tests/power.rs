//! Power cuts and failing disks under load, judged by an oracle that knows only what was answered.
//!
//! `COUNTERSIGN_LONG=1` runs 2,000 decisions instead of 200; COUNTERSIGN_SEED and COUNTERSIGN_COUNT (decisions). A run of
//! so many decisions is done anew for every one of its calls; several threads share them.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::support::*;
use crate::told::{count, seed, tell};
use countersign_core::command::Cause;
use countersign_core::name::Name;
use countersign_core::state::{State, apply_frame};
use countersign_journal::sim::{Failure, SimDisk};
use countersign_runtime::*;

/// Commands under way at a time.
const WAVE: usize = 4;

fn decisions() -> usize {
    usize::try_from(count(200, 2_000)).expect("a number of decisions")
}

/// What a caller knows: everything it sent, and what it was answered.
#[derive(Default)]
struct Known {
    sent: Vec<Incoming>,
    answered: BTreeMap<Name, Reply>,
}

impl Known {
    /// Sends a wave and waits for its answers. False: not everything was answered.
    fn wave(&mut self, handle: &EngineHandle, wave: Vec<Incoming>) -> bool {
        let pending: Vec<_> = wave.iter().map(|incoming| handle.send(incoming.clone())).collect();
        let mut all = true;
        for (incoming, pending) in wave.into_iter().zip(pending) {
            let id = id_of(&incoming);
            self.sent.push(incoming);
            match pending.and_then(Pending::wait) {
                Ok(reply) => drop(self.answered.insert(id, reply)),
                Err(_) => all = false,
            }
        }
        all
    }

    /// Submits and decides until all is done or the engine no longer answers.
    fn drive(&mut self, handle: &EngineHandle, clock: &ManualClock, decisions: usize) -> bool {
        for first in (0..decisions).step_by(WAVE) {
            // Head records are written on the way.
            clock.advance(400);
            let numbers = first..decisions.min(first + WAVE);
            let submits = numbers.clone().map(|n| submit(&format!("s{n}"), START, &format!("slip {n}")));
            if !self.wave(handle, submits.collect()) {
                return false;
            }
            let receipt = |n: usize| self.answered[&Name::from(format!("s{n}"))].accepted().unwrap().clone();
            let decides = numbers.map(|n| approve(&format!("d{n}"), START, &receipt(n)));
            let decides = decides.collect();
            if !self.wave(handle, decides) {
                return false;
            }
        }
        true
    }

    /// Holds the recovered log against what was answered.
    fn judge(&self, disk: &SimDisk, clock: &ManualClock) -> Result<(), String> {
        let (engine, _) = Engine::open(options(disk, clock)).map_err(|error| format!("no start: {error}"))?;
        let handle = engine.handle();
        let causes = self.read_log(handle)?;
        for (id, reply) in &self.answered {
            match causes.get(id).map(Vec::as_slice) {
                Some([sequence]) if *sequence == reply.sequence => {}
                Some(found) => {
                    return Err(format!("{id} answered at {}, found at {found:?}", reply.sequence));
                }
                None => return Err(format!("{id} was answered at {} and is lost", reply.sequence)),
            }
        }
        // Whoever got no answer asks again; whoever got one may ask again too.
        for incoming in self.sent.iter().rev().take(3 * WAVE).rev() {
            let id = id_of(incoming);
            let again = handle.command_blocking(incoming.clone()).map_err(|error| error.to_string())?;
            let had = causes.contains_key(&id);
            if again.repeated != had || again.accepted().is_none() {
                return Err(format!("{id} again: {again:?}, in the log before: {had}"));
            }
            if self.answered.get(&id).is_some_and(|first| first.result != again.result) {
                return Err(format!("{id} was first answered otherwise than {again:?}"));
            }
        }
        self.read_log(handle)?;
        engine.stop().map(drop).map_err(|error| error.to_string())
    }

    /// The frames of each request. State must be their fold, and no request may be in two.
    fn read_log(&self, handle: &EngineHandle) -> Result<BTreeMap<Name, Vec<u64>>, String> {
        let (hash, last) = handle.read_blocking(State::hash).map_err(|error| error.to_string())?;
        let mut reader = handle.log().reader(1).map_err(|error| error.to_string())?;
        let mut causes: BTreeMap<Name, Vec<u64>> = BTreeMap::new();
        let mut state = State::default();
        let mut count = 0;
        while let Some((sequence, frame)) = reader.read().map_err(|error| error.to_string())? {
            count += 1;
            if sequence != count {
                return Err(format!("sequence {sequence} follows {}", count - 1));
            }
            apply_frame(&mut state, &frame);
            if let Cause::Request(request) = &frame.cause {
                causes.entry(request.request_id.clone()).or_default().push(sequence);
            }
        }
        if count != last || state.hash() != hash {
            return Err(format!("State at {last} is not the fold of {count} frames"));
        }
        match causes.iter().find(|(_, sequences)| sequences.len() > 1) {
            Some((id, sequences)) => Err(format!("{id} took effect in {sequences:?}")),
            None => Ok(causes),
        }
    }
}

fn id_of(incoming: &Incoming) -> Name {
    match &incoming.cause {
        Cause::Request(request) => request.request_id.clone(),
        _ => panic!("only requests are sent"),
    }
}

/// A disk that holds the founded company and nothing else.
fn founded(seed: u64, clock: &ManualClock) -> SimDisk {
    let disk = SimDisk::new(seed);
    found(options(&disk, clock)).stop().expect("a clean stop");
    disk
}

/// Runs until the power is cut at a storage call, turns it on again and judges. None: the call was never made.
fn cut_at(call: u64, sync: bool) -> Option<Result<(), String>> {
    let clock = ManualClock::new(START);
    // The seed decides what survives of writes that were not synced.
    let disk = founded(seed(0).wrapping_mul(1_000_003).wrapping_add(call), &clock);
    disk.ignore_sync(!sync);
    disk.cut_power_at(call);
    let mut known = Known::default();
    let finished = match Engine::open(options(&disk, &clock)) {
        Ok((engine, _)) => known.drive(engine.handle(), &clock, decisions()) && engine.stop().is_ok(),
        Err(_) => false,
    };
    if finished {
        return None;
    }
    disk.power_on();
    disk.ignore_sync(false);
    Some(known.judge(&disk, &clock))
}

#[test]
fn a_power_cut_at_any_storage_call_loses_nothing_that_was_answered() {
    let cuts = everywhere("power cut at call", |call| cut_at(call, true));
    assert!(cuts as usize > decisions() / 2, "only {cuts} cuts");
    tell(
        2,
        &format!(
            "power cut at every storage call of {} decisions, seed {}: {cuts} cuts",
            decisions(),
            seed(0)
        ),
        "every answered request is in the log once, where it was answered; asked again it is the same; State is the fold",
        "0 lost, 0 twice, 0 gaps",
    );
}

/// Does something at each call until one is beyond the last; says how often it was done.
fn everywhere(what: &str, at: impl Fn(u64) -> Option<Result<(), String>> + Sync) -> u64 {
    let (next, beyond) = (AtomicU64::new(1), AtomicBool::new(false));
    let run = || {
        let mut done = 0;
        while !beyond.load(Ordering::Relaxed) {
            let call = next.fetch_add(1, Ordering::Relaxed);
            match at(call) {
                Some(Ok(())) => done += 1,
                Some(Err(fault)) => panic!("seed {}, {what} {call}: {fault}", seed(0)),
                None => beyond.store(true, Ordering::Relaxed),
            }
        }
        done
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|fault| resume_unwind(fault))).sum()
    })
}

#[test]
fn the_same_harness_notices_that_syncs_do_nothing() {
    // However many decisions: two hundred cuts say enough.
    let judged = (20..).step_by(7).map_while(|call| cut_at(call, false)).take(200);
    let judged: Vec<Result<(), String>> = judged.collect();
    let cuts = judged.len();
    let faults: Vec<String> = judged.into_iter().filter_map(Result::err).collect();
    assert!(faults.len() > 5, "an engine without syncs passed: {faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("is lost") || fault.contains("cut")), "{faults:?}");
    tell(
        2,
        &format!("control: every seventh call of the same, syncs do nothing, seed {}", seed(0)),
        "the harness notices that answered requests are gone",
        &format!("noticed after {} of {cuts} cuts", faults.len()),
    );
}

/// Fails one write or sync, and judges after the process has been started again.
fn fail_at(nth: u64, failure: Failure) -> Option<Result<(), String>> {
    let clock = ManualClock::new(START);
    let disk = founded(seed(0).wrapping_mul(1_000_003).wrapping_add(nth), &clock);
    disk.fail(failure);
    let mut known = Known::default();
    match Engine::open(options(&disk, &clock)) {
        Ok((engine, _)) => {
            let finished = known.drive(engine.handle(), &clock, failing());
            let late = engine.handle().command_blocking(submit("late", START, "late"));
            let stopped = engine.stop();
            if finished && late.is_ok() && stopped.is_ok() {
                return None;
            }
            if late.is_ok() && stopped.is_ok() {
                return Some(Err("the engine went on after a failure".to_owned()));
            }
            if stopped.is_ok() {
                return Some(Err("a failed engine stopped as if nothing had been".to_owned()));
            }
        }
        Err(error) if error.code() == "IO" => {}
        Err(error) => return Some(Err(error.to_string())),
    }
    disk.restart_process();
    Some(known.judge(&disk, &clock))
}

#[test]
fn after_a_failed_write_or_sync_nothing_is_answered() {
    for (what, plan) in [("write", Failure::Write as fn(u64) -> Failure), ("sync", Failure::Sync)] {
        let failures = everywhere(what, |nth| fail_at(nth, plan(nth)));
        assert!(failures > 5, "only {failures} failures");
        tell(
            3,
            &format!("EIO at every {what} of {} decisions, seed {}: {failures} failures", failing(), seed(0)),
            "the engine stops and says why; after a restart the same as after a power cut",
            "0 answered after it, 0 lost, 0 twice",
        );
    }
}

/// Decisions under failing calls: a fifth of the others, since each ends an engine.
fn failing() -> usize {
    decisions().div_ceil(5)
}
