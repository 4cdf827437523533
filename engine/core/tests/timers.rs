//! Deadlines: what a task's time is, what a timer does that fires too early, and where open work is after a change of the
//! organisation (R9, R11).

use countersign_core::command::{Body, CaseNo, Cause, Organise, TaskNo, Timer, Verdict};
use countersign_core::event::{Event, Milestones};
use countersign_core::name::Name;
use countersign_core::rejection::{Code, Rejection};

use crate::support::fee::{company, submitted};
use crate::support::{World, acts, at};

const POST: &str = "approve: bgm_js\n    within: 8wh\n    next: { approved: paid }";
/// The holder is another one from now on.
const SUCCESSION: &str = "[{ leave: { person: H25 } }, { hire: { person: H40, position: bgm_js } }]";

fn handed_in(world: &mut World) -> CaseNo {
    submitted(world, ("H29", "kam_js"), "9000.00")
}

fn times(world: &World, case: CaseNo) -> Milestones {
    world.state.case(case).expect("it is open").tasks().values().next().expect("somebody is asked").milestones
}

/// Fires a timer now, whether it is due or not.
fn fire(world: &mut World, case: CaseNo, timer: Timer) -> Result<u64, Rejection> {
    world.run(Cause::Timer { due: world.at }, Body::Timer { case, timer })
}

fn answer(world: &mut World, case: CaseNo, person: &str, position: &str) -> Result<u64, Rejection> {
    let task = world.task_of(case, position).unwrap_or_else(|| panic!("{position} is asked"));
    let answer = world.answer(case, task, Verdict::Approve, None);
    world.request(person, position, Body::Decide(answer))
}

/// Acts that are recorded, before open work is put where they have it.
fn organise_only(world: &mut World, text: &str) {
    let body = Body::Organise(Box::new(Organise { acts: acts(text), reason: Name::from("as decided") }));
    world.request("H03", "process_owner", body).expect("the acts are taken");
}

fn kinds(world: &World, since: usize) -> Vec<&'static str> {
    let events = world.frames[since..].iter().flat_map(|frame| &frame.events);
    events
        .filter_map(|event| match event {
            Event::TaskReminded(_) => Some("reminded"),
            Event::TaskLapsed(_) => Some("lapsed"),
            Event::TaskOverdue(_) => Some("overdue"),
            Event::TaskReassigned(_) => Some("reassigned"),
            _ => None,
        })
        .collect()
}

/// R11: half the time, all of it and twice of it, in the unit in which it was given.
#[test]
fn a_tasks_milestones_are_parts_of_the_time_that_it_has() {
    let rows = [
        ("8wh", "2025-05-06T14:00+08:00", "2025-05-06T18:00+08:00", "2025-05-07T18:00+08:00"),
        ("2h", "2025-05-06T10:00+08:00", "2025-05-06T11:00+08:00", "2025-05-06T13:00+08:00"),
        ("4d", "2025-05-08T09:00+08:00", "2025-05-10T09:00+08:00", "2025-05-14T09:00+08:00"),
        // Of months, the days until then: 61.
        ("2mo", "2025-06-05T21:00+08:00", "2025-07-06T09:00+08:00", "2025-09-05T09:00+08:00"),
    ];
    for (within, remind, overdue, escalate) in rows {
        let mut world = company(&POST.replace("8wh", within));
        let case = handed_in(&mut world);
        let expected = Milestones { remind: at(remind), overdue: at(overdue), escalate: at(escalate) };
        assert_eq!(times(&world, case), expected, "{within}");
    }
}

/// R11: input that does not come lapses when its time is over, and is reminded of before; a decision never lapses.
#[test]
fn input_lapses_when_its_time_is_over_and_not_before() {
    for (asks, end) in [("input", "lapsed"), ("approve", "overdue")] {
        let good = if asks == "input" { "done" } else { "approved" };
        let state = format!("{asks}: bgm_js\n    within: 8wh\n    next: {{ {good}: paid }}");
        let mut world = company(&state);
        let case = handed_in(&mut world);
        let (milestones, since) = (times(&world, case), world.frames.len());
        world.clock(milestones.remind);
        assert_eq!(kinds(&world, since), ["reminded"], "{asks}");
        world.clock(milestones.overdue);
        assert_eq!(kinds(&world, since), ["reminded", end], "{asks}");
    }
}

#[test]
fn a_timer_that_the_case_does_not_wait_for_does_nothing() {
    let expiring = POST.replace("within: 8wh", "within: 8wh\n    expires: { after: 1d, go: rejected }");
    let mut world = company(&expiring);
    let case = handed_in(&mut world);
    let task: TaskNo = world.task_of(case, "bgm_js").expect("it is asked").0;
    let before = world.state.hash();
    for timer in [Timer::Task(task), Timer::Expiry, Timer::Until, Timer::Continue, Timer::Lapse, Timer::Clock]
    {
        let refused = fire(&mut world, case, timer).expect_err("it is not due");
        assert_eq!(refused.code, Code::TimerStale, "{timer:?}");
        assert_eq!(world.state.hash(), before, "{timer:?}");
    }
    // A day later it is, to the millisecond.
    world.clock(at("2025-05-07T08:59:59.999+08:00"));
    assert!(fire(&mut world, case, Timer::Expiry).is_err() && world.state.case(case).is_some());
    world.clock(at("2025-05-07T09:00+08:00"));
    assert!(world.state.case(case).is_none(), "the state ended by itself");
}

/// R9: open work goes over to a new holder in batches, each case once, in order.
#[test]
fn a_sweep_goes_through_all_open_work_in_batches() {
    let mut world = company(POST);
    let cases: Vec<CaseNo> = (0..130).map(|_| handed_in(&mut world)).collect();
    let since = world.frames.len();
    world.organise(SUCCESSION).expect("the acts are taken");
    let events = || world.frames[since..].iter().flat_map(|frame| &frame.events);
    let batches: Vec<Option<CaseNo>> = events()
        .filter_map(|event| match event {
            Event::OrganisationSwept(swept) => Some(swept.next),
            _ => None,
        })
        .collect();
    assert_eq!(batches, [Some(65), Some(129), None], "sixty-four cases a batch");
    let moved: Vec<CaseNo> = events()
        .filter_map(|event| match event {
            Event::TaskReassigned(moved) => Some(moved.case),
            _ => None,
        })
        .collect();
    assert_eq!(moved, cases, "each once");
}

/// R9: before the sweep has come to a case, its work is put where it belongs by whatever is asked of it first.
#[test]
fn a_case_that_a_sweep_has_not_reached_is_put_right_before_it_is_decided() {
    for place in [0, 1] {
        let mut world = company(POST);
        let cases = [handed_in(&mut world), handed_in(&mut world)];
        organise_only(&mut world, SUCCESSION);
        let since = world.frames.len();
        let refused = answer(&mut world, cases[place], "H25", "bgm_js").expect_err("no longer the holder");
        assert_eq!(refused.code, Code::NotAssignee);
        answer(&mut world, cases[place], "H40", "bgm_js").expect("the new holder decides");
        assert_eq!(kinds(&world, since), ["reassigned"], "this one, and no other");
        world.sweep();
        assert_eq!(kinds(&world, since), ["reassigned", "reassigned"], "the other one by the sweep");
    }
}

/// R8: a delegation begins at its instant, whether or not anybody has looked at the clock since.
#[test]
fn a_deputy_may_answer_at_the_instant_at_which_the_delegation_begins() {
    let mut world = company(POST);
    let act = "- { delegate: { name: DG-30, from: bgm_js, to: chrep_js, authority: contract, up_to: 200000, chains: [fee], \
               duties: [approve], start: \"2025-05-06T10:00+08:00\", end: \"2025-05-08T18:00+08:00\" } }";
    world.organise(act).expect("the act is taken");
    let case = handed_in(&mut world);
    assert!(answer(&mut world, case, "H30", "bgm_js").is_err(), "not yet");
    world.at = at("2025-05-06T10:00+08:00");
    let since = world.frames.len();
    let refused = answer(&mut world, case, "H30", "bgm_js").expect_err("what they saw is not theirs yet");
    assert_eq!((refused.code, kinds(&world, since)), (Code::Conflict, vec!["reassigned"]));
    answer(&mut world, case, "H30", "bgm_js").expect("from that instant on");
}

/// R9: a new holder has a minimum of time; where what is left is as much, nothing moves.
#[test]
fn a_new_holder_has_the_time_that_is_left_if_it_is_enough() {
    for (when, moves) in [("14:00", false), ("14:01", true)] {
        let mut world = company(POST);
        let case = handed_in(&mut world);
        let before = times(&world, case);
        world.at = at(&format!("2025-05-06T{when}+08:00"));
        world.organise(SUCCESSION).expect("the acts are taken");
        let after = times(&world, case);
        assert_eq!(after != before, moves, "{when}: {before:?}, {after:?}");
    }
}
