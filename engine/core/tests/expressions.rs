//! Evaluation of conditions and amounts: each kind of expression by table, limits on cost, and no panic whatever comes.

use std::collections::BTreeMap;

use countersign_core::command::{Body, Cause, Command, Stored};
use countersign_core::definition::*;
use countersign_core::eval::{EvalError, Scope, evaluate};
use countersign_core::event::Party;
use countersign_core::expr::{Arithmetic, Attribute, Comparison, Expr, Fold};
use countersign_core::money::Currency;
use countersign_core::name::Name;
use countersign_core::state::State;
use countersign_core::time::{Date, Span, Timestamp, Zone};
use countersign_core::turn::{TurnResult, turn};
use countersign_core::value::{Fields, Type, Value};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn n(text: &str) -> Name {
    Name::from(text)
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap_or_else(|_| panic!("not a decimal: {text}"))
}

fn cny(text: &str) -> Value {
    Value::money(d(text), Currency::parse("CNY").expect("a currency"))
}

fn jpy(text: &str) -> Value {
    Value::money(d(text), Currency::parse("JPY").expect("a currency"))
}

fn num(text: &str) -> Value {
    Value::Number(d(text))
}

fn lit(value: Value) -> Box<Expr> {
    Box::new(Expr::Const(value))
}

fn doc(path: &[&str]) -> Expr {
    Expr::Doc(path.iter().map(|p| n(p)).collect())
}

fn arith(operation: Arithmetic, left: Value, right: Value) -> Expr {
    Expr::Arith(operation, lit(left), lit(right))
}

fn compare(comparison: Comparison, left: Value, right: Value) -> Expr {
    Expr::Compare(comparison, lit(left), lit(right))
}

/// A State with a company of two currencies and two tables; expressions read its release.
fn state() -> State {
    let currency = Currency::parse("CNY").expect("a currency");
    let digits =
        [("CNY", 2), ("JPY", 0)].map(|(c, digits)| (Currency::parse(c).expect("a currency"), digits));
    let hours = Span::parse("8wh").expect("a span");
    let zone = Zone { name: "Asia/Shanghai".into(), offsets: vec![(0, 8 * 3600)] };
    let calendar = countersign_core::calendar::Calendar {
        zone,
        days: [true; 7],
        hours: vec![(0, 1440)],
        ..Default::default()
    };
    let company = Company {
        id: n("c"),
        title: Default::default(),
        currency,
        currency_digits: digits.into(),
        calendar,
        driver: None,
        deadlines: Deadlines { by_kind: BTreeMap::new(), review: hours, group: hours },
        policies: Policies::default(),
    };
    let definitions = [
        Definition::Company(company),
        Definition::Organisation(Organisation::default()),
        Definition::Systems(Systems::default()),
        Definition::Table(table("grades", false, &[("A", "60"), ("B", "30")])),
        Definition::Table(table("steps", true, &[("0", "1"), ("50", "2"), ("70", "3")])),
    ];
    activated(&definitions)
}

fn table(name: &str, from: bool, rows: &[(&str, &str)]) -> Table {
    let column = |name: &str| Column { name: n(name), kind: Type::Number };
    let row = |(key, days): &(&str, &str)| {
        (n(key), Fields::from([(n("days"), num(days)), (n("gap"), Value::Missing)]))
    };
    Table {
        name: n(name),
        title: Default::default(),
        key: vec![column("key")],
        from,
        columns: vec![column("days"), column("gap")],
        rows: rows.iter().map(row).collect(),
        defaults: Fields::new(),
        written_by: Vec::new(),
        rates: None,
    }
}

fn activated(definitions: &[Definition]) -> State {
    let mut state = State::default();
    let mut operate = |body: Body| {
        let cause = Cause::Operator { os_user: n("root") };
        let turned = turn(&mut state, &Command { at: Timestamp(0), cause, body });
        assert_eq!(turned.result, TurnResult::Done);
    };
    operate(Body::Found { company: n("c"), administrator: n("P1") });
    for definition in definitions {
        let compiled = definition.encode().expect("a definition encodes");
        let stored = Stored { path: n("x"), source: String::new(), sha256: [0; 32], form: FORM, compiled };
        operate(Body::Store(Box::new(stored)));
    }
    operate(Body::Activate { definitions: (1..=definitions.len() as u32).collect() });
    state
}

fn lines() -> Value {
    let line = |qty: &str, price: &str| {
        Value::Record(Fields::from([(n("qty"), Value::Units(d(qty))), (n("price"), cny(price))]))
    };
    Value::List(vec![line("3", "0.335"), line("2", "10.00")])
}

fn document() -> Fields {
    Fields::from([
        (n("lines"), lines()),
        (n("total"), cny("100.00")),
        (n("grade"), Value::Missing),
        (n("on"), Value::Date(Date::parse("2025-04-27").expect("a date"))),
        (n("tags"), Value::List(vec![Value::text("technical")])),
    ])
}

fn eval(expr: &Expr) -> Result<Value, EvalError> {
    let (state, document) = (state(), document());
    let submitter = Party { person: n("P1"), position: n("rep"), unit: n("js"), kind: n("reps") };
    let defines = vec![(n("half"), arith(Arithmetic::Divide, cny("100.00"), num("2")))];
    let message = Fields::from([(n("no"), Value::text("HT-1"))]);
    let rules = state.definitions().active().expect("definitions are active");
    let at = Timestamp::parse("2025-04-21T20:00:00Z").expect("a time");
    let scope = Scope {
        document: &document,
        defines: &defines,
        submitter: Some(&submitter),
        message: Some(&message),
        ..Scope::new(rules, at)
    };
    evaluate(expr, &scope)
}

#[test]
fn arithmetic_is_exact_and_rounds_half_up_where_money_is_made() {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    let days = |text: &str| Value::Span(Span::parse(text).expect("a span"));
    let on = |text: &str| Value::Date(Date::parse(text).expect("a date"));
    let cases = [
        (arith(Add, cny("0.10"), cny("0.20")), cny("0.30")),
        (arith(Subtract, num("1"), num("1.5")), num("-0.5")),
        (arith(Multiply, cny("0.335"), num("3")), cny("1.01")),
        (arith(Multiply, Value::Percent(d("0.15")), cny("0.30")), cny("0.05")),
        (arith(Multiply, cny("-0.335"), num("3")), cny("-1.01")),
        (arith(Multiply, jpy("101"), Value::Percent(d("0.005"))), jpy("1")),
        (arith(Multiply, Value::Units(d("3")), num("2")), Value::Units(d("6"))),
        (arith(Divide, cny("1.00"), cny("3.00")), num("0.3333333333333333333333333333")),
        (arith(Divide, cny("1.00"), num("3")), cny("0.33")),
        (arith(Divide, num("1"), num("0")), Value::Missing),
        (arith(Divide, cny("1.00"), cny("0.00")), Value::Missing),
        (arith(Add, Value::Missing, num("1")), Value::Missing),
        (arith(Subtract, on("2025-05-01"), on("2025-04-27")), num("4")),
        (arith(Add, on("2025-04-27"), days("7d")), on("2025-05-04")),
        (arith(Subtract, on("2025-05-04"), days("7d")), on("2025-04-27")),
        (Expr::Define(0), cny("50.00")),
        (Expr::Sum(Box::new(doc(&["lines"])), Box::new(line_total()), cny("0.00")), cny("21.01")),
        (Expr::Abs(lit(cny("-5.00"))), cny("5.00")),
        (Expr::Floor(lit(num("2.9"))), num("2")),
        (Expr::Min(vec![*lit(num("2")), *lit(num("1"))]), num("1")),
        (Expr::Max(vec![*lit(cny("2.00")), *lit(cny("1.00"))]), cny("2.00")),
    ];
    for (expr, expected) in cases {
        assert_eq!(eval(&expr), Ok(expected), "{expr:?}");
    }
}

fn line_total() -> Expr {
    let field = |name: &str| Box::new(Expr::It(vec![n(name)]));
    Expr::Arith(Arithmetic::Multiply, field("qty"), field("price"))
}

#[test]
fn conditions_read_what_is_there() {
    use Comparison::{AtLeast, AtMost, Equal, Less, More, Unequal};
    let over = |fold, limit: &str| {
        let body = Expr::Compare(AtLeast, Box::new(Expr::It(vec![n("price")])), lit(cny(limit)));
        Expr::Fold(fold, Box::new(doc(&["lines"])), Box::new(body))
    };
    let flag = Value::Flag;
    let yes = || *lit(flag(true));
    let no = || *lit(flag(false));
    let cases = [
        (compare(Equal, num("1"), num("1.00")), flag(true)),
        (compare(Unequal, Value::text("a"), Value::text("b")), flag(true)),
        (compare(Less, cny("1.00"), cny("1.01")), flag(true)),
        (compare(AtMost, cny("300000.00"), cny("300000.00")), flag(true)),
        (compare(More, cny("300000.00"), cny("300000.00")), flag(false)),
        (Expr::Not(Box::new(yes())), flag(false)),
        (Expr::And(vec![yes(), no(), missing_flag()]), flag(false)),
        (Expr::Or(vec![no(), yes(), missing_flag()]), flag(true)),
        (Expr::Contains(Box::new(doc(&["tags"])), lit(Value::text("technical"))), flag(true)),
        (Expr::Contains(Box::new(doc(&["tags"])), lit(Value::text("service"))), flag(false)),
        (Expr::Known(Box::new(doc(&["grade"]))), flag(false)),
        (Expr::Else(Box::new(doc(&["grade"])), lit(Value::text("D"))), Value::text("D")),
        (Expr::Pick(Box::new(no()), lit(num("1")), lit(num("2"))), num("2")),
        (over(Fold::Every, "0.01"), flag(true)),
        (over(Fold::Some, "10.00"), flag(true)),
        (over(Fold::Count, "10.00"), num("1")),
        (Expr::First(Box::new(doc(&["tags"]))), Value::text("technical")),
        (Expr::First(Box::new(over(Fold::Where, "99.00"))), Value::Missing),
        (Expr::Submitter(Attribute::Kind), Value::text("reps")),
        (Expr::Submitter(Attribute::Unit), Value::Unit(n("js"))),
        (Expr::Message(vec![n("no")]), Value::text("HT-1")),
        // 20:00 UTC is tomorrow in Shanghai.
        (Expr::Today, Value::Date(Date::parse("2025-04-22").expect("a date"))),
        (Expr::List(vec![yes()]), Value::List(vec![flag(true)])),
        (Expr::Field(Box::new(Expr::First(Box::new(doc(&["lines"])))), n("qty")), Value::Units(d("3"))),
    ];
    for (expr, expected) in cases {
        assert_eq!(eval(&expr), Ok(expected), "{expr:?}");
    }
}

fn missing_flag() -> Expr {
    doc(&["grade"])
}

#[test]
fn tables_are_read_by_key_and_by_threshold() {
    let days = |table: &str, key: Expr| Expr::Column {
        table: n(table),
        key: Box::new(Expr::Row(n(table), vec![key])),
        column: n("days"),
    };
    assert_eq!(eval(&days("grades", *lit(Value::text("B")))), Ok(num("30")));
    assert_eq!(eval(&days("steps", *lit(num("69.99")))), Ok(num("2")));
    assert_eq!(eval(&days("steps", *lit(num("70")))), Ok(num("3")));
    assert_eq!(eval(&days("steps", *lit(num("-1")))), Err(EvalError::NoRow(n("steps"), "-1".into())));
    assert_eq!(eval(&days("grades", *lit(Value::text("Z")))), Err(EvalError::NoRow(n("grades"), "Z".into())));
    assert_eq!(eval(&days("grades", doc(&["grade"]))), Ok(Value::Missing));
}

#[test]
fn what_has_no_value_is_an_error_with_a_reason() {
    use Arithmetic::{Add, Multiply};
    let largest = num("79228162514264337593543950335");
    assert_eq!(eval(&arith(Multiply, largest.clone(), largest)), Err(EvalError::Overflow));
    let currencies = EvalError::Currencies("CNY".into(), "JPY".into());
    assert_eq!(eval(&arith(Add, cny("1.00"), jpy("1"))), Err(currencies.clone()));
    assert_eq!(eval(&compare(Comparison::Less, cny("1.00"), jpy("1"))), Err(currencies));
    let missing =
        |found: Result<Value, EvalError>| assert!(matches!(found, Err(EvalError::Missing(_))), "{found:?}");
    missing(eval(&Expr::Compare(Comparison::Less, Box::new(doc(&["grade"])), lit(num("1")))));
    missing(eval(&Expr::Not(Box::new(missing_flag()))));
    assert!(matches!(eval(&Expr::Define(9)), Err(EvalError::Type(_))));
    assert!(matches!(eval(&arith(Add, Value::text("a"), num("1"))), Err(EvalError::Type(_))));
}

#[test]
fn cost_and_depth_are_bounded() {
    let many = Expr::Const(Value::List(vec![num("1"); 1_000]));
    let every = |body: Expr| Expr::Fold(Fold::Every, Box::new(many.clone()), Box::new(body));
    let nested = every(every(every(*lit(Value::Flag(true)))));
    assert_eq!(eval(&nested), Err(EvalError::TooCostly));
    let deep = (0..1_000).fold(*lit(Value::Flag(true)), |of, _| Expr::Not(Box::new(of)));
    assert_eq!(eval(&deep), Err(EvalError::TooCostly));
}

fn any_value() -> impl Strategy<Value = Value> {
    let decimal = (any::<i64>(), 0_u32..20).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale));
    let currency =
        prop_oneof![Just("CNY"), Just("JPY")].prop_map(|c| Currency::parse(c).expect("a currency"));
    prop_oneof![
        Just(Value::Missing),
        any::<bool>().prop_map(Value::Flag),
        decimal.clone().prop_map(Value::Number),
        decimal.clone().prop_map(Value::Percent),
        decimal.clone().prop_map(Value::Units),
        (decimal, currency).prop_map(|(amount, currency)| Value::money(amount, currency)),
        any::<i32>().prop_map(|days| Value::Date(Date(days))),
        any::<i64>().prop_map(|ms| Value::Time(Timestamp(ms))),
        "[a-z]{0,3}".prop_map(|text| Value::text(&text)),
        prop_oneof![Just("3mo"), Just("90000d"), Just("8wh"), Just("100000wd")]
            .prop_map(|span| Value::Span(Span::parse(span).expect("a span"))),
        Just(lines()),
    ]
}

fn any_expr() -> impl Strategy<Value = Expr> {
    use Arithmetic::{Add, Divide, Multiply, Subtract};
    use Comparison::{AtLeast, Equal, Less};
    let leaf = prop_oneof![
        any_value().prop_map(Expr::Const),
        prop_oneof![Just("lines"), Just("total"), Just("grade"), Just("on")].prop_map(|field| doc(&[field])),
        Just(Expr::It(vec![])),
        Just(Expr::It(vec![n("price")])),
        Just(Expr::Define(0)),
        Just(Expr::Now),
        Just(Expr::Today),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let operation = prop_oneof![Just(Add), Just(Subtract), Just(Multiply), Just(Divide)];
        let comparison = prop_oneof![Just(Equal), Just(Less), Just(AtLeast)];
        let fold = prop_oneof![Just(Fold::Every), Just(Fold::Some), Just(Fold::Count), Just(Fold::Where)];
        prop_oneof![
            (operation, boxed.clone(), boxed.clone()).prop_map(|(o, a, b)| Expr::Arith(o, a, b)),
            (comparison, boxed.clone(), boxed.clone()).prop_map(|(c, a, b)| Expr::Compare(c, a, b)),
            (fold, boxed.clone(), boxed.clone()).prop_map(|(f, a, b)| Expr::Fold(f, a, b)),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Expr::Sum(a, b, Value::Number(Decimal::ZERO))),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Expr::Else(a, b)),
            (boxed.clone(), boxed.clone()).prop_map(|(a, b)| Expr::Contains(a, b)),
            boxed.clone().prop_map(Expr::Not),
            boxed.clone().prop_map(Expr::First),
            boxed.clone().prop_map(Expr::Abs),
            boxed.prop_map(Expr::Floor),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Or),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Max),
            prop::collection::vec(inner, 1..3).prop_map(|key| Expr::Row(n("steps"), key)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Even what no type check would let through has a value or an error, and the same one twice.
    #[test]
    fn no_expression_panics(expr in any_expr()) {
        prop_assert_eq!(eval(&expr), eval(&expr));
    }
}
