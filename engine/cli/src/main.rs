//! `countersign`: found a company, serve it, act in it, look into its log, measure it, and see a demonstration.
//!
//! ```text
//! commands/   one file a command: reads its arguments, asks, tells the answer
//! transport/  how a request reaches the engine: over NATS, or in a locked data directory
//! tell/       answers as people read them
//! demo/       the story of one order           bench/  what the engine reaches on this machine
//! diagram/    chains as pictures
//! exit        exit codes and errors            output  the only writer of standard output and standard error
//! ```

mod bench;
mod commands;
mod demo;
mod diagram;
mod document;
mod embedded;
mod exit;
mod folder;
mod output;
mod table;
mod tell;
mod time;
mod transport;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use exit::{Exit, Failure};
use output::{Lang, Output, complain};

/// Requests are made on one thread and dropped on another, which this allocator is made for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the process ends with.
const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or problems were found: findings, damage in a log, a refusal by the engine
  2  the command line cannot be understood
  3  not available now: nobody answers, locked, the disk is full; it may work later
  4  a defect of this program

An error is one line on standard error, `CODE: sentence (place)`, with --json an object. Hints follow it. Colours are \
shown on a terminal unless NO_COLOR is set. `countersign COMMAND --help` has examples of each command.

To look around: `countersign demo`.";

/// Approvals as a log of events: nothing is lost, nothing is half done, everything can be explained.
#[derive(Parser)]
#[command(name = "countersign", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct Cli {
    /// Answers for programs: JSON, on the last line if there are several
    #[arg(long, global = true)]
    json: bool,
    /// Language of titles and sentences
    #[arg(long, global = true, value_enum, default_value_t = Lang::En, value_name = "LANG")]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json, cli.lang);
    let command = cli.command;
    // What a panic would leave is a defect to report, with an exit code of its own.
    let ran = catch_unwind(AssertUnwindSafe(|| command.run(&output)));
    let ran =
        ran.unwrap_or_else(|_| Err(Failure::internal("expected no panic: please report what was done")));
    match ran {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            complain(&failure, output.json);
            failure.exit.into()
        }
    }
}
