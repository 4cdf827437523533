//! `countersign views`: what can be thrown away and built anew.

use clap::{Args, Subcommand};
use countersign_runtime::{Engine, EngineOptions, ViewsAt, views, views_directory};
use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::transport::DataDir;

const EXAMPLES: &str = "\
Examples:
  countersign views rebuild --data /var/lib/countersign/yuanlan

The views (inbox, cases, timelines) hold the only copy of nothing: they are removed and folded anew from the log. \
Stop the server before; while it runs, the command answers LOCKED.";

/// Build the views anew from the log
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Views {
    #[command(subcommand)]
    command: ViewsCommand,
}

#[derive(Subcommand)]
enum ViewsCommand {
    /// Remove the views and fold them anew from the log
    #[command(after_help = EXAMPLES)]
    Rebuild(Rebuild),
}

#[derive(Args)]
struct Rebuild {
    #[command(flatten)]
    data: DataDir,
}

impl Views {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let ViewsCommand::Rebuild(Rebuild { data }) = self.command;
        let data = data.path()?;
        let options = EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(&data) };
        let cache = options.views_cache_bytes;
        let (engine, _) = Engine::open(options)?;
        let path = views_directory(&data);
        let applied = views::rebuild(&path, cache, engine.handle().log())?;
        engine.stop()?;
        if output.json {
            return output.object(&json!({ "views": path, "applied": applied }));
        }
        let built = output.paint(Tone::Good, "built anew");
        output.line(format!("{built}: {} up to sequence {applied}", path.display()))
    }
}
