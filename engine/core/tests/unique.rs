//! Values that a check finds to be nobody else's: claimed when it passes, given back where a case ends badly or is
//! handed in again.

use countersign_core::command::{CaseNo, Verdict};
use countersign_core::definition::*;
use countersign_core::expr::Expr;
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, record, text};

fn claim_of(no: &str, invoices: &[&str]) -> Raw {
    let invoice = |number: &&str| record([("number", text(number))]);
    record([("no", text(no)), ("invoices", Raw::List(invoices.iter().map(invoice).collect()))])
}

/// Invoices that nobody else has claimed, and a claim that is not called `bad`; then somebody decides.
fn company() -> Run {
    let unique = Test::Unique { name: n("invoices.number"), of: doc("invoices"), path: vec![n("number")] };
    let other = Expr::Not(Box::new(eq(doc("no"), Expr::Const(Value::text("bad")))));
    let checks = vec![
        Check { test: unique, code: n("DUPLICATE_INVOICE") },
        Check { test: Test::Must(other), code: n("BAD") },
    ];
    let decides = task("kam_js", &["pay", "drop", "back"], &[]);
    let states = vec![
        state("checking", Activity::Check(checks), &[("passed", to(1)), ("failed", Target::Draft)]),
        state("deciding", decides, &[("pay", DONE), ("drop", FAILED), ("back", Target::Draft)]),
    ];
    Run::new(vec![claims(), Definition::Chain(chain("claim", "claim", &["no", "invoices"], states))])
}

fn claims() -> Definition {
    let item = Type::Record(vec![(n("number"), Type::Text)]);
    document("claim", vec![field("no", Type::Text), field("invoices", Type::List(Box::new(item)))])
}

/// The same required of a submission.
fn strict() -> Run {
    let what = Required::Unique { name: n("invoices.number"), of: doc("invoices"), path: vec![n("number")] };
    let requires = vec![Requirement { what, code: n("DUPLICATE_INVOICE") }];
    let decides = task("kam_js", &["pay", "drop", "back"], &[]);
    let next = [("pay", DONE), ("drop", FAILED), ("back", Target::Draft)];
    let chain = chain("claim", "claim", &["no", "invoices"], vec![state("deciding", decides, &next)]);
    Run::new(vec![claims(), Definition::Chain(Chain { requires, ..chain })])
}

fn submit(run: &mut Run, no: &str, invoices: &[&str]) -> CaseNo {
    run.submit("rep_js", "claim", claim_of(no, invoices)).expect("a claim")
}

fn choose(run: &mut Run, case: CaseNo, choice: &str) {
    let answer = run.answer(case, "kam_js", Verdict::Choose, |answer| answer.choice = Some(n(choice)));
    answer.expect("chosen");
}

fn stands<const N: usize>(run: &Run, cases: [CaseNo; N]) -> [String; N] {
    cases.map(|case| run.stands(case))
}

#[test]
fn no_two_cases_have_one_value() {
    let mut run = company();
    let first = submit(&mut run, "1", &["A", "B"]);
    assert_eq!(run.last()[2..4], ["values-claimed", "step-closed"]);
    let second = submit(&mut run, "2", &["C", "B"]);
    let third = submit(&mut run, "3", &["C", "D"]);
    assert_eq!(stands(&run, [first, second, third]), ["deciding", "draft", "deciding"]);
    let codes = run.events(second).into_iter().find_map(|event| match event {
        countersign_core::event::Event::ChecksFailed(e) => Some(e.codes.clone()),
        _ => None,
    });
    assert_eq!(codes, Some(vec![n("DUPLICATE_INVOICE")]), "a check that fails claims nothing");
    choose(&mut run, first, "pay");
    choose(&mut run, third, "drop");
    let paid = submit(&mut run, "4", &["A"]);
    let dropped = submit(&mut run, "5", &["D"]);
    assert_eq!(stands(&run, [paid, dropped]), ["draft", "deciding"], "what ended badly is free again");
}

#[test]
fn a_value_stands_once_in_its_own_list() {
    let mut run = company();
    let twice = submit(&mut run, "1", &["A", "A"]);
    let none = submit(&mut run, "2", &[]);
    assert_eq!(stands(&run, [twice, none]), ["draft", "deciding"]);
}

#[test]
fn another_test_that_fails_claims_nothing() {
    let mut run = company();
    let bad = submit(&mut run, "bad", &["A"]);
    let good = submit(&mut run, "good", &["A"]);
    assert_eq!(stands(&run, [bad, good]), ["draft", "deciding"]);
}

#[test]
fn what_is_handed_in_again_is_checked_again() {
    let mut run = company();
    let case = submit(&mut run, "1", &["A"]);
    choose(&mut run, case, "back");
    let other = submit(&mut run, "2", &["A"]);
    assert_eq!(stands(&run, [case, other]), ["draft", "draft"], "a case in draft keeps what it has");
    run.resubmit("rep_js", case, claim_of("1", &["B"])).expect("handed in again");
    run.resubmit("rep_js", other, claim_of("2", &["A"])).expect("handed in again");
    assert_eq!(stands(&run, [case, other]), ["deciding", "deciding"]);
    let last = submit(&mut run, "3", &["B"]);
    assert_eq!(run.stands(last), "draft");
}

#[test]
fn what_a_submission_requires_to_be_unique_is_the_cases_from_then_on() {
    let mut run = strict();
    let refused = |run: &mut Run, no: &str, invoices: &[&str]| {
        run.submit("rep_js", "claim", claim_of(no, invoices)).map(|_| ())
    };
    let duplicate = Err("DUPLICATE_INVOICE".to_owned());
    let first = submit(&mut run, "1", &["A", "B"]);
    assert_eq!(refused(&mut run, "2", &["C", "B"]), duplicate, "B is the first one's");
    assert_eq!(refused(&mut run, "2", &["C", "C"]), duplicate, "twice in its own list");
    let second = submit(&mut run, "2", &["C"]);
    let none = submit(&mut run, "3", &[]);
    assert_eq!(stands(&run, [first, second, none]), ["deciding", "deciding", "deciding"]);
    // Its own values are no hindrance to a case that comes again, and those that it has no more are free.
    choose(&mut run, first, "back");
    assert_eq!(run.resubmit("rep_js", first, claim_of("1", &["A", "C"])).map(|_| ()), duplicate);
    run.resubmit("rep_js", first, claim_of("1", &["A", "D"])).expect("handed in again");
    submit(&mut run, "4", &["B"]);
    choose(&mut run, first, "drop");
    submit(&mut run, "5", &["A", "D"]);
    choose(&mut run, second, "pay");
    assert_eq!(refused(&mut run, "6", &["C"]), duplicate, "what ended well keeps them");
}
