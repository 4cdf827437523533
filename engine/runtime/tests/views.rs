//! Views: folds of the log that can be thrown away, and that never tell what is still sealed.

use std::path::Path;
use std::time::Duration;

use crate::support::*;
use countersign_core::command::{Body, Verdict};
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_core::value::Value;
use countersign_journal::sim::SimDisk;
use countersign_runtime::views::*;
use countersign_runtime::*;

const WAIT: Duration = Duration::from_secs(20);

fn with_views(disk: &SimDisk, clock: &ManualClock, path: &Path) -> EngineOptions {
    EngineOptions { views: ViewsAt::Path(path.to_owned()), ..options(disk, clock) }
}

/// The views, having come as far as the log.
fn up_to_date(handle: &EngineHandle) -> &Views {
    let views = handle.views().expect("views are kept");
    views.reach_blocking(handle.log().durable(), WAIT).expect("the views catch up");
    views
}

/// Cases of every kind: approved, rejected, returned, withdrawn, waiting, overdue, blind and open.
fn a_busy_day(handle: &EngineHandle, clock: &ManualClock) {
    for n in 0..40_u32 {
        let now = clock.wall();
        let id = |what: &str| format!("{what}{n}");
        let chain = ["slip", "note", "slip", "wait"][n as usize % 4];
        let receipt = accepted(handle.command_blocking(submit_to(chain, &id("s"), now, &id("text "))));
        let lead = |verdict| answer(&id("d"), now, ("li", "lead"), verdict, &receipt);
        match n % 12 {
            0 => drop(accepted(handle.command_blocking(lead(Verdict::Approve)))),
            1 => blind_advice(handle, clock, n, &receipt),
            2 => drop(accepted(handle.command_blocking(lead(Verdict::Reject)))),
            4 => return_and_hand_in_again(handle, clock, n, &receipt),
            6 => {
                let body = Body::Withdraw { case: receipt.case.unwrap(), reason: None };
                drop(accepted(handle.command_blocking(request(&id("w"), now, ("wu", "worker"), body))));
            }
            _ => {}
        }
        clock.advance(HOUR / 2);
        handle.settle_blocking().unwrap();
    }
}

fn blind_advice(handle: &EngineHandle, clock: &ManualClock, n: u32, receipt: &Receipt) {
    let now = clock.wall();
    let one = answer(&format!("a{n}"), now, ("an", "adviser-a"), Verdict::Pass, receipt);
    accepted(handle.command_blocking(one));
    if n.is_multiple_of(2) {
        let other = answer(&format!("b{n}"), now, ("bo", "adviser-b"), Verdict::Object, receipt);
        accepted(handle.command_blocking(other));
    }
}

fn return_and_hand_in_again(handle: &EngineHandle, clock: &ManualClock, n: u32, receipt: &Receipt) {
    let back = answer(&format!("d{n}"), clock.wall(), ("li", "lead"), Verdict::Return, receipt);
    accepted(handle.command_blocking(back));
    let again = submit(&format!("r{n}"), clock.wall(), "better");
    let Body::Submit { document, .. } = again.body else { panic!("a submission") };
    let body = Body::Resubmit { case: receipt.case.unwrap(), document };
    accepted(handle.command_blocking(request(&format!("r{n}"), clock.wall(), ("wu", "worker"), body)));
}

/// Every open task of State is in the inbox of each of its holders, and nothing else is.
fn inboxes_equal_state(handle: &EngineHandle) {
    let views = up_to_date(handle);
    let (mut wanted, _) = handle
        .read_blocking(|state| {
            let mut tasks = Vec::new();
            for case in state.cases() {
                for (no, task) in case.tasks() {
                    let row = (case.number(), *no, task.position.clone(), task.version, *case.content_hash());
                    tasks.extend(task.holders.iter().map(|holder| (holder.clone(), row.clone())));
                }
            }
            tasks
        })
        .unwrap();
    let mut found = Vec::new();
    for person in ["hu", "li", "lu", "wu", "an", "bo"] {
        let inbox = views.inbox(person).unwrap();
        assert!(inbox.is_sorted_by_key(|row| row.due));
        let rows = inbox.into_iter().map(|r| (r.case, r.task, r.position, r.version, r.content_hash));
        found.extend(rows.map(|row| (Name::from(person), row)));
    }
    wanted.sort();
    found.sort();
    assert!(!wanted.is_empty());
    assert_eq!(found, wanted);
}

#[test]
fn views_equal_state_survive_a_restart_and_are_the_same_when_built_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("views");
    let (disk, clock) = (SimDisk::new(1), ManualClock::new(START));
    let engine = found(with_views(&disk, &clock, &path));
    a_busy_day(engine.handle(), &clock);
    inboxes_equal_state(engine.handle());
    let live = up_to_date(engine.handle()).dump().unwrap();
    assert!(live.len() > 40);
    let applied = engine.handle().views().unwrap().applied();
    engine.stop().unwrap();

    let (engine, report) = Engine::open(with_views(&disk, &clock, &path)).unwrap();
    assert_eq!(report.views, Some(ViewsOpened::Resumed { applied }));
    assert_eq!(up_to_date(engine.handle()).dump().unwrap(), live);
    engine.stop().unwrap();

    let (engine, _) = Engine::open(options(&disk, &clock)).unwrap();
    let elsewhere = directory.path().join("anew");
    assert_eq!(rebuild(&elsewhere, 1 << 20, engine.handle().log()).unwrap(), applied);
    engine.stop().unwrap();
    let (engine, _) = Engine::open(with_views(&disk, &clock, &elsewhere)).unwrap();
    assert_eq!(up_to_date(engine.handle()).dump().unwrap(), live);
    inboxes_equal_state(engine.handle());
}

#[test]
fn views_that_do_not_fit_the_log_are_built_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("views");
    let clock = ManualClock::new(START);
    let disk = SimDisk::new(1);
    let engine = found(with_views(&disk, &clock, &path));
    let short = disk.fork();
    accepted(engine.handle().command_blocking(submit("s1", START, "one")));
    up_to_date(engine.handle());
    engine.stop().unwrap();

    // A restored older copy of the log: the views reach beyond it.
    short.restart_process();
    let (engine, report) = Engine::open(with_views(&short, &clock, &path)).unwrap();
    assert!(matches!(&report.views, Some(ViewsOpened::Rebuilt { why }) if why.contains("the log to")));
    assert!(up_to_date(engine.handle()).case(1).unwrap().is_none());
    engine.stop().unwrap();

    let other = found(with_views(&SimDisk::new(2), &clock, &path));
    assert!(up_to_date(other.handle()).case(1).unwrap().is_none());
    other.stop().unwrap();

    std::fs::remove_dir_all(&path).unwrap();
    std::fs::create_dir_all(&path).unwrap();
    std::fs::write(path.join("conf"), b"not a configuration of sled at all").unwrap();
    std::fs::write(path.join("db"), vec![0xa5; 100_000]).unwrap();
    let (engine, report) = Engine::open(with_views(&disk, &clock, &path)).unwrap();
    assert!(matches!(report.views, Some(ViewsOpened::Rebuilt { .. })), "{:?}", report.views);
    assert!(up_to_date(engine.handle()).case(1).unwrap().is_some());
}

#[test]
fn a_query_waits_for_what_it_needs_or_says_that_the_view_is_behind() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, clock) = (SimDisk::new(3), ManualClock::new(START));
    let engine = found(with_views(&disk, &clock, directory.path()));
    let handle = engine.handle();
    let views = handle.views().unwrap();
    let reply = handle.command_blocking(submit("s1", START, "one")).unwrap();
    views.reach_blocking(reply.sequence, WAIT).unwrap();
    assert_eq!(views.inbox("li").unwrap().len(), 1);
    let behind = views.reach_blocking(reply.sequence + 1, Duration::from_millis(1)).unwrap_err();
    assert_eq!(behind.code(), "VIEW_BEHIND");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        views.reach(reply.sequence).await.unwrap();
        assert_eq!(views.reach(reply.sequence + 1).await.unwrap_err().code(), "VIEW_BEHIND");
    });
}

/// Queries wait for the views from many tasks at once while the views move on: neither ever stops the other.
#[test]
fn queries_that_wait_and_views_that_move_on_do_not_hold_one_another_up() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, clock) = (SimDisk::new(8), ManualClock::new(START));
    let engine = found(with_views(&disk, &clock, directory.path()));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    for _ in 0..256 {
        let views = engine.handle().views().unwrap().clone();
        // Far ahead, so that each step of the views is looked at by all of them.
        runtime.spawn(async move { while views.reach(views.applied() + 64).await.is_ok() {} });
    }
    let (done, ended) = std::sync::mpsc::channel();
    let handle = engine.handle().clone();
    std::thread::spawn(move || {
        for n in 0..4_000 {
            accepted(handle.command_blocking(submit(&format!("s{n}"), START, "text")));
        }
        up_to_date(&handle);
        done.send(()).unwrap();
    });
    let ended = ended.recv_timeout(Duration::from_secs(60));
    runtime.shutdown_background();
    if ended.is_err() {
        // Its threads would be waited for in vain.
        std::mem::forget(engine);
        panic!("queries and views wait for one another");
    }
}

#[test]
fn a_case_is_told_from_hand_in_to_end() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, clock) = (SimDisk::new(4), ManualClock::new(START));
    let engine = found(with_views(&disk, &clock, directory.path()));
    let handle = engine.handle();
    let receipt = accepted(handle.command_blocking(submit("s1", START, "one")));
    let case = receipt.case.unwrap();
    let row = up_to_date(handle).case(case).unwrap().unwrap();
    assert_eq!((row.state.as_str(), row.tasks.len(), row.route.len()), ("approval", 1, 1));
    assert_eq!(row.final_position().map(Name::as_str), Some("lead"));
    assert_eq!(Some(row.content_hash), receipt.content_hash);
    let document = handle.views().unwrap().document(case, row.document_at).unwrap().unwrap();
    assert_eq!(document.get("text"), Some(&Value::text("one")));
    clock.advance(9 * HOUR);
    handle.settle_blocking().unwrap();
    assert!(up_to_date(handle).inbox("li").unwrap()[0].overdue);
    assert_eq!(handle.views().unwrap().inbox("lu").unwrap().len(), 1, "both holders are asked");
    accepted(handle.command_blocking(approve("d1", clock.wall(), &receipt)));
    let views = up_to_date(handle);
    let row = views.case(case).unwrap().unwrap();
    assert_eq!(row.status, views::Status::Ended);
    assert_eq!(row.ended.as_ref().map(|end| (end.end.as_str(), end.good)), Some(("passed", true)));
    assert_eq!(row.signed[0].answer.as_ref().map(|answer| answer.verdict), Some(Verdict::Approve));
    assert!(views.inbox("li").unwrap().is_empty() && views.inbox("lu").unwrap().is_empty());
    assert_eq!(views.submitted_by("wu", None, 10).unwrap(), [row]);
    assert!(views.submitted_by("wu", Some(case), 10).unwrap().is_empty());

    let whole = views.timeline(case, 0, 1_000).unwrap();
    let first = views.timeline(case, 0, 1).unwrap();
    let rest = views.timeline(case, first.next.unwrap(), 1_000).unwrap();
    assert_eq!([first.rows, rest.rows].concat(), whole.rows);
    assert_eq!((whole.next, rest.next), (None, None));
}

#[test]
fn blind_opinions_stay_sealed_until_their_part_is_complete() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, clock) = (SimDisk::new(5), ManualClock::new(START));
    let engine = found(with_views(&disk, &clock, directory.path()));
    let handle = engine.handle();
    let receipt = accepted(handle.command_blocking(submit_to("note", "s1", START, "one")));
    let case = receipt.case.unwrap();
    let object = answer("a1", START, ("an", "adviser-a"), Verdict::Object, &receipt);
    accepted(handle.command_blocking(object));
    let views = up_to_date(handle);
    let row = views.case(case).unwrap().unwrap();
    assert_eq!((row.signed.len(), &row.signed[0].answer), (1, &None));
    let sealed = format!("{row:?} {:?}", views.timeline(case, 0, 100).unwrap());
    assert!(sealed.contains("SealedDecision"));
    assert!(!sealed.contains("Object") && !sealed.contains("because"), "{sealed}");

    let pass = answer("b1", START, ("bo", "adviser-b"), Verdict::Pass, &receipt);
    accepted(handle.command_blocking(pass));
    let views = up_to_date(handle);
    let row = views.case(case).unwrap().unwrap();
    let verdicts: Vec<_> = row.signed.iter().map(|s| s.answer.as_ref().map(|a| a.verdict)).collect();
    assert_eq!(verdicts, [Some(Verdict::Object), Some(Verdict::Pass)]);
    assert_eq!(row.signed[0].answer.as_ref().unwrap().reason.as_deref(), Some("because"));
    let open = format!("{:?}", views.timeline(case, 0, 100).unwrap());
    assert!(!open.contains("SealedDecision") && open.contains("Object"));
}
