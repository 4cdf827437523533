//! `countersign schema`: what editors need to complete and check a company's files while they are written.

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_chain::schema::{Schema, schemas};
use serde_json::json;

use crate::exit::Failure;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  countersign schema --out schemas                 a file for each kind, and how to tell an editor
  countersign schema --json                        all of them in one object

Editors that speak the YAML language server (VS Code with the YAML extension, Neovim, Helix, JetBrains) read them from \
their settings, or from a first line in a file:
  # yaml-language-server: $schema=../schemas/chain.schema.json";

/// Write the JSON Schemas of a company's files, for editors
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SchemaOut {
    /// Write a file for each kind here, created if it is missing; without it the names are listed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl SchemaOut {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let schemas = schemas();
        let Some(out) = &self.out else {
            if output.json {
                let all: serde_json::Map<_, _> =
                    schemas.into_iter().map(|one| (one.kind.to_owned(), one.schema)).collect();
                return output.object(&all);
            }
            for one in &schemas {
                output.line(format!("{:<13} {}", one.kind, one.files))?;
            }
            return output.line("--out DIR writes them; --json prints them");
        };
        write(out, &schemas)?;
        if output.json {
            let files: Vec<_> = schemas.iter().map(|one| out.join(name(one))).collect();
            return output.object(&json!({ "written": files }));
        }
        output.line(format!("{} schemas are in {}", schemas.len(), out.display()))?;
        output.line("for VS Code, in .vscode/settings.json beside the company's folder:")?;
        output.line(serde_json::to_string_pretty(&settings(out, &schemas)).map_err(Failure::internal)?)
    }
}

fn name(schema: &Schema) -> String {
    format!("{}.schema.json", schema.kind)
}

fn settings(out: &Path, schemas: &[Schema]) -> serde_json::Value {
    let entries = schemas.iter().map(|one| {
        let path = out.join(name(one)).display().to_string();
        (path, json!(format!("**/{}", one.files)))
    });
    json!({ "yaml.schemas": entries.collect::<serde_json::Map<_, _>>() })
}

fn write(out: &Path, schemas: &[Schema]) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::new("IO", format!("it cannot be written: {error}")).at(path.display().to_string())
    };
    std::fs::create_dir_all(out).map_err(|error| failed(out, error))?;
    for one in schemas {
        let path = out.join(name(one));
        let mut text = serde_json::to_string_pretty(&one.schema).map_err(Failure::internal)?;
        text.push('\n');
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}
