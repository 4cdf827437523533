//! A fuzz driver without a fuzzer: mutated files and conditions of the demo company from a seed that is printed.
//!
//! A few seconds as a test; `COUNTERSIGN_FUZZ_SECONDS=600 cargo test -p countersign-chain --test all fuzz:: -- --nocapture`
//! goes on for ten minutes, and `COUNTERSIGN_FUZZ_SEED=...` repeats what failed.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use countersign_chain::{SourceFile, compile, load_dir};

use crate::told::{seed, tell, timed};

/// Where it is fast enough for a person who saves a file.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A small generator of numbers, the same everywhere (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

/// Words of the language, whole lines of it, and what breaks YAML.
const WORDS: &[&str] = &[
    "facts.",
    "reply.",
    "message.",
    "child.facts.",
    "answer.",
    "request.",
    "doc.",
    "owner.unit",
    "amount",
    "today",
    "it",
    "sum(",
    "every(",
    "first(",
    "known(",
    "pick(",
    "currency(",
    "convert(",
    "days(",
    "order-to-cash(",
    "grades(",
    "and ",
    "or ",
    "not ",
    " else ",
    " has ",
    " in ",
    "==",
    ">=",
    " - ",
    " * ",
    "/",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ",",
    ": ",
    "- ",
    "\n",
    "\n    ",
    "\"",
    "'",
    "0",
    "1e9",
    "5%",
    "300000",
    "16wh",
    "none",
    "true",
    "all",
    "back",
    "draft",
    "on-hold",
    "stay",
    "合同",
    "\u{feff}",
    "\0",
    "&a ",
    "*a",
    "!x",
    "|\n",
    "#",
    "\r\n",
    "99999999999999999999999999999",
];

const LINES: &[&str] = &[
    "  again:\n    compensate: all\n    next: { done: again }\n",
    "  follow-up:\n    follow: commanding\n    learns: { made: reply.units }\n    next: { done: back, refused: on-hold }\n",
    "  each:\n    for_each: x in doc.lines\n    run: delivery\n    copy: [doc, x]\n    next: { passed: each, failed: draft }\n",
    "  told:\n    tell: order-to-cash(doc.order_no)\n    request: cancel\n    next: { done: told, refused: told }\n",
    "    learns: { a: facts.a + reply.b }\n",
    "    expires: { after: 1wh, go: back }\n",
    "    for_each: x in facts.short\n",
    "facts: { a: units = 0, b: list of short_line, c: optional case }\n",
    "anytime: { cancel: { by: [submitter], by_chain: [order-to-cash], asks: { a: text }, go: stay } }\n",
    "starts: [{ every: quarter, for_each: c in customers, submitter: boss, with: { customer: c }, begins: draft }]\n",
    "alarms: [{ name: late, from: a, missing: erp.a.b, after: 1h, tell: [driver] }]\n",
    "requires: [{ case: contract-review, key: doc.contract_no, state: effective, within: 72h, else: X }]\n",
];

fn demo() -> Vec<SourceFile> {
    load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan")).unwrap()
}

/// A place between two characters.
fn boundary(text: &str, numbers: &mut Numbers) -> usize {
    let mut at = numbers.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(text: &mut String, others: &[SourceFile], numbers: &mut Numbers) {
    let at = boundary(text, numbers);
    match numbers.below(9) {
        0 | 1 => text.insert_str(at, numbers.one(WORDS)),
        2 => {
            let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
            text.insert_str(line, numbers.one(LINES));
        }
        3 => {
            let end = (at + numbers.below(40)).min(text.len());
            let end = (end..=text.len()).find(|n| text.is_char_boundary(*n)).unwrap_or(at);
            text.replace_range(at..end, numbers.one(WORDS));
        }
        // A line twice, or taken away, or another one in its place.
        4..=6 => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let (n, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
            let mut lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
            if lines.is_empty() {
                return;
            }
            match numbers.below(3) {
                0 => lines.insert(n, lines[other].clone()),
                1 => drop(lines.remove(n)),
                _ => lines.swap(n, other),
            }
            *text = lines.concat();
        }
        // A piece of another file.
        7 => {
            let other = &others[numbers.below(others.len())].text;
            let from = boundary(other, numbers);
            let piece: String = other[from..].chars().take(numbers.below(200)).collect();
            text.insert_str(at, &piece);
        }
        // A name exchanged for another one everywhere.
        _ => {
            let words: Vec<&str> =
                text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').collect();
            let (from, to) =
                (words[numbers.below(words.len())].to_owned(), words[numbers.below(words.len())].to_owned());
            if !from.is_empty() {
                *text = text.replace(&from, &to);
                text.truncate(
                    (0..=text.len().min(60_000)).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0),
                );
            }
        }
    }
}

/// One round: a few files of the demo company changed a little, or a condition put together from words.
fn round(seed: u64, clean: &[SourceFile]) -> Vec<SourceFile> {
    let mut numbers = Numbers(seed);
    let mut files = clean.to_vec();
    for _ in 0..=numbers.below(2) {
        let chains: Vec<usize> = (0..files.len()).filter(|n| files[*n].path.starts_with("chains/")).collect();
        let n = match numbers.below(4) {
            0 => numbers.below(files.len()),
            _ => chains[numbers.below(chains.len())],
        };
        if numbers.below(3) == 0 {
            let condition: String = (0..numbers.below(12) + 1).map(|_| numbers.one(WORDS)).collect();
            let condition = condition.replace(['\n', '\r', '\0'], " ");
            let place = files[n].text.find("when: ").map(|at| at + 6);
            if let Some(at) = place {
                let end = files[n].text[at..].find(['\n', ',', '}']).map_or(at, |n| at + n);
                files[n].text.replace_range(at..end, &condition);
            }
        }
        for _ in 0..=numbers.below(5) {
            mutate(&mut files[n].text, clean, &mut numbers);
        }
    }
    files
}

#[test]
fn mutated_companies_are_answered_in_time_and_without_panic() {
    let clean = demo();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("COUNTERSIGN_FUZZ_SEED");
    let first = only.unwrap_or(seed(0x00c0_ffee));
    let until = Instant::now() + Duration::from_secs(number("COUNTERSIGN_FUZZ_SECONDS").unwrap_or(4));
    let (mut rounds, mut accepted, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while Instant::now() < until && (only.is_none() || rounds == 0) {
        let seed = first.wrapping_add(rounds);
        let files = round(seed, &clean);
        let (answer, took) = timed(ANSWER_WITHIN, || catch_unwind(AssertUnwindSafe(|| compile(&files))));
        let Ok((bundle, found)) = answer else {
            panic!("a panic: repeat it with COUNTERSIGN_FUZZ_SEED={seed}")
        };
        assert!(took < ANSWER_WITHIN, "{took:?}: repeat it with COUNTERSIGN_FUZZ_SEED={seed}");
        assert!(
            bundle.is_some() || !found.is_empty(),
            "refused without a word: COUNTERSIGN_FUZZ_SEED={seed}"
        );
        for finding in found.iter().take(5) {
            assert!(
                !finding.help.is_empty() && !finding.render(&files).is_empty(),
                "COUNTERSIGN_FUZZ_SEED={seed}"
            );
        }
        rounds += 1;
        accepted += u64::from(bundle.is_some());
        slowest = slowest.max(took);
    }
    let said =
        format!("{rounds} companies from seed {first}, {accepted} accepted, the slowest took {slowest:?}");
    writeln!(std::io::stderr(), "{said}").unwrap();
    tell(
        9,
        &said,
        "chains and conditions: a place, a code and a mending sentence; no panic",
        "all answered in time",
    );
    assert!(rounds > 0);
    if only.is_none() {
        // Mutations that only ever break a file would look at nothing behind the parser.
        assert!(accepted > 0, "nothing was accepted in {rounds} rounds");
    }
}
