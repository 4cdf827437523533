//! A crowd: very many open cases, very many timers due in the same second, three times the load that can be taken. What
//! somebody else waits for meanwhile is measured without the crowd and with it, in the same run.
//!
//! 20,000 open cases and 10,000 timers; a million and 100,000 with COUNTERSIGN_LONG=1. COUNTERSIGN_COUNT (open cases).

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::support::*;
use crate::told::{again, count, tell};
use countersign_core::event::Event;
use countersign_core::time::Timestamp;
use countersign_runtime::*;

/// Submissions under way at a time while a crowd is made.
const UNDER_WAY: usize = 1_024;
/// What a machine that is busy with something else may add to any figure.
const NOISE: Duration = Duration::from_millis(200);

fn real(path: &Path, clock: &ManualClock) -> EngineOptions {
    let clock = Arc::new(clock.clone());
    EngineOptions { on_fatal: OnFatal::Stop, views: ViewsAt::Off, clock, ..EngineOptions::directory(path) }
}

fn founded(path: &Path, clock: &ManualClock, queue: usize) -> Engine {
    let options = EngineOptions { queue_capacity: queue, snapshot_every: 0, ..real(path, clock) };
    let (engine, _) = Engine::create(options, &founding()).expect("a company");
    activate(engine.handle());
    engine
}

/// Opens so many cases of a chain.
fn open_cases(handle: &EngineHandle, chain: &str, cases: u64) {
    let mut pending = VecDeque::new();
    for n in 0..cases {
        pending
            .push_back(handle.send(submit_to(chain, &format!("{chain}-{n}"), START, "one")).expect("taken"));
        if pending.len() == UNDER_WAY {
            accepted(pending.pop_front().expect("one").wait());
        }
    }
    pending.into_iter().for_each(|reply| drop(accepted(reply.wait())));
}

/// What callers wait for, each with one submission after another, as long as this says of how many each has made.
fn waits(
    handle: &EngineHandle,
    name: &str,
    at: Timestamp,
    go_on: impl Fn(usize) -> bool + Sync,
) -> Vec<Duration> {
    let each = |caller: usize| {
        let mut took = Vec::new();
        while go_on(took.len()) {
            let slip = submit_to("wait", &format!("{name}-{caller}-{}", took.len()), at, "one");
            let begun = Instant::now();
            accepted(handle.command_blocking(slip));
            took.push(begun.elapsed());
        }
        took
    };
    let each = &each;
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4).map(|caller| scope.spawn(move || each(caller))).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller")).collect()
    });
    took.sort_unstable();
    took
}

fn p99(sorted: &[Duration]) -> Duration {
    sorted.get(sorted.len() * 99 / 100).or(sorted.last()).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

const CHILD: &str = "COUNTERSIGN_TEST_CROWD";
/// One crowd at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs a test of this file in a process of its own, where nothing else takes memory. True: this is that process.
fn alone(name: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let program = std::env::current_exe().expect("this program");
    let mut child = std::process::Command::new(program);
    let output = child.args(["--exact", &format!("crowd::{name}"), "--nocapture"]).env(CHILD, "1").output();
    let output = output.expect("this program runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let told = said.lines().filter_map(|line| line.find("fault ").map(|at| &line[at..]));
    told.for_each(again);
    false
}

/// The bound: ten times what it is without the crowd, or what a busy machine may add.
fn bearable(without: Duration) -> Duration {
    (without * 10).max(NOISE)
}

#[test]
fn timers_due_in_one_second_among_many_open_cases_leave_others_their_latency() {
    if !alone("timers_due_in_one_second_among_many_open_cases_leave_others_their_latency") {
        return;
    }
    let cases = count(20_000, 1_000_000);
    let timers = (cases / 10).max(cases.min(10_000));
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), ManualClock::new(START));
    let engine = founded(folder.path(), &clock, 4_096);
    let handle = engine.handle();
    open_cases(handle, "wait", cases - timers);
    open_cases(handle, "slip", timers);
    let quiet = waits(handle, "quiet", START, |done| done < 500);
    let before = handle.log().durable();
    clock.advance(4 * HOUR);
    let settling = handle.clone();
    let over = Arc::new(AtomicBool::new(false));
    let told = over.clone();
    let begun = Instant::now();
    let settled = std::thread::spawn(move || {
        let last = settling.settle_blocking().expect("all timers fire");
        told.store(true, Ordering::SeqCst);
        (last, begun.elapsed())
    });
    let storm = waits(handle, "storm", START.plus(4 * HOUR as i64), |_| !over.load(Ordering::SeqCst));
    let (last, took) = settled.join().expect("it settles");
    let mut fired = 0;
    let mut reader = handle.log().reader(before + 1).expect("the log");
    while let Some((sequence, frame)) = reader.read().expect("a frame") {
        let of_timer = frame.events.iter().any(|event| matches!(event, Event::TaskReminded(_)));
        fired += u64::from(of_timer && sequence <= last);
    }
    assert_eq!(fired, timers, "each timer fired once");
    assert!(storm.len() >= 4, "only {} submissions in between", storm.len());
    let (without, with) = (p99(&quiet), p99(&storm));
    assert!(with <= bearable(without), "p99 {with:?} while timers fire, {without:?} before");
    tell(
        10,
        &format!("{timers} timers due in the same millisecond among {cases} open cases"),
        "what four callers wait for meanwhile, p99 of submissions; bound: ten times that without, or 200 ms",
        &format!(
            "{} with, {} without; {} submissions came in between, all fired in {}",
            ms(with),
            ms(without),
            storm.len(),
            ms(took)
        ),
    );
}

/// Bytes that this process keeps in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4_096
}

/// As much as it can take: callers that wait for each answer. What they waited for, and how many a second.
fn closed_loop(handle: &EngineHandle, callers: u64, cases: u64) -> (Vec<Duration>, f64) {
    let begun = Instant::now();
    let each = |caller: u64| {
        let mut took = Vec::new();
        for n in (caller..cases).step_by(callers as usize) {
            let slip = submit_to("wait", &format!("closed-{n}"), START, "one");
            let begun = Instant::now();
            accepted(handle.command_blocking(slip));
            took.push(begun.elapsed());
        }
        took
    };
    let each = &each;
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers).map(|caller| scope.spawn(move || each(caller))).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller")).collect()
    });
    took.sort_unstable();
    (took, cases as f64 / begun.elapsed().as_secs_f64())
}

/// What came of an overload.
#[derive(Default)]
struct Overload {
    offered: u64,
    refused: u64,
    took: Vec<Duration>,
}

/// Offers so many a second, and never less than three times what is taken, until so many were taken.
///
/// What is refused is offered again by a copy: whoever makes the load must be quicker than the engine.
fn open_loop(handle: &EngineHandle, rate: f64, cases: u64) -> Overload {
    let (sent, answers) = mpsc::channel::<(Instant, Pending<Reply>)>();
    let collector = std::thread::spawn(move || {
        let mut took: Vec<Duration> = Vec::new();
        for (begun, pending) in answers {
            accepted(pending.wait());
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        took
    });
    let (begun, mut overload, mut taken) = (Instant::now(), Overload::default(), 0);
    let next = |taken: u64| submit_to("wait", &format!("open-{taken}"), START, "one");
    let mut slip = next(taken);
    // Nobody sends on it: it is a pause that ends by itself.
    let (_pause, pause) = mpsc::channel::<()>();
    loop {
        // A generator that is kept from running makes up for it.
        let due = ((begun.elapsed().as_secs_f64() * rate) as u64).max(taken * 16 / 5 + UNDER_WAY as u64);
        if overload.offered >= due {
            if taken >= cases {
                break;
            }
            let _ = pause.recv_timeout(Duration::from_micros(200));
            continue;
        }
        assert!(
            overload.offered < cases * 100,
            "{taken} taken of {}: the load is too slow",
            overload.offered
        );
        overload.offered += 1;
        let now = Instant::now();
        match handle.send(slip.clone()) {
            Ok(pending) => {
                sent.send((now, pending)).expect("somebody collects");
                taken += 1;
                slip = next(taken);
            }
            Err(Unavailable::Overloaded { retry_after_ms }) => {
                assert!(retry_after_ms > 0, "OVERLOADED says when to come again");
                overload.refused += 1;
            }
            Err(other) => panic!("{other}"),
        }
    }
    drop(sent);
    overload.took = collector.join().expect("it collects");
    overload
}

/// 10,000 accepted under an overload; 500,000 with COUNTERSIGN_LONG=1. COUNTERSIGN_COUNT (accepted).
#[test]
fn three_times_the_load_is_refused_in_part_and_the_rest_keeps_its_latency_and_memory() {
    const CALLERS: u64 = 64;
    if !alone("three_times_the_load_is_refused_in_part_and_the_rest_keeps_its_latency_and_memory") {
        return;
    }
    let cases = count(10_000, 500_000);
    let (folder, clock) = (tempfile::tempdir().expect("a folder"), ManualClock::new(START));
    let engine = founded(folder.path(), &clock, CALLERS as usize);
    let handle = engine.handle();
    // Whatever is taken once only.
    open_cases_slowly(handle, 2_000);
    let start = resident();
    let (full, rate) = closed_loop(handle, CALLERS, cases);
    let calm = resident().saturating_sub(start) / cases;
    let before = resident();
    let over = open_loop(handle, 3.0 * rate, cases);
    let taken = over.took.len() as u64;
    let crowded = resident().saturating_sub(before) / taken;
    assert_eq!(over.offered, taken + over.refused);
    let times = over.offered as f64 / taken as f64;
    assert!(times >= 3.0, "{times:.1} times what it took");
    let (without, with) = (p99(&full), p99(&over.took));
    assert!(with <= bearable(without), "p99 {with:?} under overload, {without:?} at full load");
    // What is refused leaves nothing behind: a case costs what it cost before, but for steps in which memory is taken.
    let slack = (8 << 20) / taken;
    assert!(crowded <= calm * 3 / 2 + slack, "{crowded} bytes a case under overload, {calm} before");
    let status = handle.status();
    assert_eq!(
        status.counts.refused.get("OVERLOADED").copied(),
        Some(over.refused),
        "each refusal is counted"
    );
    tell(
        11,
        &format!("{times:.1} times the load that {CALLERS} waiting callers make: {} offered", over.offered),
        "OVERLOADED with retry_after_ms; p99 of what was accepted, at full load and over it; memory a case",
        &format!(
            "{taken} accepted, {} refused; {} over it, {} at full load; {crowded} bytes, {calm} before",
            over.refused,
            ms(with),
            ms(without)
        ),
    );
}

/// One after the other, for a queue that is short.
fn open_cases_slowly(handle: &EngineHandle, cases: u64) {
    for n in 0..cases {
        accepted(handle.command_blocking(submit_to("wait", &format!("first-{n}"), START, "one")));
    }
}
