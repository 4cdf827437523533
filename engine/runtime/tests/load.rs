//! More than it can take: full queues, slow followers, full disks. It says so, and holds no more than it may.

use std::sync::Arc;

use crate::support::gate::Gate;
use crate::support::*;
use crate::told::tell;
use countersign_core::command::Body;
use countersign_journal::sim::SimDisk;
use countersign_runtime::*;

#[test]
fn overload_is_refused_and_memory_stays_bounded() {
    let clock = ManualClock::new(START);
    let gate = Gate::new(SimDisk::new(1).storage());
    let options = EngineOptions {
        home: Home::Storage(Arc::new(gate.clone())),
        queue_capacity: 16,
        ..options(&SimDisk::new(1), &clock)
    };
    let engine = found(options);
    let handle = engine.handle();
    gate.close();
    let mut pending = Vec::new();
    let mut turned_away = 0;
    let mut n = 0;
    // The disk does nothing: sooner or later nothing more is taken on.
    while turned_away < 20_000 {
        n += 1;
        match handle.send(submit(&format!("s{n}"), START, "one")) {
            Ok(answer) => {
                pending.push(answer);
                turned_away = 0;
            }
            Err(Unavailable::Overloaded { retry_after_ms }) => {
                assert!(retry_after_ms > 0);
                turned_away += 1;
                std::thread::yield_now();
            }
            Err(other) => panic!("{other}"),
        }
    }
    // One group in flight, one filling, the queue, and the command at hand.
    let frame_bytes_min = 200;
    let bound = 2 * small().group_bytes_max as usize / frame_bytes_min + 16 + 1;
    assert!(pending.len() < bound, "{} taken on", pending.len());
    gate.open();
    let first = pending.into_iter().map(|answer| answer.wait().expect("what was taken on is answered"));
    let sequences: Vec<u64> = first.map(|reply| reply.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[0] < pair[1]), "in the order in which it came");
    accepted(handle.command_blocking(submit("after", START, "after")));
    tell(
        11,
        &format!("a disk that stands still: {n} submissions sent"),
        "what is taken on is bounded, the rest is OVERLOADED with retry_after_ms; order kept afterwards",
        &format!("{} taken on, all answered; bound {bound}", sequences.len()),
    );
}

#[test]
fn a_follower_far_behind_holds_up_new_work_only() {
    let (disk, clock) = (SimDisk::new(2), ManualClock::new(START));
    let engine = found(EngineOptions { follower_lag_max: 20, ..options(&disk, &clock) });
    let handle = engine.handle();
    let follower = handle.log().follow("slow", handle.log().durable());
    let mut receipts = Vec::new();
    let refused = loop {
        let id = format!("s{}", receipts.len());
        match handle.command_blocking(submit(&id, START, "one")) {
            Ok(reply) => receipts.push(reply.accepted().unwrap().clone()),
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused.code(), receipts.len()), ("OVERLOADED", 21));
    assert!(handle.status().followers_behind);
    let decided = handle.command_blocking(approve("d0", START, &receipts[0])).unwrap();
    follower.applied(decided.sequence);
    accepted(handle.command_blocking(submit("again", START, "one")));
    assert_eq!(handle.status().followers, [("slow".to_owned(), decided.sequence)]);
    drop(follower);
    assert!(handle.status().followers.is_empty());
    let looked_at = "new work is OVERLOADED once it is 20 frames behind, decisions go on";
    tell(
        11,
        "a follower that stands still",
        looked_at,
        &format!("refused after {} submissions", receipts.len()),
    );
}

#[test]
fn a_full_disk_refuses_new_work_keeps_deciding_and_resumes_by_itself() {
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    let geometry = countersign_journal::Geometry { segment_bytes: 8 << 20, ..small() };
    let options = || EngineOptions { geometry, ..options(&disk, &clock) };
    let engine = found(options());
    let receipt = accepted(engine.handle().command_blocking(submit("s1", START, "one")));
    engine.stop().unwrap();
    // Without the segment that the engine had prepared ahead, and without room for another.
    disk.names().iter().filter(|name| name.ends_with("2.log")).for_each(|name| disk.remove(name));
    disk.set_full(true);
    let (engine, _) = Engine::open(options()).unwrap();
    let handle = engine.handle();
    until("the disk is found full", || handle.status().room == Room::Reserve);
    assert_eq!(handle.command_blocking(submit("s2", START, "two")).unwrap_err().code(), "DISK_FULL");
    accepted(handle.command_blocking(approve("d1", START, &receipt)));
    let withdrawn = request("w1", START, ("wu", "worker"), Body::Withdraw { case: 1, reason: None });
    assert_eq!(refused(handle.command_blocking(withdrawn)), "CASE_CLOSED", "still judged");
    disk.set_full(false);
    until("there is room again", || handle.status().room == Room::Enough);
    accepted(handle.command_blocking(submit("s2", START, "two")));
    let looked_at = "new work is DISK_FULL, decisions go on; new work again without anybody's help";
    tell(4, "a disk that is full, then has room", looked_at, "as expected");
}

#[test]
fn an_exhausted_reserve_refuses_everything_and_loses_nothing() {
    let (disk, clock) = (SimDisk::new(4), ManualClock::new(START));
    let engine = found(options(&disk, &clock));
    engine.stop().unwrap();
    disk.names().iter().filter(|name| name.ends_with("2.log")).for_each(|name| disk.remove(name));
    disk.set_full(true);
    let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
    let handle = engine.handle();
    until("the disk is found full", || handle.status().room != Room::Enough);
    // Operators may use the reserve: here they use it up.
    let mut taken = 0;
    let refused = loop {
        match handle.command_blocking(operator(Body::Activate { definitions: (1..=7).collect() })) {
            Ok(_) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused.code(), handle.status().room), ("DISK_FULL", Room::None));
    assert!(taken > 100, "the reserve was for {taken} commands only");
    disk.set_full(false);
    until("there is room again", || handle.status().room == Room::Enough);
    let hash = engine.stop().unwrap().hash();
    let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
    assert_eq!(engine.handle().read_blocking(|state| state.hash()).unwrap().0, hash);
    let looked_at = "everything is DISK_FULL, then works again by itself; State is the fold of the log";
    tell(4, "a reserve used up to the end", looked_at, &format!("{taken} commands in the reserve, 0 lost"));
}
