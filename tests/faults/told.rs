//! How a test of the fault suite learns how much to do, and tells what it did: a seed, a count, one line a test.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "core has no environment and no clock, its tests do"
)]
#![allow(clippy::print_stdout, reason = "`tests/faults/run` makes its table of these lines")]

use std::time::{Duration, Instant};

/// What `COUNTERSIGN_SEED` says, or this: whatever a test draws, it draws from it.
pub fn seed(otherwise: u64) -> u64 {
    number("COUNTERSIGN_SEED").unwrap_or(otherwise)
}

/// How often: what `COUNTERSIGN_COUNT` says; else the second with `COUNTERSIGN_LONG`, the first without.
pub fn count(short: u64, long: u64) -> u64 {
    let otherwise = if std::env::var_os("COUNTERSIGN_LONG").is_some() { long } else { short };
    number("COUNTERSIGN_COUNT").unwrap_or(otherwise)
}

/// One row of the table: the number of the fault, what was done with which seed and how often, what was looked at, and
/// what came out.
pub fn tell(fault: u8, done: &str, looked_at: &str, result: &str) {
    println!("fault {fault} | {done} | {looked_at} | {result}");
}

/// A row that a process of the test's own has told.
pub fn again(row: &str) {
    println!("{row}");
}

/// What it gives, and how long that takes. What is over the bound is done twice more, and the quickest counts: an input
/// that is slow is slow each time, a machine that stood still for a moment was not.
pub fn timed<T>(bound: Duration, mut run: impl FnMut() -> T) -> (T, Duration) {
    let mut once = || {
        let begun = Instant::now();
        let given = run();
        (given, begun.elapsed())
    };
    let (mut given, mut quickest) = once();
    for _ in 0..2 {
        if quickest < bound {
            break;
        }
        let (again, took) = once();
        (given, quickest) = (again, quickest.min(took));
    }
    (given, quickest)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.replace(['_', ','], "").parse();
    Some(number.unwrap_or_else(|_| panic!("expected a number in {name}, found {text:?}")))
}
