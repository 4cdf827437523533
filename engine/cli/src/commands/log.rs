//! `countersign log`: reading and checking a log, without locking or changing it.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{Args, Subcommand};
use countersign_core::command::{CaseNo, Cause, TaskNo, VouchedBy};
use countersign_core::event::Event;
use countersign_core::frame::{Frame, Outcome};
use countersign_journal::{DirStorage, Error, Log as Journal, Report, inspect};
use countersign_runtime::{ReadError, log_directory};
use countersign_server::ids::parse_case;
use countersign_server::render::{Opinions, data};
use serde_json::{Map, Value, json};

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::time;
use crate::transport::DataDir;

const SHOW_EXAMPLES: &str = "\
Examples:
  countersign log show --data /var/lib/countersign/yuanlan
  countersign log show --data DIR --from 1200             from a sequence on
  countersign log show --data DIR --case C-7 --json       one frame a line, for programs

It reads only, and works while a server writes. Answers of a blind step are shown once the step has opened them.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  countersign log verify --data /var/lib/countersign/yuanlan

Reads every group: checksums, the chain of hashes, the head record, the form of every frame. Exit code 1 where
anything is damaged: the line names segment, offset and sequence, and `countersign serve` refuses with the same words.";

/// Read or check a log, without changing it
#[derive(Args)]
#[command(after_help = "Examples:\n  countersign log show --data DIR\n  countersign log verify --data DIR")]
pub(crate) struct Log {
    #[command(subcommand)]
    command: LogCommand,
}

#[derive(Subcommand)]
enum LogCommand {
    /// Print what the log holds, frame by frame
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
    /// Check every byte of the log that was ever answered for
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    data: DataDir,
    /// Begin at this sequence
    #[arg(long, value_name = "SEQUENCE", default_value_t = 1)]
    from: u64,
    /// Only frames that touch this case
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
}

#[derive(Args)]
struct Verify {
    #[command(flatten)]
    data: DataDir,
}

impl Log {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.command {
            LogCommand::Show(show) => show.run(output),
            LogCommand::Verify(verify) => verify.run(output),
        }
    }
}

/// Opens a log for reading. A log that is being written to can look damaged where a write is under way: what is
/// found twice alike is so.
fn open(data: &Path) -> Result<(Journal, Report), Failure> {
    let directory = log_directory(data);
    let storage = DirStorage::open(&directory)
        .map_err(|_| Failure::from(Error::Missing).at(directory.display().to_string()))?;
    let storage = storage.storage();
    let mut before = String::new();
    loop {
        match inspect(storage.clone()) {
            Ok(found) => return Ok(found),
            Err(error) if error.to_string() == before => return Err(error.into()),
            Err(error) => before = error.to_string(),
        }
    }
}

/// Every frame from a sequence on.
fn each(
    log: &Journal,
    from: u64,
    mut with: impl FnMut(u64, Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = log.reader(from)?;
    while let Some(found) = reader.next(u64::MAX)? {
        let sequence = found.sequence;
        let frame = Frame::decode(found.bytes).map_err(|source| ReadError::Frame { sequence, source })?;
        with(sequence, frame)?;
    }
    Ok(())
}

impl Show {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let case = self.case.as_deref().map(parse_case).transpose();
        let case = case.map_err(|rejection| Failure::usage(rejection.message).at("--case"))?;
        let (log, _) = open(&self.data.path()?)?;
        if self.from == 0 || self.from > log.durable() {
            let message = format!("expected a sequence from 1 to {}, found {}", log.durable(), self.from);
            return Err(Failure::new("SEQUENCE_UNKNOWN", message).at("--from"));
        }
        let opened = opened(&log)?;
        each(&log, self.from, |sequence, frame| {
            let touched = |case: CaseNo| frame.events.iter().any(|event| event.case() == Some(case));
            if !case.is_none_or(touched) {
                return Ok(());
            }
            if output.json {
                return output.object(&frame_json(sequence, &frame, &opened));
            }
            output.line(heading(output, sequence, &frame))?;
            told(&frame, &opened).into_iter().try_for_each(|(name, data)| {
                output
                    .line(format!("    {name} {}", output.paint(Tone::Dim, &Value::Object(data).to_string())))
            })
        })
    }
}

/// The tasks, by case, whose blind answers have been opened.
type Opened = BTreeSet<(CaseNo, TaskNo)>;

/// Blind answers that have been opened since.
fn opened(log: &Journal) -> Result<Opened, Failure> {
    let mut opened = Opened::new();
    each(log, 1, |_, frame| {
        for event in &frame.events {
            let (case, opinions) = match event {
                Event::OpinionsOpened(e) => (e.case, &e.opinions),
                Event::StepClosed(e) => (e.case, &e.opinions),
                _ => continue,
            };
            opened.extend(opinions.iter().map(|opinion| (case, opinion.task)));
        }
        Ok(())
    })?;
    Ok(opened)
}

fn told(frame: &Frame, opened: &Opened) -> Vec<(&'static str, Map<String, Value>)> {
    let each = frame.events.iter().enumerate().map(|(index, event)| {
        let open = match event {
            Event::TaskDecided(e) if e.blind && !opened.contains(&(e.case, e.task)) => Opinions::Closed,
            _ => Opinions::Open,
        };
        (event.name(), data(event, frame.events[index + 1..].iter(), open))
    });
    each.collect()
}

fn heading(output: &Output, sequence: u64, frame: &Frame) -> String {
    let outcome = match &frame.outcome {
        Outcome::Accepted => output.paint(Tone::Good, "accepted"),
        Outcome::Refused { code, message, .. } => {
            format!("{}: {message}", output.paint(Tone::Bad, &format!("refused {code}")))
        }
    };
    let number = output.paint(Tone::Bold, &format!("#{sequence}"));
    format!("{number} {}  {}  {outcome}", time::instant(frame.at), cause(&frame.cause))
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Request(r) if r.person.is_empty() => format!("{} tells ({})", r.system, r.request_id),
        Cause::Request(r) => format!("{} as {} by {} ({})", r.person, r.position, r.system, r.request_id),
        Cause::Timer { due } => format!("a timer, due {}", time::instant(*due)),
        Cause::Operator { os_user } => format!("operator {os_user}"),
    }
}

fn frame_json(sequence: u64, frame: &Frame, opened: &Opened) -> Value {
    let cause = match &frame.cause {
        Cause::Request(r) => json!({
            "kind": "request", "system": r.system.as_str(), "request_id": r.request_id.as_str(),
            "sent_at": r.sent_at.to_string(), "person": r.person.as_str(), "position": r.position.as_str(),
            "vouched_by": vouched(r.vouched_by),
        }),
        Cause::Timer { due } => json!({ "kind": "timer", "due": due.to_string() }),
        Cause::Operator { os_user } => json!({ "kind": "operator", "os_user": os_user.as_str() }),
    };
    let outcome = match &frame.outcome {
        Outcome::Accepted => json!({ "accepted": true }),
        Outcome::Refused { code, message, field } => {
            json!({ "accepted": false, "code": code.as_str(), "message": message, "field": field.as_deref() })
        }
    };
    let events = told(frame, opened).into_iter().map(|(name, data)| json!({ "event": name, "data": data }));
    json!({
        "sequence": sequence, "at": frame.at.to_string(), "cause": cause, "outcome": outcome,
        "events": events.collect::<Vec<_>>(),
    })
}

fn vouched(by: VouchedBy) -> &'static str {
    match by {
        VouchedBy::System => "system",
        VouchedBy::TrustedNetwork => "trusted-network",
        VouchedBy::Local => "local",
    }
}

/// What a verified log holds.
pub(crate) struct Verified {
    pub(crate) report: Report,
    pub(crate) events: u64,
}

/// Checks a log: its bytes, and that every frame is one that this version knows.
pub(crate) fn verify(data: &Path) -> Result<Verified, Failure> {
    let (log, report) = open(data)?;
    let mut events = 0;
    if report.last_sequence > 0 {
        each(&log, 1, |_, frame| {
            events += frame.events.len() as u64;
            Ok(())
        })?;
    }
    Ok(Verified { report, events })
}

impl Verify {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let Verified { report, events } = verify(&data)?;
        let hash = report.head.hash.to_string();
        let torn = report.cut.map(|cut| {
            json!({ "segment": cut.segment, "offset": cut.offset, "bytes": cut.bytes, "last_sequence": cut.last_sequence })
        });
        if output.json {
            return output.object(&json!({
                "log_id": report.log_id.to_string(), "segments": report.segments,
                "last_sequence": report.last_sequence, "groups": report.groups, "frames": report.frames,
                "events": events, "bytes": report.bytes, "hash": hash,
                "head_record": report.head_record.sequence, "head_slots_damaged": report.head_slots_damaged,
                "torn": torn,
            }));
        }
        output.line(format!("{} {}", output.paint(Tone::Good, "whole:"), data.display()))?;
        output.line(format!("  log       {}", report.log_id))?;
        output.line(format!(
            "  holds     sequences 1 to {} ({} frames, {events} events) in {} groups, {} bytes, {} segments",
            report.last_sequence, report.frames, report.groups, report.bytes, report.segments
        ))?;
        output.line(format!("  hash      {hash}"))?;
        output.line(format!("  recorded  sequence {} as durable", report.head_record.sequence))?;
        if report.head_slots_damaged > 0 {
            output.line("  note      one slot of the head record is torn; the other one was used")?;
        }
        if let Some(cut) = report.cut {
            output.line(format!(
                "  note      a torn last write of {} bytes at segment {}, offset {}, after sequence {}: nobody was \
                 answered for it, and the next start removes it",
                cut.bytes, cut.segment, cut.offset, cut.last_sequence
            ))?;
        }
        Ok(())
    }
}
