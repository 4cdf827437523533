//! `countersign check`: mistakes are found before anybody signs.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use countersign_chain::{Bundle, Diagnostic, Proof, Severity, SourceFile, compile_as, load_dir, matrix};
use countersign_core::definition::DefinitionKind;
use serde_json::json;

use crate::exit::{Failure, has_errors};
use crate::output::{Output, Tone};

const EXAMPLES: &str = "\
Examples:
  countersign check workflows/yuanlan
  countersign check workflows/yuanlan --away           who must not be away at the same time
  countersign check workflows/yuanlan --format json    for CI: an object with every finding
  countersign check workflows/yuanlan --matrix         and responsibility.yaml against the chains

Exit code 0: no errors (there may be warnings). 1: errors; nothing would be activated. \
`countersign explain-code CODE` explains a code.";

/// Check the rules of a company: every mistake with file, line, column and how to mend it
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    /// The company's folder, with company.yaml in it
    dir: PathBuf,
    /// Warn also of one or two posts without whose holders something cannot be decided
    #[arg(long)]
    away: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Also hold responsibility.yaml, who does what, against what the chains ask of whom
    #[arg(long)]
    matrix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Check {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let (files, bundle, mut found) = match load_dir(&self.dir) {
            Ok(files) => {
                let proof = if self.away { Proof::Absences } else { Proof::Signatures };
                let (bundle, found) = compile_as(&files, proof);
                (files, bundle, found)
            }
            Err(finding) => (Vec::new(), None, vec![finding]),
        };
        if let Some(bundle) = bundle.as_ref().filter(|_| self.matrix) {
            found.extend(matrix::check(&files, bundle));
        }
        if output.json || self.format == Format::Json {
            let count = |severity| found.iter().filter(|found| found.severity == severity).count();
            output.object(&json!({
                "findings": in_folder(&self.dir, &found),
                "errors": count(Severity::Error),
                "warnings": count(Severity::Warning),
                "files": files.len(),
            }))?;
        } else {
            print(output, &self.dir, &files, &found)?;
            output.line(summary(output, &files, bundle.as_ref(), &found))?;
        }
        if has_errors(&found) { Err(Failure::told()) } else { Ok(()) }
    }
}

/// Findings with their source lines, files as seen from where the command runs.
pub(crate) fn print(
    output: &Output,
    dir: &Path,
    files: &[SourceFile],
    found: &[Diagnostic],
) -> Result<(), Failure> {
    let at = |path: &str| dir.join(path).to_string_lossy().into_owned();
    let files: Vec<SourceFile> =
        files.iter().map(|file| SourceFile { path: at(&file.path), text: file.text.clone() }).collect();
    for finding in in_folder(dir, found) {
        let tone = if finding.severity == Severity::Error { Tone::Bad } else { Tone::Warn };
        let rendered = finding.render(&files);
        let (head, rest) = rendered.split_once('\n').unwrap_or((&rendered, ""));
        output.line(format!("{}\n{rest}", output.paint(tone, head)))?;
    }
    Ok(())
}

fn in_folder(dir: &Path, found: &[Diagnostic]) -> Vec<Diagnostic> {
    let at = |finding: &Diagnostic| match finding.file.as_str() {
        "." => dir.to_string_lossy().into_owned(),
        file => dir.join(file).to_string_lossy().into_owned(),
    };
    found.iter().map(|finding| Diagnostic { file: at(finding), ..finding.clone() }).collect()
}

fn summary(output: &Output, files: &[SourceFile], bundle: Option<&Bundle>, found: &[Diagnostic]) -> String {
    let count = |severity| found.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let counted = format!("{} and {}", many(errors, "error"), many(warnings, "warning"));
    let Some(bundle) = bundle.filter(|_| errors == 0) else {
        // What does not compile has no bundle; with one, only the matrix differs.
        let then =
            if bundle.is_some() { "the matrix says something else" } else { "nothing would be activated" };
        let told = format!("{counted} in {}: {then}", many(files.len(), "file"));
        return output.paint(Tone::Bad, &told);
    };
    let of = |kind| bundle.definitions.iter().filter(|compiled| compiled.definition.kind() == kind).count();
    let told = format!(
        "{} in {}: {}, {}, {}, {}",
        if warnings == 0 { "no findings".to_owned() } else { counted },
        many(files.len(), "file"),
        many(of(DefinitionKind::Chain), "chain"),
        many(of(DefinitionKind::Authority), "authority line"),
        many(of(DefinitionKind::Document), "document"),
        many(of(DefinitionKind::Table), "table"),
    );
    output.paint(Tone::Good, &told)
}

/// A number with its noun.
pub(crate) fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
