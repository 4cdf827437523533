//! `countersign bench`: what the engine reaches on this machine, against its bare limit in the same run.

mod company;
mod growth;
mod memory;
mod nats;
mod pipeline;
mod reach;
mod requests;
mod rows;
mod served;
mod tasks;
mod turns;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::command::{CaseNo, ContentHash};
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_runtime::{
    Engine, EngineHandle, EngineOptions, Founding, Incoming, RecoveryReport, Reply, ViewsAt, log_directory,
    make_snapshot,
};
use serde::Serialize;

use crate::embedded::{self, accepted};
use crate::folder::Folder;
use company::{Claim, LEVELS, Names};
use pipeline::BareSync;
pub(crate) use reach::{Reach, reach};
pub(crate) use rows::{At, Bar, Row};

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Callers that wait for their replies at the same time.
    pub(crate) callers: usize,
    /// Cases, each of five signatures.
    pub(crate) cases: usize,
    /// Cases for the memory of an open case.
    pub(crate) memory_cases: usize,
    /// A folder on the disk to measure; its content is removed afterwards.
    pub(crate) folder: PathBuf,
    /// Only what needs neither disk nor threads.
    pub(crate) in_memory: bool,
    /// Open cases on the large side of every row of what is to be reached.
    pub(crate) open_cases: usize,
    /// The program that is a NATS server.
    pub(crate) nats_server: String,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Waiting callers.
    pub(crate) callers: usize,
    /// Cases submitted and decided.
    pub(crate) cases: usize,
    /// Durable submissions per second.
    pub(crate) submits_per_s: f64,
    /// Durable decisions per second.
    pub(crate) decisions_per_s: f64,
    /// The same callers, hand-overs and bytes without deciding anything, per second.
    pub(crate) bare_pipeline_per_s: f64,
    /// decisions_per_s / bare_pipeline_per_s. Bar: at least 0.5.
    pub(crate) durable_vs_pipeline_ratio: f64,
    /// The same with callers that are threads which block: durable decisions per second.
    pub(crate) threads_decisions_per_s: f64,
    /// The bare pipeline with callers that are threads which block, per second.
    pub(crate) threads_bare_pipeline_per_s: f64,
    /// threads_decisions_per_s / threads_bare_pipeline_per_s.
    pub(crate) threads_durable_vs_pipeline_ratio: f64,
    /// Median of one caller's decision, microseconds.
    pub single_caller_p50_us: f64,
    /// Median of one write and fdatasync of as many bytes, microseconds.
    pub write_fdatasync_p50_us: f64,
    /// single_caller_p50_us / write_fdatasync_p50_us. Bar: at most 2.
    pub(crate) single_caller_ratio: f64,
    /// Events per second when the log is opened: checksums and chain verified, decoded, applied.
    pub(crate) replay_events_per_s: f64,
    /// Open cases at that replay, and in the snapshot.
    pub(crate) replay_open_cases: usize,
    /// Making a snapshot of them on a stopped directory, read again and compared, milliseconds.
    pub(crate) snapshot_ms: f64,
    /// Bytes of the snapshot per open case, requests of the last day among them.
    pub(crate) snapshot_bytes_per_open_case: f64,
    /// From opening a directory with that snapshot to the first reply, milliseconds.
    pub(crate) restart_ms: f64,
    /// Bytes in the log per decision.
    pub(crate) bytes_per_decision: f64,
    /// Bytes in the log per submission.
    pub(crate) bytes_per_submit: f64,
    /// Resident bytes per open case of three fields.
    pub(crate) bytes_of_memory_per_open_case: f64,
    /// The same where State keeps ten fields of each.
    pub(crate) bytes_of_memory_with_ten_fields: f64,
    /// One decision in memory: turn, reply and encoding on one thread, microseconds.
    pub(crate) turn_us: f64,
}

/// Tells how far it is; the CLI prints it where a person looks.
pub(crate) type Progress<'a> = &'a dyn Fn(&str);

/// Rounds of decisions and bare pipeline.
const ROUNDS: usize = 5;
/// Decisions of the single caller.
const SINGLE_DECISIONS: usize = 2_000;

/// Runs the whole benchmark.
pub(crate) fn run(options: &Options, progress: Progress<'_>) -> Result<Report, String> {
    let mut report = Report { callers: options.callers, cases: options.cases, ..Report::default() };
    progress("memory of open cases");
    let cases = options.memory_cases as u64;
    let (ten_fields, first) = memory::bytes_per_case(Claim::TenFields, cases)?;
    let (short, second) = memory::bytes_per_case(Claim::Short, cases)?;
    (report.bytes_of_memory_with_ten_fields, report.bytes_of_memory_per_open_case) = (ten_fields, short);
    drop((first, second));
    progress("decisions in memory");
    report.turn_us = turns::us_per_decision(options.cases as u64)?;
    if options.in_memory {
        return Ok(report);
    }
    let folder = Folder::new(&options.folder, "countersign-bench")
        .map_err(|e| format!("{}: {e}", options.folder.display()))?;
    let data = folder.path().join("data");
    measure(options, &data, &mut report, progress)?;
    Ok(report)
}

fn measure(
    options: &Options,
    data: &Path,
    report: &mut Report,
    progress: Progress<'_>,
) -> Result<(), String> {
    let engine = create(data)?;
    let names = Names::new();
    let total = options.cases + SINGLE_DECISIONS / LEVELS;
    progress("durable submissions");
    let begun = Instant::now();
    let cases = submit_all(engine.handle(), &names, options.callers, 0..total)?;
    report.submits_per_s = total as f64 / begun.elapsed().as_secs_f64();
    engine.stop().map_err(|e| e.to_string())?;
    let after_submits = log_bytes(data)?;
    report.bytes_per_submit = after_submits as f64 / total as f64;

    progress("replay");
    let (engine, recovery) = open(data)?;
    report.replay_events_per_s = replay_rate(&recovery);
    report.replay_open_cases = total;
    engine.stop().map_err(|e| e.to_string())?;
    progress("restart from a snapshot");
    let engine = restart(data, report)?;

    let (many, few) = cases.split_at(options.cases);
    let (first, rest) = many.split_at(options.cases / (ROUNDS + 1));
    progress("bytes of decisions");
    decide_on(engine.handle(), &names, options.callers, first)?;
    engine.stop().map_err(|e| e.to_string())?;
    let decided = (first.len() * LEVELS).max(1);
    report.bytes_per_decision = (log_bytes(data)? - after_submits) as f64 / decided as f64;
    let bytes = report.bytes_per_decision.round() as usize;
    let folder = data.parent().unwrap_or(data);

    let (engine, _) = open(data)?;
    progress("durable decisions and the bare pipeline, by turns");
    rounds(options, report, (engine.handle(), &names), rest, (folder, bytes))?;

    progress("one caller alone");
    let bare = BareSync::create(folder, bytes, few.len() * LEVELS).map_err(|e| e.to_string())?;
    (report.single_caller_p50_us, report.write_fdatasync_p50_us) =
        one_by_one(engine.handle(), &names, few, bare)?;
    engine.stop().map_err(|e| e.to_string())?;
    report.single_caller_ratio = report.single_caller_p50_us / report.write_fdatasync_p50_us;
    Ok(())
}

/// Opens the directory as a start does that finds a snapshot; what it takes counts up to the first reply.
fn restart(data: &Path, report: &mut Report) -> Result<Engine, String> {
    let begun = Instant::now();
    let (sequence, bytes) = make_snapshot(&options_of(data)).map_err(|e| e.to_string())?;
    report.snapshot_ms = begun.elapsed().as_secs_f64() * 1e3;
    report.snapshot_bytes_per_open_case = bytes as f64 / report.replay_open_cases.max(1) as f64;
    let begun = Instant::now();
    let (engine, recovery) = open(data)?;
    let (cases, _) = engine.handle().read_blocking(State::open_cases).map_err(|e| e.to_string())?;
    report.restart_ms = begun.elapsed().as_secs_f64() * 1e3;
    if (recovery.snapshot, recovery.frames, cases) != (sequence, 0, report.replay_open_cases) {
        return Err(format!("expected a start from the snapshot at {sequence}, found {recovery:?}"));
    }
    Ok(engine)
}

/// Decisions and the bare pipeline take turns, so that both meet the machine in the same mood; the medians count.
/// Callers are tasks, as the server's are, and once more threads that block: those cost both sides so much that
/// the ratio says less about the engine.
fn rounds(
    options: &Options,
    report: &mut Report,
    (handle, names): (&EngineHandle, &Names),
    cases: &[Handed],
    (folder, bytes): (&Path, usize),
) -> Result<(), String> {
    let (mut threads, mut tasks) = (Rounds::default(), Rounds::default());
    for cases in cases.chunks(cases.len().div_ceil(2 * ROUNDS).max(1)).collect::<Vec<_>>().chunks(2) {
        let plan = |i: usize| cases.get(i).copied().unwrap_or_default();
        let operations = (plan(0).len() * LEVELS, plan(1).len() * LEVELS);
        let took = timed(|| decide_on(handle, names, options.callers, plan(0)))?;
        let bare = pipeline::run(folder, (operations.0, bytes), |pipeline| {
            decide_all(names, options.callers, plan(0), |incoming| pipeline.command(incoming))
        })?;
        threads.note(operations.0, took, bare);
        if plan(1).is_empty() {
            continue;
        }
        let took = timed(|| tasks::decide_on(handle, names, options.callers, plan(1)))?;
        let bare = pipeline::run(folder, (operations.1, bytes), |pipeline| {
            tasks::decide_against(&pipeline, names, options.callers, plan(1))
        })?;
        tasks.note(operations.1, took, bare);
    }
    report.decisions_per_s = median(&mut tasks.decisions);
    report.bare_pipeline_per_s = median(&mut tasks.bare);
    report.durable_vs_pipeline_ratio = median(&mut tasks.ratios);
    report.threads_decisions_per_s = median(&mut threads.decisions);
    report.threads_bare_pipeline_per_s = median(&mut threads.bare);
    report.threads_durable_vs_pipeline_ratio = median(&mut threads.ratios);
    Ok(())
}

/// What the rounds found, per second.
#[derive(Default)]
struct Rounds {
    decisions: Vec<f64>,
    bare: Vec<f64>,
    ratios: Vec<f64>,
}

impl Rounds {
    fn note(&mut self, operations: usize, decided: Duration, bare: Duration) {
        self.decisions.push(operations as f64 / decided.as_secs_f64());
        self.bare.push(operations as f64 / bare.as_secs_f64());
        self.ratios.push(bare.as_secs_f64() / decided.as_secs_f64());
    }
}

fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<Duration, String> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed())
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn decide_on(handle: &EngineHandle, names: &Names, callers: usize, cases: &[Handed]) -> Result<(), String> {
    decide_all(names, callers, cases, |incoming| handle.command_blocking(incoming).map_err(|e| e.to_string()))
}

fn options_of(data: &Path) -> EngineOptions {
    EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(data) }
}

fn create(data: &Path) -> Result<Engine, String> {
    create_with(options_of(data))
}

fn create_with(options: EngineOptions) -> Result<Engine, String> {
    let founding = Founding {
        company: Name::from("bench"),
        administrator: Name::from("B01"),
        os_user: Name::from("bench"),
    };
    let (engine, _) = Engine::create(options, &founding).map_err(|e| e.to_string())?;
    embedded::activate(&engine, &founding, company::definitions()?)?;
    Ok(engine)
}

fn open(data: &Path) -> Result<(Engine, RecoveryReport), String> {
    Engine::open(options_of(data)).map_err(|e| e.to_string())
}

fn replay_rate(recovery: &RecoveryReport) -> f64 {
    recovery.events as f64 / (recovery.replay_ms.max(1) as f64 / 1e3)
}

/// Bytes of groups in a stopped engine's log.
fn log_bytes(data: &Path) -> Result<u64, String> {
    Ok(verified(data)?.0)
}

/// Reads and checks a stopped engine's log, and nothing else. Gives the bytes of its groups.
fn verified(data: &Path) -> Result<(u64, Duration), String> {
    let storage = countersign_journal::DirStorage::open(log_directory(data)).map_err(|e| e.to_string())?;
    let begun = Instant::now();
    let report = countersign_journal::verify(storage.storage().as_ref()).map_err(|e| e.to_string())?;
    Ok((report.bytes, begun.elapsed()))
}

type Handed = (CaseNo, ContentHash);

/// Hands in the claims of these numbers.
fn submit_all(
    handle: &EngineHandle,
    names: &Names,
    callers: usize,
    claims: Range<usize>,
) -> Result<Vec<Handed>, String> {
    let handed = Mutex::new(Vec::with_capacity(claims.len()));
    on_callers(callers, |caller| {
        let mut own = Vec::with_capacity(claims.len() / callers + 1);
        for number in claims.clone().skip(caller).step_by(callers) {
            let (cause, body) = names.submit(Claim::Short, number as u64, now());
            let reply = handle.command_blocking(Incoming { cause, body }).map_err(|e| e.to_string())?;
            let receipt = accepted(reply)?;
            own.push(receipt.case.zip(receipt.content_hash).ok_or("a submission opens a case")?);
        }
        handed.lock().map_err(|e| e.to_string())?.append(&mut own);
        Ok(())
    })?;
    handed.into_inner().map_err(|e| e.to_string())
}

/// Every signature of every case, by callers that wait for each.
fn decide_all(
    names: &Names,
    callers: usize,
    cases: &[Handed],
    command: impl Fn(Incoming) -> Result<Reply, String> + Sync,
) -> Result<(), String> {
    on_callers(callers, |caller| {
        for level in 0..LEVELS {
            for (case, hash) in cases.iter().skip(caller).step_by(callers) {
                let (cause, body) = names.decide(*case, *hash, level, now());
                accepted(command(Incoming { cause, body })?)?;
            }
        }
        Ok(())
    })
}

/// Decisions of one caller and bare writes take turns, so that both meet the disk in the same mood.
fn one_by_one(
    handle: &EngineHandle,
    names: &Names,
    cases: &[Handed],
    mut bare: BareSync,
) -> Result<(f64, f64), String> {
    let mut wrote: Vec<Duration> = Vec::with_capacity(cases.len() * LEVELS);
    let mut took: Vec<Duration> = Vec::with_capacity(cases.len() * LEVELS);
    for (case, hash) in cases {
        for level in 0..LEVELS {
            let (cause, body) = names.decide(*case, *hash, level, now());
            let begun = Instant::now();
            let reply = handle.command_blocking(Incoming { cause, body }).map_err(|e| e.to_string())?;
            took.push(begun.elapsed());
            accepted(reply)?;
            wrote.push(bare.once().map_err(|e| e.to_string())?);
        }
    }
    Ok((pipeline::median_us(&mut took), pipeline::median_us(&mut wrote)))
}

/// Runs so many callers, each a thread that waits for its own replies.
fn on_callers(callers: usize, call: impl Fn(usize) -> Result<(), String> + Sync) -> Result<(), String> {
    std::thread::scope(|scope| {
        let call = &call;
        let calls: Vec<_> = (0..callers).map(|caller| scope.spawn(move || call(caller))).collect();
        calls.into_iter().try_for_each(|call| call.join().map_err(|_| "a caller ended early".to_owned())?)
    })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
