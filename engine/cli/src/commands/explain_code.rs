//! `countersign explain-code`: what a code of `check` or of a refusal means, how to mend it, and an example.

use clap::Args;
use countersign_chain::codes::{CODES, Code as Row};
use countersign_chain::examples::{Example, example};
use countersign_chain::matrix;
use countersign_core::rejection::Code;
use serde_json::json;

use crate::exit::Failure;
use crate::output::{Output, Tone};

const EXAMPLES: &str = "\
Examples:
  countersign explain-code NOBODY_CAN_APPROVE
  countersign explain-code                        all codes, one a line";

/// Say what a code means, how to mend what it stands for, and what triggers it
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainCode {
    /// The code, of `check` or of a refusal; without it all are listed
    code: Option<String>,
}

/// A code that can mean something in two places says both.
struct Meaning {
    of: &'static str,
    means: String,
    mend: &'static str,
    example: Option<Example>,
}

impl ExplainCode {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let Some(code) = self.code else { return list(output) };
        let code = code.to_uppercase();
        let found = meanings(&code);
        if found.is_empty() {
            let message = format!(
                "expected a code of `check` or of the engine, found {code}; a code that a chain gives under `else` is \
                 explained there, and `countersign explain-code` lists all others"
            );
            return Err(Failure::usage(message));
        }
        if output.json {
            let shown: Vec<_> = found.iter().map(|meaning| as_json(&code, meaning)).collect();
            return output.object(&json!({ "codes": shown }));
        }
        for meaning in found {
            output.line(output.paint(Tone::Bad, &format!("{code} ({})", meaning.of)))?;
            output.line(format!("  means: {}", meaning.means))?;
            output.line(format!("  mend:  {}", meaning.mend))?;
            if let Some(example) = meaning.example {
                output.line(format!("  in {}, this is refused:", example.file))?;
                lines(output, &example.wrong)?;
                output.line("  and this is not:")?;
                lines(output, &example.right)?;
            }
        }
        Ok(())
    }
}

fn lines(output: &Output, text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return output.line("      (nothing)");
    }
    text.lines().try_for_each(|line| output.line(format!("      {line}")))
}

/// Every code of `check`, with and without `--matrix`.
fn of_check() -> impl Iterator<Item = &'static Row> {
    CODES.iter().chain(matrix::CODES)
}

fn meanings(code: &str) -> Vec<Meaning> {
    let of_check = of_check().find(|row| row.code == code).map(|row| Meaning {
        of: "check",
        means: row.means.to_owned(),
        mend: row.mend,
        example: example(code),
    });
    let of_engine = Code::ALL.iter().find(|known| known.as_str() == code).and_then(Code::explained);
    let of_engine = of_engine.map(|(means, mend)| Meaning {
        of: "a refusal, or why a case is held",
        means: means.trim_end_matches('.').to_owned(),
        mend,
        example: None,
    });
    of_check.into_iter().chain(of_engine).collect()
}

fn as_json(code: &str, meaning: &Meaning) -> serde_json::Value {
    let example = meaning
        .example
        .as_ref()
        .map(|example| json!({ "file": example.file, "wrong": example.wrong, "right": example.right }));
    json!({ "code": code, "of": meaning.of, "means": meaning.means, "mend": meaning.mend, "example": example })
}

fn list(output: &Output) -> Result<(), Failure> {
    let codes: Vec<&str> = of_check().map(|row| row.code).chain(Code::ALL.iter().map(Code::as_str)).collect();
    if output.json {
        let mut all: Vec<_> = Vec::new();
        let mut codes = codes;
        codes.sort_unstable();
        codes.dedup();
        for code in codes {
            all.extend(meanings(code).iter().map(|meaning| as_json(code, meaning)));
        }
        return output.object(&json!({ "codes": all }));
    }
    output.line("found by `check`:")?;
    of_check().try_for_each(|row| output.line(format!("  {:<22} {}", row.code, row.means)))?;
    output.line("refused by the engine, or why a case is held:")?;
    Code::ALL.iter().try_for_each(|code| {
        let (means, _) = code.explained().unwrap_or_default();
        output.line(format!("  {:<22} {}", code.as_str(), means.trim_end_matches('.')))
    })
}
