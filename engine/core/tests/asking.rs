//! What is asked of a case at any time: by persons, by other cases; messages from case to case; cases that others
//! require, and what one case may know of another.

use countersign_core::command::{CaseNo, Operation, Verdict};
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::{CasePart, Expr};
use countersign_core::time::{HOUR, MINUTE};
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

fn documents() -> Vec<Definition> {
    vec![
        document("order", vec![field("no", Type::Text), field("units", Type::Units)]),
        document(
            "change",
            vec![
                field("no", Type::Text),
                field("order", Type::Text),
                Field { default: Some(Value::Units(0.into())), ..field("units", Type::Units) },
            ],
        ),
    ]
}

/// Orders stand in `evaluating`, then in `making`; they may be told other units, or to be cancelled.
fn orders() -> Chain {
    let states = vec![
        state("evaluating", task("kam_js", &[], &[]), &[("done", to(1)), ("refused", FAILED)]),
        state("making", task("finance", &[], &[]), &[("done", DONE), ("refused", FAILED)]),
        state("cancelling", task("bgm_js", &[], &[]), &[("done", CANCELLED), ("refused", Target::Back)]),
    ];
    let cancel = Anytime {
        by: vec![Who::Submitter, Who::KindAt(n("bgm"), words("js"))],
        by_chain: names(&["change"]),
        in_states: Some(vec![0, 1]),
        ..anytime("cancel", Some(to(2)))
    };
    let change = Anytime {
        by: vec![post("kam_js")],
        by_chain: names(&["change"]),
        in_states: Some(vec![1]),
        asks: vec![(n("units"), Type::Units)],
        learns: learnt(vec![(0, reply("units"))]),
        ..anytime("change", None)
    };
    Chain {
        facts: vec![fact_def("units", Type::Units, Some(doc("units")))],
        anytime: vec![cancel, change],
        ..chain("order", "order", &["no", "units"], states)
    }
}

/// A change tells the order that it names.
fn changes(what: Told, fields: Vec<(&str, Expr)>) -> Chain {
    let tell = TellDef { case: case_of("order", doc("order")), what, with: with(fields) };
    let telling = state("telling", Activity::Tell(tell), &[("done", DONE), ("refused", FAILED)]);
    chain("change", "change", &["no", "order", "units"], vec![telling])
}

fn company(chains: Vec<Chain>) -> Run {
    Run::new(documents().into_iter().chain(chains.into_iter().map(Definition::Chain)).collect())
}

fn order(run: &mut Run, no: &str) -> CaseNo {
    run.submit("rep_js", "order", record([("no", text(no)), ("units", number(5))])).expect("an order")
}

fn change(run: &mut Run, no: &str, of: &str, units: u32) -> CaseNo {
    let document = record([("no", text(no)), ("order", text(of)), ("units", number(units))]);
    run.submit("rep_js", "change", document).expect("a change")
}

fn nothing() -> Raw {
    record([])
}

/// Who may ask asks, and the case goes there; its tasks fall away, and it may come back.
#[test]
fn a_person_asks() {
    let mut run = company(vec![orders()]);
    let case = order(&mut run, "O1");
    let code = |result: Result<u64, String>| result.expect_err("a refusal");
    assert_eq!(code(run.ask("finance", case, "cancel", nothing())), "NOT_ASKED_HERE");
    assert_eq!(code(run.ask("rep_js", case, "nonsense", nothing())), "NOT_ASKED_HERE");
    assert_eq!(code(run.ask("rep_js", case, "cancel", record([("why", text("x"))]))), "FIELD_UNKNOWN");
    assert_eq!(code(run.ask("rep_js", 9, "cancel", nothing())), "CASE_UNKNOWN");
    run.ask("bgm_js", case, "cancel", nothing()).expect("asked");
    assert_eq!(run.last(), ["task-withdrawn", "case-asked", "state-entered", "task-opened"]);
    assert_eq!(run.stands(case), "cancelling");
    assert_eq!(code(run.ask("rep_js", case, "cancel", nothing())), "NOT_ASKED_HERE", "not in this state");
    run.decide(case, "bgm_js", Verdict::Refuse).expect("refused");
    assert_eq!(run.stands(case), "evaluating");
    run.ask("rep_js", case, "cancel", nothing()).expect("its submitter asks");
    run.decide(case, "bgm_js", Verdict::Done).expect("cancelled");
    assert_eq!(
        (run.stands(case).as_str(), code(run.ask("rep_js", case, "cancel", nothing())).as_str()),
        ("cancelled", "CASE_CLOSED")
    );
}

/// A request needs a reason; a held case is asked nothing.
#[test]
fn what_a_request_needs() {
    let mut run = company(vec![orders()]);
    let case = order(&mut run, "O1");
    let body =
        countersign_core::command::Body::Ask { case, entry: n("cancel"), with: nothing(), reason: n(" ") };
    assert_eq!(run.request("rep_js", body), Err("REASON_REQUIRED".to_owned()));
    run.operate(case, Operation::Hold).expect("held");
    assert_eq!(run.ask("rep_js", case, "cancel", nothing()), Err("CASE_HELD".to_owned()));
    run.operate(case, Operation::Resume).expect("resumed");
    run.ask("rep_js", case, "cancel", nothing()).expect("asked");
}

/// Where an entry leads nowhere the case stays, its tasks stand, and it has learnt.
#[test]
fn a_case_that_stays_learns() {
    let mut run = company(vec![orders()]);
    let case = order(&mut run, "O1");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.ask("kam_js", case, "change", nothing()), Err("FIELD_MISSING".to_owned()));
    let units = |units: Raw| record([("units", units)]);
    assert_eq!(run.ask("kam_js", case, "change", units(text("a lot"))), Err("FIELD_TYPE".to_owned()));
    run.ask("kam_js", case, "change", units(number(7))).expect("asked");
    assert_eq!(run.last(), ["case-asked", "facts-learnt"]);
    assert_eq!((run.stands(case), run.fact(case, "units").to_string()), ("making".into(), "7".into()));
    run.decide(case, "finance", Verdict::Done).expect("its task stands");
}

/// One case asks another: done where that goes along with it, refused where it does not, each in one frame.
#[test]
fn a_case_asks_another() {
    let told = Told::Request(n("change"));
    let mut run = company(vec![orders(), changes(told, vec![("units", doc("units"))])]);
    let case = order(&mut run, "O1");
    let early = change(&mut run, "X1", "O1", 9);
    assert_eq!((run.stands(early).as_str(), run.fact(case, "units").to_string().as_str()), ("failed", "5"));
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    let right = change(&mut run, "X2", "O1", 9);
    assert_eq!((run.stands(right).as_str(), run.fact(case, "units").to_string().as_str()), ("done", "9"));
    let asked = run.frame().events.iter().find_map(|event| match event {
        Event::CaseAsked(e) => Some((e.case, e.by_case, e.go)),
        _ => None,
    });
    assert_eq!(asked, Some((case, Some(right), None)));
    let nobody = change(&mut run, "X3", "O9", 9);
    assert_eq!(run.stands(nobody), "failed", "there is no such case");
    run.decide(case, "finance", Verdict::Done).expect("done");
    let late = change(&mut run, "X4", "O1", 9);
    assert_eq!(run.stands(late), "failed", "it is over");
}

/// A chain that the entry does not name is refused, unless its case started the other one.
#[test]
fn who_may_ask_a_case() {
    let mut closed = orders();
    closed.anytime.iter_mut().for_each(|entry| entry.by_chain.clear());
    let start = RunDef { copy: vec![], ..run("order", vec![("no", doc("order")), ("units", units(1))]) };
    let tell = |name: &str| {
        let case = case_of("order", doc("order"));
        let tell = TellDef { case, what: Told::Request(n(name)), with: vec![] };
        Activity::Tell(tell)
    };
    let parent = vec![
        state("starting", Activity::Start(start), &[("started", to(1))]),
        state("telling", tell("cancel"), &[("done", DONE), ("refused", FAILED)]),
    ];
    let parent = Chain { name: n("parent"), ..chain("parent", "change", &["no", "order", "units"], parent) };
    let mut run = company(vec![closed, changes(Told::Request(n("cancel")), vec![]), parent]);
    let case = order(&mut run, "O1");
    let stranger = change(&mut run, "X1", "O1", 0);
    assert_eq!((run.stands(stranger).as_str(), run.stands(case).as_str()), ("failed", "evaluating"));
    let document = record([("no", text("P1")), ("order", text("O2"))]);
    let own = run.submit("rep_js", "parent", document).expect("a parent");
    assert_eq!((run.stands(own).as_str(), run.stands(own + 1).as_str()), ("done", "cancelling"));
}

/// A message goes to the one case that is told, where that waits for it and its rule holds.
#[test]
fn a_message_from_case_to_case() {
    let waits = wait("bank.paid", vec![is("units", doc("units"))]);
    let waiting = learns(vec![(0, message("units"))], state("open", waits, &[("received", DONE)]));
    let learning = Chain {
        facts: vec![fact_def("units", Type::Units, Some(units(0)))],
        ..chain("order", "order", &["no", "units"], vec![waiting])
    };
    let told = changes(Told::Message(n("bank.paid")), vec![("units", doc("units"))]);
    let mut run = company(vec![learning, told]);
    let (first, second) = (order(&mut run, "O1"), order(&mut run, "O2"));
    let wrong = change(&mut run, "X1", "O2", 4);
    assert_eq!((run.stands(wrong).as_str(), run.stands(second).as_str()), ("failed", "open"));
    let right = change(&mut run, "X2", "O2", 5);
    assert_eq!((run.stands(right).as_str(), run.stands(second).as_str()), ("done", "done"));
    assert_eq!((run.fact(second, "units").to_string().as_str(), run.stands(first).as_str()), ("5", "open"));
    assert_eq!(run.world.state.kept_count(), 0);
}

/// Two cases that ask one another without end are stopped.
#[test]
fn cases_that_ask_one_another_are_stopped() {
    let states = |other: &str| {
        let case = case_of(other, doc("no"));
        let tell = Activity::Tell(TellDef { case, what: Told::Request(n("ping")), with: vec![] });
        vec![
            state("resting", task("kam_js", &[], &[]), &[("done", to(1))]),
            state("telling", tell, &[("done", to(0)), ("refused", to(0))]),
        ]
    };
    let pinged = |name: &str, other: &str| Chain {
        anytime: vec![Anytime { by_chain: names(&[other]), ..anytime("ping", Some(to(1))) }],
        ..chain(name, "order", &["no", "units"], states(other))
    };
    let mut run = company(vec![pinged("left", "right"), pinged("right", "left")]);
    for chain in ["left", "right"] {
        let document = record([("no", text("O1")), ("units", number(1))]);
        run.submit("rep_js", chain, document).expect("a case");
    }
    run.decide(1, "kam_js", Verdict::Done).expect("done");
    run.wait(0);
    assert!(run.world.state.next_timer().is_none_or(|(due, ..)| due > run.world.at));
    let held = [1, 2].into_iter().filter(|case| run.stands(*case) == "on-hold").collect::<Vec<_>>();
    assert_eq!(held.len(), 1, "{}{}", run.story(1), run.story(2));
    assert_eq!(run.held(held[0]), "LOOP_LIMIT");
}

/// Evaluations whose end is required, and the change that requires one for its order.
fn requiring(for_each: Option<Expr>, within: Option<&str>) -> Run {
    let evaluation = state("open", task("kam_js", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let evaluation = chain("evaluation", "order", &["no", "units"], vec![evaluation]);
    let key = if for_each.is_some() { item("") } else { doc("order") };
    let wanted = RequiredCase {
        for_each,
        chain: n("evaluation"),
        key,
        states: names(&["done"]),
        within: within.map(span),
        takes: Vec::new(),
    };
    let requires = vec![Requirement { what: Required::Case(wanted), code: n("NO_VALID_EVALUATION") }];
    let state_of = state("open", task("finance", &[], &[]), &[("done", DONE)]);
    company(vec![
        evaluation,
        Chain { requires, ..chain("change", "change", &["no", "order"], vec![state_of]) },
    ])
}

fn evaluated(run: &mut Run, no: &str) -> CaseNo {
    let document = record([("no", text(no)), ("units", number(1))]);
    run.submit("rep_js", "evaluation", document).expect("an evaluation")
}

fn wanted(run: &mut Run, of: &str) -> Result<CaseNo, String> {
    let document = record([("no", text("X")), ("order", text(of))]);
    run.submit("rep_js", "change", document)
}

/// Only where the case that is required stands where it must, and for as long as its end is fresh.
#[test]
fn a_case_is_required() {
    let mut run = requiring(None, Some("72h"));
    let refused = Err("NO_VALID_EVALUATION".to_owned());
    assert_eq!(wanted(&mut run, "O1"), refused);
    let case = evaluated(&mut run, "O1");
    assert_eq!(wanted(&mut run, "O1"), refused, "it is open");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!(wanted(&mut run, "O2"), refused, "another order's");
    run.wait(71 * HOUR + 59 * MINUTE);
    wanted(&mut run, "O1").expect("fresh");
    run.wait(2 * MINUTE);
    assert_eq!(wanted(&mut run, "O1"), refused, "stale");
    // The newest case of the key counts, not some case.
    let again = evaluated(&mut run, "O1");
    run.decide(again, "kam_js", Verdict::Done).expect("done");
    wanted(&mut run, "O1").expect("fresh again");
    let failed = evaluated(&mut run, "O1");
    run.decide(failed, "kam_js", Verdict::Refuse).expect("refused");
    assert_eq!(wanted(&mut run, "O1"), refused, "the newest ended badly");
}

/// One for each item of a list.
#[test]
fn cases_are_required_for_each() {
    let both = Expr::List(vec![doc("order"), words("ALWAYS")]);
    let mut run = requiring(Some(both), None);
    let first = evaluated(&mut run, "O1");
    run.decide(first, "kam_js", Verdict::Done).expect("done");
    assert_eq!(wanted(&mut run, "O1"), Err("NO_VALID_EVALUATION".to_owned()));
    let second = evaluated(&mut run, "ALWAYS");
    run.decide(second, "kam_js", Verdict::Done).expect("done");
    wanted(&mut run, "O1").expect("both");
}

/// What one case may know of another: open, over, or never heard of.
#[test]
fn what_a_case_knows_of_another() {
    let of = |part: CasePart| Expr::OfCase(Box::new(case_of("order", doc("order"))), part);
    let state_is =
        |name: &str| eq(Expr::Else(Box::new(of(CasePart::State)), Box::new(words("none"))), words(name));
    let branch = |name: &str, go| Branch { when: Some(state_is(name)), go };
    let look = Activity::Choose(vec![
        branch("evaluating", to(1)),
        branch("on-hold", to(2)),
        branch("done", to(3)),
        branch("withdrawn", to(4)),
        Branch { when: None, go: to(5) },
    ]);
    let names = ["evaluating", "held", "over", "withdrawn", "unknown"];
    let rest = names.map(|name| state(name, task("finance", &[], &[]), &[("done", DONE)]));
    let states = [state("looking", look, &[])].into_iter().chain(rest).collect();
    let mut run = company(vec![orders(), chain("change", "change", &["no", "order", "units"], states)]);
    let (held, over, gone) = (order(&mut run, "O2"), order(&mut run, "O3"), order(&mut run, "O4"));
    order(&mut run, "O1");
    run.operate(held, Operation::Hold).expect("held");
    run.decide(over, "kam_js", Verdict::Done).expect("done");
    run.decide(over, "finance", Verdict::Done).expect("done");
    run.withdraw("rep_js", gone).expect("withdrawn");
    for (no, of, stands) in [
        ("X1", "O1", "evaluating"),
        ("X2", "O2", "held"),
        ("X3", "O3", "over"),
        ("X4", "O4", "withdrawn"),
        ("X5", "O5", "unknown"),
    ] {
        let case = change(&mut run, no, of, 0);
        assert_eq!(run.stands(case), stands, "{of}");
    }
    let state = &run.world.state;
    let part = |case: CaseNo, part: CasePart| state.case_part(case, &part);
    assert_eq!(part(over, CasePart::Open), Some(Value::Flag(false)));
    assert_eq!(part(held, CasePart::Open), Some(Value::Flag(true)));
    assert_eq!(part(over, CasePart::Doc(vec![n("no")])), Some(Value::text("O3")));
    assert_eq!(part(over, CasePart::Submitter), Some(Value::Position(n("rep_js"))));
    assert_eq!(part(held, CasePart::Owner), Some(Value::Position(n("rep_js"))));
    assert_eq!(part(over, CasePart::Owner), Some(Value::Missing), "nobody owns what is over");
    assert_eq!((part(99, CasePart::Open), part(99, CasePart::Amount)), (None, None));
}
