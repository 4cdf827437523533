//! Replies: what they say, when they leave, and what a repeat gets.

use std::sync::Arc;
use std::sync::mpsc;

use crate::support::gate::Gate;
use crate::support::*;
use countersign_core::command::{Body, Cause};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

#[test]
fn no_reply_leaves_before_what_it_rests_on_is_durable() {
    let clock = ManualClock::new(START);
    let gate = Gate::new(SimDisk::new(1).storage());
    let disk = SimDisk::new(1);
    let engine =
        found(EngineOptions { home: Home::Storage(Arc::new(gate.clone())), ..options(&disk, &clock) });
    let handle = engine.handle();
    let before = handle.log().durable();
    gate.close();
    let mut submitted = handle.send(submit("s1", START, "one")).unwrap();
    gate.wait_for_sync();
    let mut second = handle.send(submit("s2", START, "two")).unwrap();
    let mut refused = handle.send(submit_to("nosuch", "s3", START, "three")).unwrap();
    let mut repeated = handle.send(submit("s1", START, "one")).unwrap();
    let (ran, has_run) = mpsc::channel();
    let mut read = handle
        .send_read(move |state| {
            ran.send(()).unwrap();
            state.open_cases()
        })
        .unwrap();
    // The read came last and has been done, so everything before it has been decided.
    has_run.recv().unwrap();
    assert!(!is_ready(&mut submitted) && !is_ready(&mut second), "acceptances wait");
    assert!(!is_ready(&mut refused), "a refusal rests on frames that are not durable");
    assert!(!is_ready(&mut repeated), "a repeat rests on a frame that is not durable");
    assert!(!is_ready(&mut read), "a read rests on frames that are not durable");
    assert_eq!(handle.log().durable(), before);
    gate.open();
    let first = submitted.wait().unwrap();
    assert_eq!(first.sequence, before + 1);
    assert_eq!(second.wait().unwrap().sequence, before + 2);
    let refused = refused.wait().unwrap();
    assert_eq!((refused.refused().unwrap().code.as_str(), refused.sequence), ("CHAIN_UNKNOWN", before + 2));
    assert_eq!(read.wait().unwrap(), (2, before + 2));
    let repeated = repeated.wait().unwrap();
    assert_eq!(repeated, Reply { repeated: true, ..first });
    assert_eq!(handle.log().durable(), before + 2);
}

#[test]
fn a_repeat_gets_the_same_answer_also_after_a_restart() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let first = engine.handle().command_blocking(submit("s1", START, "one")).unwrap();
    let receipt = first.accepted().unwrap().clone();
    assert_eq!((receipt.case, receipt.revision), (Some(1), Some(1)));
    let decided = engine.handle().command_blocking(approve("d1", START, &receipt)).unwrap();
    assert_eq!(decided.accepted().unwrap().state.as_deref(), Some("passed"));
    let again = engine.handle().command_blocking(submit("s1", START, "one")).unwrap();
    assert_eq!(again, Reply { repeated: true, ..first.clone() });
    let live = engine.stop().unwrap();

    clock.advance(HOUR);
    let (engine, report) = Engine::open(options(&disk, &clock)).unwrap();
    assert_eq!(report.journal.head_record, report.journal.head, "a clean stop records the head");
    let handle = engine.handle();
    let (hash, _) = handle.read_blocking(countersign_core::state::State::hash).unwrap();
    assert_eq!(hash, live.hash(), "a restart gives the same State");
    let again = handle.command_blocking(approve("d1", START, &receipt)).unwrap();
    assert_eq!(again, Reply { repeated: true, ..decided });
    let durable = handle.log().durable();
    assert_eq!(refused(handle.command_blocking(submit("s1", START, "other"))), "REQUEST_ID_REUSED");
    let old = Timestamp(START.0 - 25 * HOUR as i64);
    assert_eq!(refused(handle.command_blocking(submit("s9", old, "late"))), "REQUEST_EXPIRED");
    assert_eq!(handle.log().durable(), durable, "plain refusals leave no frame");
}

#[test]
fn an_audited_refusal_is_repeated_as_a_refusal() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let past_the_lead = || {
        let mut incoming = submit("s1", START, "one");
        if let Body::Submit { addressee, .. } = &mut incoming.body {
            *addressee = Some(Name::from("head"));
        }
        incoming
    };
    let first = engine.handle().command_blocking(past_the_lead()).unwrap();
    assert_eq!(first.refused().unwrap().code.as_str(), "SKIP_LEVEL");
    let again = engine.handle().command_blocking(past_the_lead()).unwrap();
    assert!(again.repeated);
    assert_eq!(again.sequence, first.sequence);
    assert_eq!(again.refused().unwrap().code, first.refused().unwrap().code);
    assert_eq!(again.refused().unwrap().message, first.refused().unwrap().message);
}

#[test]
fn callers_cannot_give_the_engines_own_commands() {
    let (disk, clock) = (SimDisk::new(4), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let as_timer = Incoming { cause: Cause::Timer { due: START }, ..submit("s1", START, "one") };
    for incoming in [as_timer, operator(Body::Sweep)] {
        assert_eq!(engine.handle().command_blocking(incoming).unwrap_err().code(), "INTERNAL");
    }
}

#[test]
fn a_stopped_engine_answers_that_it_has_stopped() {
    let (disk, clock) = (SimDisk::new(5), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let handle = engine.handle().clone();
    engine.stop().unwrap();
    assert_eq!(handle.command_blocking(submit("s1", START, "one")).unwrap_err(), Unavailable::Stopped);
    assert_eq!(handle.read_blocking(|_| ()).unwrap_err(), Unavailable::Stopped);
    assert!(handle.status().ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_get_their_own_answers_and_share_syncs() {
    let (disk, clock) = (SimDisk::new(6), ManualClock::new(START));
    let engine = tokio::task::spawn_blocking({
        let (disk, clock) = (disk.clone(), clock.clone());
        move || found(options(&disk, &clock))
    });
    let engine = engine.await.unwrap();
    let callers = (0..64).map(|caller| {
        let handle = engine.handle().clone();
        tokio::spawn(async move {
            for round in 0..10 {
                let id = format!("{caller}-{round}");
                let receipt = accepted(handle.command(submit(&format!("s{id}"), START, &id)).await);
                let decided = accepted(handle.command(approve(&format!("d{id}"), START, &receipt)).await);
                assert_eq!(decided.case, receipt.case);
                assert_eq!(decided.state.as_deref(), Some("passed"));
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let (open, sequence) = engine.handle().read(|state| state.open_cases()).await.unwrap();
    assert_eq!(open, 0);
    assert_eq!(engine.handle().log().durable(), sequence);
    assert!(sequence >= 1280);
    tokio::task::spawn_blocking(move || engine.stop()).await.unwrap().unwrap();
}
