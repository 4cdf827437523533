//! What expressions read beyond the document: facts, answers, items, other cases, posts, live rows, currencies.

use countersign_core::definition::*;
use countersign_core::eval::{EvalError, Scope, evaluate};
use countersign_core::expr::{Attribute, CasePart, Comparison, Expr};
use countersign_core::money::Currency;
use countersign_core::state::Release;
use countersign_core::time::{Span, SpanUnit, Timestamp};
use countersign_core::value::{Fields, Raw, Type, Value};
use rust_decimal::Decimal;

use crate::outward_support::define::*;
use crate::outward_support::{Run, number, record, text};

fn d(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn money(amount: &str, currency: &str) -> Value {
    Value::money(d(amount), Currency::parse(currency).expect("a currency"))
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn constant(value: Value) -> Expr {
    Expr::Const(value)
}

/// An order that is over (case 1), one that is open under the same number (case 2), and one that was withdrawn (3).
fn world() -> Run {
    let wait = state("waiting", task("kam_js", &[], &[]), &[("done", DONE), ("refused", FAILED)]);
    let facts = vec![fact_def("left", Type::Units, Some(doc("units")))];
    let orders = Chain {
        facts,
        amount: Some(doc("price")),
        driver: Some(n("finance")),
        ..chain("order", "order", &["no", "units"], vec![wait])
    };
    let scores = Table {
        from: true,
        key: vec![Column { name: n("score"), kind: Type::Number }],
        written_by: names(&["order"]),
        ..table("scores", &["grade"], &[("0", &["D"]), ("50", &["B"]), ("100", &["A"])])
    };
    let prices = table("prices", &["grade"], &[("A/js", &["best"]), ("A", &["good"])]);
    let fields = vec![field("no", Type::Text), field("units", Type::Units), field("price", Type::Money)];
    let mut run = Run::new(vec![
        document("order", fields),
        Definition::Table(scores),
        Definition::Table(prices),
        Definition::Chain(orders),
    ]);
    let order = |no: &str, units: u32| -> Raw {
        let price = record([("amount", text("10.00")), ("currency", text("CNY"))]);
        record([("no", text(no)), ("units", number(units)), ("price", price)])
    };
    for (no, units) in [("O1", 3), ("O1", 5), ("O9", 1)] {
        run.submit("rep_js", "order", order(no, units)).expect("an order");
    }
    run.decide(1, "kam_js", countersign_core::command::Verdict::Done).expect("done");
    run.withdraw("rep_js", 3).expect("withdrawn");
    run
}

struct At {
    run: Run,
    facts: Fields,
    reply: Fields,
    item: Value,
}

impl At {
    fn new() -> At {
        let inner = Value::Record([(n("b"), Value::text("deep"))].into_iter().collect());
        At {
            run: world(),
            facts: [(n("left"), Value::Units(d("4"))), (n("a"), inner.clone())].into_iter().collect(),
            reply: [(n("no"), Value::text("R1")), (n("a"), inner.clone())].into_iter().collect(),
            item: inner,
        }
    }

    fn release(&self) -> &Release {
        self.run.world.state.definitions().active().expect("an active release")
    }

    fn eval(&self, expr: &Expr) -> Result<Value, EvalError> {
        let case = self.run.case(2);
        let scope = Scope {
            facts: &self.facts,
            reply: Some(&self.reply),
            item: Some(&self.item),
            child: Some(1),
            case: Some(case),
            submitter: Some(case.submitter()),
            cases: Some(&self.run.world.state),
            ..Scope::new(self.release(), self.run.world.at)
        };
        evaluate(expr, &scope)
    }

    fn holds_for(&self, cases: Vec<(Expr, Value)>) {
        for (expr, expected) in cases {
            assert_eq!(self.eval(&expr), Ok(expected), "{expr:?}");
        }
    }
}

#[test]
fn facts_answers_and_items() {
    At::new().holds_for(vec![
        (fact("left"), Value::Units(d("4"))),
        (fact("a.b"), Value::text("deep")),
        (fact("nothing"), Value::Missing),
        (reply("no"), Value::text("R1")),
        (reply("a.b"), Value::text("deep")),
        (reply("nothing.b"), Value::Missing),
        (item("b"), Value::text("deep")),
        (item("c"), Value::Missing),
        (item(""), Value::Record([(n("b"), Value::text("deep"))].into_iter().collect())),
    ]);
    // Where there is none, there is nothing; nothing fails.
    let at = At::new();
    let bare = Scope::new(at.release(), Timestamp(0));
    for expr in
        [fact("left"), reply("no"), item("b"), Expr::Child(CasePart::Amount), case_of("order", words("O1"))]
    {
        assert_eq!(evaluate(&expr, &bare), Ok(Value::Missing), "{expr:?}");
    }
}

#[test]
fn other_cases() {
    let of = |case: Expr, part: CasePart| Expr::OfCase(boxed(case), part);
    let known = |number: u64| constant(Value::Case(number));
    let state = || CasePart::State;
    At::new().holds_for(vec![
        (case_of("order", words("O1")), Value::Case(2)),
        (case_of("order", words("O9")), Value::Case(3)),
        (case_of("order", words("O2")), Value::Missing),
        (case_of("delivery", words("O1")), Value::Missing),
        (case_of("order", fact("nothing")), Value::Missing),
        (of(case_of("order", words("O1")), state()), Value::text("waiting")),
        (of(known(1), state()), Value::text("done")),
        (of(known(3), state()), Value::text("withdrawn")),
        (of(known(1), CasePart::Open), Value::Flag(false)),
        (of(known(2), CasePart::Open), Value::Flag(true)),
        (of(known(1), CasePart::Doc(vec![n("units")])), Value::Units(d("3"))),
        (of(known(2), CasePart::Doc(vec![n("price")])), Value::Missing),
        (of(known(2), CasePart::Fact(vec![n("left")])), Value::Units(d("5"))),
        (of(known(1), CasePart::Amount), money("10.00", "CNY")),
        (of(known(1), CasePart::Submitter), Value::Position(n("rep_js"))),
        (of(known(77), state()), Value::Missing),
        (of(constant(Value::Missing), state()), Value::Missing),
        (Expr::Child(CasePart::State), Value::text("done")),
        (Expr::Child(CasePart::Fact(vec![n("left")])), Value::Units(d("3"))),
        (eq(constant(Value::Case(2)), case_of("order", words("O1"))), Value::Flag(true)),
        (compare(Comparison::Unequal, known(1), known(2)), Value::Flag(true)),
    ]);
    let wrong = of(words("C-1"), CasePart::State);
    assert_eq!(At::new().eval(&wrong), Err(EvalError::Type("a case")));
}

#[test]
fn posts() {
    let post = |name: &str, of: Attribute| Expr::Post(boxed(constant(Value::Position(n(name)))), of);
    At::new().holds_for(vec![
        (Expr::Owner(Attribute::Position), Value::Position(n("rep_js"))),
        (Expr::Owner(Attribute::Unit), Value::Unit(n("js"))),
        (Expr::Owner(Attribute::Kind), Value::text("rep")),
        (Expr::Driver(Attribute::Position), Value::Position(n("finance"))),
        (Expr::Driver(Attribute::Unit), Value::Unit(n("head"))),
        (post("kam_zj", Attribute::Unit), Value::Unit(n("zj"))),
        (post("kam_zj", Attribute::Kind), Value::text("kam")),
        (post("kam_zj", Attribute::Position), Value::Position(n("kam_zj"))),
        (Expr::Post(boxed(constant(Value::Missing)), Attribute::Unit), Value::Missing),
    ]);
    let at = At::new();
    assert_eq!(at.eval(&post("queen", Attribute::Unit)), Err(EvalError::Missing("position queen".into())));
    assert_eq!(
        at.eval(&Expr::Post(boxed(constant(Value::Flag(true))), Attribute::Unit)),
        Err(EvalError::Type("a position"))
    );
    // Without a chain of its own the company's driver drives.
    let bare = Scope::new(at.release(), Timestamp(0));
    assert_eq!(evaluate(&Expr::Driver(Attribute::Position), &bare), Ok(Value::Position(n("driver"))));
}

#[test]
fn provinces_of_units() {
    let province = |of: Value| Expr::Province(boxed(constant(of)));
    let unit = |name: &str| Value::Unit(n(name));
    At::new().holds_for(vec![
        (province(unit("js")), Value::text("Jiangsu")),
        // As the unit above stands, unless it says otherwise; the head office stands in none.
        (province(unit("js_north")), Value::text("Jiangsu")),
        (province(unit("head")), Value::Missing),
        (province(unit("nowhere")), Value::Missing),
        (province(Value::Missing), Value::Missing),
    ]);
    assert_eq!(At::new().eval(&province(Value::Flag(true))), Err(EvalError::Type("a unit")));
}

#[test]
fn currencies_and_days() {
    let convert = |amount: Value, rate: &str| {
        Expr::Convert(boxed(constant(amount)), boxed(constant(Value::Number(d(rate)))))
    };
    let days = |count: &str| Expr::Days(boxed(constant(Value::Number(d(count)))));
    At::new().holds_for(vec![
        (Expr::CurrencyOf(boxed(constant(money("1.00", "USD")))), Value::text("USD")),
        (Expr::CurrencyOf(boxed(constant(Value::Missing))), Value::Missing),
        (convert(money("100.00", "USD"), "7.1234"), money("712.34", "CNY")),
        (convert(money("0.05", "USD"), "7.1"), money("0.36", "CNY")),
        (convert(money("-0.05", "USD"), "7.1"), money("-0.36", "CNY")),
        (convert(money("3.33", "CNY"), "1"), money("3.33", "CNY")),
        (convert(Value::Missing, "7"), Value::Missing),
        (days("0"), Value::Span(Span { count: 0, unit: SpanUnit::Day })),
        (days("30.0"), Value::Span(Span { count: 30, unit: SpanUnit::Day })),
        (Expr::Days(boxed(constant(Value::Missing))), Value::Missing),
    ]);
    let at = At::new();
    for wrong in ["1.5", "-1", "99999999999"] {
        assert_eq!(at.eval(&days(wrong)), Err(EvalError::Days(wrong.into())));
    }
    let huge = convert(money("79228162514264337593543950335", "USD"), "7.1");
    assert_eq!(at.eval(&huge), Err(EvalError::Overflow));
    assert!(matches!(at.eval(&convert(Value::Flag(true), "1")), Err(EvalError::Type(_))));
}

#[test]
fn rows_of_several_parts_and_thresholds() {
    let column = |table: &str, parts: Vec<Expr>| Expr::Column {
        table: n(table),
        key: boxed(Expr::Row(n(table), parts)),
        column: n("grade"),
    };
    let score = |score: &str| column("scores", vec![constant(Value::Number(d(score)))]);
    At::new().holds_for(vec![
        (column("prices", vec![words("A"), constant(Value::Unit(n("js")))]), Value::text("best")),
        (column("prices", vec![words("A")]), Value::text("good")),
        (column("prices", vec![words("A"), fact("nothing")]), Value::Missing),
        (score("49.9"), Value::text("D")),
        (score("50"), Value::text("B")),
        (score("1000"), Value::text("A")),
    ]);
    let at = At::new();
    assert_eq!(at.eval(&score("-1")), Err(EvalError::NoRow(n("scores"), "-1".into())));
    let none = column("prices", vec![words("Z")]);
    assert_eq!(at.eval(&none), Err(EvalError::NoRow(n("prices"), "Z".into())));
}
