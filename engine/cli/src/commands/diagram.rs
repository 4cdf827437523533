//! `countersign diagram`: chains as pictures.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_chain::{compile, load_dir};
use countersign_core::definition::{Chain, Definition};
use serde_json::json;

use super::check;
use crate::diagram::{Graph, mermaid, svg};
use crate::exit::Failure;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  countersign diagram workflows/yuanlan contract-review                       Mermaid
  countersign diagram workflows/yuanlan contract-review --svg --out a.svg
  countersign diagram workflows/yuanlan --svg --out pictures --lang zh        every chain, a file each

Yellow: people are asked. Green and red: good and bad ends. An arrow with `if ...` is taken where its condition holds.";

/// Draw a company's chains: Mermaid, or SVG
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Diagram {
    /// The company's folder, with company.yaml in it
    dir: PathBuf,
    /// The chain; all of them if absent
    chain: Option<String>,
    /// SVG instead of Mermaid
    #[arg(long)]
    svg: bool,
    /// Where it is written: a file for one chain, a folder for several
    #[arg(long, value_name = "FILE|DIR")]
    out: Option<PathBuf>,
}

impl Diagram {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let chains = self.chains(output)?;
        let drawn: Vec<(&Chain, String)> =
            chains.iter().map(|chain| (chain, self.draw(chain, output))).collect();
        match &self.out {
            None => self.print(output, &drawn),
            Some(out) => self.write(output, out, &drawn),
        }
    }

    fn chains(&self, output: &Output) -> Result<Vec<Chain>, Failure> {
        let (files, bundle, found) = match load_dir(&self.dir) {
            Ok(files) => {
                let (bundle, found) = compile(&files);
                (files, bundle, found)
            }
            Err(finding) => (Vec::new(), None, vec![finding]),
        };
        let Some(bundle) = bundle else {
            if output.json {
                output.object(&json!({ "findings": found }))?;
            } else {
                check::print(output, &self.dir, &files, &found)?;
            }
            return Err(Failure::new(
                "DEFINITION_INVALID",
                "expected rules without errors; nothing was drawn",
            ));
        };
        let all = bundle.definitions.into_iter().filter_map(|compiled| match compiled.definition {
            Definition::Chain(chain) => Some(chain),
            _ => None,
        });
        let all: Vec<Chain> = all.collect();
        let Some(name) = &self.chain else { return Ok(all) };
        let names: Vec<String> = all.iter().map(|chain| chain.name.to_string()).collect();
        let chosen: Vec<Chain> = all.into_iter().filter(|chain| chain.name == *name.as_str()).collect();
        if chosen.is_empty() {
            let near = names.iter().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
            let hint = near
                .filter(|(distance, _)| *distance <= 3)
                .map(|(_, known)| format!("did you mean {known}?"));
            let failure =
                Failure::new("CHAIN_UNKNOWN", format!("expected a chain of this company, found {name:?}"));
            return Err(failure.hint(hint.unwrap_or_else(|| format!("its chains: {}", names.join(", ")))));
        }
        Ok(chosen)
    }

    fn draw(&self, chain: &Chain, output: &Output) -> String {
        let graph = Graph::of(chain, output.lang);
        if self.svg { svg(&graph) } else { mermaid(&graph) }
    }

    fn print(&self, output: &Output, drawn: &[(&Chain, String)]) -> Result<(), Failure> {
        if output.json {
            let all = drawn.iter().map(|(chain, text)| (chain.name.to_string(), json!(text)));
            return output.object(&all.collect::<serde_json::Map<_, _>>());
        }
        if self.svg && drawn.len() > 1 {
            return Err(Failure::usage("expected --out DIR, or one chain: several pictures make no SVG"));
        }
        drawn.iter().try_for_each(|(_, text)| output.line(text))
    }

    fn write(&self, output: &Output, out: &Path, drawn: &[(&Chain, String)]) -> Result<(), Failure> {
        let failed = |path: &Path, error: std::io::Error| {
            Failure::new("IO", format!("it cannot be written: {error}")).at(path.display().to_string())
        };
        let one = self.chain.is_some() && !out.is_dir();
        let extension = if self.svg { "svg" } else { "mmd" };
        if !one {
            std::fs::create_dir_all(out).map_err(|error| failed(out, error))?;
        }
        let mut written = Vec::new();
        for (chain, text) in drawn {
            let path = if one { out.to_owned() } else { out.join(format!("{}.{extension}", chain.name)) };
            std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
            written.push(path);
        }
        if output.json {
            return output.object(&json!({ "written": written }));
        }
        written.iter().try_for_each(|path| output.line(path.display().to_string()))
    }
}
