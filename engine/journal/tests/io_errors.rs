//! EIO at every write and at every sync: the journal stops, and nothing is acknowledged afterwards.

use crate::common::{read_all, reopen, run_workload};
use countersign_journal::sim::{Failure, SimDisk};
use countersign_journal::{Error, Journal};

const GROUPS: u64 = 120;

fn check_failure(seed: u64, failure: Failure) {
    let disk = SimDisk::new(seed);
    disk.fail(failure);
    let (oracle, end) = run_workload(&disk, seed, GROUPS);
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

#[test]
fn a_write_error_at_every_call_stops_the_journal() {
    for seed in 1..=3 {
        let whole = SimDisk::new(seed);
        assert!(run_workload(&whole, seed, GROUPS).1.is_ok());
        assert!(whole.writes() > GROUPS);
        (1..=whole.writes()).for_each(|nth| check_failure(seed, Failure::Write(nth)));
    }
}

#[test]
fn a_sync_error_at_every_call_stops_the_journal() {
    for seed in 1..=3 {
        let whole = SimDisk::new(seed);
        assert!(run_workload(&whole, seed, GROUPS).1.is_ok());
        assert!(whole.syncs() > GROUPS);
        (1..=whole.syncs()).for_each(|nth| check_failure(seed, Failure::Sync(nth)));
    }
}
