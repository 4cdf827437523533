//! What a million open cases cost beside a thousand: decisions and their processor time, replay, restart.

use std::path::Path;
use std::time::{Duration, Instant};

use countersign_runtime::{
    Engine, EngineHandle, EngineOptions, Incoming, ViewsAt, log_directory, make_snapshot,
};

use super::company::{LEVELS, Names};
use super::{Handed, create_with, median, now, replay_rate, submit_all, tasks, verified};
use crate::embedded::accepted;

/// Rounds in which few and many take turns.
const ROUNDS: usize = 3;
/// Cases that a round decides, as a multiple of those that are open on the small side.
const CASES_OF_ROUND: usize = 10;

/// Open cases on either side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) callers: usize,
    pub(super) few: usize,
    /// Where replay is measured a first time.
    pub(super) some: usize,
    pub(super) many: usize,
}

/// Replay at a number of open cases.
pub(super) struct Replay {
    pub(super) open: usize,
    pub(super) events_per_s: f64,
    /// The same log read and checked, and nothing else.
    pub(super) verified_per_s: f64,
    /// Processor time of an event, microseconds: what a busy machine changes least.
    pub(super) cpu_us: f64,
}

/// What was found.
pub(super) struct Growth {
    pub(super) few_per_s: f64,
    pub(super) many_per_s: f64,
    pub(super) throughput: f64,
    pub(super) few_cpu_us: f64,
    pub(super) many_cpu_us: f64,
    pub(super) cpu: f64,
    pub(super) replays: [Replay; 2],
    pub(super) restart_ms: f64,
    /// Its processor time.
    pub(super) restart_cpu_ms: f64,
    /// The same snapshot read from the disk, and nothing else.
    pub(super) snapshot_read_ms: f64,
    pub(super) snapshot_bytes: u64,
}

/// A company with so many open cases.
struct Side {
    engine: Engine,
    names: Names,
    open: Vec<Handed>,
    /// Claims that were handed in so far; each has a number of its own.
    claims: usize,
}

impl Side {
    fn create(data: &Path) -> Result<Side, String> {
        Ok(Side { engine: create_with(options(data))?, names: Names::new(), open: Vec::new(), claims: 0 })
    }

    fn hand_in(&mut self, callers: usize, cases: usize) -> Result<(), String> {
        let claims = self.claims..self.claims + cases;
        self.open.append(&mut submit_all(self.engine.handle(), &self.names, callers, claims)?);
        self.claims += cases;
        Ok(())
    }

    /// Cases from all over those that are open; others come in their place.
    fn spread(&mut self, cases: usize) -> Vec<Handed> {
        let apart = (self.open.len() / cases.max(1)).max(1);
        let mut taken = Vec::with_capacity(cases);
        let mut left = Vec::with_capacity(self.open.len());
        for (place, handed) in std::mem::take(&mut self.open).into_iter().enumerate() {
            let takes = place.is_multiple_of(apart) && taken.len() < cases;
            if takes { taken.push(handed) } else { left.push(handed) }
        }
        self.open = left;
        taken
    }
}

/// Time and processor time of decisions.
#[derive(Clone, Copy, Default)]
struct Cost {
    decisions: usize,
    took: Duration,
    cpu: Duration,
}

impl Cost {
    fn per_s(&self) -> f64 {
        self.decisions as f64 / self.took.as_secs_f64()
    }

    fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.decisions.max(1) as f64
    }
}

/// Measures in two folders of this one.
pub(super) fn measure(folder: &Path, sizes: Sizes, progress: super::Progress<'_>) -> Result<Growth, String> {
    let (small, large) = (folder.join("few"), folder.join("many"));
    let mut many = Side::create(&large)?;
    progress(&format!("{} open cases: submissions, replay", sizes.some));
    many.hand_in(sizes.callers, sizes.some)?;
    let (mut many, first) = replayed(many, &large)?;
    progress(&format!("{} open cases: submissions, replay", sizes.many));
    many.hand_in(sizes.callers, sizes.many - sizes.some)?;
    let (mut many, second) = replayed(many, &large)?;
    let mut few = Side::create(&small)?;
    few.hand_in(sizes.callers, sizes.few)?;
    progress(&format!("decisions with {} and {} open cases, by turns", sizes.few, sizes.many));
    let (mut at_few, mut at_many) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        at_few.push(round(&mut few, sizes, sizes.few)?);
        at_many.push(round(&mut many, sizes, sizes.few * CASES_OF_ROUND)?);
    }
    few.engine.stop().map_err(|error| error.to_string())?;
    let one = many.spread(1);
    let Side { engine, names, .. } = many;
    engine.stop().map_err(|error| error.to_string())?;
    progress(&format!("restart with {} open cases", sizes.many));
    let restarted = restart(&large, &names, one)?;
    let each = |costs: &[Cost], of: fn(&Cost) -> f64| median(&mut costs.iter().map(of).collect::<Vec<_>>());
    let ratio = |of: fn(&Cost) -> f64| {
        median(&mut at_many.iter().zip(&at_few).map(|(many, few)| of(many) / of(few)).collect::<Vec<_>>())
    };
    Ok(Growth {
        few_per_s: each(&at_few, Cost::per_s),
        many_per_s: each(&at_many, Cost::per_s),
        throughput: ratio(Cost::per_s),
        few_cpu_us: each(&at_few, Cost::cpu_us),
        many_cpu_us: each(&at_many, Cost::cpu_us),
        cpu: ratio(Cost::cpu_us),
        replays: [first, second],
        restart_ms: restarted.took_ms,
        restart_cpu_ms: restarted.cpu_ms,
        snapshot_read_ms: restarted.read_ms,
        snapshot_bytes: restarted.bytes,
    })
}

/// Neither views nor snapshots: both would work on in the background of what is measured.
fn options(data: &Path) -> EngineOptions {
    EngineOptions { views: ViewsAt::Off, snapshot_every: 0, ..EngineOptions::directory(data) }
}

/// Stops a company and opens it again, which folds its whole log.
fn replayed(side: Side, data: &Path) -> Result<(Side, Replay), String> {
    let Side { engine, names, open, claims } = side;
    engine.stop().map_err(|error| error.to_string())?;
    let (_, checking) = verified(data)?;
    let cpu = process_cpu()?;
    let (engine, recovery) = Engine::open(options(data)).map_err(|error| error.to_string())?;
    let cpu = process_cpu()?.saturating_sub(cpu);
    let replay = Replay {
        cpu_us: cpu.as_secs_f64() * 1e6 / recovery.events.max(1) as f64,
        open: open.len(),
        events_per_s: replay_rate(&recovery),
        verified_per_s: recovery.events as f64 / checking.as_secs_f64(),
    };
    Ok((Side { engine, names, open, claims }, replay))
}

/// Decides cases from all over those that are open, so many at a time; as many are handed in before.
fn round(side: &mut Side, sizes: Sizes, at_a_time: usize) -> Result<Cost, String> {
    let mut cost = Cost::default();
    let total = sizes.few * CASES_OF_ROUND;
    for _ in 0..total.div_ceil(at_a_time.max(1)) {
        side.hand_in(sizes.callers, at_a_time)?;
        let cases = side.spread(at_a_time);
        let (begun, cpu) = (Instant::now(), engine_cpu()?);
        tasks::decide_on(side.engine.handle(), &side.names, sizes.callers, &cases)?;
        cost.took += begun.elapsed();
        cost.cpu += engine_cpu()?.saturating_sub(cpu);
        cost.decisions += cases.len() * LEVELS;
    }
    Ok(cost)
}

/// Processor time of the engine's threads so far; callers are none of them. Threads of an engine that is idle add
/// nothing.
fn engine_cpu() -> Result<Duration, String> {
    let tasks = std::fs::read_dir("/proc/self/task").map_err(|e| format!("/proc/self/task: {e}"))?;
    let mut total = 0_u64;
    for task in tasks.flatten() {
        // A thread may have ended meanwhile.
        let Ok(name) = std::fs::read_to_string(task.path().join("comm")) else { continue };
        if !name.starts_with("countersign-") {
            continue;
        }
        let path = task.path().join("schedstat");
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let ran = text.split_whitespace().next().and_then(|ns| ns.parse::<u64>().ok());
        total += ran.ok_or("expected schedstat to tell how long a thread ran")?;
    }
    Ok(Duration::from_nanos(total))
}

/// Processor time of the whole process so far, threads that have ended included; in hundredths of a second.
fn process_cpu() -> Result<Duration, String> {
    let path = "/proc/self/stat";
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    // The name, in brackets, may hold anything; user and system time are the 12th and 13th after it.
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = after.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok());
    Ok(Duration::from_millis(ticks.sum::<u64>() * 10))
}

/// A start from a snapshot.
struct Restarted {
    /// Of the snapshot.
    bytes: u64,
    /// Reading it and nothing else.
    read_ms: f64,
    took_ms: f64,
    cpu_ms: f64,
}

/// Makes a snapshot, and starts from it up to the first reply, which is a durable decision.
fn restart(data: &Path, names: &Names, one: Vec<Handed>) -> Result<Restarted, String> {
    let (sequence, bytes) = make_snapshot(&options(data)).map_err(|error| error.to_string())?;
    let begun = Instant::now();
    let path = log_directory(data).join(countersign_journal::snapshot_file(sequence));
    let read = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let read_ms = begun.elapsed().as_secs_f64() * 1e3;
    if (read.len() as u64) < bytes {
        return Err(format!("expected a snapshot of {bytes} bytes, found {}", read.len()));
    }
    drop(read);
    let (begun, cpu) = (Instant::now(), process_cpu()?);
    let (engine, recovery) = Engine::open(options(data)).map_err(|error| error.to_string())?;
    let (case, hash) = one.first().copied().ok_or("expected an open case")?;
    first_reply(engine.handle(), names, (case, hash))?;
    let took_ms = begun.elapsed().as_secs_f64() * 1e3;
    let cpu_ms = process_cpu()?.saturating_sub(cpu).as_secs_f64() * 1e3;
    engine.stop().map_err(|error| error.to_string())?;
    if (recovery.snapshot, recovery.frames) != (sequence, 0) {
        return Err(format!("expected a start from the snapshot at {sequence}, found {recovery:?}"));
    }
    Ok(Restarted { bytes, read_ms, took_ms, cpu_ms })
}

fn first_reply(handle: &EngineHandle, names: &Names, (case, hash): Handed) -> Result<(), String> {
    let (cause, body) = names.decide(case, hash, 0, now());
    accepted(handle.command_blocking(Incoming { cause, body }).map_err(|error| error.to_string())?)?;
    Ok(())
}
