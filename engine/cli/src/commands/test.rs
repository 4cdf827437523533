//! `countersign test`: a company's own cases, run against its rules in virtual time.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use countersign_chain::{Diagnostic, Severity, SourceFile, compile, load_dir};
use countersign_trial::{CaseFile, Company, Cover, Outcome, Trial, Uncovered, read, run, watch};
use serde_json::{Value, json};

use super::check::{self, many};
use super::cover;
use super::junit::{self, Suite, Told};
use crate::exit::{Failure, has_errors};
use crate::output::{Output, Tone, note, plain};

const EXAMPLES: &str = "\
Examples:
  countersign test workflows/yuanlan
  countersign test workflows/yuanlan --name S34        the cases whose name contains it
  countersign test workflows/yuanlan --cover           and what no case tries
  countersign test workflows/yuanlan --junit cases.xml   for continuous integration
  countersign test workflows/yuanlan --json            an object a case, then one for all

Nothing is written: each case has a company of its own in memory, and time passes when it says so. What a child chain \
comes to is forced where a case says `CHAIN is STATE`: through an entry under `anytime` that only this command adds.

Exit code 0: every case holds. 1: one does not, or a file has mistakes. 2: the command line cannot be understood.";

/// Run the cases of a company (cases/*.yaml): given, when, then
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Test {
    /// The company's folder, with company.yaml in it
    dir: PathBuf,
    /// Only cases whose name contains this
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Name what no case tries: chains, arrows, policies, limits, rows of decision tables
    #[arg(long)]
    cover: bool,
    /// Also write what became of each case to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// What has been counted.
#[derive(Default)]
struct Tally {
    held: usize,
    failed: usize,
    findings: Vec<Diagnostic>,
    cover: Cover,
    suites: Vec<Suite>,
}

impl Test {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (files, bundle, found) = match load_dir(&self.dir) {
            Ok(files) => {
                let (bundle, found) = compile(&files);
                (files, bundle, found)
            }
            Err(finding) => (Vec::new(), None, vec![finding]),
        };
        let Some(bundle) = bundle else {
            self.findings(output, &files, &found)?;
            self.junit(&Tally { findings: found, ..Tally::default() })?;
            return Err(Failure::new("DEFINITION_INVALID", "expected rules without errors; no case was run"));
        };
        let company = Company::new(&bundle, &files).map_err(|rejection| Failure::internal(&rejection))?;
        let began = Instant::now();
        let mut tally = Tally::default();
        for file in files.iter().filter(|file| file.path.starts_with("cases/")) {
            let (cases, found) = read(file, &company);
            tally.findings.extend(found);
            if let Some(cases) = cases {
                self.file(output, &company, &cases, &mut tally)?;
            }
        }
        self.findings(output, &files, &tally.findings)?;
        self.junit(&tally)?;
        if tally.held + tally.failed == 0 && !has_errors(&tally.findings) {
            let message = match &self.name {
                Some(name) => format!("expected a case whose name contains {name:?}, found none"),
                None => "expected at least one case in cases/*.yaml, found none".to_owned(),
            };
            return Err(Failure::new("NO_CASES", message));
        }
        let uncovered = self.cover.then(|| tally.cover.uncovered(&company));
        self.summary(output, &tally, uncovered.as_ref(), began.elapsed().as_millis())?;
        if tally.failed > 0 || has_errors(&tally.findings) {
            return Err(Failure::told());
        }
        Ok(())
    }

    fn file(
        &self,
        output: &Output,
        company: &Company,
        file: &CaseFile,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let wanted = |trial: &&Trial| self.name.as_ref().is_none_or(|name| trial.name.contains(name));
        let cases: Vec<&Trial> = file.cases.iter().filter(wanted).collect();
        if !cases.is_empty() && !output.json {
            note(&format!("{}: {}", file.path, many(cases.len(), "case")));
        }
        let mut suite = Suite { file: self.dir.join(&file.path).display().to_string(), cases: Vec::new() };
        for trial in cases {
            let began = Instant::now();
            let outcome = match self.cover {
                false => run(company, trial),
                true => {
                    let (outcome, watched) = watch(company, trial);
                    tally.cover.rows(&watched);
                    outcome
                }
            };
            suite.cases.push(Told {
                name: trial.name.clone(),
                chain: file.chain.to_string(),
                line: trial.line,
                took: began.elapsed(),
                failed: failed(&suite.file, &outcome),
            });
            tally.cover.add(&outcome);
            let held = outcome.unmet.is_empty();
            tally.held += usize::from(held);
            tally.failed += usize::from(!held);
            if output.json {
                output.object(&self.object(file, trial, &outcome))?;
            } else {
                self.tell(output, file, trial, &outcome)?;
            }
        }
        if !suite.cases.is_empty() {
            tally.suites.push(suite);
        }
        Ok(())
    }

    fn junit(&self, tally: &Tally) -> Result<(), Failure> {
        let Some(path) = &self.junit else { return Ok(()) };
        let errors = tally.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let mistakes: Vec<String> = errors.map(|finding| plain(&finding.to_string())).collect();
        junit::write(path, &tally.suites, &mistakes)
    }

    /// One line a case; the story of one that does not hold.
    fn tell(
        &self,
        output: &Output,
        file: &CaseFile,
        trial: &Trial,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let name = plain(&trial.name);
        if outcome.unmet.is_empty() {
            return output.line(format!("{} {}: {name}", output.paint(Tone::Good, "holds"), file.chain));
        }
        output.line(format!("{} {}: {name}", output.paint(Tone::Bad, "FAILS"), file.chain))?;
        let at = self.dir.join(&file.path).display().to_string();
        for unmet in &outcome.unmet {
            output.line(format!("  {at}:{}: {}", unmet.line, plain(&unmet.what)))?;
            output.line(format!("    expected {}", plain(&unmet.expected)))?;
            output.line(format!("    found    {}", output.paint(Tone::Bad, &plain(&unmet.found))))?;
        }
        output.line("  what happened:")?;
        for line in &outcome.story {
            let place = if line.line > 0 { format!("{:>4}", line.line) } else { "    ".to_owned() };
            let tone = if line.line > 0 { Tone::Bold } else { Tone::Dim };
            let text = output.paint(tone, &plain(&line.text));
            output.line(format!("  {place} {} {text}", output.paint(Tone::Dim, &line.at)))?;
        }
        Ok(())
    }

    fn object(&self, file: &CaseFile, trial: &Trial, outcome: &Outcome) -> Value {
        let unmet = outcome.unmet.iter().map(|unmet| {
            let (line, what) = (unmet.line, &unmet.what);
            json!({ "line": line, "what": what, "expected": unmet.expected, "found": unmet.found })
        });
        let story = outcome.story.iter().filter(|_| !outcome.unmet.is_empty());
        let story = story.map(|line| json!({ "at": line.at, "line": line.line, "text": line.text }));
        json!({
            "file": self.dir.join(&file.path), "line": trial.line, "chain": file.chain.as_str(),
            "case": trial.name, "holds": outcome.unmet.is_empty(),
            "unmet": unmet.collect::<Vec<_>>(), "story": story.collect::<Vec<_>>(),
        })
    }

    fn findings(&self, output: &Output, files: &[SourceFile], found: &[Diagnostic]) -> Result<(), Failure> {
        match output.json {
            true if found.is_empty() => Ok(()),
            true => output.object(&json!({ "findings": found })),
            false => check::print(output, &self.dir, files, found),
        }
    }

    fn summary(
        &self,
        output: &Output,
        tally: &Tally,
        uncovered: Option<&Uncovered>,
        ms: u128,
    ) -> Result<(), Failure> {
        if output.json {
            let cover = uncovered.map(cover::object);
            return output.object(&json!({
                "held": tally.held, "failed": tally.failed, "findings": tally.findings.len(), "cover": cover,
            }));
        }
        if let Some(left) = uncovered {
            cover::tell(output, left)?;
        }
        let told = format!("{} of {} hold", tally.held, many(tally.held + tally.failed, "case"));
        let good = tally.failed == 0 && tally.findings.is_empty();
        let told = output.paint(if good { Tone::Good } else { Tone::Bad }, &told);
        note(&format!("run in {ms} ms"));
        output.line(told)
    }
}

/// Why a case does not hold, in a sentence and as its story. None: it holds.
fn failed(file: &str, outcome: &Outcome) -> Option<(String, String)> {
    let first = outcome.unmet.first()?;
    let why =
        format!("{}: expected {}, found {}", plain(&first.what), plain(&first.expected), plain(&first.found));
    let unmet = outcome.unmet.iter().map(|unmet| {
        let (what, expected, found) = (plain(&unmet.what), plain(&unmet.expected), plain(&unmet.found));
        format!("{file}:{}: {what}\n  expected {expected}\n  found    {found}", unmet.line)
    });
    let story = outcome.story.iter().map(|line| format!("{} {}", line.at, plain(&line.text)));
    Some((why, unmet.chain(["what happened:".to_owned()]).chain(story).collect::<Vec<_>>().join("\n")))
}
