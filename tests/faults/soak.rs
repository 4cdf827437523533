//! An hour's steady work: cases are opened and closed at a steady rate, and memory, latency and disk are looked at in
//! tenths. It fails where memory grows by more than 5 % beyond what the windows of core keep, where the p99 of a tenth is
//! more than twice that of the middle one and a bare write beside it was not slower too, or where the log holds other bytes
//! than its frames and groups need.
//!
//! A few seconds as a test; `tests/faults/soak 3600` for an hour. COUNTERSIGN_SOAK_SECONDS, COUNTERSIGN_SOAK_RATE
//! (decisions a second). One engine in this process on a real directory, with views and snapshots, without NATS.
#![allow(clippy::print_stdout, reason = "a run tells what it found")]

#[path = "../../engine/runtime/tests/support/mod.rs"]
mod support;

use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use countersign_core::state::{CLOSED_MAX, REQUESTS_MAX};
use countersign_journal::{DirStorage, inspect};
use countersign_runtime::{
    Clock, Engine, EngineHandle, EngineOptions, OnFatal, SNAPSHOT_EVERY, SystemClock, log_directory,
};
use support::{accepted, activate, approve, founding, submit};

const TENTHS: usize = 10;
const CALLERS: u64 = 64;
/// What core keeps at most of a request that took effect, and of a case that is over, until its windows are full: at this
/// rate after seventeen minutes.
const BYTES_OF_REQUEST: u64 = 160;
const BYTES_OF_CLOSED: u64 = 1_100;
/// A snapshot is made from a State of its own.
const STATES: u64 = 2;
/// Bytes of the log's own, as FORMAT.md has them.
const GROUP_HEADER: u64 = 84;
const FRAME_HEADER: u64 = 8;
/// Frames at the beginning that found the company and hold its definitions, at most.
const FOUNDING: u64 = 20;
/// Frames whose size is looked at.
const SAMPLE: usize = 4_000;
/// A p99 below this is quiet enough, whatever the others are.
const QUIET: Duration = Duration::from_millis(25);

fn setting(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("expected a number in {name}")))
}

/// What one tenth of the time was like.
#[derive(Clone, Debug, Default)]
struct Tenth {
    took: Times,
    /// What a small write and its sync took beside the log, now and then: how busy the disk and the machine were.
    bare: Times,
    resident: u64,
    frames: u64,
}

/// Durations by how many there were of each, in steps: millions of them take no more memory than a few, which would be
/// counted as the engine's.
#[derive(Clone, Debug)]
struct Times {
    steps: Vec<u32>,
    count: u64,
}

const STEP: Duration = Duration::from_micros(50);
/// Two seconds; what takes longer counts as that.
const STEPS: usize = 40_000;

impl Default for Times {
    fn default() -> Times {
        Times { steps: vec![0; STEPS], count: 0 }
    }
}

impl Times {
    fn push(&mut self, took: Duration) {
        let step = (took.as_nanos() / STEP.as_nanos()) as usize;
        self.steps[step.min(STEPS - 1)] += 1;
        self.count += 1;
    }

    /// Rounded up to a step.
    fn p99(&self) -> Duration {
        let mut below = 0;
        let reached = self.steps.iter().position(|count| {
            below += u64::from(*count);
            below * 100 > self.count * 99
        });
        reached.map_or(Duration::ZERO, |step| STEP * (step as u32 + 1))
    }
}

/// Writes a little and syncs it, twenty times a second, until the time is over.
fn probe(folder: &Path, begun: Instant, whole: Duration, tenths: &[Mutex<Tenth>]) {
    let mut file = std::fs::File::create(folder.join("probe")).expect("a file");
    let (_pause, pause) = mpsc::channel::<()>();
    while begun.elapsed() < whole {
        let asked = Instant::now();
        file.write_all(&[7; 256]).and_then(|()| file.sync_data()).expect("it is written");
        let took = asked.elapsed();
        tenths[tenth_at(begun, whole)].lock().expect("a tenth").bare.push(took);
        let _ = pause.recv_timeout(Duration::from_millis(50));
    }
}

fn tenth_at(begun: Instant, whole: Duration) -> usize {
    let tenth = (begun.elapsed().as_secs_f64() / whole.as_secs_f64() * TENTHS as f64) as usize;
    tenth.min(TENTHS - 1)
}

/// Bytes that this process keeps in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux tells");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4_096
}

/// Bytes of a directory as they stand on the disk.
fn on_disk(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(found) if found.is_dir() => on_disk(&entry.path()),
            Ok(found) => found.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

/// One caller: opens a case and decides it, at its share of the rate, until the time is over.
fn caller(
    handle: &EngineHandle,
    number: u64,
    begun: Instant,
    whole: Duration,
    rate: u64,
    tenths: &[Mutex<Tenth>],
) {
    let clock = SystemClock::new();
    // Nobody sends on it: it is a pause that ends by itself.
    let (_pause, pause) = mpsc::channel::<()>();
    for n in 0_u32.. {
        let due = Duration::from_secs_f64(f64::from(n) * CALLERS as f64 / rate as f64);
        let now = begun.elapsed();
        if due >= whole || now >= whole {
            break;
        }
        let _ = pause.recv_timeout(due.saturating_sub(now));
        let receipt =
            accepted(handle.command_blocking(submit(&format!("s{number}-{n}"), clock.wall(), "one")));
        let decide = approve(&format!("d{number}-{n}"), clock.wall(), &receipt);
        let asked = Instant::now();
        accepted(handle.command_blocking(decide));
        tenths[tenth_at(begun, whole)].lock().expect("a tenth").took.push(asked.elapsed());
    }
}

/// Looks at memory and log at the end of each tenth.
fn watch(handle: &EngineHandle, begun: Instant, whole: Duration, tenths: &[Mutex<Tenth>]) {
    let (_pause, pause) = mpsc::channel::<()>();
    for (at, tenth) in tenths.iter().enumerate() {
        let end = whole * (at as u32 + 1) / TENTHS as u32;
        let _ = pause.recv_timeout(end.saturating_sub(begun.elapsed()));
        let mut tenth = tenth.lock().expect("a tenth");
        tenth.resident = resident();
        tenth.frames = handle.log().durable();
    }
}

fn run(data: &Path, whole: Duration, rate: u64) -> Vec<Tenth> {
    // Two in each tenth, however short it is: what a snapshot needs is needed all the time.
    let snapshot_every = (2 * rate * whole.as_secs() / (2 * TENTHS as u64)).clamp(1_000, SNAPSHOT_EVERY);
    let options = EngineOptions { on_fatal: OnFatal::Stop, snapshot_every, ..EngineOptions::directory(data) };
    let (engine, _) = Engine::create(options, &founding()).expect("a company");
    activate(engine.handle());
    let tenths: Vec<Mutex<Tenth>> = (0..TENTHS).map(|_| Mutex::default()).collect();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..CALLERS {
            let (handle, tenths) = (engine.handle(), &tenths);
            scope.spawn(move || caller(handle, number, begun, whole, rate, tenths));
        }
        let (folder, probed) = (data.parent().expect("a folder"), &tenths);
        scope.spawn(move || probe(folder, begun, whole, probed));
        watch(engine.handle(), begun, whole, &tenths);
    });
    assert!(engine.handle().status().is_well(), "{:?}", engine.handle().status());
    engine.stop().expect("a clean stop");
    tenths.into_iter().map(|tenth| tenth.into_inner().expect("a tenth")).collect()
}

#[test]
fn steady_work_leaves_memory_latency_and_disk_as_they_are() {
    let (seconds, rate) = (setting("COUNTERSIGN_SOAK_SECONDS", 5), setting("COUNTERSIGN_SOAK_RATE", 2_000));
    // A machine that runs all tests at once is no place to hold a rate: the short form is modest.
    let rate = if seconds < 30 { rate.min(300) } else { rate };
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let tenths = run(&data, Duration::from_secs(seconds), rate);
    println!("{seconds} s at {rate} decisions/s, {CALLERS} callers; each case submitted, decided, closed");
    println!("tenth  decisions   p99 ms   bare write ms   memory MB     frames");
    for (n, tenth) in tenths.iter().enumerate() {
        println!(
            "{:>5}  {:>9}  {:>7.2}  {:>14.2}  {:>10.1}  {:>9}",
            n + 1,
            tenth.took.count,
            tenth.took.p99().as_secs_f64() * 1e3,
            tenth.bare.p99().as_secs_f64() * 1e3,
            tenth.resident as f64 / 1e6,
            tenth.frames
        );
    }
    let decided: u64 = tenths.iter().map(|tenth| tenth.took.count).sum();
    let reached = decided as f64 / seconds as f64 / rate as f64;
    println!("reached {:.0} % of the rate", reached * 100.0);
    let memory = memory(&tenths);
    let latency = latency(&tenths);
    let disk = disk(&data);
    assert!(seconds < 30 || reached > 0.9, "the machine does not hold the rate: {:.0} %", reached * 100.0);
    let failed: Vec<String> = [memory, latency, disk].into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{}", failed.join("; "));
}

/// From the middle to the end: what was taken beyond what the windows keep of these requests and cases.
fn memory(tenths: &[Tenth]) -> Result<(), String> {
    let cases = |to: usize| tenths[..to].iter().map(|tenth| tenth.took.count).sum::<u64>();
    let kept = |to: usize| {
        let closed = cases(to).min(CLOSED_MAX as u64) * BYTES_OF_CLOSED;
        STATES * (closed + (2 * cases(to)).min(REQUESTS_MAX as u64) * BYTES_OF_REQUEST)
    };
    let (middle, end) = (tenths[TENTHS / 2 - 1].resident, tenths[TENTHS - 1].resident);
    let grown = end as f64 - middle as f64;
    let windows = (kept(TENTHS) - kept(TENTHS / 2)) as f64;
    let beyond = (grown - windows).max(0.0) / middle as f64;
    println!(
        "memory from the middle to the end: {:+.1} MB, of which windows may keep {:.1} MB; slope beyond them {:.1} %",
        grown / 1e6,
        windows / 1e6,
        beyond * 100.0
    );
    // A process of a few megabytes takes memory in steps that are large beside it.
    let steps = (24 << 20) as f64 / middle as f64;
    let bound = 0.05_f64.max(if tenths[0].took.count < 10_000 { steps } else { 0.0 });
    if beyond <= bound { Ok(()) } else { Err(format!("memory grows by {:.1} %", beyond * 100.0)) }
}

/// No tenth is twice as slow as the middle one of them, but where a bare write beside it was slower, too.
fn latency(tenths: &[Tenth]) -> Result<(), String> {
    let middle = |mut all: Vec<Duration>| {
        all.sort_unstable();
        all[TENTHS / 2]
    };
    let median = middle(tenths.iter().map(|tenth| tenth.took.p99()).collect());
    let bare = middle(tenths.iter().map(|tenth| tenth.bare.p99()).collect());
    println!(
        "p99 of a tenth: median {median:.1?}, bare write {bare:.1?}; bound: twice the median, or {QUIET:?}"
    );
    let short = tenths.iter().map(|tenth| tenth.took.count).sum::<u64>() < 20_000;
    for (n, tenth) in tenths.iter().enumerate() {
        let busy = (tenth.bare.p99().as_secs_f64() / bare.as_secs_f64().max(1e-6)).max(1.0);
        let bound = if short { Duration::from_secs(2) } else { (2 * median).max(QUIET).mul_f64(busy) };
        if tenth.took.p99() > bound {
            return Err(format!(
                "tenth {} has a p99 of {:.1?}, the middle one {median:.1?}",
                n + 1,
                tenth.took.p99()
            ));
        }
    }
    Ok(())
}

/// Bytes of the log against what its groups and frames need: headers, and frames as large as the first thousands are.
fn disk(data: &Path) -> Result<(), String> {
    let storage = DirStorage::open(log_directory(data)).expect("a log").storage();
    let (log, report) = inspect(storage).expect("a sound log");
    let mut reader = log.reader(1).expect("from the beginning");
    let (mut sizes, mut definitions) = (Vec::new(), 0);
    while let (Some(frame), true) = (reader.next(u64::MAX).expect("a frame"), sizes.len() < SAMPLE) {
        let is_work = frame.sequence > FOUNDING;
        if is_work { sizes.push(frame.bytes.len() as u64) } else { definitions += frame.bytes.len() as u64 }
    }
    let mean = sizes.iter().sum::<u64>() as f64 / sizes.len().max(1) as f64;
    let work = report.frames.saturating_sub(FOUNDING) as f64;
    let headers = (GROUP_HEADER * report.groups + FRAME_HEADER * report.frames) as f64;
    let computed = definitions as f64 + work * mean + headers;
    let off = (report.bytes as f64 - computed).abs() / computed;
    println!(
        "log: {:.2} MB, computed {:.2} MB ({} frames of {mean:.0} bytes, {} groups), {:.1} % off; directory {:.1} MB",
        report.bytes as f64 / 1e6,
        computed / 1e6,
        report.frames,
        report.groups,
        off * 100.0,
        on_disk(data) as f64 / 1e6
    );
    if off <= 0.05 {
        Ok(())
    } else {
        Err(format!("the log holds {} bytes, computed {computed:.0}", report.bytes))
    }
}
