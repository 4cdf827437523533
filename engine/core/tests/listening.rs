//! Messages that move a case whatever it is doing: only where its chain says so, after those who wait for them, by
//! what the case knows now, once, and as well when they came too early.

use countersign_core::command::{CaseNo, Operation, Verdict};
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::Expr;
use countersign_core::name::Name;
use countersign_core::state::Seeks;
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, record, text};

const BOUNCED: &str = "bank.receipt.bounced";

/// Where a case goes that is told of a bounced receipt.
const MENDING: u16 = 2;

fn bounced(of: &str) -> Raw {
    record([("ref", text(of)), ("why", text("no funds"))])
}

fn listen(go: Option<Target>, value: Expr, in_states: &[u16]) -> Listen {
    let learns = learnt(vec![(1, message("why"))]);
    Listen {
        fact: n(BOUNCED),
        rules: vec![is("ref", value)],
        in_states: Some(in_states.to_vec()),
        go,
        learns,
    }
}

/// Somebody looks, and says which reference it has; it rests; what has bounced is mended.
fn claims(listens: Vec<Listen>) -> Chain {
    let asks = task("kam_js", &[], &[("ref", Type::Text)]);
    let next = |to: Target| [("done", to), ("refused", FAILED)];
    let states = vec![
        learns(vec![(0, reply("ref"))], state("looking", asks, &next(to(1)))),
        state("resting", task("kam_js", &[], &[]), &next(DONE)),
        state("mending", task("rep_js", &[], &[]), &next(to(1))),
        state("waiting", wait(BOUNCED, vec![is("ref", doc("no"))]), &[("received", DONE)]),
    ];
    let none = Expr::Const(Value::text("none"));
    Chain {
        facts: vec![
            fact_def("ref", Type::Text, Some(none)),
            fact_def("why", Type::Optional(Box::new(Type::Text)), None),
        ],
        listens,
        ..chain("claim", "claim", &["no"], states)
    }
}

fn company(listens: Vec<Listen>) -> Run {
    let facts = vec![(BOUNCED, shape(&[("ref", Type::Text), ("why", Type::Text)]))];
    let document = document("claim", vec![field("no", Type::Text)]);
    let waiting = Chain { name: n("waiting"), ..claims(Vec::new()) };
    let first = waiting.states[3].clone();
    let waiting = Chain { states: vec![first], ..waiting };
    Run::new(vec![
        adapters(vec![], facts),
        document,
        Definition::Chain(claims(listens)),
        Definition::Chain(waiting),
    ])
}

fn submit(run: &mut Run, chain: &str, no: &str) -> CaseNo {
    run.submit("rep_js", chain, record([("no", text(no))])).expect("a claim")
}

fn look(run: &mut Run, case: CaseNo, reference: &str) {
    let fields = Some(record([("ref", text(reference))]));
    run.answer(case, "kam_js", Verdict::Done, |answer| answer.fields = fields).expect("looked at");
}

fn count(run: &Run, case: CaseNo, name: &str) -> usize {
    run.events(case).into_iter().filter(|event| event.name() == name).count()
}

/// Only in the states that it names, by what the case has learnt meanwhile; its tasks fall away.
#[test]
fn a_message_moves_a_case_from_where_it_stands() {
    let mut run = company(vec![listen(Some(to(MENDING)), fact("ref"), &[1])]);
    let case = submit(&mut run, "claim", "K1");
    run.report(BOUNCED, "m0", bounced("none")).expect("kept");
    assert_eq!((run.last(), run.stands(case).as_str()), (vec!["fact-kept"], "looking"));
    look(&mut run, case, "R-7");
    assert_eq!(run.stands(case), "resting", "the one that is kept means another reference");
    run.report(BOUNCED, "m1", bounced("R-8")).expect("kept");
    assert_eq!(run.stands(case), "resting");
    run.report(BOUNCED, "m2", bounced("R-7")).expect("taken");
    let moved = ["fact-received", "task-withdrawn", "case-asked", "facts-learnt", "state-entered"];
    assert_eq!(run.last()[..5], moved);
    assert_eq!((run.stands(case).as_str(), run.fact(case, "why")), ("mending", Value::text("no funds")));
    let told = run.events(case).into_iter().rev().find_map(|event| match event {
        Event::CaseAsked(e) => Some((e.entry.clone(), e.by_case, e.person.clone(), e.go)),
        _ => None,
    });
    assert_eq!(told, Some((n(BOUNCED), None, Name::default(), Some(to(MENDING)))));
    assert_eq!(run.report(BOUNCED, "m2", bounced("R-7")), Err("MESSAGE_REPEATED".to_owned()));
    // It listens again once it is back, and says so.
    run.report(BOUNCED, "m3", bounced("R-7")).expect("kept");
    assert_eq!(run.stands(case), "mending");
    run.decide(case, "rep_js", Verdict::Done).expect("mended");
    assert_eq!(run.stands(case), "mending", "the kept one has sent it back at once");
    assert_eq!(count(&run, case, "fact-received"), 2);
    run.decide(case, "rep_js", Verdict::Done).expect("mended");
    run.decide(case, "kam_js", Verdict::Done).expect("done");
    assert_eq!(run.stands(case), "done");
    assert_eq!(run.world.state.rules_of(BOUNCED, Seeks::Listening).count(), 0, "who is over listens no more");
}

/// `go: stay`: it learns and stays, its tasks too.
#[test]
fn a_message_may_only_teach() {
    let mut run = company(vec![listen(None, doc("no"), &[0, 1])]);
    let case = submit(&mut run, "claim", "K1");
    run.report(BOUNCED, "m1", bounced("K1")).expect("taken");
    assert_eq!(run.last(), ["fact-received", "facts-learnt"]);
    assert_eq!((run.stands(case).as_str(), run.fact(case, "why")), ("looking", Value::text("no funds")));
    assert_eq!(run.case(case).tasks().len(), 1);
}

/// Who waits for a message gets it before whom it would move, however old; the same case as well.
#[test]
fn who_waits_comes_first() {
    let mut run = company(vec![listen(Some(to(MENDING)), doc("no"), &[0, 1])]);
    let moved = submit(&mut run, "claim", "K1");
    let waits = submit(&mut run, "waiting", "K1");
    run.report(BOUNCED, "m1", bounced("K1")).expect("taken");
    assert_eq!([moved, waits].map(|case| run.stands(case)), ["looking", "done"]);
    run.report(BOUNCED, "m2", bounced("K1")).expect("taken");
    assert_eq!(run.stands(moved), "mending");

    let entry = listen(Some(to(MENDING)), doc("no"), &[3]);
    let mut both = claims(vec![entry]);
    both.states[0] = state("looking", task("kam_js", &[], &[]), &[("done", to(3)), ("refused", FAILED)]);
    let facts = vec![(BOUNCED, shape(&[("ref", Type::Text), ("why", Type::Text)]))];
    let claim = document("claim", vec![field("no", Type::Text)]);
    let mut run = Run::new(vec![adapters(vec![], facts), claim, Definition::Chain(both)]);
    let case = submit(&mut run, "claim", "K1");
    run.decide(case, "kam_js", Verdict::Done).expect("looked at");
    assert_eq!(run.stands(case), "waiting");
    run.report(BOUNCED, "m1", bounced("K1")).expect("taken");
    assert_eq!(run.stands(case), "done", "what it waits for ends its wait");
}

/// A held case is moved by nobody but an operator; the message is kept for it.
#[test]
fn a_held_case_takes_the_message_when_it_goes_on() {
    let mut run = company(vec![listen(Some(to(MENDING)), doc("no"), &[0])]);
    let case = submit(&mut run, "claim", "K1");
    run.operate(case, Operation::Hold).expect("held");
    run.report(BOUNCED, "m1", bounced("K1")).expect("kept");
    assert_eq!(run.last(), ["fact-kept"]);
    run.operate(case, Operation::Resume).expect("resumed");
    assert_eq!(run.stands(case), "mending");
}

/// Cases that listen are not looked at for a message that means one of them.
#[test]
fn a_message_finds_the_case_that_it_moves_by_a_lookup() {
    let mut run = company(vec![listen(Some(to(MENDING)), doc("no"), &[0])]);
    let cases: Vec<CaseNo> = (0..200).map(|i| submit(&mut run, "claim", &format!("K{i}"))).collect();
    let message = countersign_core::value::Fields::from([(n("ref"), Value::text("K77"))]);
    let found = run.world.state.meant_by((BOUNCED, 0), &message, Seeks::Listening);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [cases[77]]);
    run.report(BOUNCED, "m1", bounced("K77")).expect("taken");
    assert_eq!(run.stands(cases[77]), "mending");
}
