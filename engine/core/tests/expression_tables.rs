//! Every kind of expression in a table of its own: exact decimals, money rounded half up, division by zero missing,
//! overflow and mixed currencies refused, days that keep their hour over a clock change, cost bounded whatever the
//! shape. `expressions.rs` beside it throws random ones, ill-typed ones included, at the same evaluator.

use std::sync::Arc;

use crate::model::company::{POLICIES, definitions, names, yuan};
use crate::model::driver::found;
use countersign_core::definition::{Column, Definition, Table};
use countersign_core::eval::{COST_MAX, EvalError, Scope, evaluate};
use countersign_core::event::Party;
use countersign_core::expr::{Arithmetic, Attribute, Comparison, Expr, Fold};
use countersign_core::money::{Currency, round_half_up};
use countersign_core::name::{Name, Title};
use countersign_core::state::{Release, State};
use countersign_core::time::{DAY, Date, HOUR, Span, SpanUnit, Timestamp, Zone};
use countersign_core::value::{Fields, Type, Value};
use proptest::prelude::*;
use rust_decimal::Decimal;

use Arithmetic::{Add, Divide, Multiply, Subtract};

/// 2025-03-31, the day after the clocks of London went forward.
const NOON: &str = "2025-03-31T12:00+01:00";

struct Bench {
    release: Arc<Release>,
    document: Fields,
    message: Fields,
    submitter: Party,
    at: Timestamp,
}

impl Bench {
    fn new() -> Bench {
        let mut all = definitions(POLICIES[0], 0);
        for definition in &mut all {
            if let Definition::Company(company) = definition {
                company.calendar.zone = london();
            }
        }
        all.push(Definition::Table(grades()));
        all.push(Definition::Table(scores()));
        let mut state = State::default();
        let at = Timestamp::parse(NOON).expect("a time");
        found(&mut state, &all, at);
        let release = state.definitions().active().expect("definitions are active").clone();
        let submitter = Party {
            person: Name::from("S1"),
            position: Name::from("rep_a"),
            unit: Name::from("head"),
            kind: Name::from("rep"),
        };
        let message = fields([(Name::from("number"), Value::text("N1"))]);
        Bench { release, document: document(), message, submitter, at }
    }

    fn eval(&self, expr: &Expr) -> Result<Value, EvalError> {
        let defines = [
            (Name::from("double"), arith(Multiply, doc("total"), number("2"))),
            (Name::from("again"), arith(Add, Expr::Define(0), doc("total"))),
        ];
        let scope = Scope {
            document: &self.document,
            defines: &defines,
            submitter: Some(&self.submitter),
            message: Some(&self.message),
            ..Scope::new(&self.release, self.at)
        };
        evaluate(expr, &scope)
    }
}

/// London in 2025, as its loader would write it: forward on 30 March, back on 26 October, 01:00 UTC each.
fn london() -> Zone {
    Zone { name: "Europe/London".into(), offsets: vec![(0, 0), (1_743_296_400, 3_600), (1_761_440_400, 0)] }
}

fn table(name: &str, from: bool, rows: &[(&str, &str)]) -> Table {
    let row = |limit: &str| fields([(Name::from("limit"), yuan_value(limit))]);
    Table {
        name: Name::from(name),
        title: Title::default(),
        key: vec![Column { name: Name::from("key"), kind: Type::Text }],
        from,
        columns: vec![Column { name: Name::from("limit"), kind: Type::Money }],
        rows: rows.iter().map(|(key, limit)| (Name::from(*key), row(limit))).collect(),
        defaults: Fields::new(),
        written_by: Vec::new(),
        rates: None,
    }
}

fn grades() -> Table {
    table("grades", false, &[("A", "5000"), ("B", "2000"), ("B/js", "1000")])
}

fn scores() -> Table {
    table("scores", true, &[("0", "0"), ("50", "300"), ("85", "500")])
}

fn document() -> Fields {
    let line = |qty: &str, price: &str| {
        Value::Record(fields([
            (Name::from("qty"), Value::Number(dec(qty))),
            (Name::from("price"), yuan_value(price)),
        ]))
    };
    let fields = [
        ("total", yuan_value("100.10")),
        ("euros", Value::money(dec("5"), Currency::parse("EUR").expect("letters"))),
        ("lines", Value::List(vec![line("2", "10.00"), line("3", "0.05")])),
        ("empty", Value::List(Vec::new())),
        ("tags", Value::List(vec![Value::text("a"), Value::text("b")])),
        ("gone", Value::Missing),
        ("urgent", Value::Flag(true)),
        ("grade", Value::text("B")),
        ("day", Value::Date(Date::parse("2025-03-31").expect("a date"))),
        ("part", Value::Record(fields([(Name::from("deep"), Value::text("x"))]))),
    ];
    fields.into_iter().map(|(name, value)| (Name::from(name), value)).collect()
}

fn fields<const N: usize>(fields: [(Name, Value); N]) -> Fields {
    fields.into_iter().collect()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn yuan_value(text: &str) -> Value {
    Value::money(dec(text), yuan())
}

fn doc(path: &str) -> Expr {
    Expr::Doc(path.split('.').map(Name::from).collect())
}

fn it(path: &str) -> Expr {
    Expr::It(path.split('.').filter(|p| !p.is_empty()).map(Name::from).collect())
}

fn value(value: Value) -> Expr {
    Expr::Const(value)
}

fn number(text: &str) -> Expr {
    value(Value::Number(dec(text)))
}

fn money(text: &str) -> Expr {
    value(yuan_value(text))
}

fn flag(flag: bool) -> Expr {
    value(Value::Flag(flag))
}

fn days(count: u32) -> Expr {
    value(Value::Span(Span { count, unit: SpanUnit::Day }))
}

fn arith(operation: Arithmetic, left: Expr, right: Expr) -> Expr {
    Expr::Arith(operation, Box::new(left), Box::new(right))
}

fn compare(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    Expr::Compare(comparison, Box::new(left), Box::new(right))
}

fn fold(fold: Fold, over: Expr, body: Expr) -> Expr {
    Expr::Fold(fold, Box::new(over), Box::new(body))
}

fn check(table: Vec<(&str, Expr, Value)>) {
    let bench = Bench::new();
    for (name, expr, expected) in table {
        assert_eq!(bench.eval(&expr), Ok(expected), "{name}: {expr:?}");
    }
}

fn refused(table: Vec<(&str, Expr, EvalError)>) {
    let bench = Bench::new();
    for (name, expr, expected) in table {
        assert_eq!(bench.eval(&expr), Err(expected), "{name}: {expr:?}");
    }
}

#[test]
fn what_is_read() {
    let text = Value::text;
    let row = |table: &str, parts| Expr::Row(Name::from(table), parts);
    let column = |table: &str, key| Expr::Column {
        table: Name::from(table),
        key: Box::new(key),
        column: Name::from("limit"),
    };
    check(vec![
        ("a literal", number("1.50"), Value::Number(dec("1.50"))),
        ("a field", doc("grade"), text("B")),
        ("a field of a record", doc("part.deep"), text("x")),
        ("a field that is not there", doc("nothing"), Value::Missing),
        ("a path through what is no record", doc("grade.deep"), Value::Missing),
        ("a field of an expression", Expr::Field(Box::new(doc("part")), Name::from("deep")), text("x")),
        ("a field of the message", Expr::Message(names(&["number"])), text("N1")),
        ("the item outside a fold", it(""), Value::Missing),
        ("a define", Expr::Define(0), yuan_value("200.20")),
        ("a define of a define", Expr::Define(1), yuan_value("300.30")),
        ("the submitter", Expr::Submitter(Attribute::Position), Value::Position(Name::from("rep_a"))),
        ("the submitter's unit", Expr::Submitter(Attribute::Unit), Value::Unit(Name::from("head"))),
        ("the submitter's kind", Expr::Submitter(Attribute::Kind), text("rep")),
        ("now", Expr::Now, Value::Time(Timestamp::parse(NOON).expect("a time"))),
        ("today", Expr::Today, Value::Date(Date::parse("2025-03-31").expect("a date"))),
        ("a row", row("grades", vec![doc("grade")]), text("B")),
        ("a row of two keys", row("grades", vec![doc("grade"), value(text("js"))]), text("B/js")),
        ("a row of a missing key", row("grades", vec![doc("gone")]), Value::Missing),
        ("the last threshold reached", row("scores", vec![number("84.99")]), text("50")),
        ("a threshold is inclusive", row("scores", vec![number("85")]), text("85")),
        ("a column", column("grades", row("grades", vec![doc("grade")])), yuan_value("2000")),
        ("a column of a missing row", column("grades", doc("gone")), Value::Missing),
    ]);
    refused(vec![
        (
            "a row that is not there",
            row("grades", vec![value(text("Z"))]),
            EvalError::NoRow(Name::from("grades"), "Z".into()),
        ),
        (
            "below the first threshold",
            row("scores", vec![number("-1")]),
            EvalError::NoRow(Name::from("scores"), "-1".into()),
        ),
        ("a define that is not there", Expr::Define(9), EvalError::Type("a define of the chain")),
    ]);
}

#[test]
fn conditions() {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, Unequal};
    let yes = Value::Flag(true);
    let no = Value::Flag(false);
    let table = |comparison, left: &str, right: &str| compare(comparison, money(left), money(right));
    let span = |count, unit| value(Value::Span(Span { count, unit }));
    check(vec![
        ("not", Expr::Not(Box::new(flag(false))), yes.clone()),
        ("and", Expr::And(vec![flag(true), flag(true)]), yes.clone()),
        ("and of none", Expr::And(vec![]), yes.clone()),
        ("and stops at the first false", Expr::And(vec![flag(false), doc("gone")]), no.clone()),
        ("or", Expr::Or(vec![flag(false), flag(true)]), yes.clone()),
        ("or of none", Expr::Or(vec![]), no.clone()),
        ("or stops at the first true", Expr::Or(vec![flag(true), doc("gone")]), yes.clone()),
        ("equal whatever the digits", table(Equal, "1.0", "1.00"), yes.clone()),
        ("unequal", table(Unequal, "1.00", "1.01"), yes.clone()),
        ("less", table(Less, "1.00", "1.01"), yes.clone()),
        ("not less", table(Less, "1.01", "1.01"), no.clone()),
        ("at most", table(AtMost, "1.01", "1.01"), yes.clone()),
        ("more", table(More, "1.02", "1.01"), yes.clone()),
        ("at least", table(AtLeast, "1.00", "1.01"), no.clone()),
        ("texts", compare(Equal, doc("grade"), value(Value::text("B"))), yes.clone()),
        ("flags", compare(Unequal, doc("urgent"), flag(false)), yes.clone()),
        ("dates", compare(Equal, doc("day"), Expr::Today), yes.clone()),
        ("a longer time", compare(More, days(3), days(2)), yes.clone()),
        ("a shorter time", compare(AtLeast, days(2), days(3)), no.clone()),
        ("times of two units", compare(Less, span(23, SpanUnit::Hour), days(1)), yes.clone()),
        (
            "minutes and hours",
            compare(Equal, span(60, SpanUnit::Minute), span(1, SpanUnit::Hour)),
            yes.clone(),
        ),
        ("a list has", contains(doc("tags"), value(Value::text("b"))), yes.clone()),
        ("a list has not", contains(doc("tags"), value(Value::text("c"))), no.clone()),
        ("a missing list has nothing", contains(doc("gone"), number("1")), no),
        ("else of what is there", or_else(doc("grade"), value(Value::text("D"))), Value::text("B")),
        ("else of what is missing", or_else(doc("gone"), value(Value::text("D"))), Value::text("D")),
        ("pick", pick(doc("urgent"), number("1"), doc("gone")), Value::Number(dec("1"))),
        ("known", Expr::Known(Box::new(doc("grade"))), yes),
        ("unknown", Expr::Known(Box::new(doc("gone"))), Value::Flag(false)),
    ]);
    refused(vec![
        ("two currencies", compare(Equal, doc("total"), doc("euros")), mixed()),
        ("a missing condition", Expr::Not(Box::new(doc("gone"))), EvalError::Missing("a condition".into())),
        (
            "a missing side",
            compare(Equal, doc("gone"), number("1")),
            EvalError::Missing("both sides of a comparison".into()),
        ),
        ("no condition", Expr::And(vec![number("1")]), EvalError::Type("a condition")),
    ]);
}

fn contains(list: Expr, item: Expr) -> Expr {
    Expr::Contains(Box::new(list), Box::new(item))
}

fn or_else(first: Expr, second: Expr) -> Expr {
    Expr::Else(Box::new(first), Box::new(second))
}

fn pick(condition: Expr, then: Expr, otherwise: Expr) -> Expr {
    Expr::Pick(Box::new(condition), Box::new(then), Box::new(otherwise))
}

fn mixed() -> EvalError {
    EvalError::Currencies("CNY".into(), "EUR".into())
}

#[test]
fn arithmetic() {
    let n = |text| Value::Number(dec(text));
    let share = |text| value(Value::Percent(dec(text)));
    let units = |text| value(Value::Units(dec(text)));
    let date = |text| Value::Date(Date::parse(text).expect("a date"));
    let moved = |ms| Value::Time(Timestamp::parse(NOON).expect("a time").plus(ms));
    let hours = value(Value::Span(Span { count: 3, unit: SpanUnit::Hour }));
    check(vec![
        ("numbers", arith(Add, number("0.1"), number("0.2")), n("0.3")),
        ("a difference", arith(Subtract, number("1"), number("3")), n("-2")),
        ("a product", arith(Multiply, number("1.5"), number("1.5")), n("2.25")),
        ("a quotient", arith(Divide, number("1"), number("4")), n("0.25")),
        ("money and money", arith(Add, doc("total"), money("0.05")), yuan_value("100.15")),
        ("money less money", arith(Subtract, money("1"), money("1.01")), yuan_value("-0.01")),
        ("money by money is a number", arith(Divide, money("10"), money("4")), n("2.5")),
        ("half a cent up", arith(Multiply, money("0.01"), number("0.5")), yuan_value("0.01")),
        ("below half a cent down", arith(Multiply, money("0.01"), number("0.49")), yuan_value("0.00")),
        ("half a cent away from zero", arith(Multiply, money("-0.01"), number("0.5")), yuan_value("-0.01")),
        ("a share of money", arith(Multiply, share("0.15"), money("100.10")), yuan_value("15.02")),
        ("money shared out", arith(Divide, money("100"), number("3")), yuan_value("33.33")),
        ("money shared out, half up", arith(Divide, money("0.05"), number("2")), yuan_value("0.03")),
        ("shares", arith(Add, share("0.1"), share("0.05")), Value::Percent(dec("0.15"))),
        ("units", arith(Add, units("2"), units("3")), Value::Units(dec("5"))),
        ("by zero", arith(Divide, number("1"), number("0")), Value::Missing),
        ("money by zero", arith(Divide, money("1"), number("0")), Value::Missing),
        ("money by no money", arith(Divide, money("1"), money("0")), Value::Missing),
        ("with what is missing", arith(Add, number("1"), doc("gone")), Value::Missing),
        ("a date and days", arith(Add, doc("day"), days(7)), date("2025-04-07")),
        ("a date less a day, over a short day", arith(Subtract, doc("day"), days(1)), date("2025-03-30")),
        ("a date less two days", arith(Subtract, doc("day"), days(2)), date("2025-03-29")),
        ("dates", arith(Subtract, doc("day"), value(date("2025-03-01"))), n("30")),
        ("a time and hours", arith(Add, Expr::Now, hours.clone()), moved(3 * HOUR)),
        ("a time less hours", arith(Subtract, Expr::Now, hours), moved(-3 * HOUR)),
        ("a time less a day keeps its hour", arith(Subtract, Expr::Now, days(2)), moved(-2 * DAY + HOUR)),
        ("the size", Expr::Abs(Box::new(number("-1.5"))), n("1.5")),
        ("rounded down", Expr::Floor(Box::new(number("-1.5"))), n("-2")),
        ("rounded down, of nothing", Expr::Floor(Box::new(doc("gone"))), Value::Missing),
        ("the smallest", Expr::Min(vec![number("3"), number("1"), number("2")]), n("1")),
        ("the largest", Expr::Max(vec![money("3"), money("9"), money("2")]), yuan_value("9")),
    ]);
    let huge = "79228162514264337593543950335";
    refused(vec![
        ("too large a sum", arith(Add, number(huge), number(huge)), EvalError::Overflow),
        ("too large a product", arith(Multiply, money(huge), number("10")), EvalError::Overflow),
        ("too large a quotient", arith(Divide, number(huge), number("0.01")), EvalError::Overflow),
        ("too much money a piece", arith(Divide, money(huge), number("0.01")), EvalError::Overflow),
        ("two currencies", arith(Add, doc("total"), doc("euros")), mixed()),
        ("two currencies divided", arith(Divide, doc("total"), doc("euros")), mixed()),
        ("the largest of two currencies", Expr::Max(vec![doc("euros"), doc("total")]), mixed()),
        ("a date too far", arith(Add, doc("day"), days(100_000_000)), EvalError::Overflow),
        ("of nothing", Expr::Min(vec![]), EvalError::Type("at least one value")),
    ]);
}

#[test]
fn folds() {
    let positive = |path| compare(Comparison::More, it(path), number("2"));
    let line_total = arith(Multiply, it("qty"), it("price"));
    let sum = |over, body| Expr::Sum(Box::new(over), Box::new(body), yuan_value("0.00"));
    let count = |over, body| fold(Fold::Count, over, body);
    check(vec![
        ("every", fold(Fold::Every, doc("lines"), positive("qty")), Value::Flag(false)),
        ("every of none", fold(Fold::Every, doc("empty"), flag(false)), Value::Flag(true)),
        ("some", fold(Fold::Some, doc("lines"), positive("qty")), Value::Flag(true)),
        ("some of none", fold(Fold::Some, doc("empty"), flag(true)), Value::Flag(false)),
        ("some of a missing list", fold(Fold::Some, doc("gone"), flag(true)), Value::Flag(false)),
        ("count", count(doc("lines"), positive("qty")), Value::Number(dec("1"))),
        (
            "count of where",
            count(fold(Fold::Where, doc("lines"), positive("qty")), flag(true)),
            Value::Number(dec("1")),
        ),
        ("a sum, each line rounded", sum(doc("lines"), line_total), yuan_value("20.15")),
        ("the sum of nothing", sum(doc("empty"), it("price")), yuan_value("0.00")),
        ("the first", Expr::First(Box::new(doc("tags"))), Value::text("a")),
        ("the first of none", Expr::First(Box::new(doc("empty"))), Value::Missing),
        (
            "a list written out",
            contains(Expr::List(vec![number("1"), number("2")]), number("2")),
            Value::Flag(true),
        ),
    ]);
    refused(vec![
        ("no list", fold(Fold::Some, doc("grade"), flag(true)), EvalError::Type("a list")),
        ("a body that is no condition", count(doc("tags"), number("1")), EvalError::Type("a condition")),
    ]);
}

#[test]
fn rounding_is_half_up_and_shows_its_digits() {
    for (amount, digits, expected) in [
        ("2.345", 2, "2.35"),
        ("-2.345", 2, "-2.35"),
        ("2.3449", 2, "2.34"),
        ("2", 2, "2.00"),
        ("0.5", 0, "1"),
        ("1.0005", 3, "1.001"),
    ] {
        assert_eq!(round_half_up(dec(amount), digits).to_string(), expected, "{amount} to {digits} digits");
    }
}

/// A thousand items, each with a thousand inside: the limit is reached, and long before anybody waits.
#[test]
fn the_cost_of_nested_folds_is_bounded() {
    let mut bench = Bench::new();
    let thousand = Value::List((0..1_000).map(|n| Value::Number(Decimal::from(n))).collect());
    bench.document.insert(Name::from("many"), thousand);
    let small = compare(Comparison::AtLeast, it(""), number("0"));
    let one = fold(Fold::Count, doc("many"), small.clone());
    assert_eq!(bench.eval(&one), Ok(Value::Number(dec("1000"))), "one fold over a thousand items is cheap");
    let inner = fold(Fold::Every, doc("many"), small);
    let nested = fold(Fold::Every, doc("many"), inner);
    assert_eq!(bench.eval(&nested), Err(EvalError::TooCostly), "a million steps are more than {COST_MAX}");
    // Reading a list costs its items too: an expression of a few nodes cannot copy it for hours.
    let firsts: Vec<Expr> = (0..200).map(|_| Expr::First(Box::new(doc("many")))).collect();
    assert_eq!(bench.eval(&Expr::Max(firsts)), Err(EvalError::TooCostly), "200 copies of a thousand items");
    let mut deep = flag(true);
    for _ in 0..10_000 {
        deep = Expr::Not(Box::new(deep));
    }
    assert_eq!(bench.eval(&deep), Err(EvalError::TooCostly), "ten thousand levels are too deep");
    std::mem::forget(deep); // dropping it would recurse as deep as evaluation refuses to
}

fn decimals() -> impl Strategy<Value = Decimal> {
    let any = (any::<i64>(), 0_u32..12).prop_map(|(n, scale)| Decimal::new(n, scale));
    let edge = prop_oneof![
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::ZERO),
        Just(Decimal::new(1, 28)),
        Just(Decimal::ONE),
    ];
    prop_oneof![4 => any, 1 => edge]
}

/// Well-typed expressions over numbers, money and conditions.
fn numbers() -> impl Strategy<Value = Expr> {
    let leaf = decimals().prop_map(|n| value(Value::Number(n)));
    leaf.prop_recursive(5, 60, 3, |inner| {
        let operation = prop_oneof![Just(Add), Just(Subtract), Just(Multiply), Just(Divide)];
        prop_oneof![
            (operation, inner.clone(), inner.clone()).prop_map(|(o, a, b)| arith(o, a, b)),
            inner.clone().prop_map(|a| Expr::Floor(Box::new(a))),
            inner.clone().prop_map(|a| Expr::Abs(Box::new(a))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Max),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Min),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| or_else(a, b)),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| {
                let condition = compare(Comparison::Less, or_else(a.clone(), number("0")), b.clone());
                pick(condition, a, c)
            }),
            inner.prop_map(|body| {
                let over = Expr::List(vec![number("1"), body]);
                Expr::Sum(Box::new(over), Box::new(it("")), Value::Number(Decimal::ZERO))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_never_panic(expr in numbers()) {
        match Bench::new().eval(&expr) {
            Ok(Value::Number(_) | Value::Missing) => {}
            Err(EvalError::Overflow | EvalError::Missing(_)) => {}
            other => prop_assert!(false, "{expr:?} is {other:?}"),
        }
    }

    #[test]
    fn money_never_panics_and_keeps_its_digits(expr in numbers(), amount in decimals(), by in 0..4_usize) {
        let operation = [Add, Subtract, Multiply, Divide][by];
        let amount = value(Value::money(round_half_up(amount, 2), yuan()));
        let other = match operation {
            Add | Subtract => arith(Multiply, money("1.00"), expr),
            Multiply | Divide => expr,
        };
        match Bench::new().eval(&arith(operation, amount, other)) {
            Ok(Value::Money(m)) => prop_assert!(m.amount.normalize().scale() <= 2, "{m} has more than two digits"),
            Ok(Value::Missing) | Err(EvalError::Overflow | EvalError::Missing(_)) => {}
            found => prop_assert!(false, "{found:?}"),
        }
    }
}
