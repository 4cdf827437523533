//! The definitions of a small company: a worker, a lead, two advisers, and two chains.

use std::collections::BTreeMap;

use countersign_core::calendar::Calendar;
use countersign_core::definition::*;
use countersign_core::expr::Expr;
use countersign_core::money::Currency;
use countersign_core::name::{Name, Title};
use countersign_core::time::{Span, Zone};
use countersign_core::value::Type;
use rust_decimal::Decimal;

/// `slip`: the lead approves. `note`: two advisers review it blind to one another, then the lead approves.
/// `wait`: the fact `gate.opened` is waited for.
pub fn definitions() -> Vec<Definition> {
    vec![
        Definition::Company(company()),
        Definition::Organisation(organisation()),
        Definition::Systems(Systems::default()),
        Definition::Document(document()),
        Definition::Chain(chain("slip", vec![people("approval", approve("lead"), "approved")])),
        Definition::Chain(chain(
            "note",
            vec![
                people("advice", Node::All(vec![review("adviser-a"), review("adviser-b")]), "passed"),
                people("approval", approve("lead"), "approved"),
            ],
        )),
        Definition::Chain(chain("wait", vec![waits()])),
    ]
}

fn span(text: &str) -> Span {
    Span::parse(text).expect("a span")
}

fn company() -> Company {
    let currency = Currency::parse("CNY").expect("a currency");
    Company {
        id: Name::from("mill"),
        title: Title::default(),
        currency,
        currency_digits: BTreeMap::from([(currency, 2)]),
        calendar: Calendar {
            zone: Zone::default(),
            days: [true; 7],
            hours: vec![(0, 1440)],
            ..Calendar::default()
        },
        driver: None,
        deadlines: Deadlines { by_kind: BTreeMap::new(), review: span("8h"), group: span("8h") },
        policies: Policies {
            lower_levels: LowerLevels::NotAsked,
            same_person: SamePerson { signs_once: false, never_below: 1, above: Decimal::ZERO },
            vacancy: vec![VacancyRung::NextSuperior],
            new_holder_has: span("8h"),
            returns: Returns { keep_unless_commercial: true, at_most: 3 },
            push_up: PushUp { refused: true, except: Vec::new() },
            ..Policies::default()
        },
    }
}

fn organisation() -> Organisation {
    let position = |kind: &str, solid: Option<&str>, holders: &[&str]| Position {
        kind: Name::from(kind),
        unit: Name::from("mill"),
        solid: solid.map(Name::from),
        holders: holders.iter().map(|h| Name::from(*h)).collect(),
        ..Position::default()
    };
    let positions = [
        ("head", position("head", None, &["hu"])),
        ("lead", position("lead", Some("head"), &["li", "lu"])),
        ("worker", position("worker", Some("lead"), &["wu"])),
        ("adviser-a", position("adviser", Some("head"), &["an"])),
        ("adviser-b", position("adviser", Some("head"), &["bo"])),
    ];
    Organisation {
        units: BTreeMap::from([(Name::from("mill"), Unit::default())]),
        positions: positions.into_iter().map(|(name, position)| (Name::from(name), position)).collect(),
        ..Organisation::default()
    }
}

fn document() -> DocumentType {
    let field = Field {
        name: Name::from("text"),
        title: Title::default(),
        kind: Type::Text,
        default: None,
        computed: None,
        unique: false,
        numbered: false,
        member_defaults: Vec::new(),
    };
    DocumentType {
        name: Name::from("text"),
        title: Title::default(),
        fields: vec![field],
        commercial: Vec::new(),
    }
}

fn signer(duty: Duty, position: &str) -> Node {
    let who = Who::Position(Name::from(position));
    Node::Signer(Signer { duty, who, veto: false, except: Vec::new(), task: None, only_if: None })
}

fn approve(position: &str) -> Node {
    signer(Duty::Approve, position)
}

fn review(position: &str) -> Member {
    Member { when: None, within: None, weight: 1, independent: false, node: signer(Duty::Review, position) }
}

fn people(name: &str, node: Node, good: &str) -> StateDef {
    state(name, Activity::People(node), good)
}

fn waits() -> StateDef {
    let when = Expr::Const(countersign_core::value::Value::Flag(true));
    let rules = vec![MatchRule { when, index: None, first_by: None }];
    let wait = Wait { fact: Name::from("gate.opened"), rules, until: None };
    state("gate", Activity::Wait(wait), "received")
}

fn state(name: &str, activity: Activity, good: &str) -> StateDef {
    StateDef {
        name: Name::from(name),
        activity,
        when: None,
        within: None,
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        good: Name::from(good),
        next: BTreeMap::new(),
    }
}

/// States one after another; a return leads to draft, a rejection to the bad end.
fn chain(name: &str, mut states: Vec<StateDef>) -> Chain {
    let last = states.len() - 1;
    let arrow = |go| vec![Arrow { when: None, go, learns: Vec::new() }];
    for (place, state) in states.iter_mut().enumerate() {
        let next = if place == last { Target::End(0) } else { Target::State(place as u16 + 1) };
        state.next.insert(state.good.clone(), arrow(next));
        state.next.insert(Name::from("returned"), arrow(Target::Draft));
        state.next.insert(Name::from("rejected"), arrow(Target::End(1)));
    }
    Chain {
        name: Name::from(name),
        title: Title::default(),
        document: Name::from("text"),
        key: None,
        amount: None,
        initiators: None,
        benefits: Vec::new(),
        skip_level_allowed: false,
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
        reads: vec![Name::from("text")],
        states,
        ends: vec![
            End { name: Name::from("passed"), good: true },
            End { name: Name::from("rejected"), good: false },
        ],
    }
}
