//! A company with accounts and chains that move them, and stories that are told of it line by line.
#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::collections::BTreeMap;

use countersign_core::command::{CaseNo, Operation, Verdict};
use countersign_core::definition::*;
use countersign_core::event::Event;
use countersign_core::expr::{BalancePart, CasePart, Comparison, Expr};
use countersign_core::money::Currency;
use countersign_core::name::Title;
use countersign_core::time::{DAY, HOUR};
use countersign_core::value::{Raw, Type, Value};
use rust_decimal::Decimal;

use crate::outward_support::define::*;
use crate::outward_support::{Run, record, text};

fn yuan() -> Currency {
    Currency::parse("CNY").expect("a currency")
}

fn money(amount: i64) -> Expr {
    Expr::Const(Value::money(Decimal::from(amount), yuan()))
}

fn account(name: &str, measure: AccountMeasure, limit: Option<Expr>) -> Account {
    Account {
        name: n(name),
        title: Title::default(),
        measure,
        parts: vec![(n("line"), Type::Text)],
        limit,
        short: n(&format!("{}_SHORT", name.to_uppercase())),
        flags: Vec::new(),
        below_zero: None,
        opening: BTreeMap::new(),
        progress: None,
    }
}

fn own(what: BalancePart) -> Expr {
    Expr::Own(what)
}

fn at_least(left: Expr, right: Expr) -> Expr {
    compare(Comparison::AtLeast, left, right)
}

/// 1,000 of each budget; words from 500 and 900 on. The line `old` was opened with 400.
fn budget() -> Account {
    let moved = plus(own(BalancePart::Used), own(BalancePart::Reserved));
    Account {
        flags: vec![
            (n("red"), at_least(moved.clone(), money(900))),
            (n("yellow"), at_least(moved, money(500))),
        ],
        opening: BTreeMap::from([(n("old"), Decimal::from(400))]),
        ..account("budget", AccountMeasure::Money(yuan()), Some(money(1000)))
    }
}

fn accounts() -> Vec<Account> {
    let count = || AccountMeasure::Count(n("units"));
    let orders = Expr::Balance { account: n("orders"), key: vec![Expr::Part(0)], what: BalancePart::Used };
    let twice =
        Expr::Arith(countersign_core::expr::Arithmetic::Add, Box::new(orders.clone()), Box::new(orders));
    let entitled = Account { below_zero: Some(n("deficit")), ..account("entitled", count(), Some(twice)) };
    let slots = account("slots", count(), Some(Expr::Const(Value::Number(Decimal::from(3)))));
    vec![budget(), account("orders", count(), None), entitled, slots]
}

fn hold_of(name: &str) -> Expr {
    Expr::Hold { name: n(name), zero: Value::money(Decimal::ZERO, yuan()) }
}

fn from(account: &str) -> HoldSource {
    HoldSource::Account { account: n(account), key: vec![doc("line")] }
}

fn reserve(holds: Vec<(&str, Expr, HoldSource)>) -> Activity {
    let holds = holds.into_iter().map(|(name, amount, source)| (n(name), amount, source)).collect();
    Activity::Reserve(ReserveDef { holds, overdraw: None, short: None })
}

fn all_of(hold: &str) -> Vec<MoveDef> {
    vec![MoveDef { amount: None, of: MoveOf::Own(n(hold)) }]
}

fn part_of(hold: &str, amount: Expr) -> Vec<MoveDef> {
    vec![MoveDef { amount: Some(amount), of: MoveOf::Own(n(hold)) }]
}

fn approve() -> Activity {
    Activity::People(Node::Signer(Signer {
        duty: Duty::Approve,
        who: post("finance"),
        veto: false,
        except: Vec::new(),
        task: None,
        only_if: None,
    }))
}

/// Finance approves, and then it goes on.
fn approving(then: Target) -> StateDef {
    let next = [("approved", then), ("returned", Target::Draft), ("rejected", FAILED)];
    state("approving", approve(), &next)
}

/// It waits for the key account manager.
fn waiting(name: &str, then: Target) -> StateDef {
    state(name, task("kam_js", &[], &[]), &[("done", then), ("refused", FAILED)])
}

fn moving(name: &str, activity: Activity, then: Target) -> StateDef {
    state(name, activity, &[("done", then), ("insufficient", Target::OnHold)])
}

const READS: &[&str] = &["no", "line", "of", "amount", "part"];

fn order(name: &str, states: Vec<StateDef>) -> Chain {
    chain(name, "order", READS, states)
}

fn reserving(name: &str, amount: Expr, source: HoldSource) -> StateDef {
    let next = [("done", to(1)), ("insufficient", FAILED)];
    state("reserving", reserve(vec![(name, amount, source)]), &next)
}

/// What an order is asked for, for people: reserved, approved, used in two parts, the rest given back by its end.
fn spend() -> Chain {
    let states = vec![
        reserving("money", doc("amount"), from("budget")),
        approving(to(2)),
        moving("using", Activity::Consume(part_of("money", doc("part"))), to(3)),
        waiting("open", DONE),
    ];
    order("spend", states)
}

fn required(chain: &str, hold: &str) -> Requirement {
    let wanted = RequiredCase {
        for_each: None,
        chain: n(chain),
        key: doc("of"),
        states: names(&["done"]),
        within: None,
        takes: names(&[hold]),
    };
    Requirement { what: Required::Case(wanted), code: n("NO_EVALUATION") }
}

fn chains() -> Vec<Chain> {
    let mut all = vec![spend(), invoice(), counted(), overdrawn(), half(), asking()];
    all.extend(plan_and_claim());
    all.extend(evaluation_and_takers());
    all.extend(reserving_only());
    all
}

fn of(chain: &str) -> Expr {
    case_of(chain, doc("of"))
}

/// A plan sets aside what claims take from it.
fn plan_and_claim() -> Vec<Chain> {
    let plan = vec![
        reserving("budget", doc("amount"), from("budget")),
        waiting("open", to(2)),
        moving("rest", Activity::Release(all_of("budget")), to(3)),
        waiting("over", DONE),
    ];
    let plans = HoldSource::Hold { case: of("plan"), hold: n("budget") };
    let claim = vec![
        reserving("money", doc("amount"), plans),
        approving(to(2)),
        moving("using", Activity::Consume(part_of("money", doc("part"))), DONE),
    ];
    vec![order("plan", plan), order("claim", claim)]
}

/// What an evaluation holds goes to a contract, which hands it on to the order that started it, or to an order itself.
fn evaluation_and_takers() -> Vec<Chain> {
    let lapses = Lapse { after: Some(span("72h")), at: None, to: 1 };
    let states = vec![reserving("credit", doc("amount"), from("budget")), approving(DONE)];
    let evaluation = Chain {
        hands_on: vec![HandsOn { end: 0, holds: names(&["credit"]), lapses: Some(lapses) }],
        ..chain("evaluation", "evaluation", READS, states)
    };
    let contract = Chain {
        requires: vec![required("evaluation", "credit")],
        hands_on: vec![HandsOn { end: 0, holds: names(&["credit"]), lapses: None }],
        ..order("contract", vec![approving(DONE)])
    };
    let taken = vec![MoveDef { amount: None, of: MoveOf::Taken(n("evaluation")) }];
    let states =
        vec![approving(to(1)), moving("using", Activity::Consume(taken), to(2)), waiting("open", DONE)];
    let direct = Chain { requires: vec![required("evaluation", "credit")], ..order("direct", states) };
    let runs = Activity::Run(run("contract", vec![]));
    let undone = [("done", CANCELLED), ("stuck", Target::OnHold)];
    let cash = vec![
        state("contracting", runs, &[("good", to(1)), ("bad", FAILED)]),
        moving("using", Activity::Consume(part_of("credit", doc("part"))), to(2)),
        state("open", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(3))]),
        state("cancelling", Activity::Compensate { since: None }, &undone),
    ];
    // It waits for nothing that it starts.
    let starts = Activity::Start(run("contract", vec![]));
    let launch = vec![state("starting", starts, &[("started", to(1))]), waiting("open", DONE)];
    vec![evaluation, contract, direct, order("cash", cash), order("launch", launch)]
}

fn restoring(amount: Expr, account: &str) -> Activity {
    Activity::Restore(vec![RestoreDef { amount, account: n(account), key: vec![doc("line")] }])
}

/// It uses what an order holds, and what is paid is free again.
fn invoice() -> Chain {
    let credit = MoveOf::Of { case: of("cash"), hold: n("credit") };
    let used = Activity::Consume(vec![MoveDef { amount: Some(doc("amount")), of: credit }]);
    let paid = restoring(doc("part"), "budget");
    order("invoice", vec![moving("using", used, to(1)), waiting("open", to(2)), moving("paid", paid, DONE)])
}

/// Nothing is held: it is counted, and taken back.
fn counted() -> Chain {
    let orders = MoveOf::Account { account: n("orders"), key: vec![doc("line")] };
    let count = Activity::Consume(vec![MoveDef { amount: Some(units(1)), of: orders }]);
    let back = restoring(units(1), "orders");
    let states = vec![moving("counting", count, to(1)), waiting("open", to(2)), moving("back", back, DONE)];
    order("counted", states)
}

/// Chains that set aside, wait, and end.
fn reserving_only() -> Vec<Chain> {
    let waits = |name: &str, holds: Vec<(&str, Expr, HoldSource)>| {
        let next = [("done", to(1)), ("insufficient", FAILED)];
        order(name, vec![state("reserving", reserve(holds), &next), waiting("open", DONE)])
    };
    let amount = || doc("amount");
    vec![
        waits("special", vec![("mine", units(1), from("entitled")), ("slot", units(1), from("slots"))]),
        waits("twice", vec![("first", amount(), from("budget")), ("second", amount(), from("budget"))]),
        waits("less", vec![("money", minus(amount(), doc("part")), from("budget"))]),
        waits("slot", vec![("slot", units(1), from("slots"))]),
    ]
}

/// Less than nothing may be free, by what was approved.
fn overdrawn() -> Chain {
    let over = ReserveDef {
        holds: vec![(n("money"), doc("amount"), from("budget"))],
        overdraw: Some(doc("part")),
        short: Some(n("BEYOND_WHAT_WAS_APPROVED")),
    };
    let next = [("done", to(1)), ("insufficient", FAILED)];
    order("overdrawn", vec![state("reserving", Activity::Reserve(over), &next), waiting("open", DONE)])
}

/// What it has used is undone as far as a state, and used again.
fn half() -> Chain {
    let undone = [("done", to(1)), ("stuck", Target::OnHold)];
    let states = vec![
        reserving("money", doc("amount"), from("budget")),
        waiting("first", to(2)),
        moving("using", Activity::Consume(part_of("money", doc("part"))), to(3)),
        state("second", task("kam_js", &[], &[]), &[("done", DONE), ("refused", to(4))]),
        state("undoing", Activity::Compensate { since: Some(2) }, &undone),
    ];
    order("half", states)
}

/// It asks what it holds itself, what a plan holds, and what is free.
fn asking() -> Chain {
    let check = |left: Expr, right: Expr, code: &str| Check {
        test: Test::Must(at_least(left, right)),
        code: n(code),
    };
    let held = CasePart::Hold { name: n("budget"), zero: Value::money(Decimal::ZERO, yuan()) };
    let held = Expr::OfCase(Box::new(of("plan")), held);
    let free = Expr::Balance { account: n("budget"), key: vec![doc("line")], what: BalancePart::Free };
    let checks = vec![
        check(hold_of("money"), money(0), "NEVER"),
        check(held, doc("amount"), "PLAN_HOLDS_TOO_LITTLE"),
        check(free, doc("amount"), "TOO_LITTLE_FREE"),
    ];
    order("asking", vec![state("checking", Activity::Check(checks), &[("passed", DONE), ("failed", FAILED)])])
}

fn documents() -> Vec<Definition> {
    let optional = |name: &str, kind: Type| field(name, Type::Optional(Box::new(kind)));
    let fields = |unique: bool| {
        vec![
            Field { unique, ..field("no", Type::Text) },
            field("line", Type::Text),
            optional("of", Type::Text),
            optional("amount", Type::AnyMoney),
            optional("part", Type::AnyMoney),
        ]
    };
    vec![document("order", fields(false)), document("evaluation", fields(true))]
}

/// The books of a small company, and the cases by the names under which a story calls them.
pub struct Story {
    pub run: Run,
    pub cases: BTreeMap<String, CaseNo>,
}

impl Story {
    pub fn new() -> Story {
        let all = documents().into_iter();
        let all = all.chain(chains().into_iter().map(Definition::Chain));
        let all = all.chain(accounts().into_iter().map(Definition::Account));
        Story { run: Run::new(all.collect()), cases: BTreeMap::new() }
    }

    pub fn case(&self, name: &str) -> CaseNo {
        *self.cases.get(name).unwrap_or_else(|| panic!("no case is called {name}"))
    }

    fn document(&self, no: &str, words: &[&str]) -> Raw {
        let amount = |of: &str| {
            let (amount, currency) = of.split_once('-').unwrap_or((of, "CNY"));
            record([("amount", text(amount)), ("currency", text(currency))])
        };
        let Raw::Record(mut fields) = record([("no", text(no)), ("line", text("a"))]) else {
            panic!("a record")
        };
        for word in words {
            let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("name=value, not {word}"));
            let value = if matches!(name, "amount" | "part") { amount(value) } else { text(value) };
            fields.insert(name.to_owned(), value);
        }
        Raw::Record(fields)
    }

    /// Does one thing. The error is a refusal's code.
    pub fn act(&mut self, act: &str) -> Result<(), String> {
        let words: Vec<&str> = act.split_whitespace().collect();
        let (verb, name, rest) =
            (words[0], words.get(1).copied().unwrap_or_default(), words.get(2..).unwrap_or(&[]));
        match verb {
            "approve" | "reject" | "return" => {
                let verdict = match verb {
                    "approve" => Verdict::Approve,
                    "reject" => Verdict::Reject,
                    _ => Verdict::Return,
                };
                self.run.decide(self.case(name), "finance", verdict).map(drop)
            }
            "done" => self.run.decide(self.case(name), "kam_js", Verdict::Done).map(drop),
            "refuse" => self.run.decide(self.case(name), "kam_js", Verdict::Refuse).map(drop),
            "withdraw" => self.run.withdraw("rep_js", self.case(name)).map(drop),
            "resubmit" => {
                let document = self.document(name, rest);
                self.run.resubmit("rep_js", self.case(name), document).map(drop)
            }
            "hold" => self.run.operate(self.case(name), Operation::Hold).map(drop),
            "resume" => self.run.operate(self.case(name), Operation::Resume).map(drop),
            "compensate" => self.run.operate(self.case(name), Operation::Compensate).map(drop),
            "hours" => {
                self.run.wait(name.parse::<i64>().expect("hours") * HOUR);
                Ok(())
            }
            "days" => {
                self.run.wait(name.parse::<i64>().expect("days") * DAY);
                Ok(())
            }
            chain => {
                let document = self.document(name, rest);
                let case = self.run.submit("rep_js", chain, document)?;
                self.cases.insert(name.to_owned(), case);
                // A child is called by its parent's name and its own chain's.
                let children = self.run.world.state.case(case).and_then(|case| case.outward());
                for (child, of) in children.into_iter().flat_map(|own| own.children.iter()) {
                    self.cases.insert(format!("{name}.{}", of.chain), *child);
                }
                Ok(())
            }
        }
    }

    /// How a key stands: `used/reserved/free`.
    pub fn stands(&self, account: &str, key: &str) -> String {
        let rows = self.run.world.state.accounts(Some(account), self.run.world.at);
        let row = rows.into_iter().find(|row| *row.key == *key);
        row.map_or_else(
            || "-".into(),
            |row| {
                let free = row.free().map_or_else(|| "-".into(), |free| free.normalize().to_string());
                format!("{}/{}/{free}", row.used.normalize(), row.reserved.normalize())
            },
        )
    }

    fn expect(&self, line: &str, expected: &str, outcome: &Result<(), String>) {
        let words: Vec<&str> = expected.split_whitespace().collect();
        let last = || self.run.frame().events.iter();
        let (found, wanted) = match words[..] {
            ["refused", code] => (format!("{outcome:?}"), format!("Err({code:?})")),
            ["short", amount, code] => {
                let short = last().find_map(|event| match event {
                    Event::ReservationRefused(e) => Some(format!("{} {}", e.short().normalize(), e.code)),
                    _ => None,
                });
                (short.unwrap_or_default(), format!("{amount} {code}"))
            }
            ["told", account, word] => {
                let told = last().find_map(|event| match event {
                    Event::AccountFlagged(e) if e.account == *account => {
                        let word = e.below_zero.as_ref().or(e.flag.as_ref());
                        Some(word.map_or_else(|| "none".to_owned(), ToString::to_string))
                    }
                    _ => None,
                });
                (told.unwrap_or_else(|| "nothing".into()), word.to_owned())
            }
            [name, "held", code] => (self.run.held(self.case(name)), code.to_owned()),
            [name, "stands", place] => (self.run.stands(self.case(name)), place.to_owned()),
            [account, key, stands] => (self.stands(account, key), stands.to_owned()),
            _ => panic!("not understood: {expected}"),
        };
        assert_eq!(found, wanted, "{line}\n{}", self.told());
    }

    fn told(&self) -> String {
        self.cases.iter().map(|(name, case)| format!("{name}: {}\n", self.run.story(*case))).collect()
    }
}

/// Plays `act -> expectation, expectation` line by line. After each act the books balance.
pub fn play(lines: &[&str]) -> Story {
    let mut story = Story::new();
    for line in lines {
        let (act, expected) = line.split_once("->").unwrap_or((line, ""));
        let outcome = story.act(act);
        let refused = expected.contains("refused");
        assert!(outcome.is_ok() || refused, "{line}: {outcome:?}");
        assert_eq!(story.run.world.state.unbalanced(), Vec::<String>::new(), "{line}");
        for expected in expected.split(',').map(str::trim).filter(|expected| !expected.is_empty()) {
            story.expect(line, expected, &outcome);
        }
    }
    story
}
