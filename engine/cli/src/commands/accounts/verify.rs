//! `countersign accounts verify`: granted = free + reserved + consumed, at every sequence.

use clap::Args;
use countersign_core::state::{State, apply_frame};
use serde_json::json;

use super::books::Books;
use crate::commands::log::{each, open};
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign accounts verify --data /var/lib/countersign/yuanlan

Folds the log twice: as the engine does, and by a bookkeeping of its own that knows the events only. At every sequence \
both must agree on each key that was moved, granted = free + reserved + used must hold, nothing may be below zero, and \
what is reserved must be held by cases that are open or wait for somebody to take it. Exit code 1 and the sequence \
where that fails first.";

/// Check that the books balance at every sequence of the log
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Verify {
    #[command(flatten)]
    data: DataDir,
}

impl Verify {
    pub(super) fn run(self, output: &Output) -> Result<(), Failure> {
        let data = self.data.path()?;
        let (log, _) = open(&data)?;
        let (mut state, mut books, mut last, mut moves) = (State::default(), Books::default(), 0_u64, 0_u64);
        each(&log, 1, |sequence, frame| {
            apply_frame(&mut state, &frame);
            last = sequence;
            for event in &frame.events {
                moves += u64::from(matches!(event.kind(), 90..=99));
                books.enter(event);
            }
            match books.wrong(&state, frame.at).as_slice() {
                [] => Ok(()),
                wrong => {
                    let message = format!("sequence {sequence}: {}", wrong.join("; "));
                    Err(Failure::new("UNBALANCED", message).at(data.display().to_string()))
                }
            }
        })?;
        // What the engine itself has to say at the end, of all that it holds.
        if let [first, ..] = state.unbalanced().as_slice() {
            return Err(Failure::new("UNBALANCED", format!("sequence {last}: {first}")));
        }
        let keys = books.keys();
        if output.json {
            return output
                .object(&json!({ "balanced": true, "last_sequence": last, "moves": moves, "keys": keys }));
        }
        let good = output.paint(Tone::Good, "balanced:");
        output.line(format!("{good} {keys} keys, {moves} events of accounts, sequences 1 to {last}"))
    }
}
