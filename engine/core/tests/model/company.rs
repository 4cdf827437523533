//! The company under test: positions on five levels, vacancies, an acting holder, a person with two posts, a group.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::calendar::Calendar;
use countersign_core::definition::*;
use countersign_core::money::Currency;
use countersign_core::name::{Name, Title};
use countersign_core::time::{HOUR, Span, SpanUnit, Timestamp, Zone};
use countersign_core::value::{Type, Value};
use rust_decimal::Decimal;

use super::shuffle::{SHUFFLED_FROM, shuffle};
use super::{chains, wild};

/// The first instant of every run: 2025-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp(1_735_689_600_000);
/// When the lower limits of the second set begin, in the middle of a run (R8).
pub const LIMITS_CUT: Timestamp = Timestamp(START.0 + 9 * HOUR);

/// (position, kind, solid superior, holders).
const POSITIONS: &[(&str, &str, &str, &[&str])] = &[
    ("president", "president", "", &["P01"]),
    ("fin_dir", "director", "president", &["P02"]),
    ("sales_dir", "director", "president", &["P03"]),
    ("legal", "staff", "president", &["L1", "L2"]),
    ("credit", "staff", "fin_dir", &["C1"]),
    ("archivist", "staff", "fin_dir", &[]),
    ("quality", "staff", "sales_dir", &["Q1"]),
    ("clerk", "staff", "quality", &[]),
    ("region_e", "region", "sales_dir", &["R1"]),
    ("region_n", "region", "sales_dir", &["R2"]),
    ("branch_a", "branch", "region_e", &["B1"]),
    ("branch_b", "branch", "region_e", &[]),
    ("branch_c", "branch", "region_e", &[]),
    ("branch_n", "branch", "region_n", &["R2"]),
    ("kam_a", "kam", "branch_a", &["K1"]),
    ("kam_b", "kam", "branch_b", &["K2"]),
    ("kam_c", "kam", "branch_c", &["K3"]),
    ("kam_n", "kam", "branch_n", &["K4"]),
    ("rep_a", "rep", "kam_a", &["S1"]),
    ("rep_b", "rep", "kam_b", &["S2"]),
    ("rep_c", "rep", "kam_c", &["S3"]),
    ("rep_n", "rep", "kam_n", &["S4"]),
    ("auditor", "audit", "president", &["A1"]),
];

/// How the rules of signing vary from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// As the demo company has them.
    Usual,
    /// Only the deciding level is asked (R1); signatures never survive a return (R12).
    Terse,
    /// Every post signs for itself (R5 off); handing up and skipping levels are allowed (R22, R10 off).
    Loose,
    /// Nobody decides the top's own documents (R2), vacant posts have no substitute (R7).
    Strict,
}

pub const POLICIES: [Policy; 4] = [Policy::Usual, Policy::Terse, Policy::Loose, Policy::Strict];

/// All definitions of the company.
pub fn definitions(policy: Policy, seed: u64) -> Vec<Definition> {
    let mut all = vec![
        Definition::Company(company(policy)),
        Definition::Organisation(organisation_of(seed)),
        Definition::Document(document()),
        Definition::Systems(systems()),
    ];
    all.extend(authorities().into_iter().map(Definition::Authority));
    all.extend(chains::all().into_iter().chain(wild::all(seed)).map(Definition::Chain));
    all
}

pub fn names(of: &[&str]) -> Vec<Name> {
    of.iter().map(|n| Name::from(*n)).collect()
}

pub fn yuan() -> Currency {
    Currency::parse("CNY").expect("three letters")
}

pub fn span(count: u32, unit: SpanUnit) -> Span {
    Span { count, unit }
}

fn company(policy: Policy) -> Company {
    let always = Calendar {
        zone: Zone::default(),
        days: [true; 7],
        hours: vec![(0, 1440)],
        holidays: BTreeSet::new(),
        make_up_days: BTreeSet::new(),
    };
    let far = span(2_000, SpanUnit::Hour);
    let euro = Currency::parse("EUR").expect("three letters");
    Company {
        id: Name::from("model"),
        title: Title::default(),
        currency: yuan(),
        currency_digits: BTreeMap::from([(yuan(), 2), (euro, 2)]),
        calendar: always,
        driver: Some(Name::from("auditor")),
        deadlines: Deadlines { by_kind: BTreeMap::new(), review: far, group: far },
        policies: policies(policy),
    }
}

fn policies(policy: Policy) -> Policies {
    let safe = Policies::default();
    let usual = Policies {
        own_top: Some(OwnTop { decided_by: Name::from("board"), everybody_else: true }),
        same_person: SamePerson { signs_once: true, never_below: 2, above: Decimal::from(500) },
        skip_level: SkipLevel { refused: true, except: names(&["market"]), superior_recorded: true },
        clock: Clock { top_overdue: Some(Name::from("auditor")), ..safe.clock.clone() },
        returns: Returns { keep_unless_commercial: true, at_most: 3 },
        push_up: PushUp { refused: true, except: names(&["conflict_of_interest"]) },
        ..safe
    };
    match policy {
        Policy::Usual => usual,
        Policy::Terse => Policies {
            lower_levels: LowerLevels::NotAsked,
            returns: Returns { keep_unless_commercial: false, at_most: 1 },
            ..usual
        },
        Policy::Loose => Policies {
            same_person: SamePerson { signs_once: false, never_below: 2, above: Decimal::from(500) },
            skip_level: SkipLevel { refused: false, except: Vec::new(), superior_recorded: true },
            push_up: PushUp { refused: false, except: Vec::new() },
            ..usual
        },
        Policy::Strict => Policies { own_top: None, vacancy: Vec::new(), ..usual },
    }
}

/// The organisation of a run: from some seed on one that nobody drew.
fn organisation_of(seed: u64) -> Organisation {
    let mut organisation = organisation();
    if seed >= SHUFFLED_FROM {
        let order: Vec<&str> = POSITIONS.iter().map(|(name, ..)| *name).collect();
        shuffle(&mut organisation, &order, seed);
    }
    organisation
}

pub fn organisation() -> Organisation {
    let mut organisation = Organisation::default();
    organisation.units.insert(Name::from("head"), Unit::default());
    for (name, kind, solid, holders) in POSITIONS {
        let position = Position {
            kind: Name::from(*kind),
            unit: Name::from("head"),
            solid: (!solid.is_empty()).then(|| Name::from(*solid)),
            holders: names(holders),
            ..Position::default()
        };
        organisation.positions.insert(Name::from(*name), position);
    }
    let until = Timestamp(START.0 + 100_000 * HOUR);
    for (vacant, by, share) in
        [("branch_c", "kam_c", Decimal::new(5, 1)), ("archivist", "credit", Decimal::ONE)]
    {
        if let Some(post) = organisation.positions.get_mut(vacant) {
            post.acting = Some(Acting { by: Name::from(by), share, since: None, until });
        }
    }
    let board = names(&["president", "sales_dir", "fin_dir", "legal"]);
    let group = |members, need| Group { title: Title::default(), members, need };
    organisation.groups.insert(Name::from("board"), group(board, 3));
    organisation.groups.insert(Name::from("jury"), group(names(&["legal", "credit", "quality"]), 2));
    organisation
}

fn document() -> DocumentType {
    let field = |name: &str, kind: Type, default: Option<Value>| Field {
        name: Name::from(name),
        title: Title::default(),
        kind,
        default,
        computed: None,
        unique: false,
        numbered: false,
        member_defaults: Vec::new(),
    };
    let mut double = field("double", Type::Money, None);
    double.computed = Some(chains::times_two(chains::doc("total")));
    let mut number = field("number", Type::Text, None);
    number.unique = true;
    DocumentType {
        name: Name::from("order"),
        title: Title::default(),
        fields: vec![
            number,
            field("total", Type::Money, None),
            field("customer", Type::Text, None),
            field("note", Type::Text, Some(Value::text(""))),
            field("urgent", Type::Flag, Some(Value::Flag(false))),
            double,
        ],
        commercial: names(&["total", "customer"]),
    }
}

type LimitRow<'a> = (&'a str, Option<i64>, &'a [&'a str]);

fn limits(since: Timestamp, rows: &[LimitRow<'_>]) -> LimitSet {
    let limit = |(name, up_to, beside): &LimitRow<'_>| {
        (Name::from(*name), Limit { up_to: up_to.map(Decimal::from), beside: names(beside) })
    };
    LimitSet { since, limits: rows.iter().map(limit).collect() }
}

fn authority(name: &str, line: Line, limits: Vec<LimitSet>) -> Authority {
    let measure = Measure::Money(yuan());
    Authority {
        name: Name::from(name),
        measure,
        line,
        limits,
        independent: false,
        delegable: true,
        adds_up: None,
    }
}

fn authorities() -> Vec<Authority> {
    let contract: &[LimitRow<'_>] = &[
        ("kam", Some(100), &[]),
        ("branch", Some(1_000), &[]),
        ("region", Some(5_000), &[]),
        ("director", Some(20_000), &[]),
        ("president", Some(100_000), &[]),
        ("board", None, &[]),
    ];
    let mut cut = contract.to_vec();
    cut[1].1 = Some(400);
    cut[2].1 = Some(900);
    let promo: &[LimitRow<'_>] = &[
        ("branch", Some(1_000), &[]),
        ("region", Some(5_000), &["credit"]),
        ("director", Some(20_000), &["fin_dir"]),
        ("president", Some(100_000), &[]),
    ];
    let debt: &[LimitRow<'_>] = &[
        ("credit", Some(100), &[]),
        ("archivist", Some(1_000), &[]),
        ("director", Some(5_000), &[]),
        ("president", Some(20_000), &[]),
        ("board", None, &[]),
    ];
    let small: &[LimitRow<'_>] = &[("credit", Some(100), &[]), ("fin_dir", Some(1_000), &[])];
    let mut cut_debt = debt.to_vec();
    cut_debt[0].1 = Some(50);
    let mut debt = authority(
        "debt",
        Line::List(names(&["credit", "archivist", "fin_dir", "president", "board"])),
        vec![limits(START, debt), limits(LIMITS_CUT, &cut_debt)],
    );
    debt.independent = true;
    vec![
        authority("contract", Line::Solid, vec![limits(START, contract), limits(LIMITS_CUT, &cut)]),
        authority("promo", Line::Solid, vec![limits(START, promo)]),
        debt,
        authority("small", Line::List(names(&["credit", "fin_dir"])), vec![limits(START, small)]),
    ]
}

fn systems() -> Systems {
    let all = SystemGrant {
        persons: Allowed::All,
        chains: Allowed::All,
        verbs: Allowed::All,
        facts: Allowed::All,
        up_to: None,
    };
    let narrow = SystemGrant {
        persons: Allowed::Only(names(&["S1", "S2", "K1", "B1", "L1", "P02"])),
        chains: Allowed::Only(names(&["ladder", "panel", "ballot"])),
        verbs: Allowed::Only(names(&["submit", "decide"])),
        facts: Allowed::Only(Vec::new()),
        up_to: Some(Decimal::from(5_000)),
    };
    Systems { systems: BTreeMap::from([(Name::from("office"), all), (Name::from("kiosk"), narrow)]) }
}
