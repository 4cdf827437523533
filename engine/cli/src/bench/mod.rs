//! `countersign bench`: what the engine reaches on this machine, against its bare limit in the same run.

mod company;
mod memory;
mod pipeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_core::command::{Body, CaseNo, Cause, ContentHash};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_runtime::{
    Engine, EngineHandle, EngineOptions, Founding, Incoming, RecoveryReport, Reply, ViewsAt, log_directory,
};
use serde::Serialize;

use crate::embedded::{self, accepted};
use crate::folder::Folder;
use company::{LEVELS, Names};

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
    /// Median of one caller's decision, microseconds.
    pub single_caller_p50_us: f64,
    /// Median of one write and fdatasync of as many bytes, microseconds.
    pub write_fdatasync_p50_us: f64,
    /// single_caller_p50_us / write_fdatasync_p50_us. Bar: at most 2.
    pub(crate) single_caller_ratio: f64,
    /// Events per second when the log is opened: checksums and chain verified, decoded, applied.
    pub(crate) replay_events_per_s: f64,
    /// Open cases at that replay.
    pub(crate) replay_open_cases: usize,
    /// Bytes in the log per decision.
    pub(crate) bytes_per_decision: f64,
    /// Bytes in the log per submission.
    pub(crate) bytes_per_submit: f64,
    /// Resident bytes per open case.
    pub(crate) bytes_of_memory_per_open_case: f64,
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
    report.bytes_of_memory_per_open_case = memory::bytes_per_case(options.memory_cases as u64)?;
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
    let cases = submit_all(engine.handle(), &names, options.callers, total)?;
    report.submits_per_s = total as f64 / begun.elapsed().as_secs_f64();
    engine.stop().map_err(|e| e.to_string())?;
    let after_submits = log_bytes(data)?;
    report.bytes_per_submit = after_submits as f64 / total as f64;

    progress("replay");
    let (engine, recovery) = open(data)?;
    report.replay_events_per_s = replay_rate(&recovery);
    report.replay_open_cases = total;

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
    rounds(options, report, (engine.handle(), &names), rest, |cases| {
        bare_pipeline(options, folder, (cases.len(), bytes))
    })?;

    progress("one caller alone");
    report.single_caller_p50_us = one_by_one(engine.handle(), &names, few)?;
    engine.stop().map_err(|e| e.to_string())?;
    report.write_fdatasync_p50_us =
        pipeline::write_and_sync_us(folder, bytes, SINGLE_DECISIONS).map_err(|e| e.to_string())?;
    report.single_caller_ratio = report.single_caller_p50_us / report.write_fdatasync_p50_us;
    Ok(())
}

/// Decisions and the bare pipeline take turns, so that both meet the machine in the same mood; the medians count.
fn rounds(
    options: &Options,
    report: &mut Report,
    (handle, names): (&EngineHandle, &Names),
    cases: &[Handed],
    bare: impl Fn(&[Handed]) -> Result<f64, String>,
) -> Result<(), String> {
    let (mut decided, mut bares, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for cases in cases.chunks(cases.len().div_ceil(ROUNDS).max(1)) {
        let begun = Instant::now();
        decide_on(handle, names, options.callers, cases)?;
        let rate = (cases.len() * LEVELS) as f64 / begun.elapsed().as_secs_f64();
        let limit = bare(cases)?;
        decided.push(rate);
        bares.push(limit);
        ratios.push(rate / limit);
    }
    report.decisions_per_s = median(&mut decided);
    report.bare_pipeline_per_s = median(&mut bares);
    report.durable_vs_pipeline_ratio = median(&mut ratios);
    Ok(())
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn decide_on(handle: &EngineHandle, names: &Names, callers: usize, cases: &[Handed]) -> Result<(), String> {
    let handle = handle.clone();
    decide_all(names, callers, cases, move |incoming| {
        let handle = handle.clone();
        async move { handle.command(incoming).await.map_err(|e| e.to_string()) }
    })
}

/// The callers of the decisions of so many cases, against a pipeline that decides nothing.
fn bare_pipeline(options: &Options, folder: &Path, (cases, bytes): (usize, usize)) -> Result<f64, String> {
    let operations = cases * LEVELS;
    let cases: Vec<Handed> = (1..=cases as u64).map(|case| (case, ContentHash::default())).collect();
    let names = Names::new();
    let took = pipeline::run(folder, (operations, bytes), |pipeline| {
        decide_all(&names, options.callers, &cases, move |incoming| {
            let pipeline = pipeline.clone();
            async move { pipeline.command(incoming).await }
        })
    })?;
    Ok(operations as f64 / took.as_secs_f64())
}

fn options_of(data: &Path) -> EngineOptions {
    EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(data) }
}

fn create(data: &Path) -> Result<Engine, String> {
    let founding = Founding {
        company: Name::from("bench"),
        administrator: Name::from("B01"),
        os_user: Name::from("bench"),
    };
    let (engine, _) = Engine::create(options_of(data), &founding).map_err(|e| e.to_string())?;
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
    let storage = countersign_journal::DirStorage::open(log_directory(data)).map_err(|e| e.to_string())?;
    let report = countersign_journal::verify(storage.storage().as_ref()).map_err(|e| e.to_string())?;
    Ok(report.bytes)
}

type Handed = (CaseNo, ContentHash);

fn submit_all(
    handle: &EngineHandle,
    names: &Names,
    callers: usize,
    total: usize,
) -> Result<Vec<Handed>, String> {
    let handed = Arc::new(Mutex::new(Vec::with_capacity(total)));
    let (keep, names) = (handed.clone(), names.clone());
    on_callers(callers, move |caller| {
        let (handle, names, keep) = (handle.clone(), names.clone(), keep.clone());
        async move {
            for number in (caller..total).step_by(callers) {
                let receipt = send(&handle, names.submit(number as u64, now())).await?;
                let found = receipt.case.zip(receipt.content_hash).ok_or("a submission opens a case")?;
                keep.lock().map_err(|e| e.to_string())?.push(found);
            }
            Ok(())
        }
    })?;
    let handed = std::mem::take(&mut *handed.lock().map_err(|e| e.to_string())?);
    Ok(handed)
}

/// Every signature of every case, by callers that wait for each.
fn decide_all<F>(
    names: &Names,
    callers: usize,
    cases: &[Handed],
    command: impl Fn(Incoming) -> F + Clone + 'static,
) -> Result<(), String>
where
    F: Future<Output = Result<Reply, String>>,
{
    let cases: Arc<[Handed]> = cases.into();
    let names = names.clone();
    on_callers(callers, move |caller| {
        let (names, cases, command) = (names.clone(), cases.clone(), command.clone());
        async move {
            for level in 0..LEVELS {
                for (case, hash) in cases.iter().skip(caller).step_by(callers) {
                    let (cause, body) = names.decide(*case, *hash, level, now());
                    accepted(command(Incoming { cause, body }).await?)?;
                }
            }
            Ok(())
        }
    })
}

fn one_by_one(handle: &EngineHandle, names: &Names, cases: &[Handed]) -> Result<f64, String> {
    let mut took: Vec<Duration> = Vec::with_capacity(cases.len() * LEVELS);
    for (case, hash) in cases {
        for level in 0..LEVELS {
            let (cause, body) = names.decide(*case, *hash, level, now());
            let begun = Instant::now();
            let reply = handle.command_blocking(Incoming { cause, body }).map_err(|e| e.to_string())?;
            took.push(begun.elapsed());
            accepted(reply)?;
        }
    }
    Ok(pipeline::median_us(&mut took))
}

async fn send(
    handle: &EngineHandle,
    (cause, body): (Cause, Body),
) -> Result<countersign_core::receipt::Receipt, String> {
    accepted(handle.command(Incoming { cause, body }).await.map_err(|e| e.to_string())?)
}

/// Runs so many callers on one thread, each waiting for its own replies.
fn on_callers<F>(callers: usize, call: impl Fn(usize) -> F) -> Result<(), String>
where
    F: Future<Output = Result<(), String>> + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let calls: Vec<_> = (0..callers).map(|caller| tokio::task::spawn_local(call(caller))).collect();
        for call in calls {
            call.await.map_err(|e| e.to_string())??;
        }
        Ok(())
    })
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
