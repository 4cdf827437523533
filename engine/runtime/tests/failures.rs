//! Panics: a look that panics harms nobody, a core thread that panics ends everything.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::*;
use crate::told::tell;
use countersign_core::state::State;
use countersign_core::time::Timestamp;
use countersign_journal::sim::{Failure, SimDisk};
use countersign_runtime::*;

#[test]
fn a_look_that_panics_is_an_error_of_its_caller_alone() {
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    let (before, _) = handle.read_blocking(State::hash).unwrap();
    let failed = handle.read_blocking(|_| -> u64 { panic!("on purpose") }).unwrap_err();
    assert_eq!(failed.code(), "INTERNAL");
    assert_eq!(handle.read_blocking(State::hash).unwrap().0, before);
    accepted(handle.command_blocking(submit("s1", START, "one")));
    assert!(handle.status().is_well());
}

/// A clock that panics on the core thread once it is told to.
struct Breaking {
    clock: ManualClock,
    broken: AtomicBool,
}

impl Clock for Breaking {
    fn wall(&self) -> Timestamp {
        assert!(!self.broken.load(Ordering::SeqCst), "the clock broke on purpose");
        self.clock.wall()
    }

    fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }
}

#[test]
fn a_panic_on_the_core_thread_stops_everything_and_answers_nothing() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    let breaking = Arc::new(Breaking { clock: clock.clone(), broken: AtomicBool::new(false) });
    let engine = found(EngineOptions { clock: breaking.clone(), ..options(&disk, &clock) });
    let handle = engine.handle().clone();
    let before = handle.log().durable();
    breaking.broken.store(true, Ordering::SeqCst);
    assert_eq!(handle.command_blocking(submit("s1", START, "one")).unwrap_err(), Unavailable::Stopped);
    until("the failure is known", || handle.status().failed.is_some());
    let reason = handle.status().failed.unwrap();
    assert!(reason.contains("core thread panicked") && reason.contains("on purpose"), "{reason}");
    assert_eq!(handle.command_blocking(submit("s2", START, "two")).unwrap_err(), Unavailable::Stopped);
    assert_eq!(engine.stop().err().unwrap().code(), "ENGINE_STOPPED");
    assert_eq!(handle.log().durable(), before);
}

#[test]
fn everybody_who_waits_learns_of_a_failed_sync() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle();
    disk.fail(Failure::Sync(1));
    let sent: Vec<_> =
        (0..20).filter_map(|n| handle.send(submit(&format!("s{n}"), START, "one")).ok()).collect();
    for answer in sent {
        assert_eq!(answer.wait().unwrap_err(), Unavailable::Stopped);
    }
    assert_eq!(handle.read_blocking(|_| ()).unwrap_err(), Unavailable::Stopped, "State is ahead of the disk");
    assert!(handle.status().failed.unwrap().contains("write segment"));
    let looked_at = "each learns ENGINE_STOPPED, reads too: State is ahead of the disk";
    tell(3, "a failed sync under 20 waiting callers", looked_at, "nobody was answered");
}

const CHILD: &str = "COUNTERSIGN_TEST_ABORT";

#[test]
fn the_process_aborts_where_that_is_asked_for() {
    if std::env::var_os(CHILD).is_some() {
        let (disk, clock) = (SimDisk::new(4), ManualClock::new(START));
        let engine = found(EngineOptions { on_fatal: OnFatal::Abort, ..options(&disk, &clock) });
        disk.fail(Failure::Sync(1));
        let answer = engine.handle().command_blocking(submit("s1", START, "one"));
        panic!("answered: {answer:?}");
    }
    let name = "failures::the_process_aborts_where_that_is_asked_for";
    let program = std::env::current_exe().unwrap();
    let output =
        Command::new(program).args(["--exact", name, "--nocapture"]).env(CHILD, "1").output().unwrap();
    assert!(std::os::unix::process::ExitStatusExt::signal(&output.status).is_some(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("answered"), "{output:?}");
    let looked_at = "it ends by a signal, the caller is not answered";
    tell(3, "a failed sync in a process that runs as it is served", looked_at, "aborted");
}
