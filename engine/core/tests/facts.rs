//! Facts: which waiting case a message is meant for, messages kept for a case that comes later, messages that start
//! cases; and none that takes effect twice.

use countersign_core::command::{Body, CaseNo, Verdict};
use countersign_core::definition::*;
use countersign_core::expr::{Comparison, Expr};
use countersign_core::name::Name;
use countersign_core::receipt::Receipt;
use countersign_core::time::{DAY, HOUR};
use countersign_core::value::{Raw, Type, Value};

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

const RECEIPT: &str = "bank.receipt.posted";

fn money(amount: &str) -> Raw {
    record([("amount", text(amount)), ("currency", text("CNY"))])
}

fn invoice(no: &str, customer: &str, due: &str) -> Raw {
    record([("no", text(no)), ("customer", text(customer)), ("due", text(due)), ("amount", money("100.00"))])
}

/// A payment: which invoice it names, if any; by whom; how much.
fn paid(names: &str, customer: &str, amount: &str) -> Raw {
    record([("ref", text(names)), ("customer", text(customer)), ("amount", money(amount))])
}

fn bank() -> Definition {
    let receipt = [("ref", Type::Text), ("customer", Type::Text), ("amount", Type::Money)];
    adapters(
        vec![],
        vec![(RECEIPT, shape(&receipt)), ("bank.customer.overdue", shape(&[("customer", Type::Text)]))],
    )
}

fn invoices_document() -> Definition {
    document(
        "invoice",
        vec![
            field("no", Type::Text),
            field("customer", Type::Text),
            field("due", Type::Date),
            field("amount", Type::Money),
        ],
    )
}

/// Who names the invoice pays it; otherwise the customer's oldest due.
fn rules() -> Vec<MatchRule> {
    vec![is("ref", doc("no")), MatchRule { first_by: Some(doc("due")), ..is("customer", doc("customer")) }]
}

/// An invoice waits for its money, part by part; the last part settles it.
fn invoices(rules: Vec<MatchRule>) -> Chain {
    let all = compare(Comparison::AtLeast, fact("received"), doc("amount"));
    let open = Activity::Wait(Wait { fact: n(RECEIPT), rules, until: Some(all) });
    let zero =
        Expr::Const(Value::money(0.into(), countersign_core::money::Currency::parse("CNY").expect("yuan")));
    let open = learns(
        vec![(0, plus(fact("received"), message("amount")))],
        state("open", open, &[("received", DONE)]),
    );
    Chain {
        facts: vec![fact_def("received", Type::Money, Some(zero))],
        ..chain("invoice", "invoice", &["no", "customer", "due", "amount"], vec![open])
    }
}

fn company() -> Run {
    Run::new(vec![bank(), invoices_document(), Definition::Chain(invoices(rules()))])
}

fn issue(run: &mut Run, no: &str, customer: &str, due: &str) -> CaseNo {
    run.submit("rep_js", "invoice", invoice(no, customer, due)).expect("an invoice")
}

fn received(run: &Run, case: CaseNo) -> String {
    run.fact(case, "received").to_string()
}

/// The invoice that is named, whatever else is older; otherwise the one that is due first, and among equals the oldest.
#[test]
fn the_first_rule_that_finds_a_case_decides() {
    let mut run = company();
    let late = issue(&mut run, "I1", "C1", "2025-06-01");
    let early = issue(&mut run, "I2", "C1", "2025-05-01");
    let same = issue(&mut run, "I3", "C1", "2025-05-01");
    let other = issue(&mut run, "I4", "C2", "2025-04-01");
    run.report(RECEIPT, "m1", paid("I1", "C2", "100.00")).expect("taken");
    assert_eq!([late, early, same, other].map(|case| run.stands(case)), ["done", "open", "open", "open"]);
    run.report(RECEIPT, "m2", paid("", "C1", "100.00")).expect("taken");
    assert_eq!([early, same, other].map(|case| run.stands(case)), ["done", "open", "open"]);
    run.report(RECEIPT, "m3", paid("unknown", "C1", "100.00")).expect("taken");
    assert_eq!([same, other].map(|case| run.stands(case)), ["done", "open"]);
}

/// A wait with `until` goes on until what was learnt suffices.
#[test]
fn parts_add_up() {
    let mut run = company();
    let case = issue(&mut run, "I1", "C1", "2025-06-01");
    run.report(RECEIPT, "m1", paid("I1", "C1", "40.00")).expect("taken");
    assert_eq!((run.stands(case).as_str(), received(&run, case).as_str()), ("open", "CNY 40.00"));
    assert_eq!(run.last(), ["fact-received", "facts-learnt"]);
    run.report(RECEIPT, "m2", paid("I1", "C1", "60.00")).expect("taken");
    assert_eq!((run.stands(case).as_str(), received(&run, case).as_str()), ("done", "CNY 100.00"));
}

/// The same message again changes nothing, whatever became of it the first time.
#[test]
fn a_message_takes_effect_once() {
    let mut run = company();
    let case = issue(&mut run, "I1", "C1", "2025-06-01");
    run.report(RECEIPT, "m1", paid("I1", "C1", "40.00")).expect("taken");
    let frames = run.world.frames.len();
    assert_eq!(run.report(RECEIPT, "m1", paid("I1", "C1", "40.00")), Err("MESSAGE_REPEATED".to_owned()));
    run.report(RECEIPT, "m2", paid("I9", "C9", "40.00")).expect("kept");
    assert_eq!(run.report(RECEIPT, "m2", paid("I9", "C9", "40.00")), Err("MESSAGE_REPEATED".to_owned()));
    assert_eq!((run.world.frames.len(), received(&run, case).as_str()), (frames + 1, "CNY 40.00"));
    // Known for longer than anything is kept, and then no longer.
    run.wait(34 * DAY);
    assert_eq!(run.report(RECEIPT, "m1", paid("I1", "C1", "1.00")), Err("MESSAGE_REPEATED".to_owned()));
    run.wait(2 * DAY);
    run.report(RECEIPT, "m3", paid("I1", "C1", "1.00")).expect("taken");
    run.report(RECEIPT, "m1", paid("I1", "C1", "1.00")).expect("taken");
}

/// What came too early is found by the case that comes later, in the order in which it came.
#[test]
fn a_kept_fact_is_found() {
    let mut run = company();
    for (id, names, amount) in [("m1", "I1", "10.00"), ("m2", "I2", "20.00"), ("m3", "I1", "30.00")] {
        run.report(RECEIPT, id, paid(names, "C9", amount)).expect("kept");
        assert_eq!(run.last(), ["fact-kept"]);
        assert!(Receipt::of(run.frame()).kept);
    }
    assert_eq!(run.world.state.kept_count(), 3);
    let case = issue(&mut run, "I1", "C1", "2025-06-01");
    assert_eq!((run.stands(case).as_str(), received(&run, case).as_str()), ("open", "CNY 40.00"));
    let ids: Vec<&Name> = run.world.state.kept(RECEIPT).iter().map(|kept| &kept.message_id).collect();
    assert_eq!(ids, [&n("m2")]);
    // It is no more than the case wants: a wait that is over takes none.
    for (id, amount) in [("m4", "90.00"), ("m5", "10.00"), ("m6", "5.00")] {
        run.report(RECEIPT, id, paid("I3", "C9", amount)).expect("kept");
    }
    let full = issue(&mut run, "I3", "C1", "2025-06-01");
    assert_eq!((run.stands(full).as_str(), received(&run, full).as_str()), ("done", "CNY 100.00"));
    assert_eq!(run.world.state.kept_count(), 2);
}

/// What nobody wanted is given up after thirty days, with what it said.
#[test]
fn a_fact_is_given_up() {
    let mut run = company();
    run.report(RECEIPT, "m1", paid("I1", "C9", "10.00")).expect("kept");
    run.wait(DAY);
    run.report(RECEIPT, "m2", paid("I2", "C9", "10.00")).expect("kept");
    run.wait(29 * DAY - HOUR);
    assert_eq!(run.world.state.kept_count(), 2);
    run.wait(HOUR);
    assert_eq!((run.last(), run.world.state.kept_count()), (vec!["fact-given-up"], 1));
    let case = issue(&mut run, "I1", "C1", "2025-06-01");
    assert_eq!(received(&run, case), "CNY 0");
    run.wait(DAY);
    assert_eq!(run.world.state.kept_count(), 0);
    assert_eq!(run.world.state.next_timer(), None);
}

/// What an adapter may report: its own facts, as adapters.yaml declares them.
#[test]
fn what_is_not_declared_is_refused() {
    let mut run = company();
    let cases = [
        ("bank.receipt.lost", record([]), "REPLY_UNDECLARED"),
        (RECEIPT, record([]), "FIELD_MISSING"),
        (
            RECEIPT,
            record([("ref", number(1)), ("customer", text("C1")), ("amount", money("1.00"))]),
            "FIELD_TYPE",
        ),
        (RECEIPT, paid("I1", "C1", "1.001"), "AMOUNT_SCALE"),
        (RECEIPT, text("paid"), "FIELD_TYPE"),
    ];
    let frames = run.world.frames.len();
    for (fact, data, code) in cases {
        assert_eq!(run.report(fact, "m1", data), Err(code.to_owned()), "{fact}");
    }
    assert_eq!(run.report(RECEIPT, "told/1/2", paid("I1", "C1", "1.00")), Err("FIELD_TYPE".to_owned()));
    let stranger = countersign_core::command::Cause::Fact { adapter: n("erp"), message_id: n("m1") };
    let body = Body::Fact { fact: n(RECEIPT), message_id: n("m1"), data: paid("I1", "C1", "1.00") };
    let refused = run.world.run(stranger, body).expect_err("another adapter's fact");
    assert_eq!((refused.code.as_str(), run.world.frames.len()), ("FORBIDDEN", frames));
}

/// A back-office system asserts facts too: the same way, found, kept and known again.
#[test]
fn a_system_asserts_a_fact() {
    let waits = wait("seal.affixed", vec![is("no", doc("no"))]);
    let sealing = state("sealing", waits, &[("received", DONE)]);
    let contract = chain("contract", "contract", &["no"], vec![sealing]);
    let kinds = document("contract", vec![field("no", Type::Text)]);
    let mut run = Run::new(vec![kinds, Definition::Chain(contract)]);
    let assert_fact = |run: &mut Run, id: &str, no: &str| {
        let (fact, message_id) = (n("seal.affixed"), n(id));
        run.request("rep_js", Body::Fact { fact, message_id, data: record([("no", text(no))]) })
    };
    let submit = |run: &mut Run, no: &str| {
        run.submit("rep_js", "contract", record([("no", text(no))])).expect("a contract")
    };
    let first = submit(&mut run, "K1");
    assert_fact(&mut run, "s1", "K1").expect("taken");
    assert_eq!((run.stands(first).as_str(), Receipt::of(run.frame()).kept), ("done", false));
    assert_eq!(assert_fact(&mut run, "s1", "K1"), Err("MESSAGE_REPEATED".to_owned()));
    assert_fact(&mut run, "s2", "K2").expect("kept");
    assert!(Receipt::of(run.frame()).kept);
    assert_eq!(assert_fact(&mut run, "s2", "K2"), Err("MESSAGE_REPEATED".to_owned()));
    let second = submit(&mut run, "K2");
    assert_eq!((run.stands(second).as_str(), run.world.state.kept_count()), ("done", 0));
}

/// A message for which no case waits starts one, in the name of a post; where the chain does not want it it is kept.
#[test]
fn a_message_starts_a_case() {
    let start = Start {
        trigger: Trigger::Message {
            fact: n("bank.customer.overdue"),
            when: Some(compare(Comparison::Unequal, message("customer"), words("C0"))),
        },
        submitter: post("finance"),
        with: with(vec![("no", message("customer"))]),
        begins: Begins::First,
    };
    let asking = state("asking", task("finance", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let grading = Chain { starts: vec![start], ..chain("grading", "grading", &["no"], vec![asking]) };
    let unique = Field { unique: true, ..field("no", Type::Text) };
    let mut run = Run::new(vec![bank(), document("grading", vec![unique]), Definition::Chain(grading)]);
    let overdue = |run: &mut Run, id: &str, customer: &str| {
        run.report("bank.customer.overdue", id, record([("customer", text(customer))]))
    };
    overdue(&mut run, "m1", "C1").expect("started");
    assert_eq!(run.last(), ["case-submitted", "fact-received", "state-entered", "task-opened"]);
    assert_eq!((run.stands(1).as_str(), run.case(1).key()), ("asking", Some(&n("C1"))));
    assert_eq!((&run.case(1).submitter().person, run.case(1).parent()), (&n("P02"), None));
    assert_eq!(overdue(&mut run, "m1", "C1"), Err("MESSAGE_REPEATED".to_owned()));
    // What the chain itself refuses is refused to whoever reports it, and may come again.
    assert_eq!(overdue(&mut run, "m2", "C1"), Err("NOT_UNIQUE".to_owned()));
    run.decide(1, "finance", Verdict::Refuse).expect("refused");
    overdue(&mut run, "m2", "C1").expect("started");
    overdue(&mut run, "m3", "C0").expect("kept");
    assert_eq!((run.stands(2).as_str(), run.last()), ("asking", vec!["fact-kept"]));
}

/// A rule without an index is asked of every case; one that cannot read a message is not meant by it.
#[test]
fn a_rule_without_an_index() {
    let loose = MatchRule { index: None, ..is("ref", doc("no")) };
    let odd = MatchRule { when: eq(message("nothing"), doc("no")), index: None, first_by: None };
    let chain = Definition::Chain(invoices(vec![odd, loose]));
    let mut run = Run::new(vec![bank(), invoices_document(), chain]);
    let first = issue(&mut run, "I1", "C1", "2025-06-01");
    let second = issue(&mut run, "I2", "C1", "2025-06-01");
    run.report(RECEIPT, "m1", paid("I2", "C1", "100.00")).expect("taken");
    assert_eq!([first, second].map(|case| run.stands(case)), ["open", "done"]);
}

/// A wait that expires is over for the index too: what comes then is kept.
#[test]
fn a_wait_that_is_over_takes_no_message() {
    let mut chain = invoices(rules());
    chain.states[0].expires = Some(Expiry { after: span("3d"), go: to(1) });
    chain.states.push(state("late", task("finance", &[], &[]), &[("done", DONE)]));
    let mut run = Run::new(vec![bank(), invoices_document(), Definition::Chain(chain)]);
    let case = issue(&mut run, "I1", "C1", "2025-06-01");
    run.wait(3 * DAY);
    assert_eq!(run.stands(case), "late");
    run.report(RECEIPT, "m1", paid("I1", "C1", "100.00")).expect("kept");
    assert_eq!((run.last(), run.world.state.kept_count()), (vec!["fact-kept"], 1));
}
