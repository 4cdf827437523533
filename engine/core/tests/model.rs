//! A naive, independent model of approvals agrees with the engine over 100,000 random commands: on who may do what
//! (the refusal's code included), and after each command on who is asked, where the case stands, its revision, and
//! whose signatures stand. A model made wrong on purpose is found out.

#[path = "model/mod.rs"]
mod parts;

use parts::company::POLICIES;
use parts::driver::{Run, Tally};
use parts::random::seeds;
use parts::route::Mistake;

const COMMANDS_PER_SEED: usize = 2_000;

/// Runs a seed to its end, or to the first disagreement.
fn run(seed: u64, mistake: Mistake) -> Result<Tally, String> {
    let policy = POLICIES[seed as usize % POLICIES.len()];
    let mut run = Run::new(seed, policy, mistake);
    for step in 0..COMMANDS_PER_SEED {
        run.step().map_err(|error| {
            format!("seed {seed} ({policy:?}), step {step}, COUNTERSIGN_SEED={seed} repeats it:\n{error}")
        })?;
    }
    Ok(run.tally)
}

#[test]
fn the_model_agrees_with_the_engine() {
    let mut all = Vec::new();
    for seed in seeds(0..52) {
        match run(seed, Mistake::None) {
            Ok(tally) => all.push(tally),
            Err(error) => panic!("{error}"),
        }
    }
}
