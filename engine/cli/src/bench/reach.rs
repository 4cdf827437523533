//! Everything that is to be reached, in one run: each figure beside its bare limit and its bar.

use serde::Serialize;

use super::growth::{Growth, Sizes};
use super::nats::OverNats;
use super::rows::Row;
use super::served::Served;
use super::{Options, Progress, Report, growth, nats, run, served};
use crate::folder::Folder;

/// Frames that the views may be behind; beyond it new work waits.
const LAG_MAX: f64 = 100_000.0;
/// A part of the open cases on the large side at which replay is measured as well.
const SOME: usize = 10;
/// What the small side of growth is of the large one.
const FEW: usize = 1_000;
/// The fewest open cases on the small side.
const FEW_MIN: usize = 8;

/// What was found, and on what.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reach {
    /// The version of the program.
    pub(crate) version: &'static str,
    /// Processors of the machine.
    pub(crate) cores: usize,
    /// Other programs that wanted a processor when this began, on average of a minute.
    pub(crate) load_before: f64,
    /// Waiting callers.
    pub(crate) callers: usize,
    /// A release build, or its figures say little.
    pub(crate) release: bool,
    /// The rows, in the order of the bars.
    pub(crate) rows: Vec<Row>,
    /// What `bench` measures without `--all`.
    pub(crate) quick: Report,
}

/// Runs everything.
pub(crate) fn reach(options: &Options, progress: Progress<'_>) -> Result<Reach, String> {
    // Before minutes of measuring.
    nats::present(&options.nats_server)?;
    let load_before = load();
    let quick = run(options, progress)?;
    let folder = Folder::new(&options.folder, "countersign-bench")
        .map_err(|e| format!("{}: {e}", options.folder.display()))?;
    let (callers, cases) = (options.callers, options.cases);
    progress("served within the process, views on");
    let frame_bytes = quick.bytes_per_decision.round() as usize;
    let served = served::measure(folder.path(), (callers, cases.div_ceil(2)), frame_bytes)?;
    progress("over NATS: publication, requests");
    let over_nats = nats::measure(folder.path(), &options.nats_server, (callers, cases.div_ceil(4)))?;
    let many = options.open_cases;
    let sizes = Sizes { callers, few: (many / FEW).max(FEW_MIN), some: (many / SOME).max(1), many };
    let growth = growth::measure(folder.path(), sizes, progress)?;
    let mut rows = decisions(&quick, &served, &over_nats, callers);
    rows.extend(starts(&growth, &sizes));
    rows.extend(sizes_of(&quick));
    rows.extend(grown(&growth, &sizes));
    Ok(Reach {
        version: env!("CARGO_PKG_VERSION"),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        load_before,
        callers,
        release: !cfg!(debug_assertions),
        rows,
        quick,
    })
}

fn decisions(quick: &Report, served: &Served, over_nats: &OverNats, callers: usize) -> Vec<Row> {
    let per_s = |figure| (figure, "/s");
    let pipeline = "the same callers, hand-overs and bytes, deciding nothing";
    let limit = (quick.bare_pipeline_per_s, pipeline);
    let service = "a service that reads the same JSON, publishes as many equal messages, replies";
    let ready_made = "the same messages ready made, same headers, expectations and window";
    vec![
        Row::new("decisions", format!("durable decisions, {callers} callers"), per_s(quick.decisions_per_s))
            .against(limit, quick.durable_vs_pipeline_ratio)
            .at_least(0.5),
        Row::new("served", "the same as served, JSON, views on", per_s(served.decisions_per_s))
            .against((served.bare_per_s, pipeline), served.ratio)
            .at_least(0.2),
        Row::new(
            "view_lag",
            format!("frames that views were behind, at most, of {}", served.frames),
            (served.lag_max as f64, "frames"),
        )
        .at_most(LAG_MAX),
        Row::new("view_catch_up", "views at the end after the last reply", (served.caught_up_ms, "ms")),
        Row::new("nats", "over NATS, answered and published", per_s(over_nats.decisions_per_s))
            .against((over_nats.bare_per_s, service), over_nats.ratio)
            .at_least(0.5),
        Row::new("nats_replies", "over NATS, answered", per_s(over_nats.replies_per_s))
            .beside(over_nats.bare_replies_per_s, service),
        Row::new("one_caller", "one caller alone, median", (quick.single_caller_p50_us, "us"))
            .against((quick.write_fdatasync_p50_us, "one write and fdatasync"), quick.single_caller_ratio)
            .at_most(2.0),
        Row::new("publication", "events published to JetStream", per_s(over_nats.published_per_s))
            .against((over_nats.bare_published_per_s, ready_made), over_nats.published_ratio)
            .at_least(0.8),
    ]
}

fn starts(growth: &Growth, sizes: &Sizes) -> Vec<Row> {
    let verified = "the same log read and checked, nothing else";
    let bars = [("replay_some", 1_000_000.0), ("replay_many", 400_000.0)];
    let replays = growth.replays.iter().zip(bars).map(|(replay, (row, bar))| {
        Row::new(row, format!("replay, {} open cases", replay.open), (replay.events_per_s, "events/s"))
            .beside(replay.verified_per_s, verified)
            .at_least(bar)
    });
    let cpu = growth.replays.iter().zip(["replay_some_cpu", "replay_many_cpu"]).map(|(replay, row)| {
        let title = format!("processor time of an event, {} open cases", replay.open);
        Row::new(row, title, (replay.cpu_us, "us"))
    });
    let restart = Row::new(
        "restart",
        format!("restart with {} open cases, to the first reply", sizes.many),
        (growth.restart_ms, "ms"),
    );
    let restart =
        restart.beside(growth.snapshot_read_ms, "the same snapshot read from the disk").at_most(5_000.0);
    let bytes = growth.snapshot_bytes as f64 / sizes.many.max(1) as f64;
    let snapshot = Row::new("snapshot", "its snapshot, per open case", (bytes, "bytes"));
    let cpu_ms = (growth.restart_cpu_ms, "ms");
    let restart_cpu = Row::new("restart_cpu", "its processor time, on all cores", cpu_ms);
    replays.chain(cpu).chain([restart, restart_cpu, snapshot]).collect()
}

fn sizes_of(quick: &Report) -> Vec<Row> {
    let bytes = |figure| (figure, "bytes");
    vec![
        Row::new(
            "memory",
            "memory, per open case of five levels, ten fields kept",
            bytes(quick.bytes_of_memory_with_ten_fields),
        )
        .at_most(1_024.0),
        Row::new(
            "memory_short",
            "memory, the same with two fields kept",
            bytes(quick.bytes_of_memory_per_open_case),
        ),
        Row::new("disk", "log, per decision", bytes(quick.bytes_per_decision)).at_most(250.0),
        Row::new("disk_submit", "log, per submission", bytes(quick.bytes_per_submit)),
    ]
}

fn grown(growth: &Growth, sizes: &Sizes) -> Vec<Row> {
    let Sizes { few, many, .. } = sizes;
    vec![
        Row::new("growth", format!("durable decisions, {many} open cases"), (growth.many_per_s, "/s"))
            .against((growth.few_per_s, "as many open cases as a thousandth"), growth.throughput)
            .at_least(0.8),
        Row::new(
            "growth_cpu",
            format!("processor time of a decision, {many} beside {few} open cases"),
            (growth.many_cpu_us, "us"),
        )
        .against((growth.few_cpu_us, "as many open cases as a thousandth"), growth.cpu)
        .at_most(2.0),
    ]
}

/// How many programs want a processor, on average of a minute; 0 where the system does not tell.
fn load() -> f64 {
    let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default()
}
