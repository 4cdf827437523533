//! The chains under test: together they use every way of asking people, and every way a case goes on, back or out.

use std::collections::BTreeMap;

use countersign_core::definition::*;
use countersign_core::expr::{Arithmetic, Comparison, Expr};
use countersign_core::money::Money;
use countersign_core::name::{Name, Title};
use countersign_core::time::SpanUnit;
use countersign_core::value::Value;
use rust_decimal::Decimal;

use super::company::{names, span, yuan};

/// A field of the document.
pub fn doc(field: &str) -> Expr {
    Expr::Doc(vec![Name::from(field)])
}

pub fn times_two(of: Expr) -> Expr {
    Expr::Arith(Arithmetic::Multiply, Box::new(of), Box::new(Expr::Const(Value::Number(Decimal::TWO))))
}

fn money(amount: i64) -> Expr {
    Expr::Const(Value::Money(Money { amount: Decimal::from(amount), currency: yuan() }))
}

fn total(comparison: Comparison, amount: i64) -> Expr {
    Expr::Compare(comparison, Box::new(doc("total")), Box::new(money(amount)))
}

pub fn at_least(amount: i64) -> Expr {
    total(Comparison::AtLeast, amount)
}

pub fn urgent() -> Expr {
    doc("urgent")
}

pub fn position(name: &str) -> Who {
    Who::Position(Name::from(name))
}

fn ask(duty: Duty, who: Who) -> Node {
    Node::Signer(Signer { duty, who, veto: false, except: Vec::new(), task: None, only_if: None })
}

fn approve(who: &str) -> Node {
    ask(Duty::Approve, position(who))
}

fn review(who: &str) -> Node {
    ask(Duty::Review, position(who))
}

fn veto(who: &str) -> Node {
    Node::Signer(Signer {
        duty: Duty::Review,
        who: position(who),
        veto: true,
        except: Vec::new(),
        task: None,
        only_if: None,
    })
}

pub fn climb(authority: &str) -> Climb {
    Climb {
        authority: Name::from(authority),
        amount: None,
        at_least: Vec::new(),
        beside: Vec::new(),
        reviewed_by: Vec::new(),
    }
}

fn weighted(weight: u32, node: Node) -> Member {
    Member { when: None, within: None, weight, independent: false, node }
}

pub fn plain(node: Node) -> Member {
    weighted(1, node)
}

pub fn when(when: Expr, node: Node) -> Member {
    Member { when: Some(when), ..plain(node) }
}

/// An arrow on which nothing is learnt.
pub fn plain_arrow(when: Option<Expr>, go: Target) -> Arrow {
    Arrow { when, go, learns: Vec::new() }
}

fn arrow(go: Target) -> Vec<Arrow> {
    vec![plain_arrow(None, go)]
}

/// Where every chain ends: 0 approved, 1 rejected, 2 beyond, 3 expired, 4 small.
const ENDS: [(&str, bool); 5] =
    [("approved", true), ("rejected", false), ("beyond", false), ("expired", false), ("small", true)];
pub const APPROVED: Target = Target::End(0);
const REJECTED: Target = Target::End(1);

/// A state with the usual arrows; its good outcome leads to `go`.
fn state(name: &str, good: &str, activity: Activity, go: Target) -> StateDef {
    let mut next = BTreeMap::new();
    for (outcome, target) in
        [(good, go), ("returned", Target::Draft), ("rejected", REJECTED), ("beyond", Target::End(2))]
    {
        next.insert(Name::from(outcome), arrow(target));
    }
    StateDef {
        name: Name::from(name),
        activity,
        when: None,
        within: Some(span(2_000, SpanUnit::Hour)),
        within_by: BTreeMap::new(),
        expires: None,
        for_each: None,
        learns: Vec::new(),
        cc: Vec::new(),
        good: Name::from(good),
        next,
    }
}

pub fn people(name: &str, good: &str, node: Node, go: Target) -> StateDef {
    state(name, good, Activity::People(node), go)
}

pub fn chain(name: &str, states: Vec<StateDef>) -> Chain {
    Chain {
        name: Name::from(name),
        title: Title::default(),
        document: Name::from("order"),
        key: Some(doc("number")),
        amount: Some(doc("total")),
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
        reads: names(&["number", "total", "customer", "urgent"]),
        states,
        ends: ENDS.iter().map(|(n, good)| End { name: Name::from(*n), good: *good }).collect(),
    }
}

/// Every chain.
pub fn all() -> Vec<Chain> {
    let mut all = climbs();
    all.extend(composers());
    all.extend(walks());
    all
}

fn climbs() -> Vec<Chain> {
    let mut high = climb("contract");
    high.at_least = vec![AtLeast { level: Name::from("region"), when: Some(urgent()) }];
    high.beside = vec![Beside { who: position("quality"), when: Some(at_least(500)) }];
    let line = |node| people("line", "approved", node, APPROVED);
    let clause = Node::All(vec![
        when(at_least(900), veto("legal")),
        when(urgent(), review("quality")),
        when(at_least(100), review("credit")),
    ]);
    vec![
        chain("ladder", vec![line(Node::Climb(climb("contract")))]),
        chain("high", vec![line(Node::Climb(high))]),
        chain("promo", vec![line(Node::Climb(climb("promo")))]),
        chain("debt", vec![line(Node::Climb(climb("debt")))]),
        chain("small", vec![line(Node::Climb(climb("small")))]),
        chain(
            "clause",
            vec![
                people("clause", "passed", clause, Target::State(1)),
                people("line", "approved", Node::Climb(climb("contract")), APPROVED),
            ],
        ),
    ]
}

fn composers() -> Vec<Chain> {
    let one = |name: &str, good: &str, node| chain(name, vec![people("work", good, node, APPROVED)]);
    let mut desk = one("desk", "approved", approve("fin_dir"));
    desk.benefits = vec![position("legal")];
    let panel = Node::All(vec![
        plain(approve("fin_dir")),
        plain(approve("legal")),
        plain(approve("sales_dir")),
        when(urgent(), review("clerk")),
    ]);
    let either = Node::Any(vec![plain(review("legal")), plain(review("credit")), plain(veto("quality"))]);
    let ballot = Node::Votes {
        need: 3,
        members: vec![
            weighted(2, approve("fin_dir")),
            weighted(1, approve("legal")),
            weighted(1, approve("sales_dir")),
            Member { when: Some(urgent()), ..weighted(2, approve("credit")) },
        ],
    };
    let round = Node::InOrder(vec![
        plain(review("legal")),
        plain(review("credit")),
        plain(review("legal")),
        plain(approve("president")),
    ]);
    let inner = Node::All(vec![
        plain(Node::Any(vec![plain(review("legal")), plain(review("credit"))])),
        plain(Node::InOrder(vec![plain(review("quality")), plain(approve("fin_dir"))])),
    ]);
    let votes =
        Node::Votes { need: 2, members: vec![plain(approve("sales_dir")), plain(approve("president"))] };
    let nested = Node::InOrder(vec![
        plain(inner),
        plain(ask(Duty::Input, position("quality"))),
        when(at_least(500), votes),
    ]);
    let hushed = Node::All(vec![
        plain(Node::All(vec![plain(review("legal")), plain(review("credit"))])),
        plain(approve("fin_dir")),
    ]);
    vec![
        one("hushed", "approved", hushed),
        desk,
        one("panel", "approved", panel),
        chain(
            "either",
            vec![
                people("look", "passed", either, Target::State(1)),
                people("sign", "approved", approve("sales_dir"), APPROVED),
            ],
        ),
        one("ballot", "approved", ballot),
        one("round", "approved", round),
        one("nested", "approved", nested),
        one("board", "approved", ask(Duty::Approve, Who::Group(Name::from("board")))),
        one("jury", "passed", ask(Duty::Review, Who::Group(Name::from("jury")))),
    ]
}

fn walks() -> Vec<Chain> {
    let superior = Who::Superior(Box::new(Who::Submitter));
    let editing = chain(
        "editing",
        vec![
            people("complete", "submitted", ask(Duty::Edit, position("quality")), Target::State(1)),
            people("ask", "done", ask(Duty::Input, position("credit")), Target::State(2)),
            people("sign", "approved", ask(Duty::Approve, superior.clone()), APPROVED),
        ],
    );
    let mending = chain(
        "mending",
        vec![
            people("look", "passed", review("legal"), Target::State(1)),
            people("mend", "submitted", ask(Duty::Edit, position("credit")), Target::State(2)),
            people("sign", "approved", approve("fin_dir"), APPROVED),
        ],
    );
    let mut again = chain(
        "again",
        vec![
            people("first", "passed", review("legal"), Target::State(1)),
            people("second", "passed", review("credit"), Target::State(2)),
            people("third", "approved", approve("fin_dir"), APPROVED),
        ],
    );
    again.states[2].next.insert(Name::from("returned"), arrow(Target::State(1)));
    let first_of = Who::FirstOf(vec![(Some(urgent()), position("sales_dir")), (None, superior)]);
    let mut market = chain("market", vec![people("read", "passed", ask(Duty::Review, first_of), APPROVED)]);
    market.states[0].when = Some(at_least(100));
    let except = Signer {
        duty: Duty::Approve,
        who: position("sales_dir"),
        veto: false,
        except: vec![Who::Superior(Box::new(Who::Submitter))],
        task: None,
        only_if: None,
    };
    let mut closed = chain("closed", vec![people("sign", "approved", Node::Signer(except), APPROVED)]);
    closed.initiators = Some(names(&["rep", "region_e", "kam_n"]));
    let what = Required::Must(total(Comparison::More, 0));
    closed.requires = vec![Requirement { what, code: Name::from("NOTHING_ASKED") }];
    vec![editing, mending, again, market, closed, routing(), waiting()]
}

fn routing() -> Chain {
    let check = Check { test: Test::Must(total(Comparison::AtMost, 50_000)), code: Name::from("TOO_MUCH") };
    let branches = vec![
        Branch { when: Some(total(Comparison::Less, 100)), go: Target::End(4) },
        Branch { when: Some(urgent()), go: Target::State(2) },
        Branch { when: None, go: Target::State(3) },
    ];
    let mut checked = state("check", "passed", Activity::Check(vec![check]), Target::State(1));
    checked.next.insert(Name::from("failed"), arrow(Target::Draft));
    let mut desk = people("desk", "approved", approve("fin_dir"), APPROVED);
    desk.next.insert(
        Name::from("approved"),
        vec![plain_arrow(Some(at_least(5_000)), Target::State(3)), plain_arrow(None, APPROVED)],
    );
    chain(
        "routing",
        vec![
            checked,
            state("split", "chosen", Activity::Choose(branches), APPROVED),
            desk,
            people("line", "approved", Node::Climb(climb("promo")), APPROVED),
        ],
    )
}

fn waiting() -> Chain {
    let matches = |number: Expr| {
        let named = Expr::Message(vec![Name::from("number")]);
        Expr::Compare(Comparison::Equal, Box::new(named), Box::new(number))
    };
    let wait = |name: &str, fact: &str, go| {
        let rule = MatchRule { when: matches(doc("number")), index: None, first_by: None };
        let activity = Activity::Wait(Wait { fact: Name::from(fact), rules: vec![rule], until: None });
        let mut state = state(name, "received", activity, go);
        state.expires = Some(Expiry { after: span(2, SpanUnit::Hour), go: Target::End(3) });
        state
    };
    chain(
        "waiting",
        vec![
            wait("offer", "offer.made", Target::State(1)),
            people("sign", "approved", approve("sales_dir"), Target::State(2)),
            wait("seal", "offer.sealed", APPROVED),
        ],
    )
}
