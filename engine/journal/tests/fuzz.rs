//! A fuzz driver of recovery: files of a log damaged at many places at once, from a seed that is printed. Opening answers
//! with an error that names a place, or with frames that were written, from the first on and none but those; it does so
//! soon, and what it has opened can be opened again.
//!
//! A few seconds as a test; `COUNTERSIGN_FUZZ_SECONDS=600 cargo test --release -p countersign-journal --test all fuzz:: --
//! --nocapture` goes on for ten minutes, and `COUNTERSIGN_FUZZ_SEED=...` repeats what failed.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use countersign_journal::sim::SimDisk;
use countersign_journal::{Journal, verify};

use crate::common::{Random, read_all, run_workload};
use crate::told::{seed, tell, timed};

/// Of a log of some hundred kilobytes.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A whole log and what it holds.
struct Whole {
    disk: SimDisk,
    frames: Vec<Vec<u8>>,
}

fn whole(seed: u64) -> Whole {
    let disk = SimDisk::new(seed);
    let (oracle, journal) = run_workload(&disk, seed, 60);
    assert!(journal.is_ok(), "a log without damage");
    Whole { disk, frames: oracle.acknowledged }
}

fn damage(disk: &SimDisk, random: &mut Random) {
    let names = disk.names();
    let pick = |random: &mut Random| names[random.below(names.len() as u64) as usize].clone();
    let (name, other) = (pick(random), pick(random));
    let other = disk.contents(&other).unwrap_or_default();
    let at = |random: &mut Random, length: usize| random.below(length as u64 + 1) as usize;
    match random.below(8) {
        0 => disk.remove(&name),
        1 => disk.edit(&name, |bytes| bytes.truncate(at(random, bytes.len()))),
        // A file that is another one.
        2 => disk.edit(&name, |bytes| bytes.clone_from(&other)),
        // A piece of another file, or zeros, where something else was.
        3 | 4 => disk.edit(&name, |bytes| {
            let (from, to) = (at(random, other.len()), at(random, bytes.len()));
            let length = at(random, 600).min(other.len() - from).min(bytes.len() - to);
            let zeros = random.below(2) == 0;
            bytes[to..to + length].copy_from_slice(&other[from..from + length]);
            if zeros {
                bytes[to..to + length].fill(0);
            }
        }),
        // Everything after a place moves.
        5 => disk.edit(&name, |bytes| {
            let from = at(random, bytes.len());
            let to = (from + at(random, 40)).min(bytes.len());
            drop(bytes.drain(from..to));
        }),
        _ => disk.edit(&name, |bytes| {
            if !bytes.is_empty() {
                let at = at(random, bytes.len() - 1);
                bytes[at] ^= 1 << random.below(8);
            }
        }),
    }
}

/// Whether it was opened.
fn round(whole: &Whole, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let disk = whole.disk.fork();
    for _ in 0..=random.below(4) {
        damage(&disk, &mut random);
    }
    let before = verify(&disk).is_ok();
    let Ok((journal, report)) = Journal::open(disk.storage(), None) else {
        assert!(!before, "verified, and not opened");
        return false;
    };
    assert!(before, "opened, and not verified");
    let frames = read_all(&journal.log()).expect("what was opened can be read");
    assert!(whole.frames.starts_with(&frames), "frames that nobody wrote");
    drop((journal, report));
    let (again, _) = Journal::open(disk.storage(), None).expect("opened once, opened again");
    assert_eq!(read_all(&again.log()).expect("frames"), frames);
    true
}

#[test]
fn damaged_logs_are_answered_in_time_and_never_with_frames_that_nobody_wrote() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let only = number("COUNTERSIGN_FUZZ_SEED");
    let first = only.unwrap_or(seed(0x0010_60f5));
    let until = Instant::now() + Duration::from_secs(number("COUNTERSIGN_FUZZ_SECONDS").unwrap_or(3));
    let whole = whole(7);
    let (mut rounds, mut opened, mut slowest) = (0_u64, 0_u64, Duration::ZERO);
    while Instant::now() < until && (only.is_none() || rounds == 0) {
        let seed = first.wrapping_add(rounds);
        let (answer, took) = timed(ANSWER_WITHIN, || catch_unwind(AssertUnwindSafe(|| round(&whole, seed))));
        let Ok(open) = answer else { panic!("repeat it with COUNTERSIGN_FUZZ_SEED={seed}") };
        assert!(took < ANSWER_WITHIN, "{took:?}: repeat it with COUNTERSIGN_FUZZ_SEED={seed}");
        rounds += 1;
        opened += u64::from(open);
        slowest = slowest.max(took);
    }
    let said = format!("{rounds} logs from seed {first}, {opened} opened, the slowest took {slowest:?}");
    writeln!(std::io::stderr(), "{said}").expect("a line");
    tell(
        9,
        &said,
        "recovery: an error with a place, or frames that were written; never a panic",
        "all answered in time",
    );
    if only.is_none() {
        assert!(opened > 0 && opened < rounds, "too little or too much damage: {opened} of {rounds} opened");
    }
}
