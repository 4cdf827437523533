//! Cases that cases start: run, start, join; in one frame where nobody is asked, and never lost where something fails.

use crate::outward_support;

use countersign_core::command::{CaseNo, Verdict};
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::Comparison;
use countersign_core::state::Case;
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

fn numbered(name: &str) -> Field {
    Field { numbered: true, ..field(name, Type::Text) }
}

/// An order of several parts; a delivery of some units; what is billed for it.
fn documents() -> Vec<Definition> {
    let part = Type::Record(vec![(n("units"), Type::Units), (n("place"), Type::Text)]);
    let parts = field("parts", Type::List(Box::new(part)));
    let place = Field { default: Some(Value::text("warehouse")), ..field("place", Type::Text) };
    let twice = Field { computed: Some(plus(doc("units"), doc("units"))), ..field("boxes", Type::Units) };
    vec![
        document(
            "order",
            vec![field("no", Type::Text), field("customer", Type::Text), field("units", Type::Units), parts],
        ),
        document(
            "delivery",
            vec![numbered("no"), field("customer", Type::Text), field("units", Type::Units), place, twice],
        ),
        document("billing", vec![numbered("no"), field("customer", Type::Text), field("units", Type::Units)]),
    ]
}

const ORDER: &[&str] = &["no", "customer", "units", "parts"];
const DELIVERY: &[&str] = &["no", "customer", "units", "place", "boxes"];
const BILLING: &[&str] = &["no", "customer", "units"];

/// A company of these chains; `check` says what a delivery does, and so on.
fn company(chains: Vec<Chain>) -> Run {
    let chains = chains.into_iter().map(Definition::Chain);
    Run::new(documents().into_iter().chain(chains).collect())
}

fn order(no: &str, units: u32, parts: &[u32]) -> Raw {
    let part = |units: &u32| record([("units", number(units)), ("place", text("dock"))]);
    record([
        ("no", text(no)),
        ("customer", text("C1")),
        ("units", number(units)),
        ("parts", Raw::List(parts.iter().map(part).collect())),
    ])
}

/// Orders that run one delivery and learn how much it delivered.
fn orders() -> Chain {
    let runs =
        state("delivering", Activity::Run(run("delivery", vec![])), &[("good", DONE), ("bad", FAILED)]);
    let delivered = plus(fact("delivered"), child_fact("delivered"));
    Chain {
        facts: vec![fact_def("delivered", Type::Units, Some(units(0)))],
        ..chain("order", "order", ORDER, vec![learns(vec![(0, delivered)], runs)])
    }
}

/// Deliveries that need nobody: all units are delivered at once.
fn deliveries() -> Chain {
    let some =
        Check { test: Test::Must(compare(Comparison::More, doc("units"), units(0))), code: n("NOTHING") };
    Chain {
        facts: vec![fact_def("delivered", Type::Units, Some(doc("units")))],
        ..chain(
            "delivery",
            "delivery",
            DELIVERY,
            vec![state("shipping", Activity::Check(vec![some]), &[("passed", DONE), ("failed", FAILED)])],
        )
    }
}

/// Deliveries that somebody has to see to.
fn seen_to(who: &str) -> Chain {
    let see = state("shipping", task(who, &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    Chain { states: vec![see], ..deliveries() }
}

/// A parent, its child and the child's end are one frame where nobody is asked.
#[test]
fn parent_and_child_move_in_one_frame() {
    let mut run = company(vec![orders(), deliveries()]);
    let case = run.submit("rep_js", "order", order("O1", 12, &[])).expect("an order");
    assert_eq!((run.stands(case), run.stands(2)), ("done".to_owned(), "done".to_owned()));
    assert_eq!(run.fact(case, "delivered").to_string(), "12");
    assert_eq!(
        run.last(),
        [
            "case-submitted",
            "facts-learnt",
            "state-entered",
            "case-submitted",
            "facts-learnt",
            "child-started",
            "state-entered",
            "step-closed",
            "case-ended",
            "child-ended",
            "facts-learnt",
            "item-closed",
            "step-closed",
            "case-ended",
        ]
    );
    // A child that is over is still known to whoever asks.
    assert_eq!(run.fact(2, "delivered").to_string(), "12");
    assert_eq!(run.world.state.open_cases(), 0);
}

/// The child's document: copied by name, numbered, defaulted and computed; in the name of the parent's submitter.
#[test]
fn a_child_has_a_document_of_its_own() {
    let mut run = company(vec![orders(), seen_to("kam_js")]);
    run.submit("rep_js", "order", order("O1", 12, &[])).expect("an order");
    let child = run.case(2);
    let shown: Vec<String> = child.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(shown, ["boxes=24", "customer=C1", "no=C-2", "place=warehouse", "units=12"]);
    assert_eq!(child.submitter(), run.case(1).submitter());
    assert_eq!((child.parent(), child.correlation(), child.key()), (Some(1), 1, Some(&n("C-2"))));
    assert_eq!(run.world.state.by_key(&n("delivery"), &n("C-2")), Some(2));
}

/// What refuses the child holds the parent, with the same code; nothing of the child is left.
#[test]
fn a_refused_child_holds_its_parent() {
    let some = Required::Must(compare(Comparison::More, doc("units"), units(0)));
    let requires = vec![Requirement { what: some, code: n("NOTHING_TO_SHIP") }];
    let mut run = company(vec![orders(), Chain { requires, ..deliveries() }]);
    let case = run.submit("rep_js", "order", order("O1", 0, &[])).expect("an order");
    assert_eq!((run.held(case).as_str(), run.world.state.next_case()), ("NOTHING_TO_SHIP", 2));
    // A field that the child needs and nobody gives.
    let bare =
        RunDef { copy: vec![], ..outward_support::define::run("delivery", vec![("units", doc("units"))]) };
    let runs = state("delivering", Activity::Run(bare), &[("good", DONE), ("bad", FAILED)]);
    let mut run = company(vec![Chain { states: vec![runs], ..orders() }, deliveries()]);
    let case = run.submit("rep_js", "order", order("O1", 3, &[])).expect("an order");
    assert_eq!((run.held(case).as_str(), run.world.state.next_case()), ("FIELD_MISSING", 2));
}

/// Order, delivery, billing: the last answer moves all three, and all carry the order's correlation.
#[test]
fn three_levels_end_in_one_frame() {
    let bills = state("billing", Activity::Run(run("billing", vec![])), &[("done", DONE), ("bad", FAILED)]);
    let bill = state("asking", task("finance", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let billing = chain("billing", "billing", BILLING, vec![bill]);
    let mut run = company(vec![orders(), Chain { states: vec![bills], ..deliveries() }, billing]);
    let case = run.submit("rep_js", "order", order("O1", 5, &[])).expect("an order");
    let family = |case: CaseNo| (run.case(case).parent(), run.case(case).correlation());
    assert_eq!([family(1), family(2), family(3)], [(None, 1), (Some(1), 1), (Some(2), 1)]);
    run.decide(3, "finance", Verdict::Done).expect("billed");
    assert_eq!([run.stands(1), run.stands(2), run.stands(3)], ["done", "done", "done"]);
    assert_eq!(run.last().iter().filter(|name| **name == "case-ended").count(), 3);
    assert_eq!(run.fact(case, "delivered").to_string(), "5");
}

/// One delivery for each part, each with the part's own units; all are waited for, and one that failed shows.
#[test]
fn parts_of_which_one_fails() {
    let def = RunDef { copy: vec![Copied::Document, Copied::Item], ..run("delivery", vec![]) };
    let runs = state("delivering", Activity::Run(def), &[("passed", DONE), ("failed", FAILED)]);
    let parts = Chain { states: vec![for_each(doc("parts"), runs)], ..orders() };
    let mut run = company(vec![parts, seen_to("kam_js")]);
    let case = run.submit("rep_js", "order", order("O1", 6, &[1, 2, 3])).expect("an order");
    let units_of = |case: CaseNo| run.case(case).fields().get("units").map(ToString::to_string);
    assert_eq!([units_of(2), units_of(3), units_of(4)].map(Option::unwrap_or_default), ["1", "2", "3"]);
    assert_eq!(run.case(2).fields().get("place"), Some(&Value::text("dock")));
    run.decide(3, "kam_js", Verdict::Refuse).expect("refused");
    run.decide(2, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "delivering");
    run.decide(4, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "failed");

    let case = run.submit("rep_js", "order", order("O2", 6, &[1, 2])).expect("an order");
    for child in [case + 1, case + 2] {
        run.decide(child, "kam_js", Verdict::Done).expect("done");
    }
    assert_eq!(run.stands(case), "done");
    let none = run.submit("rep_js", "order", order("O3", 6, &[])).expect("an order");
    assert_eq!(run.stands(none), "done", "for nothing there is nothing to wait for");
}

/// Started deliveries are not waited for until they are joined; a later join does not count them again.
#[test]
fn start_and_join() {
    let start = for_each(
        doc("parts"),
        state(
            "starting",
            Activity::Start(RunDef { copy: vec![Copied::Document, Copied::Item], ..run("delivery", vec![]) }),
            &[("passed", to(1))],
        ),
    );
    let meanwhile = state("meanwhile", task("finance", &[], &[]), &[("done", to(2))]);
    let join = |name, next| {
        let ends: &[(&str, Target)] = next;
        state(name, Activity::Join { chain: n("delivery") }, ends)
    };
    let states = vec![
        start,
        meanwhile,
        join("joining", &[("good", DONE), ("bad", to(3))]),
        join("again", &[("good", CANCELLED)]),
    ];
    let mut run = company(vec![Chain { states, ..orders() }, seen_to("kam_js")]);
    let case = run.submit("rep_js", "order", order("O1", 6, &[1, 2])).expect("an order");
    assert_eq!((run.stands(case).as_str(), run.world.state.open_cases()), ("meanwhile", 3));
    run.decide(2, "kam_js", Verdict::Done).expect("done");
    run.decide(case, "finance", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "joining");
    run.decide(3, "kam_js", Verdict::Refuse).expect("refused");
    assert_eq!(run.stands(case), "cancelled", "the second join finds nothing left to wait for");
}

/// A child may begin with its submitter, whom the parent names; what it then becomes is waited for.
#[test]
fn a_child_begins_as_a_draft() {
    let kam = Who::KindAt(n("kam"), words("js"));
    let def = RunDef { submitter: Some(kam), begins: Begins::Draft, ..run("delivery", vec![]) };
    let runs = state("delivering", Activity::Run(def), &[("good", DONE), ("bad", FAILED)]);
    let mut run = company(vec![Chain { states: vec![runs], ..orders() }, deliveries()]);
    let case = run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    assert_eq!((run.stands(2).as_str(), run.stands(case).as_str()), ("draft", "delivering"));
    let delivery = record([("customer", text("C1")), ("units", number(4))]);
    assert_eq!(run.resubmit("rep_js", 2, delivery.clone()), Err("NOT_SUBMITTER".to_owned()));
    run.resubmit("kam_js", 2, delivery).expect("completed");
    assert_eq!((run.stands(2).as_str(), run.stands(case).as_str()), ("done", "done"));
}

/// A vacant post's superior starts the case in its place; where nobody is found the parent is held.
#[test]
fn a_child_of_a_vacant_post() {
    let by = |who: Who| {
        let def = RunDef { submitter: Some(who), ..run("delivery", vec![]) };
        let runs = state("delivering", Activity::Run(def), &[("good", DONE), ("bad", FAILED)]);
        company(vec![Chain { states: vec![runs], ..orders() }, seen_to("kam_js")])
    };
    let mut run = by(post("bgm_zj"));
    run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    assert_eq!(run.case(2).submitter().position, n("sales_director"));
    let mut run = by(Who::KindAt(n("kam"), words("nowhere")));
    let case = run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    assert_eq!(run.held(case), "NO_APPROVER");
}

/// However a child ends, its parent hears of it in the same frame: withdrawn, and returned once too often.
#[test]
fn every_end_reaches_the_parent() {
    let see = state("seeing", review("kam_js"), &[("passed", DONE), ("returned", Target::Draft)]);
    let mut run = company(vec![orders(), Chain { states: vec![see], ..deliveries() }]);
    let withdrawn = run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    run.withdraw("rep_js", withdrawn + 1).expect("withdrawn");
    assert_eq!((run.stands(withdrawn + 1).as_str(), run.stands(withdrawn).as_str()), ("withdrawn", "failed"));
    assert!(run.last().ends_with(&["item-closed", "step-closed", "case-ended"]), "{:?}", run.last());

    let case = run.submit("rep_js", "order", order("O2", 6, &[])).expect("an order");
    let child = case + 1;
    let delivery = || record([("customer", text("C1")), ("units", number(6))]);
    for _ in 0..2 {
        run.decide(child, "kam_js", Verdict::Return).expect("returned");
        assert_eq!(run.stands(child), "draft");
        run.resubmit("rep_js", child, delivery()).expect("handed in again");
    }
    run.decide(child, "kam_js", Verdict::Return).expect("returned");
    let code = run.events(child).into_iter().find_map(|event| match event {
        Event::CaseEnded(e) => e.code.clone(),
        _ => None,
    });
    assert_eq!((code, run.stands(case)), (Some(n("REVISION_LIMIT")), "failed".to_owned()));
}

/// A parent that is over hears nothing more.
#[test]
fn a_parent_that_is_over() {
    let start = state("starting", Activity::Start(run("delivery", vec![])), &[("started", DONE)]);
    let mut run = company(vec![Chain { states: vec![start], ..orders() }, seen_to("kam_js")]);
    let case = run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    assert_eq!((run.stands(case).as_str(), run.case(2).parent()), ("done", Some(1)));
    run.decide(2, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.last().last(), Some(&"case-ended"));
}

/// A hundred children are more than one frame: the rest goes on by timers due now, and all of it comes to its end.
#[test]
fn a_hundred_children_take_several_frames() {
    let def = RunDef { copy: vec![Copied::Document, Copied::Item], ..run("delivery", vec![]) };
    let runs = state("delivering", Activity::Run(def), &[("passed", DONE), ("failed", FAILED)]);
    let mut run =
        company(vec![Chain { states: vec![for_each(doc("parts"), runs)], ..orders() }, deliveries()]);
    let parts: Vec<u32> = (1..=100).collect();
    let case = run.submit("rep_js", "order", order("O1", 6, &parts)).expect("an order");
    assert!(run.last().contains(&"turn-split"));
    assert_eq!(run.stands(case), "delivering");
    let frames = run.world.frames.len();
    run.wait(0);
    assert!(run.world.frames.len() > frames + 1);
    assert_eq!((run.stands(case).as_str(), run.world.state.open_cases()), ("done", 0));
    assert_eq!(run.world.state.next_timer(), None);
    assert!(
        run.world.frames.iter().all(|frame| frame.events.len() <= countersign_core::frame::FRAME_EVENTS_MAX)
    );
}

/// A chain that starts itself without end is stopped like one that goes in a circle.
#[test]
fn children_without_end_are_stopped() {
    let again = vec![("no", plus_text()), ("parts", doc("parts"))];
    let runs = state("again", Activity::Run(run("order", again)), &[("good", DONE), ("bad", FAILED)]);
    let mut run = company(vec![Chain { states: vec![runs], ..orders() }]);
    run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    run.wait(0);
    assert!(run.world.state.next_timer().is_none());
    let held: Vec<&Case> = run
        .world
        .state
        .cases()
        .filter(|case| matches!(case.stage(), countersign_core::state::Stage::Held { .. }))
        .collect();
    assert_eq!(held.len(), 1);
    assert_eq!(run.held(held[0].number()), "LOOP_LIMIT");
}

fn plus_text() -> countersign_core::expr::Expr {
    doc("no")
}

/// An arrow leads back to the state from which the present one was entered, wherever that was.
#[test]
fn back_to_where_it_came_from() {
    let ways: &[(&str, Target)] = &[("left", to(1)), ("right", to(2))];
    let stuck: &[(&str, Target)] = &[("bad", to(3)), ("good", DONE)];
    let states = vec![
        state("fork", task("kam_js", &["left", "right"], &[]), ways),
        state("left", Activity::Run(run("delivery", vec![])), stuck),
        state("right", Activity::Run(run("delivery", vec![])), stuck),
        state(
            "stuck",
            task("kam_js", &["retry", "drop"], &[]),
            &[("retry", Target::Back), ("drop", CANCELLED)],
        ),
    ];
    let mut run = company(vec![Chain { states, ..orders() }, seen_to("finance")]);
    let case = run.submit("rep_js", "order", order("O1", 6, &[])).expect("an order");
    let choose = |run: &mut Run, choice: &str| {
        run.answer(case, "kam_js", Verdict::Choose, |answer| answer.choice = Some(n(choice)))
            .expect("chosen");
    };
    choose(&mut run, "right");
    for child in [2, 3] {
        assert_eq!(run.stands(case), "right");
        run.decide(child, "finance", Verdict::Refuse).expect("refused");
        assert_eq!(run.stands(case), "stuck");
        choose(&mut run, "retry");
    }
    run.decide(4, "finance", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "done");
}
