//! `countersign demo`: one order from its evaluation to the last receipt.

use std::path::PathBuf;

use clap::Args;

use crate::demo::play;
use crate::exit::Failure;
use crate::folder::Folder;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  countersign demo                       the story, in a folder that is removed afterwards
  countersign demo --data demo-data      keeps the log, to look around in
  countersign demo --lang zh
  countersign demo --json | tail -1      the final state, for programs

Everything happens in this process, on a real log: the clock is moved by hand, people's decisions are scripted, ERP, \
logistics and finance are sandboxes. Exit code 1 where the order does not end closed, with nothing open.";

/// Watch one order from its evaluation to the last receipt, told as it happens
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Demo {
    /// Keep the log in this data directory, which must hold none
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Demo {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        if let Some(data) = self.data {
            return play(output, &data, true);
        }
        let folder = Folder::new(&std::env::temp_dir(), "countersign-demo").map_err(|error| {
            Failure::new("IO", format!("expected a folder for the demonstration: {error}"))
                .hint("name one with --data DIR")
        })?;
        play(output, &folder.path().join("data"), false)
    }
}
