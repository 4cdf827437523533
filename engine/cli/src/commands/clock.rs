//! `countersign clock`: the time that a running engine goes by, and an operator's word that it is right.

use clap::{Args, Subcommand};
use countersign_core::time::Timestamp;
use countersign_server::{ClockSeen, ClockShown, Running};

use crate::exit::Failure;
use crate::output::{Lang, Output, Tone};
use crate::time;
use crate::transport::{DataDir, runtime};

const EXAMPLES: &str = "\
Examples:
  countersign clock show --data /var/lib/countersign/yuanlan
  countersign clock confirm --data /var/lib/countersign/yuanlan
  countersign clock confirm --data DIR --yes

When the machine's clock jumps by more than five minutes, commands are refused (CLOCK_JUMP) and timers hold, so that no \
deadline passes and nothing escalates by mistake. Look at the time first: once it is confirmed, what is due by it fires. \
Mend a wrong clock before; a start takes the time as right, too.

The process that serves the directory is asked: run this on the same machine, as the user that it runs as (NOT_SERVED: \
nobody serves it, or it is another user's).";

/// Look at the time that a running engine goes by, and confirm it after a jump
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Clock {
    #[command(subcommand)]
    command: ClockCommand,
}

#[derive(Subcommand)]
enum ClockCommand {
    /// Show the time, and whether it jumped
    #[command(after_help = EXAMPLES)]
    Show(Show),
    /// Say that the time is right: commands are taken again, what is due fires
    #[command(after_help = EXAMPLES)]
    Confirm(Confirm),
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    data: DataDir,
}

#[derive(Args)]
struct Confirm {
    #[command(flatten)]
    data: DataDir,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Clock {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self.command {
            ClockCommand::Show(Show { data }) => {
                let shown = runtime()?.block_on(Running::at(&data.path()?).clock())?;
                tell(output, &shown)
            }
            ClockCommand::Confirm(confirm) => confirm.run(output),
        }
    }
}

impl Confirm {
    fn run(self, output: &Output) -> Result<(), Failure> {
        let running = Running::at(&self.data.path()?);
        let runtime = runtime()?;
        let shown = runtime.block_on(running.clock())?;
        if !shown.jumped {
            return tell(output, &shown);
        }
        if !self.yes {
            tell(output, &shown)?;
            let question = output.word("is that time right? [y/N] ", "该时间是否正确？[y/N] ");
            output.ask(question, "the time is still in doubt")?;
        }
        let confirmed = runtime.block_on(running.confirm_clock(&ClockSeen { now: shown.now }))?;
        tell(output, &confirmed)
    }
}

/// As people read it, in the zone of this machine.
fn person(at: &str) -> String {
    Timestamp::parse(at).map_or_else(|| at.to_owned(), time::instant)
}

fn tell(output: &Output, shown: &ClockShown) -> Result<(), Failure> {
    if output.json {
        return output.object(shown);
    }
    let (now, last) = (person(&shown.now), person(&shown.last));
    output.line(match output.lang {
        Lang::En => format!("it is {now}; the last frame of the log is of {last}"),
        Lang::Zh => format!("现在是 {now}；日志最后一帧的时间是 {last}"),
    })?;
    let said = if shown.jumped {
        let (en, zh) = (
            "the time jumped: commands are refused and timers hold until it is confirmed",
            "时间发生跳变：在确认之前，命令被拒绝，计时暂停",
        );
        output.paint(Tone::Bad, output.word(en, zh))
    } else {
        output.paint(Tone::Good, output.word("the time is not in doubt", "时间无疑问"))
    };
    output.line(said)
}
