//! Somebody who has never seen the project follows "Your first chain" of workflows/README.md, and nothing else: every
//! block of it is written or run as it stands there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A block of the manual.
enum Block {
    /// A file to write.
    Write(PathBuf, String),
    /// Text for the end of a file.
    Append(PathBuf, String),
    /// Commands to type.
    Run(String),
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The blocks of a section, in their order.
fn blocks(manual: &str, section: &str) -> Vec<Block> {
    let after = manual.split_once(&format!("\n## {section}\n")).expect("the manual has the section").1;
    let section = after.split("\n## ").next().unwrap_or(after);
    let mut blocks = Vec::new();
    for part in section.split("\n```").collect::<Vec<_>>().chunks(2) {
        let Some((kind, text)) = part.get(1).and_then(|block| block.split_once('\n')) else { continue };
        if kind == "sh" {
            blocks.push(Block::Run(text.to_owned()));
            continue;
        }
        assert_eq!(kind, "yaml", "a block of the section is a file or commands");
        let (first, rest) = text.split_once('\n').expect("the first line of a file's block names it");
        let name = first.strip_prefix("# ").expect("the first line of a file's block names it");
        blocks.push(match name.strip_prefix(">> ") {
            Some(name) => Block::Append(name.into(), format!("{rest}\n")),
            None => Block::Write(name.into(), format!("{rest}\n")),
        });
    }
    blocks
}

/// A shell in the folder, with `countersign` where a user has it.
fn shell(folder: &Path, script: &str) -> Output {
    let bin = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("a binary is in a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("COUNTERSIGN_DATA");
    bash.output().expect("bash runs")
}

#[test]
fn the_first_chain_of_the_manual_works_as_it_stands() {
    let manual = fs::read_to_string(repository().join("workflows/README.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let copied =
        Command::new("cp").arg("-r").arg(repository().join("workflows")).arg(folder).status().unwrap();
    assert!(copied.success());
    let (mut written, mut typed) = (0, 0);
    for block in blocks(&manual, "Your first chain") {
        match block {
            Block::Write(name, text) => {
                assert!(!folder.join(&name).exists(), "{} is a new file", name.display());
                fs::write(folder.join(name), text).unwrap();
                written += 1;
            }
            Block::Append(name, text) => {
                let old = fs::read_to_string(folder.join(&name)).unwrap();
                fs::write(folder.join(name), old + &text).unwrap();
                written += 1;
            }
            Block::Run(script) => {
                let output = shell(folder, &script);
                let shown = String::from_utf8_lossy(&output.stdout).into_owned();
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{script}\n{shown}\n{told}");
                typed += script.lines().filter(|line| !line.is_empty()).count();
            }
        }
    }
    assert_eq!((written, typed), (4, 10), "blocks written, commands typed");
    let case = shell(folder, "countersign case C-1 --data data --json");
    assert!(case.status.success(), "{}", String::from_utf8_lossy(&case.stderr));
    let case: Value = serde_json::from_slice(&case.stdout).unwrap();
    let case = &case["ok"];
    assert_eq!((&case["chain"], &case["state"]), (&"purchase-request".into(), &"approved".into()), "{case}");
}
