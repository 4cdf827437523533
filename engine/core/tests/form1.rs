//! Definitions as earlier logs hold them, in compiled forms 1 and 2, are read as what they mean now. The golden bytes were
//! written by the version that wrote form 1; a log of form 2 is kept whole, in `tests/golden`.

use std::collections::BTreeMap;

use countersign_core::definition::*;
use countersign_core::expr::{Arithmetic, Comparison, Expr};
use countersign_core::name::{Name, Title};
use countersign_core::time::{Span, SpanUnit};
use countersign_core::value::{Fields, Type, Value};

use crate::outward_support::define::company;

fn n(text: &str) -> Name {
    Name::from(text)
}

fn doc(field: &str) -> Expr {
    Expr::Doc(vec![n(field)])
}

fn field(name: &str, kind: Type) -> Field {
    Field {
        name: n(name),
        title: Title::default(),
        kind,
        default: None,
        computed: None,
        unique: false,
        numbered: false,
        member_defaults: Vec::new(),
    }
}

fn document() -> DocumentType {
    let double = Expr::Arith(Arithmetic::Add, Box::new(doc("total")), Box::new(doc("total")));
    let lines = Type::List(Box::new(Type::Record(vec![(n("qty"), Type::Units)])));
    DocumentType {
        name: n("order"),
        title: Title::default(),
        fields: vec![
            Field { unique: true, ..field("number", Type::Text) },
            field("total", Type::Money),
            Field { default: Some(Value::Flag(false)), ..field("urgent", Type::Flag) },
            Field { computed: Some(double), ..field("double", Type::Money) },
            Field { member_defaults: vec![(n("qty"), Value::Missing)], ..field("lines", lines) },
        ],
        commercial: vec![n("total")],
    }
}

fn table() -> Table {
    let column = |name: &str, kind| Column { name: n(name), kind };
    let row = Fields::from([(n("days"), Value::Number(60.into()))]);
    Table {
        name: n("grades"),
        title: Title::default(),
        key: vec![column("grade", Type::Text)],
        from: false,
        columns: vec![column("days", Type::Number)],
        rows: BTreeMap::from([(n("A"), row)]),
        defaults: Fields::new(),
        written_by: Vec::new(),
        rates: None,
    }
}

fn sign(duty: Duty, who: &str, veto: bool) -> Node {
    let who = Who::Position(n(who));
    Node::Signer(Signer { duty, who, veto, except: vec![Who::Submitter], task: None, only_if: None })
}

fn member(node: Node) -> Member {
    let within = Some(Span { count: 8, unit: SpanUnit::WorkHour });
    Member { when: Some(doc("urgent")), within, weight: 2, independent: true, node }
}

fn state(name: &str, activity: Activity, go: Target) -> StateDef {
    let arrow = |when, go| Arrow { when, go, learns: Vec::new() };
    let days = |count| Span { count, unit: SpanUnit::WorkDay };
    StateDef {
        name: n(name),
        activity,
        when: Some(doc("urgent")),
        within: Some(days(2)),
        within_by: BTreeMap::new(),
        expires: Some(Expiry { after: days(15), go: Target::OnHold }),
        for_each: None,
        learns: Vec::new(),
        cc: vec![Who::Driver],
        good: n("passed"),
        next: BTreeMap::from([(
            n("passed"),
            vec![arrow(Some(doc("urgent")), Target::Draft), arrow(None, go)],
        )]),
    }
}

fn states() -> Vec<StateDef> {
    let climb = Node::Climb(Climb {
        authority: n("contract"),
        amount: Some(doc("total")),
        at_least: vec![AtLeast { level: n("bgm"), when: None }],
        beside: vec![Beside { who: Who::Driver, when: None }],
        reviewed_by: Vec::new(),
    });
    let all = Node::All(vec![member(sign(Duty::Review, "legal", true)), member(climb)]);
    let votes = Node::Votes { need: 2, members: vec![member(sign(Duty::Input, "desk", false))] };
    let any = Node::Any(vec![member(sign(Duty::Edit, "desk", false))]);
    let some = Node::InOrder(vec![member(any), member(votes)]);
    let named = Expr::Message(vec![n("number")]);
    let when = Expr::Compare(Comparison::Equal, Box::new(named), Box::new(doc("number")));
    let rules = vec![MatchRule { when, index: None, first_by: None }];
    let wait = Wait { fact: n("order.sealed"), rules, until: None };
    let check = Check { test: Test::Must(Expr::Define(0)), code: n("E1") };
    let branch = Branch { when: None, go: Target::State(2) };
    vec![
        state("check", Activity::Check(vec![check]), Target::State(1)),
        state("choose", Activity::Choose(vec![branch]), Target::State(2)),
        state("all", Activity::People(all), Target::State(3)),
        state("some", Activity::People(some), Target::State(4)),
        state("wait", Activity::Wait(wait), Target::State(5)),
        state("rest", Activity::WaitUntil(Expr::Now), Target::End(0)),
    ]
}

fn chain() -> Chain {
    let requirement = Requirement { what: Required::Must(doc("urgent")), code: n("NOT_URGENT") };
    Chain {
        name: n("old"),
        title: Title::default(),
        document: n("order"),
        key: Some(doc("number")),
        amount: Some(doc("total")),
        initiators: Some(vec![n("rep")]),
        benefits: vec![Who::Submitter],
        skip_level_allowed: true,
        driver: Some(n("desk")),
        cc: vec![Who::Driver],
        monitors: vec![(Who::Driver, Some(doc("urgent")))],
        requires: vec![requirement],
        starts: Vec::new(),
        alarms: Vec::new(),
        facts: Vec::new(),
        anytime: Vec::new(),
        listens: Vec::new(),
        hands_on: Vec::new(),
        defines: vec![(n("rush"), doc("urgent"))],
        reads: vec![n("number"), n("total"), n("urgent")],
        states: states(),
        ends: vec![End { name: n("done"), good: true }],
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    let pair = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(pair).collect()
}

fn golden(name: &str) -> Vec<u8> {
    let lines = include_str!("golden/form1.txt").lines();
    let found = lines.filter_map(|line| line.split_once(' ')).find(|(of, _)| *of == name);
    bytes(found.unwrap_or_else(|| panic!("golden bytes of {name}")).1)
}

#[test]
fn definitions_of_the_first_form_mean_what_they_meant() {
    let expected = [
        Definition::Document(document()),
        Definition::Table(table()),
        Definition::Systems(Systems::default()),
        Definition::Chain(chain()),
    ];
    for definition in expected {
        let name = definition.name();
        let read = Definition::decode(1, &golden(&name));
        assert_eq!(read.as_ref(), Some(&definition), "{name}");
        let again = definition.encode().expect("a definition encodes");
        assert_eq!(Definition::decode(2, &again).as_ref(), Some(&definition), "{name} in form 2");
        assert_eq!(Definition::decode(FORM, &again), Some(definition), "{name} in the present form");
    }
}

/// What earlier forms had of companies and organisations, field after field, as it was written then.
#[test]
fn companies_and_organisations_of_earlier_forms_mean_what_they_meant() {
    let mut rules = company();
    for definition in &mut rules {
        let (first, second) = match definition {
            Definition::Company(c) => {
                let p = &c.policies;
                let signing = (&p.lower_levels, &p.own_top, &p.same_person, p.independent_never_merged);
                let skip = (p.skip_level.refused, &p.skip_level.except);
                let clock = (p.clock.remind, p.clock.overdue, p.clock.escalate, &p.clock.top_overdue);
                let policies =
                    (signing, (&p.vacancy, p.new_holder_has, skip), (clock, &p.returns, &p.push_up));
                let money = (c.currency, &c.currency_digits);
                let times = (&c.calendar, &c.driver, &c.deadlines);
                let first = (0_u32, (&c.id, &c.title), money, times, policies);
                (postcard::to_allocvec(&first), postcard::to_allocvec(&(first, p.path, p.amendments)))
            }
            Definition::Organisation(o) => {
                o.units.values_mut().for_each(|unit| unit.province = None);
                let units: BTreeMap<_, _> =
                    o.units.iter().map(|(name, unit)| (name, (&unit.title, &unit.part_of))).collect();
                // Nobody acts or is a deputy in it, of which the second form says more.
                let either = (1_u32, units, &o.positions, &o.groups, &o.delegations);
                (postcard::to_allocvec(&either), postcard::to_allocvec(&either))
            }
            _ => continue,
        };
        for (form, bytes) in [(1, first), (2, second)] {
            let read = Definition::decode(form, &bytes.expect("it encodes"));
            assert_eq!(read.as_ref(), Some(&*definition), "{} of form {form}", definition.name());
        }
    }
}

#[test]
fn other_bytes_and_other_forms_are_no_definitions() {
    let good = golden("old");
    assert_eq!(Definition::decode(1, &good[..good.len() - 1]), None);
    let mut longer = good.clone();
    longer.push(0);
    assert_eq!(Definition::decode(1, &longer), None);
    assert_eq!(Definition::decode(0, &good), None);
    assert_eq!(Definition::decode(FORM + 1, &good), None);
}
