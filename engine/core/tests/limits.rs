//! What is held against limits: amounts that read what a case knows, foreign currency, what adds up.

use countersign_core::command::{Operation, Request, Verdict, VouchedBy};
use countersign_core::definition::*;
use countersign_core::event::{AmountWeighed, Event, RateUsed};
use countersign_core::explain::explain;
use countersign_core::money::Currency;
use countersign_core::preview::preview;
use countersign_core::time::DAY;
use countersign_core::value::{Fields, Raw, Type, Value};
use rust_decimal::Decimal;

use crate::outward_support::define::*;
use crate::outward_support::{Run, at, number, record, text};

fn order(no: &str, units: u32) -> Raw {
    record([("no", text(no)), ("units", number(units))])
}

fn orders() -> Definition {
    document("order", vec![field("no", Type::Text), field("units", Type::Units)])
}

/// What is decided on is a fact: the document's units at first, later what the account manager says.
fn by_fact(name: &str) -> Chain {
    let asked = task("kam_js", &[], &[("units", Type::Units)]);
    let counting =
        learns(vec![(0, reply("units"))], state("counting", asked, &[("done", DRAFT), ("refused", FAILED)]));
    let facts = vec![fact_def("left", Type::Units, Some(doc("units")))];
    let defines = vec![(n("half"), plus(fact("left"), units(1)))];
    let amount = Some(countersign_core::expr::Expr::Define(0));
    Chain { facts, defines, amount, ..chain(name, "order", &["no", "units"], vec![counting]) }
}

const DRAFT: Target = Target::Draft;

#[test]
fn an_amount_reads_what_a_new_case_knows_and_later_what_it_has_learnt() {
    let mut run = Run::new(vec![orders(), Definition::Chain(by_fact("order"))]);
    let case = run.submit("rep_js", "order", order("O1", 3)).expect("an order");
    assert_eq!(run.case(case).amount(), Some(&Value::Units(4.into())));
    run.answer(case, "kam_js", Verdict::Done, |answer| answer.fields = Some(record([("units", number(7))])))
        .expect("an answer");
    run.resubmit("rep_js", case, order("O1", 5)).expect("it comes again");
    assert_eq!(run.fact(case, "left"), Value::Units(7.into()), "a fact stays what it was");
    assert_eq!(run.case(case).amount(), Some(&Value::Units(8.into())));
    run.check();
}

#[test]
fn so_does_the_amount_of_a_case_that_another_starts() {
    let starting = state("starting", Activity::Start(run("part", vec![])), &[("started", DONE)]);
    let parent = chain("order", "order", &["no", "units"], vec![starting]);
    let mut run = Run::new(vec![orders(), Definition::Chain(parent), Definition::Chain(by_fact("part"))]);
    let case = run.submit("rep_js", "order", order("O1", 3)).expect("an order");
    assert_eq!(run.case(case + 1).amount(), Some(&Value::Units(4.into())));
    run.check();
}

// ---- foreign currency

fn money(amount: &str, currency: &str) -> Raw {
    record([("amount", text(amount)), ("currency", text(currency))])
}

fn deal(no: &str, price: Raw) -> Raw {
    record([("no", text(no)), ("price", price)])
}

fn authority(name: &str, line: Line, limits: &[(&str, Option<i64>)]) -> Authority {
    let limit = |(name, up_to): &(&str, Option<i64>)| {
        (n(name), Limit { up_to: up_to.map(Decimal::from), beside: Vec::new() })
    };
    let limits = LimitSet { since: at("2020-01-01T00:00+08:00"), limits: limits.iter().map(limit).collect() };
    Authority {
        name: n(name),
        measure: Measure::Money(Currency::parse("CNY").expect("a currency")),
        line,
        limits: vec![limits],
        independent: false,
        delegable: true,
        adds_up: None,
    }
}

fn climb(name: &str) -> Activity {
    let (amount, at_least, beside) = (None, Vec::new(), Vec::new());
    Activity::People(Node::Climb(Climb {
        authority: n(name),
        amount,
        at_least,
        beside,
        reviewed_by: Vec::new(),
    }))
}

/// Rates by currency and day, as the chain `posting` records them; a rate is good for a week.
fn rates(rows: &[(&str, &str)]) -> Table {
    let row = |(key, rate): &(&str, &str)| {
        (n(key), Fields::from([(n("rate"), Value::Number(rate.parse().expect("a rate")))]))
    };
    Table {
        key: vec![
            Column { name: n("currency"), kind: Type::Text },
            Column { name: n("on"), kind: Type::Date },
        ],
        from: true,
        columns: vec![Column { name: n("rate"), kind: Type::Number }],
        rows: rows.iter().map(row).collect(),
        written_by: names(&["posting"]),
        rates: Some(RatesDef { max_age_days: 7 }),
        ..table("rates", &[], &[])
    }
}

fn deals(rows: &[(&str, &str)]) -> Run {
    let record_it = RecordDef {
        table: n("rates"),
        key: vec![doc("currency"), doc("on")],
        with: with(vec![("rate", doc("rate"))]),
    };
    let posting = state("recording", Activity::Record(record_it), &[("done", DONE)]);
    let deciding = state(
        "deciding",
        climb("contract"),
        &[("approved", DONE), ("returned", DRAFT), ("rejected", FAILED)],
    );
    let limits = [("kam", Some(50_000)), ("bgm", Some(300_000)), ("sales_director", None)];
    Run::new(vec![
        document("deal", vec![field("no", Type::Text), field("price", Type::AnyMoney)]),
        document(
            "posted",
            vec![
                field("no", Type::Text),
                field("currency", Type::Text),
                field("on", Type::Date),
                field("rate", Type::Number),
            ],
        ),
        Definition::Table(rates(rows)),
        Definition::Authority(authority("contract", Line::Solid, &limits)),
        Definition::Chain(Chain {
            amount: Some(doc("price")),
            ..chain("deal", "deal", &["no", "price"], vec![deciding])
        }),
        Definition::Chain(chain("posting", "posted", &["no", "currency", "on", "rate"], vec![posting])),
    ])
}

fn post_rate(run: &mut Run, no: &str, (currency, on, rate): (&str, &str, &str)) {
    let document =
        record([("no", text(no)), ("currency", text(currency)), ("on", text(on)), ("rate", raw(rate))]);
    let case = run.submit("finance", "posting", document).expect("a rate");
    assert_eq!(run.stands(case), "done", "{}", run.story(case));
}

fn raw(number: &str) -> Raw {
    Raw::Number(number.to_owned())
}

/// What was weighed for a case: the rates as `USD 7.18 2025-04-20`, and what was held against the limits.
fn weighed(run: &Run, case: u64) -> Vec<(String, String)> {
    let shown = |weighed: &AmountWeighed| {
        let rate = |used: &RateUsed| format!("{} {} {}", used.currency, used.rate, used.on);
        (weighed.rates.iter().map(rate).collect::<Vec<_>>().join(" "), weighed.need.to_string())
    };
    let of = |event: &&Event| matches!(event, Event::AmountWeighed(_));
    let events = run.events(case).into_iter().filter(of);
    events
        .filter_map(|event| if let Event::AmountWeighed(e) = event { Some(shown(e)) } else { None })
        .collect()
}

fn said(rate: &str, need: &str) -> (String, String) {
    (rate.to_owned(), need.to_owned())
}

#[test]
fn an_amount_in_another_currency_is_decided_at_the_rate_of_the_day_of_each_decision() {
    let mut run = deals(&[("USD/2025-04-01", "7.1"), ("USD/2025-04-20", "7.18"), ("USD/2025-04-22", "9")]);
    let case = run.submit("rep_js", "deal", deal("D1", money("41000.00", "USD"))).expect("a deal");
    assert_eq!(weighed(&run, case), [said("USD 7.18 2025-04-20", "294380.00")], "not of tomorrow");
    run.decide(case, "kam_js", Verdict::Pass).expect("an opinion");
    let why = explain(&run.world.state, run.case(case), run.world.at)
        .into_iter()
        .flat_map(|slot| slot.because)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(why.contains("USD 41000.00 comes to 294380.00 (USD at 7.18 since 2025-04-20)"), "{why}");
    // Meanwhile a dollar costs more than the branch manager's limit allows.
    post_rate(&mut run, "R1", ("USD", "2025-04-21", "7.4"));
    run.decide(case, "bgm_js", Verdict::Approve).expect("it counts as an opinion");
    assert_eq!(run.stands(case), "deciding");
    run.decide(case, "sales_director", Verdict::Approve).expect("an approval");
    assert_eq!(run.stands(case), "done");
    let today = said("USD 7.4 2025-04-21", "303400.00");
    assert_eq!(weighed(&run, case)[1..], [today.clone(), today], "each decision has its own");
}

#[test]
fn without_a_rate_nothing_is_decided_and_nothing_is_half_done() {
    let mut run = deals(&[]);
    let case = run.submit("rep_js", "deal", deal("D1", money("100.00", "USD"))).expect("a deal");
    assert_eq!(run.held(case), "CURRENCY_MISMATCH");
    post_rate(&mut run, "R1", ("USD", "2025-04-21", "8"));
    run.operate(case, Operation::Resume).expect("it goes on");
    assert_eq!(weighed(&run, case), [said("USD 8 2025-04-21", "800.00")]);
    // A week later the rate is good for one day more than none.
    run.wait(7 * DAY);
    let other = run.submit("rep_js", "deal", deal("D2", money("100.00", "USD"))).expect("a deal");
    run.wait(DAY);
    assert_eq!(run.decide(case, "kam_js", Verdict::Approve), Err("CURRENCY_MISMATCH".to_owned()));
    assert_eq!(run.decide(other, "kam_js", Verdict::Approve), Err("CURRENCY_MISMATCH".to_owned()));
    assert_eq!(run.case(case).tasks().len(), 1, "the task stays open");
    post_rate(&mut run, "R2", ("USD", "2025-04-29", "8.1"));
    run.decide(case, "kam_js", Verdict::Approve).expect("an approval");
    assert_eq!(weighed(&run, case)[1..], [said("USD 8.1 2025-04-29", "810.00")]);
    // The company's own currency needs none, and says nothing.
    let own = run.submit("rep_js", "deal", deal("D3", money("100.00", "CNY"))).expect("a deal");
    run.decide(own, "kam_js", Verdict::Approve).expect("an approval");
    assert_eq!((run.stands(own).as_str(), weighed(&run, own).len()), ("done", 0));
}

/// A preview says who would decide at the rate of today, or that there is none.
#[test]
fn a_preview_converts_as_a_submission_does() {
    let seen = |rows: &[(&str, &str)]| {
        let run = deals(rows);
        let request = Request {
            system: n("test"),
            request_id: n("p1"),
            fingerprint: [0; 16],
            sent_at: run.world.at,
            person: n("S1"),
            position: n("rep_js"),
            vouched_by: VouchedBy::Local,
        };
        let document = deal("D1", money("41000.00", "USD"));
        let found = preview(&run.world.state, run.world.at, &request, &n("deal"), &document);
        let found = found.expect("a preview");
        let asked: Vec<String> = found.steps.iter().map(|step| step.position.to_string()).collect();
        (asked, found.problem.map(|why| why.code.as_str().to_owned()))
    };
    assert_eq!(seen(&[]), (vec![], Some("CURRENCY_MISMATCH".to_owned())));
    assert_eq!(seen(&[("USD/2025-04-21", "7.1")]), (vec!["kam_js".to_owned(), "bgm_js".to_owned()], None));
}

// ---- what adds up

/// Losses of one customer add up for a year.
fn losses(within: &str) -> Run {
    let line = Line::List(names(&["finance", "sales_director", "president"]));
    let limits = [("finance", Some(1_000)), ("sales_director", Some(50_000)), ("president", None)];
    let adds_up = AddsUp {
        document: true,
        submitter: false,
        fields: vec![vec![n("customer")]],
        within: span(within),
        open: true,
        approved: true,
    };
    let authority = Authority { adds_up: Some(adds_up), ..authority("loss", line, &limits) };
    let deciding =
        state("deciding", climb("loss"), &[("approved", DONE), ("returned", DRAFT), ("rejected", FAILED)]);
    Run::new(vec![
        document(
            "loss",
            vec![field("no", Type::Text), field("customer", Type::Text), field("price", Type::Money)],
        ),
        Definition::Authority(authority),
        Definition::Chain(Chain {
            amount: Some(doc("price")),
            ..chain("loss", "loss", &["no", "customer", "price"], vec![deciding])
        }),
    ])
}

fn loss(run: &mut Run, no: &str, customer: &str, amount: u32) -> u64 {
    let document = record([
        ("no", text(no)),
        ("customer", text(customer)),
        ("price", money(&format!("{amount}.00"), "CNY")),
    ]);
    run.submit("rep_js", "loss", document).expect("a loss")
}

fn needs(run: &Run, case: u64) -> Vec<String> {
    weighed(run, case).into_iter().map(|(_, need)| need).collect()
}

#[test]
fn what_was_weighed_before_is_added_and_nothing_else() {
    let mut run = losses("12mo");
    let first = loss(&mut run, "L1", "C1", 30_000);
    let other = loss(&mut run, "L2", "C2", 40_000);
    let second = loss(&mut run, "L3", "C1", 25_000);
    assert_eq!(
        (needs(&run, first), needs(&run, other)),
        (vec!["30000.00".to_owned()], vec!["40000.00".to_owned()])
    );
    assert_eq!(needs(&run, second), ["55000.00"], "the open one counts");
    let why = explain(&run.world.state, run.case(second), run.world.at)
        .into_iter()
        .flat_map(|slot| slot.because)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(why.contains(&format!("R15: 30000.00 of another case with the same loss / C1, C-{first}, is added to 25000.00, which makes 55000.00.")), "{why}");
    // The one that came first is not burdened by the one that came after it.
    run.decide(first, "finance", Verdict::Pass).expect("an opinion");
    run.decide(first, "sales_director", Verdict::Approve).expect("an approval");
    assert_eq!((run.stands(first).as_str(), needs(&run, first)), ("done", vec!["30000.00".to_owned(); 2]));
    // Returned and handed in again it is itself once, with its new amount.
    run.decide(second, "finance", Verdict::Return).expect("it goes back");
    let smaller = record([("no", text("L3")), ("customer", text("C1")), ("price", money("5000.00", "CNY"))]);
    run.resubmit("rep_js", second, smaller).expect("it comes again");
    assert_eq!(needs(&run, second).last().map(String::as_str), Some("35000.00"), "what was approved counts");
    let third = loss(&mut run, "L4", "C1", 1_000);
    assert_eq!(needs(&run, third), ["36000.00"]);
    // What is rejected or taken back counts no more, not even at the decision of what came after it.
    run.withdraw("rep_js", second).expect("it is taken back");
    run.decide(third, "finance", Verdict::Pass).expect("an opinion");
    run.decide(third, "sales_director", Verdict::Approve).expect("an approval");
    assert_eq!(needs(&run, third).last().map(String::as_str), Some("31000.00"));
}

#[test]
fn the_window_includes_its_edge() {
    let mut run = losses("7d");
    loss(&mut run, "L1", "C1", 600);
    run.wait(7 * DAY);
    let edge = loss(&mut run, "L2", "C1", 500);
    assert_eq!(needs(&run, edge), ["1100.00"]);
    run.wait(1);
    let beyond = loss(&mut run, "L3", "C1", 500);
    assert_eq!(needs(&run, beyond), ["1000.00"], "the first is out, the second in");
    run.decide(beyond, "finance", Verdict::Approve).expect("an approval");
    assert_eq!(run.stands(beyond), "done");
}

#[test]
fn what_has_counted_for_nobody_for_long_is_forgotten() {
    let mut run = losses("7d");
    let case = loss(&mut run, "L1", "C1", 600);
    run.decide(case, "finance", Verdict::Approve).expect("an approval");
    let known = |run: &Run| run.world.state.adding(&n("loss"), &n("loss / C1"), 0).count();
    assert_eq!(known(&run), 1);
    run.wait(408 * DAY);
    let next = loss(&mut run, "L2", "C1", 600);
    assert_eq!((known(&run), needs(&run, next)), (1, vec!["600.00".to_owned()]));
    let weights: Vec<u64> = run.world.state.adding(&n("loss"), &n("loss / C1"), 0).map(|w| w.case).collect();
    assert_eq!(weights, [next]);
}
