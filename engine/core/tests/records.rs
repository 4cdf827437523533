//! Master data that chains change, what reads it, cases that change hands, and alarms.

use std::collections::BTreeSet;

use countersign_core::calendar::Calendar;
use countersign_core::command::{Operation, Timer, Verdict};
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::{Attribute, Expr};
use countersign_core::rejection::Code;
use countersign_core::time::{HOUR, Zone};
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, at, record, text};

const READS: &[&str] = &["no", "customer", "grade"];

/// Customers with a grade and a note, which gradings write; orders read the grade.
fn definitions(chains: Vec<Chain>) -> Vec<Definition> {
    let columns = vec![
        Column { name: n("grade"), kind: Type::Text },
        Column { name: n("since"), kind: Type::Optional(Box::new(Type::Text)) },
        Column { name: n("blocked"), kind: Type::Flag },
    ];
    let mut customers = table("customers", &["grade"], &[("C1", &["B"])]);
    for row in customers.rows.values_mut() {
        row.insert(n("since"), Value::Missing);
        row.insert(n("blocked"), Value::Flag(true));
    }
    let customers = Table {
        columns,
        defaults: [(n("blocked"), Value::Flag(false))].into_iter().collect(),
        written_by: names(&["grading"]),
        ..customers
    };
    let fields = |customer| {
        let grade = Field { default: Some(Value::text("A")), ..field("grade", Type::Text) };
        vec![field("no", Type::Text), field("customer", customer), grade]
    };
    let mut all = vec![
        Definition::Table(customers),
        document("grading", fields(Type::Text)),
        document("order", fields(Type::Row(n("customers")))),
    ];
    all.extend(chains.into_iter().map(Definition::Chain));
    all
}

fn grade_of(customer: Expr) -> Expr {
    let key = Expr::Row(n("customers"), vec![customer]);
    Expr::Column { table: n("customers"), key: Box::new(key), column: n("grade") }
}

fn writing(next: Target) -> StateDef {
    let def = RecordDef {
        table: n("customers"),
        key: vec![doc("customer")],
        with: with(vec![("grade", doc("grade"))]),
    };
    state("filing", Activity::Record(def), &[("done", next)])
}

fn grading(states: Vec<StateDef>) -> Chain {
    chain("grading", "grading", READS, states)
}

/// Orders whose first state learns the grade that holds then; they rest with somebody and learn it again.
fn orders() -> Chain {
    let read = |name: &str, activity, next: &[(&str, Target)]| {
        learns(vec![(0, grade_of(doc("customer")))], state(name, activity, next))
    };
    let states = vec![
        read("looking", Activity::Check(vec![]), &[("passed", to(1)), ("failed", FAILED)]),
        read("waiting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", FAILED)]),
    ];
    let facts = vec![fact_def("grade", Type::Text, Some(grade_of(doc("customer"))))];
    Chain { facts, ..chain("order", "order", READS, states) }
}

fn paper(no: &str, customer: &str, grade: &str) -> Raw {
    record([("no", text(no)), ("customer", text(customer)), ("grade", text(grade))])
}

fn row(run: &Run, key: &str) -> Vec<String> {
    let state = &run.world.state;
    let release = state.definitions().active().expect("an active release");
    let row = state.row(release, "customers", key);
    row.into_iter().flat_map(|row| row.iter().map(|(name, value)| format!("{name}={value}"))).collect()
}

#[test]
fn what_a_chain_writes_everybody_reads_at_once() {
    let mut run = Run::new(definitions(vec![grading(vec![writing(DONE)]), orders()]));
    let early = run.submit("rep_js", "order", paper("O1", "C1", "-")).expect("an order");
    assert_eq!(run.fact(early, "grade"), Value::text("B"));
    run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a grading");
    assert_eq!(
        run.last(),
        ["case-submitted", "state-entered", "record-written", "item-closed", "step-closed", "case-ended"]
    );
    assert_eq!(row(&run, "C1"), ["blocked=true", "grade=A", "since=nothing"], "what is not named stays");
    // A case that began before reads it as well, and a later one from the start.
    run.decide(early, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.fact(early, "grade"), Value::text("A"));
    let late = run.submit("rep_js", "order", paper("O2", "C1", "-")).expect("an order");
    assert_eq!(run.fact(late, "grade"), Value::text("A"));
}

#[test]
fn a_new_row_is_whole_and_can_be_named_in_documents() {
    let mut run = Run::new(definitions(vec![grading(vec![writing(DONE)]), orders()]));
    assert_eq!(run.submit("rep_js", "order", paper("O1", "C9", "-")), Err("FIELD_TYPE".into()));
    run.submit("rep_js", "grading", paper("G1", "C9", "C")).expect("a grading");
    assert_eq!(row(&run, "C9"), ["blocked=false", "grade=C", "since=nothing"]);
    let case = run.submit("rep_js", "order", paper("O1", "C9", "-")).expect("an order");
    assert_eq!(run.fact(case, "grade"), Value::text("C"));
    // What chains wrote survives a new release.
    run.world.activate();
    run.check();
    assert_eq!(row(&run, "C9"), ["blocked=false", "grade=C", "since=nothing"]);
}

/// A column that a new row needs and nobody gives holds the case; nothing is half written.
#[test]
fn a_row_that_lacks_a_value_is_not_written() {
    let def = RecordDef { table: n("customers"), key: vec![doc("customer")], with: vec![] };
    let bare = state("filing", Activity::Record(def), &[("done", DONE)]);
    let mut run = Run::new(definitions(vec![grading(vec![bare])]));
    let case = run.submit("rep_js", "grading", paper("G1", "C9", "C")).expect("a grading");
    assert_eq!(run.held(case), "UNEVALUABLE");
    assert!(row(&run, "C9").is_empty());
    let case = run.submit("rep_js", "grading", paper("G2", "C1", "C")).expect("a grading");
    assert_eq!((run.stands(case), row(&run, "C1")[1].clone()), ("done".into(), "grade=B".into()));
}

/// A case takes back what it wrote, last first; but not what somebody else has written since.
#[test]
fn what_was_written_is_taken_back() {
    let asking = state("asking", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(2))]);
    let undoing = state(
        "undoing",
        Activity::Compensate { since: None },
        &[("done", FAILED), ("stuck", Target::OnHold)],
    );
    let chain = grading(vec![writing(to(1)), asking, undoing]);
    let mut run = Run::new(definitions(vec![chain]));
    let case = run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a grading");
    let fresh = run.submit("rep_js", "grading", paper("G2", "C7", "A")).expect("a grading");
    run.answer(case, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!((run.stands(case), row(&run, "C1")[1].clone()), ("failed".into(), "grade=B".into()));
    run.answer(fresh, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert!(row(&run, "C7").is_empty(), "a row that was new is gone again");

    let first = run.submit("rep_js", "grading", paper("G3", "C1", "A")).expect("a grading");
    let second = run.submit("rep_js", "grading", paper("G4", "C1", "D")).expect("a grading");
    run.answer(first, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!((run.held(first).as_str(), row(&run, "C1")[1].as_str()), ("STUCK", "grade=D"));
    run.answer(second, "kam_js", Verdict::Refuse, |_| {}).expect("refused");
    assert_eq!(row(&run, "C1")[1], "grade=A", "the later one is taken back first");
    run.operate(first, Operation::Resume).expect("resumed");
    assert_eq!((run.stands(first), row(&run, "C1")[1].clone()), ("failed".into(), "grade=B".into()));
}

#[test]
fn a_case_changes_hands() {
    let ask = |name: &str, who: Who, next: &[(&str, Target)]| {
        let sign = Signer { duty: Duty::Review, who, veto: false, except: vec![], task: None, only_if: None };
        state(name, Activity::People(Node::Signer(sign)), next)
    };
    let states = vec![
        ask("first", Who::Owner, &[("passed", to(1)), ("returned", Target::Draft)]),
        state("handing", Activity::HandOver(post("kam_zj")), &[("done", to(2))]),
        ask("second", Who::Superior(Box::new(Who::Owner)), &[("passed", to(3)), ("returned", Target::Draft)]),
        ask("third", Who::Owner, &[("passed", DONE), ("returned", Target::Draft)]),
    ];
    let owner = Expr::Owner(Attribute::Unit);
    let mut third = states;
    third[3].learns = learnt(vec![(0, owner)]);
    let facts = vec![fact_def("unit", Type::Unit, Some(Expr::Owner(Attribute::Unit)))];
    let mut run = Run::new(definitions(vec![Chain { facts, ..grading(third) }]));
    let case = run.submit("kam_js", "grading", paper("G1", "C1", "A")).expect("a case");
    assert_eq!((run.case(case).owner().as_str(), run.fact(case, "unit")), ("kam_js", Value::Unit(n("js"))));
    // Nobody reviews an own document: the superior is asked for the owner.
    run.decide(case, "bgm_js", Verdict::Pass).expect("passed");
    assert_eq!(run.case(case).owner(), "kam_zj");
    let asked: Vec<String> = run.case(case).tasks().values().map(|t| t.position.to_string()).collect();
    assert_eq!(asked, ["sales_director"], "bgm_zj is vacant");
    run.decide(case, "sales_director", Verdict::Pass).expect("passed");
    run.decide(case, "kam_zj", Verdict::Pass).expect("passed");
    assert_eq!((run.stands(case), run.fact(case, "unit")), ("done".into(), Value::Unit(n("zj"))));
}

fn alarms(alarms: Vec<(u16, AlarmStop, &str)>) -> Chain {
    let next = |to: Target| [("done", to), ("refused", to)];
    let states = vec![
        state("picking", task("kam_js", &["again", "on"], &[]), &[("again", to(0)), ("on", to(1))]),
        state("packing", task("kam_js", &[], &[]), &next(to(2))),
        state("waiting", wait("erp.seal.put", vec![is("no", doc("no"))]), &[("received", to(3))]),
        state("closing", task("kam_js", &[], &[]), &next(DONE)),
    ];
    let alarm = |(i, (from, to, after)): (usize, (u16, AlarmStop, &str))| Alarm {
        name: n(&format!("late {i}")),
        from,
        to,
        after: span(after),
        tell: vec![Who::Driver, Who::Superior(Box::new(Who::Submitter)), Who::Driver, post("nowhere")],
    };
    Chain { alarms: alarms.into_iter().enumerate().map(alarm).collect(), ..grading(states) }
}

/// Working time from nine to five, Monday to Friday.
fn office(chain: Chain) -> Run {
    let mut all: Vec<Definition> = company().into_iter().chain(definitions(vec![chain])).collect();
    all.push(adapters(vec![], vec![("erp.seal.put", shape(&[("no", Type::Text)]))]));
    for definition in &mut all {
        if let Definition::Company(company) = definition {
            company.calendar = Calendar {
                zone: Zone { name: "Asia/Shanghai".into(), offsets: vec![(0, 8 * 3600)] },
                days: [true, true, true, true, true, false, false],
                hours: vec![(9 * 60, 17 * 60)],
                holidays: BTreeSet::new(),
                make_up_days: BTreeSet::new(),
            };
        }
    }
    Run::of(all)
}

fn raised(run: &Run, case: u64) -> Vec<String> {
    let raised = |event: &&Event| match event {
        Event::AlarmRaised(e) => {
            let told: Vec<&str> = e.told.iter().map(|name| name.as_str()).collect();
            Some(format!("{} -> {}", e.name, told.join(" ")))
        }
        _ => None,
    };
    run.events(case).iter().filter_map(raised).collect()
}

/// Raised once, after working time, to who can be found; a loop does not wind the clock back.
#[test]
fn an_alarm_is_raised_once_and_in_working_time() {
    let mut run = office(alarms(vec![(0, AlarmStop::State(1), "10wh")]));
    let case = run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a case");
    let due = run.world.state.next_timer().expect("a timer");
    let clocks = run.case(case).outward().expect("clocks").alarms.clone();
    assert_eq!(clocks.get(&0), Some(&at("2025-04-22T11:00+08:00")), "{due:?}");
    run.wait_until(at("2025-04-21T16:00+08:00"));
    let again = |answer: &mut countersign_core::command::Answer| answer.choice = Some(n("again"));
    run.answer(case, "kam_js", Verdict::Choose, again).expect("again");
    run.wait_until(at("2025-04-22T10:59+08:00"));
    assert!(raised(&run, case).is_empty());
    run.wait_until(at("2025-04-22T11:00+08:00"));
    assert_eq!(raised(&run, case), ["late 0 -> driver kam_js nowhere"]);
    assert_eq!(run.stands(case), "picking", "an alarm decides nothing");
    run.wait(300 * HOUR);
    assert_eq!(raised(&run, case).len(), 1);
    // Entered again, it is set again.
    run.answer(case, "kam_js", Verdict::Choose, again).expect("again");
    assert!(run.case(case).outward().is_some_and(|outward| outward.alarms.contains_key(&0)));
}

#[test]
fn a_state_an_end_or_a_fact_stops_an_alarm() {
    let kinds = vec![
        (0, AlarmStop::State(1), "1h"),
        (0, AlarmStop::End, "200h"),
        (1, AlarmStop::Fact(n("erp.seal.put")), "100h"),
    ];
    let mut run = office(alarms(kinds));
    let case = run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a case");
    let running = |run: &Run| {
        let outward = run.world.state.case(case).and_then(|case| case.outward());
        outward.map(|outward| outward.alarms.keys().copied().collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(running(&run), [0, 1]);
    run.answer(case, "kam_js", Verdict::Choose, |a| a.choice = Some(n("on"))).expect("on");
    assert_eq!(running(&run), [1, 2]);
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    run.report("erp.seal.put", "m1", record([("no", text("G1"))])).expect("the seal");
    assert_eq!((run.stands(case).as_str(), running(&run)), ("closing", vec![1]));
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert!(run.world.state.next_timer().is_none(), "nothing of a closed case is left");
    run.wait(500 * HOUR);
    assert!(raised(&run, case).is_empty());
}

#[test]
fn what_came_before_the_case_waits_for_it_is_not_missing() {
    for (paper_no, expected) in [("G1", 0), ("G2", 1)] {
        let mut run = office(alarms(vec![(0, AlarmStop::Fact(n("erp.seal.put")), "100h")]));
        let case = run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a case");
        run.report("erp.seal.put", "m1", record([("no", text(paper_no))])).expect("kept");
        run.wait(200 * HOUR);
        assert_eq!(raised(&run, case).len(), expected, "a seal on {paper_no}");
        assert!(
            run.case(case).outward().is_some_and(|outward| outward.alarms.is_empty()),
            "its clock stopped"
        );
        run.check();
    }
}

#[test]
fn a_clock_that_stopped_raises_nothing() {
    use countersign_core::command::{Body, Cause};
    let mut run = office(alarms(vec![(0, AlarmStop::State(1), "1h")]));
    let case = run.submit("rep_js", "grading", paper("G1", "C1", "A")).expect("a case");
    let due = run.world.at;
    for alarm in [0, 7] {
        let timer = Body::Timer { case, timer: Timer::Alarm(alarm) };
        let refused = run.world.run(Cause::Timer { due }, timer).expect_err("not due");
        assert_eq!(refused.code, Code::TimerStale);
    }
    run.check();
}
