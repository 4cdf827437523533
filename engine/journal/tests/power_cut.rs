//! The power is cut at every storage call: whatever was acknowledged is there afterwards, and nothing else.
//!
//! 250 groups under four seeds; 2,000 under one with COUNTERSIGN_LONG=1. COUNTERSIGN_SEED and COUNTERSIGN_COUNT (groups).

use crate::common;

use crate::common::{Oracle, Random, SMALL, read_all, run_workload};
use crate::told::{count, seed, tell};
use countersign_journal::sim::SimDisk;
use countersign_journal::{Error, Journal};

/// Opens the log after a cut, with another cut while it is being opened, and holds it against the oracle.
fn check_after_cut(disk: &SimDisk, oracle: &Oracle, random: &mut Random) -> Result<(), String> {
    disk.power_on();
    if random.below(2) == 0 {
        disk.cut_power_at(1 + random.below(24));
        // It may also get through before the cut.
        let _ = Journal::open(disk.storage(), None);
        disk.power_on();
    }
    let (mut journal, report) = match Journal::open(disk.storage(), None) {
        Ok(opened) => opened,
        Err(Error::Missing) if !oracle.created => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if report.head_record.sequence > oracle.acknowledged.len() as u64 {
        return Err("the head record is ahead of what was acknowledged".to_owned());
    }
    if report.head_record.sequence < oracle.head_record {
        return Err(format!("the head record of sequence {} is lost", oracle.head_record));
    }
    let mut frames = read_all(&journal.log()).map_err(|error| error.to_string())?;
    oracle.check(&frames)?;
    // The log goes on where it ended.
    let more = random.frame(u64::MAX, 2000);
    journal.append_frames([more.as_slice()]).map_err(|error| error.to_string())?;
    frames.push(more);
    disk.cut_power();
    disk.power_on();
    let (journal, _) = Journal::open(disk.storage(), None).map_err(|error| error.to_string())?;
    let after = read_all(&journal.log()).map_err(|error| error.to_string())?;
    if after == frames { Ok(()) } else { Err("another frame than the one appended after the cut".to_owned()) }
}

/// Cuts at every call of the workload; counts the cuts and describes those after which the log is wrong.
fn cut_everywhere(seed: u64, groups: u64, ignore_sync: bool) -> (u64, Vec<String>) {
    let whole = SimDisk::new(seed);
    let (oracle, end) = run_workload(&whole, seed, groups);
    assert!(end.is_ok(), "the workload itself runs through");
    assert!(oracle.acknowledged.len() as u64 > groups && whole.names().len() > 5, "over many segments");
    let calls = whole.calls();
    let mut wrong = Vec::new();
    for call in 1..=calls {
        let disk = SimDisk::new(seed.wrapping_mul(1_000_003) + call);
        disk.ignore_sync(ignore_sync);
        disk.cut_power_at(call);
        let (oracle, end) = run_workload(&disk, seed, groups);
        assert!(end.is_err(), "seed {seed}: the power was cut at call {call} of {calls}");
        let mut random = Random::new(seed ^ (call << 20));
        if let Err(why) = check_after_cut(&disk, &oracle, &mut random) {
            wrong.push(format!("seed {seed}, cut at call {call} of {calls}: {why}"));
        }
    }
    (calls, wrong)
}

#[test]
fn a_power_cut_at_every_storage_call_loses_nothing_acknowledged() {
    let (first, groups) = (seed(1), count(250, 2_000));
    let seeds = first..first + if groups > 250 { 1 } else { 4 };
    let mut cuts = 0;
    for seed in seeds.clone() {
        let (calls, wrong) = cut_everywhere(seed, groups, false);
        assert!(calls > 2 * groups);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        cuts += calls;
    }
    tell(
        2,
        &format!(
            "power cut at every storage call of {groups} groups, seeds {first} to {}: {cuts} cuts, half of them with another while opening",
            seeds.end - 1
        ),
        "every acknowledged frame is there, no other is; the log goes on",
        "0 lost, 0 too many",
    );
}

#[test]
fn the_harness_detects_that_syncs_were_removed() {
    let seed = seed(5);
    let (calls, wrong) = cut_everywhere(seed, 250, true);
    // A cut that happens to keep everything cannot be told from a sync, and early cuts lose little.
    assert!(wrong.len() as u64 > calls / 2, "only {} of {calls} cuts were noticed", wrong.len());
    assert!(wrong.iter().any(|why| why.contains("are left")), "a plain loss is among them: {wrong:?}");
    tell(
        2,
        &format!("control: the same with syncs that do nothing, 250 groups, seed {seed}"),
        "the harness notices that acknowledged frames are gone",
        &format!("noticed after {} of {calls} cuts", wrong.len()),
    );
}

/// After a failed sync the cache shows a head record that the disk does not have.
#[test]
fn a_head_record_is_written_again_after_opening() {
    for seed in 0..100 {
        let disk = SimDisk::new(seed);
        let mut journal = Journal::create(disk.storage(), common::LOG_ID, 1, SMALL).expect("a new log");
        journal.append_frames([b"durable".as_slice()]).expect("an append");
        disk.fail(countersign_journal::sim::Failure::Sync(1));
        journal.write_head().expect_err("the sync fails");
        disk.restart_process();
        let (mut journal, _) = Journal::open(disk.storage(), None).expect("the cache is whole");
        journal.write_head().expect("a head record");
        disk.cut_power();
        disk.power_on();
        let report = countersign_journal::verify(&disk).expect("a whole log");
        assert_eq!((report.head_record, report.head_slots_damaged), (report.head, 0), "seed {seed}");
    }
}

/// A killed process leaves its unsynced group in the cache. Once the log was opened, the group counts, so it
/// must survive a power cut from then on.
#[test]
fn what_opening_shows_is_durable_from_then_on() {
    let frame = vec![7; 2500];
    for seed in 0..200 {
        let disk = SimDisk::new(seed);
        let mut journal = Journal::create(disk.storage(), common::LOG_ID, 1, SMALL).expect("a new log");
        journal.append_frames([b"durable".as_slice()]).expect("an append");
        disk.fail(countersign_journal::sim::Failure::Sync(1));
        journal.append_frames([frame.as_slice()]).expect_err("the sync fails");
        disk.restart_process();
        let shown = common::reopen(disk.storage()).expect("the cache is whole");
        assert_eq!(shown.len(), 2);
        disk.cut_power();
        disk.power_on();
        assert_eq!(common::reopen(disk.storage()).expect("a whole log"), shown, "seed {seed}");
    }
}
