//! Previews of chains that deal with other systems and cases: what can be foreseen is shown, what cannot is said.

use countersign_core::command::{Request, VouchedBy};
use countersign_core::definition::*;
use countersign_core::name::Name;
use countersign_core::preview::{Preview, preview};
use countersign_core::rejection::Rejection;
use countersign_core::value::{Raw, Type};

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

const READS: &[&str] = &["no", "units", "customer"];

fn documents() -> Vec<Definition> {
    let numbered = Field { numbered: true, ..field("code", Type::Text) };
    let fields = || {
        vec![
            field("no", Type::Text),
            field("units", Type::Units),
            field("customer", Type::Text),
            numbered.clone(),
        ]
    };
    let customers =
        Table { written_by: names(&["filing"]), ..table("customers", &["grade"], &[("C1", &["B"])]) };
    let book = Verb { stages: Default::default(), ..verb(&[("units", Type::Units)], Undo::Nothing) };
    vec![
        document("order", fields()),
        Definition::Table(customers),
        adapters(vec![("erp.order.book", book)], vec![]),
    ]
}

fn company(chains: Vec<Chain>) -> Run {
    Run::new(documents().into_iter().chain(chains.into_iter().map(Definition::Chain)).collect())
}

fn order(no: &str, units: u32, customer: &str) -> Raw {
    record([("no", text(no)), ("units", number(units)), ("customer", text(customer))])
}

fn orders(states: Vec<StateDef>) -> Chain {
    let facts = vec![fact_def("booked", Type::Units, None)];
    Chain { facts, ..chain("order", "order", READS, states) }
}

fn seen(run: &Run, document: Raw) -> Result<Preview, Rejection> {
    let state = &run.world.state;
    let before = state.hash();
    let request = Request {
        system: n("test"),
        request_id: n("p1"),
        fingerprint: [0; 16],
        sent_at: run.world.at,
        person: n("S1"),
        position: n("rep_js"),
        vouched_by: VouchedBy::Local,
    };
    let found = preview(state, run.world.at, &request, &n("order"), &document);
    assert_eq!(state.hash(), before, "a preview changes nothing");
    found
}

fn asked(preview: &Preview) -> Vec<&str> {
    preview.steps.iter().map(|step| step.position.as_str()).collect()
}

fn problem(preview: &Preview) -> String {
    preview.problem.as_ref().map(|why| format!("{}: {}", why.code.as_str(), why.message)).unwrap_or_default()
}

fn shown(names: &[Name]) -> Vec<&str> {
    names.iter().map(Name::as_str).collect()
}

#[test]
fn what_others_do_is_assumed_to_go_well() {
    let done = |to: Target| [("done", to), ("refused", FAILED)];
    let runs =
        state("delivering", Activity::Run(run("delivery", vec![])), &[("good", to(3)), ("bad", FAILED)]);
    let chain_of_orders = orders(vec![
        state("booking", command("erp.order.book", vec![("units", doc("units"))]), &done(to(1))),
        state("filing", task("kam_js", &[], &[("note", Type::Optional(Box::new(Type::Text)))]), &done(to(2))),
        runs,
        state("closing", review("bgm_js"), &[("passed", DONE), ("returned", Target::Draft)]),
    ]);
    let see = state("seeing", task("finance", &[], &[]), &done(DONE));
    let deliveries = chain("delivery", "order", READS, vec![see]);
    let run = company(vec![chain_of_orders, deliveries]);
    let preview = seen(&run, order("O1", 1, "C1")).expect("a preview");
    assert_eq!(asked(&preview), ["kam_js", "bgm_js"], "a child's people are not the case's own");
    assert_eq!(shown(&preview.waits), ["booking", "delivering"]);
    assert_eq!((preview.end, preview.problem), (Some(n("done")), None));
}

/// What depends on an answer is said, and what was found before it is shown.
#[test]
fn what_cannot_be_foreseen_is_said() {
    let first = || state("reading", review("bgm_js"), &[("passed", to(1)), ("returned", Target::Draft)]);
    let of = |activity: Activity, next: &[(&str, Target)]| {
        let run = company(vec![orders(vec![first(), state("asking", activity, next)])]);
        let preview = seen(&run, order("O1", 1, "C1")).expect("a preview");
        assert_eq!((asked(&preview), preview.end.clone()), (vec!["bgm_js", "kam_js"], None));
        problem(&preview)
    };
    let chosen = of(task("kam_js", &["ship", "drop"], &[]), &[("ship", DONE), ("drop", FAILED)]);
    assert!(
        chosen.starts_with("UNEVALUABLE") && chosen.contains("kam_js chooses in asking: ship or drop"),
        "{chosen}"
    );
    let answered = of(task("kam_js", &[], &[("units", Type::Units)]), &[("done", DONE), ("refused", FAILED)]);
    assert!(answered.contains("kam_js answers in asking: units"), "{answered}");

    let book = command("erp.order.book", vec![("units", doc("units"))]);
    let book =
        learns(vec![(0, reply("units"))], state("booking", book, &[("done", to(1)), ("refused", FAILED)]));
    let check = Check { test: Test::Must(eq(fact("booked"), doc("units"))), code: n("SHORT") };
    let check = state("checking", Activity::Check(vec![check]), &[("passed", DONE), ("failed", FAILED)]);
    let run = company(vec![orders(vec![book, check])]);
    let preview = seen(&run, order("O1", 1, "C1")).expect("a preview");
    assert!(problem(&preview).contains("what is learnt in booking"), "{}", problem(&preview));
}

/// A preview sees the cases that its chain asks about, and rows as chains have written them.
#[test]
fn other_cases_and_live_rows_are_seen() {
    let wanted = RequiredCase {
        for_each: None,
        chain: n("filing"),
        key: doc("no"),
        states: names(&["done"]),
        within: None,
        takes: Vec::new(),
    };
    let requires = vec![Requirement { what: Required::Case(wanted), code: n("NOT_FILED") }];
    let grade = countersign_core::expr::Expr::Column {
        table: n("customers"),
        key: Box::new(countersign_core::expr::Expr::Row(n("customers"), vec![doc("customer")])),
        column: n("grade"),
    };
    let branch = |when, go| Branch { when, go };
    let choose = vec![branch(Some(eq(grade, words("A"))), DONE), branch(None, FAILED)];
    let choose = state("choosing", Activity::Choose(choose), &[("x", DONE)]);
    let record = RecordDef {
        table: n("customers"),
        key: vec![doc("customer")],
        with: with(vec![("grade", words("A"))]),
    };
    let file = state("filing", Activity::Record(record), &[("done", DONE)]);
    let filing = chain("filing", "order", READS, vec![file]);
    let mut run = company(vec![Chain { requires, ..orders(vec![choose]) }, filing]);
    let refused = seen(&run, order("O1", 1, "C1")).expect_err("nothing was filed");
    assert_eq!(refused.code.as_str(), "NOT_FILED");
    run.submit("rep_js", "filing", order("O1", 1, "C1")).expect("filed");
    let preview = seen(&run, order("O1", 1, "C1")).expect("a preview");
    assert_eq!((preview.end, preview.problem), (Some(n("done")), None));
    assert_eq!(seen(&run, order("O2", 1, "C1")).expect_err("another number").code.as_str(), "NOT_FILED");
}
