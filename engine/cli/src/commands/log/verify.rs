//! `countersign log verify`: what was answered for is there, to the byte.

use std::path::Path;

use clap::Args;
use countersign_journal::{Cut, Report};
use serde_json::{Value, json};

use super::{each, open};
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign log verify --data /var/lib/countersign/yuanlan

Reads every group: checksums, the chain of hashes, the head record, the form of every frame. Exit code 1 where \
anything is damaged: the line names segment, offset and sequence, and `countersign serve` refuses with the same words.";

/// Check every byte of the log that was ever answered for
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    data: DataDir,
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
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let verified = verify(&data)?;
        if output.json {
            return output.object(&to_json(&verified));
        }
        output.line(format!("{} {}", output.paint(Tone::Good, "whole:"), data.display()))?;
        lines(&verified).into_iter().try_for_each(|line| output.line(line))
    }
}

fn to_json(Verified { report, events }: &Verified) -> Value {
    let torn = |cut: Cut| {
        let (segment, offset, bytes) = (cut.segment, cut.offset, cut.bytes);
        json!({ "segment": segment, "offset": offset, "bytes": bytes, "last_sequence": cut.last_sequence })
    };
    json!({
        "log_id": report.log_id.to_string(), "segments": report.segments,
        "last_sequence": report.last_sequence, "groups": report.groups, "frames": report.frames,
        "events": events, "bytes": report.bytes, "hash": report.head.hash.to_string(),
        "head_record": report.head_record.sequence, "head_slots_damaged": report.head_slots_damaged,
        "torn": report.cut.map(torn),
    })
}

fn lines(Verified { report, events }: &Verified) -> Vec<String> {
    let mut lines = vec![
        format!("  log       {}", report.log_id),
        format!(
            "  holds     sequences 1 to {} ({} frames, {events} events) in {} groups, {} bytes, {} segments",
            report.last_sequence, report.frames, report.groups, report.bytes, report.segments
        ),
        format!("  hash      {}", report.head.hash),
        format!("  recorded  sequence {} as durable", report.head_record.sequence),
    ];
    if report.head_slots_damaged > 0 {
        lines.push("  note      one slot of the head record is torn; the other one was used".to_owned());
    }
    lines.extend(report.cut.map(|cut| {
        format!(
            "  note      a torn last write of {} bytes at segment {}, offset {}, after sequence {}: one that is \
             under way, or one that nobody was answered for and the next start removes",
            cut.bytes, cut.segment, cut.offset, cut.last_sequence
        )
    }));
    lines
}
