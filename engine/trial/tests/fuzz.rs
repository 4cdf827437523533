//! A fuzz driver of case files: those of the demo company with lines moved, doubled, cut and mixed, from a seed that is
//! printed. Each is answered soon: with findings that have places, or with cases that run to their ends.
//!
//! A few seconds as a test; `COUNTERSIGN_FUZZ_SECONDS=600 cargo test --release -p countersign-trial --test all fuzz:: --
//! --nocapture` goes on for ten minutes, and `COUNTERSIGN_FUZZ_SEED=...` repeats what failed.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_chain::{SourceFile, load_dir};
use countersign_trial::{Company, read, run};

use crate::support::company;
use crate::told::{seed, tell, timed};

/// Cases of a file may be many.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The same seed, the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound.max(1) as u64) as usize
    }
}

const WORDS: &[&str] = &[
    "approves",
    "passes",
    "rejects: { reason: x }",
    "returns: { reason: x }",
    "wait: 40000wh",
    "wait: until \"9999-12-31T23:59+08:00\"",
    "wait: 0min",
    "operator holds: x",
    "operator compensates: x",
    "together: 100000 times",
    "$price",
    "then: {}",
    "holder bgm_js: H99",
    "abolish bgm_js",
    "twice",
    "{ reserved: 99999999999999999999 }",
    "-1.00",
    "none",
    "C-1",
    "\"2025-02-30T09:00+08:00\"",
];

fn mutate(text: &mut String, other: &str, random: &mut Random) {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let others: Vec<&str> = other.split_inclusive('\n').collect();
    if lines.is_empty() || others.is_empty() {
        return;
    }
    let (at, from) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[from].clone()),
        2 => lines.swap(at, from),
        3 => lines.insert(at, others[random.below(others.len())].to_owned()),
        // A word in the place of another.
        _ => {
            let words: Vec<&str> = lines[at].split(' ').collect();
            let place = random.below(words.len());
            let word = if random.below(2) == 0 {
                WORDS[random.below(WORDS.len())]
            } else {
                let words: Vec<&str> = others[random.below(others.len())].split_whitespace().collect();
                words.get(random.below(words.len())).copied().unwrap_or("x")
            };
            let mut words: Vec<&str> = words;
            words[place] = word;
            lines[at] = words.join(" ");
            if !lines[at].ends_with('\n') {
                lines[at].push('\n');
            }
        }
    }
    *text = lines.concat();
}

/// How many cases ran.
fn round(company: &Company, files: &[&SourceFile], seed: u64) -> usize {
    let mut random = Random(seed);
    let mut text = files[random.below(files.len())].text.clone();
    for _ in 0..=random.below(4) {
        let other = &files[random.below(files.len())].text;
        mutate(&mut text, other, &mut random);
    }
    let file = SourceFile { path: "cases/fuzzed.yaml".to_owned(), text };
    let (cases, found) = read(&file, company);
    for finding in &found {
        assert!(!finding.help.is_empty() && finding.file == file.path, "{finding}");
    }
    let cases: Vec<_> = cases.iter().flat_map(|file| &file.cases).collect();
    assert!(!cases.is_empty() || !found.is_empty(), "refused without a word");
    // One is enough; which one is drawn.
    let drawn = cases.get(random.below(cases.len()));
    if let Some(trial) = drawn {
        let outcome = run(company, trial);
        assert!(outcome.unmet.iter().all(|unmet| unmet.line > 0), "{:?}", outcome.unmet);
    }
    usize::from(drawn.is_some())
}

#[test]
fn mutated_case_files_are_answered_in_time_and_without_panic() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("COUNTERSIGN_FUZZ_SEED");
    let first = only.unwrap_or(seed(0x000c_a5e5));
    let until = Instant::now() + Duration::from_secs(number("COUNTERSIGN_FUZZ_SECONDS").unwrap_or(3));
    let files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan"));
    let files = files.expect("the demo company");
    let company = company(&files);
    let cases: Vec<&SourceFile> = files.iter().filter(|file| file.path.starts_with("cases/")).collect();
    let (mut rounds, mut ran, mut slowest) = (0_u64, 0, Duration::ZERO);
    while Instant::now() < until && (only.is_none() || rounds == 0) {
        let seed = first.wrapping_add(rounds);
        let (answer, took) =
            timed(ANSWER_WITHIN, || catch_unwind(AssertUnwindSafe(|| round(&company, &cases, seed))));
        let Ok(cases) = answer else { panic!("repeat it with COUNTERSIGN_FUZZ_SEED={seed}") };
        assert!(took < ANSWER_WITHIN, "{took:?}: repeat it with COUNTERSIGN_FUZZ_SEED={seed}");
        rounds += 1;
        ran += cases;
        slowest = slowest.max(took);
    }
    let said = format!("{rounds} files from seed {first}, a case of {ran} ran, the slowest took {slowest:?}");
    writeln!(std::io::stderr(), "{said}").expect("a line");
    tell(9, &said, "case files: a place and a code, or a case that runs; no panic", "all answered in time");
    assert!(only.is_some() || ran > 0, "nothing ran in {rounds} rounds");
}
