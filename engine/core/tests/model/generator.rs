//! Random commands: most of them what somebody may do, the others with a fault.

use countersign_core::command::Verdict;
use countersign_core::definition::Duty;
use countersign_core::name::Name;
use countersign_core::time::{HOUR, Timestamp};
use rust_decimal::Decimal;

use super::case::Place;
use super::judge::Company;
use super::order::{Decide, Fault, Order, Verb};
use super::random::Random;
use super::route::Document;

/// Amounts in cents around every limit.
const LIMITS: [i64; 9] = [0, 100, 400, 500, 900, 1_000, 5_000, 20_000, 100_000];

pub struct Generator {
    pub random: Random,
    serial: u64,
    last: Option<Order>,
    /// Only these may be submitted; empty: all.
    pub chains: Vec<Name>,
}

impl Generator {
    pub fn new(seed: u64) -> Generator {
        Generator { random: Random::new(seed), serial: 0, last: None, chains: Vec::new() }
    }

    /// The next command at an instant.
    pub fn order(&mut self, company: &Company, at: Timestamp) -> Order {
        let open: Vec<u64> = (1..=company.stories.len() as u64).filter(|c| company.is_open(*c)).collect();
        let submit = if open.len() < 12 { 60 } else { 12 };
        let mut order = match self.random.weighted(&[submit, 70, 10, 1, 3, 3, 5]) {
            0 => None,
            1 => self.decide(company, &open, at),
            2 => self.resubmit(company, &open, at),
            3 => self.withdraw(company, &open, at),
            4 => self.amend(company, &open, at),
            5 => self.refer_up(company, &open, at),
            _ => self.fact(company, &open, at),
        }
        .unwrap_or_else(|| self.submit(company, at));
        if self.random.chance(30) {
            self.spoil(company, &mut order);
        }
        self.last = Some(order.clone());
        order
    }

    fn by(&mut self, at: Timestamp, person: Name, position: Name, verb: Verb) -> Order {
        self.serial += 1;
        let system = Name::from("office");
        let request_id = Name::from(format!("q{}", self.serial));
        Order { at, system, request_id, sent_at: at, person, position, verb }
    }

    fn person_of(&mut self, company: &Company, position: &Name) -> Name {
        let persons = company.rules.persons(position);
        self.random.pick(&persons).cloned().unwrap_or_else(|| Name::from("nobody"))
    }

    fn any_position(&mut self, company: &Company) -> Name {
        let all: Vec<&Name> = company.rules.organisation.positions.keys().collect();
        self.random.pick(&all).map(|n| (*n).clone()).unwrap_or_default()
    }

    fn held_position(&mut self, company: &Company) -> Name {
        let positions = &company.rules.organisation.positions;
        let held: Vec<&Name> =
            positions.iter().filter(|(_, p)| !p.holders.is_empty()).map(|(n, _)| n).collect();
        self.random.pick(&held).map(|n| (*n).clone()).unwrap_or_default()
    }

    pub fn document(&mut self, number: String) -> Document {
        let limit = self.random.pick(&LIMITS).copied().unwrap_or_default();
        let off = [0, 0, 1, -1, 4_950][self.random.below(5)];
        let total = Decimal::new((limit * 100 + off).max(0), 2);
        let customer = format!("C{}", self.random.below(3));
        Document { number, total, customer, note: String::new(), urgent: self.random.chance(30) }
    }

    fn submit(&mut self, company: &Company, at: Timestamp) -> Order {
        let chains: Vec<Name> = match self.chains.is_empty() {
            true => company.rules.chains.keys().cloned().collect(),
            false => self.chains.clone(),
        };
        let chain = self.random.pick(&chains).cloned().unwrap_or_default();
        let position = match self.random.below(10) {
            0..=6 => {
                let usual = ["rep_a", "rep_b", "rep_c", "rep_n", "kam_a", "kam_n", "branch_a", "credit"];
                Name::from(usual[self.random.below(usual.len())])
            }
            _ => self.held_position(company),
        };
        let person = self.person_of(company, &position);
        let number = match self.random.chance(4) {
            true => format!("N{}", self.random.below(company.stories.len() + 1)),
            false => format!("N{}", company.stories.len() + 1),
        };
        let mut document = self.document(number);
        if document.total.is_zero() && chain == "closed" && self.random.chance(70) {
            document.total = Decimal::ONE;
        }
        let superior = company.rules.superior(&position);
        let addressee = if self.random.chance(20) { superior } else { None };
        self.by(at, person, position, Verb::Submit { chain, document, fault: Fault::None, addressee })
    }

    fn decide(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let case = *self.random.pick(open)?;
        let asked: Vec<u32> =
            company.asked_in(case)?.iter().filter(|(_, a)| a.open).map(|(n, _)| *n).collect();
        let task = *self.random.pick(&asked)?;
        let question = company.asked_in(case)?.get(&task)?.question.clone();
        let barred = company.view(case)?.slot(question.slot)?.barred.clone();
        let persons: Vec<Name> =
            company.rules.persons(&question.position).into_iter().filter(|p| !barred.contains(p)).collect();
        let person = self.random.pick(&persons)?.clone();
        let verdict = self.verdict(question.duty, company.view(case)?.slot(question.slot)?.veto);
        let reason = (!verdict.agrees() || self.random.chance(60)).then_some("because");
        let document = (question.duty == Duty::Edit).then(|| (self.revised(company, case), Fault::None));
        let decide = Decide { case, task, stale: false, other_content: false, verdict, reason, document };
        Some(self.by(at, person, question.position, Verb::Decide(decide)))
    }

    fn verdict(&mut self, duty: Duty, veto: bool) -> Verdict {
        match (duty, self.random.below(100)) {
            (Duty::Approve, 0..=9) => Verdict::Return,
            (Duty::Approve, 10..=14) => Verdict::Reject,
            (Duty::Approve | Duty::OnCall, _) => Verdict::Approve,
            (Duty::Review, 0..=7) => Verdict::Return,
            (Duty::Review, 8..=15) => Verdict::Object,
            (Duty::Review, 16..=18) if veto => Verdict::Reject,
            (Duty::Review, _) => Verdict::Pass,
            (Duty::Input, _) => Verdict::Input,
            (Duty::Edit, _) => Verdict::Submit,
            (Duty::Task, 0..=19) => Verdict::Refuse,
            (Duty::Task, _) => Verdict::Done,
        }
    }

    /// The document of a case, changed a little, or much, or not at all.
    fn revised(&mut self, company: &Company, case: u64) -> Document {
        let mut document =
            company.view(case).map(|v| v.document.clone()).unwrap_or_else(|| self.document("N0".into()));
        match self.random.below(6) {
            0 => document.customer = format!("C{}", self.random.below(3)),
            1 => document.total = self.document(String::new()).total,
            2 => document.urgent = !document.urgent,
            3 => document.note = format!("note {}", self.random.below(100)),
            _ => {}
        }
        document
    }

    fn resubmit(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let draft = |c: &&u64| matches!(company.view(**c).map(|v| &v.place), Some(Place::Draft));
        let drafts: Vec<u64> = open.iter().filter(draft).copied().collect();
        let case = match self.random.chance(4) {
            true => *self.random.pick(open)?,
            false => *self.random.pick(&drafts)?,
        };
        let (person, position) = submitter(company, case)?;
        let mut document = self.revised(company, case);
        if self.random.chance(3) {
            document.number = format!("N{}", self.random.below(company.stories.len()));
        }
        Some(self.by(at, person, position, Verb::Resubmit { case, document, fault: Fault::None }))
    }

    fn amend(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let case = *self.random.pick(open)?;
        let (person, position) = submitter(company, case)?;
        let document = self.revised(company, case);
        Some(self.by(at, person, position, Verb::Amend { case, document, fault: Fault::None, reason: true }))
    }

    fn withdraw(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let case = *self.random.pick(open)?;
        let (person, position) = submitter(company, case)?;
        Some(self.by(at, person, position, Verb::Withdraw { case }))
    }

    fn refer_up(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let order = self.decide(company, open, at)?;
        let Verb::Decide(decide) = &order.verb else { return None };
        let reason = if self.random.chance(60) { "conflict_of_interest" } else { "busy" };
        let verb = Verb::ReferUp { case: decide.case, task: decide.task, stale: false, reason };
        Some(Order { verb, ..order })
    }

    fn fact(&mut self, company: &Company, open: &[u64], at: Timestamp) -> Option<Order> {
        let waits = |c: &&u64| matches!(company.view(**c).map(|v| &v.place), Some(Place::Wait { .. }));
        let will_wait = |c: &&u64| company.story(**c).is_some_and(|story| story.chain == *"waiting");
        // Now and then it comes before anybody waits for it.
        let early = self.random.chance(30);
        let found: Vec<u64> = match early {
            true => open.iter().filter(will_wait).copied().collect(),
            false => open.iter().filter(waits).copied().collect(),
        };
        let case = *self.random.pick(&found)?;
        let number = company.view(case)?.document.number.clone();
        let sealed = early || company.state_name(case)? == "seal";
        let fact = if sealed { "offer.sealed" } else { "offer.made" };
        let position = self.held_position(company);
        let person = self.person_of(company, &position);
        Some(self.by(at, person, position, Verb::Fact { fact, number }))
    }

    /// Puts one fault, sometimes two, into a command.
    fn spoil(&mut self, company: &Company, order: &mut Order) {
        let times = if self.random.chance(20) { 2 } else { 1 };
        for _ in 0..times {
            match self.random.below(8) {
                0 => order.position = self.any_position(company),
                1 | 2 => {
                    order.position = self.held_position(company);
                    order.person = self.person_of(company, &order.position.clone());
                }
                3 => self.spoil_request(order),
                _ => self.spoil_verb(company, order),
            }
        }
    }

    fn spoil_request(&mut self, order: &mut Order) {
        let at = order.at;
        match self.random.below(7) {
            0 => order.sent_at = at.plus(-25 * HOUR),
            1 => order.sent_at = at.plus(HOUR),
            2 => order.system = Name::from("kiosk"),
            3 => order.system = Name::from("stranger"),
            4 => {
                if let Some(last) = &self.last {
                    order.request_id = last.request_id.clone();
                }
            }
            _ => {
                if let Some(last) = self.last.clone() {
                    *order = Order { at, ..last };
                }
            }
        }
    }

    fn spoil_verb(&mut self, company: &Company, order: &mut Order) {
        let submitter = order.case().and_then(|case| submitter(company, case));
        let choice = self.random.below(10);
        let other_case = self.random.below(company.stories.len() + 3) as u64;
        let fault = self.fault();
        let addressee = self.any_position(company);
        match &mut order.verb {
            Verb::Submit { chain, .. } if choice == 0 => *chain = Name::from("nonsense"),
            Verb::Submit { addressee: to, .. } if choice < 4 => *to = Some(addressee),
            Verb::Submit { document, .. } if choice == 4 => document.total = Decimal::ZERO,
            Verb::Submit { fault: wrong, .. } | Verb::Resubmit { fault: wrong, .. } if choice > 4 => {
                *wrong = fault;
            }
            Verb::Decide(decide) => {
                self.spoil_decision(company, decide, choice);
                if let (9, Some((person, position))) = (choice, submitter) {
                    (order.person, order.position) = (person, position);
                }
            }
            Verb::Amend { fault: wrong, .. } if choice > 6 => *wrong = fault,
            Verb::Amend { reason, .. } if choice > 3 => *reason = false,
            Verb::Resubmit { case, .. } | Verb::Amend { case, .. } | Verb::Withdraw { case } => {
                *case = other_case;
            }
            Verb::ReferUp { case, .. } if choice < 2 => *case = other_case,
            Verb::ReferUp { task, .. } if choice < 4 => *task += 1,
            Verb::ReferUp { stale, .. } => *stale = true,
            Verb::Fact { number, .. } => *number = "N-none".into(),
            Verb::Submit { .. } => {}
        }
    }

    fn spoil_decision(&mut self, company: &Company, decide: &mut Decide, choice: usize) {
        match choice {
            0 => decide.stale = true,
            1 => decide.other_content = true,
            2 => decide.reason = [None, Some("")][self.random.below(2)],
            3 | 4 => {
                let all = [
                    Verdict::Approve,
                    Verdict::Pass,
                    Verdict::Object,
                    Verdict::Return,
                    Verdict::Reject,
                    Verdict::Input,
                ];
                decide.verdict = all[self.random.below(all.len())];
                decide.reason = self.random.chance(70).then_some("because");
            }
            5 => decide.case = self.random.below(company.stories.len() + 3) as u64,
            6 => decide.task = [0, 77_777][self.random.below(2)],
            7 => decide.task = 1 + self.random.below(decide.task as usize) as u32,
            _ => {
                let fault = self.fault();
                if let Some((_, wrong)) = &mut decide.document {
                    *wrong = fault;
                }
            }
        }
    }

    fn fault(&mut self) -> Fault {
        let all = [
            Fault::UnknownField,
            Fault::MissingField,
            Fault::WrongType,
            Fault::TooManyDigits,
            Fault::WrongComputed,
            Fault::OtherCurrency,
        ];
        all[self.random.below(all.len())]
    }
}

fn submitter(company: &Company, case: u64) -> Option<(Name, Name)> {
    company.story(case).map(|s| (s.person.clone(), s.position.clone()))
}
