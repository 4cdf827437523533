//! `countersign bench`: what the engine reaches on this machine, beside the bars it is held to.

use std::path::PathBuf;

use clap::Args;

use crate::bench::{At, Bar, Options, Reach, Report, Row, reach, run};
use crate::exit::{Exit, Failure};
use crate::output::{Output, Tone, note};
use crate::table::Table;

const EXAMPLES: &str = "\
Examples:
  countersign bench                                      some seconds
  countersign bench --cases 2000 --memory-cases 5000     a quick look
  countersign bench --in-memory                          the decision alone, without disk and threads
  countersign bench --json | tail -1                     one object with every figure
  countersign bench --all                                every bar, over NATS and with a million open cases: minutes
  countersign bench --all --open-cases 50000 --cases 8000

It measures the disk that holds the current folder, or the one of --folder; what it writes there is removed. Use a \
release build. The bare pipeline is the same callers, hand-overs and bytes without deciding anything. --all needs \
nats-server, 3 GB of memory and 4 GB of disk, and nobody else at work on the machine.";

/// Measure durable submissions and decisions on this machine, against its bare limits in the same run
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    /// Callers that wait for their answers at the same time
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    callers: u32,
    /// Cases of five signatures
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    cases: u32,
    /// Open cases for the memory of one
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    memory_cases: u32,
    /// A folder on the disk to measure
    #[arg(long, value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Only what needs neither disk nor threads: the memory of an open case, a decision in memory
    #[arg(long)]
    in_memory: bool,
    /// Every row that has a bar, each beside its bare limit in the same run: over NATS, and as open cases grow
    #[arg(long, conflicts_with = "in_memory")]
    all: bool,
    /// Open cases on the large side, with --all
    #[arg(long, requires = "all", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(100..=4_000_000))]
    open_cases: u32,
    /// The NATS server to start, with --all
    #[arg(long, requires = "all", value_name = "PROGRAM", default_value = "nats-server")]
    nats_server: String,
}

impl Bench {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        if !self.folder.is_dir() {
            let message = "expected a folder on the disk to measure";
            return Err(Failure::usage(message).at(self.folder.display().to_string()));
        }
        let options = Options {
            callers: self.callers as usize,
            cases: self.cases as usize,
            memory_cases: self.memory_cases as usize,
            folder: self.folder,
            in_memory: self.in_memory,
            open_cases: self.open_cases as usize,
            nats_server: self.nats_server,
        };
        if cfg!(debug_assertions) {
            note("note: this is no release build; its figures say little");
        }
        let failed = |message| Failure { exit: Exit::Unavailable, ..Failure::new("BENCH_FAILED", message) };
        let progress = |step: &str| note(&format!("measuring: {step}"));
        if self.all {
            let found = reach(&options, &progress).map_err(failed)?;
            return if output.json { output.object(&found) } else { all_rows(output, &found) };
        }
        let report = run(&options, &progress).map_err(failed)?;
        if self.in_memory {
            return in_memory(output, &report);
        }
        if output.json {
            return output.object(&report);
        }
        table(output, &report).into_iter().try_for_each(|line| output.line(line))
    }
}

/// What was measured without disk and threads, and nothing else.
fn in_memory(output: &Output, report: &Report) -> Result<(), Failure> {
    let (bytes, us) = (report.bytes_of_memory_per_open_case, report.turn_us);
    let ten = report.bytes_of_memory_with_ten_fields;
    if output.json {
        return output.object(&serde_json::json!({
            "bytes_of_memory_per_open_case": bytes, "bytes_of_memory_with_ten_fields": ten, "turn_us": us,
        }));
    }
    output.line(format!("one decision in memory, median                 {us:.2} us"))?;
    output.line(format!("memory, per open case, two fields kept         {bytes:.0} bytes"))?;
    output.line(format!("memory, per open case, ten fields kept         {ten:.0} bytes"))
}

/// One table: every row beside its limit and its bar.
fn all_rows(output: &Output, found: &Reach) -> Result<(), Failure> {
    let mut table = Table::new(&["FIGURE", "MEASURED", "BARE LIMIT", "RATIO", "BAR", ""]);
    for row in &found.rows {
        let met = |met| if met { output.paint(Tone::Good, "met") } else { output.paint(Tone::Bad, "missed") };
        table.row([
            row.title.clone(),
            measured(row.figure, row.unit),
            row.limit.map(|limit| measured(limit, row.unit)).unwrap_or_default(),
            row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            row.bar.map(|bar| bar_of(row, bar)).unwrap_or_default(),
            row.met.map(met).unwrap_or_default(),
        ]);
    }
    table.lines(output).into_iter().try_for_each(|line| output.line(line))?;
    let Reach { cores, load_before, callers, .. } = found;
    output.line(format!("{callers} callers, {cores} cores, load before it began {load_before:.2}"))
}

fn bar_of(row: &Row, bar: Bar) -> String {
    let word = if bar.at == At::Least { "at least" } else { "at most" };
    match row.ratio {
        Some(_) => format!("{word} {:.2}", bar.value),
        None => format!("{word} {}", measured(bar.value, row.unit)),
    }
}

fn measured(figure: f64, unit: &str) -> String {
    match unit {
        "us" => format!("{figure:.1} us"),
        unit => format!("{} {unit}", grouped(figure)),
    }
}

fn table(output: &Output, report: &Report) -> Vec<String> {
    let mut table = Table::new(&["FIGURE", "VALUE", "BAR", ""]);
    let mut figure = |name: String, value: String, bar: &str, met: Option<bool>| {
        let met = met
            .map(|met| if met { output.paint(Tone::Good, "met") } else { output.paint(Tone::Bad, "missed") });
        table.row([name, value, bar.to_owned(), met.unwrap_or_default()]);
    };
    let (ratio, single) = (report.durable_vs_pipeline_ratio, report.single_caller_ratio);
    figure(
        format!("durable submissions, {} callers", report.callers),
        per_second(report.submits_per_s),
        "",
        None,
    );
    figure(
        format!("durable decisions, {} callers", report.callers),
        per_second(report.decisions_per_s),
        "",
        None,
    );
    figure("bare pipeline, same callers and bytes".into(), per_second(report.bare_pipeline_per_s), "", None);
    figure("decisions / bare pipeline".into(), format!("{ratio:.2}"), "at least 0.50", Some(ratio >= 0.5));
    let threads = |what: &str| format!("{what}, callers that block");
    figure(threads("durable decisions"), per_second(report.threads_decisions_per_s), "", None);
    figure(threads("bare pipeline"), per_second(report.threads_bare_pipeline_per_s), "", None);
    figure(threads("ratio"), format!("{:.2}", report.threads_durable_vs_pipeline_ratio), "", None);
    figure("one caller alone, median".into(), format!("{:.0} us", report.single_caller_p50_us), "", None);
    figure(
        "one write and fdatasync, median".into(),
        format!("{:.0} us", report.write_fdatasync_p50_us),
        "",
        None,
    );
    figure(
        "one caller / write and fdatasync".into(),
        format!("{single:.2}"),
        "at most 2.00",
        Some(single <= 2.0),
    );
    figure("one decision in memory, median".into(), format!("{:.2} us", report.turn_us), "", None);
    let open = report.replay_open_cases;
    figure(format!("replay, {open} open cases"), per_second(report.replay_events_per_s), "", None);
    let restart = format!("{:.0} ms", report.restart_ms);
    figure(format!("restart from a snapshot, {open} open cases"), restart, "", None);
    let snapshot = format!("{:.0} bytes", report.snapshot_bytes_per_open_case);
    figure(format!("snapshot, per open case, made in {:.0} ms", report.snapshot_ms), snapshot, "", None);
    figure("log, per decision".into(), format!("{:.0} bytes", report.bytes_per_decision), "", None);
    figure("log, per submission".into(), format!("{:.0} bytes", report.bytes_per_submit), "", None);
    figure(
        "memory, per open case".into(),
        format!("{:.0} bytes", report.bytes_of_memory_per_open_case),
        "",
        None,
    );
    let ten = format!("{:.0} bytes", report.bytes_of_memory_with_ten_fields);
    figure("memory, per open case, ten fields kept".into(), ten, "", None);
    table.lines(output)
}

/// `123,456 /s`.
fn per_second(rate: f64) -> String {
    format!("{} /s", grouped(rate))
}

/// `123,456`.
fn grouped(figure: f64) -> String {
    let digits = format!("{:.0}", figure.max(0.0));
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
