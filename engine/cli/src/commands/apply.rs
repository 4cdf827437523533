//! `countersign apply`: rules go live like code: checked, compared, and all at once.

use std::path::PathBuf;

use clap::Args;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_runtime::{Clock, Engine, EngineHandle, EngineOptions, SystemClock, ViewsAt};
use countersign_server::apply::{Change, Changer, CompareError, Difference, apply, compare};
use countersign_server::setup::{CompiledCompany, Report, SetupError, read};
use serde_json::{Value, json};
use similar::TextDiff;

use super::check::{self, many};
use crate::exit::Failure;
use crate::output::{Output, Tone, plain};
use crate::transport::{DataDir, Named, acting, os_user};

const EXAMPLES: &str = "\
Examples:
  countersign apply workflows/yuanlan --data DIR --as process_owner --dry-run     what would change, for whom
  countersign apply workflows/yuanlan --data DIR --as process_owner               asks before it changes anything
  countersign apply workflows/yuanlan --data DIR --as process_owner --yes

Only a person in a post of the kind process_owner may, or the first administrator of `init`. Who it was is in the log. \
The data directory is locked meanwhile: stop `countersign serve` first. Open cases keep the rules that they began with.";

/// Let changed rules of a company hold: check, compare, ask, activate all at once
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Apply {
    /// The company's folder, with company.yaml in it
    dir: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// The post in which this is done: one of the kind process_owner
    #[arg(long = "as", value_name = "POSITION")]
    position: Option<String>,
    /// The person; if absent, the one holder of the post
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// Change it without asking
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
}

impl Apply {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let compiled = match read(&self.dir) {
            Ok(compiled) => compiled,
            Err(error) => return Err(self.failed(output, error)?),
        };
        let data = self.data.path()?;
        let options = EngineOptions { views: ViewsAt::Off, ..EngineOptions::directory(&data) };
        let (engine, _) = Engine::open(options).map_err(|error| {
            let failure = Failure::from(error);
            let place = failure.place.clone().unwrap_or_else(|| data.display().to_string());
            failure.at(place)
        })?;
        let done = self.with(output, engine.handle(), &compiled);
        engine.stop()?;
        done
    }

    fn with(
        &self,
        output: &Output,
        handle: &EngineHandle,
        compiled: &CompiledCompany,
    ) -> Result<(), Failure> {
        let difference = match compare(handle, compiled) {
            Ok(difference) => difference,
            Err(CompareError::Setup(error)) => return Err(self.failed(output, error)?),
            Err(CompareError::Read(error)) => return Err(error.into()),
        };
        if difference.changes.is_empty() {
            return self.nothing(output, &difference);
        }
        if !output.json {
            self.show(output, &difference, compiled)?;
        }
        if self.dry_run {
            if output.json {
                return output.object(&told(&difference, None));
            }
            return output.line("nothing was changed (--dry-run)");
        }
        let changer = self.changer(handle)?;
        if !self.yes {
            let Changer { person, position, .. } = &changer;
            let question = format!("let these rules hold, as {position} ({person})? [y/N] ");
            let asked = output.ask(&question, "nothing was changed");
            asked.map_err(|failure| failure.hint("--dry-run only shows what would be"))?;
        }
        match apply(handle, compiled, &changer) {
            Ok(report) if output.json => output.object(&told(&difference, Some((&report, &changer)))),
            Ok(report) => {
                let holds = format!("release {} holds", report.release);
                let (person, position) = (&changer.person, &changer.position);
                output.line(format!("{}, by {person} as {position}", output.paint(Tone::Good, &holds)))
            }
            Err(error) => Err(self.failed(output, error)?),
        }
    }

    fn nothing(&self, output: &Output, difference: &Difference) -> Result<(), Failure> {
        if output.json {
            return output.object(&told(difference, None));
        }
        let release = difference.release.unwrap_or_default();
        let count = many(difference.unchanged, "definition");
        output.line(format!("nothing differs: {count} hold as release {release}"))
    }

    fn changer(&self, handle: &EngineHandle) -> Result<Changer, Failure> {
        let named = Named { person: self.person.clone(), position: self.position.clone() };
        let now = SystemClock::new().wall();
        let look = move |state: &State| (acting(state, &named, true, now), state.head().at);
        let ((acting, head), _) = handle.read_blocking(look)?;
        let acting = acting?;
        let (person, position) = (acting.person, acting.position);
        let at: Timestamp = now.max(head);
        Ok(Changer { person, position, system: format!("local:{}", os_user()), at })
    }

    fn show(
        &self,
        output: &Output,
        difference: &Difference,
        compiled: &CompiledCompany,
    ) -> Result<(), Failure> {
        check::print(output, &self.dir, &[], &compiled.warnings)?;
        for change in &difference.changes {
            let (tone, word) = match (&change.before, &change.after) {
                (None, _) => (Tone::Good, "added"),
                (_, None) => (Tone::Bad, "taken away"),
                _ => (Tone::Warn, "changed"),
            };
            let kind = kind(change);
            output.line(format!(
                "{} {kind} {} ({})",
                output.paint(tone, word),
                change.name,
                plain(&change.path)
            ))?;
            self.diff(output, change)?;
        }
        output.line(format!("{} stay as they are", many(difference.unchanged, "definition")))?;
        for (names, what) in [
            (&difference.overridden, "acts on the organisation in whose place the files hold from now on"),
            (&difference.kept, "acts on the organisation that stay"),
        ] {
            if !names.is_empty() {
                output.line(format!("{what}: {}", names.join(", ")))?;
            }
        }
        let open: usize = difference.open.values().sum();
        if open == 0 {
            return output.line("no case is open");
        }
        output.line(format!("{} and keep the rules that they began with:", many_open(open)))?;
        for ((chain, release), count) in &difference.open {
            output.line(format!("  {chain}: {count} on release {release}"))?;
        }
        Ok(())
    }

    /// The lines that differ, with three around them.
    fn diff(&self, output: &Output, change: &Change) -> Result<(), Failure> {
        let before = change.before.as_deref().unwrap_or_default();
        let after = change.after.as_deref().unwrap_or_default();
        if before == after {
            return output.line("  the text is the same; what it refers to has changed");
        }
        let diff = TextDiff::from_lines(before, after);
        for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
            for line in hunk.to_string().lines() {
                let line = plain(line);
                let shown = match line.as_bytes().first() {
                    Some(b'+') => output.paint(Tone::Good, &line),
                    Some(b'-') => output.paint(Tone::Bad, &line),
                    Some(b'@') => output.paint(Tone::Dim, &line),
                    _ => line,
                };
                output.line(format!("  {shown}"))?;
            }
        }
        Ok(())
    }

    /// Findings are printed as `check` prints them.
    fn failed(&self, output: &Output, error: SetupError) -> Result<Failure, Failure> {
        let (code, message) = (error.code().to_owned(), error.to_string());
        Ok(match error {
            SetupError::Definitions { diagnostics, files } => {
                if output.json {
                    output.object(&json!({ "findings": diagnostics }))?;
                } else {
                    check::print(output, &self.dir, &files, &diagnostics)?;
                }
                Failure::new(code, message)
                    .at(self.dir.display().to_string())
                    .hint("nothing was changed; mend the findings and check with `countersign check DIR`")
            }
            SetupError::Refused { rejection, .. } => Failure::new(code, rejection.message),
            SetupError::Engine(error) => error.into(),
            SetupError::Unavailable(error) => error.into(),
            _ => Failure::new(code, message),
        })
    }
}

fn many_open(open: usize) -> String {
    if open == 1 { "1 case is open".to_owned() } else { format!("{open} cases are open") }
}

fn kind(change: &Change) -> String {
    format!("{:?}", change.kind).to_lowercase()
}

fn told(difference: &Difference, applied: Option<(&Report, &Changer)>) -> Value {
    let changes = difference.changes.iter().map(|change| {
        let what = match (&change.before, &change.after) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let (before, after) = (change.before.as_deref(), change.after.as_deref());
        let diff = TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default());
        json!({
            "what": what, "kind": kind(change), "name": change.name, "path": change.path,
            "diff": diff.unified_diff().context_radius(3).to_string(),
        })
    });
    let open = difference
        .open
        .iter()
        .map(|((chain, release), count)| json!({ "chain": chain, "release": release, "cases": count }));
    json!({
        "company": difference.company, "changes": changes.collect::<Vec<_>>(), "unchanged": difference.unchanged,
        "open": open.collect::<Vec<_>>(), "overridden": difference.overridden, "kept": difference.kept,
        "applied": applied.is_some(),
        "release": applied.map_or(difference.release, |(report, _)| Some(report.release)),
        "by": applied.map(|(_, changer)| json!({ "person": changer.person, "position": changer.position })),
    })
}
