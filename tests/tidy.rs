//! What no compiler checks: sizes of files and lines, module headers, words that have no place in the product.

use std::path::{Path, PathBuf};
use std::process::Command;

/// No file of code is longer; the aim is 200.
const LINES_MAX: usize = 600;
/// No line is longer, unless it holds a text, which the formatter does not break.
const COLUMNS_MAX: usize = 140;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Files that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()
        .expect("git lists the repository's files");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let files: Vec<PathBuf> =
        listed.lines().map(|line| repository().join(line)).filter(|p| p.is_file()).collect();
    assert!(files.len() > 50, "the repository has files");
    files
}

fn rust() -> Vec<(PathBuf, String)> {
    let rust = files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| (path.clone(), std::fs::read_to_string(&path).expect("a source is UTF-8"))).collect()
}

fn report(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn files_and_lines_are_short() {
    let mut found = Vec::new();
    for (path, text) in rust() {
        if text.lines().count() > LINES_MAX {
            found.push(format!("{}: {} lines, at most {LINES_MAX}", path.display(), text.lines().count()));
        }
        let long = |line: &str| line.chars().count() > COLUMNS_MAX && !line.contains('"');
        for (i, line) in text.lines().enumerate().filter(|(_, line)| long(line)) {
            found.push(format!(
                "{}:{}: {} columns, at most {COLUMNS_MAX}",
                path.display(),
                i + 1,
                line.chars().count()
            ));
        }
    }
    report(&found);
}

#[test]
fn every_module_says_what_it_is() {
    let headless = rust().into_iter().filter(|(_, text)| !text.starts_with("//!"));
    report(
        &headless
            .map(|(path, _)| format!("{}: begins with no `//!` line", path.display()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_is_left_undone_and_no_test_sleeps() {
    let banned = [
        ["to", "do!("].concat(),
        ["unimpl", "emented!("].concat(),
        ["db", "g!("].concat(),
        ["FIX", "ME"].concat(),
    ];
    let sleeps = ["thread::", "sleep("].concat();
    let mut found = Vec::new();
    for (path, text) in rust() {
        for (i, line) in text.lines().enumerate() {
            let sleeps = path.components().any(|c| c.as_os_str() == "tests") && line.contains(&sleeps);
            if sleeps || banned.iter().any(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {}", path.display(), i + 1, line.trim()));
            }
        }
    }
    report(&found);
}

#[test]
fn the_map_names_files_that_are_there() {
    let map = std::fs::read_to_string(repository().join("engine/ARCHITECTURE.md")).expect("the map");
    assert!(map.lines().count() <= 150, "the map is at most 150 lines");
    let invariants =
        map.split("## Invariants").nth(1).and_then(|rest| rest.split("## ").next()).expect("invariants");
    let mut found = Vec::new();
    for name in invariants.split('`').skip(1).step_by(2).filter(|name| name.contains('/')) {
        let at = [repository().join("engine").join(name), repository().join(name)];
        if !at.iter().any(|path| path.exists()) {
            found.push(format!("engine/ARCHITECTURE.md names {name}, which is not there"));
        }
    }
    report(&found);
}

/// `tests/faults/run` names tests by module and the beginning of their names: each names one that is there, and each of the
/// thirteen faults has some.
#[test]
fn the_fault_suite_names_tests_that_are_there() {
    let script = std::fs::read_to_string(repository().join("tests/faults/run")).expect("the script");
    let suite =
        script.split("<<'TESTS'\n").nth(1).and_then(|rest| rest.split("\nTESTS").next()).expect("a suite");
    let sources = rust();
    let is_there = |module: &str, name: &str| {
        let file = format!("{module}.rs");
        let of_module = sources.iter().filter(|(path, _)| path.file_name().is_some_and(|own| *own == *file));
        of_module.into_iter().any(|(_, text)| text.contains(&format!("fn {name}")))
    };
    let mut points = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for line in suite.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        points.insert(words[0].to_owned());
        for test in &words[3..] {
            let (module, name) = test.split_once("::").expect("a module and the beginning of a name");
            if !is_there(module, name) {
                found.push(format!("tests/faults/run: no test {test}"));
            }
        }
    }
    report(&found);
    assert_eq!(points.len(), 13, "{points:?}");
}
