//! EIO at every write and at every sync: the journal stops, and nothing is acknowledged afterwards.
//!
//! 120 groups under three seeds; 1,000 under one with COUNTERSIGN_LONG=1. COUNTERSIGN_SEED and COUNTERSIGN_COUNT (groups).

use crate::common::{read_all, reopen, run_workload};
use crate::told::{count, seed, tell};
use countersign_journal::sim::{Failure, SimDisk};
use countersign_journal::{Error, Journal};

fn check_failure(seed: u64, groups: u64, failure: Failure) {
    let disk = SimDisk::new(seed);
    disk.fail(failure);
    let (oracle, end) = run_workload(&disk, seed, groups);
    let Err((error, journal)) = end else { panic!("{failure:?}, seed {seed}: nothing failed") };
    assert_eq!(error.code(), "IO", "{failure:?}, seed {seed}: {error}");
    if let Some(mut journal) = journal {
        let (writes, syncs, head) = (disk.writes(), disk.syncs(), journal.head());
        let again = journal.append_frames([b"more".as_slice()]).expect_err("the journal has stopped");
        assert_eq!(again.code(), "LOG_STOPPED");
        assert_eq!(journal.write_head().expect_err("the journal has stopped").code(), "LOG_STOPPED");
        assert_eq!((disk.writes(), disk.syncs()), (writes, syncs), "the disk is left alone");
        assert_eq!((journal.head(), journal.log().head()), (head, head));
        assert_eq!(head.sequence, oracle.acknowledged.len() as u64);
    }
    // The process ends and starts again; then the power goes, which shows what the disk really holds.
    disk.restart_process();
    let shown = match Journal::open(disk.storage(), None) {
        Ok((journal, _)) => read_all(&journal.log()).expect("a whole log"),
        Err(Error::Missing) if !oracle.created => return,
        Err(error) => panic!("{failure:?}, seed {seed}: {error}"),
    };
    oracle.check(&shown).unwrap_or_else(|why| panic!("{failure:?}, seed {seed}: {why}"));
    disk.cut_power();
    disk.power_on();
    let left = reopen(disk.storage()).unwrap_or_else(|error| panic!("{failure:?}, seed {seed}: {error}"));
    assert_eq!(left, shown, "{failure:?}, seed {seed}: what opening showed was not durable");
}

/// Fails each call of a kind, one a run.
fn fail_everywhere(what: &str, failure: fn(u64) -> Failure, calls: fn(&SimDisk) -> u64) {
    let (first, groups) = (seed(1), count(120, 1_000));
    let seeds = first..first + if groups > 120 { 1 } else { 3 };
    let mut failed = 0;
    for seed in seeds.clone() {
        let whole = SimDisk::new(seed);
        assert!(run_workload(&whole, seed, groups).1.is_ok());
        assert!(calls(&whole) > groups);
        (1..=calls(&whole)).for_each(|nth| check_failure(seed, groups, failure(nth)));
        failed += calls(&whole);
    }
    tell(
        3,
        &format!(
            "EIO at every {what} of {groups} groups, seeds {first} to {}: {failed} failures",
            seeds.end - 1
        ),
        "the journal stops, leaves the disk alone and acknowledges nothing more; what opening shows is durable",
        "0 acknowledged after it, 0 lost",
    );
}

#[test]
fn a_write_error_at_every_call_stops_the_journal() {
    fail_everywhere("write", Failure::Write, SimDisk::writes);
}

#[test]
fn a_sync_error_at_every_call_stops_the_journal() {
    fail_everywhere("sync", Failure::Sync, SimDisk::syncs);
}
