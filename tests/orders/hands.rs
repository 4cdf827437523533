//! Everybody who has a hand in orders: people, back offices, carriers, customers; what they do is drawn by lot.

use std::collections::BTreeMap;

use countersign_core::command::{Answer, Answered, Body, Cause, Operation, Verdict};
use countersign_core::decide::task_def;
use countersign_core::definition::Duty;
use countersign_core::name::Name;
use countersign_core::state::{Case, CommandStatus, Stage, State, Task};
use countersign_core::value::{Raw, Type, Value};
use countersign_runtime::{Incoming, Reply};
use countersign_server::render::{Opinions, data};
use rust_decimal::Decimal;

use super::engine::House;
use super::ledger::Ledger;
use super::raw::{money, raw, record, sample, text};
use crate::support::Dice;

const MINUTE: u64 = 60_000;
const ORDERS: u64 = 40;
const CUSTOMERS: [(&str, u64); 2] = [("CU-JS-001", 560_000), ("CU-JS-002", 0)];

/// Something that can be done.
#[derive(Clone, Debug)]
pub(crate) enum Open {
    /// A task, with its choices and what it asks for.
    Task {
        case: u64,
        task: u32,
        state: Name,
        of: Box<Asked>,
    },
    Command {
        case: u64,
        number: u32,
        verb: Name,
        state: Name,
        units: Decimal,
    },
    /// A shipment under way.
    Shipment {
        waybill: String,
        units: Decimal,
    },
    /// An invoice that is not paid.
    Invoice {
        case: u64,
        number: String,
        customer: String,
        owed: Decimal,
    },
    /// An invoice that is paid and not acknowledged.
    Acknowledgement {
        number: String,
    },
    /// An order that may be cancelled.
    Order {
        case: u64,
    },
    Held {
        case: u64,
        code: Name,
    },
    Draft {
        case: u64,
    },
}

/// What a task asks for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    person: Name,
    position: Name,
    version: u32,
    hash: [u8; 32],
    duty: Duty,
    asks: Vec<(Name, Type)>,
    choices: Vec<Name>,
}

pub(crate) struct Hands {
    pub(crate) house: House,
    dice: Dice,
    ledger: Ledger,
    /// The next frame that the ledger has not seen.
    next: u64,
    orders: u64,
    serial: u64,
    said: Vec<Incoming>,
    counts: BTreeMap<&'static str, u64>,
}

impl Hands {
    pub(crate) fn new(house: House, seed: u64) -> Hands {
        let (dice, ledger) = (Dice::new(seed), Ledger::default());
        Hands {
            house,
            dice,
            ledger,
            next: 1,
            orders: 0,
            serial: 0,
            said: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    /// One thing happens.
    pub(crate) fn anything(&mut self) {
        match self.dice.below(40) {
            0 => {
                let call = 1 + self.dice.below(30);
                return self.house.cut_power_at(call);
            }
            1 | 2 => return self.say_again(),
            3..5 if self.orders < ORDERS => return self.order(),
            5 | 6 => return self.house.wait(MINUTE * (1 + self.dice.below(3))),
            _ => {}
        }
        let open = self.open();
        if open.is_empty() {
            return self.house.wait(MINUTE);
        }
        let one = open[self.dice.below(open.len() as u64) as usize].clone();
        self.act(one, true);
    }

    /// Something that brings an end nearer. False: there is nothing to do.
    pub(crate) fn mend(&mut self) -> bool {
        let open = self.open();
        let ends: Vec<Open> = open.into_iter().filter(|one| !matches!(one, Open::Order { .. })).collect();
        if ends.is_empty() {
            // Time alone may still bring something about: promises lapse, deadlines pass.
            self.house.wait(60 * MINUTE);
            return !self.open().is_empty();
        }
        let one = ends[self.dice.below(ends.len() as u64) as usize].clone();
        self.act(one, false);
        true
    }

    /// What can be done now.
    pub(crate) fn open(&mut self) -> Vec<Open> {
        self.house.read(|state| state.cases().flat_map(|case| of_case(state, case)).collect())
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn say(&mut self, incoming: Incoming) -> Reply {
        let reply = self.house.say(&incoming);
        self.said.push(incoming);
        reply
    }

    /// What was said before is said again: nothing happens, whatever was answered.
    fn say_again(&mut self) {
        if self.said.is_empty() {
            return;
        }
        let newest = self.said.len().min(40) as u64;
        let place = self.said.len() - 1 - self.dice.below(newest) as usize;
        let incoming = self.said[place].clone();
        let before = self.house.read(State::hash);
        let reply = self.house.say(&incoming);
        // A refusal leaves nothing behind, so that its repeat is judged anew.
        let effect = self.house.read(State::hash) != before;
        if reply.accepted().is_some() && !reply.repeated {
            self.count("tried again with success");
            return;
        }
        assert!(!effect, "{incoming:?} was repeated, and something happened: {reply:?}");
        self.count("repeats");
    }

    fn order(&mut self) {
        self.orders += 1;
        let number = self.orders;
        let (customer, _) = CUSTOMERS[self.dice.below(2) as usize];
        let cents = self.dice.below(10_000);
        let price = money(Decimal::new(340_000 - cents as i64, 2));
        let (mut deliveries, mut units) = (Vec::new(), 0);
        for part in 0..1 + self.dice.below(3) {
            let some = 1 + self.dice.below(12);
            units += some;
            deliveries.push(record([
                ("delivery_no", text(format!("DL-{number}-{part}"))),
                ("branch", text("js")),
                ("product", text("EB-P")),
                ("units", Raw::Number(some.to_string())),
                ("price", price.clone()),
                ("by", text("2025-05-08")),
            ]));
        }
        // A first order has a least size; these customers have ordered before.
        let line =
            record([("product", text("EB-P")), ("qty", Raw::Number(units.to_string())), ("price", price)]);
        let document = record([
            ("order_no", text(format!("SO-{number}"))),
            ("contract_no", text(format!("HT-{number}"))),
            ("customer", text(customer)),
            ("lines", Raw::List(vec![line])),
            ("deliveries", Raw::List(deliveries)),
            ("days", Raw::Number("30".to_owned())),
            ("prepay", text("0%")),
            ("deliver_in", Raw::Number("30".to_owned())),
            ("non_standard_clauses", Raw::List(Vec::new())),
        ]);
        let body = Body::Submit { chain: Name::from("order-to-cash"), document, addressee: None };
        let incoming = self.house.request(&Name::from("H29"), &Name::from("kam_js"), body);
        let reply = self.say(incoming);
        assert!(reply.accepted().is_some(), "an order is handed in: {reply:?}");
    }

    fn act(&mut self, one: Open, wild: bool) {
        match one {
            Open::Task { case, task, state, of } => self.answer(case, task, (&state, *of), wild),
            Open::Command { case, number, verb, state, units } => {
                let answer = self.office(&verb, units, wild);
                self.answered(case, number, (&verb, &state), answer);
            }
            Open::Shipment { waybill, units } => {
                let lost = if wild && self.dice.below(5) == 0 { Decimal::ONE } else { Decimal::ZERO };
                let units = Raw::Number((units - lost).max(Decimal::ZERO).normalize().to_string());
                let with =
                    record([("waybill", text(waybill)), ("units", units), ("signed_on", text("2025-04-24"))]);
                self.fact("logistics.delivery.confirmed", with);
            }
            Open::Invoice { case, number, customer, owed } => {
                self.pay(case, (&number, &customer), owed, wild)
            }
            Open::Acknowledgement { number } => {
                self.fact("finance.invoice.acknowledged", record([("invoice_no", text(number))]));
            }
            Open::Order { case } => {
                if self.dice.below(40) == 0 {
                    self.cancel(case);
                }
            }
            Open::Held { case, code } => {
                // What stays held however often it is tried is undone.
                let act = match code.as_str() {
                    "SILENT" => Operation::Retry,
                    _ if !wild && self.dice.below(4) == 0 => Operation::Compensate,
                    _ => Operation::Resume,
                };
                let cause = Cause::Operator { os_user: Name::from("root") };
                let body = Body::Operate { case, act, reason: Name::from("it is mended") };
                self.count("held cases put right");
                self.house.say(&Incoming { cause, body });
            }
            // What came back is given up: an order that nobody wants any more.
            Open::Draft { case } => {
                let who = self.house.read(move |state| {
                    let submitter = state.case(case).map(Case::submitter);
                    submitter.map(|party| (party.person.clone(), party.position.clone()))
                });
                let Some((person, position)) = who else { return };
                let body = Body::Withdraw { case, reason: Some(Name::from("given up")) };
                let incoming = self.house.request(&person, &position, body);
                // One that has had to do with others is not simply taken back: it is cancelled, or comes again.
                if self.say(incoming).accepted().is_some() || self.ask(case, "give-up", (&person, &position))
                {
                    return;
                }
                let document = self.document(case);
                let body = Body::Resubmit { case, document };
                let incoming = self.house.request(&person, &position, body);
                self.say(incoming);
            }
        }
    }

    pub(crate) fn ask(&mut self, case: u64, entry: &str, (person, position): (&str, &str)) -> bool {
        let (entry, reason) = (Name::from(entry), Name::from("the customer has changed their mind"));
        let body = Body::Ask { case, entry, with: record([]), reason };
        let incoming = self.house.request(&Name::from(person), &Name::from(position), body);
        let accepted = self.say(incoming).accepted().is_some();
        if accepted {
            self.count("asked to cancel or dispute");
        }
        accepted
    }

    fn answer(&mut self, case: u64, task: u32, (state, of): (&Name, Asked), wild: bool) {
        let draw = if wild { self.dice.below(30) } else { 29 };
        let verdict = match of.duty {
            Duty::Approve if draw == 0 => Verdict::Return,
            Duty::Approve if draw == 1 => Verdict::Reject,
            Duty::Approve | Duty::OnCall => Verdict::Approve,
            Duty::Review if draw < 2 => Verdict::Object,
            Duty::Review => Verdict::Pass,
            Duty::Edit => Verdict::Submit,
            Duty::Input => Verdict::Done,
            Duty::Task if !of.choices.is_empty() => Verdict::Choose,
            Duty::Task => Verdict::Done,
        };
        // What is stuck is tried again, but not for ever; money that is too much is paid back.
        let wanted = ["ship", "pays", "retry", "agrees", "refund"];
        let other = ["drop", "credit-note", "cancel", "declines"];
        let prefers = if draw % 4 == 3 { other } else { ["", "", "", ""] };
        let choice = of.choices.iter().find(|choice| prefers.contains(&choice.as_str()));
        let choice = choice.or_else(|| of.choices.iter().find(|choice| wanted.contains(&choice.as_str())));
        let choice = choice.or(of.choices.first()).cloned();
        let fields = of.asks.iter().map(|(name, kind)| match name.as_str() {
            // How much less is owed after a dispute.
            "less" => (name.to_string(), money(Decimal::from(25))),
            _ => (name.to_string(), sample(kind)),
        });
        let answer = Answer {
            case,
            task,
            version: of.version,
            content_hash: of.hash,
            verdict,
            reason: Some(Name::from("drawn by lot")),
            document: (verdict == Verdict::Submit).then(|| self.document(case)),
            choice: (verdict == Verdict::Choose).then_some(choice).flatten(),
            fields: (of.duty == Duty::Task).then(|| Raw::Record(fields.collect())),
        };
        let incoming = self.house.request(&of.person, &of.position, Body::Decide(answer));
        let reply = self.say(incoming);
        assert!(reply.accepted().is_some() || wild, "{state} of C-{case}: {reply:?}");
    }

    /// The document as it is.
    fn document(&mut self, case: u64) -> Raw {
        let fields = self.house.read(move |state| state.case(case).map(|case| case.fields().clone()));
        let fields = fields.unwrap_or_default();
        Raw::Record(fields.iter().map(|(name, value)| (name.to_string(), raw(value))).collect())
    }

    /// What a back office says to a command: the word, the code of a refusal, and what goes with it.
    fn office(
        &mut self,
        verb: &Name,
        units: Decimal,
        wild: bool,
    ) -> (&'static str, Option<&'static str>, Raw) {
        self.serial += 1;
        let serial = self.serial;
        let number = |series: &str| text(format!("{series}-{serial}"));
        let trouble = wild && self.dice.below(12) == 0;
        let count = |units: Decimal| Raw::Number(units.max(Decimal::ZERO).normalize().to_string());
        let with = match verb.as_str() {
            "erp.atp.query" => record([("short", Raw::List(Vec::new()))]),
            "erp.contract.register" => record([("reg_no", number("REG"))]),
            "erp.mo.create" => record([("units", count(units))]),
            "erp.mo.cancel" => record([("wip", money(Decimal::ZERO))]),
            "erp.wip.query" => record([("wip", money(Decimal::from(1_000 * (serial % 2))))]),
            "logistics.stock.reserve" if trouble => {
                return ("short", None, record([("units", count(units - Decimal::ONE))]));
            }
            "logistics.stock.reserve" | "logistics.stock.return" => record([("units", count(units))]),
            "logistics.shipment.create" if trouble => return ("refused", Some("NO_CARRIER"), record([])),
            "logistics.shipment.create" => record([("waybill", number("WB"))]),
            "finance.invoice.issue" if trouble => return ("refused", Some("TAX_OFFICE_CLOSED"), record([])),
            "finance.invoice.issue" => record([("invoice_no", number("FP")), ("due_on", text("2025-06-20"))]),
            "finance.invoice.credit" => record([("note_no", number("CN"))]),
            "finance.refund.pay" | "finance.payment.create" => record([("payment_no", number("PY"))]),
            _ => record([]),
        };
        ("done", None, with)
    }

    fn answered(
        &mut self,
        case: u64,
        command: u32,
        (verb, state): (&Name, &Name),
        (word, code, fields): (&str, Option<&str>, Raw),
    ) {
        let adapter = Name::from(verb.split('.').next().unwrap_or_default());
        let command_id = Name::from(format!("C-{case}.{state}.{command}"));
        let reply_id = Name::from(format!("R-{}", self.serial));
        let (word, code) = (Name::from(word), code.map(Name::from));
        let body = Body::Answered(Answered { case, command, word, code, message: None, fields });
        self.say(Incoming { cause: Cause::Answer { adapter, command_id, reply_id }, body });
    }

    fn fact(&mut self, fact: &str, data: Raw) {
        self.serial += 1;
        let message_id = Name::from(format!("M-{}", self.serial));
        let adapter = Name::from(fact.split('.').next().unwrap_or_default());
        let body = Body::Fact { fact: Name::from(fact), message_id: message_id.clone(), data };
        self.say(Incoming { cause: Cause::Fact { adapter, message_id }, body });
    }

    /// A customer pays: all of it, a part, a little too little, too much; with or without saying what for. Or does not.
    fn pay(&mut self, case: u64, (number, customer): (&str, &str), owed: Decimal, wild: bool) {
        let few = Decimal::new(1 + self.dice.below(800) as i64, 2);
        let draw = if wild { self.dice.below(12) } else { 9 };
        let amount = match draw {
            0..3 => (owed / Decimal::TWO).round_dp(2).max(Decimal::new(1, 2)),
            3..5 => (owed - few).max(Decimal::new(1, 2)),
            5 => owed + few,
            6 => {
                self.ask(case, "dispute", ("H20", "ar_accountant"));
                return;
            }
            7 => return self.bad_debt(case, (number, customer), owed),
            10 => return self.give_back(case),
            _ => owed,
        };
        let mut fields = BTreeMap::from([
            ("id".to_owned(), text(format!("RC-{}", self.serial))),
            ("customer".to_owned(), text(customer)),
            ("amount".to_owned(), money(amount)),
        ]);
        // Without a reference it goes to the invoice that is due first.
        if draw != 8 {
            fields.insert("ref".to_owned(), text(number));
        }
        self.fact("finance.receipt.posted", Raw::Record(fields));
    }

    fn bad_debt(&mut self, case: u64, (number, customer): (&str, &str), owed: Decimal) {
        let billing = self.house.read(move |state| state.case(case).and_then(|case| case.key().cloned()));
        let Some(billing) = billing else { return };
        self.serial += 1;
        let document = record([
            ("bad_debt_no", text(format!("BD-{}", self.serial))),
            ("billing_no", text(billing.as_str())),
            ("invoice_no", text(number)),
            ("customer", text(customer)),
            ("amount", money(owed)),
            ("overdue_since", text("2025-01-01")),
            ("proof", text("court")),
        ]);
        let body = Body::Submit { chain: Name::from("bad-debt"), document, addressee: None };
        let incoming = self.house.request(&Name::from("H20"), &Name::from("ar_accountant"), body);
        self.say(incoming);
    }

    /// The ledger takes what has happened since, and must agree with the engine.
    pub(crate) fn agree(&mut self) -> &mut Ledger {
        for (sequence, frame) in self.house.frames(self.next) {
            assert_eq!(sequence, self.next, "the sequence has a gap");
            self.next += 1;
            for (place, event) in frame.events.iter().enumerate() {
                let told = data(event, frame.events[place + 1..].iter(), Opinions::Closed);
                self.ledger.enter(event.name(), &told);
            }
        }
        if let Some(wrong) = self.disagrees() {
            panic!("sequence {}: {wrong}", self.next - 1);
        }
        &mut self.ledger
    }

    /// In what the ledger and the engine do not agree.
    pub(crate) fn disagrees(&mut self) -> Option<String> {
        let (owed, used, unbalanced) = self.house.read(|state| {
            let invoices = state.cases().filter(|case| *case.chain() == *"invoice-settlement");
            let owed: Vec<(u64, Decimal)> =
                invoices.filter_map(|case| Some((case.number(), owed(state, case)?))).collect();
            let used = CUSTOMERS.map(|(customer, _)| {
                state.balance("credit", customer).map(|balance| balance.used).unwrap_or_default()
            });
            (owed, used, state.unbalanced())
        });
        if let [first, ..] = unbalanced.as_slice() {
            return Some(first.clone());
        }
        for (case, engine) in owed {
            let ledger = self.ledger.owed(&format!("C-{case}"));
            if engine != ledger {
                return Some(format!("C-{case}: {engine} is owed, {ledger} as the ledger has it"));
            }
        }
        for ((customer, opening), engine) in CUSTOMERS.into_iter().zip(used) {
            let ledger = Decimal::from(opening) + self.ledger.exposed(customer);
            if engine != ledger {
                return Some(format!(
                    "{customer}: {engine} of the credit is used, {ledger} as the ledger has it"
                ));
            }
        }
        None
    }

    /// No case that is over holds anything, and no credit is used beyond what was used before the company began.
    pub(crate) fn nothing_is_held(&mut self) {
        let rows = self.house.read(|state| state.accounts(None, state.head().at));
        for row in rows {
            assert!(row.reserved.is_zero() && row.held.is_empty(), "{row:?}");
            if let Some((_, opening)) = CUSTOMERS.iter().find(|(customer, _)| *row.key == **customer)
                && *row.account == *"credit"
            {
                assert_eq!(row.used, Decimal::from(*opening), "{row:?}");
            }
        }
    }

    pub(crate) fn tell(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        format!("{} frames, {} power cuts, {}", self.next - 1, self.house.crashes, counts.join(", "))
    }
}

/// What is owed on an invoice as the engine has it; None where it was not issued yet, or is being undone.
fn owed(state: &State, case: &Case) -> Option<Decimal> {
    let amount =
        |fields: &countersign_core::value::Fields, name: &str| fields.get(name).and_then(Value::decimal);
    let place = place(state, case)?;
    // A difference counts as written off when finance has booked it; until then the ledger has it as owed.
    if !["open", "disputed", "granting", "difference", "closing"].contains(&place.as_str()) {
        return None;
    }
    let facts = case.facts();
    Some(amount(case.fields(), "amount")? - amount(facts, "received")? - amount(facts, "credited")?)
}

/// The name of the state in which a case is at work.
pub(crate) fn place(state: &State, case: &Case) -> Option<Name> {
    let chain = state.definitions().release(case.release())?.chain(case.chain())?;
    Some(chain.states.get(usize::from(case.state()?))?.name.clone())
}

fn of_case(state: &State, case: &Case) -> Vec<Open> {
    let number = case.number();
    if let Stage::Held { code, .. } = case.stage() {
        return vec![Open::Held { case: number, code: code.clone() }];
    }
    if matches!(case.stage(), Stage::Draft) {
        return vec![Open::Draft { case: number }];
    }
    let mut open: Vec<Open> =
        case.tasks().iter().filter_map(|(task, of)| task_of(state, case, *task, of)).collect();
    let text_of = |name: &str| case.facts().get(name).map(ToString::to_string);
    let commands = case.outward().into_iter().flat_map(|outward| outward.commands.iter());
    let waits = commands.filter(|(_, command)| command.status == CommandStatus::Open);
    open.extend(waits.map(|(command, of)| Open::Command {
        case: number,
        number: *command,
        verb: of.verb.clone(),
        state: of.state_name.clone(),
        units: of.with.get("units").and_then(Value::decimal).unwrap_or_default(),
    }));
    let place = place(state, case).unwrap_or_default();
    match (case.chain().as_str(), place.as_str()) {
        ("logistics-dispatch", "in-transit") => {
            let units = case.facts().get("reserved").and_then(Value::decimal).unwrap_or_default();
            open.extend(text_of("waybill").map(|waybill| Open::Shipment { waybill, units }));
        }
        ("invoice-settlement", "open") => {
            let customer = case.fields().get("customer").map(ToString::to_string).unwrap_or_default();
            let owed = owed(state, case).unwrap_or_default();
            open.extend(text_of("invoice_no").map(|no| Open::Invoice {
                case: number,
                number: no,
                customer,
                owed,
            }));
        }
        ("invoice-settlement", "acknowledged") => {
            open.extend(text_of("invoice_no").map(|number| Open::Acknowledgement { number }));
        }
        ("order-to-cash", _) if !matches!(case.stage(), Stage::Compensating { .. }) => {
            open.push(Open::Order { case: number });
        }
        _ => {}
    }
    open
}

fn task_of(state: &State, case: &Case, task: u32, of: &Task) -> Option<Open> {
    let def = task_def(state, case, of);
    let asked = Asked {
        person: of.holders.first()?.clone(),
        position: of.position.clone(),
        version: of.version,
        hash: *case.content_hash(),
        duty: of.duty,
        asks: def.map(|def| def.asks.clone()).unwrap_or_default(),
        choices: def.map(|def| def.choices.clone()).unwrap_or_default(),
    };
    let state = case.step()?.state.clone();
    Some(Open::Task { case: case.number(), task, state, of: Box::new(asked) })
}
