//! Definitions written out by hand, as short as may be.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::calendar::Calendar;
use countersign_core::definition::*;
use countersign_core::expr::{Arithmetic, CasePart, Comparison, Expr};
use countersign_core::money::Currency;
use countersign_core::name::{Name, Title};
use countersign_core::time::{Span, SpanUnit, Zone};
use countersign_core::value::{Fields, Type, Value};
use rust_decimal::Decimal;

pub fn n(name: &str) -> Name {
    Name::from(name)
}

pub fn names(of: &[&str]) -> Vec<Name> {
    of.iter().map(|name| n(name)).collect()
}

fn path(dotted: &str) -> Vec<Name> {
    dotted.split('.').filter(|part| !part.is_empty()).map(Name::from).collect()
}

pub fn span(text: &str) -> Span {
    Span::parse(text).unwrap_or_else(|| panic!("not a span: {text}"))
}

/// (position, kind, unit, solid superior, holders).
const POSITIONS: &[(&str, &str, &str, &str, &[&str])] = &[
    ("president", "president", "head", "", &["P01"]),
    ("sales_director", "director", "head", "president", &["P03"]),
    ("finance", "finance", "head", "president", &["P02"]),
    ("process_owner", "process_owner", "head", "president", &["P05"]),
    ("driver", "staff", "head", "president", &["P06"]),
    ("bgm_js", "bgm", "js", "sales_director", &["B1"]),
    ("bgm_zj", "bgm", "zj", "sales_director", &[]),
    ("kam_js", "kam", "js", "bgm_js", &["K1"]),
    ("kam_zj", "kam", "zj", "bgm_zj", &["K2"]),
    ("rep_js", "rep", "js", "kam_js", &["S1"]),
];

/// Everything but documents, tables, chains and adapters. It works around the clock, in China's time.
pub fn company() -> Vec<Definition> {
    let yuan = Currency::parse("CNY").expect("a currency");
    let dollar = Currency::parse("USD").expect("a currency");
    let calendar = Calendar {
        zone: Zone { name: "Asia/Shanghai".into(), offsets: vec![(0, 8 * 3600)] },
        days: [true; 7],
        hours: vec![(0, 1440)],
        holidays: BTreeSet::new(),
        make_up_days: BTreeSet::new(),
    };
    let far = Span { count: 2_000, unit: SpanUnit::Hour };
    let company = Company {
        id: n("small"),
        title: Title::default(),
        currency: yuan,
        currency_digits: BTreeMap::from([(yuan, 2), (dollar, 2)]),
        calendar,
        driver: Some(n("driver")),
        deadlines: Deadlines { by_kind: BTreeMap::new(), review: far, group: far },
        policies: policies(),
    };
    let mut organisation = Organisation::default();
    for unit in ["head", "js", "zj"] {
        organisation.units.insert(n(unit), Unit::default());
    }
    let part_of = |unit: &str| Some(n(unit));
    let js = Unit { part_of: part_of("head"), province: Some(n("Jiangsu")), ..Unit::default() };
    organisation.units.insert(n("js"), js);
    organisation.units.insert(n("js_north"), Unit { part_of: part_of("js"), ..Unit::default() });
    for (name, kind, unit, solid, holders) in POSITIONS {
        let solid = (!solid.is_empty()).then(|| n(solid));
        let (kind, unit, holders) = (n(kind), n(unit), names(holders));
        organisation
            .positions
            .insert(n(name), Position { kind, unit, solid, holders, ..Position::default() });
    }
    let all = SystemGrant {
        persons: Allowed::All,
        chains: Allowed::All,
        verbs: Allowed::All,
        facts: Allowed::All,
        up_to: None,
    };
    let systems = Systems { systems: BTreeMap::from([(n("test"), all)]) };
    vec![Definition::Company(company), Definition::Organisation(organisation), Definition::Systems(systems)]
}

fn policies() -> Policies {
    Policies {
        same_person: SamePerson { signs_once: false, never_below: 2, above: Decimal::ZERO },
        skip_level: SkipLevel { refused: false, except: Vec::new(), superior_recorded: true },
        returns: Returns { keep_unless_commercial: true, at_most: 2 },
        push_up: PushUp { refused: true, except: Vec::new() },
        ..Policies::default()
    }
}

// ---- documents and tables

pub fn field(name: &str, kind: Type) -> Field {
    let (default, computed, unique, numbered) = (None, None, false, false);
    Field {
        name: n(name),
        title: Title::default(),
        kind,
        default,
        computed,
        unique,
        numbered,
        member_defaults: vec![],
    }
}

pub fn document(name: &str, fields: Vec<Field>) -> Definition {
    Definition::Document(DocumentType { name: n(name), title: Title::default(), fields, commercial: vec![] })
}

/// A table of text columns with one text as its key.
pub fn table(name: &str, columns: &[&str], rows: &[(&str, &[&str])]) -> Table {
    let column = |name: &&str| Column { name: n(name), kind: Type::Text };
    let row = |(key, values): &(&str, &[&str])| {
        let fields: Fields =
            columns.iter().map(|c| n(c)).zip(values.iter().map(|v| Value::text(v))).collect();
        (n(key), fields)
    };
    Table {
        name: n(name),
        title: Title::default(),
        key: vec![Column { name: n("key"), kind: Type::Text }],
        from: false,
        columns: columns.iter().map(column).collect(),
        rows: rows.iter().map(row).collect(),
        defaults: Fields::new(),
        written_by: vec![],
        rates: None,
    }
}

// ---- expressions

pub fn doc(dotted: &str) -> Expr {
    Expr::Doc(path(dotted))
}

pub fn fact(dotted: &str) -> Expr {
    Expr::Fact(path(dotted))
}

pub fn message(dotted: &str) -> Expr {
    Expr::Message(path(dotted))
}

/// What a reply, an answer or a request carries.
pub fn reply(dotted: &str) -> Expr {
    Expr::Reply(path(dotted))
}

pub fn item(dotted: &str) -> Expr {
    Expr::Item(path(dotted))
}

pub fn child_fact(dotted: &str) -> Expr {
    Expr::Child(CasePart::Fact(path(dotted)))
}

pub fn words(text: &str) -> Expr {
    Expr::Const(Value::text(text))
}

pub fn units(count: i64) -> Expr {
    Expr::Const(Value::Units(Decimal::from(count)))
}

pub fn flag(flag: bool) -> Expr {
    Expr::Const(Value::Flag(flag))
}

pub fn eq(left: Expr, right: Expr) -> Expr {
    Expr::Compare(Comparison::Equal, Box::new(left), Box::new(right))
}

pub fn compare(comparison: Comparison, left: Expr, right: Expr) -> Expr {
    Expr::Compare(comparison, Box::new(left), Box::new(right))
}

pub fn plus(left: Expr, right: Expr) -> Expr {
    Expr::Arith(Arithmetic::Add, Box::new(left), Box::new(right))
}

pub fn minus(left: Expr, right: Expr) -> Expr {
    Expr::Arith(Arithmetic::Subtract, Box::new(left), Box::new(right))
}

/// The newest case of a chain with this business key.
pub fn case_of(chain: &str, key: Expr) -> Expr {
    Expr::CaseOf(n(chain), Box::new(key))
}

// ---- people

pub fn post(name: &str) -> Who {
    Who::Position(n(name))
}

fn signer(duty: Duty, who: Who, task: Option<TaskDef>) -> Activity {
    let task = task.map(Box::new);
    Activity::People(Node::Signer(Signer { duty, who, veto: false, except: Vec::new(), task, only_if: None }))
}

pub fn review(who: &str) -> Activity {
    signer(Duty::Review, post(who), None)
}

pub fn task(who: &str, choices: &[&str], asks: &[(&str, Type)]) -> Activity {
    let asks = asks.iter().map(|(name, kind)| (n(name), kind.clone())).collect();
    let task = TaskDef { title: Title::default(), asks, choices: names(choices) };
    signer(Duty::Task, post(who), Some(task))
}

// ---- states and chains

pub fn with(fields: Vec<(&str, Expr)>) -> With {
    fields.into_iter().map(|(name, value)| (n(name), value)).collect()
}

/// Everything of the parent's document that fits, and these fields.
pub fn run(chain: &str, fields: Vec<(&str, Expr)>) -> RunDef {
    RunDef {
        chain: n(chain),
        copy: vec![Copied::Document],
        with: with(fields),
        submitter: None,
        begins: Begins::First,
    }
}

pub fn command(verb: &str, fields: Vec<(&str, Expr)>) -> Activity {
    Activity::Command(CommandDef {
        verb: n(verb),
        with: with(fields),
        send_after: vec![span("5min"), span("15min")],
        silent_after: span("30min"),
    })
}

pub fn wait(fact: &str, rules: Vec<MatchRule>) -> Activity {
    Activity::Wait(Wait { fact: n(fact), rules, until: None })
}

/// A rule that says that a field of the message is a value of the case, with its index.
pub fn is(field: &str, value: Expr) -> MatchRule {
    MatchRule { when: eq(message(field), value.clone()), index: Some((path(field), value)), first_by: None }
}

/// A state; `next` leads each outcome on. `good` is the first of them.
pub fn state(name: &str, activity: Activity, next: &[(&str, Target)]) -> StateDef {
    let arrow = |go: Target| vec![Arrow { when: None, go, learns: Vec::new() }];
    StateDef {
        name: n(name),
        activity,
        when: None,
        within: Some(Span { count: 2_000, unit: SpanUnit::Hour }),
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        good: next.first().map(|(outcome, _)| n(outcome)).unwrap_or_default(),
        next: next.iter().map(|(outcome, go)| (n(outcome), arrow(*go))).collect(),
    }
}

pub fn for_each(list: Expr, state: StateDef) -> StateDef {
    StateDef { for_each: Some(ForEach { item: n("item"), list }), ..state }
}

pub fn learns(learns: Vec<(u16, Expr)>, state: StateDef) -> StateDef {
    StateDef { learns: learnt(learns), ..state }
}

pub fn learnt(learns: Vec<(u16, Expr)>) -> Vec<Learn> {
    learns.into_iter().map(|(fact, value)| Learn { fact, value }).collect()
}

pub fn fact_def(name: &str, kind: Type, initial: Option<Expr>) -> FactDef {
    FactDef { name: n(name), kind, initial }
}

/// Ends of every chain: 0 `done` is good, 1 `failed` and 2 `cancelled` are bad.
pub const DONE: Target = Target::End(0);
pub const FAILED: Target = Target::End(1);
pub const CANCELLED: Target = Target::End(2);

pub fn to(state: u16) -> Target {
    Target::State(state)
}

/// A chain over the document type `document`, keyed by its field `no`; State keeps all that is named in `reads`.
pub fn chain(name: &str, document: &str, reads: &[&str], states: Vec<StateDef>) -> Chain {
    let end = |(name, good): (&str, bool)| End { name: n(name), good };
    Chain {
        name: n(name),
        title: Title::default(),
        document: n(document),
        key: Some(doc("no")),
        amount: None,
        initiators: None,
        benefits: Vec::new(),
        skip_level_allowed: true,
        driver: None,
        cc: Vec::new(),
        monitors: Vec::new(),
        requires: Vec::new(),
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: Vec::new(),
        anytime: Vec::new(),
        listens: Vec::new(),
        hands_on: Vec::new(),
        defines: Vec::new(),
        reads: names(reads),
        states,
        ends: [("done", true), ("failed", false), ("cancelled", false)].map(end).to_vec(),
    }
}

pub fn anytime(name: &str, go: Option<Target>) -> Anytime {
    Anytime {
        name: n(name),
        by: Vec::new(),
        by_chain: Vec::new(),
        in_states: None,
        asks: Vec::new(),
        go,
        learns: Vec::new(),
        unratified: None,
        once_over: Vec::new(),
    }
}

// ---- adapters

pub fn shape(fields: &[(&str, Type)]) -> Shape {
    fields.iter().map(|(name, kind)| (n(name), kind.clone())).collect()
}

/// A verb whose only last answer besides refusals is `done`.
pub fn verb(done: &[(&str, Type)], undo: Undo) -> Verb {
    let finals = BTreeMap::from([(n("done"), shape(done))]);
    Verb { stages: BTreeMap::new(), finals, refused: Refusals::Any, undo }
}

pub fn adapters(verbs: Vec<(&str, Verb)>, facts: Vec<(&str, Shape)>) -> Definition {
    Definition::Adapters(Adapters {
        verbs: verbs.into_iter().map(|(name, verb)| (n(name), verb)).collect(),
        facts: facts.into_iter().map(|(name, shape)| (n(name), shape)).collect(),
    })
}
