//! The pipe, the log thread and the release of replies under orders of threads that nobody would think of: no reply
//! leaves before what it rests on is durable, each leaves once, a failed sync answers nobody, and nothing hangs.
//!
//! The three files are the engine's own; shuttle's locks and channels stand in place of the standard library's.
//! COUNTERSIGN_SEED and COUNTERSIGN_COUNT (orders tried): 2,000; 200,000 with COUNTERSIGN_LONG=1.
#![allow(clippy::duplicate_mod, reason = "the same sources with other locks")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign_core::command::Cause;
use countersign_core::frame::{Frame, Outcome};
use countersign_core::name::Name;
use countersign_core::time::Timestamp;
use countersign_journal::sim::{self, SimDisk};
use countersign_journal::{Geometry, Journal, LogId};
use shuttle::scheduler::RandomScheduler;
use shuttle::{Config, Runner, thread};
use tokio::sync::{oneshot, watch};

use crate::clock::ManualClock;
use crate::disk::Disk;
use crate::failure::Failure;
use crate::follow::LogView;
use crate::options::OnFatal;
use log_thread::LogThread;
use pipe::{Batch, Next, Pipe};
use release::{Answers, Held, Releaser};

#[allow(dead_code, reason = "the engine uses all of it")]
#[path = "log_thread.rs"]
mod log_thread;
#[allow(dead_code, reason = "the engine uses all of it")]
#[path = "pipe.rs"]
mod pipe;
#[allow(dead_code, reason = "the engine uses all of it")]
#[path = "release.rs"]
mod release;
#[path = "../../../tests/faults/told.rs"]
mod told;

/// What the three files take for the engine's locks.
mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicBool, Ordering};
    pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard, mpsc};
    pub(crate) use std::sync::PoisonError;
}

const SMALL: Geometry = Geometry { segment_bytes: 16 * 1024, group_bytes_max: 3 * 1024 };
const ROUNDS: u64 = 4;
const A_ROUND: u64 = 2;

fn frame(number: u64) -> Frame {
    let cause = Cause::Operator { os_user: Name::from("root") };
    let at = Timestamp(i64::try_from(number).expect("a small number"));
    Frame { at, cause, outcome: Outcome::Accepted, events: Vec::new() }
}

/// How many frames the disk still has once the power has gone.
fn survives(disk: &SimDisk) -> u64 {
    let disk = disk.fork();
    disk.cut_power();
    disk.power_on();
    Journal::open(disk.storage(), None).expect("a log").1.last_sequence
}

/// A caller's answer that has not come yet: what it must rest on, and where it comes.
struct Waiting {
    sequence: u64,
    reply: oneshot::Receiver<Result<crate::reply::Reply, crate::error::Unavailable>>,
}

/// What came of one order of threads.
#[derive(Default)]
struct Came {
    answered: u64,
    unanswered: u64,
}

impl Came {
    /// Takes the answers that are there, each of which must be on the disk by now.
    fn take(&mut self, waiting: &mut Vec<Waiting>, disk: &SimDisk, log: &LogView) {
        let mut ready = 0;
        waiting.retain_mut(|one| match one.reply.try_recv() {
            Ok(reply) => {
                assert_eq!(reply.expect("an answer").sequence, one.sequence);
                assert!(log.durable() >= one.sequence, "answered before it was durable");
                ready = ready.max(one.sequence);
                self.answered += 1;
                false
            }
            Err(oneshot::error::TryRecvError::Empty) => true,
            Err(oneshot::error::TryRecvError::Closed) => {
                self.unanswered += 1;
                false
            }
        });
        assert!(ready == 0 || survives(disk) >= ready, "answered before it was on the disk");
    }
}

/// One engine's worth of threads, from its first batch to its end.
fn once(disk: &SimDisk, log_thread: fn(LogThread)) -> Came {
    let (journal, _) = Journal::open(disk.storage(), None).expect("a log");
    let pipe = Arc::new(Pipe::new([Batch::default(), Batch::default()]));
    let (away, held) = sync::mpsc::sync_channel(1);
    let (durable, watched) = watch::channel(0);
    let log = Arc::new(LogView::new(journal.log(), watched, u64::MAX));
    let failure = Arc::new(Failure::new(OnFatal::Stop));
    let (broken, ended) = (pipe.clone(), log.clone());
    failure.on_raise(Arc::new(move || {
        broken.break_up();
        ended.end();
    }));
    let room = Arc::new(Disk::new(journal.preparer(), SMALL));
    let thread = LogThread {
        group: journal.group(),
        scratch: Vec::new(),
        journal,
        pipe: pipe.clone(),
        log: log.clone(),
        durable,
        releaser: Releaser { log: log.clone(), away },
        disk: room,
        failure,
        clock: Arc::new(ManualClock::new(Timestamp(0))),
        head_written: Duration::ZERO,
    };
    let releasing = log.clone();
    let threads =
        [thread::spawn(move || log_thread(thread)), thread::spawn(move || release::run(&releasing, &held))];
    let (mut came, mut waiting, looks) = (Came::default(), Vec::new(), Arc::new(AtomicU64::new(0)));
    let mut sequence = 0;
    for _ in 0..ROUNDS {
        let Some(mut batch) = pipe.take() else { break };
        for _ in 0..A_ROUND {
            sequence += 1;
            let (to, reply) = oneshot::channel();
            batch.push(Held::Frame(frame(sequence), sequence, Some(Answers { to, before: None })));
            waiting.push(Waiting { sequence, reply });
            batch.push(look(sequence, disk, &log, &looks));
        }
        // The first request once more: answered from the log.
        let (to, reply) = oneshot::channel();
        batch.push(Held::Repeat(to, 1));
        waiting.push(Waiting { sequence: 1, reply });
        pipe.put(batch);
        came.take(&mut waiting, disk, &log);
        thread::yield_now();
        came.take(&mut waiting, disk, &log);
    }
    pipe.close();
    for thread in threads {
        thread.join().expect("a thread ends");
    }
    came.take(&mut waiting, disk, &log);
    assert!(waiting.is_empty(), "{} callers wait for ever", waiting.len());
    came
}

/// A look at State that rests on this frame: it checks that itself when it is let go.
fn look(sequence: u64, disk: &SimDisk, log: &Arc<LogView>, looks: &Arc<AtomicU64>) -> Held {
    let (disk, log, looks) = (disk.clone(), log.clone(), looks.clone());
    Held::Read(Box::new(move || {
        assert!(log.durable() >= sequence, "a look was answered before it was durable");
        assert!(survives(&disk) >= sequence, "a look was answered before it was on the disk");
        looks.fetch_add(1, Ordering::Relaxed);
    }))
}

fn new_log() -> SimDisk {
    let disk = SimDisk::new(1);
    Journal::create(disk.storage(), LogId([7; 16]), 1, SMALL).expect("a new log");
    disk
}

/// Tries so many orders.
fn orders(count: u64, run: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = 512 * 1024;
    config.silence_warnings = true;
    let count = usize::try_from(count).expect("a count");
    Runner::new(RandomScheduler::new_from_seed(told::seed(1), count), config).run(run);
}

#[test]
fn no_reply_leaves_before_what_it_rests_on_is_durable() {
    let (count, disk) = (told::count(2_000, 200_000), new_log());
    orders(count, move || {
        let came = once(&disk.fork(), LogThread::run);
        assert_eq!((came.answered, came.unanswered), (ROUNDS * (A_ROUND + 1), 0));
    });
    told::tell(
        2,
        &format!("{count} orders of core, log and release thread (shuttle), seed {}", told::seed(1)),
        "each answer leaves once, none before what it rests on survives a power cut; nothing hangs",
        "0 too early, 0 missing",
    );
}

#[test]
fn a_failed_sync_answers_nobody_who_rests_on_it_and_nobody_hangs() {
    let (count, disk) = (told::count(1_000, 100_000), new_log());
    let unanswered = Arc::new(AtomicU64::new(0));
    let counted = unanswered.clone();
    orders(count, move || {
        let disk = disk.fork();
        disk.fail(sim::Failure::Sync(2));
        let came = once(&disk, LogThread::run);
        counted.fetch_add(came.unanswered, Ordering::Relaxed);
    });
    let unanswered = unanswered.load(Ordering::Relaxed);
    assert!(unanswered > 0, "no sync failed");
    told::tell(
        3,
        &format!("{count} orders of the same threads with a failing sync, seed {}", told::seed(1)),
        "nothing is answered that does not survive a power cut; nobody waits for ever",
        &format!("0 too early, {unanswered} callers learnt that the engine had stopped"),
    );
}

/// A log thread that releases first and writes afterwards: what the harness must find.
fn hasty(mut thread: LogThread) {
    let mut done = None;
    while let Next::Batch(mut batch) = thread.pipe.next(done.take(), Duration::from_secs(1)) {
        let mut frames = Vec::new();
        for frame in batch.held().iter().filter_map(Held::frame) {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes).expect("a frame encodes");
            frames.push(bytes);
        }
        thread.releaser.release(&mut batch, thread.pipe.more_waits());
        // A disk takes its time.
        thread::yield_now();
        let appended = thread.journal.append_frames(frames.iter().map(Vec::as_slice)).expect("an append");
        thread.durable.send_replace(appended.last_sequence);
        done = Some(batch);
    }
    thread.log.end();
}

#[test]
fn the_harness_notices_replies_that_leave_too_early() {
    let disk = new_log();
    let found = catch_unwind(AssertUnwindSafe(move || {
        orders(200, move || {
            once(&disk.fork(), hasty);
        });
    }));
    assert!(found.is_err(), "a log thread that releases before it writes passed");
    told::tell(
        2,
        "control: a log thread that releases before it writes, the same harness",
        "the harness notices",
        "noticed",
    );
}
