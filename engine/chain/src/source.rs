//! The files of a company: finding and reading them, within limits.

use std::fs;
use std::path::Path;

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};

/// One file as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path relative to the company's folder with `/`, such as `chains/contract-review.yaml`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The largest file, in bytes.
pub const FILE_BYTES_MAX: usize = 1024 * 1024;
/// The most files in a company's folder.
pub const FILES_MAX: usize = 500;
/// Folders within the company's folder: `chains/`, and nothing below it.
const FOLDER_DEPTH_MAX: usize = 4;

/// What a file holds, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Company,
    Organisation,
    Authority,
    Systems,
    Adapters,
    Reports,
    Table,
    Document,
    Chain,
    Accounts,
    /// A test of rules, no part of them.
    Case,
    /// Who does what, which is held against the rules where somebody asks for it.
    Responsibility,
    Stray,
}

/// What a path holds.
pub(crate) fn kind(path: &str) -> Kind {
    let folder = path.split_once('/').filter(|(_, file)| !file.contains('/') && file.ends_with(".yaml"));
    match (path, folder) {
        ("company.yaml", _) => Kind::Company,
        ("organisation.yaml", _) => Kind::Organisation,
        ("authority.yaml", _) => Kind::Authority,
        ("systems.yaml", _) => Kind::Systems,
        ("adapters.yaml", _) => Kind::Adapters,
        ("accounts.yaml", _) => Kind::Accounts,
        ("reports.yaml", _) => Kind::Reports,
        (crate::matrix::FILE, _) => Kind::Responsibility,
        (_, Some(("tables", _))) => Kind::Table,
        (_, Some(("documents", _))) => Kind::Document,
        (_, Some(("chains", _))) => Kind::Chain,
        (_, Some(("cases", _))) => Kind::Case,
        _ => Kind::Stray,
    }
}

/// Reads the files of a company's folder: `*.yaml` with their text, other files with an empty one, so that
/// `compile` can warn of them. Hidden files and `*.md` are left alone. Sorted by path.
///
/// # Errors
/// The first file or folder that cannot be read or is beyond the limits.
pub fn load_dir(dir: &Path) -> Result<Vec<SourceFile>, Diagnostic> {
    let mut files = Vec::new();
    walk(dir, "", 0, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(dir: &Path, prefix: &str, depth: usize, files: &mut Vec<SourceFile>) -> Result<(), Diagnostic> {
    let shown = if prefix.is_empty() { "." } else { prefix.trim_end_matches('/') };
    let unreadable = |path: &str, e: &dyn std::fmt::Display| {
        failure(
            codes::NOT_READABLE,
            path,
            format!("cannot be read: {e}"),
            "check the path and its permissions",
        )
    };
    if depth > FOLDER_DEPTH_MAX {
        let help = "a company has one level of folders: tables, documents, chains";
        return Err(failure(codes::TOO_LARGE, shown, "folders are nested too deeply".to_owned(), help));
    }
    for entry in fs::read_dir(dir).map_err(|e| unreadable(shown, &e))? {
        let entry = entry.map_err(|e| unreadable(shown, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        // Follows links: a company may share a table by a link.
        let meta = fs::metadata(entry.path()).map_err(|e| unreadable(&path, &e))?;
        if name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        if meta.is_dir() {
            walk(&entry.path(), &format!("{path}/"), depth + 1, files)?;
            continue;
        }
        if files.len() >= FILES_MAX {
            let message = format!("more than {FILES_MAX} files");
            return Err(failure(
                codes::TOO_LARGE,
                shown,
                message,
                "move what does not belong to the company away",
            ));
        }
        if !name.ends_with(".yaml") {
            files.push(SourceFile { path, text: String::new() });
            continue;
        }
        if meta.len() > FILE_BYTES_MAX as u64 {
            let message = format!("{} bytes, more than 1 MiB", meta.len());
            return Err(failure(codes::TOO_LARGE, &path, message, "split it"));
        }
        let bytes = fs::read(entry.path()).map_err(|e| unreadable(&path, &e))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            failure(codes::NOT_READABLE, &path, "is not UTF-8 text".to_owned(), "save the file as UTF-8")
        })?;
        files.push(SourceFile { path, text });
    }
    Ok(())
}

fn failure(code: &'static str, file: &str, message: String, help: &str) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        file: file.to_owned(),
        line: 0,
        column: 0,
        length: 0,
        message,
        help: help.to_owned(),
    }
}
