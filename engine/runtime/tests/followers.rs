//! Followers: every durable frame in order, and none that is not durable.

use std::sync::Arc;
use std::time::Duration;

use crate::support::gate::Gate;
use crate::support::*;
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

const WAIT: Duration = Duration::from_secs(20);

#[test]
fn a_follower_gets_every_frame_once_it_is_durable() {
    let clock = ManualClock::new(START);
    let gate = Gate::new(SimDisk::new(1).storage());
    let engine = found(EngineOptions {
        home: Home::Storage(Arc::new(gate.clone())),
        ..options(&SimDisk::new(1), &clock)
    });
    let handle = engine.handle();
    let durable = handle.log().durable();
    let mut reader = handle.log().reader(1).unwrap();
    for sequence in 1..=durable {
        assert_eq!(reader.read().unwrap().unwrap().0, sequence);
    }
    assert!(reader.read().unwrap().is_none());
    gate.close();
    let pending = handle.send(submit("s1", START, "one")).unwrap();
    gate.wait_for_sync();
    assert!(reader.read().unwrap().is_none(), "written, not durable");
    assert_eq!(handle.log().read_frame(durable + 1).unwrap_err().code(), "SEQUENCE_UNKNOWN");
    gate.open();
    let (sequence, frame) = reader.read_within(WAIT).unwrap().unwrap();
    assert_eq!((sequence, &frame), (durable + 1, &handle.log().read_frame(durable + 1).unwrap()));
    let reply = pending.wait().unwrap();
    assert_eq!((reply.sequence, reply.result), (sequence, result_of(&frame)));
}

#[test]
fn followers_end_with_the_engine() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    let log = engine.handle().log().clone();
    let durable = log.durable();
    let task = log.clone();
    let awaiting = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut reader = task.reader(durable + 1).unwrap();
            let mut seen = Vec::new();
            while let Some((sequence, _)) = reader.read_async().await.unwrap() {
                seen.push(sequence);
            }
            seen
        })
    });
    let mut reader = log.reader(durable + 1).unwrap();
    let waiting = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while let Some((sequence, _)) = reader.read_within(WAIT).unwrap() {
            seen.push(sequence);
        }
        seen
    });
    for n in 0..5 {
        accepted(engine.handle().command_blocking(submit(&format!("s{n}"), START, "one")));
    }
    engine.stop().unwrap();
    let all: Vec<u64> = (durable + 1..=durable + 5).collect();
    assert_eq!(waiting.join().unwrap(), all);
    assert_eq!(awaiting.join().unwrap(), all);
    assert!(log.ended() && !log.wait_past(durable + 5, WAIT));
}
