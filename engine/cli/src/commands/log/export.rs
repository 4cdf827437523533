//! `countersign log export`: the log for process mining.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use countersign_core::time::Timestamp;
use countersign_report::mining::{Miner, MiningLog, WriteError, csv_log, ocel2, xes};
use countersign_report::{AsOf, Rules};
use serde_json::json;

use super::{each_while, open};
use crate::commands::report::as_of;
use crate::exit::Failure;
use crate::output::Output;
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign log export --data DIR --format xes --out log.xes
  countersign log export --data DIR --format ocel2 --out log.jsonocel
  countersign log export --data DIR --format csv > log.csv
  countersign log export --data DIR --format csv --as-of 2025-04-30      as it was known that evening

xes: IEEE 1849, one trace a case. ocel2: OCEL 2.0 as JSON; cases are objects of the type of their chain, posts are \
objects, what a case and its child do together is an event of both. csv: a line an activity, with the heads that \
PM4Py expects.
Activities are what people, other systems and rules did; what only keeps the books is left out. Answers of a blind \
step say what they were once the step has opened them.";

/// Write what happened for process mining: XES, OCEL 2.0 or CSV
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    #[command(flatten)]
    data: DataDir,
    /// Which format
    #[arg(long, value_enum)]
    format: Format,
    /// What was known at the end of a day, or at an instant such as 2025-04-21T09:00+08:00
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// The file to write; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Xes,
    Ocel2,
    Csv,
}

impl Export {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let as_of = self.as_of.as_deref().map_or(Ok(AsOf::Now(Timestamp(0))), as_of)?;
        let (log, _) = open(&self.data.path()?)?;
        let (mut known, mut miner) = (Rules::new(as_of), Miner::default());
        each_while(&log, 1, |_, frame| {
            let takes = known.frame(&frame);
            if takes {
                miner.frame(&frame);
            }
            Ok(takes)
        })?;
        let mined = miner.log();
        let Some(path) = &self.out else {
            let mut bytes = Vec::new();
            self.write(&mined, &mut bytes).map_err(Failure::internal)?;
            let text = String::from_utf8(bytes).map_err(Failure::internal)?;
            return output.line(text.trim_end_matches('\n'));
        };
        let shown = path.display().to_string();
        let written = File::create(path).and_then(|file| {
            let mut out = BufWriter::new(file);
            self.write(&mined, &mut out)?;
            out.flush()
        });
        written
            .map_err(|error| Failure::new("IO", format!("the file cannot be written: {error}")).at(&shown))?;
        let (cases, activities) = (mined.cases.len(), mined.steps.len());
        if output.json {
            return output.object(&json!({ "file": shown, "cases": cases, "activities": activities }));
        }
        output.line(match output.lang {
            crate::output::Lang::Zh => format!("{shown}：{cases} 个案件，{activities} 项活动"),
            crate::output::Lang::En => format!("{shown}: {cases} cases, {activities} activities"),
        })
    }

    fn write(&self, log: &MiningLog, out: impl Write) -> Result<(), WriteError> {
        match self.format {
            Format::Xes => xes(log, out),
            Format::Ocel2 => ocel2(log, out),
            Format::Csv => csv_log(log, out),
        }
    }
}
