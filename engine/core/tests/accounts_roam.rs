//! Anything is done at any time with what is reserved, used, given back, taken and handed on. Beside the engine a
//! naive bookkeeping is kept, from the rules alone: after each act both say the same of every key and every case.

use std::collections::BTreeMap;

use crate::accounts::making::Story;
use crate::model::random::{Random, seeds};
use countersign_core::state::{State, apply_frame};
use countersign_core::time::HOUR;

const STEPS: usize = 400;
const LIMIT: i64 = 1000;
const LINES: [&str; 2] = ["a", "b"];
/// How long an evaluation holds what nobody takes.
const LAPSES: i64 = 72 * HOUR;

/// An amount that a case holds. One that was given up is no place to give anything back to.
#[derive(Clone)]
struct Lot {
    owner: String,
    hold: &'static str,
    line: String,
    left: i64,
    lender: Option<usize>,
    stands: bool,
    with: bool,
}

#[derive(Clone, Default)]
struct Case {
    chain: &'static str,
    stage: &'static str,
    line: String,
    of: String,
    amount: i64,
    part: i64,
    returns: u32,
    /// What was used, and out of which lot, in order.
    used: Vec<(Option<usize>, i64)>,
    /// An evaluation that is over: when it lapses; what was taken of it is gone.
    lapses: Option<i64>,
    taken: bool,
}

#[derive(Default)]
struct Books {
    used: BTreeMap<String, i64>,
    lots: Vec<Lot>,
    cases: BTreeMap<String, Case>,
}

impl Books {
    fn used(&mut self, line: &str) -> &mut i64 {
        self.used.entry(line.to_owned()).or_default()
    }

    fn reserved(&self, line: &str) -> i64 {
        self.lots.iter().filter(|lot| lot.line == *line).map(|lot| lot.left).sum()
    }

    fn free(&mut self, line: &str) -> i64 {
        LIMIT - *self.used(line) - self.reserved(line)
    }

    /// The lots of a case under a name, oldest first.
    fn held(&self, owner: &str, hold: &str) -> Vec<usize> {
        let is = |lot: &Lot| lot.owner == *owner && lot.hold == hold && lot.stands;
        (0..self.lots.len()).filter(|number| is(&self.lots[*number])).collect()
    }

    fn sum(&self, lots: &[usize]) -> i64 {
        lots.iter().map(|lot| self.lots[*lot].left).sum()
    }

    fn hold(&mut self, owner: &str, hold: &'static str, line: &str, left: i64, lender: Option<usize>) {
        let (owner, line) = (owner.to_owned(), line.to_owned());
        self.lots.push(Lot { owner, hold, line, left, lender, stands: true, with: false });
    }

    /// Gives a lot up: what is left goes where it came from, or is free.
    fn give_up(&mut self, lot: usize) {
        let left = std::mem::take(&mut self.lots[lot].left);
        self.lots[lot].stands = false;
        self.give_back(lot, left);
    }

    fn give_back(&mut self, lot: usize, amount: i64) {
        if let Some(lender) = self.lots[lot].lender.filter(|lender| self.lots[*lender].stands) {
            self.lots[lender].left += amount;
        }
    }

    fn all_of(&self, owner: &str) -> Vec<usize> {
        (0..self.lots.len()).filter(|lot| self.lots[*lot].owner == *owner && self.lots[*lot].stands).collect()
    }

    fn end(&mut self, name: &str, stage: &'static str) {
        for lot in self.all_of(name) {
            self.give_up(lot);
        }
        self.stage(name, stage);
    }

    fn stage(&mut self, name: &str, stage: &'static str) {
        self.cases.get_mut(name).expect("a case").stage = stage;
    }

    /// Uses an amount of what a case holds, for a case. False: there is too little.
    fn consume(&mut self, by: &str, lots: &[usize], mut amount: i64) -> bool {
        if self.sum(lots) < amount {
            return false;
        }
        for lot in lots {
            let part = amount.min(self.lots[*lot].left);
            if part > 0 {
                self.lots[*lot].left -= part;
                amount -= part;
                let line = self.lots[*lot].line.clone();
                *self.used(&line) += part;
                self.cases.get_mut(by).expect("a case").used.push((Some(*lot), part));
            }
        }
        true
    }

    /// All that a case used comes back, newest first, into the lots that still stand; then it is over.
    fn cancel(&mut self, name: &str) {
        let case = self.cases[name].clone();
        for (lot, amount) in case.used.iter().rev() {
            let line = lot.map_or(case.line.clone(), |lot| self.lots[lot].line.clone());
            *self.used(&line) -= amount;
            if let Some(lot) = lot.filter(|lot| self.lots[*lot].stands) {
                self.lots[lot].left += amount;
            }
        }
        self.end(name, "cancelled");
    }

    /// Lots go from one case to another, which holds them under the same names.
    fn hand(&mut self, from: &str, to: &str, with: bool) {
        for lot in self.all_of(from) {
            let moved = Lot { owner: to.to_owned(), with, ..self.lots[lot].clone() };
            (self.lots[lot].stands, self.lots[lot].left) = (false, 0);
            self.lots.push(moved);
        }
    }
}

struct Roam {
    story: Story,
    books: Books,
    random: Random,
    serial: u32,
}

impl Roam {
    fn named(&self, is: impl Fn(&Case) -> bool) -> Vec<String> {
        self.books.cases.iter().filter(|(_, case)| is(case)).map(|(name, _)| name.clone()).collect()
    }

    fn one(&mut self, is: impl Fn(&Case) -> bool) -> Option<String> {
        let named = self.named(is);
        self.random.pick(&named).cloned()
    }

    fn act(&mut self, act: &str) {
        let outcome = self.story.act(act);
        assert!(outcome.is_ok(), "{act}: {outcome:?}");
    }

    fn step(&mut self) {
        match self.random.weighted(&[14, 20, 8, 6, 5, 5, 16, 5, 4, 6]) {
            0 => self.spend(),
            1 => self.approve(),
            2 => self.reject_or_return(),
            3 => self.resubmit(),
            4 => self.withdraw(),
            5 => self.plan_or_evaluation(),
            6 => self.follow_up(),
            7 => self.cancel(),
            8 => self.hours(),
            _ => self.done(),
        }
        self.agree();
    }

    fn new_case(&mut self, chain: &'static str, of: &str) -> (String, Case, String) {
        self.serial += 1;
        let name = format!("{chain}-{}", self.serial);
        let (amount, part) = (self.random.below(400) as i64, self.random.below(300) as i64);
        let line = LINES[self.random.below(LINES.len())].to_owned();
        let act = format!("{chain} {name} line={line} of={of} amount={amount} part={part}");
        let (of, stage) = (of.to_owned(), "approving");
        (name, Case { chain, stage, line, of, amount, part, ..Case::default() }, act)
    }

    fn spend(&mut self) {
        let (name, case, act) = self.new_case("spend", "none");
        self.act(&act);
        self.reserved("money", name, case);
    }

    /// A case sets aside what it asks for, or fails.
    fn reserved(&mut self, hold: &'static str, name: String, case: Case) {
        let enough = case.amount == 0 || self.books.free(&case.line) >= case.amount;
        let (line, amount) = (case.line.clone(), case.amount);
        self.books.cases.insert(name.clone(), case);
        match enough {
            true => self.books.hold(&name, hold, &line, amount, None),
            false => self.books.end(&name, "failed"),
        }
    }

    fn plan_or_evaluation(&mut self) {
        if self.random.chance(50) {
            let (name, case, act) = self.new_case("plan", "none");
            self.act(&act);
            return self.reserved("budget", name, Case { stage: "open", ..case });
        }
        let (name, case, act) = self.new_case("evaluation", "none");
        self.act(&act);
        self.reserved("credit", name, case);
    }

    /// A claim on a plan, a case that takes an evaluation's hold, an invoice on an order.
    fn follow_up(&mut self) {
        match self.random.below(3) {
            0 => {
                let Some(plan) = self.one(|case| case.chain == "plan") else { return };
                let (name, case, act) = self.new_case("claim", &plan);
                self.act(&act);
                self.claim(name, case);
            }
            1 => self.take(),
            _ => {
                let Some(order) = self.one(|case| case.chain == "cash" && case.stage == "open") else {
                    return;
                };
                let (name, case, act) = self.new_case("invoice", &order);
                self.act(&act);
                self.books.cases.insert(name.clone(), case.clone());
                let lots = self.books.held(&order, "credit");
                let used = self.books.consume(&name, &lots, case.amount);
                self.books.stage(&name, if used { "open" } else { "on-hold" });
            }
        }
    }

    fn claim(&mut self, name: String, case: Case) {
        let (plan, mut amount) = (case.of.clone(), case.amount);
        let lots = self.books.held(&plan, "budget");
        let there = self.books.sum(&lots);
        self.books.cases.insert(name.clone(), case);
        if there < amount {
            return self.books.end(&name, "failed");
        }
        for lot in lots {
            let part = amount.min(self.books.lots[lot].left);
            let nothing = amount == 0 && self.books.held(&name, "money").is_empty();
            if part > 0 || nothing {
                amount -= part;
                self.books.lots[lot].left -= part;
                let line = self.books.lots[lot].line.clone();
                self.books.hold(&name, "money", &line, part, Some(lot));
            }
        }
    }

    fn take(&mut self) {
        let Some(from) = self.one(|case| case.chain == "evaluation" && case.stage == "done") else { return };
        let chain = ["contract", "direct", "cash"][self.random.below(3)];
        let (name, case, act) = self.new_case(chain, &from);
        if self.books.cases[&from].taken {
            let outcome = self.story.act(&act);
            if chain == "cash" {
                // The order itself is there; it waits for somebody to find another evaluation.
                assert_eq!(self.story.run.held(self.story.case(&name)), "NO_EVALUATION");
                self.books.cases.insert(name, Case { stage: "on-hold", ..case });
            } else {
                assert_eq!(outcome, Err("NO_EVALUATION".to_owned()), "{act}");
            }
            return;
        }
        self.act(&act);
        let of = self.books.cases.get_mut(&from).expect("a case");
        (of.taken, of.lapses) = (true, None);
        let taker = match chain {
            "cash" => {
                let child = format!("{name}.contract");
                let of_child = Case { chain: "contract", of: name.clone(), ..case.clone() };
                self.books.cases.insert(child.clone(), of_child);
                self.books.cases.insert(name, Case { stage: "contracting", ..case });
                child
            }
            _ => {
                self.books.cases.insert(name.clone(), Case { of: from.clone(), ..case });
                name
            }
        };
        self.books.hand(&from, &taker, true);
    }

    fn approve(&mut self) {
        let Some(name) = self.one(|case| case.stage == "approving") else { return };
        self.act(&format!("approve {name}"));
        let case = self.books.cases[&name].clone();
        match case.chain {
            "spend" | "claim" => {
                let lots = self.books.held(&name, "money");
                let used = self.books.consume(&name, &lots, case.part);
                match (used, case.chain) {
                    (false, _) => self.books.stage(&name, "on-hold"),
                    (true, "spend") => self.books.stage(&name, "open"),
                    (true, _) => self.books.end(&name, "done"),
                }
            }
            "evaluation" => {
                let at = self.story.run.world.at.0;
                self.books.cases.get_mut(&name).expect("a case").lapses = Some(at + LAPSES);
                self.books.stage(&name, "done");
            }
            "direct" => {
                let lots: Vec<usize> =
                    self.books.all_of(&name).into_iter().filter(|lot| self.books.lots[*lot].with).collect();
                let all = self.books.sum(&lots);
                assert!(self.books.consume(&name, &lots, all));
                self.books.stage(&name, "open");
            }
            "contract" => self.contracted(&name, &case),
            other => panic!("{other} is not approved"),
        }
    }

    fn contracted(&mut self, name: &str, case: &Case) {
        if !name.contains('.') {
            return self.books.end(name, "done");
        }
        let parent = case.of.clone();
        self.books.hand(name, &parent, false);
        self.books.stage(name, "done");
        let lots = self.books.held(&parent, "credit");
        let used = self.books.consume(&parent, &lots, self.books.cases[&parent].part);
        self.books.stage(&parent, if used { "open" } else { "on-hold" });
    }

    fn reject_or_return(&mut self) {
        let Some(name) = self.one(|case| case.stage == "approving") else { return };
        let case = self.books.cases[&name].clone();
        if self.random.chance(40) {
            self.act(&format!("reject {name}"));
            self.books.end(&name, "failed");
        } else if !name.contains('.') {
            self.act(&format!("return {name}"));
            if case.returns == 2 {
                return self.books.end(&name, "failed");
            }
            for lot in self.books.all_of(&name) {
                if !self.books.lots[lot].with {
                    self.books.give_up(lot);
                }
            }
            self.books.cases.get_mut(&name).expect("a case").returns += 1;
            return self.books.stage(&name, "draft");
        } else {
            return;
        }
        if name.contains('.') {
            self.books.end(&case.of, "failed");
        }
    }

    fn resubmit(&mut self) {
        let Some(name) = self.one(|case| case.stage == "draft") else { return };
        let mut case = self.books.cases[&name].clone();
        (case.amount, case.part) = (self.random.below(400) as i64, self.random.below(300) as i64);
        let Case { line, of, amount, part, chain, .. } = case.clone();
        self.act(&format!("resubmit {name} line={line} of={of} amount={amount} part={part}"));
        case.stage = "approving";
        match chain {
            "spend" => self.reserved("money", name, case),
            "evaluation" => self.reserved("credit", name, case),
            "claim" => self.claim(name, case),
            _ => drop(self.books.cases.insert(name, case)),
        }
    }

    fn withdraw(&mut self) {
        let one = self.one(|case| matches!(case.stage, "draft" | "approving"));
        let Some(name) = one.filter(|name| !name.contains('.')) else { return };
        self.act(&format!("withdraw {name}"));
        self.books.end(&name, "withdrawn");
    }

    fn done(&mut self) {
        let Some(name) = self.one(|case| matches!(case.stage, "open" | "over")) else { return };
        let case = self.books.cases[&name].clone();
        self.act(&format!("done {name}"));
        match (case.chain, case.stage) {
            ("plan", "open") => {
                for lot in self.books.held(&name, "budget") {
                    self.books.lots[lot].left = 0;
                }
                self.books.stage(&name, "over");
            }
            // What is paid may be of another line than what was used; it is restored where it was paid.
            ("invoice", _) if *self.books.used(&case.line) < case.part => self.books.stage(&name, "on-hold"),
            ("invoice", _) => {
                *self.books.used(&case.line) -= case.part;
                self.books.end(&name, "done");
            }
            _ => self.books.end(&name, "done"),
        }
    }

    /// An operator takes all of it back, of a case that is under way or held; its child cannot cancel itself.
    fn cancel(&mut self) {
        let one = self.one(|case| matches!(case.stage, "open" | "over" | "on-hold"));
        let Some(name) = one.filter(|name| self.gives_back(name)) else { return };
        if self.books.cases[&name].stage != "on-hold" {
            self.act(&format!("hold {name}"));
        }
        self.act(&format!("compensate {name}"));
        self.books.cancel(&name);
    }

    /// Whether what a case has used is still used up: others may have restored it.
    fn gives_back(&mut self, name: &str) -> bool {
        let case = self.books.cases[name].clone();
        let mut left = self.books.used.clone();
        case.used.iter().all(|(lot, amount)| {
            let line = lot.map_or(&case.line, |lot| &self.books.lots[lot].line);
            let used = left.entry(line.clone()).or_default();
            *used -= amount;
            *used >= 0
        })
    }

    fn hours(&mut self) {
        let hours = 1 + self.random.below(40);
        self.act(&format!("hours {hours}"));
        let now = self.story.run.world.at.0;
        for name in self.named(|case| case.lapses.is_some_and(|at| at <= now)) {
            self.books.cases.get_mut(&name).expect("a case").lapses = None;
            self.books.end(&name, "failed");
        }
    }

    /// Both say the same of every key and every case.
    fn agree(&mut self) {
        assert_eq!(self.story.run.world.state.unbalanced(), Vec::<String>::new());
        for line in LINES {
            let known = self.story.run.world.state.balance("budget", line).is_some();
            let (used, reserved, free) =
                (*self.books.used(line), self.books.reserved(line), self.books.free(line));
            let found = self.story.stands("budget", line);
            if known {
                assert_eq!(found, format!("{used}/{reserved}/{free}"), "{line}: {}", self.last());
            } else {
                assert_eq!((used, reserved), (0, 0));
            }
            assert!(free >= 0 && used >= 0, "{line} {used}/{reserved}/{free}");
        }
        let mut held: BTreeMap<u64, i64> = BTreeMap::new();
        for row in self.story.run.world.state.accounts(Some("budget"), self.story.run.world.at) {
            for of in row.held {
                let amount: i64 = of.amount.normalize().to_string().parse().expect("a whole number");
                *held.entry(of.case).or_default() += amount;
            }
        }
        for (name, case) in &self.books.cases {
            let number = self.story.case(name);
            let own = self.books.sum(&self.books.all_of(name));
            let found = (self.story.run.stands(number), held.get(&number).copied().unwrap_or_default());
            assert_eq!(found, (case.stage.to_owned(), own), "{name}{}", self.story.run.story(number));
        }
    }

    fn last(&self) -> String {
        self.story.run.frame().events.iter().map(|event| format!("\n  {event:?}")).collect()
    }
}

#[test]
fn the_books_agree_with_naive_ones_whatever_is_done() {
    let seeds = seeds(0..10);
    let mut events = BTreeMap::<&str, usize>::new();
    for seed in &seeds {
        let (story, books) = (Story::new(), Books::default());
        let mut roam = Roam { story, books, random: Random::new(*seed), serial: 0 };
        for _ in 0..STEPS {
            roam.step();
        }
        let frames = &roam.story.run.world.frames;
        for event in frames.iter().flat_map(|frame| &frame.events) {
            *events.entry(event.name()).or_default() += 1;
        }
        // A second reading of the log comes to the same books, to the byte.
        let mut again = State::default();
        frames.iter().for_each(|frame| apply_frame(&mut again, frame));
        assert_eq!(again.hash(), roam.story.run.world.state.hash());
        assert!(again.balances().eq(roam.story.run.world.state.balances()));
    }
    if seeds.len() > 1 {
        for name in [
            "reserved",
            "reservation-refused",
            "consumed",
            "restored",
            "released",
            "hold-taken",
            "holds-kept",
            "hold-lapsed",
            "account-flagged",
        ] {
            assert!(events.get(name).is_some_and(|count| *count >= 10), "too few {name}: {events:?}");
        }
    }
}
