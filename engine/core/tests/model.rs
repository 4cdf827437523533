//! A naive, independent model of approvals agrees with the engine over 100,000 random commands, a million with
//! `COUNTERSIGN_LONG=1` and 24,000 with `COUNTERSIGN_SHORT=1`, in organisations that somebody drew and in random ones: on
//! who may do what (the refusal's code included), and after each command on who is asked, where the case stands, its
//! revision, and whose signatures stand. Models made wrong on purpose are found out.
//!
//! The model was written from the documents (rules R1-R22, the approval glossary), not from the engine: plain vectors
//! and recursion, no events, no incremental state. Every view of a case is computed anew from the list of inputs that
//! were accepted.
#![allow(dead_code, unreachable_pub, reason = "other tests use parts of the model")]

pub(crate) mod case;
pub(crate) mod chains;
pub(crate) mod climb;
pub(crate) mod company;
pub(crate) mod driver;
pub(crate) mod generator;
pub(crate) mod judge;
pub(crate) mod order;
pub(crate) mod principles;
pub(crate) mod random;
pub(crate) mod route;
pub(crate) mod shuffle;
pub(crate) mod tree;
pub(crate) mod wild;

use std::collections::BTreeMap;

use company::POLICIES;
use driver::{Run, Tally};
use random::seeds;
use route::Mistake;

const COMMANDS_PER_SEED: usize = 2_000;

/// Runs a seed to its end, or to the first disagreement.
fn run(seed: u64, mistake: Mistake) -> Result<Tally, String> {
    let policy = POLICIES[seed as usize % POLICIES.len()];
    let mut run = Run::new(seed, policy, mistake);
    for step in 0..COMMANDS_PER_SEED {
        run.step().map_err(|error| {
            format!("seed {seed} ({policy:?}), step {step}; COUNTERSIGN_SEED={seed} repeats it:\n{error}")
        })?;
    }
    Ok(run.tally)
}

#[test]
fn the_model_agrees_with_the_engine_over_100_000_commands() {
    let seeds = seeds(
        0..match (asked("COUNTERSIGN_LONG"), asked("COUNTERSIGN_SHORT")) {
            (true, _) => 520,
            (_, true) => 12,
            _ => 60,
        },
    );
    let mut all = Tally::default();
    for seed in &seeds {
        let tally = run(*seed, Mistake::None).unwrap_or_else(|error| panic!("{error}"));
        all.add(&tally);
    }
    if seeds.len() >= 60 {
        covers(&all);
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may be told to take its time, or to hurry")]
fn asked(name: &str) -> bool {
    std::env::var(name).is_ok_and(|value| value == "1")
}

/// The run is worth something only if it went everywhere.
fn covers(all: &Tally) {
    assert!(all.commands >= 100_000, "expected 100,000 commands, found {}", all.commands);
    let valid = all.accepted * 100 / all.commands;
    assert!((55..=85).contains(&valid), "expected about 70% of the commands to be accepted, found {valid}%");
    reached("verdict", &all.verdicts, &["approve", "pass", "object", "return", "reject", "input", "submit"]);
    let verbs = ["submit", "resubmit", "decide", "amend", "withdraw", "refer-up", "fact", "repeat"];
    reached("verb", &all.verbs, &verbs);
    let ends = ["approved", "rejected", "beyond", "expired", "small"].map(|end| format!("ended {end}"));
    let ends: Vec<&str> = ends.iter().map(String::as_str).collect();
    reached("end", &all.ends, &ends);
    reached("end", &all.ends, &["ended rejected REVISION_LIMIT", "withdrawn"]);
    reached("hold", &all.holds, &["NO_APPROVER"]);
    let events = [
        "state-skipped",
        "checks-failed",
        "branch-chosen",
        "opinions-opened",
        "case-returned",
        "fact-kept",
        "fact-received",
        "state-expired",
        "signature-kept",
        "task-withdrawn",
        "task-referred",
        "route-extended",
        "skip-level-attempted",
        "self-approval-attempted",
    ];
    reached("event", &all.events, &events);
    if asked("COUNTERSIGN_LONG") {
        // Rare: a later answer to an earlier task of the same case, by whoever had been asked.
        reached("event", &all.events, &["late-answer"]);
    }
    reached("refusal", &all.refusals, REFUSALS);
    let unknown: Vec<&String> = all.refusals.keys().filter(|c| !REFUSALS.contains(&c.as_str())).collect();
    assert!(unknown.is_empty(), "refusals that this test does not count: {unknown:?}");
}

/// Every refusal that a person or a system can cause with these definitions.
const REFUSALS: &[&str] = &[
    "REQUEST_ID_REUSED",
    "REQUEST_EXPIRED",
    "SENT_AT_AHEAD",
    "CHAIN_UNKNOWN",
    "CASE_UNKNOWN",
    "FORBIDDEN",
    "NOT_HOLDER",
    "CASE_CLOSED",
    "CASE_HELD",
    "TASK_UNKNOWN",
    "SELF_APPROVAL",
    "NOT_ASSIGNEE",
    "CONFLICT",
    "NOT_INITIATOR",
    "NOT_SUBMITTER",
    "NOT_IN_DRAFT",
    "FROZEN",
    "SKIP_LEVEL",
    "VERDICT_NOT_ALLOWED",
    "REASON_REQUIRED",
    "WITHIN_AUTHORITY",
    "NOT_DECIDING",
    "FIELD_UNKNOWN",
    "FIELD_MISSING",
    "FIELD_TYPE",
    "AMOUNT_SCALE",
    "FIELD_COMPUTED",
    "NOT_UNIQUE",
    "CURRENCY_MISMATCH",
    "NO_APPROVER",
    "BEYOND_AUTHORITY",
    "REVISION_LIMIT",
    "NOTHING_CHANGED",
    "NOTHING_ASKED",
];

fn reached<K: std::borrow::Borrow<str> + Ord + std::fmt::Debug>(
    what: &str,
    found: &BTreeMap<K, usize>,
    wanted: &[&str],
) {
    let missed: Vec<&&str> = wanted.iter().filter(|w| found.get(**w).is_none_or(|n| *n == 0)).collect();
    assert!(missed.is_empty(), "no command reached the {what}s {missed:?}; reached were {found:?}");
}

/// A harness that cannot fail is no harness: each of these models is wrong in one rule.
#[test]
fn a_model_with_one_rule_wrong_is_found_out() {
    let mistakes = [
        Mistake::LimitsExclusive,
        Mistake::SelfAllowed,
        Mistake::SignaturesSurvive,
        Mistake::ReturnedAtOnce,
        Mistake::OneVoteLess,
        Mistake::VacantSkipped,
        Mistake::NoMergeFloor,
        Mistake::PeopleNotSlots,
        Mistake::BlindShows,
        Mistake::InOrderAtOnce,
    ];
    for mistake in mistakes {
        let found = (0..12).find_map(|seed| run(seed, mistake).err());
        let found = found.unwrap_or_else(|| panic!("expected the model with {mistake:?} to be found out"));
        assert!(found.contains("the model expects"), "{mistake:?} is found by comparing: {found}");
    }
}
