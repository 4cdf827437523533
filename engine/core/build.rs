//! Gives the sources of this crate a number: what one build has folded, no other believes. See `state/snapshot`.

use std::path::{Path, PathBuf};
use std::{fs, io};

fn main() -> io::Result<()> {
    // A build script is run in its package's folder, wherever the folder was when it was compiled.
    let sources = Path::new("src").to_owned();
    let mut files = Vec::new();
    collect(&sources, &mut files)?;
    files.sort();
    // FNV-1a of every path and text, with lengths, so that no two sets of files read alike.
    let mut number = 0xcbf2_9ce4_8422_2325_u64;
    for file in &files {
        let path = file.strip_prefix(&sources).unwrap_or(file).to_string_lossy().into_owned();
        let text = fs::read(file)?;
        let lengths = [path.len() as u64, text.len() as u64].map(u64::to_le_bytes).concat();
        for byte in lengths.iter().chain(path.as_bytes()).chain(&text) {
            number = (number ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=COUNTERSIGN_CORE_SOURCES={number}");
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
